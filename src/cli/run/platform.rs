//! What `run` asks of the system and what is not the same everywhere; each has a way without it.

use std::io;
use std::path::Path;

/// Watches over this process: when it is gone without a word (SIGKILL), Envoy is ended and its directory removed. Where
/// there is no shell nothing does.
#[derive(Debug)]
pub(super) struct Guard {
    #[cfg(unix)]
    child: std::process::Child,
}

/// Reads the processes that it is to end, the last of which counts, until the process that started it says that all is
/// well, or is gone. Signals to the terminal's processes are not for it.
#[cfg(unix)]
const SCRIPT: &str = "trap '' INT TERM HUP QUIT; process=; \
                      while read -r word; do [ \"$word\" = well ] && exit 0; process=$word; done; \
                      [ -n \"$process\" ] && kill -9 \"$process\" 2>/dev/null; rm -rf -- \"$1\"";

impl Guard {
    /// Watches over a directory, and over whatever process it is told of.
    ///
    /// # Errors
    /// What the system answered.
    #[cfg(unix)]
    pub(super) fn over(directory: &Path) -> io::Result<Self> {
        use std::process::{Command, Stdio};
        let mut command = Command::new("/bin/sh");
        command.args(["-c", SCRIPT, "gwctl-guard"]).arg(directory);
        command.env_clear().env("PATH", "/bin:/usr/bin").current_dir("/");
        let child = command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
        Ok(Self { child })
    }

    /// Watches over nothing.
    ///
    /// # Errors
    /// None.
    #[cfg(not(unix))]
    pub(super) fn over(_directory: &Path) -> io::Result<Self> {
        Ok(Self {})
    }

    /// Watches over a process.
    #[cfg(unix)]
    pub(super) fn watch(&mut self, process: u32) {
        if let Some(pipe) = &mut self.child.stdin {
            // Without a reader nobody watches.
            let _ = io::Write::write_all(pipe, format!("{process}\n").as_bytes());
        }
    }

    /// Watches over nothing.
    #[cfg(not(unix))]
    pub(super) fn watch(&mut self, _process: u32) {}
}

#[cfg(unix)]
impl Drop for Guard {
    fn drop(&mut self) {
        if let Some(mut pipe) = self.child.stdin.take() {
            // Without a reader it has ended already.
            let _ = io::Write::write_all(&mut pipe, b"well\n");
        }
        let _ = self.child.wait();
    }
}

/// Whether somebody may listen on an address; what the system says when not.
pub(super) fn probe(address: std::net::SocketAddr, is_datagrams: bool) -> io::Result<()> {
    if is_datagrams {
        std::net::UdpSocket::bind(address).map(drop)
    } else {
        std::net::TcpListener::bind(address).map(drop)
    }
}

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

/// Reads until the process that started it says that all is well, or is gone. Signals to the terminal's processes are not
/// for it.
#[cfg(unix)]
const SCRIPT: &str = "trap '' INT TERM HUP QUIT; read -r word; [ \"$word\" = well ] && exit 0; kill -9 \"$1\" 2>/dev/null; \
                      rm -rf -- \"$2\"";

impl Guard {
    /// Watches over a process and a directory.
    ///
    /// # Errors
    /// What the system answered.
    #[cfg(unix)]
    pub(super) fn over(process: u32, directory: &Path) -> io::Result<Self> {
        use std::process::{Command, Stdio};
        let mut command = Command::new("/bin/sh");
        command.args(["-c", SCRIPT, "gwctl-guard", &process.to_string()]).arg(directory);
        command.env_clear().env("PATH", "/bin:/usr/bin").current_dir("/");
        let child = command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
        Ok(Self { child })
    }

    /// Watches over nothing.
    ///
    /// # Errors
    /// None.
    #[cfg(not(unix))]
    pub(super) fn over(_process: u32, _directory: &Path) -> io::Result<Self> {
        Ok(Self {})
    }
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

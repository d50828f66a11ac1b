//! What an Envoy that follows a directory does not take of it, as its admin interface tells.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;

use super::super::running::Running;
use crate::proving;

/// The statistics of updates that were not taken.
const REFUSED: &str = "/stats?usedonly&filter=update_rejected";
/// What a proxy has, and why it does not have the rest.
const DUMP: &str = "/config_dump";

/// How many looks are left out after a question that was not answered: edits would wait for the next ones as well.
const PAUSE: u32 = 60;

/// The updates that a proxy has refused.
#[derive(Debug, Default)]
pub(super) struct Refused {
    /// By the names of its statistics.
    counts: BTreeMap<String, u64>,
    /// How many looks are left out.
    pause: u32,
}

impl Refused {
    /// What the proxy that follows a directory has refused since the last look, in words. None there, or one that follows
    /// something else, has refused nothing. Other machines are not asked.
    pub(super) fn look(&mut self, admin: SocketAddr, directory: &str) -> Option<String> {
        self.pause = self.pause.saturating_sub(1);
        if self.pause > 0 || !admin.ip().is_loopback() {
            return None;
        }
        let text = match proving::ask_admin(admin, REFUSED) {
            Ok(text) => text,
            Err(error) => {
                // Where nobody listens that is known at once.
                self.pause = if error.kind() == io::ErrorKind::ConnectionRefused { 0 } else { PAUSE };
                return None;
            }
        };
        let counted = |line: &str| -> Option<(String, u64)> {
            let (name, count) = line.rsplit_once(": ")?;
            Some((name.to_owned(), count.trim().parse().ok().filter(|count| *count > 0)?))
        };
        let now: BTreeMap<String, u64> = text.lines().filter_map(counted).collect();
        let before = std::mem::replace(&mut self.counts, now);
        let is_more = |(name, count): &(&String, &u64)| before.get(*name).is_none_or(|old| old < *count);
        let more: Vec<&str> = self.counts.iter().filter(is_more).map(|(name, _)| name.as_str()).collect();
        if more.is_empty() {
            return None;
        }
        let running = Running::ask(admin, DUMP).ok().filter(|running| running.follows(directory))?;
        let mut words = format!("the Envoy on {admin} refuses a part of what is written ({})", more.join(", "));
        for why in running.refusals() {
            words.push_str(": ");
            words.push_str(&why);
        }
        words.push_str("; it has what it had before, until the file is another one");
        Some(words)
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn whoever_does_not_answer_is_not_asked_each_time() {
        let somebody = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = somebody.local_addr().unwrap();
        // It ends the first connection, and takes no other.
        let ended = std::thread::spawn(move || drop(somebody.accept()));
        let mut refused = Refused::default();
        assert_eq!((refused.look(address, "/x"), refused.pause), (None, PAUSE));
        ended.join().unwrap();
        assert_eq!((refused.look(address, "/x"), refused.pause), (None, PAUSE - 1));
    }
}

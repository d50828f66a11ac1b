//! What an Envoy that follows a directory does not take of it, as its admin interface tells.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use super::super::running::Running;
use crate::proving;

/// The statistics of updates that were not taken.
const REFUSED: &str = "/stats?usedonly&filter=update_rejected";
/// What a proxy has, and why it does not have the rest.
const DUMP: &str = "/config_dump";

/// The updates that a proxy has refused, by the names of its statistics.
#[derive(Debug, Default)]
pub(super) struct Refused(BTreeMap<String, u64>);

impl Refused {
    /// What the proxy that follows a directory has refused since the last look, in words. None there, or one that follows
    /// something else, has refused nothing.
    pub(super) fn look(&mut self, admin: SocketAddr, directory: &str) -> Option<String> {
        let text = proving::ask_admin(admin, REFUSED).ok()?;
        let counted = |line: &str| -> Option<(String, u64)> {
            let (name, count) = line.rsplit_once(": ")?;
            Some((name.to_owned(), count.trim().parse().ok().filter(|count| *count > 0)?))
        };
        let now: BTreeMap<String, u64> = text.lines().filter_map(counted).collect();
        let before = std::mem::replace(&mut self.0, now);
        let is_more = |(name, count): &(&String, &u64)| before.get(*name).is_none_or(|old| old < *count);
        let more: Vec<&str> = self.0.iter().filter(is_more).map(|(name, _)| name.as_str()).collect();
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

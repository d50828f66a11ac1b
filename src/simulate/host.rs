//! Which virtual host takes a request
//! ([VirtualHost.domains](https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/route/v3/route_components.proto)).

use std::collections::HashMap;

use crate::hostname::Hostname;

/// Hostnames with the place of what they belong to.
#[derive(Debug)]
pub(super) struct HostTable<'c> {
    exact: HashMap<&'c str, usize>,
    wildcard: HashMap<&'c str, usize>,
    any: Option<usize>,
}

impl<'c> HostTable<'c> {
    pub(super) fn new(hosts: impl Iterator<Item = (&'c Hostname, usize)>) -> Self {
        let mut table = Self { exact: HashMap::new(), wildcard: HashMap::new(), any: None };
        for (hostname, place) in hosts {
            match hostname {
                Hostname::Exact(host) => {
                    table.exact.entry(host).or_insert(place);
                }
                Hostname::Wildcard(suffix) => {
                    table.wildcard.entry(suffix).or_insert(place);
                }
                Hostname::Any => {
                    table.any.get_or_insert(place);
                }
            }
        }
        table
    }

    /// Whether there is none.
    pub(super) fn is_empty(&self) -> bool {
        let Self { exact, wildcard, any } = self;
        exact.is_empty() && wildcard.is_empty() && any.is_none()
    }

    /// The place of the most specific hostname: exact, then the longest wildcard, then all hosts.
    pub(super) fn find(&self, host: &str) -> Option<usize> {
        let host = host.to_ascii_lowercase();
        if let Some(place) = self.exact.get(host.as_str()) {
            return Some(*place);
        }
        // A wildcard stands for at least one character before its dot.
        let dots = host.match_indices('.').filter(|(position, _)| *position > 0);
        let mut suffixes = dots.map(|(position, _)| &host[position + 1..]);
        suffixes.find_map(|suffix| self.wildcard.get(suffix)).or(self.any.as_ref()).copied()
    }
}

/// The host that is handed on: without a trailing dot (`strip_trailing_host_dot`); a port stays.
pub(super) fn without_dot(authority: &str) -> String {
    let (host, port) = split_port(authority);
    format!("{}{port}", host.strip_suffix('.').unwrap_or(host))
}

/// The host, and the port with its colon. The colons inside an IPv6 address are none of a port.
pub(super) fn split_port(authority: &str) -> (&str, &str) {
    match authority.rfind(':') {
        Some(colon) if authority.rfind(']').is_none_or(|bracket| bracket < colon) => authority.split_at(colon),
        _ => (authority, ""),
    }
}

#[cfg(test)]
mod tests {
    use super::{HostTable, split_port, without_dot};
    use crate::hostname::Hostname;

    #[test]
    fn the_most_specific_hostname_wins() {
        let names = ["foo.com", "*.foo.com", "*.dev.foo.com", "*"];
        let hosts = names.map(|name| Hostname::from_field((name != "*").then_some(name)));
        let table = HostTable::new(hosts.iter().zip(0..));
        for (host, place) in [
            ("foo.com", 0),
            ("FOO.com", 0),
            ("a.foo.com", 1),
            ("a.b.foo.com", 1),
            ("dev.foo.com", 1),
            ("a.dev.foo.com", 2),
            (".foo.com", 3),
            ("", 3),
            ("xfoo.com", 3),
        ] {
            assert_eq!(table.find(host), Some(place), "{host}");
        }
    }

    #[test]
    fn a_port_stays_and_a_dot_goes() {
        for (sent, seen) in [
            ("foo.com.", "foo.com"),
            ("foo.com.:8080", "foo.com:8080"),
            ("foo.com:", "foo.com:"),
            ("[::1]:80", "[::1]:80"),
        ] {
            assert_eq!(without_dot(sent), seen);
        }
        assert_eq!(split_port("[::1]"), ("[::1]", ""));
    }
}

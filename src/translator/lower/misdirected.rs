//! Hosts of a TLS socket that belong to another listener than the one whose name a client connected to
//! ([GEP-3567](https://gateway-api.sigs.k8s.io/geps/gep-3567/)).

use std::collections::HashMap;

use crate::hostname::Hostname;

/// Up to how many hosts each connection lists those of the others: together they list the square of that.
const LISTED: usize = 64;

/// Whether the listeners of a socket, by their hostnames, have one list of them in common: whatever host is in it and none
/// of the listener's own belongs to another one.
fn have_one_list(hostnames: &[&Hostname]) -> bool {
    hostnames.len() > LISTED && !hostnames.contains(&&Hostname::Any)
}

/// That list, most specific first; empty where there is none.
pub(super) fn common(hostnames: &[&Hostname]) -> Vec<Hostname> {
    if !have_one_list(hostnames) {
        return Vec::new();
    }
    sorted(hostnames.iter().map(|host| (**host).clone()).collect())
}

/// What each listener lists of the others, whose hostnames differ, most specific first.
pub(super) fn listed(hostnames: &[&Hostname]) -> Vec<Vec<Hostname>> {
    if have_one_list(hostnames) {
        return within(hostnames);
    }
    if hostnames.contains(&&Hostname::Any) {
        // It takes all that is not the listener's own; what lies within that stands out.
        let mut listed = within(hostnames);
        for (hosts, _) in listed.iter_mut().zip(hostnames).filter(|(_, own)| ***own != Hostname::Any) {
            hosts.push(Hostname::Any);
        }
        return listed;
    }
    let others = |own| hostnames.iter().filter(move |host| **host != own).map(|host| (**host).clone());
    hostnames.iter().map(|own| sorted(others(*own).collect())).collect()
}

/// Those within the hosts of each.
fn within(hostnames: &[&Hostname]) -> Vec<Vec<Hostname>> {
    let places: HashMap<&Hostname, usize> = hostnames.iter().zip(0..).map(|(host, place)| (*host, place)).collect();
    let mut within = vec![Vec::new(); hostnames.len()];
    for host in hostnames {
        for above in host.ancestors().skip(1) {
            if let Some(place) = places.get(&above) {
                within[*place].push((*host).clone());
            }
        }
    }
    within.into_iter().map(sorted).collect()
}

fn sorted(mut hosts: Vec<Hostname>) -> Vec<Hostname> {
    hosts.sort();
    hosts
}

#[cfg(test)]
mod tests {
    use super::{LISTED, common, listed};
    use crate::hostname::Hostname;

    fn of(hosts: &[&str]) -> (Vec<Vec<String>>, Vec<String>) {
        let hosts: Vec<Hostname> =
            hosts.iter().map(|host| Hostname::from_field(Some(*host).filter(|host| *host != "*"))).collect();
        let hosts: Vec<&Hostname> = hosts.iter().collect();
        let text = |hosts: Vec<Hostname>| hosts.iter().map(ToString::to_string).collect::<Vec<_>>();
        (listed(&hosts).into_iter().map(text).collect(), text(common(&hosts)))
    }

    #[test]
    fn a_few_list_one_another() {
        let (listed, common) = of(&["a.io", "*.io", "b.io"]);
        assert_eq!(listed, [vec!["b.io", "*.io"], vec!["a.io", "b.io"], vec!["a.io", "*.io"]]);
        assert!(common.is_empty());
    }

    #[test]
    fn a_listener_of_all_hosts_stands_for_all_that_are_not_within() {
        let (listed, common) = of(&["*", "*.io", "b.io", "c.com"]);
        assert_eq!(listed, [vec!["c.com", "b.io", "*.io"], vec!["b.io", "*"], vec!["*"], vec!["*"]]);
        assert!(common.is_empty());
    }

    #[test]
    fn many_have_one_list() {
        let hosts: Vec<String> = (0..LISTED).map(|index| format!("h{index:03}.example.com")).collect();
        let mut hosts: Vec<&str> = hosts.iter().map(String::as_str).collect();
        hosts.push("*.example.com");
        let (listed, common) = of(&hosts);
        assert!(listed[..LISTED].iter().all(Vec::is_empty));
        assert_eq!(listed[LISTED], hosts[..LISTED]);
        assert_eq!(common, hosts);
    }
}

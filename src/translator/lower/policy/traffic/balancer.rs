//! `loadBalancer` ([LoadBalancer](https://gateway.envoyproxy.io/docs/api/extension_types/#loadbalancer)).

use crate::ir::{Balancing, Choice, HashCookie, HashOf, HashPart, SlowStart};
use crate::parser::api::{BackendSlowStart, ConsistentHash, HashedCookie, HashedHeader, HashedParameter, LoadBalancer};
use crate::path;
use crate::translator::lower::option::faults::Faults;
use crate::translator::lower::option::hash::is_cookie_name;

/// How an endpoint is chosen, and what a hash is made of.
pub(super) fn lower(said: &LoadBalancer, faults: &mut Faults<'_>) -> (Balancing, Vec<HashPart>) {
    let LoadBalancer {
        backend_utilization: _,
        consistent_hash,
        dynamic_module: _,
        endpoint_override: _,
        slow_start,
        balancer_type,
        zone_aware: _,
    } = said;
    let (choice, hash) = match (consistent_hash, balancer_type.as_str()) {
        (Some(said), _) => {
            (Choice::Maglev { table: Some(table_size(said.table_size, faults)) }, lower_hash(said, faults))
        }
        (None, "Random") => (Choice::Random, Vec::new()),
        (None, "RoundRobin") => (Choice::RoundRobin, Vec::new()),
        // The definition has no others beside those that the resolver refuses.
        (None, _) => (Choice::LeastRequest { drawn: None }, Vec::new()),
    };
    let slow_start = slow_start.as_ref().map(|BackendSlowStart { window }| {
        if window.0.is_zero() {
            let help = "write a length of time above zero";
            faults.add(&path!["slowStart", "window"], "the window has no length", help);
        }
        SlowStart { window: window.0, aggression: None, least_percent: None }
    });
    (Balancing { choice: Some(choice), slow_start, ..Balancing::default() }, hash)
}

/// The size of the table, which has to be a prime number
/// ([table_size](https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/cluster/v3/cluster.proto#envoy-v3-api-field-config-cluster-v3-cluster-maglevlbconfig-table-size)).
fn table_size(size: u64, faults: &mut Faults<'_>) -> u64 {
    if !is_prime(size) {
        let message = format!("{size} is no prime number, which the size of the table has to be");
        faults.add(&path!["consistentHash", "tableSize"], message, "write a prime number, such as 65537 or 5000011");
    }
    size
}

fn is_prime(number: u64) -> bool {
    number > 1 && (2..).take_while(|factor| factor * factor <= number).all(|factor| !number.is_multiple_of(factor))
}

fn lower_hash(said: &ConsistentHash, faults: &mut Faults<'_>) -> Vec<HashPart> {
    let ConsistentHash { cookie, header, headers, query_params, table_size: _, hash_type: _ } = said;
    let mut parts = Vec::new();
    for (at, HashedHeader { name }) in header
        .iter()
        .map(|header| (path!["consistentHash", "header", "name"], header))
        .chain(headers.iter().enumerate().map(|(index, header)| (path!["consistentHash", "headers", index], header)))
    {
        if !name.is_token() {
            let message = format!("`{name}` is not a header name");
            faults.add(&at, message, "write a name of letters, digits and `-`");
        }
        parts.push(HashOf::Header(name.lower()));
    }
    for (index, HashedParameter { name }) in query_params.iter().enumerate() {
        if name.is_empty() {
            let at = path!["consistentHash", "queryParams", index, "name"];
            faults.add(&at, "a parameter has no name", "write the name of a parameter of the query");
        }
        parts.push(HashOf::Parameter(name.to_owned()));
    }
    parts.extend(cookie.as_ref().map(|cookie| lower_cookie(cookie, faults)));
    if parts.is_empty() {
        parts.push(HashOf::Client);
    }
    parts.into_iter().map(|of| HashPart { of, ends: false }).collect()
}

fn lower_cookie(said: &HashedCookie, faults: &mut Faults<'_>) -> HashOf {
    let HashedCookie { attributes: _, name, ttl } = said;
    let at = |field: &'static str| path!["consistentHash", "cookie", field];
    if !is_cookie_name(name) {
        let message = format!("`{}` is not the name of a cookie", name.escape_debug());
        faults.add(&at("name"), message, "write a name of letters, digits and `-`");
    }
    match ttl {
        None => HashOf::Cookie(name.to_owned()),
        Some(life) => {
            if life.0.subsec_nanos() != 0 {
                let message = "the life of a cookie is counted in whole seconds";
                faults.add(&at("ttl"), message, "write whole seconds, or `0s` for a session");
            }
            HashOf::GivenCookie(HashCookie { name: name.to_owned(), life: life.0, path: String::new() })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::is_prime;

    #[test]
    fn prime_numbers_are_told_apart() {
        assert!([2, 3, 65_537, 5_000_011].into_iter().all(is_prime));
        assert!(![0, 1, 4, 65_536, 65_535, 5_000_009].into_iter().any(is_prime));
    }
}

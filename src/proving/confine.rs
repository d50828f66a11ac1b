//! What Envoy is told is looked through before it runs: a proof talks to its
//! own backends on loopback, writes no file of the user's, and asks nobody else.
//!
//! Input: the bootstrap as Envoy will read it, and the addresses that belong
//! to the proof. The text is judged and not the model behind it, so that
//! nothing can slip in between.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};

use serde_yaml::Value;

use crate::ir::LOG_NOWHERE;

use super::error::Error;

/// The addresses that a configuration may name.
#[derive(Debug)]
pub(super) enum Allowed {
    /// These.
    Only(BTreeSet<SocketAddr>),
    /// Every address of loopback, and names. The project's own cases keep the
    /// endpoints that they declare.
    Loopback,
}

/// Looks at every address and file of a bootstrap. Listeners may stand on each
/// address of loopback; everything else must be `allowed`.
///
/// # Errors
///
/// When the configuration names another address, a socket file, or a file that is written.
pub(super) fn check(bootstrap: &str, allowed: &Allowed) -> Result<(), Error> {
    let value: Value = serde_yaml::from_str(bootstrap)
        .map_err(|error| Error::Leaves(format!("it cannot be read ({error}), so nobody can say where it leads")))?;
    walk(&value, allowed, false)
}

fn walk(value: &Value, allowed: &Allowed, in_listeners: bool) -> Result<(), Error> {
    match value {
        Value::Mapping(entries) => entries.iter().try_for_each(|(key, value)| match key.as_str() {
            Some("socket_address") => check_address(value, allowed, in_listeners),
            Some("pipe") => Err(Error::Leaves(format!("it names a socket file: {}", text(value, "path")))),
            Some("access_log") if !goes_nowhere(value) => Err(Error::Leaves("it writes an access log".to_owned())),
            key => walk(value, allowed, in_listeners || key == Some("listeners")),
        }),
        Value::Sequence(items) => items.iter().try_for_each(|item| walk(item, allowed, in_listeners)),
        Value::Tagged(tagged) => walk(&tagged.value, allowed, in_listeners),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Ok(()),
    }
}

/// Whether all logs are files that keep nothing.
fn goes_nowhere(logs: &Value) -> bool {
    let is_nowhere = |log: &Value| {
        let config = &log["typed_config"];
        text(log, "name") == "envoy.access_loggers.file" && text(config, "path") == LOG_NOWHERE
    };
    logs.as_sequence().is_some_and(|logs| logs.iter().all(is_nowhere))
}

fn check_address(socket: &Value, allowed: &Allowed, in_listeners: bool) -> Result<(), Error> {
    let (host, port) = (text(socket, "address"), socket["port_value"].as_u64().and_then(|port| port.try_into().ok()));
    let address = host.parse::<IpAddr>().ok().zip(port).map(|(ip, port)| SocketAddr::new(ip, port));
    let is_ours = match (address, allowed) {
        (Some(address), _) if in_listeners => address.ip().is_loopback(),
        (None, _) if in_listeners => false,
        (Some(address), Allowed::Only(own)) => own.contains(&address),
        (Some(address), Allowed::Loopback) => address.ip().is_loopback(),
        (None, Allowed::Only(_)) => false,
        (None, Allowed::Loopback) => true,
    };
    if is_ours {
        return Ok(());
    }
    let port = port.map_or_else(String::new, |port: u16| format!(" port {port}"));
    Err(Error::Leaves(format!("it names `{host}`{port}, which is none of the echo backends on loopback")))
}

fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{Allowed, check};

    fn cluster(address: &str) -> String {
        let endpoint =
            format!("{{endpoint: {{address: {{socket_address: {{address: '{address}', port_value: 80}}}}}}}}");
        format!(
            "static_resources: {{clusters: [{{load_assignment: {{endpoints: [{{lb_endpoints: [{endpoint}]}}]}}}}]}}"
        )
    }

    fn own() -> Allowed {
        Allowed::Only(["127.0.0.1:80".parse().expect("an address")].into())
    }

    #[test]
    fn only_own_backends_are_named() {
        assert!(check(&cluster("127.0.0.1"), &own()).is_ok());
        for other in ["127.0.0.2", "10.0.0.1", "localhost", "db.example.com", "::1", ""] {
            assert!(check(&cluster(other), &own()).is_err(), "{other}");
        }
        assert!(check(&cluster("127.0.0.2"), &Allowed::Loopback).is_ok());
        assert!(check(&cluster("10.0.0.1"), &Allowed::Loopback).is_err());
    }

    #[test]
    fn listeners_stand_on_loopback() {
        let listener = |ip: &str| {
            format!(
                "static_resources: {{listeners: [{{address: {{socket_address: {{address: '{ip}', port_value: 8}}}}}}]}}"
            )
        };
        assert!(check(&listener("127.0.0.9"), &own()).is_ok());
        assert!(check(&listener("::1"), &own()).is_ok());
        assert!(check(&listener("0.0.0.0"), &own()).is_err());
    }

    #[test]
    fn no_file_is_written_and_nothing_unreadable_passes() {
        assert!(check("a: {access_log: [{name: x}]}", &own()).is_err());
        assert!(check("a: {address: {pipe: {path: /run/x}}}", &own()).is_err());
        assert!(check("a: [", &own()).is_err());
    }
}

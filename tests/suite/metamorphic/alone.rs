//! What a judged object does to objects of the context: every case with one
//! kind of object judged and all others as context.
//!
//! A finding on an object of another kind depends on the kind where it is there
//! with what is missing assumed, and is gone once the objects of that kind are
//! taken away. Then whoever is
//! judged has to hear of it, or the case says why not: `goes` in `case.yaml`,
//! with `alone-KIND` in the place of an addition.

use std::collections::BTreeSet;

use gwctl::options::Assume;

use super::input::{Input, is_kind};
use super::{Base, findings, is_said_to_go};

/// Lets the input lack objects of a kind.
pub(super) type Admit = fn(&mut Assume);

/// The kinds that references lead to, with what assumes them.
pub(super) const KINDS: &[(&str, &str, Admit)] = &[
    ("alone-namespace", "Namespace", |assume| assume.namespaces = true),
    ("alone-service", "Service", |assume| assume.services = true),
    ("alone-endpoint-slice", "EndpointSlice", |_| ()),
    ("alone-secret", "Secret", |assume| assume.secrets = true),
    ("alone-config-map", "ConfigMap", |assume| assume.config_maps = true),
    ("alone-class", "GatewayClass", |assume| assume.parameters = true),
    ("alone-gateway", "Gateway", |assume| assume.gateways = true),
    ("alone-listener-set", "ListenerSet", |assume| assume.gateways = true),
    ("alone-http-route", "HTTPRoute", |_| ()),
    ("alone-grpc-route", "GRPCRoute", |_| ()),
    ("alone-tls-route", "TLSRoute", |_| ()),
    ("alone-tcp-route", "TCPRoute", |_| ()),
    ("alone-udp-route", "UDPRoute", |_| ()),
    ("alone-grant", "ReferenceGrant", |assume| assume.grants = true),
    ("alone-tls-policy", "BackendTLSPolicy", |_| ()),
    ("alone-traffic-policy", "XBackendTrafficPolicy", |_| ()),
    ("alone-backend", "XBackend", |assume| assume.services = true),
];

/// What is not told in a case where one kind is judged alone. `needed` learns which reasons of the case are about something.
pub(super) fn untold(base: &Base, needed: &mut BTreeSet<(&'static str, String)>) -> (usize, Vec<String>) {
    let (mut made, mut untold) = (0, Vec::new());
    let Some((input, _)) = &base.rewritten else { return (made, untold) };
    if input.sources.iter().any(|source| source.context) {
        return (made, untold);
    }
    for (name, kind, assume) in KINDS {
        let Some(dependent) = dependent(input, kind, *assume) else { continue };
        made += 1;
        let told = told(input, kind);
        for (code, object, path) in dependent.into_iter().filter(|(code, ..)| !told.contains(code)) {
            if is_said_to_go(&base.case, name, &code) {
                needed.insert((*name, code));
            } else {
                untold.push(format!("{} with {name}: {code} on {object} {path} is not told", base.case.name));
            }
        }
    }
    (made, untold)
}

/// The findings on objects of other kinds that go when the objects of a kind do; `None` where there is no such object, or
/// no other one.
fn dependent(input: &Input, kind: &str, assume: fn(&mut Assume)) -> Option<Vec<(String, String, String)>> {
    let mut without = input.clone();
    let mut documents = input.documents()?;
    let before = documents.len();
    documents.retain(|(_, document)| !is_kind(document, kind));
    if documents.is_empty() || documents.len() == before {
        return None;
    }
    without.replace(&documents)?;
    let mut whole = input.clone();
    for input in [&mut whole, &mut without] {
        assume(&mut input.options.assume);
    }
    let known = findings(&whole);
    let after = findings(&without);
    let own = format!("{kind} ");
    let is_other = |object: &str| !object.is_empty() && !object.starts_with(&own);
    let gone =
        known.into_iter().filter(|(key, count)| is_other(&key.1) && after.get(key).is_none_or(|left| left < count));
    Some(gone.map(|(key, _)| key).collect())
}

/// The codes that are told where the objects of a kind are judged alone.
fn told(input: &Input, kind: &str) -> BTreeSet<String> {
    let mut alone = input.clone();
    let Some(mut documents) = input.documents() else { return BTreeSet::new() };
    for (context, document) in &mut documents {
        *context = !is_kind(document, kind);
    }
    if alone.replace(&documents).is_none() {
        return BTreeSet::new();
    }
    findings(&alone).into_keys().map(|(code, ..)| code).collect()
}

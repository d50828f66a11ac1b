//! Envoy Gateway's policies: each rule with what it accepts and what it refuses.
//!
//! The limits of the fields are tested with those of all other rows.

mod client;
mod cluster;
mod extension;
mod security;
mod target;
mod traffic;

use crate::options::Channel;
use crate::parser::schema::envoy_gateway::{
    BACKEND_TRAFFIC_POLICY, CLIENT_TRAFFIC_POLICY, ENVOY_EXTENSION_POLICY, SECURITY_POLICY,
};
use crate::parser::schema::{Checker, Shape, Step, Type};

use super::yaml;

/// The policies with their rows.
pub(super) const SPECS: [(&str, &Shape); 4] = [
    ("ClientTrafficPolicy", &CLIENT_TRAFFIC_POLICY),
    ("BackendTrafficPolicy", &BACKEND_TRAFFIC_POLICY),
    ("SecurityPolicy", &SECURITY_POLICY),
    ("EnvoyExtensionPolicy", &ENVOY_EXTENSION_POLICY),
];

/// The problems of a spec as `CODE path`, in order of path.
fn check(kind: &str, spec: &str) -> Vec<String> {
    let (_, shape) = SPECS.into_iter().find(|(name, _)| *name == kind).unwrap();
    let mut checker = Checker::new(Channel::Experimental);
    checker.value(&mut yaml(spec), &Type::Object(shape), &Step::Root.field("spec"));
    let mut lines: Vec<String> =
        checker.finish().iter().map(|problem| format!("{} {}", problem.code.id(), problem.path)).collect();
    lines.sort();
    lines
}

/// Checks policies that have a target and, in place of `%` of the template, the part under test.
#[track_caller]
fn cases(kind: &str, template: &str, good: &[&str], bad: &[(&str, &[&str])]) {
    let spec = |part: &str| {
        let target = "targetRefs: [{group: gateway.networking.k8s.io, kind: HTTPRoute, name: a}]";
        let target =
            if kind == "ClientTrafficPolicy" { target.replace("HTTPRoute", "Gateway") } else { target.to_owned() };
        format!("{{{target}, {}}}", template.replace('%', part))
    };
    for part in good {
        assert_eq!(check(kind, &spec(part)), Vec::<String>::new(), "{kind} {part}");
    }
    for (part, wanted) in bad {
        assert_eq!(check(kind, &spec(part)), *wanted, "{kind} {part}");
    }
}

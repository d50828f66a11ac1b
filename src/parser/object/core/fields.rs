//! The fields of the core kinds whose content decides where traffic goes: a
//! name that Kubernetes does not know there is nearly always a misspelt one.
//!
//! All fields of Kubernetes are listed, the ones that gwctl does not read and
//! those of earlier releases too: of them nothing is said.

use crate::diagnostics::{Change, codes};
use crate::parser::manifests::Kind;
use crate::parser::node::Node;
use crate::parser::schema::{Problem, Step, quote};
use crate::spelling::nearest;

/// What a mapping may hold.
struct Shape {
    /// What the mapping is, as a message names it.
    noun: &'static str,
    fields: &'static [&'static str],
    /// The fields whose mappings, or lists of mappings, are looked at too.
    below: &'static [(&'static str, &'static Shape)],
}

/// [Service](https://kubernetes.io/docs/reference/kubernetes-api/service-resources/service-v1/)
static SERVICE: Shape = Shape {
    noun: "a Service",
    fields: &["apiVersion", "kind", "metadata", "spec", "status"],
    below: &[("spec", &SERVICE_SPEC)],
};

static SERVICE_SPEC: Shape = Shape {
    noun: "the `spec` of a Service",
    fields: &[
        "allocateLoadBalancerNodePorts",
        "clusterIP",
        "clusterIPs",
        "externalIPs",
        "externalName",
        "externalTrafficPolicy",
        "healthCheckNodePort",
        "internalTrafficPolicy",
        "ipFamilies",
        "ipFamily",
        "ipFamilyPolicy",
        "loadBalancerClass",
        "loadBalancerIP",
        "loadBalancerSourceRanges",
        "ports",
        "publishNotReadyAddresses",
        "selector",
        "sessionAffinity",
        "sessionAffinityConfig",
        "topologyKeys",
        "trafficDistribution",
        "type",
    ],
    below: &[("ports", &SERVICE_PORT)],
};

static SERVICE_PORT: Shape = Shape {
    noun: "a port of a Service",
    fields: &["appProtocol", "name", "nodePort", "port", "protocol", "targetPort"],
    below: &[],
};

/// [EndpointSlice](https://kubernetes.io/docs/reference/kubernetes-api/service-resources/endpoint-slice-v1/)
static ENDPOINT_SLICE: Shape = Shape {
    noun: "an EndpointSlice",
    fields: &["addressType", "apiVersion", "endpoints", "kind", "metadata", "ports"],
    below: &[("endpoints", &ENDPOINT), ("ports", &ENDPOINT_PORT)],
};

static ENDPOINT: Shape = Shape {
    noun: "an endpoint",
    fields: &["addresses", "conditions", "deprecatedTopology", "hints", "hostname", "nodeName", "targetRef", "zone"],
    below: &[("conditions", &CONDITIONS)],
};

static CONDITIONS: Shape =
    Shape { noun: "`conditions` of an endpoint", fields: &["ready", "serving", "terminating"], below: &[] };

static ENDPOINT_PORT: Shape =
    Shape { noun: "a port of an EndpointSlice", fields: &["appProtocol", "name", "port", "protocol"], below: &[] };

/// Warns about the fields of an object that Kubernetes does not know.
pub(super) fn check(node: &Node, kind: Kind, problems: &mut Vec<Problem>) {
    let shape = match kind {
        Kind::Service => &SERVICE,
        Kind::EndpointSlice => &ENDPOINT_SLICE,
        // What stands near a misspelt `data` may be secret, and the other kinds say nothing of endpoints.
        _ => return,
    };
    check_shape(node, shape, &Step::Root, problems);
}

fn check_shape(node: &Node, shape: &Shape, at: &Step<'_>, problems: &mut Vec<Problem>) {
    let Shape { noun: _, fields, below } = shape;
    for (name, value) in node.as_map().unwrap_or_default() {
        let here = at.field(name);
        if !fields.contains(&name.as_str()) {
            problems.push(unknown_field(name, shape, &here));
        }
        let Some((_, inner)) = below.iter().find(|(field, _)| field == name) else { continue };
        check_shape(value, inner, &here, problems);
        for (index, item) in value.as_list().unwrap_or_default().iter().enumerate() {
            check_shape(item, inner, &here.index(index), problems);
        }
    }
}

fn unknown_field(name: &str, Shape { noun, fields, below: _ }: &Shape, at: &Step<'_>) -> Problem {
    let near = nearest(name, fields.iter().copied());
    let help = match near {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => "remove it, or make it an annotation".to_owned(),
    };
    Problem::new(codes::UNKNOWN_CORE_FIELD, at.path(), format!("{noun} has no field {}", quote(name)))
        .key()
        .label("not read")
        .help(help)
        .fix(near.map(|near| Change::Rename(near.to_owned())))
}

//! The fields of the core kinds whose content decides where traffic goes: a
//! name that Kubernetes does not know there is nearly always a misspelt one.
//!
//! All fields of Kubernetes are listed, the ones that gwctl does not read and
//! those of earlier releases too: of them nothing is said.

use crate::diagnostics::codes;
use crate::parser::manifests::Kind;
use crate::parser::node::Node;
use crate::parser::object::shape::{self, Shape};
use crate::parser::schema::{Problems, Step};

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
pub(super) fn check(node: &Node, kind: Kind, problems: &mut Problems) {
    let shape = match kind {
        Kind::Service => &SERVICE,
        Kind::EndpointSlice => &ENDPOINT_SLICE,
        // What stands near a misspelt `data` may be secret, and the other kinds say nothing of endpoints.
        _ => return,
    };
    shape::check(node, shape, &Step::Root, codes::UNKNOWN_CORE_FIELD, problems);
}

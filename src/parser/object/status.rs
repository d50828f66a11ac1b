//! The `status` of the kinds of Gateway API: only the names of its fields.
//!
//! A controller writes it, and `kubectl get` prints it into manifests; nothing
//! of it has an effect. The API server drops it from what is applied, but
//! refuses the object for a field that its schema does not have there. The
//! tables are the union of what the releases of Gateway API have.

use crate::diagnostics::codes;
use crate::parser::manifests::Kind;
use crate::parser::node::Node;

use super::shape::{self, Shape};
use crate::parser::schema::{Problems, Step};

static CONDITION: Shape = Shape {
    noun: "a condition",
    fields: &["lastTransitionTime", "message", "observedGeneration", "reason", "status", "type"],
    below: &[],
};

static REFERENCE: Shape = Shape {
    noun: "a reference to a parent",
    fields: &["group", "kind", "name", "namespace", "port", "sectionName"],
    below: &[],
};

static FEATURE: Shape = Shape { noun: "a supported feature", fields: &["name"], below: &[] };

static ADDRESS: Shape = Shape { noun: "an address in `status`", fields: &["routability", "type", "value"], below: &[] };

static ROUTE_KIND: Shape = Shape { noun: "a supported kind", fields: &["group", "kind"], below: &[] };

static LISTENER: Shape = Shape {
    noun: "the status of a listener",
    fields: &["attachedRoutes", "conditions", "name", "port", "supportedKinds"],
    below: &[("conditions", &CONDITION), ("supportedKinds", &ROUTE_KIND)],
};

static PARENT: Shape = Shape {
    noun: "the status of a parent",
    fields: &["conditions", "controllerName", "parentRef"],
    below: &[("conditions", &CONDITION), ("parentRef", &REFERENCE)],
};

static ANCESTOR: Shape = Shape {
    noun: "the status of an ancestor",
    fields: &["ancestorRef", "conditions", "controllerName"],
    below: &[("ancestorRef", &REFERENCE), ("conditions", &CONDITION)],
};

static OF_CLASS: Shape = Shape {
    noun: "this `status`",
    fields: &["conditions", "supportedFeatures"],
    below: &[("conditions", &CONDITION), ("supportedFeatures", &FEATURE)],
};

static OF_GATEWAY: Shape = Shape {
    noun: "the `status` of a Gateway",
    fields: &["addresses", "attachedListenerSets", "conditions", "listeners"],
    below: &[("addresses", &ADDRESS), ("conditions", &CONDITION), ("listeners", &LISTENER)],
};

static OF_SET: Shape = Shape {
    noun: "the `status` of a ListenerSet",
    fields: &["conditions", "listeners"],
    below: &[("conditions", &CONDITION), ("listeners", &LISTENER)],
};

static OF_ROUTE: Shape =
    Shape { noun: "the `status` of a route", fields: &["parents"], below: &[("parents", &PARENT)] };

static OF_POLICY: Shape =
    Shape { noun: "the `status` of a policy", fields: &["ancestors"], below: &[("ancestors", &ANCESTOR)] };

static OF_BACKEND: Shape =
    Shape { noun: "the `status` of a backend", fields: &["conditions"], below: &[("conditions", &CONDITION)] };

/// Reports the fields that a `status` of the kind does not have.
pub(super) fn check(status: &Node, kind: Kind, problems: &mut Problems) {
    let shape = match kind {
        Kind::GatewayClass | Kind::XMesh => &OF_CLASS,
        Kind::Gateway => &OF_GATEWAY,
        Kind::ListenerSet => &OF_SET,
        Kind::HTTPRoute | Kind::GRPCRoute | Kind::TLSRoute | Kind::TCPRoute | Kind::UDPRoute => &OF_ROUTE,
        Kind::BackendTLSPolicy
        | Kind::XBackendTrafficPolicy
        | Kind::ClientTrafficPolicy
        | Kind::BackendTrafficPolicy
        | Kind::SecurityPolicy
        | Kind::EnvoyExtensionPolicy => &OF_POLICY,
        Kind::XBackend | Kind::Backend => &OF_BACKEND,
        // Kubernetes' own kinds are not of this schema, and a grant has no status.
        // Gloo's schema says nothing of a status, nor does that of filters.
        Kind::ReferenceGrant
        | Kind::HTTPRouteFilter
        | Kind::RouteOption
        | Kind::VirtualHostOption
        | Kind::ListenerOption
        | Kind::HttpListenerOption
        | Kind::Upstream
        | Kind::Namespace
        | Kind::Service
        | Kind::EndpointSlice
        | Kind::Secret
        | Kind::ConfigMap => return,
    };
    shape::check(status, shape, &Step::Root.field("status"), codes::UNKNOWN_FIELD, problems);
}

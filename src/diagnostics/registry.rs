//! The registry: every code that gwctl can print, as data.
//!
//! The pages in `docs/diagnostics` say more of each; a test holds the first sentences of their sections `Traffic` and
//! `Fix` to what stands here.

use super::code::{Code, Row, Series, Severity};
use super::condition::{Condition, ConditionKind, ConditionStatus, Reason};

impl Code {
    /// The code with this id or name, without regard to letter case.
    pub fn find(text: &str) -> Option<Self> {
        REGISTRY
            .iter()
            .copied()
            .find(|code| code.id().eq_ignore_ascii_case(text) || code.name().eq_ignore_ascii_case(text))
    }
}

macro_rules! registry {
    ($($series:ident {
        $($(#[doc = $doc:literal])+
        $constant:ident = $id:literal $name:literal $severity:ident $(, $kind:ident $status:ident $reason:ident)? {
            traffic: $traffic:literal,
            remedy: $remedy:literal,
        })+
    })+) => {
        /// Every code as a constant.
        pub mod codes {
            use super::{Code, Condition, ConditionKind, ConditionStatus, Reason, Row, Series, Severity};
            $($(
                $(#[doc = $doc])+
                pub const $constant: Code = Code(&Row {
                    id: $id,
                    name: $name,
                    series: Series::$series,
                    severity: Severity::$severity,
                    condition: registry!(@condition $($kind $status $reason)?),
                    meaning: concat!($($doc),+),
                    traffic: $traffic,
                    remedy: $remedy,
                    page: include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/diagnostics/", $id, ".md")),
                });
            )+)+
        }
        /// Every code, in the order of the ids.
        pub const REGISTRY: &[Code] = &[$($(codes::$constant),+),+];
    };
    (@condition $kind:ident $status:ident $reason:ident) => {
        Some(Condition {
            kind: ConditionKind::$kind,
            status: ConditionStatus::$status,
            reason: Reason::$reason,
        })
    };
    (@condition) => { None };
}

registry! {
    Schema {
        /// A field that the kind does not have.
        UNKNOWN_FIELD = "GW1001" "unknown-field" Error {
            traffic: "the API server refuses the object, so a cluster would go on with what it had before",
            remedy: "correct the name, or move the field to where it belongs",
        }
        /// The same key twice in one mapping.
        DUPLICATE_KEY = "GW1002" "duplicate-key" Error {
            traffic: "the API server refuses the object, so a cluster would go on with what it had before",
            remedy: "keep one of the two keys",
        }
        /// A value of the wrong JSON type.
        WRONG_TYPE = "GW1003" "wrong-type" Error {
            traffic: "the API server refuses the object, so a cluster would go on with what it had before",
            remedy: "quote numbers and booleans that are meant as text, and write numbers without quotes",
        }
        /// A required field is absent.
        MISSING_FIELD = "GW1004" "missing-field" Error {
            traffic: "the API server refuses the object, so a cluster would go on with what it had before",
            remedy: "add the field; here it is `spec.gatewayClassName`",
        }
        /// A value outside the enumeration.
        UNSUPPORTED_VALUE = "GW1005" "unsupported-value" Error {
            traffic: "the API server refuses the object, so a cluster would go on with what it had before",
            remedy: "use one of the words that the finding lists",
        }
        /// A number, length or count out of its bounds.
        OUT_OF_BOUNDS = "GW1006" "out-of-bounds" Error {
            traffic: "the API server refuses the object, so a cluster would go on with what it had before",
            remedy: "use a value within the bounds that the finding names",
        }
        /// A string that does not have the required form.
        BAD_FORMAT = "GW1007" "bad-format" Error {
            traffic: "the API server refuses the object, so a cluster would go on with what it had before",
            remedy: "write the value in the form that the finding describes",
        }
        /// Two equal items in a list of distinct items.
        DUPLICATE_ITEM = "GW1008" "duplicate-item" Error {
            traffic: "the API server refuses the object, so a cluster would go on with what it had before",
            remedy: "remove one of the two items or give it an identity of its own",
        }
        /// A rule across several fields is broken.
        BROKEN_RULE = "GW1009" "broken-rule" Error {
            traffic: "the API server refuses the object, so a cluster would go on with what it had before",
            remedy: "follow the rule that the finding states",
        }
        /// An unknown kind or version of a Gateway API group.
        UNKNOWN_KIND = "GW1010" "unknown-kind" Error {
            traffic: "the API server does not know the object at all, and it has no effect",
            remedy: "use the kind and version that the finding names",
        }
        /// A bare `true`, `false`, `yes`, `no`, `on`, `off`, `y` or `n` where a string is wanted.
        UNQUOTED_BOOLEAN = "GW1011" "unquoted-boolean" Error {
            traffic: "the API server refuses the object, so a cluster would go on with what it had before",
            remedy: "quote the word",
        }
        /// `metadata` that the API server refuses.
        BAD_METADATA = "GW1012" "bad-metadata" Error {
            traffic: "the API server refuses the object, so a cluster would go on with what it had before",
            remedy: "use names of lower-case letters, digits, `-` and `.`, that begin and end with a letter or digit",
        }
        /// `generateName` in the place of a name.
        GENERATED_NAME = "GW1016" "generated-name" Error {
            traffic: "the object has no effect here: it is neither judged nor served, and what seems to refer to it refers to nothing",
            remedy: "give the object a name",
        }
        /// An option that the API server takes and its controller cannot read.
        UNREADABLE_OPTION = "GW1020" "unreadable-option" Error {
            traffic: "the controller does not read the object, so a cluster would go on with what it had before; rules that the object applies to answer 500",
            remedy: "write the value as the finding says",
        }
    }

    Reference {
        /// A backend Service that is not in the input.
        BACKEND_NOT_FOUND = "GW2001" "backend-not-found" Error, ResolvedRefs False BackendNotFound {
            traffic: "the reference keeps its share of the rule's traffic, and that share is answered with 500 (503 for a GRPCRoute)",
            remedy: "correct the name or the namespace, add the Service's manifest, name its folder with `--context`, or say with `--assume services` that Services may be missing",
        }
        /// A reference into another namespace without a grant.
        REF_NOT_PERMITTED = "GW2002" "reference-not-permitted" Error, ResolvedRefs False RefNotPermitted {
            traffic: "the reference counts as invalid: its share of the traffic is answered with 500 (503 for a GRPCRoute)",
            remedy: "add a grant in the namespace that is referred to, or say with `--assume grants` that grants live elsewhere",
        }
        /// A reference to a kind that cannot be a backend.
        INVALID_KIND = "GW2003" "invalid-kind" Error, ResolvedRefs False InvalidKind {
            traffic: "the reference keeps its share of the traffic, and that share is answered with 500 (503 for a GRPCRoute)",
            remedy: "refer to the Service in front of the pods",
        }
        /// A Service without the port that is referred to.
        PORT_NOT_FOUND = "GW2004" "port-not-found" Error, ResolvedRefs False BackendNotFound {
            traffic: "the reference counts as one whose backend does not exist: its share of the traffic is answered with 500 (503 for a GRPCRoute)",
            remedy: "use one of the ports that the finding lists, or add the port to the Service",
        }
        /// A Service port whose protocol does not fit the route.
        UNSUPPORTED_PROTOCOL = "GW2005" "unsupported-backend-protocol" Error, ResolvedRefs False UnsupportedProtocol {
            traffic: "the reference counts as invalid: its share of the traffic is answered with 500 (503 for a GRPCRoute)",
            remedy: "refer to a port whose protocol fits, correct `protocol` or `appProtocol` in the Service, or use the kind of route that is made for the protocol",
        }
        /// An ExternalName Service as a backend.
        EXTERNAL_NAME = "GW2006" "external-name-refused" Error, ResolvedRefs False BackendNotFound {
            traffic: "the reference counts as one whose backend does not exist: its share of the traffic is answered with 500",
            remedy: "give the addresses yourself with `--resolve NS/SVC:PORT=HOST:PORT`, or use a Service without a selector and with its own EndpointSlice",
        }
        /// A Service all of whose endpoints are absent or not ready.
        NO_READY_ENDPOINTS = "GW2007" "no-ready-endpoints" Warning {
            traffic: "the share of the traffic that belongs to the Service is answered with 503; a server that options name answers nothing that it is asked",
            remedy: "take a fresh copy of the slices, leave them out of the input (the Service's DNS name is used then), or name the addresses with `--resolve`",
        }
        /// A headless Service whose named target port cannot be known.
        UNKNOWN_TARGET_PORT = "GW2008" "unknown-target-port" Error {
            traffic: "gwctl cannot tell where to connect",
            remedy: "write the number as `targetPort`, add the EndpointSlice to the input, or name the addresses with `--resolve NS/SVC:PORT=HOST:PORT`",
        }
        /// No GatewayClass of the input is the one named.
        CLASS_NOT_FOUND = "GW2009" "gateway-class-not-found" Warning {
            traffic: "the Gateway is served all the same",
            remedy: "correct `gatewayClassName`, or add the class to the input",
        }
        /// An object used by a label selector has no Namespace in the input.
        NAMESPACE_NOT_FOUND = "GW2010" "namespace-not-found" Warning {
            traffic: "the route attaches only when the selector is content with that label",
            remedy: "add the Namespace with its labels to the input, or say with `--assume namespaces` that missing ones are meant: what they admit is then not known ([GW2015](GW2015.md))",
        }
        /// `--resolve` for a Service that is not used.
        UNUSED_RESOLVE = "GW2011" "unused-resolve" Note {
            traffic: "none: the addresses are not used",
            remedy: "correct the name or the port, or drop the flag",
        }
        /// A reference to an object that the API server would have refused.
        REFUSED_OBJECT = "GW2012" "reference-to-refused-object" Note {
            traffic: "what depends on the object behaves as if it were missing: backends answer with 500, routes without their Gateway are not served",
            remedy: "mend the object that is referred to; this note then goes away",
        }
        /// A port in a reference to a backend that has its own.
        BACKEND_PORT_IGNORED = "GW2013" "backend-port-ignored" Warning {
            traffic: "connections go to the port of the XBackend",
            remedy: "leave `port` out of the reference, or correct the port of the XBackend",
        }
        /// `--port-map` for a port that no listener has.
        UNUSED_PORT_MAP = "GW2014" "unused-port-map" Note {
            traffic: "none: the entry has no effect",
            remedy: "correct or remove the entry",
        }
        /// An object used by a label selector whose Namespace is assumed.
        ASSUMED_NAMESPACE = "GW2015" "assumed-namespace" Note {
            traffic: "unknown: the route is judged as if it were admitted",
            remedy: "nothing, when that is meant",
        }
        /// Parameters of a kind that gwctl does not know.
        INVALID_PARAMETERS = "GW2021" "invalid-parameters" Error, Accepted False InvalidParameters {
            traffic: "a Gateway with such parameters, or of such a class, accepts no connections; an XMesh with such ones changes nothing",
            remedy: "leave the reference out of the manifest that gwctl reads, or pass `--assume parameters` once you know that the settings do not matter for what you try",
        }
        /// A filter that names a policy which is not in the input.
        EXTENSION_NOT_FOUND = "GW2030" "extension-not-found" Error, ResolvedRefs False BackendNotFound {
            traffic: "requests that match the rule are answered with 500: nobody knows what the policy would have forbidden",
            remedy: "correct the name, or add the policy to the input",
        }
        /// Options whose target is not in the input.
        OPTION_TARGET_NOT_FOUND = "GW2031" "option-target-not-found" Warning {
            traffic: "the options apply to nothing here",
            remedy: "correct the name, or leave it where the target is declared in another place",
        }
        /// A target that options cannot be about.
        OPTION_TARGET_IGNORED = "GW2032" "option-target-ignored" Error {
            traffic: "the options do not apply to this target",
            remedy: "name a target of a kind that the options are for, in their namespace",
        }
        /// A Backend that Envoy Gateway does not accept.
        INVALID_BACKEND = "GW2040" "invalid-backend" Error, Accepted False Invalid {
            traffic: "requests for the Backend get 500: nothing is sent to it",
            remedy: "write an address of another machine, a domain of two labels or more, or a socket file",
        }
        /// A reference to a Backend that is not accepted.
        BACKEND_NOT_ACCEPTED = "GW2041" "backend-not-accepted" Error, ResolvedRefs False InvalidBackendRef {
            traffic: "the share of the reference is answered with 500 (503 for a GRPCRoute)",
            remedy: "mend the errors of the Backend",
        }
        /// A field that `metadata` does not have.
        UNKNOWN_METADATA = "GW2070" "unknown-metadata-field" Warning {
            traffic: "the field has no effect: a label or a namespace that was meant is missing, and selectors and references do not find the object by it",
            remedy: "correct the name of the field, or make it an annotation",
        }
        /// The namespace of an object that is in none.
        NEEDLESS_NAMESPACE = "GW2071" "needless-namespace" Warning {
            traffic: "the object counts for the whole cluster, as if it named no namespace; a second one of the same name in another namespace replaces it",
            remedy: "remove the namespace",
        }
        /// An ignored object, or entry of a grant, whose group or kind looks like a slip.
        MISSPELT_TYPE = "GW2072" "misspelt-type" Warning {
            traffic: "the object has no effect, as if it were not in the input; what refers to it does not find it",
            remedy: "write the `apiVersion` and `kind` that the finding names",
        }
        /// An EndpointSlice of a Service that is not in the input.
        SLICE_WITHOUT_SERVICE = "GW2073" "slice-without-service" Warning {
            traffic: "the endpoints get no requests: a Service whose own slices are missing is looked up by DNS",
            remedy: "correct the label, or add the Service",
        }
        /// An unknown `appProtocol` that is close to a known one.
        MISSPELT_PROTOCOL = "GW2074" "misspelt-app-protocol" Warning {
            traffic: "the protocol is that of the route's kind: HTTP/1.1 for an HTTPRoute, HTTP/2 for a GRPCRoute",
            remedy: "write the value that the finding names, or remove the field",
        }
        /// A reference whose name no object can have.
        NOT_AN_OBJECT_NAME = "GW2080" "not-an-object-name" Error {
            traffic: "the reference is invalid: the share of a backend is answered with 500 (503 for a GRPCRoute), and a listener without its certificate is not served",
            remedy: "write the name of the object alone",
        }
        /// An endpoint whose address has a meaning of its own on every host.
        SPECIAL_ADDRESS = "GW2085" "special-endpoint-address" Warning {
            traffic: "the configuration sends the endpoint's share of the requests to the address as it is written: to whatever listens there on the host of Envoy itself",
            remedy: "write the address of the endpoint",
        }
        /// An annotation that names an object which is not in the input.
        UNKNOWN_ANNOTATED = "GW2090" "unknown-annotated-object" Warning {
            traffic: "gwctl's configuration serves the object without what the annotation asks for",
            remedy: "correct the name, add the object to the input, or allow the code on the object where it is declared in another place",
        }
    }

    Attachment {
        /// A parent that is not in the input.
        PARENT_NOT_FOUND = "GW3001" "parent-not-found" Error {
            traffic: "the route is not attached there: nothing of it is served through this parent",
            remedy: "correct the name, add `namespace`, name the platform's folder with `--context`, or say with `--assume gateways` that Gateways may be missing",
        }
        /// A parentRef that selects no listener.
        NO_MATCHING_PARENT = "GW3002" "no-matching-parent" Error, Accepted False NoMatchingParent {
            traffic: "the route is not attached there: nothing of it is served through this parent",
            remedy: "use the name and port of a listener that exists, or leave both out to attach to all that allow the route",
        }
        /// A listener that does not allow the route.
        NOT_ALLOWED = "GW3003" "not-allowed-by-listeners" Error, Accepted False NotAllowedByListeners {
            traffic: "the route is not attached there: nothing of it is served through this parent",
            remedy: "let the listener allow the route's namespace and kind, or attach to a listener that does",
        }
        /// No hostname of the route meets one of the listener.
        NO_MATCHING_HOSTNAME = "GW3004" "no-matching-listener-hostname" Error, Accepted False NoMatchingListenerHostname {
            traffic: "the route is not attached there: requests for its hostnames get 404, or find no listener, unless another listener of the port serves them",
            remedy: "use a hostname that the listener covers, or add a listener for the route's hostname",
        }
        /// Two listeners that cannot be told apart.
        LISTENER_CONFLICT = "GW3005" "listener-conflict" Error, Conflicted True HostnameConflict {
            traffic: "both listeners are refused, and with them every route that is attached only there",
            remedy: "merge the two, or give one another hostname or port; TCP and UDP have no hostnames, so that only another port helps there",
        }
        /// Listeners of incompatible protocols on one port.
        PROTOCOL_CONFLICT = "GW3006" "listener-protocol-conflict" Error, Conflicted True ProtocolConflict {
            traffic: "the listeners that are in conflict are refused, and with them every route that is attached only there",
            remedy: "give each protocol a port of its own",
        }
        /// A listener protocol that gwctl does not know.
        UNKNOWN_PROTOCOL = "GW3007" "unsupported-listener-protocol" Error, Accepted False UnsupportedProtocol {
            traffic: "the listener is not opened: connections to its port are refused",
            remedy: "use one of the protocols that the finding lists",
        }
        /// A route kind that the listener cannot serve.
        INVALID_ROUTE_KINDS = "GW3008" "invalid-route-kinds" Error, ResolvedRefs False InvalidRouteKinds {
            traffic: "routes of the named kind are not attached to this listener",
            remedy: "name kinds that fit the protocol, or leave `kinds` out for all of them",
        }
        /// A route without a parent.
        NO_PARENTS = "GW3009" "route-without-parents" Warning {
            traffic: "the route is not served anywhere",
            remedy: "name the Gateway that shall serve the route",
        }
        /// A `Service` parent, which belongs to a mesh.
        MESH_PARENT = "GW3010" "mesh-parent" Note {
            traffic: "none: the reference has no effect on the gateway's configuration",
            remedy: "nothing, when that is meant",
        }
        /// A Gateway whose class belongs to another controller.
        FOREIGN_CLASS = "GW3011" "foreign-gateway-class" Note {
            traffic: "the Gateway is left out: its listeners are not in the output, nor are the routes that only it serves",
            remedy: "nothing, when that is meant",
        }
        /// Input without a listener to serve.
        NO_LISTENER = "GW3012" "no-listener" Error {
            traffic: "there is nothing to serve",
            remedy: "add the Gateway's manifest to the input, check `--gateway`, `--gateway-class` and `--controller-name`, or mend the listeners that other findings name",
        }
        /// Two Gateways, or one and the admin interface, that cannot share an address and port.
        ADDRESS_IN_USE = "GW3013" "address-in-use" Error {
            traffic: "one Envoy cannot tell which Gateway a connection is meant for",
            remedy: "translate one Gateway at a time with `--gateway NS/NAME`, or move the listeners of one with `--port-map NS/NAME:80=10080`",
        }
        /// A hostname that no listener serves, beside others that are served.
        HOSTNAME_NOT_SERVED = "GW3014" "hostname-not-served" Warning {
            traffic: "requests for this hostname get 404, or find no listener",
            remedy: "remove the hostname, or add a listener that covers it",
        }
        /// Something selected on the command line is not in the input.
        SELECTION_NOT_FOUND = "GW3015" "selection-not-found" Error {
            traffic: "the selection leaves out what it does not name, so less is served than was meant, or nothing",
            remedy: "correct the name; a Gateway is selected by `NAMESPACE/NAME`",
        }
        /// A selector without `from: Selector`, or `from: Selector` without one.
        SELECTOR_MISMATCH = "GW3016" "selector-mismatch" Warning {
            traffic: "an unused selector has no effect: `from` alone decides",
            remedy: "write `from: Selector` together with `selector`, or remove the selector",
        }
        /// A label selector that cannot be evaluated.
        BAD_SELECTOR = "GW3017" "invalid-label-selector" Error, Accepted False NotAllowedByListeners {
            traffic: "no route from another namespace is admitted by this listener",
            remedy: "use `In` or `NotIn` with values, and `Exists` or `DoesNotExist` without",
        }
        /// An address type or value that cannot be bound.
        BAD_ADDRESS = "GW3018" "unsupported-address" Error, Accepted False UnsupportedAddress {
            traffic: "the Gateway's listeners cannot be bound where they are asked to be, so they are not served",
            remedy: "write an `IPAddress`, or leave `addresses` out and choose where to bind with `--listener-address`",
        }
        /// A ListenerSet that its Gateway does not admit.
        LISTENER_SET_NOT_ALLOWED = "GW3021" "listener-set-not-allowed" Error, Accepted False NotAllowed {
            traffic: "the listeners of the set accept no connections, and routes that name the set serve no traffic",
            remedy: "let the Gateway admit the namespace: `All`, `Same`, or a selector over the labels of Namespaces",
        }
        /// A ListenerSet as parent that has joined no Gateway.
        PARENT_NOT_ACCEPTED = "GW3022" "parent-not-accepted" Error {
            traffic: "the route serves no traffic through this parent",
            remedy: "mend the ListenerSet, or attach the route to the Gateway itself",
        }
        /// A Gateway that is assumed, on which the routes that name it are judged as far as that goes.
        ASSUMED_GATEWAY = "GW3030" "assumed-gateway" Note {
            traffic: "`gwctl translate` emits nothing for an assumed Gateway",
            remedy: "pass the platform's manifests with `--context PATH`: the Gateway is known then, and everything is judged",
        }
        /// A parent of a kind that takes no routes.
        UNKNOWN_PARENT_KIND = "GW3031" "unknown-parent-kind" Warning {
            traffic: "the route is not served through this parent",
            remedy: "correct `kind` or `group`",
        }
        /// A Service parent that is not in the input.
        MESH_PARENT_NOT_FOUND = "GW3040" "mesh-parent-not-found" Error, Accepted False NoMatchingParent {
            traffic: "no client of the Service gets anything of the route",
            remedy: "correct the name, add `namespace`, or say with `--assume services` that Services may be missing",
        }
        /// A Service parent without the port that is asked for.
        MESH_PORT_NOT_FOUND = "GW3041" "mesh-port-not-found" Error, Accepted False NoMatchingParent {
            traffic: "no client of the Service gets anything of the route",
            remedy: "name a port that the Service has, or leave `port` and `sectionName` out for all of them",
        }
        /// A Service parent that has no address of its own.
        MESH_WITHOUT_ADDRESS = "GW3042" "mesh-parent-without-address" Error, Accepted False NoMatchingParent {
            traffic: "no client of the Service gets anything of the route: clients connect to the pods, or to the host outside, themselves",
            remedy: "name a Service with a cluster IP",
        }
        /// Routes of two kinds for one port of a Service.
        MESH_KIND_CONFLICT = "GW3043" "mesh-kind-conflict" Error, Accepted False Conflicted {
            traffic: "clients of the Service get nothing of this route on the ports that the other kind has",
            remedy: "give the two `port`s of their own, or write both as one kind",
        }
        /// A Service parent whose group is written `core`.
        MESH_GROUP = "GW3044" "mesh-group-core" Warning {
            traffic: "meshes that take the group at its word give the route to nobody",
            remedy: "write `group: \"\"`",
        }
        /// Hostnames of a route that has Services for parents.
        MESH_HOSTNAMES = "GW3045" "mesh-hostnames-ignored" Warning {
            traffic: "the rules take requests for every host that is sent to the Service",
            remedy: "match the header `Host` in the rules, when that is meant",
        }
        /// A route of HTTP for all ports of a Service, also those of other protocols.
        MESH_PORTLESS = "GW3046" "mesh-route-for-every-port" Warning {
            traffic: "what is no HTTP goes to the Service there, past the routes",
            remedy: "name the `port` of the parent that the route is meant for",
        }
        /// A Service parent whose port is named by `sectionName` alone.
        MESH_SECTION = "GW3047" "mesh-port-by-name" Note {
            traffic: "meshes that do not read it apply the route to every port of the Service",
            remedy: "name the number under `port` as well",
        }
        /// A route for the clients of one namespace, beside one for everybody.
        MESH_REPLACES = "GW3048" "mesh-consumer-route" Note {
            traffic: "clients of the route's namespace have its rules alone: what they do not take gets 404",
            remedy: "repeat the rules that these clients shall keep, when that is not meant",
        }
        /// A route of a Service that the clients' traffic cannot be led to.
        MESH_NOT_CAPTURED = "GW3049" "mesh-not-captured" Error {
            traffic: "clients of the Service get nothing of this route",
            remedy: "add the Service to the input, serve it in another form, or leave the route out of what is served",
        }
        /// A backend that is the proxy itself.
        MESH_LOOP = "GW3050" "mesh-loop" Error {
            traffic: "the proxy would connect to itself, again and again, until it has no file descriptors left",
            remedy: "say where the endpoints of the Service are: add its EndpointSlices, name them with `--resolve`, or give Services other addresses with `--mesh-addresses loopback`",
        }
        /// More sockets than a process may open where nobody has raised the limit.
        MESH_MANY_SOCKETS = "GW3051" "mesh-many-sockets" Warning {
            traffic: "an Envoy that may not open as many file descriptors ends at the start",
            remedy: "raise the limit of open files, serve fewer ports with `--mesh-services routed`, or use `--mesh-capture redirect`, which binds one",
        }
        /// Rules of a Service that leave requests to nobody.
        MESH_NO_CATCH_ALL = "GW3052" "mesh-no-catch-all" Note {
            traffic: "a request that no rule takes is refused, and does not go to the Service",
            remedy: "add a rule without matches whose backend is the Service, when the others shall go on",
        }
        /// A policy for the way to a backend that holds for clients of Gateways alone.
        MESH_WITHOUT_POLICY = "GW3053" "mesh-without-backend-tls" Warning {
            traffic: "what clients of Services send there goes in plain text: the policy says what Gateways do",
            remedy: "nothing, where a mesh encrypts it; else let such clients get to another port",
        }
        /// A Service parent without its group.
        MESH_PARENT_GROUP = "GW3054" "mesh-parent-group" Error {
            traffic: "no client of the Service gets anything of the route through this parent",
            remedy: "write `group: \"\"` beside `kind: Service`",
        }
        /// An address to which no connection can be made.
        UNUSABLE_ADDRESS = "GW3070" "unusable-address" Error, Programmed False AddressNotUsable {
            traffic: "the Gateway does not listen on this address",
            remedy: "write an address that a machine can have, or choose where to bind with `--listener-address`",
        }
    }

    Rule {
        /// A rule without backends and without a filter that answers.
        NO_BACKENDS = "GW4001" "rule-without-backends" Warning {
            traffic: "requests that match the rule are answered with 500",
            remedy: "add `backendRefs`, or a filter that answers, such as `RequestRedirect`",
        }
        /// All weights of a rule are zero.
        ZERO_WEIGHTS = "GW4002" "all-weights-zero" Warning {
            traffic: "requests that match the rule are answered with 500",
            remedy: "give at least one backend a weight above 0, or leave `weight` out: its default is 1",
        }
        /// A header match whose name was matched before in the same match.
        IGNORED_MATCH = "GW4003" "repeated-match-ignored" Warning {
            traffic: "the match is decided by the first entry alone, so it may take requests that were meant to be excluded",
            remedy: "keep one entry",
        }
        /// A regular expression that Envoy's engine refuses.
        BAD_REGEX = "GW4004" "invalid-regular-expression" Error, Accepted False UnsupportedValue {
            traffic: "Envoy would refuse the whole configuration because of it",
            remedy: "rewrite the expression in the syntax of RE2, or express the exception as a more specific rule of its own",
        }
        /// Copies of less specific routes multiply the output.
        ROUTES_MULTIPLY = "GW4005" "routes-multiply" Warning {
            traffic: "traffic is served as declared",
            remedy: "give the routes that are named the hostnames they are meant for, or attach them to a listener of their own",
        }
        /// One header with several actions in one filter.
        HEADER_CONFLICT = "GW4006" "header-modified-twice" Warning {
            traffic: "both actions are carried out in the proxy's own order: additions come after removals",
            remedy: "keep the action that is meant",
        }
        /// A GRPCRoute and an HTTPRoute for the same hosts of one listener.
        SHARED_HOSTNAME = "GW4021" "grpc-and-http-share-hosts" Warning {
            traffic: "requests with a gRPC content type are tried against the GRPCRoute's rules first, for each hostname",
            remedy: "give the two routes hostnames that do not overlap, or keep them when only gwctl's output serves them",
        }
        /// A route on a listener that serves only one route, which is another one.
        IDLE_ROUTE = "GW4030" "idle-route" Warning {
            traffic: "everything that arrives at the listener goes to the backends of the route that is served",
            remedy: "give each route a listener of its own, or put the backends of both into one route with weights",
        }
        /// A hostname of a TLSRoute that another one has before.
        SHADOWED_SERVER_NAME = "GW4031" "shadowed-server-name" Warning {
            traffic: "connections for this server name go to the other route",
            remedy: "remove the hostname from one of the routes, or remove the route that is no longer wanted",
        }
        /// A `*` that is taken literally.
        LITERAL_WILDCARD = "GW4040" "literal-wildcard" Warning {
            traffic: "with CORS, requests are served, and scripts that send cookies or authorization see only the response headers that are always safe to read",
            remedy: "list the headers that scripts may read, or leave `allowCredentials` out",
        }
        /// Two rules name their sessions alike.
        SESSION_NAME_TAKEN = "GW4041" "session-name-taken" Warning {
            traffic: "both rules keep their clients to an endpoint",
            remedy: "give each rule's session a name of its own, or leave the name out",
        }
        /// A rule whose requests other rules take.
        UNREACHABLE_RULE = "GW4050" "unreachable-rule" Warning {
            traffic: "the rule serves nobody",
            remedy: "remove the rule, or make its matches more specific than those that take its requests",
        }
        /// A match whose requests other matches take.
        UNREACHABLE_MATCH = "GW4051" "unreachable-match" Warning {
            traffic: "the match has no effect",
            remedy: "remove the match, or make it more specific than what goes first",
        }
        /// A match that another route object has too.
        DUPLICATE_MATCH = "GW4052" "duplicate-match" Warning {
            traffic: "every request that meets the match is answered by the route that wins",
            remedy: "remove one of the two",
        }
        /// A match with a condition that no request meets.
        IMPOSSIBLE_MATCH = "GW4053" "impossible-match" Warning {
            traffic: "no request meets the match, or none but those that escape the dots",
            remedy: "begin the pattern with `/`, or with `.*` to allow anything in front",
        }
        /// A listener without routes.
        IDLE_LISTENER = "GW4054" "listener-without-routes" Warning {
            traffic: "hTTP requests to the listener get 404, also where a less specific listener of the same port has routes for their host",
            remedy: "attach a route to it, or remove the listener",
        }
        /// A hostname that belongs to a more specific listener.
        HOSTNAME_TAKEN = "GW4055" "hostname-of-another-listener" Warning {
            traffic: "requests for the hostname never reach this route",
            remedy: "attach the route to the other listener, or leave `sectionName` out so that it attaches to every listener that fits",
        }
        /// A redirect that leads back to itself.
        REDIRECT_LOOP = "GW4056" "redirect-loop" Warning {
            traffic: "clients follow the redirect until they give up; browsers say that there were too many redirects",
            remedy: "attach the rule to the listener that is to be left, or match only what is not the target",
        }
        /// One parent in two references.
        REPEATED_PARENT = "GW4057" "repeated-parent" Warning {
            traffic: "the route is attached once, and serves what it would with one of the two",
            remedy: "remove one of the two",
        }
        /// Certificates of one listener that cover hosts of another.
        OVERLAPPING_CERTIFICATES = "GW4058" "overlapping-certificates" Note {
            traffic: "such requests get 421 (Misdirected Request), and the client repeats them on a connection of their own",
            remedy: "nothing needs to be done",
        }
        /// A match on a header that Envoy writes or takes out before routes are matched.
        REWRITTEN_HEADER = "GW4070" "rewritten-header" Warning {
            traffic: "as the finding says: no request meets the match, or every request meets the condition, or only those whose connection comes from the address",
            remedy: "attach the rule to the listener that is meant (`sectionName`, `port`)",
        }
        /// A match for tunnels with a path, which they have none of.
        TUNNEL_WITH_PATH = "GW4071" "tunnel-with-path" Warning {
            traffic: "no request meets the match; tunnels for the host get 404, unless another match takes them",
            remedy: "remove the path",
        }
    }

    Feature {
        /// A field or filter that gwctl does not translate yet.
        NOT_SUPPORTED = "GW5001" "not-supported" Error {
            traffic: "with `--partial` what has it fails closed: requests are answered with an error or connections are closed, and nothing is ever served without the setting",
            remedy: "remove it for this translation, or use a release that supports it; docs/features.md lists what is served",
        }
        /// A value that Envoy accepts at load and breaks on at run time.
        UNSAFE_VALUE = "GW5003" "unsafe-value" Error, Accepted False UnsupportedValue {
            traffic: "Envoy would answer with 502 or 503, begin a new session with every request, wait for an answer that never comes, or send a broken response to the client",
            remedy: "use a value that HTTP allows, as the finding says",
        }
        /// A filter that refers to an extension gwctl does not know.
        UNKNOWN_EXTENSION = "GW5004" "unknown-extension" Error, ResolvedRefs False InvalidKind {
            traffic: "requests that match the rule are answered with 500",
            remedy: "use a standard filter or a policy kind that gwctl supports, or translate the rule without the filter when that is safe",
        }
        /// A field that has no effect in a file.
        NO_EFFECT = "GW5005" "no-effect-offline" Note {
            traffic: "none",
            remedy: "nothing needs to change",
        }
        /// `appProtocol` asks for TLS that no policy configures.
        PLAINTEXT_BACKEND = "GW5006" "plaintext-backend" Warning {
            traffic: "the connection to the backend is not encrypted",
            remedy: "add a BackendTLSPolicy for the Service, or correct `appProtocol` when the backend speaks plain HTTP",
        }
        /// An IP address where a hostname is wanted.
        ADDRESS_AS_HOSTNAME = "GW5007" "address-as-hostname" Warning {
            traffic: "only requests whose Host header is that address match, which clients send when they connect to the address itself",
            remedy: "use a DNS name",
        }
        /// Plain text to a host outside the cluster.
        PLAINTEXT_EXTERNAL = "GW5008" "plaintext-external-backend" Warning {
            traffic: "requests and responses travel unencrypted",
            remedy: "add `tls` with a way to verify the host",
        }
        /// What a real Envoy refuses, when it is asked.
        REFUSED_BY_ENVOY = "GW5009" "refused-by-envoy" Error {
            traffic: "Envoy does not start with this configuration, and one that runs keeps its old one",
            remedy: "change the field that Envoy's words name",
        }
        /// A deprecated version of a kind.
        DEPRECATED_VERSION = "GW5010" "deprecated-version" Warning {
            traffic: "none: the object is served as declared",
            remedy: "change `apiVersion` to the version that the finding names",
        }
        /// A field that only the main branch of Gateway API has.
        UNRELEASED_FIELD = "GW5011" "unreleased-field" Warning {
            traffic: "the field is served as the main branch documents it",
            remedy: "leave the field out until your clusters serve a release that has it",
        }
        /// A setting that Envoy can only come near to.
        APPROXIMATED = "GW5040" "approximated" Warning {
            traffic: "it is served as the finding says: more strictly than declared where the choice is between the two, never less",
            remedy: "write the setting that Envoy has, which the finding names, or accept the difference",
        }
        /// A CORS filter on some of the backends that share a rule.
        CORS_PER_BACKEND = "GW5041" "cors-per-backend" Error, Accepted False IncompatibleFilters {
            traffic: "with `--partial` the rule fails closed: its requests get 500",
            remedy: "put the filter into the rule's `filters`, or give every backend the same one",
        }
        /// A session header on a rule with several backends.
        SESSION_HEADER_SPLIT = "GW5042" "session-header-across-backends" Error, Accepted False UnsupportedValue {
            traffic: "with `--partial` the rule fails closed: its requests get 500, its calls UNAVAILABLE",
            remedy: "use the type `Cookie`: a second cookie then leads back to the backend",
        }
        /// A value that the API has deprecated.
        DEPRECATED_VALUE = "GW5060" "deprecated-value" Warning {
            traffic: "the value itself changes nothing: gwctl binds IP addresses alone, and reports others as [unsupported-address](GW3018.md)",
            remedy: "use an IP address or a hostname, or a type with a domain prefix of the implementation that knows the name",
        }
        /// A name that some implementations do not take.
        UNPORTABLE_NAME = "GW5061" "unportable-name" Note {
            traffic: "traffic is served as declared",
            remedy: "use a DNS label",
        }
        /// A Service of the cluster as a host outside of it.
        CLUSTER_HOST = "GW5062" "cluster-host-as-external" Warning {
            traffic: "requests reach the Service, although its namespace may not have allowed it",
            remedy: "refer to the Service itself; another namespace needs a ReferenceGrant",
        }
        /// A Backend that says something which gwctl does not serve.
        UNSUPPORTED_BACKEND = "GW5070" "unsupported-backend" Error, Accepted False Invalid {
            traffic: "requests for the Backend get 500: nothing is sent to it",
            remedy: "list the hosts in `endpoints`, or refer to a Service in place of the Backend",
        }
        /// An HTTPRouteFilter that says something which gwctl does not serve.
        UNSUPPORTED_ROUTE_FILTER = "GW5071" "unsupported-route-filter" Error {
            traffic: "requests that match a rule which names the filter are answered with 500",
            remedy: "remove the field, or write what Envoy takes",
        }
        /// An HTTPRouteFilter that cannot be honoured where a rule names it.
        ROUTE_FILTER_REFUSED = "GW5072" "route-filter-refused" Error, Accepted False UnsupportedValue {
            traffic: "requests that match the rule are answered with 500",
            remedy: "keep one of two filters that rewrite the same, and mend the errors of the HTTPRouteFilter",
        }
        /// A session with a Service that is known by name alone.
        SESSION_AT_SERVICE = "GW5080" "session-at-service-address" Warning {
            traffic: "the requests of one session may reach several endpoints of the Service",
            remedy: "add the EndpointSlices of the Service to the input, name its endpoints with `--resolve`, or make it headless (`clusterIP: None`): then its name stands for its endpoints",
        }
        /// An authorization that is listed behind changes to the request.
        ASKED_FIRST = "GW5081" "authorization-before-changes" Warning {
            traffic: "the service sees the request as the client sent it, also headers that an earlier filter removes",
            remedy: "list ExternalAuth first, which says what happens",
        }
        /// A filter or a limit of a rule that redirects.
        IDLE_BESIDE_REDIRECT = "GW5082" "no-effect-beside-redirect" Warning {
            traffic: "requests are redirected or answered as declared",
            remedy: "remove what has no effect, or give it to a rule that has backends",
        }
        /// A value that Envoy would evaluate although it is written as literal text.
        EVALUATED_VALUE = "GW5090" "evaluated-value" Error, Accepted False UnsupportedValue {
            traffic: "Envoy would send something else than the value",
            remedy: "write the value without the operator",
        }
        /// Retries of requests with a long body.
        RETRIED_BODY_LIMIT = "GW5100" "retried-body-limit" Note {
            traffic: "requests whose body has 1 MiB or less are tried again as declared",
            remedy: "nothing, when bodies are shorter",
        }
        /// A number for which Envoy has fewer bits than the API.
        BEYOND_ENVOY = "GW5101" "beyond-envoy" Note {
            traffic: "the largest number that Envoy can hold, 4294967295, counts in the place of the number",
            remedy: "write a number up to 4294967295",
        }
        /// Regular expressions that take Envoy long to load and to match.
        COSTLY_REGEX = "GW5102" "costly-regular-expression" Warning {
            traffic: "it is served as declared; Envoy takes longer to start, and long values keep a worker busy",
            remedy: "lower the bounds of repetitions, or write prefixes, exact values and several matches",
        }
        /// A host with very many routes, or with many that cannot become a tree.
        LONG_ROUTE_LIST = "GW5103" "long-route-list" Note {
            traffic: "it is served as declared; Envoy compares a request with one route of the host after the other",
            remedy: "pass `--route-table tree`, which leaves few routes to compare a request with",
        }
        /// A kind or version that a release of Gateway API has dropped.
        DROPPED_VERSION = "GW5110" "dropped-version" Warning {
            traffic: "it is served as declared; clusters of the release that the finding names, or of a later one, refuse the object",
            remedy: "write the kind and `apiVersion` that the finding names, in the object and in whatever refers to it",
        }
        /// A regular expression that is written like a prefix.
        PREFIX_LIKE_REGEX = "GW5111" "prefix-like-regex" Warning {
            traffic: "only values that the expression describes from beginning to end match",
            remedy: "add `.*` where more may follow, use `PathPrefix`, or add `$` where the whole value is meant",
        }
        /// An object that gwctl does not translate, about one that it does.
        FOREIGN_OBJECT = "GW5112" "foreign-object" Warning {
            traffic: "it is served as if the object did not exist: what the object forbids is allowed, and what it adds is missing",
            remedy: "test what the object does in a cluster, and say with `--allow-unsupported` which kinds may be missing from a configuration",
        }
        /// A configuration would lack what an object that gwctl does not translate demands.
        FOREIGN_OBJECT_REFUSED = "GW5113" "foreign-object-refused" Error {
            traffic: "no configuration is written; with `--partial` it serves as if the object did not exist",
            remedy: "say with `--allow-unsupported` that objects of the kind may be missing from the configuration, on the command line or in `gwctl.yaml`",
        }
        /// An object that may be missing from the configuration is missing from it.
        FOREIGN_OBJECT_ALLOWED = "GW5114" "foreign-object-allowed" Warning {
            traffic: "it is served as if the object did not exist",
            remedy: "nothing needs to change where the configuration is meant to be without the object; it may be left out of the input too",
        }
        /// An object that gwctl does not translate, about one that is not in the input.
        FOREIGN_TARGET_NOT_FOUND = "GW5115" "foreign-target-not-found" Note {
            traffic: "none here: gwctl translates neither of the two",
            remedy: "correct the name, or leave it where the target is declared in another place",
        }
        /// An operator of Envoy's in a value that is sent literally.
        LITERAL_OPERATOR = "GW5120" "literal-operator" Note {
            traffic: "the header, or the body, has this text as it is written, percent signs and all",
            remedy: "write the value itself",
        }
        /// Something of a policy that other terms have no words for.
        UNSAID_IN_TERMS = "GW5121" "unsaid-in-terms" Error {
            traffic: "the result serves without it",
            remedy: "say it in another way, or do without it, before the policy is removed",
        }
        /// Something of a policy that is not written in other terms, as it changes nothing.
        IDLE_IN_TERMS = "GW5122" "idle-in-terms" Note {
            traffic: "none: the input serves as if it were not there",
            remedy: "nothing, when that is meant",
        }
    }

    Certificate {
        /// A Secret that is not in the input.
        CERTIFICATE_NOT_FOUND = "GW6001" "certificate-not-found" Error, ResolvedRefs False InvalidCertificateRef {
            traffic: "the listener serves with its other certificates",
            remedy: "add the Secret to the input",
        }
        /// A certificate reference to another kind than a Secret.
        INVALID_CERTIFICATE_KIND = "GW6002" "invalid-certificate-kind" Error, ResolvedRefs False InvalidCertificateRef {
            traffic: "the listener serves with its other certificates",
            remedy: "refer to a Secret",
        }
        /// A Secret whose certificate or key Envoy would refuse.
        UNUSABLE_CERTIFICATE = "GW6003" "unusable-certificate" Error, ResolvedRefs False InvalidCertificateRef {
            traffic: "the listener serves with its other certificates",
            remedy: "put the server's own certificate first, then those of the authorities that issued it, and the unencrypted key of the first one",
        }
        /// A listener that ends TLS and names no certificate.
        NO_CERTIFICATE = "GW6004" "listener-without-certificate" Error, Programmed False Invalid {
            traffic: "connections for the hostname of the listener are closed",
            remedy: "name a Secret of type `kubernetes.io/tls`",
        }
        /// A certificate whose validity is over.
        CERTIFICATE_EXPIRED = "GW6005" "certificate-expired" Warning {
            traffic: "Envoy serves an expired certificate; clients refuse it",
            remedy: "renew the certificate, and put the new one into the Secret or ConfigMap",
        }
        /// A certificate whose validity has not begun.
        CERTIFICATE_NOT_YET_VALID = "GW6006" "certificate-not-yet-valid" Warning {
            traffic: "Envoy serves the certificate; clients refuse it until its time comes",
            remedy: "use a certificate that is valid now, or check the clock",
        }
        /// A listener whose certificates do not cover its hostname.
        HOSTNAME_NOT_COVERED = "GW6007" "hostname-not-covered" Warning {
            traffic: "connections are served with the first certificate of the list, which clients that check names refuse",
            remedy: "use a certificate for the hostname of the listener, or narrow the hostname to what the certificate covers",
        }
        /// Authorities for client certificates that are missing or that Envoy would refuse.
        UNUSABLE_CLIENT_CA = "GW6008" "unusable-client-ca" Error, ResolvedRefs False InvalidCACertificateRef {
            traffic: "client certificates of these authorities are refused",
            remedy: "add an object with whole PEM blocks under the key `ca.crt`",
        }
        /// A reference to authorities in another kind than a ConfigMap or a Secret.
        INVALID_CLIENT_CA_KIND = "GW6009" "invalid-client-ca-kind" Error, ResolvedRefs False InvalidCACertificateKind {
            traffic: "client certificates of these authorities are refused",
            remedy: "refer to a ConfigMap with the key `ca.crt`",
        }
        /// Client certificates shall be checked, and no authority can be used.
        NO_CLIENT_CA = "GW6010" "no-valid-client-ca" Error, Accepted False NoValidCACertificate {
            traffic: "the HTTPS listeners of the port accept no connections; connections for their hostnames are closed",
            remedy: "mend one of the references; each has a finding of its own",
        }
        /// Clients are asked for a certificate, and every answer is accepted.
        CLIENTS_NOT_CHECKED = "GW6011" "clients-not-checked" Warning, InsecureFrontendValidationMode True ConfigurationChanged {
            traffic: "every client is served",
            remedy: "write `AllowValidOnly`, the default, or suppress the warning where backends authenticate clients themselves",
        }
        /// A TLS option that gwctl does not know.
        TLS_OPTION = "GW6012" "tls-option-not-supported" Error {
            traffic: "with `--partial`, connections are served without the setting",
            remedy: "remove the option from manifests for Envoy",
        }
        /// The output on standard output holds a private key.
        KEY_ON_STDOUT = "GW6013" "private-key-on-stdout" Warning {
            traffic: "none: the configuration is the same",
            remedy: "write a file with `--output-file FILE`, which only its owner may read",
        }
        /// An assumed Secret or ConfigMap without a directory to find it in.
        ASSUMED_WITHOUT_DIRECTORY = "GW6014" "assumed-without-directory" Error {
            traffic: "with `--partial`, the listener is left out; connections for its hostname are closed",
            remedy: "pass `--secrets-dir DIR`",
        }
        /// A certificate in a bundle of authorities that may not sign others.
        NOT_AN_AUTHORITY = "GW6015" "not-an-authority" Warning {
            traffic: "certificates that its key signed are refused",
            remedy: "use the certificate of the authority that signs the clients' certificates",
        }
        /// Listeners that end TLS on one port for overlapping hosts.
        OVERLAPPING_TLS = "GW6016" "overlapping-tls-hostnames" Note, OverlappingTLSConfig True OverlappingHostnames {
            traffic: "such requests get 421, and the client repeats them over a connection of their own",
            remedy: "nothing needs to be done",
        }
        /// Settings for client certificates that do not concern a listener.
        VALIDATION_WITHOUT_EFFECT = "GW6017" "client-validation-without-effect" Warning {
            traffic: "clients of the TLS listener are served without a certificate",
            remedy: "let the backend check its clients: mode `Passthrough`, or a protocol of its own",
        }
        /// `--certificate` or `--ca` for an object that nothing refers to.
        UNUSED_CERTIFICATE_FILE = "GW6018" "unused-certificate-file" Note {
            traffic: "none: the file is not used",
            remedy: "correct or remove the entry",
        }
        /// A TCPRoute on a listener that ends TLS.
        TCP_ROUTE_ON_TLS = "GW6020" "tcp-route-on-tls" Note {
            traffic: "tLS ends at the gateway, by the listener's certificate, for the server names of the listener's hostname",
            remedy: "write the route as a TLSRoute, which every implementation of TLS listeners knows",
        }
        /// TLS to a Backend that trusts whoever answers.
        UNVERIFIED_BACKEND = "GW6021" "unverified-backend" Warning {
            traffic: "requests are encrypted, and whoever answers at the address can read them",
            remedy: "remove `insecureSkipVerify`, and add `caCertificateRefs` or `wellKnownCACertificates: System`",
        }
    }

    Policy {
        /// A policy whose target is not in the input.
        POLICY_TARGET_NOT_FOUND = "GW7001" "policy-target-not-found" Error, Accepted False TargetNotFound {
            traffic: "the policy applies to nothing",
            remedy: "correct the name, or add the Service to the input",
        }
        /// Two policies for one target.
        POLICY_CONFLICT = "GW7002" "policy-conflict" Error, Accepted False Conflicted {
            traffic: "the policy that counts applies",
            remedy: "remove one of the policies, or give them different sections",
        }
        /// A target that the policy cannot apply to.
        INVALID_POLICY_TARGET = "GW7003" "invalid-policy-target" Error, Accepted False Invalid {
            traffic: "the policy applies to nothing here",
            remedy: "target a TCP port of a Service",
        }
        /// A Service port that the policy does not apply to, beside others that it does.
        POLICY_SKIPS_PORT = "GW7004" "policy-skips-port" Warning {
            traffic: "connections to the TCP ports use TLS",
            remedy: "name the TCP port with `sectionName`, so that the policy says what it does",
        }
        /// TLS settings of a backend that TLS is passed through to.
        POLICY_NOT_APPLIED = "GW7005" "policy-not-applied" Warning {
            traffic: "the client's handshake reaches the backend as it is",
            remedy: "nothing, when clients verify the backend",
        }
        /// A reference to certificate authorities that cannot be used.
        CA_NOT_USABLE = "GW7006" "ca-not-usable" Error, ResolvedRefs False InvalidCACertificateRef {
            traffic: "certificates of these authorities are not trusted",
            remedy: "put the authority's certificates under the key `ca.crt` of a ConfigMap in the policy's namespace",
        }
        /// A reference to a kind that cannot hold certificate authorities.
        CA_INVALID_KIND = "GW7007" "ca-invalid-kind" Error, ResolvedRefs False InvalidKind {
            traffic: "certificates of these authorities are not trusted",
            remedy: "refer to a ConfigMap",
        }
        /// No certificate authority is left to verify a backend with.
        NO_VALID_CA = "GW7008" "no-valid-ca" Error, Accepted False NoValidCACertificate {
            traffic: "connections to the backend are not made",
            remedy: "mend at least one of the references, or use `wellKnownCACertificates: System`",
        }
        /// A well-known set of authorities that gwctl does not know.
        UNKNOWN_CA_SET = "GW7009" "unknown-ca-set" Error, Accepted False Invalid {
            traffic: "connections to the backend are not made",
            remedy: "write `System`, or name the authorities in `caCertificateRefs`",
        }
        /// TLS that would verify nothing.
        UNVERIFIED_TLS = "GW7010" "unverified-tls" Error, Accepted False Invalid {
            traffic: "connections to the backend are not made",
            remedy: "add a `validation`",
        }
        /// A backend with TLS of its own behind a listener that hands on bytes.
        SECOND_TLS_LAYER = "GW7020" "second-tls-layer" Note {
            traffic: "whatever a client sends travels inside the gateway's TLS",
            remedy: "nothing, when clients connect in plain text",
        }
        /// An option that gwctl does not translate, at a rule that has it.
        UNSUPPORTED_OPTION = "GW7030" "unsupported-option" Error {
            traffic: "no configuration is written; with `--partial` the rules that have the option answer 500",
            remedy: "remove the option, or say with `--allow-unsupported` that the configuration may be without it, which is never so for what keeps requests out",
        }
        /// An option that the configuration may be without, and is.
        OPTION_LEFT_OUT = "GW7031" "option-left-out" Warning {
            traffic: "rules are served as if the option were not there",
            remedy: "nothing needs to change where the configuration is meant to be without the option; it may be left out of the input too",
        }
        /// A field of options that another object hides.
        OPTION_HIDDEN = "GW7032" "option-hidden" Note {
            traffic: "where both apply, the field of the other object counts",
            remedy: "nothing, where the other one is meant to count",
        }
        /// An option and a rule that say the same in different ways.
        OPTION_MEETS_RULE = "GW7033" "option-meets-rule" Warning {
            traffic: "one of the two counts, as the finding says",
            remedy: "keep one of the two",
        }
        /// Options that apply to nothing.
        OPTION_UNUSED = "GW7034" "option-unused" Warning {
            traffic: "none, whatever the options say",
            remedy: "name a target, or the options in an ExtensionRef filter of a rule",
        }
        /// An option with a value that cannot be honoured.
        UNUSABLE_OPTION = "GW7035" "unusable-option" Error {
            traffic: "no configuration is written; with `--partial` the rules that have the option answer 500",
            remedy: "write the value as the finding says",
        }
        /// An Upstream that says something which gwctl does not translate.
        UNSUPPORTED_UPSTREAM = "GW7036" "unsupported-upstream" Error {
            traffic: "requests for the Upstream get 500",
            remedy: "remove the field, or refer to a Service or an XBackend in place of the Upstream",
        }
        /// TLS to an Upstream that trusts whoever answers.
        UNVERIFIED_UPSTREAM = "GW7037" "unverified-upstream" Warning {
            traffic: "requests are encrypted, and whoever answers at the address can read them",
            remedy: "name a Secret with a `ca.crt` in `sslConfig.secretRef`",
        }
        /// An Upstream that nothing refers to.
        UPSTREAM_UNUSED = "GW7038" "upstream-unused" Note {
            traffic: "none: nothing is sent to it",
            remedy: "nothing, where it is meant for routes that are in another place; else name it, or remove it",
        }
        /// A server whose silence lets requests pass.
        AUTH_FAILS_OPEN = "GW7039" "authorization-fails-open" Warning {
            traffic: "requests pass unasked while the server does not answer, or answers with an error of its own",
            remedy: "remove `failureModeAllow`, and let `statusOnError` say what clients get",
        }
        /// What keeps requests out and does not count at some routes, since a policy that is nearer to them lacks it.
        SECURITY_HIDDEN = "GW7045" "security-hidden" Warning {
            traffic: "requests of the routes that the finding names pass without it",
            remedy: "write the field into the policy that counts too, or give that one a `mergeType`",
        }
        /// Options and policies of two vendors that say the same of one rule or listener.
        VENDORS_MEET = "GW7046" "vendors-meet" Error {
            traffic: "no configuration is written; with `--partial` the rules that both are about answer 500",
            remedy: "keep what one of the two vendors says",
        }
    }

    Input {
        /// A file that cannot be read.
        UNREADABLE = "GW8001" "unreadable-input" Error {
            traffic: "the input is incomplete, so nothing is written and the exit code is 2, with `--partial` too",
            remedy: "correct the path or its permissions",
        }
        /// Text that is not YAML or JSON.
        SYNTAX = "GW8002" "syntax-error" Error {
            traffic: "nothing of it is served",
            remedy: "close the bracket or quote, use spaces instead of tabs for indentation, and quote values that begin with a special character or hold `: `",
        }
        /// A file that is not UTF-8 text.
        NOT_TEXT = "GW8003" "not-text" Error {
            traffic: "nothing of it is served",
            remedy: "save the file as UTF-8, or take it out of the directory",
        }
        /// A document over the size, depth or expansion limit.
        LIMIT = "GW8004" "limit-exceeded" Error {
            traffic: "nothing of it is served",
            remedy: "split the document into several, or write out what the aliases stand for",
        }
        /// A document that is not a Kubernetes object.
        NOT_KUBERNETES = "GW8005" "not-a-kubernetes-object" Error {
            traffic: "nothing is served because of it, and what it should have declared is missing",
            remedy: "add the missing field, or do not name files that hold no manifests",
        }
        /// A document that was skipped in a directory.
        SKIPPED = "GW8006" "skipped-document" Note {
            traffic: "none: nothing in it is served",
            remedy: "nothing, when that is meant",
        }
        /// The same object twice.
        DUPLICATE_OBJECT = "GW8007" "duplicate-object" Warning {
            traffic: "the earlier definition has no effect; what only it declared is not served",
            remedy: "remove one of the two, or rename it",
        }
        /// Objects of other groups and kinds that gwctl does not read.
        IGNORED_OBJECTS = "GW8008" "ignored-objects" Note {
            traffic: "none",
            remedy: "nothing needs to change",
        }
        /// A core object whose fields gwctl needs and cannot use.
        BAD_CORE_OBJECT = "GW8009" "invalid-core-object" Error {
            traffic: "references to the object count as invalid: their share of the traffic is answered with 500",
            remedy: "correct the value as the finding says",
        }
        /// A mistake of gwctl itself.
        INTERNAL = "GW8010" "internal-error" Error {
            traffic: "the output cannot be trusted, so none is written",
            remedy: "please report it, with the version (`gwctl --version`) and, when possible, the manifests",
        }
        /// A comment for gwctl that has no effect.
        INVALID_SUPPRESSION = "GW8011" "invalid-suppression" Warning {
            traffic: "none",
            remedy: "write `# gwctl: allow CODE REASON` above or inside the object, or the annotation `gwctl.dev/allow: CODE REASON`",
        }
        /// A code is allowed or ignored that is not reported.
        UNUSED_SUPPRESSION = "GW8012" "unused-suppression" Warning {
            traffic: "none",
            remedy: "remove the code from the comment or annotation, or the flag or the rule, or its entry in `gwctl.yaml`",
        }
        /// Variables of Flux that nothing was put in the place of.
        UNSUBSTITUTED = "GW8013" "variables-not-substituted" Error {
            traffic: "nothing is known of what has them in a name, a port or a hostname, and nothing of it is served",
            remedy: "substitute first: pass `--substitute FILE` or `--substitute env`, or pipe in `flux envsubst --strict < FILE`",
        }
        /// A variable of Flux that stays where any text may be.
        VARIABLE_AS_TEXT = "GW8014" "variable-as-text" Note {
            traffic: "it is served as it is written, and where Flux puts a value in its place with that value",
            remedy: "nothing, when the text is meant; else put values in the place of variables with `--substitute FILE` or `--substitute env`",
        }
        /// Input without a single object of Gateway API.
        NOTHING_JUDGED = "GW8025" "nothing-judged" Note {
            traffic: "none is served by what was read",
            remedy: "name the directory that holds the Gateways and routes",
        }
        /// A settings file that came with the manifests was read.
        SETTINGS_READ = "GW8030" "settings-read" Note {
            traffic: "depends on the settings: what is assumed, ignored or resolved by hand is not checked",
            remedy: "nothing needs to change where the settings are meant",
        }
        /// A field of a core object that Kubernetes does not know.
        UNKNOWN_CORE_FIELD = "GW8055" "unknown-core-field" Warning {
            traffic: "the field has no effect: the default of what was meant counts",
            remedy: "correct the name of the field",
        }
        /// The endpoints of a Service in a kind that gwctl does not read.
        UNREAD_ENDPOINTS = "GW8056" "endpoints-not-read" Warning {
            traffic: "the configuration reaches the Service by its DNS name, as if the object were not there",
            remedy: "write the endpoints as an EndpointSlice, or pass them with `--resolve`",
        }
        /// A Secret that references name and whose content nobody can read here.
        UNREAD_SECRET = "GW8090" "secret-not-read" Note {
            traffic: "as with any certificate that serves",
            remedy: "nothing needs to change",
        }
        /// An empty directory where a submodule of git belongs.
        EMPTY_SUBMODULE = "GW8091" "submodule-not-checked-out" Warning {
            traffic: "what the submodule declares is missing from every answer",
            remedy: "check it out with `git submodule update --init`, or leave it out with `--exclude`",
        }
        /// Segments of dots with parameters, which an older release of Envoy does not resolve.
        OLDER_ENVOY_KEEPS_PARAMETERS = "GW8100" "older-envoy-keeps-parameters" Warning {
            traffic: "a request for `/public/..;/admin` meets rules for `/public`, and backends that take it for `/admin` serve that",
            remedy: "run Envoy 1.39, or let no backend resolve such segments where rules keep clients from a path",
        }
        /// Lines of a repeated header, which an older release of Envoy joins before it compares them.
        OLDER_ENVOY_JOINS_LINES = "GW8101" "older-envoy-joins-lines" Note {
            traffic: "a request that has the header twice is compared by `a,b`, and by neither `a` nor `b`",
            remedy: "nothing, where clients send the header once; else run Envoy 1.39",
        }
        /// Another status where a backend cannot take a WebSocket.
        OLDER_ENVOY_ANSWERS_503 = "GW8102" "older-envoy-answers-503" Note {
            traffic: "a client that asks for a WebSocket there gets 503",
            remedy: "let the backend take extended CONNECTs, or speak HTTP/1.1 (`kubernetes.io/ws`)",
        }
        /// Names of spans that an older release of Envoy cannot give.
        OLDER_ENVOY_NAMES_SPANS = "GW8103" "older-envoy-names-spans" Note {
            traffic: "the span of a request is called like its route, and that of a try `router CLUSTER egress`",
            remedy: "look for spans by these names, or run Envoy 1.37",
        }
        /// Headers of refusals of an authorization service, which one release of Envoy drops.
        OLDER_ENVOY_DROPS_REFUSALS = "GW8104" "older-envoy-drops-refusals" Warning {
            traffic: "a client that is sent to log in gets the status without `Location`, `WWW-Authenticate` or a cookie",
            remedy: "run another release than 1.37, or ask the service over gRPC",
        }
        /// Methods that an older release of Envoy takes for no HTTP, where it looks whether HTTP is spoken.
        OLDER_ENVOY_PASSES_METHODS = "GW8105" "older-envoy-passes-methods" Warning {
            traffic: "a request of a method that Envoy does not know goes to the Service on ports that may speak something else than HTTP, past the routes",
            remedy: "name the `port` of the parent, or declare the ports for HTTP; or run Envoy 1.39",
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::REGISTRY;
    use crate::diagnostics::{Code, ConditionKind, Series, Severity};

    #[test]
    fn ids_and_names_are_unique_and_well_formed() {
        let ids: BTreeSet<&str> = REGISTRY.iter().map(|code| code.id()).collect();
        let names: BTreeSet<&str> = REGISTRY.iter().map(|code| code.name()).collect();
        assert_eq!((ids.len(), names.len()), (REGISTRY.len(), REGISTRY.len()));
        for code in REGISTRY {
            let digits = code.id().strip_prefix("GW").unwrap_or_default();
            assert!(digits.len() == 4 && digits.bytes().all(|byte| byte.is_ascii_digit()), "{}", code.id());
            let is_kebab = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
            assert!(code.name().bytes().all(is_kebab), "{}", code.name());
            assert!(code.meaning().ends_with('.') && !code.meaning().contains('\n'), "{}", code.id());
        }
    }

    #[test]
    fn every_schema_code_is_an_error() {
        let schema = REGISTRY.iter().filter(|code| code.series() == Series::Schema);
        assert!(schema.clone().count() > 0);
        assert!(schema.map(|code| code.severity()).all(|severity| severity == Severity::Error));
    }

    #[test]
    fn only_errors_carry_a_condition_that_refuses() {
        for (code, condition) in REGISTRY.iter().filter_map(|code| Some((code, code.condition()?))) {
            let informs = matches!(
                condition.kind,
                ConditionKind::InsecureFrontendValidationMode | ConditionKind::OverlappingTLSConfig
            );
            assert_eq!(code.severity() == Severity::Error, !informs, "{}", code.id());
        }
    }

    #[test]
    fn every_page_has_the_documented_shape() {
        let wrong: Vec<String> =
            REGISTRY.iter().filter_map(|code| Some(format!("{code:?}: {}", flaw(*code)?))).collect();
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    /// The first sentence of a section, as findings have it: in lower case, without its period.
    fn first_sentence(section: &str) -> String {
        let text = section.trim();
        let ends = |at: &usize| text[at + 1..].chars().next().is_none_or(char::is_whitespace);
        let end = text.match_indices('.').map(|(at, _)| at).find(ends).unwrap_or(text.len());
        let sentence = &text[..end];
        if sentence.starts_with("Envoy") {
            return sentence.to_owned();
        }
        let mut characters = sentence.chars();
        characters.next().map(|first| first.to_ascii_lowercase()).into_iter().chain(characters).collect()
    }

    #[test]
    fn a_series_is_the_first_digit_of_its_codes() {
        let digits: BTreeSet<(Series, Option<&str>)> =
            REGISTRY.iter().map(|code| (code.series(), code.id().get(2..3))).collect();
        let expected = ["1", "2", "3", "4", "5", "6", "7", "8"].map(Some);
        assert_eq!(digits.iter().map(|(_, digit)| *digit).collect::<Vec<_>>(), expected);
        assert!(REGISTRY.is_sorted_by_key(|code| code.id()));
    }

    /// What is wrong with the page of a code.
    fn flaw(code: Code) -> Option<String> {
        let mut parts = code.page().split("\n## ");
        if parts.next()?.trim_end() != format!("# {}: {}", code.id(), code.name()) {
            return Some("the title is not the code and its name".to_owned());
        }
        let sections: Vec<(&str, &str)> = parts.map(|part| part.split_once('\n').unwrap_or((part, ""))).collect();
        let titles: Vec<&str> = sections.iter().map(|(title, _)| *title).collect();
        if titles != ["Meaning", "Traffic", "Example", "Fix", "Specification"] {
            return Some(format!("the sections are {titles:?}"));
        }
        if let Some((title, _)) = sections.iter().find(|(_, text)| text.trim().is_empty()) {
            return Some(format!("the section {title} is empty"));
        }
        for (word, (title, text)) in [(code.traffic(), sections[1]), (code.remedy(), sections[3])] {
            if first_sentence(text) != word {
                return Some(format!("the first sentence of {title} is not `{word}`"));
            }
        }
        if !sections[2].1.contains("```yaml\n") {
            return Some("the example is not YAML".to_owned());
        }
        if !sections[4].1.contains("](https://") {
            return Some("the specification is not linked".to_owned());
        }
        (!code.page().ends_with('\n')).then(|| "the page does not end in a newline".to_owned())
    }

    #[test]
    fn every_page_belongs_to_a_code() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/diagnostics");
        for entry in std::fs::read_dir(folder).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            let id = name.strip_suffix(".md").unwrap_or_default();
            assert!(Code::find(id).is_some_and(|code| code.id() == id), "{name} explains no code");
        }
    }
}

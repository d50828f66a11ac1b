//! The registry: every code gwctl can print, with its name, severity, status
//! condition and documentation page.

use std::fmt;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// The API server would refuse it, or declared traffic will not be served as declared.
    Error,
    /// Served as declared, but probably not meant.
    Warning,
    /// Information.
    Note,
}

impl Severity {
    /// The word used in every report.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

/// A status condition that a controller would write because of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Condition {
    /// The condition's type, such as `ResolvedRefs`.
    pub kind: &'static str,
    /// Its status: `True` or `False`.
    pub status: &'static str,
    /// Its reason, such as `BackendNotFound`.
    pub reason: &'static str,
}

#[derive(Debug)]
struct Row {
    id: &'static str,
    name: &'static str,
    severity: Severity,
    condition: Option<Condition>,
    meaning: &'static str,
    page: &'static str,
}

/// A registered code.
#[derive(Clone, Copy)]
pub struct Code(&'static Row);

impl Code {
    /// `GW` and four digits.
    pub fn id(self) -> &'static str {
        self.0.id
    }

    /// The name in kebab case.
    pub fn name(self) -> &'static str {
        self.0.name
    }

    /// The severity; a code has one.
    pub fn severity(self) -> Severity {
        self.0.severity
    }

    /// The status condition that goes with the code.
    pub fn condition(self) -> Option<Condition> {
        self.0.condition
    }

    /// What the code means, in one line.
    pub fn meaning(self) -> &'static str {
        self.0.meaning.trim_start()
    }

    /// What traffic does because of such a finding: the first sentence of the page's section.
    pub fn traffic(self) -> String {
        self.first_sentence("Traffic")
    }

    /// What to do about such a finding: the first sentence of the page's section.
    pub fn remedy(self) -> String {
        self.first_sentence("Fix")
    }

    fn first_sentence(self, section: &str) -> String {
        let text = self.page().split("\n## ").find_map(|part| part.strip_prefix(section)).unwrap_or_default().trim();
        let end = text
            .match_indices('.')
            .map(|(at, _)| at)
            .find(|at| text.get(at + 1..).and_then(|rest| rest.chars().next()).is_none_or(char::is_whitespace));
        let sentence = text.get(..end.unwrap_or(text.len())).unwrap_or_default();
        let mut characters = sentence.chars();
        let first = characters.next().map(|first| first.to_ascii_lowercase());
        if sentence.starts_with("Envoy") {
            return sentence.to_owned();
        }
        first.into_iter().chain(characters).collect()
    }

    /// The documentation page, as Markdown.
    pub fn page(self) -> &'static str {
        self.0.page
    }

    /// The code with this id or name, without regard to letter case.
    pub fn find(text: &str) -> Option<Self> {
        REGISTRY
            .iter()
            .copied()
            .find(|code| code.id().eq_ignore_ascii_case(text) || code.name().eq_ignore_ascii_case(text))
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.id)
    }
}

impl PartialEq for Code {
    fn eq(&self, other: &Self) -> bool {
        self.0.id == other.0.id
    }
}

impl Eq for Code {}

macro_rules! registry {
    ($($(#[doc = $doc:literal])+ $constant:ident = $id:literal $name:literal $severity:ident $(, $kind:literal $status:literal $reason:literal)?;)+) => {
        /// Every code as a constant.
        pub mod codes {
            use super::{Code, Condition, Row, Severity};
            $(
                $(#[doc = $doc])+
                pub const $constant: Code = Code(&Row {
                    id: $id,
                    name: $name,
                    severity: Severity::$severity,
                    condition: registry!(@condition $($kind $status $reason)?),
                    meaning: concat!($($doc),+),
                    page: include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/diagnostics/", $id, ".md")),
                });
            )+
        }
        /// Every code, in the order of the ids.
        pub const REGISTRY: &[Code] = &[$(codes::$constant),+];
    };
    (@condition $kind:literal $status:literal $reason:literal) => {
        Some(Condition { kind: $kind, status: $status, reason: $reason })
    };
    (@condition) => { None };
}

registry! {
    /// A field that the kind does not have.
    UNKNOWN_FIELD = "GW1001" "unknown-field" Error;
    /// The same key twice in one mapping.
    DUPLICATE_KEY = "GW1002" "duplicate-key" Error;
    /// A value of the wrong JSON type.
    WRONG_TYPE = "GW1003" "wrong-type" Error;
    /// A required field is absent.
    MISSING_FIELD = "GW1004" "missing-field" Error;
    /// A value outside the enumeration.
    UNSUPPORTED_VALUE = "GW1005" "unsupported-value" Error;
    /// A number, length or count out of its bounds.
    OUT_OF_BOUNDS = "GW1006" "out-of-bounds" Error;
    /// A string that does not have the required form.
    BAD_FORMAT = "GW1007" "bad-format" Error;
    /// Two equal items in a list of distinct items.
    DUPLICATE_ITEM = "GW1008" "duplicate-item" Error;
    /// A rule across several fields is broken.
    BROKEN_RULE = "GW1009" "broken-rule" Error;
    /// An unknown kind or version of a Gateway API group.
    UNKNOWN_KIND = "GW1010" "unknown-kind" Error;
    /// A bare `true`, `false`, `yes`, `no`, `on`, `off`, `y` or `n` where a string is wanted.
    UNQUOTED_BOOLEAN = "GW1011" "unquoted-boolean" Error;
    /// `metadata` that the API server refuses.
    BAD_METADATA = "GW1012" "bad-metadata" Error;
    /// `generateName` in the place of a name.
    GENERATED_NAME = "GW1016" "generated-name" Error;

    /// A backend Service that is not in the input.
    BACKEND_NOT_FOUND = "GW2001" "backend-not-found" Error, "ResolvedRefs" "False" "BackendNotFound";
    /// A reference into another namespace without a grant.
    REF_NOT_PERMITTED = "GW2002" "reference-not-permitted" Error, "ResolvedRefs" "False" "RefNotPermitted";
    /// A reference to a kind that cannot be a backend.
    INVALID_KIND = "GW2003" "invalid-kind" Error, "ResolvedRefs" "False" "InvalidKind";
    /// A Service without the port that is referred to.
    PORT_NOT_FOUND = "GW2004" "port-not-found" Error, "ResolvedRefs" "False" "BackendNotFound";
    /// A Service port whose protocol does not fit the route.
    UNSUPPORTED_PROTOCOL = "GW2005" "unsupported-backend-protocol" Error, "ResolvedRefs" "False" "UnsupportedProtocol";
    /// An ExternalName Service as a backend.
    EXTERNAL_NAME = "GW2006" "external-name-refused" Error, "ResolvedRefs" "False" "BackendNotFound";
    /// A Service all of whose endpoints are absent or not ready.
    NO_READY_ENDPOINTS = "GW2007" "no-ready-endpoints" Warning;
    /// A headless Service whose named target port cannot be known.
    UNKNOWN_TARGET_PORT = "GW2008" "unknown-target-port" Error;
    /// No GatewayClass of the input is the one named.
    CLASS_NOT_FOUND = "GW2009" "gateway-class-not-found" Warning;
    /// An object used by a label selector has no Namespace in the input.
    NAMESPACE_NOT_FOUND = "GW2010" "namespace-not-found" Warning;
    /// `--resolve` for a Service that is not used.
    UNUSED_RESOLVE = "GW2011" "unused-resolve" Note;
    /// A reference to an object that the API server would have refused.
    REFUSED_OBJECT = "GW2012" "reference-to-refused-object" Note;
    /// A port in a reference to a backend that has its own.
    BACKEND_PORT_IGNORED = "GW2013" "backend-port-ignored" Warning;
    /// `--port-map` for a port that no listener has.
    UNUSED_PORT_MAP = "GW2014" "unused-port-map" Note;
    /// An object used by a label selector whose Namespace is assumed.
    ASSUMED_NAMESPACE = "GW2015" "assumed-namespace" Note;
    /// Parameters of a kind that gwctl does not know.
    INVALID_PARAMETERS = "GW2021" "invalid-parameters" Error, "Accepted" "False" "InvalidParameters";
    /// A field that `metadata` does not have.
    UNKNOWN_METADATA = "GW2070" "unknown-metadata-field" Warning;
    /// The namespace of an object that is in none.
    NEEDLESS_NAMESPACE = "GW2071" "needless-namespace" Warning;
    /// An ignored object, or entry of a grant, whose group or kind looks like a slip.
    MISSPELT_TYPE = "GW2072" "misspelt-type" Warning;
    /// An EndpointSlice of a Service that is not in the input.
    SLICE_WITHOUT_SERVICE = "GW2073" "slice-without-service" Warning;
    /// An unknown `appProtocol` that is close to a known one.
    MISSPELT_PROTOCOL = "GW2074" "misspelt-app-protocol" Warning;
    /// A reference whose name no object can have.
    NOT_AN_OBJECT_NAME = "GW2080" "not-an-object-name" Error;
    /// An endpoint whose address has a meaning of its own on every host.
    SPECIAL_ADDRESS = "GW2085" "special-endpoint-address" Warning;
    /// An annotation that names an object which is not in the input.
    UNKNOWN_ANNOTATED = "GW2090" "unknown-annotated-object" Warning;

    /// A parent that is not in the input.
    PARENT_NOT_FOUND = "GW3001" "parent-not-found" Error;
    /// A parentRef that selects no listener.
    NO_MATCHING_PARENT = "GW3002" "no-matching-parent" Error, "Accepted" "False" "NoMatchingParent";
    /// A listener that does not allow the route.
    NOT_ALLOWED = "GW3003" "not-allowed-by-listeners" Error, "Accepted" "False" "NotAllowedByListeners";
    /// No hostname of the route meets one of the listener.
    NO_MATCHING_HOSTNAME = "GW3004" "no-matching-listener-hostname" Error, "Accepted" "False" "NoMatchingListenerHostname";
    /// Two listeners that cannot be told apart.
    LISTENER_CONFLICT = "GW3005" "listener-conflict" Error, "Conflicted" "True" "HostnameConflict";
    /// Listeners of incompatible protocols on one port.
    PROTOCOL_CONFLICT = "GW3006" "listener-protocol-conflict" Error, "Conflicted" "True" "ProtocolConflict";
    /// A listener protocol that gwctl does not know.
    UNKNOWN_PROTOCOL = "GW3007" "unsupported-listener-protocol" Error, "Accepted" "False" "UnsupportedProtocol";
    /// A route kind that the listener cannot serve.
    INVALID_ROUTE_KINDS = "GW3008" "invalid-route-kinds" Error, "ResolvedRefs" "False" "InvalidRouteKinds";
    /// A route without a parent.
    NO_PARENTS = "GW3009" "route-without-parents" Warning;
    /// A `Service` parent, which belongs to a mesh.
    MESH_PARENT = "GW3010" "mesh-parent" Note;
    /// A Gateway whose class belongs to another controller.
    FOREIGN_CLASS = "GW3011" "foreign-gateway-class" Note;
    /// Input without a listener to serve.
    NO_LISTENER = "GW3012" "no-listener" Error;
    /// Two Gateways, or one and the admin interface, that cannot share an address and port.
    ADDRESS_IN_USE = "GW3013" "address-in-use" Error;
    /// A hostname that no listener serves, beside others that are served.
    HOSTNAME_NOT_SERVED = "GW3014" "hostname-not-served" Warning;
    /// Something selected on the command line is not in the input.
    SELECTION_NOT_FOUND = "GW3015" "selection-not-found" Error;
    /// A selector without `from: Selector`, or `from: Selector` without one.
    SELECTOR_MISMATCH = "GW3016" "selector-mismatch" Warning;
    /// A label selector that cannot be evaluated.
    BAD_SELECTOR = "GW3017" "invalid-label-selector" Error, "Accepted" "False" "NotAllowedByListeners";
    /// An address type or value that cannot be bound.
    BAD_ADDRESS = "GW3018" "unsupported-address" Error, "Accepted" "False" "UnsupportedAddress";
    /// A ListenerSet that its Gateway does not admit.
    LISTENER_SET_NOT_ALLOWED = "GW3021" "listener-set-not-allowed" Error, "Accepted" "False" "NotAllowed";
    /// A ListenerSet as parent that has joined no Gateway.
    PARENT_NOT_ACCEPTED = "GW3022" "parent-not-accepted" Error;
    /// A Gateway that is assumed, on which the routes that name it are judged as far as that goes.
    ASSUMED_GATEWAY = "GW3030" "assumed-gateway" Note;
    /// A parent of a kind that takes no routes.
    UNKNOWN_PARENT_KIND = "GW3031" "unknown-parent-kind" Warning;
    /// An address to which no connection can be made.
    UNUSABLE_ADDRESS = "GW3070" "unusable-address" Error, "Programmed" "False" "AddressNotUsable";

    /// A rule without backends and without a filter that answers.
    NO_BACKENDS = "GW4001" "rule-without-backends" Warning;
    /// All weights of a rule are zero.
    ZERO_WEIGHTS = "GW4002" "all-weights-zero" Warning;
    /// A header match whose name was matched before in the same match.
    IGNORED_MATCH = "GW4003" "repeated-match-ignored" Warning;
    /// A regular expression that Envoy's engine refuses.
    BAD_REGEX = "GW4004" "invalid-regular-expression" Error, "Accepted" "False" "UnsupportedValue";
    /// Copies of less specific routes multiply the output.
    ROUTES_MULTIPLY = "GW4005" "routes-multiply" Warning;
    /// One header with several actions in one filter.
    HEADER_CONFLICT = "GW4006" "header-modified-twice" Warning;
    /// A GRPCRoute and an HTTPRoute for the same hosts of one listener.
    SHARED_HOSTNAME = "GW4021" "grpc-and-http-share-hosts" Warning;
    /// A route on a listener that serves only one route, which is another one.
    IDLE_ROUTE = "GW4030" "idle-route" Warning;
    /// A hostname of a TLSRoute that another one has before.
    SHADOWED_SERVER_NAME = "GW4031" "shadowed-server-name" Warning;
    /// A `*` that is taken literally.
    LITERAL_WILDCARD = "GW4040" "literal-wildcard" Warning;
    /// Two rules name their sessions alike.
    SESSION_NAME_TAKEN = "GW4041" "session-name-taken" Warning;

    /// A rule whose requests other rules take.
    UNREACHABLE_RULE = "GW4050" "unreachable-rule" Warning;
    /// A match whose requests other matches take.
    UNREACHABLE_MATCH = "GW4051" "unreachable-match" Warning;
    /// A match that another route object has too.
    DUPLICATE_MATCH = "GW4052" "duplicate-match" Warning;
    /// A match with a condition that no request meets.
    IMPOSSIBLE_MATCH = "GW4053" "impossible-match" Warning;
    /// A listener without routes.
    IDLE_LISTENER = "GW4054" "listener-without-routes" Warning;
    /// A hostname that belongs to a more specific listener.
    HOSTNAME_TAKEN = "GW4055" "hostname-of-another-listener" Warning;
    /// A redirect that leads back to itself.
    REDIRECT_LOOP = "GW4056" "redirect-loop" Warning;
    /// One parent in two references.
    REPEATED_PARENT = "GW4057" "repeated-parent" Warning;
    /// Certificates of one listener that cover hosts of another.
    OVERLAPPING_CERTIFICATES = "GW4058" "overlapping-certificates" Note;

    /// A match on a header that Envoy writes or takes out before routes are matched.
    REWRITTEN_HEADER = "GW4070" "rewritten-header" Warning;
    /// A match for tunnels with a path, which they have none of.
    TUNNEL_WITH_PATH = "GW4071" "tunnel-with-path" Warning;

    /// A field or filter that gwctl does not translate yet.
    NOT_SUPPORTED = "GW5001" "not-supported" Error;
    /// A kind that is read and not served yet.
    KIND_NOT_SERVED = "GW5002" "kind-not-served" Error;
    /// A value that Envoy accepts at load and breaks on at run time.
    UNSAFE_VALUE = "GW5003" "unsafe-value" Error, "Accepted" "False" "UnsupportedValue";
    /// A filter that refers to an extension gwctl does not know.
    UNKNOWN_EXTENSION = "GW5004" "unknown-extension" Error, "ResolvedRefs" "False" "InvalidKind";
    /// A field that has no effect in a file.
    NO_EFFECT = "GW5005" "no-effect-offline" Note;
    /// `appProtocol` asks for TLS that no policy configures.
    PLAINTEXT_BACKEND = "GW5006" "plaintext-backend" Warning;
    /// An IP address where a hostname is wanted.
    ADDRESS_AS_HOSTNAME = "GW5007" "address-as-hostname" Warning;
    /// Plain text to a host outside the cluster.
    PLAINTEXT_EXTERNAL = "GW5008" "plaintext-external-backend" Warning;
    /// What a real Envoy refuses, when it is asked.
    REFUSED_BY_ENVOY = "GW5009" "refused-by-envoy" Error;
    /// A deprecated version of a kind.
    DEPRECATED_VERSION = "GW5010" "deprecated-version" Warning;
    /// A field that only the main branch of Gateway API has.
    UNRELEASED_FIELD = "GW5011" "unreleased-field" Warning;
    /// A setting that Envoy can only come near to.
    APPROXIMATED = "GW5040" "approximated" Warning;
    /// A CORS filter on some of the backends that share a rule.
    CORS_PER_BACKEND = "GW5041" "cors-per-backend" Error, "Accepted" "False" "IncompatibleFilters";
    /// A session header on a rule with several backends.
    SESSION_HEADER_SPLIT = "GW5042" "session-header-across-backends" Error, "Accepted" "False" "UnsupportedValue";
    /// A value that the API has deprecated.
    DEPRECATED_VALUE = "GW5060" "deprecated-value" Warning;
    /// A name that some implementations do not take.
    UNPORTABLE_NAME = "GW5061" "unportable-name" Note;
    /// A Service of the cluster as a host outside of it.
    CLUSTER_HOST = "GW5062" "cluster-host-as-external" Warning;
    /// A session with a Service that is known by name alone.
    SESSION_AT_SERVICE = "GW5080" "session-at-service-address" Warning;
    /// An authorization that is listed behind changes to the request.
    ASKED_FIRST = "GW5081" "authorization-before-changes" Warning;
    /// A filter or a limit of a rule that redirects.
    IDLE_BESIDE_REDIRECT = "GW5082" "no-effect-beside-redirect" Warning;
    /// A value that Envoy would evaluate although it is written as literal text.
    EVALUATED_VALUE = "GW5090" "evaluated-value" Error, "Accepted" "False" "UnsupportedValue";

    /// Retries of requests with a long body.
    RETRIED_BODY_LIMIT = "GW5100" "retried-body-limit" Note;
    /// A kind or version that a release of Gateway API has dropped.
    DROPPED_VERSION = "GW5110" "dropped-version" Warning;
    /// A regular expression that is written like a prefix.
    PREFIX_LIKE_REGEX = "GW5111" "prefix-like-regex" Warning;
    /// An object that gwctl does not translate, about one that it does.
    FOREIGN_OBJECT = "GW5112" "foreign-object" Warning;
    /// A configuration would lack what an object that gwctl does not translate demands.
    FOREIGN_OBJECT_REFUSED = "GW5113" "foreign-object-refused" Error;
    /// An object that may be missing from the configuration is missing from it.
    FOREIGN_OBJECT_ALLOWED = "GW5114" "foreign-object-allowed" Warning;
    /// An object that gwctl does not translate, about one that is not in the input.
    FOREIGN_TARGET_NOT_FOUND = "GW5115" "foreign-target-not-found" Note;

    /// An operator of Envoy's in a value that is sent literally.
    LITERAL_OPERATOR = "GW5120" "literal-operator" Note;

    /// A Secret that is not in the input.
    CERTIFICATE_NOT_FOUND = "GW6001" "certificate-not-found" Error, "ResolvedRefs" "False" "InvalidCertificateRef";
    /// A certificate reference to another kind than a Secret.
    INVALID_CERTIFICATE_KIND = "GW6002" "invalid-certificate-kind" Error, "ResolvedRefs" "False" "InvalidCertificateRef";
    /// A Secret whose certificate or key Envoy would refuse.
    UNUSABLE_CERTIFICATE = "GW6003" "unusable-certificate" Error, "ResolvedRefs" "False" "InvalidCertificateRef";
    /// A listener that ends TLS and names no certificate.
    NO_CERTIFICATE = "GW6004" "listener-without-certificate" Error, "Programmed" "False" "Invalid";
    /// A certificate whose validity is over.
    CERTIFICATE_EXPIRED = "GW6005" "certificate-expired" Warning;
    /// A certificate whose validity has not begun.
    CERTIFICATE_NOT_YET_VALID = "GW6006" "certificate-not-yet-valid" Warning;
    /// A listener whose certificates do not cover its hostname.
    HOSTNAME_NOT_COVERED = "GW6007" "hostname-not-covered" Warning;
    /// Authorities for client certificates that are missing or that Envoy would refuse.
    UNUSABLE_CLIENT_CA = "GW6008" "unusable-client-ca" Error, "ResolvedRefs" "False" "InvalidCACertificateRef";
    /// A reference to authorities in another kind than a ConfigMap or a Secret.
    INVALID_CLIENT_CA_KIND = "GW6009" "invalid-client-ca-kind" Error, "ResolvedRefs" "False" "InvalidCACertificateKind";
    /// Client certificates shall be checked, and no authority can be used.
    NO_CLIENT_CA = "GW6010" "no-valid-client-ca" Error, "Accepted" "False" "NoValidCACertificate";
    /// Clients are asked for a certificate, and every answer is accepted.
    CLIENTS_NOT_CHECKED = "GW6011" "clients-not-checked" Warning, "InsecureFrontendValidationMode" "True" "ConfigurationChanged";
    /// A TLS option that gwctl does not know.
    TLS_OPTION = "GW6012" "tls-option-not-supported" Error;
    /// The output on standard output holds a private key.
    KEY_ON_STDOUT = "GW6013" "private-key-on-stdout" Warning;
    /// An assumed Secret or ConfigMap without a directory to find it in.
    ASSUMED_WITHOUT_DIRECTORY = "GW6014" "assumed-without-directory" Error;
    /// A certificate in a bundle of authorities that may not sign others.
    NOT_AN_AUTHORITY = "GW6015" "not-an-authority" Warning;
    /// Listeners that end TLS on one port for overlapping hosts.
    OVERLAPPING_TLS = "GW6016" "overlapping-tls-hostnames" Note, "OverlappingTLSConfig" "True" "OverlappingHostnames";
    /// Settings for client certificates that do not concern a listener.
    VALIDATION_WITHOUT_EFFECT = "GW6017" "client-validation-without-effect" Warning;
    /// A TCPRoute on a listener that ends TLS.
    TCP_ROUTE_ON_TLS = "GW6020" "tcp-route-on-tls" Note;

    /// A policy whose target is not in the input.
    POLICY_TARGET_NOT_FOUND = "GW7001" "policy-target-not-found" Error, "Accepted" "False" "TargetNotFound";
    /// Two policies for one target.
    POLICY_CONFLICT = "GW7002" "policy-conflict" Error, "Accepted" "False" "Conflicted";
    /// A target that the policy cannot apply to.
    INVALID_POLICY_TARGET = "GW7003" "invalid-policy-target" Error, "Accepted" "False" "Invalid";
    /// A Service port that the policy does not apply to, beside others that it does.
    POLICY_SKIPS_PORT = "GW7004" "policy-skips-port" Warning;
    /// TLS settings of a backend that TLS is passed through to.
    POLICY_NOT_APPLIED = "GW7005" "policy-not-applied" Warning;
    /// A reference to certificate authorities that cannot be used.
    CA_NOT_USABLE = "GW7006" "ca-not-usable" Error, "ResolvedRefs" "False" "InvalidCACertificateRef";
    /// A reference to a kind that cannot hold certificate authorities.
    CA_INVALID_KIND = "GW7007" "ca-invalid-kind" Error, "ResolvedRefs" "False" "InvalidKind";
    /// No certificate authority is left to verify a backend with.
    NO_VALID_CA = "GW7008" "no-valid-ca" Error, "Accepted" "False" "NoValidCACertificate";
    /// A well-known set of authorities that gwctl does not know.
    UNKNOWN_CA_SET = "GW7009" "unknown-ca-set" Error, "Accepted" "False" "Invalid";
    /// TLS that would verify nothing.
    UNVERIFIED_TLS = "GW7010" "unverified-tls" Error, "Accepted" "False" "Invalid";
    /// A backend with TLS of its own behind a listener that hands on bytes.
    SECOND_TLS_LAYER = "GW7020" "second-tls-layer" Note;

    /// A file that cannot be read.
    UNREADABLE = "GW8001" "unreadable-input" Error;
    /// Text that is not YAML or JSON.
    SYNTAX = "GW8002" "syntax-error" Error;
    /// A file that is not UTF-8 text.
    NOT_TEXT = "GW8003" "not-text" Error;
    /// A document over the size, depth or expansion limit.
    LIMIT = "GW8004" "limit-exceeded" Error;
    /// A document that is not a Kubernetes object.
    NOT_KUBERNETES = "GW8005" "not-a-kubernetes-object" Error;
    /// A document that was skipped in a directory.
    SKIPPED = "GW8006" "skipped-document" Note;
    /// The same object twice.
    DUPLICATE_OBJECT = "GW8007" "duplicate-object" Warning;
    /// Objects of other groups and kinds that gwctl does not read.
    IGNORED_OBJECTS = "GW8008" "ignored-objects" Note;
    /// A core object whose fields gwctl needs and cannot use.
    BAD_CORE_OBJECT = "GW8009" "invalid-core-object" Error;
    /// A mistake of gwctl itself.
    INTERNAL = "GW8010" "internal-error" Error;
    /// A comment for gwctl that has no effect.
    INVALID_SUPPRESSION = "GW8011" "invalid-suppression" Warning;
    /// A code is allowed or ignored that is not reported.
    UNUSED_SUPPRESSION = "GW8012" "unused-suppression" Warning;
    /// Input without a single object of Gateway API.
    NOTHING_JUDGED = "GW8025" "nothing-judged" Note;
    /// A settings file that came with the manifests was read.
    SETTINGS_READ = "GW8030" "settings-read" Note;
    /// A field of a core object that Kubernetes does not know.
    UNKNOWN_CORE_FIELD = "GW8055" "unknown-core-field" Warning;
    /// The endpoints of a Service in a kind that gwctl does not read.
    UNREAD_ENDPOINTS = "GW8056" "endpoints-not-read" Warning;
    /// A Secret that references name and whose content nobody can read here.
    UNREAD_SECRET = "GW8090" "secret-not-read" Note;
    /// An empty directory where a submodule of git belongs.
    EMPTY_SUBMODULE = "GW8091" "submodule-not-checked-out" Warning;
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{Code, REGISTRY, Severity};

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
        let schema = REGISTRY.iter().filter(|code| code.id().starts_with("GW1"));
        assert!(schema.clone().count() > 0);
        assert!(schema.map(|code| code.severity()).all(|severity| severity == Severity::Error));
    }

    #[test]
    fn only_errors_carry_a_condition_that_refuses() {
        for (code, condition) in REGISTRY.iter().filter_map(|code| Some((code, code.condition()?))) {
            let informs = matches!(condition.kind, "InsecureFrontendValidationMode" | "OverlappingTLSConfig");
            assert_eq!(code.severity() == Severity::Error, !informs, "{}", code.id());
        }
    }

    #[test]
    fn every_page_has_the_documented_shape() {
        let wrong: Vec<String> =
            REGISTRY.iter().filter_map(|code| Some(format!("{code:?}: {}", flaw(*code)?))).collect();
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
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

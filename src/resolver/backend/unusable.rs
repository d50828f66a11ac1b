//! Why a backend cannot be used; the finding is made for each reference.

use crate::diagnostics::{Change, FieldPath, Finding, Scalar, codes};
use crate::ir::{BackendName, Endpoints, Site};
use crate::name::{Name, Namespace};
use crate::parser::api::L4Protocol;
use crate::parser::manifests::{IS_REFUSED, Kind, Likely, ObjectHead};
use crate::parser::route::RouteKind;
use crate::path;

use super::super::group_slip;
use super::super::object_name;
use super::super::reference_grant::{Grants, Referent, Referrer};
use super::index::{Backend, BackendIndex, BackendReferrer, EnvoyBackend, Suits, Unusable};
use super::service;

impl BackendIndex<'_> {
    pub(super) fn unusable(&self, from: &BackendReferrer<'_>, key: &BackendName, why: Unusable) -> Finding {
        let BackendName { namespace, name, port, site } = key;
        let full = format!("{namespace}/{name}");
        let at = |code, field: &'static str, message: String| {
            let field = if from.through.is_some() { "name" } else { field };
            from.object.finding(code, from.path.with(field), message)
        };
        let of_upstream = service::field_of(&why);
        let finding = match why {
            Unusable::NoService { likely, refused } => missing(from, Kind::Service, key, likely, refused),
            Unusable::NoExternal { likely, refused } => missing(from, Kind::XBackend, key, likely, refused),
            Unusable::NoEnvoy { likely, refused } => missing(from, Kind::Backend, key, likely, refused),
            Unusable::NotAccepted => {
                at(codes::BACKEND_NOT_ACCEPTED, "name", format!("Backend `{full}` is not accepted"))
                    .label("cannot be used as it is")
                    .help("mend the errors of the Backend first")
            }
            Unusable::NoUpstream { likely, refused } => missing(from, Kind::Upstream, key, likely, refused),
            // It is told on the Upstream, and nobody gets here with it.
            Unusable::BadUpstream(_) => missing(from, Kind::Upstream, key, None, true),
            Unusable::NoPort { ports, of_target } => {
                let set = |port| from.object.fix(&from.path.with("port"), Change::Set(Scalar::Number(port)));
                let fix = match (of_target, ports.as_slice()) {
                    (Some(port), _) => Some(set(i64::from(port))),
                    (None, [only]) => only.parse().ok().map(set),
                    (None, _) => None,
                };
                at(codes::PORT_NOT_FOUND, "port", format!("Service `{full}` has no port {port}"))
                    .label(if of_target.is_some() { "a `targetPort`, not a port" } else { "no such port" })
                    .help(match (of_target, ports.as_slice()) {
                        (Some(own), _) => {
                            format!(
                                "{port} is the `targetPort` of port {own}: a reference names the port, so write {own}"
                            )
                        }
                        (None, []) => "add the port to the Service".to_owned(),
                        (None, [only]) => format!("its port is {only}"),
                        (None, many) => format!("its ports are {}", many.join(", ")),
                    })
                    .fix(fix)
            }
            Unusable::WrongL4 { protocol } => at(
                codes::UNSUPPORTED_PROTOCOL,
                "port",
                format!("port {port} of Service `{full}` is {}", l4_name(protocol)),
            )
            .label(format!("{} needs another protocol", from.kind.name()))
            .help("refer to a port of the protocol that the route carries"),
            Unusable::ExternalName { target } => at(
                codes::EXTERNAL_NAME,
                "name",
                format!("Service `{full}` is an ExternalName for `{target}`"),
            )
            .label("not allowed as a backend")
            .help("refer to a Service with endpoints, or pass `--allow-external-name` after reading CVE-2021-25740"),
            Unusable::UnknownTargetPort { name: target } => at(
                codes::UNKNOWN_TARGET_PORT,
                "port",
                format!("port {port} of headless Service `{full}` targets the container port `{target}`"),
            )
            .label("its number is known only to the cluster")
            .help(format!("add the Service's EndpointSlices, or pass `--resolve {full}:{port}=HOST:PORT`")),
        };
        let declared = self.services.get(&(namespace, name)).filter(|_| *site == Site::Internal);
        let finding = match declared {
            Some(service) => finding.related(service.at(&path!["spec"]), "the Service"),
            None => finding,
        };
        let of_envoy = self.envoy.get(&(namespace, name)).filter(|_| *site == Site::Backend);
        let finding = match of_envoy {
            Some(EnvoyBackend { object, .. }) => finding.related(object.at(&path!["spec"]), "the Backend"),
            None => finding,
        };
        let finding = match from.through {
            Some(upstream) => through(finding, upstream, of_upstream),
            None => finding,
        };
        finding.consequence(from.consequence.describe())
    }
}

/// What is found behind an Upstream is nothing that whoever names the Upstream has written.
fn through(mut finding: Finding, upstream: &ObjectHead, field: &'static str) -> Finding {
    let message = &finding.message;
    finding.message = format!("{message}: `spec.kube.{field}` of Upstream `{}` names it", upstream.full_name());
    let finding = finding.label("an Upstream that leads nowhere").fix(None);
    finding.related(upstream.at(&path!["spec", "kube", field]), "this leads nowhere")
}

fn missing(
    from: &BackendReferrer<'_>,
    kind: Kind,
    BackendName { namespace, name, port, site: _ }: &BackendName,
    likely: Option<Likely>,
    refused: bool,
) -> Finding {
    let full = format!("{namespace}/{name}");
    let set = |meant: &Name| from.object.fix(&from.path.with("name"), Change::Set(Scalar::Text(meant.to_string())));
    let fix = likely.as_ref().and_then(Likely::certain).map(set);
    let assume = if kind == Kind::Service {
        format!(", pass `--resolve {full}:{port}=HOST:PORT`, or pass `--assume services`")
    } else {
        String::new()
    };
    let kind_name = kind.name();
    let at = |message: String| from.object.finding(codes::BACKEND_NOT_FOUND, from.path.with("name"), message);
    if refused {
        return at(format!("{kind_name} `{full}` {IS_REFUSED}"))
            .label("cannot be used as it is")
            .help(format!("mend the errors of the {kind_name} first"));
    }
    let help = match &likely {
        Some(Likely::Near(near)) if from.through.is_some() => format!("did you mean `serviceName: {}`?", near.name),
        Some(likely @ Likely::Elsewhere(elsewhere)) => match (elsewhere.only(), from.through, kind) {
            (Some(only), Some(_), _) => format!("{}: write `serviceNamespace: {only}`", likely.help(kind_name, name)),
            (Some(only), None, Kind::Service | Kind::Upstream | Kind::Backend) => {
                let permit = if *only == from.object.metadata.namespace { "" } else { ", and permit it there" };
                format!("{}: write `namespace: {only}`{permit}", likely.help(kind_name, name))
            }
            _ => likely.help(kind_name, name),
        },
        Some(likely) => likely.help(kind_name, name),
        None => format!("add the {kind_name} to the input{assume}"),
    };
    at(format!("{kind_name} `{full}` is not in the input")).label(format!("no such {kind_name}")).help(help).fix(fix)
}

pub(super) fn invalid_kind(from: &BackendReferrer<'_>, group: &str, kind: &str) -> Finding {
    let full = if group.is_empty() { kind.to_owned() } else { format!("{group}/{kind}") };
    let finding = from
        .object
        .finding(codes::INVALID_KIND, from.path.with("kind"), format!("`{full}` cannot be a backend"))
        .label("not a kind that answers requests")
        .consequence(from.consequence.describe())
        .help("refer to a `Service`");
    group_slip::blame(finding, (group, kind), &[Kind::Service, Kind::XBackend])
}

pub(super) fn not_a_name(from: &BackendReferrer<'_>, name: &Name) -> Finding {
    let message = format!("`{}` is not the name of an object", name.escape_debug());
    let mut finding = from.object.finding(codes::NOT_AN_OBJECT_NAME, from.path.with("name"), message);
    finding.claim = codes::BACKEND_NOT_FOUND.condition();
    finding.label("no object can have this name").consequence(from.consequence.describe()).help(object_name::HELP)
}

pub(super) fn not_permitted(
    from: &BackendReferrer<'_>,
    (referrer, referent): (Referrer<'_>, Referent<'_>),
    grants: &Grants<'_>,
) -> Finding {
    let Referent { group, kind, namespace, name } = referent;
    let group = if group.is_empty() { "\"\"" } else { group };
    let mine = &from.object.metadata.namespace;
    let route = from.object.kind.name();
    let grant = grants.missing(referrer, referent);
    let finding = from
        .object
        .finding(
            codes::REF_NOT_PERMITTED,
            from.path.with("namespace"),
            format!("no ReferenceGrant lets {} of namespace `{mine}` refer to {kind} `{namespace}/{name}`", from.object.kind.plural()),
        )
        .label(format!("another namespace than `{mine}`"))
        .consequence(from.consequence.describe())
        .help(format!(
            "add a ReferenceGrant to namespace `{namespace}`, from {{group: {}, kind: {route}, namespace: {mine}}} to {{group: {group}, kind: {kind}, name: {name}}}",
            from.object.kind.group()
        ))
        .fix(from.object.fix(&FieldPath::ROOT, Change::Append(grant)).titled("add the ReferenceGrant"));
    grants.name_near_miss(finding, referrer, referent)
}

/// XBackends serve their own namespace only; no grant changes that.
pub(super) fn other_namespace(from: &BackendReferrer<'_>, namespace: &Namespace, name: &Name) -> Finding {
    let mine = &from.object.metadata.namespace;
    from.object
        .finding(
            codes::REF_NOT_PERMITTED,
            from.path.with("namespace"),
            format!("XBackend `{namespace}/{name}` serves routes of its own namespace only"),
        )
        .label(format!("another namespace than `{mine}`"))
        .consequence(from.consequence.describe())
        .help(format!("declare the XBackend in namespace `{mine}`"))
}

/// Why a backend cannot serve this kind of route.
pub(super) fn unsuitable(from: &BackendReferrer<'_>, backend: &Backend<'_>) -> Option<Finding> {
    let BackendName { namespace, name, port, site } = &backend.name;
    let what = match (from.kind, backend.suits) {
        (RouteKind::Udp, _) if *site == Site::External => "an XBackend serves no datagrams",
        (RouteKind::Udp, _) if matches!(backend.endpoints, Endpoints::File(_)) => {
            "a socket file takes no datagrams here"
        }
        (RouteKind::Udp, _) if backend.settings.tunnel.is_some() => "a tunnel takes no datagrams",
        (RouteKind::Grpc, Suits::NoGrpc) => "it speaks HTTP/1.1, and gRPC needs HTTP/2",
        (RouteKind::Http | RouteKind::Grpc, Suits::Bytes) => "it does not speak HTTP",
        _ => return None,
    };
    let route = from.kind.name();
    let message = format!("`{namespace}/{name}` port {port} cannot be the backend of a {route}");
    let finding = from.object.finding(codes::UNSUPPORTED_PROTOCOL, from.path.with("name"), message);
    Some(
        backend
            .relate(finding)
            .label(what)
            .consequence(from.consequence.describe())
            .help("refer to a backend of the protocol that the route carries"),
    )
}

fn l4_name(protocol: L4Protocol) -> &'static str {
    match protocol {
        L4Protocol::Tcp => "TCP",
        L4Protocol::Udp => "UDP",
        L4Protocol::Sctp => "SCTP",
    }
}

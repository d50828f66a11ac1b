//! What TLS of a Gateway does to connections that no route of the input shows: listeners whose routes are elsewhere, and the
//! certificate that it shows to backends whose policies are.

use super::admission::names;
use super::values::{AllLeft, Content, Left, Values, holder};
use crate::diagnostics::{FieldPath, Subject};
use crate::name::{Name, Namespace};
use crate::parser::api::{FrontendTls, Listener, ObjectReference, SecretObjectReference};
use crate::parser::manifests::{Kind, ObjectHead};
use crate::path;

const IDLE: &str = "its TLS settings, or what they name, have changed, and no route of the input is behind it";
const UNSHOWN: &str = "what it shows to backends has changed, and no BackendTLSPolicy of the input leads to one";

/// Adds the settings of both, with what the objects that they name hold.
pub(super) fn add(values: &Values<'_>, left: &mut AllLeft) {
    let compilation = values.compilation;
    let manifests = &compilation.manifests;
    let gateways = manifests.gateways.iter().filter(|gateway| !gateway.position.context);
    for gateway in gateways {
        let (frontend, backend) = match &gateway.spec.tls {
            Some(tls) => (tls.frontend.as_ref(), tls.backend.as_ref()),
            None => (None, None),
        };
        add_listeners(values, left, (&gateway.head, &gateway.spec.listeners), frontend);
        if compilation.lowered.judged().clusters.iter().any(|cluster| cluster.tls.is_some()) {
            continue;
        }
        let secret = backend.and_then(|backend| backend.client_certificate_ref.as_ref());
        let held = secret.map(|secret| held(values, &gateway.head, of_secret(secret)));
        let path = path!["spec", "tls", "backend"];
        push(left, &gateway.head, (path, UNSHOWN), format!("{backend:?} {held:?}"));
    }
    for set in manifests.listener_sets.iter().filter(|set| !set.position.context) {
        add_listeners(values, left, (&set.head, &set.spec.listeners), None);
    }
}

fn add_listeners(
    values: &Values<'_>,
    left: &mut AllLeft,
    (head, listeners): (&ObjectHead, &[Listener]),
    frontend: Option<&FrontendTls>,
) {
    let key = head.key();
    for (index, listener) in listeners.iter().enumerate().filter(|(_, listener)| listener.protocol == "TLS") {
        let mut routes = values.compilation.manifests.routes();
        let is_used = routes.any(|route| {
            let own = route.object.metadata.namespace.as_str();
            // Of other kinds none can attach.
            matches!(route.object.kind, Kind::TLSRoute | Kind::TCPRoute)
                && route.parent_refs.iter().any(|reference| names(reference, own, &key, listener))
        });
        if is_used {
            continue;
        }
        let shown = listener.tls.iter().flat_map(|tls| &tls.certificate_refs).map(of_secret);
        let validations = frontend.iter().flat_map(|frontend| {
            let of_ports = frontend.per_port.iter().filter(|port| port.port == listener.port).map(|port| &port.tls);
            of_ports.chain([&frontend.default]).filter_map(|tls| tls.validation.as_ref())
        });
        let authorities = validations.flat_map(|validation| &validation.ca_certificate_refs).map(of_object);
        let held: Vec<Option<Content>> =
            shown.chain(authorities).map(|reference| held(values, head, reference)).collect();
        let content = format!("{:?} {:?} {frontend:?} {held:?}", listener.name, listener.tls);
        push(left, head, (path!["spec", "listeners", index], IDLE), content);
    }
}

/// A reference by kind, namespace and name.
type Named<'m> = (Option<Kind>, Option<&'m Namespace>, &'m Name);

fn of_secret(SecretObjectReference { group, kind, name, namespace }: &SecretObjectReference) -> Named<'_> {
    (Kind::Secret.is_named(group, kind).then_some(Kind::Secret), namespace.as_ref(), name)
}

fn of_object(ObjectReference { group, kind, name, namespace }: &ObjectReference) -> Named<'_> {
    let kinds = [Kind::ConfigMap, Kind::Secret];
    (kinds.into_iter().find(|known| known.is_named(group, kind)), namespace.as_ref(), name)
}

fn held(values: &Values<'_>, owner: &ObjectHead, (kind, namespace, name): Named<'_>) -> Option<Content> {
    let namespace = namespace.unwrap_or(&owner.metadata.namespace);
    holder(values, kind?, (namespace, name)).map(|holder| holder.held(values).1)
}

/// Adds settings that are compared as a whole. They are known by the object and the field, but for the position in a list.
fn push(left: &mut AllLeft, head: &ObjectHead, (path, reason): (FieldPath, &str), content: String) {
    let (location, reason) = (head.at(&path), reason.to_owned());
    let one = Left { content: Content::Text(content), location, reason, is_unknown: false };
    left.entry(format!("TLS of {}", Subject::Object(head.key().to_ref()))).or_default().push(one);
}

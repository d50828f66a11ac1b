//! Secrets whose keys are headers: what a health check or a rule sends of them
//! ([headers from Secrets](https://docs.solo.io/gateway/latest/traffic-management/header-control/)).
//!
//! Nothing that is said of such a Secret repeats a value of it.

use crate::http::HeaderName;
use crate::ir::HeaderValue;
use crate::name::{Name, Namespace};
use crate::parser::api::{GlooResourceRef, OptionList, RouteOption, UpstreamOption, VirtualHostOption};
use crate::parser::manifests::{IS_REFUSED, Kind, Manifests, ObjectKey};

use super::super::object_name::is_object_name;
use super::index::{CertificateIndex, Unusable};

/// The type of a Secret that says of nothing what it is.
const OPAQUE: &str = "Opaque";

/// What a reference to such a Secret leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HeaderSecret {
    /// Headers, in the order of their names.
    Known(Vec<(HeaderName, HeaderValue)>),
    /// A Secret that cannot be read here; why, as the end of a sentence.
    Unread(String),
}

/// Why a reference leads to no headers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoHeaders {
    /// The field of the reference; `None` for all of it.
    pub field: Option<&'static str>,
    /// What is wrong, as what follows the field in a sentence.
    pub why: String,
    /// What to do instead.
    pub help: &'static str,
    /// Whether it is not in the input, and so may be assumed where its headers need not be known.
    pub is_missing: bool,
}

impl CertificateIndex<'_> {
    /// The headers that a Secret holds, of whichever namespace.
    ///
    /// # Errors
    /// Why they cannot be sent.
    pub fn header_secret(
        &self,
        GlooResourceRef { name, namespace }: &GlooResourceRef,
    ) -> Result<HeaderSecret, NoHeaders> {
        let refuse = |field, why: String, help| Err(NoHeaders { field, why, help, is_missing: false });
        let help = "write the name and the namespace of a Secret";
        if !is_object_name(name) {
            return refuse(Some("name"), "is not the name of an object".to_owned(), help);
        }
        if namespace.is_empty() {
            return refuse(Some("namespace"), "is missing".to_owned(), help);
        }
        let full = format!("Secret `{namespace}/{name}`");
        let Some(object) = self.secrets.get(&(namespace, name)) else {
            return match self.missing(Kind::Secret, namespace, name) {
                None => Ok(HeaderSecret::Unread(match self.unread((namespace, name)) {
                    Some((why, _)) => format!("{full} cannot be read ({why})"),
                    None => format!("{full} is assumed"),
                })),
                Some(Unusable::Missing { refused: true, .. }) => refuse(
                    Some("name"),
                    format!("names {full}, which {IS_REFUSED}"),
                    "mend the errors of the Secret first",
                ),
                Some(_) => Err(NoHeaders {
                    field: Some("name"),
                    why: format!("names {full}, which is not in the input"),
                    help: "add the Secret to the input",
                    is_missing: true,
                }),
            };
        };
        if object.spec.encrypted {
            return Ok(HeaderSecret::Unread(format!("{full} cannot be read (it is encrypted by SOPS)")));
        }
        let of_type = &object.spec.secret_type;
        if of_type != OPAQUE && !of_type.is_empty() {
            let why = format!("names {full}, which is of type `{of_type}`, not `{OPAQUE}`");
            return refuse(Some("name"), why, "put the headers into a Secret of type `Opaque`, a key for each");
        }
        if object.spec.data.is_empty() {
            return refuse(Some("name"), format!("names {full}, which is empty"), "add a key for each header");
        }
        let mut headers = Vec::with_capacity(object.spec.data.len());
        for (key, value) in &object.spec.data {
            let header = HeaderName::from(key.as_str());
            if !header.is_token() {
                let why = format!("names {full}, a key of which is not the name of a header");
                return refuse(Some("name"), why, "give the keys the names of headers");
            }
            match text(value) {
                Ok(text) => headers.push((header, HeaderValue::secret(&text))),
                Err((what, help)) => {
                    let why = format!("names {full}, whose value of `{key}` {what}");
                    return refuse(Some("name"), why, help);
                }
            }
        }
        Ok(HeaderSecret::Known(headers))
    }

    /// The Secrets that are to give headers and cannot be read here.
    pub(super) fn unread_headers(&self) -> impl Iterator<Item = ObjectKey> {
        let of_options = header_references(self.manifests).filter_map(|reference| {
            let is_unread = matches!(self.header_secret(reference), Ok(HeaderSecret::Unread(_)));
            let GlooResourceRef { name, namespace } = reference;
            is_unread.then(|| ObjectKey { kind: Kind::Secret, namespace: namespace.clone(), name: name.clone() })
        });
        let of_filters = self.manifests.http_route_filters.iter().filter_map(|filter| {
            let injected = filter.spec.credential_injection.as_ref()?;
            self.unread_policy_secret(&filter.head, &injected.credential.value_ref)
        });
        of_options.chain(of_filters)
    }

    /// Whether something names a Secret for the headers in it.
    pub(super) fn gives_headers(&self, (namespace, name): (&Namespace, &Name)) -> bool {
        header_references(self.manifests).any(|one| (&one.namespace, &one.name) == (namespace, name))
    }
}

/// Everything that names a Secret for its headers.
fn header_references(manifests: &Manifests) -> impl Iterator<Item = &GlooResourceRef> {
    let of_routes = manifests.route_options.iter().flat_map(|object| &object.spec.options.0);
    let of_routes = of_routes.filter_map(|option| match option {
        RouteOption::HeaderManipulation(headers) => Some(headers),
        _ => None,
    });
    let of_hosts = manifests.virtual_host_options.iter().flat_map(|object| &object.spec.options.0);
    let of_hosts = of_hosts.filter_map(|option| match option {
        VirtualHostOption::HeaderManipulation(headers) => Some(headers),
        _ => None,
    });
    let of_options = of_routes.chain(of_hosts).flat_map(|headers| &headers.request_headers_to_add);
    let of_options = of_options.filter_map(|entry| entry.header_secret_ref.as_ref());
    of_options.chain(header_references_of_upstreams(manifests))
}

/// The Secrets whose headers Upstreams ask their hosts with.
pub(in super::super) fn header_references_of_upstreams(
    manifests: &Manifests,
) -> impl Iterator<Item = &GlooResourceRef> {
    let options = manifests.upstreams.iter().flat_map(|object| {
        let OptionList(options) = &object.spec;
        options
    });
    let checks = options.filter_map(|option| match option {
        UpstreamOption::HealthChecks(checks) => Some(checks),
        _ => None,
    });
    let entries = checks.flatten().flat_map(|check| {
        let http = check.http_health_check.iter().flat_map(|http| &http.request_headers_to_add);
        http.chain(check.grpc_health_check.iter().flat_map(|grpc| &grpc.initial_metadata))
    });
    entries.filter_map(|entry| entry.header_secret_ref.as_ref())
}

/// A value as it is sent: two percent signs are one, as in headers that are written into manifests. What is wrong with it,
/// and what to do.
fn text(value: &[u8]) -> Result<String, (&'static str, &'static str)> {
    let text = visible(value)?;
    if text.replace("%%", "").contains('%') {
        return Err(("has a `%`, which begins an operator of Envoy's", "write `%%` for a percent sign"));
    }
    Ok(text.replace("%%", "%"))
}

/// A value that a header can hold. What is wrong with it, and what to do.
pub(super) fn visible(value: &[u8]) -> Result<&str, (&'static str, &'static str)> {
    if value.is_empty() {
        return Err(("is empty", "give the key a value: a header without one is not sent"));
    }
    let is_visible = |byte: &u8| *byte == b'\t' || (b' '..=b'~').contains(byte);
    let known = std::str::from_utf8(value).ok().filter(|text| text.bytes().all(|byte| is_visible(&byte)));
    let Some(text) = known else {
        let help = "write visible characters; `--from-literal` and `echo -n` add no line break";
        return Err(("has a line break or another character that no header can hold", help));
    };
    if text.len() > crate::ir::LONGEST_HEADER_TEXT {
        return Err(("is longer than Envoy takes", "write 16384 bytes at most"));
    }
    Ok(text)
}

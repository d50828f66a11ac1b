//! Reports values of `appProtocol` that look like a slip.

use crate::diagnostics::{Change, Finding, Fix, Scalar, codes};
use crate::parser::api::Service;
use crate::parser::manifests::Object;
use crate::spelling::{Near, near};
use crate::whole;

/// The values that gwctl knows ([GEP-1911](https://gateway-api.sigs.k8s.io/geps/gep-1911/)).
const KNOWN: [&str; 7] =
    ["grpc", "http", "http2", "https", "kubernetes.io/h2c", "kubernetes.io/ws", "kubernetes.io/wss"];
/// The prefix that is left out most often.
const PREFIX: &str = "kubernetes.io/";

/// The warning about an unknown value that is close to a known one. Other values are anybody's, and ignored.
pub(super) fn slip(service: &Object<Service>, port: usize, value: &str) -> Option<Finding> {
    if KNOWN.contains(&value) {
        return None;
    }
    let prefixed = format!("{PREFIX}{value}");
    let exact = KNOWN.into_iter().find(|known| *known == prefixed).map(|name| Near { name, is_certain: true });
    let near = exact.or_else(|| near(value, KNOWN))?;
    let at = whole!["spec", "ports", port, "appProtocol"];
    let fix = near.certain().map(|meant| {
        let place = service.position.base.join(&at);
        Fix::one(service.position.document, place, Change::Set(Scalar::Text(meant.to_owned())))
    });
    Some(
        service
            .finding(codes::MISSPELT_PROTOCOL, at, format!("appProtocol `{value}` is not known, and has no effect"))
            .label("not a known protocol")
            .help(format!("did you mean `{}`?", near.name))
            .fix(fix),
    )
}

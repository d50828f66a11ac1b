//! HttpListenerOptions of Gloo Gateway: what of those that apply to a listener counts
//! ([HttpListenerOption](https://docs.solo.io/gateway/latest/about/policies/httplisteneroption/)).
//!
//! The first of them counts, and nothing of the others: none fills what it leaves out.

use crate::diagnostics::Diagnostics;
use crate::parser::any_object::AnyObject;
use crate::parser::api::{HttpListenerOption, HttpListenerOptionSpec};
use crate::parser::manifests::{Kind, Manifests, Object};

use super::effective::{Effective, first};
use super::listener_options::{OptionForListeners, Ranked};
use super::option_verdict::Verdicts;

impl OptionForListeners for HttpListenerOption {
    const KIND: Kind = Kind::HttpListenerOption;

    fn objects(manifests: &Manifests) -> &[Object<HttpListenerOptionSpec>] {
        &manifests.http_listener_options
    }

    fn decoded(object: &AnyObject) -> Option<&Object<HttpListenerOptionSpec>> {
        match object {
            AnyObject::HttpListenerOption(object) => Some(&**object),
            _ => None,
        }
    }

    fn judge<'m>(
        ranked: &[Ranked<'m, Self>],
        verdicts: &mut Verdicts<'m>,
        diagnostics: &mut Diagnostics,
    ) -> Vec<Effective<'m, Self>> {
        let ranks: Vec<_> = ranked.iter().map(|(rank, object)| (*rank, &object.head)).collect();
        verdicts.report_outranked(&ranks, diagnostics);
        first(ranked.iter().map(|(_, object)| (&object.head, object.spec.options.0.as_slice())))
    }
}

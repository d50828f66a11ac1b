//! ListenerOptions of Gloo Gateway: what of those that apply to a listener counts
//! ([ListenerOption](https://docs.solo.io/gateway/latest/about/policies/listeneroption/)).
//!
//! The first of them counts, and nothing of the others. It is about all connections of a listener, whatever they speak.

use crate::diagnostics::Diagnostics;
use crate::parser::any_object::AnyObject;
use crate::parser::api::{ListenerOption, ListenerOptionSpec};
use crate::parser::manifests::{Kind, Manifests, Object};

use super::effective::{Effective, first};
use super::listener_options::{About, OptionForListeners, Ranked};
use super::option_verdict::Verdicts;

impl OptionForListeners for ListenerOption {
    const KIND: Kind = Kind::ListenerOption;
    const ABOUT: About = About::Connections;

    fn objects(manifests: &Manifests) -> &[Object<ListenerOptionSpec>] {
        &manifests.listener_options
    }

    fn decoded(object: &AnyObject) -> Option<&Object<ListenerOptionSpec>> {
        match object {
            AnyObject::ListenerOption(object) => Some(&**object),
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

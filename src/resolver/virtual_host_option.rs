//! VirtualHostOptions of Gloo Gateway: what of those that apply to a listener counts
//! ([VirtualHostOption](https://docs.solo.io/gateway/latest/about/policies/virtualhostoption/)).
//!
//! A field counts once, and the better object's as a whole. What a rule says itself goes before all of them.

use crate::diagnostics::Diagnostics;
use crate::parser::any_object::AnyObject;
use crate::parser::api::{VirtualHostOption, VirtualHostOptionSpec};
use crate::parser::manifests::{Kind, Manifests, Object, ObjectHead};

use super::effective::{Effective, fill_unset};
use super::listener_options::{OptionForListeners, Ranked};
use super::option_verdict::Verdicts;

impl OptionForListeners for VirtualHostOption {
    const KIND: Kind = Kind::VirtualHostOption;

    fn objects(manifests: &Manifests) -> &[Object<VirtualHostOptionSpec>] {
        &manifests.virtual_host_options
    }

    fn decoded(object: &AnyObject) -> Option<&Object<VirtualHostOptionSpec>> {
        match object {
            AnyObject::VirtualHostOption(object) => Some(&**object),
            _ => None,
        }
    }

    fn judge<'m>(
        ranked: &[Ranked<'m, Self>],
        verdicts: &mut Verdicts<'m>,
        diagnostics: &mut Diagnostics,
    ) -> Vec<Effective<'m, Self>> {
        let lists = ranked.iter().map(|(_, object)| (&object.head, object.spec.options.0.as_slice()));
        let (fields, hidden) = fill_unset(lists, Self::slot);
        let rank =
            |head: &ObjectHead| ranked.iter().find(|(_, object)| std::ptr::eq(&object.head, head)).map(|one| one.0);
        for hidden in &hidden {
            let is_equal = rank(hidden.field.source) == rank(hidden.by.source);
            let why = if is_equal { "it is older" } else { "its target is nearer to the listener" };
            if let Some(finding) = verdicts.hidden(hidden, why, is_equal) {
                let help = "remove the field from one of them, or let them apply to different listeners";
                diagnostics.report(finding.help(help));
            }
        }
        fields
    }
}

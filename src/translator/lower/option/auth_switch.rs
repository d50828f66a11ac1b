//! Whose requests a server is asked about: what rules and listeners say of it.

use std::sync::Arc;

use crate::diagnostics::Finding;
use crate::parser::api::{OptionAuth, OptionCustomAuth, RouteOption};
use crate::parser::manifests::ObjectHead;
use crate::path;
use crate::resolver::ResolvedRule;

use super::part::{Part, Place};

/// Whose requests are asked about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::translator::lower) enum AuthSwitch {
    /// Nobody's.
    Off,
    /// Everybody's; the server is told this besides.
    On(Arc<[(String, String)]>),
}

/// What a rule or a listener says; the resolver hands on no other forms of it.
pub(super) fn lower_switch(place: Place<'_>, said: &OptionAuth) -> Result<Part, Box<Finding>> {
    let OptionAuth { config_ref: _, custom_auth, disable } = said;
    if *disable && custom_auth.is_some() {
        let message = "`disable` stands beside `customAuth`";
        return Err(place.refuse(&path!["disable"], message, "keep one of the two"));
    }
    Ok(Part::Nothing)
}

impl AuthSwitch {
    /// What is said; the resolver hands on no form that says nothing.
    pub(super) fn of(OptionAuth { config_ref: _, custom_auth, disable }: &OptionAuth) -> Option<Self> {
        match custom_auth {
            Some(OptionCustomAuth { context_extensions, name: _ }) => {
                Some(Self::On(context_extensions.iter().map(|(name, text)| (name.clone(), text.clone())).collect()))
            }
            None => disable.then_some(Self::Off),
        }
    }

    /// What a rule says, with whoever says it.
    pub(super) fn of_rule<'m>(rule: &ResolvedRule<'m>) -> Option<(Self, &'m ObjectHead)> {
        rule.options.fields.iter().find_map(|field| match field.value {
            RouteOption::Extauth(said) => Some((Self::of(said)?, field.source)),
            _ => None,
        })
    }

    /// The same without whoever says it.
    pub(in crate::translator::lower) fn of_own(rule: &ResolvedRule<'_>) -> Option<Self> {
        Self::of_rule(rule).map(|(switch, _)| switch)
    }
}

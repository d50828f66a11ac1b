//! Whose requests a server is asked about: what rules and listeners say of it.

use std::sync::Arc;

use crate::diagnostics::Finding;
use crate::parser::api::{OptionAuth, OptionCustomAuth, RouteOption};
use crate::path;
use crate::resolver::ResolvedRule;

use super::part::Place;

/// Whose requests are asked about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::translator::lower) enum AuthSwitch {
    /// Nobody's.
    Off,
    /// Everybody's; the server is told this besides.
    On(Arc<[(String, String)]>),
}

/// What of it cannot be honoured that a rule or a listener says; the resolver hands on no other forms.
pub(super) fn check_switch(place: Place<'_>, said: &OptionAuth) -> Result<(), Box<Finding>> {
    let OptionAuth { config_ref: _, custom_auth, disable } = said;
    if *disable && custom_auth.is_some() {
        let message = "`disable` stands beside `customAuth`";
        return Err(place.refuse(&path!["disable"], message, "keep one of the two"));
    }
    Ok(())
}

impl AuthSwitch {
    /// What is said; the resolver hands on no form that says nothing.
    pub(super) fn of(OptionAuth { config_ref: _, custom_auth, disable }: OptionAuth) -> Option<Self> {
        match custom_auth {
            Some(OptionCustomAuth { context_extensions, name: _ }) => {
                Some(Self::On(context_extensions.into_iter().collect()))
            }
            None => disable.then_some(Self::Off),
        }
    }

    /// Whether requests are asked about, where that is said.
    pub(super) fn is_on(OptionAuth { config_ref: _, custom_auth, disable }: &OptionAuth) -> Option<bool> {
        if custom_auth.is_some() { Some(true) } else { disable.then_some(false) }
    }

    /// What a rule says.
    pub(in crate::translator::lower) fn of_rule(rule: &ResolvedRule<'_>) -> Option<Self> {
        rule.options.fields.iter().find_map(|field| match field.value {
            RouteOption::Extauth(said) => Self::of(said.clone()),
            _ => None,
        })
    }
}

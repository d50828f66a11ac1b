//! The header that a finding about a header modifier is about.

use crate::diagnostics::{Finding, ObjectPart, codes};
use crate::parser::route::Filter;
use crate::resolver::Routes;
use crate::translator::lower::find_repeated;

/// A header that a modifier changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ModifiedHeader {
    /// The name, in lower case.
    pub(super) name: String,
    /// Whether it is one of responses.
    pub(super) is_response: bool,
}

/// The header that a finding on a route's modifier is about: the first one with several actions.
pub(super) fn modified_by(finding: &Finding, routes: &Routes<'_>) -> Option<ModifiedHeader> {
    let object = finding.object.as_ref().filter(|_| finding.code == codes::HEADER_CONFLICT)?;
    let ObjectPart::Filter { rule, backend, index } = finding.part else { return None };
    let rule = routes.find(object)?.rules.get(rule)?;
    let filters = match backend {
        Some(backend) => &rule.backends.get(backend)?.filters,
        None => &rule.filters,
    };
    let (filter, is_response) = match filters.get(index)?.filter {
        Filter::RequestHeaderModifier(filter) => (filter, false),
        Filter::ResponseHeaderModifier(filter) => (filter, true),
        Filter::RequestMirror(_)
        | Filter::RequestRedirect(_)
        | Filter::UrlRewrite(_)
        | Filter::Cors(_)
        | Filter::ExternalAuth(_)
        | Filter::ExtensionRef(_) => return None,
    };
    let (_, _, name) = find_repeated(filter)?;
    Some(ModifiedHeader { name: name.to_ascii_lowercase(), is_response })
}

//! The header that a finding about a header modifier is about.

use crate::diagnostics::{FieldPath, Finding, Segment, codes};
use crate::parser::api::HeaderFilter;
use crate::parser::route::Filter;
use crate::resolver::Routes;

/// A header that a modifier changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ModifiedHeader {
    /// The name, in lower case.
    pub(super) name: String,
    /// Whether it is one of responses.
    pub(super) is_response: bool,
}

/// The header that a finding on a route's modifier is about.
pub(super) fn modified_by(finding: &Finding, routes: &Routes<'_>) -> Option<ModifiedHeader> {
    let object = finding.object.as_ref().filter(|_| finding.code == codes::HEADER_CONFLICT)?;
    let FieldPath(segments) = finding.path.as_ref()?;
    let [_, _, Segment::Index(rule), rest @ ..] = segments.as_slice() else { return None };
    let rule = routes.find(object)?.rules.get(*rule)?;
    let (filters, rest) = match rest {
        [Segment::Field(list), rest @ ..] if list == "filters" => (&rule.filters, rest),
        [_, Segment::Index(backend), _, rest @ ..] => (&rule.backends.get(*backend)?.filters, rest),
        _ => return None,
    };
    let [Segment::Index(filter), _, Segment::Field(list), Segment::Index(item), ..] = rest else { return None };
    let (HeaderFilter { set, add, remove }, is_response) = match filters.get(*filter)?.filter {
        Filter::RequestHeaderModifier(filter) => (filter, false),
        Filter::ResponseHeaderModifier(filter) => (filter, true),
        Filter::RequestMirror(_)
        | Filter::RequestRedirect(_)
        | Filter::UrlRewrite(_)
        | Filter::Cors(_)
        | Filter::ExternalAuth(_)
        | Filter::ExtensionRef(_) => return None,
    };
    let name = match &**list {
        "set" => &set.get(*item)?.name,
        "add" => &add.get(*item)?.name,
        _ => remove.get(*item)?,
    };
    Some(ModifiedHeader { name: name.to_ascii_lowercase(), is_response })
}

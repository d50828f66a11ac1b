//! The header that a finding about a header modifier is about.

use crate::diagnostics::{FieldPath, Finding, Segment, codes};
use crate::parser::api::{HeaderFilter, HttpRouteFilter};
use crate::parser::manifests::{Kind, Metadata};
use crate::resolver::ResolvedHttpRoute;

/// A header that a modifier changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ModifiedHeader {
    /// The name, in lower case.
    pub(super) name: String,
    /// Whether it is one of responses.
    pub(super) is_response: bool,
}

/// The header that a finding on an HTTPRoute's modifier is about.
pub(super) fn modified_by(finding: &Finding, routes: &[ResolvedHttpRoute<'_>]) -> Option<ModifiedHeader> {
    let object = finding.object.as_ref().filter(|_| finding.code == codes::HEADER_CONFLICT)?;
    // The resolver has sorted the routes by namespace and name.
    let name = |route: &ResolvedHttpRoute<'_>| {
        let Metadata { namespace, name, .. } = &route.object.metadata;
        (namespace.as_str(), name.as_str()).cmp(&(&object.namespace, &object.name))
    };
    let route = routes.get(routes.binary_search_by(name).ok()?).filter(|_| object.kind == Kind::HTTPRoute.name())?;
    let FieldPath(segments) = finding.path.as_ref()?;
    let [_, _, Segment::Index(rule), rest @ ..] = segments.as_slice() else { return None };
    let rule = route.object.spec.rules.get(*rule)?;
    let (filters, rest) = match rest {
        [Segment::Field(list), rest @ ..] if list == "filters" => (&rule.filters, rest),
        [_, Segment::Index(backend), _, rest @ ..] => (&rule.backend_refs.get(*backend)?.filters, rest),
        _ => return None,
    };
    let [Segment::Index(filter), _, Segment::Field(list), Segment::Index(item), ..] = rest else { return None };
    let (HeaderFilter { set, add, remove }, is_response) = match filters.get(*filter)? {
        HttpRouteFilter::RequestHeaderModifier(filter) => (filter, false),
        HttpRouteFilter::ResponseHeaderModifier(filter) => (filter, true),
        HttpRouteFilter::RequestMirror(_)
        | HttpRouteFilter::RequestRedirect(_)
        | HttpRouteFilter::UrlRewrite(_)
        | HttpRouteFilter::Cors(_)
        | HttpRouteFilter::ExternalAuth(_)
        | HttpRouteFilter::ExtensionRef(_) => return None,
    };
    let name = match &**list {
        "set" => &set.get(*item)?.name,
        "add" => &add.get(*item)?.name,
        _ => remove.get(*item)?,
    };
    Some(ModifiedHeader { name: name.to_ascii_lowercase(), is_response })
}

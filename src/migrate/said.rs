//! The fields of policies that count at a rule.

use crate::parser::api::HttpRouteFilterSpec;
use crate::parser::manifests::{Kind, Object, ObjectHead};
use crate::parser::route::Filter;
use crate::resolver::{Resolved, ResolvedRoute, ResolvedRule};

/// The fields of policies that count at a rule, each with its policy.
pub(super) fn said<'m>(
    resolved: &Resolved<'m>,
    route: &ResolvedRoute<'m>,
    rule: &ResolvedRule<'m>,
) -> Vec<(&'m ObjectHead, &'static str)> {
    let mut fields: Vec<(&ObjectHead, &'static str)> =
        rule.options.fields.iter().map(|field| (field.source, field.value.field())).collect();
    let hosts = &resolved.virtual_host_options;
    for id in route.listeners() {
        let own = resolved.envoy_policies.said(route, rule.index, resolved.listener(id));
        fields.extend(own.iter().flat_map(|field| {
            let over = field.over.map(|over| (over, field.name));
            std::iter::once((field.source, field.name)).chain(over)
        }));
        let options = hosts.of(id).map(|id| &hosts.get(id).fields);
        fields.extend(options.into_iter().flatten().map(|field| (field.source, field.value.field())));
    }
    for filter in named_filters(resolved, route, rule) {
        fields.extend(fields_of_filter(&filter.spec).map(|name| (&filter.head, name)));
    }
    let mut distinct: Vec<(&ObjectHead, &'static str)> = Vec::with_capacity(fields.len());
    for field in fields {
        if !distinct.iter().any(|known| known.0.position == field.0.position && known.1 == field.1) {
            distinct.push(field);
        }
    }
    distinct
}

/// The HTTPRouteFilters that a rule names.
fn named_filters<'m>(
    resolved: &Resolved<'m>,
    route: &ResolvedRoute<'m>,
    rule: &ResolvedRule<'m>,
) -> impl Iterator<Item = &'m Object<HttpRouteFilterSpec>> {
    let namespace = &route.object().metadata.namespace;
    let manifests = resolved.manifests;
    rule.filters.iter().filter_map(move |filter| {
        let Filter::ExtensionRef(reference) = filter.filter else { return None };
        let is_named = Kind::HTTPRouteFilter.is_named(&reference.group, &reference.kind);
        let mut known = manifests.http_route_filters.iter().filter(|_| is_named);
        known.find(|known| known.metadata.name == reference.name && known.metadata.namespace == *namespace)
    })
}

/// What an HTTPRouteFilter says.
pub(super) fn fields_of_filter(spec: &HttpRouteFilterSpec) -> impl Iterator<Item = &'static str> {
    let HttpRouteFilterSpec { url_rewrite, direct_response, credential_injection, matches } = spec;
    let fields = [
        ("urlRewrite", url_rewrite.is_some()),
        ("directResponse", direct_response.is_some()),
        ("credentialInjection", credential_injection.is_some()),
        ("matches", !matches.is_empty()),
    ];
    fields.into_iter().filter(|(_, is_said)| *is_said).map(|(name, _)| name)
}

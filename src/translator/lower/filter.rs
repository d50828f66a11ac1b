//! Filters of rules and backends, for HTTPRoutes and GRPCRoutes alike. What is
//! not translated makes its rule or its backend's share fail, and is reported.

use crate::diagnostics::{Diagnostics, FieldPath, Reported, codes};
use crate::ir::{HeaderMutations, PathRewrite, Redirect};
use crate::parser::api::{HeaderFilter, HttpPathModifier, HttpRouteFilter, RequestRedirectFilter, UrlRewriteFilter};
use crate::parser::manifests::Object;

use super::header;
use super::path::{bad_path_char, lower_path_modifier};
use super::rule::Answers;

/// The filters of a rule.
#[derive(Debug, Default)]
pub(super) struct RuleFilters {
    pub(super) request_headers: HeaderMutations,
    pub(super) response_headers: HeaderMutations,
    pub(super) path_rewrite: Option<PathRewrite>,
    pub(super) host_rewrite: Option<String>,
    pub(super) redirect: Option<RedirectTemplate>,
}

/// The filters of a backend.
#[derive(Debug, Default)]
pub(super) struct BackendFilters {
    pub(super) request_headers: Vec<HeaderFilter>,
    pub(super) response_headers: Vec<HeaderFilter>,
}

/// A redirect before the listener is known.
#[derive(Clone, Debug)]
pub(super) struct RedirectTemplate {
    scheme: Option<&'static str>,
    hostname: Option<String>,
    port: Option<u16>,
    path: Option<PathRewrite>,
    status: u16,
    response_headers: HeaderMutations,
}

impl RedirectTemplate {
    /// The redirect on a listener: the port is the filter's, else the scheme's
    /// well-known one, else the listener's; a scheme's own port is not printed
    /// ([HTTPRequestRedirectFilter](https://gateway-api.sigs.k8s.io/reference/spec/#httprequestredirectfilter)).
    pub(super) fn on_listener(&self, scheme: &'static str, listener_port: u16) -> Redirect {
        let effective = self.scheme.unwrap_or(scheme);
        let well_known = if effective == "https" { 443 } else { 80 };
        let port = self.port.or(self.scheme.map(|_| well_known)).unwrap_or(listener_port);
        Redirect {
            scheme: self.scheme,
            hostname: self.hostname.clone(),
            port,
            print_port: port != well_known,
            path: self.path.clone(),
            status: self.status,
            response_headers: self.response_headers.clone(),
        }
    }
}

/// What every filter needs to be reported.
struct FilterContext<'a, S> {
    object: &'a Object<S>,
    at: FieldPath,
    consequence: &'static str,
}

/// Lowers the filters of a rule; an error means that the rule fails.
pub(super) fn lower_rule_filters<S>(
    object: &Object<S>,
    rule: &FieldPath,
    answers: &Answers,
    filters: &[HttpRouteFilter],
    prefix: Option<&str>,
    diagnostics: &mut Diagnostics,
) -> Result<RuleFilters, Reported> {
    let mut lowered = RuleFilters::default();
    let mut failed = None;
    for (index, filter) in filters.iter().enumerate() {
        let context = FilterContext { object, at: rule.with("filters").with(index), consequence: answers.rule_fails };
        let outcome = match filter {
            HttpRouteFilter::RequestHeaderModifier(filter) => context
                .check_headers("requestHeaderModifier", filter, diagnostics)
                .map(|()| header::compose(&mut lowered.request_headers, filter)),
            HttpRouteFilter::ResponseHeaderModifier(filter) => context
                .check_headers("responseHeaderModifier", filter, diagnostics)
                .map(|()| header::compose(&mut lowered.response_headers, filter)),
            HttpRouteFilter::RequestRedirect(filter) => {
                context.lower_redirect(filter, prefix, diagnostics).map(|redirect| lowered.redirect = Some(redirect))
            }
            HttpRouteFilter::UrlRewrite(UrlRewriteFilter { hostname, path }) => {
                context.lower_path("urlRewrite", path.as_ref(), prefix, diagnostics).map(|path| {
                    lowered.path_rewrite = path;
                    lowered.host_rewrite.clone_from(hostname);
                })
            }
            other => Err(context.unsupported(other, diagnostics)),
        };
        failed = failed.or(outcome.err());
    }
    if let Some(redirect) = &mut lowered.redirect {
        redirect.response_headers = lowered.response_headers.clone();
    }
    failed.map_or(Ok(lowered), Err)
}

/// Lowers the filters of a backend; an error means that its share fails.
pub(super) fn lower_backend_filters<S>(
    object: &Object<S>,
    backend: &FieldPath,
    answers: &Answers,
    filters: &[HttpRouteFilter],
    _prefix: Option<&str>,
    diagnostics: &mut Diagnostics,
) -> Result<BackendFilters, Reported> {
    let mut lowered = BackendFilters::default();
    let mut failed = None;
    for (index, filter) in filters.iter().enumerate() {
        let context =
            FilterContext { object, at: backend.with("filters").with(index), consequence: answers.backend_fails };
        let outcome = match filter {
            HttpRouteFilter::RequestHeaderModifier(filter) => context
                .check_headers("requestHeaderModifier", filter, diagnostics)
                .map(|()| lowered.request_headers.push(filter.clone())),
            HttpRouteFilter::ResponseHeaderModifier(filter) => context
                .check_headers("responseHeaderModifier", filter, diagnostics)
                .map(|()| lowered.response_headers.push(filter.clone())),
            other => Err(context.unsupported(other, diagnostics)),
        };
        failed = failed.or(outcome.err());
    }
    failed.map_or(Ok(lowered), Err)
}

impl<S> FilterContext<'_, S> {
    fn check_headers(
        &self,
        member: &'static str,
        filter: &HeaderFilter,
        diagnostics: &mut Diagnostics,
    ) -> Result<(), Reported> {
        if let Some((list, index, name)) = header::find_repeated(filter) {
            diagnostics.report(
                self.object
                    .finding(
                        codes::HEADER_CONFLICT,
                        self.at.with(member).with(list).with(index),
                        format!("the filter changes header `{name}` more than once"),
                    )
                    .consequence("`set` runs first, then `add`, then `remove`")
                    .help("keep one action for each header"),
            );
        }
        let Some(found) = header::find_unsafe(filter) else { return Ok(()) };
        let mut path = self.at.with(member).with(found.list).with(found.index);
        if let Some(field) = found.field {
            path = path.with(field);
        }
        Err(diagnostics.error(
            self.object
                .finding(codes::UNSAFE_VALUE, path, found.message)
                .label("Envoy would load this and break messages at run time, or not load it")
                .consequence(self.consequence)
                .help(found.help),
        ))
    }

    fn lower_redirect(
        &self,
        filter: &RequestRedirectFilter,
        prefix: Option<&str>,
        diagnostics: &mut Diagnostics,
    ) -> Result<RedirectTemplate, Reported> {
        let RequestRedirectFilter { scheme, hostname, path, port, status_code } = filter;
        Ok(RedirectTemplate {
            scheme: scheme.as_deref().map(|scheme| if scheme == "https" { "https" } else { "http" }),
            hostname: hostname.clone(),
            port: *port,
            path: self.lower_path("requestRedirect", path.as_ref(), prefix, diagnostics)?,
            status: *status_code,
            response_headers: HeaderMutations::default(),
        })
    }

    fn lower_path(
        &self,
        member: &'static str,
        modifier: Option<&HttpPathModifier>,
        prefix: Option<&str>,
        diagnostics: &mut Diagnostics,
    ) -> Result<Option<PathRewrite>, Reported> {
        let Some(modifier) = modifier else { return Ok(None) };
        let at = self.at.with(member).with("path");
        let (field, value) = match modifier {
            HttpPathModifier::ReplaceFullPath(value) => ("replaceFullPath", value),
            HttpPathModifier::ReplacePrefixMatch(value) => ("replacePrefixMatch", value),
        };
        if let Some((_, found)) = bad_path_char(value) {
            return Err(diagnostics.error(
                self.object
                    .finding(codes::UNSAFE_VALUE, at.with(field), format!("`{value}` is not a path"))
                    .label(format!("{found:?} cannot stand in a path as it is"))
                    .consequence(self.consequence)
                    .help("write the path without query and fragment, other characters percent-encoded"),
            ));
        }
        lower_path_modifier(modifier, prefix).map(Some).ok_or_else(|| {
            diagnostics.error(
                self.object
                    .finding(codes::UNSAFE_VALUE, at.with(field), "a prefix is replaced that the rule does not match")
                    .consequence(self.consequence)
                    .help("give the rule exactly one match, of type `PathPrefix`"),
            )
        })
    }

    fn unsupported(&self, filter: &HttpRouteFilter, diagnostics: &mut Diagnostics) -> Reported {
        if let HttpRouteFilter::ExtensionRef(reference) = filter {
            let kind = format!("{}/{}", reference.group, reference.kind);
            return diagnostics.error(
                self.object
                    .finding(
                        codes::UNKNOWN_EXTENSION,
                        self.at.with("extensionRef"),
                        format!("gwctl does not know the extension `{kind}` named `{}`", reference.name),
                    )
                    .label("a filter is never skipped")
                    .consequence(self.consequence)
                    .help("remove the filter, or use one of the API's own"),
            );
        }
        let name = filter.type_name();
        diagnostics.error(
            self.object
                .finding(codes::NOT_SUPPORTED, self.at.clone(), format!("filter `{name}` is not translated yet"))
                .label("a filter is never skipped")
                .consequence(self.consequence),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::RedirectTemplate;
    use crate::ir::HeaderMutations;

    #[test]
    fn the_printed_port_follows_the_table_of_the_specification() {
        for (listener, scheme, port, printed) in [
            (("http", 80), None, None, None),
            (("http", 8080), None, None, Some(8080)),
            (("http", 8080), Some("https"), None, None),
            (("http", 8080), None, Some(80), None),
            (("http", 80), None, Some(8080), Some(8080)),
            (("http", 8080), Some("https"), Some(443), None),
            (("http", 80), Some("https"), Some(8443), Some(8443)),
            (("https", 443), None, None, None),
            (("https", 443), Some("http"), None, None),
            (("https", 443), Some("http"), Some(8080), Some(8080)),
            (("http", 80), None, Some(443), Some(443)),
        ] {
            let template = RedirectTemplate {
                scheme,
                hostname: None,
                port,
                path: None,
                status: 302,
                response_headers: HeaderMutations::default(),
            };
            let redirect = template.on_listener(listener.0, listener.1);
            assert_eq!(redirect.print_port.then_some(redirect.port), printed, "{listener:?} {scheme:?} {port:?}");
        }
    }
}

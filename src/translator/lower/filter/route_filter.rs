//! HTTPRouteFilters of Envoy Gateway, beside the filters of a rule
//! ([URL rewrite](https://gateway.envoyproxy.io/docs/tasks/traffic/http-urlrewrite/)).

use crate::diagnostics::{PartPath, Reported, codes};
use crate::http::HeaderName;
use crate::ir::{HostRewrite, PathRewrite, Substitution};
use crate::parser::api::{
    HostnameRewrite, HostnameRewriteType, HttpRouteFilterSpec, PathRewriteByRegex, RegexSubstitution,
    RouteFilterRewrite,
};
use crate::parser::manifests::Object;
use crate::path;

use super::super::rule::RouteLowering;
use super::{FilterContext, Filters, ListPlace};

impl RouteLowering<'_, '_> {
    /// Lays what a filter says over what the filters before it say. It has been judged by itself.
    pub(super) fn lower_route_filter(
        &mut self,
        context: &FilterContext<'_>,
        object: &Object<HttpRouteFilterSpec>,
        lowered: &mut Filters<'_>,
    ) -> Result<(), Reported> {
        // The rest of it has been refused.
        let HttpRouteFilterSpec { url_rewrite, direct_response: _, credential_injection: _, matches: _ } = &object.spec;
        let Some(RouteFilterRewrite { hostname, path, append_x_forwarded_host }) = url_rewrite else { return Ok(()) };
        if let Some(rewrite) = path.as_ref().and_then(path_rewrite) {
            if lowered.path_rewrite.is_some() {
                return Err(self.report_second_rewrite(context, (object, "path")));
            }
            lowered.path_rewrite = Some(rewrite);
        }
        if let Some(rewrite) = hostname.as_ref().and_then(host_rewrite) {
            if lowered.host_rewrite.is_some() {
                return Err(self.report_second_rewrite(context, (object, "hostname")));
            }
            lowered.host_rewrite = Some(rewrite);
            lowered.tells_host = append_x_forwarded_host.unwrap_or(true);
        }
        Ok(())
    }

    /// Two filters that rewrite one part of the URL.
    fn report_second_rewrite(
        &mut self,
        context: &FilterContext<'_>,
        (object, field): (&Object<HttpRouteFilterSpec>, &'static str),
    ) -> Reported {
        let message = format!("a filter before this one rewrites the {field} already");
        let finding = self.object.finding(codes::ROUTE_FILTER_REFUSED, context.at.with("extensionRef"), message);
        let finding = finding.related(object.at(&path!["spec", "urlRewrite", field]), "the second rewrite");
        self.diagnostics.error(
            finding
                .label("a second rewrite")
                .consequence(context.consequence)
                .help("keep one of the two filters, or let them rewrite different parts"),
        )
    }

    /// A rewrite of the API's own behind one of an HTTPRouteFilter.
    pub(super) fn report_rewritten_before(&mut self, context: &FilterContext<'_>) -> Reported {
        let message = "an HTTPRouteFilter before this filter rewrites the same part of the URL";
        let finding = self.object.finding(codes::ROUTE_FILTER_REFUSED, context.at.with("urlRewrite"), message);
        let finding = finding.label("a second rewrite").consequence(context.consequence);
        self.diagnostics.error(finding.help("keep one of the two filters, or let them rewrite different parts"))
    }

    /// A rewrite of a rule that sends nothing.
    pub(super) fn report_rewrite_of_redirect(&mut self, list: ListPlace<'_>, at: PartPath) -> Reported {
        let message = "a rule that redirects rewrites nothing";
        let finding = self.object.finding(codes::ROUTE_FILTER_REFUSED, at.with("extensionRef"), message);
        let replies = self.local_replies;
        let consequence = if list.backend.is_none() { replies.rule_fails } else { replies.backend_fails };
        let finding = finding.label("beside a redirect").consequence(consequence);
        self.diagnostics.error(finding.help("keep one of the two filters"))
    }
}

fn path_rewrite(
    PathRewriteByRegex { rewrite_type: _, replace_regex_match }: &PathRewriteByRegex,
) -> Option<PathRewrite> {
    replace_regex_match.as_ref().map(|said| PathRewrite::Regex(substitution(said)))
}

/// The schema has made sure that the field of the type is there.
fn host_rewrite(HostnameRewrite { rewrite_type, header, path_regex }: &HostnameRewrite) -> Option<HostRewrite> {
    match rewrite_type {
        HostnameRewriteType::Backend => Some(HostRewrite::Endpoint),
        HostnameRewriteType::Header => {
            let name = header.as_ref()?.to_ascii_lowercase();
            Some(HostRewrite::Header(HeaderName::from(name.as_str())))
        }
        HostnameRewriteType::PathRegex => path_regex.as_ref().map(|said| HostRewrite::Path(substitution(said))),
    }
}

fn substitution(RegexSubstitution { pattern, substitution }: &RegexSubstitution) -> Substitution {
    Substitution { pattern: pattern.to_owned(), replacement: substitution.to_owned() }
}

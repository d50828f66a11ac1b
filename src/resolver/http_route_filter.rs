//! HTTPRouteFilters of Envoy Gateway
//! ([HTTPRouteFilter](https://gateway.envoyproxy.io/docs/api/extension_types/#httproutefilter)).
//!
//! Each is judged once, whether a rule names it or not. One that cannot be honoured as a whole is no filter at all: a rule
//! that names it answers with an error.

use std::collections::HashMap;

use crate::diagnostics::{Diagnostics, FieldPath, ObjectPart, PartPath, Reported, codes};
use crate::http::HeaderName;
use crate::name::NamespacedName;
use crate::parser::api::{
    HostnameRewrite, HttpRouteFilterSpec, LocalObjectReference, PathRewriteByRegex, RegexSubstitution,
    RouteFilterRewrite,
};
use crate::parser::manifests::{Kind, Manifests, Object};
use crate::parser::route::{Route, RouteKind};
use crate::path;
use crate::re2::{self, Flaw, FlawedPart};

use super::extension::missing_extension;

/// The filters of the input, each with the proof that it cannot be honoured.
pub(super) struct RouteFilters<'m> {
    manifests: &'m Manifests,
    by_name: HashMap<NamespacedName<'m>, (&'m Object<HttpRouteFilterSpec>, Result<(), Reported>)>,
}

impl<'m> RouteFilters<'m> {
    pub(super) fn new(manifests: &'m Manifests, diagnostics: &mut Diagnostics) -> Self {
        let objects = manifests.http_route_filters.iter();
        let by_name = objects.map(|object| (object.metadata.sort_key(), (object, judge(object, diagnostics))));
        Self { manifests, by_name: by_name.collect() }
    }

    /// The filter that an ExtensionRef filter of a rule names; `None` where it names another kind. `at` is the filter, and
    /// `consequence` is what the rule suffers.
    pub(super) fn named(
        &self,
        route: &Route<'m>,
        reference: &LocalObjectReference,
        (at, consequence): (&PartPath, &'static str),
        diagnostics: &mut Diagnostics,
    ) -> Option<Result<&'m Object<HttpRouteFilterSpec>, Reported>> {
        let LocalObjectReference { group, kind, name } = reference;
        let takes_filters = matches!(route.kind, RouteKind::Http | RouteKind::Grpc);
        if !takes_filters || !Kind::HTTPRouteFilter.is_named(group, kind) {
            return None;
        }
        let namespace = &route.object.metadata.namespace;
        let place = at.with("extensionRef").with("name");
        let Some((object, outcome)) = self.by_name.get(&(namespace, name)) else {
            let finding = missing_extension(route.object, place, (Kind::HTTPRouteFilter, name), self.manifests);
            return Some(Err(diagnostics.error(finding.consequence(consequence))));
        };
        if outcome.is_ok() {
            return Some(Ok(object));
        }
        let message = format!("HTTPRouteFilter `{}` cannot be honoured", object.full_name());
        let finding = route.object.finding(codes::ROUTE_FILTER_REFUSED, place, message);
        let finding = finding.label("a filter is never skipped").related(object.at(&path!["spec"]), "the filter");
        let help = "mend the errors of the HTTPRouteFilter first";
        Some(Err(diagnostics.error(finding.consequence(consequence).help(help))))
    }
}

/// Whether all that a filter says can be honoured.
fn judge(object: &Object<HttpRouteFilterSpec>, diagnostics: &mut Diagnostics) -> Result<(), Reported> {
    let HttpRouteFilterSpec { url_rewrite, direct_response, credential_injection, matches } = &object.spec;
    let mut judge = Judge { object, diagnostics, proof: None };
    if let Some(rewrite) = url_rewrite {
        judge.rewrite(rewrite);
    }
    for (field, is_set) in [
        ("directResponse", direct_response.is_some()),
        ("credentialInjection", credential_injection.is_some()),
        ("matches", !matches.is_empty()),
    ] {
        if is_set {
            judge.refuse(&path![field], "is not translated", "remove the field");
        }
    }
    judge.proof.map_or(Ok(()), Err)
}

struct Judge<'a> {
    object: &'a Object<HttpRouteFilterSpec>,
    diagnostics: &'a mut Diagnostics,
    proof: Option<Reported>,
}

impl Judge<'_> {
    fn refuse(&mut self, at: &FieldPath, why: &str, help: &str) {
        let message = format!("HTTPRouteFilter `{}`: `{at}` {why}", self.object.full_name());
        self.report(at, message, help);
    }

    fn report(&mut self, at: &FieldPath, message: String, help: &str) {
        let at = ObjectPart::Whole.at(&path!["spec"].join(at));
        let finding = self.object.finding(codes::UNSUPPORTED_ROUTE_FILTER, at, message);
        let finding = finding.label("gwctl does not serve it");
        let consequence = "rules that name the filter answer with an error: a filter is never skipped";
        self.proof = Some(self.diagnostics.error(finding.consequence(consequence).help(help)));
    }

    fn rewrite(&mut self, RouteFilterRewrite { hostname, path, append_x_forwarded_host: _ }: &RouteFilterRewrite) {
        let at = path!["urlRewrite"];
        if let Some(HostnameRewrite { rewrite_type: _, header, path_regex }) = hostname {
            let at = at.with("hostname");
            if header.as_ref().is_some_and(|name| !HeaderName::from(name.as_str()).is_token()) {
                self.refuse(&at.with("header"), "is not the name of a header", "write the name of a header");
            }
            if let Some(substitution) = path_regex {
                self.substitution(&at.with("pathRegex"), substitution);
            }
        }
        if let Some(PathRewriteByRegex { rewrite_type: _, replace_regex_match: Some(substitution) }) = path {
            self.substitution(&at.with("path").with("replaceRegexMatch"), substitution);
        }
    }

    fn substitution(&mut self, at: &FieldPath, RegexSubstitution { pattern, substitution }: &RegexSubstitution) {
        if let Some(Flaw { part, message, help }) = re2::flaw(pattern, substitution) {
            let field = if part == FlawedPart::Pattern { "pattern" } else { "substitution" };
            let message = format!("HTTPRouteFilter `{}`: {message}", self.object.full_name());
            self.report(&at.with(field), message, help);
        }
    }
}

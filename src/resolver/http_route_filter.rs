//! HTTPRouteFilters of Envoy Gateway
//! ([HTTPRouteFilter](https://gateway.envoyproxy.io/docs/api/extension_types/#httproutefilter)).
//!
//! Each is judged once, whether a rule names it or not. One that cannot be honoured as a whole is no filter at all: a rule
//! that names it answers with an error.

use std::collections::HashMap;

use crate::diagnostics::{Diagnostics, FieldPath, ObjectPart, PartPath, Reported, codes};
use crate::http::HeaderName;
use crate::ir::LONGEST_HEADER_TEXT;
use crate::name::NamespacedName;
use crate::parser::api::{
    ConfigMap, CredentialInjection, HostnameRewrite, HttpRouteFilterSpec, InjectedCredential, LocalObjectReference,
    PathRewriteByRegex, RegexSubstitution, RouteFilterBody, RouteFilterBodyType, RouteFilterResponse,
    RouteFilterRewrite,
};
use crate::parser::manifests::{Kind, Manifests, Object};
use crate::parser::route::{Route, RouteKind};
use crate::path;
use crate::re2::{self, Flaw, FlawedPart};

use super::certificate::{CertificateIndex, Credential, Held};
use super::extension::missing_extension;
use super::reference_grant::Grants;

/// A filter that can be honoured, with what it refers to.
#[derive(Clone, Copy, Debug)]
pub struct RouteFilter<'m> {
    /// The filter.
    pub object: &'m Object<HttpRouteFilterSpec>,
    /// The body of its answer; empty for none.
    pub body: &'m str,
    /// What is sent of a Secret.
    pub credential: Option<Credential<'m>>,
}

/// The filters of the input, each with the proof that it cannot be honoured.
pub(super) struct RouteFilters<'m> {
    manifests: &'m Manifests,
    by_name: HashMap<NamespacedName<'m>, (&'m Object<HttpRouteFilterSpec>, Result<RouteFilter<'m>, Reported>)>,
}

impl<'m> RouteFilters<'m> {
    pub(super) fn new(
        manifests: &'m Manifests,
        named: (&CertificateIndex<'m>, &Grants<'m>),
        diagnostics: &mut Diagnostics,
    ) -> Self {
        let objects = manifests.http_route_filters.iter();
        let by_name = objects.map(|object| {
            let outcome = judge(object, named, diagnostics);
            (object.metadata.sort_key(), (object, outcome))
        });
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
    ) -> Option<Result<RouteFilter<'m>, Reported>> {
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
        let unread = |filter: &RouteFilter<'_>| matches!(filter.credential, Some(Credential::Unread(_)));
        if let Ok(filter) = outcome
            && !unread(filter)
        {
            return Some(Ok(*filter));
        }
        let message = format!("HTTPRouteFilter `{}` cannot be honoured", object.full_name());
        let finding = route.object.finding(codes::ROUTE_FILTER_REFUSED, place, message);
        let finding = finding.label("a filter is never skipped").related(object.at(&path!["spec"]), "the filter");
        let help = "mend the errors of the HTTPRouteFilter first";
        let proof = diagnostics.error(finding.consequence(consequence).help(help));
        // One of which a Secret is assumed is judged as if it were there.
        Some(outcome.map_err(|_| proof))
    }
}

/// Whether all that a filter says can be honoured.
fn judge<'m>(
    object: &'m Object<HttpRouteFilterSpec>,
    (certificates, grants): (&CertificateIndex<'m>, &Grants<'m>),
    diagnostics: &mut Diagnostics,
) -> Result<RouteFilter<'m>, Reported> {
    let HttpRouteFilterSpec { url_rewrite, direct_response, credential_injection, matches } = &object.spec;
    let mut judge = Judge { object, diagnostics, proof: None };
    if let Some(rewrite) = url_rewrite {
        judge.rewrite(rewrite);
    }
    let body = direct_response.as_ref().map_or("", |response| judge.direct_response(response, certificates));
    let injected = credential_injection.as_ref();
    let credential = injected.and_then(|said| judge.credential(said, (certificates, grants)));
    if !matches.is_empty() {
        judge.refuse(&path!["matches"], "is not translated", "remove the field");
    }
    judge.proof.map_or(Ok(RouteFilter { object, body, credential }), Err)
}

/// What requests have before a rule looks whether they have it (seen at Envoy 1.40).
const WRITTEN: &[&str] = &["x-envoy-external-address", "x-forwarded-for", "x-forwarded-proto", "x-request-id"];

/// The key of a ConfigMap that is looked for first.
const BODY_KEY: &str = "response.body";

/// What happens to rules that name a filter which cannot be honoured.
const RULES_FAIL: &str = "rules that name the filter answer with an error: a filter is never skipped";

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
        self.proof = Some(self.diagnostics.error(finding.consequence(RULES_FAIL).help(help)));
    }

    /// Whether Envoy takes the name or the value of a header.
    fn measure(&mut self, at: &FieldPath, text: Option<&str>) {
        if text.is_some_and(|text| text.len() > LONGEST_HEADER_TEXT) {
            self.refuse(at, "is longer than Envoy takes", "write 16384 bytes at most");
        }
    }

    /// A ConfigMap that holds no body.
    fn unusable(&mut self, at: &FieldPath, message: &str, help: &str) {
        let at = ObjectPart::Whole.at(&path!["spec"].join(at).with("name"));
        let finding = self.object.finding(codes::UNUSABLE_OPTION, at, message.to_owned());
        let finding = finding.label("no body of an answer").consequence(RULES_FAIL);
        self.proof = Some(self.diagnostics.error(finding.help(help)));
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

    /// The body of an answer.
    fn direct_response<'m>(
        &mut self,
        response: &'m RouteFilterResponse,
        certificates: &CertificateIndex<'m>,
    ) -> &'m str {
        let RouteFilterResponse { status_code, content_type, body, header } = response;
        let at = path!["directResponse"];
        let status = status_code.unwrap_or(200);
        if !(200..=599).contains(&status) {
            let help = "write a status from 200 to 599";
            self.refuse(&at.with("statusCode"), &format!("is {status}, which Envoy does not answer with"), help);
        }
        if content_type.as_ref().is_some_and(|text| text.is_empty() || text.chars().any(|c| c.is_control())) {
            let help = "write a media type, such as `application/json`, or remove the field";
            self.refuse(&at.with("contentType"), "is no value of a header", help);
        }
        self.measure(&at.with("contentType"), content_type.as_deref());
        let (set, add) = header.iter().map(|header| (&header.set, &header.add)).unzip::<_, _, Vec<_>, Vec<_>>();
        let own = set.into_iter().chain(add).flatten().any(|header| header.name == *"content-type");
        if own && content_type.is_some() {
            let why = "says what a header of the answer says too";
            self.refuse(&at.with("contentType"), why, "write the type of the body in one of the two places");
        }
        let text = body.as_ref().map_or("", |body| self.body(&at.with("body"), body, certificates));
        if !text.is_empty() && matches!(status, 204 | 205 | 304) {
            let why = &format!("is given, and an answer with status {status} has none");
            self.refuse(&at.with("body"), why, "remove the body, or answer with another status");
        }
        text
    }

    fn body<'m>(
        &mut self,
        at: &FieldPath,
        RouteFilterBody { body_type, inline, value_ref }: &'m RouteFilterBody,
        certificates: &CertificateIndex<'m>,
    ) -> &'m str {
        let reference = match body_type {
            RouteFilterBodyType::Inline => return inline.as_deref().unwrap_or_default(),
            RouteFilterBodyType::ValueRef => value_ref,
        };
        let Some(reference) = reference else { return "" };
        let at = at.with("valueRef");
        let place = ObjectPart::Whole.at(&path!["spec"].join(&at));
        let held = Held { not_this: "bodies of answers", unseen: "body" };
        let found = certificates.check_policy_config_map((self.object, place), reference, &held, self.diagnostics);
        let ConfigMap { data } = match found {
            Ok(found) => found,
            Err(proof) => {
                self.proof = Some(proof);
                return "";
            }
        };
        let Some(bytes) = data.get(BODY_KEY).or_else(|| data.values().next()) else {
            self.unusable(
                &at,
                &format!("ConfigMap `{}` has no key", reference.name),
                &format!("add the key `{BODY_KEY}`"),
            );
            return "";
        };
        std::str::from_utf8(bytes).unwrap_or_else(|_| {
            self.unusable(&at, &format!("ConfigMap `{}` holds no text", reference.name), "write a body in UTF-8");
            ""
        })
    }

    /// A credential; what its header may be is judged where it is sent.
    fn credential<'m>(
        &mut self,
        CredentialInjection { header, overwrite, credential }: &CredentialInjection,
        (certificates, grants): (&CertificateIndex<'m>, &Grants<'m>),
    ) -> Option<Credential<'m>> {
        let at = path!["credentialInjection"];
        if header.as_ref().is_some_and(|name| !HeaderName::from(name.as_str()).is_token()) {
            self.refuse(&at.with("header"), "is not the name of a header", "write the name of a header");
        }
        self.measure(&at.with("header"), header.as_deref());
        if !overwrite && header.as_ref().is_some_and(|name| HeaderName::from(name.as_str()).is_among(WRITTEN)) {
            let why = "is a header that the proxy writes into each request, so that none would get the credential";
            self.refuse(&at.with("header"), why, "set `overwrite: true`, or send the credential in another header");
        }
        let InjectedCredential { value_ref } = credential;
        let place = ObjectPart::Whole.at(&path!["spec"].join(&at).with("credential").with("valueRef"));
        let found = certificates.credential((self.object, place), value_ref, grants, self.diagnostics);
        self.proof = self.proof.or(found.as_ref().err().copied());
        found.ok()
    }

    fn substitution(&mut self, at: &FieldPath, RegexSubstitution { pattern, substitution }: &RegexSubstitution) {
        if let Some(Flaw { part, message, help }) = re2::flaw(pattern, substitution) {
            let field = if part == FlawedPart::Pattern { "pattern" } else { "substitution" };
            let message = format!("HTTPRouteFilter `{}`: {message}", self.object.full_name());
            self.report(&at.with(field), message, help);
        }
    }
}

//! HTTPRouteFilters of Envoy Gateway, beside the filters of a rule
//! ([URL rewrite](https://gateway.envoyproxy.io/docs/tasks/traffic/http-urlrewrite/)).

use crate::diagnostics::{PartPath, Reported, codes};
use crate::http::HeaderName;
use crate::ir::{
    DirectResponse, Existing, HeaderMutations, HeaderValue, HostRewrite, PathRewrite, Substitution, unread_headers,
};
use crate::parser::api::{
    CredentialInjection, HeaderFilter, HostnameRewrite, HostnameRewriteType, HttpRouteFilterSpec, InjectedCredential,
    PathRewriteByRegex, RegexSubstitution, RouteFilterResponse, RouteFilterRewrite,
};
use crate::parser::manifests::Object;
use crate::path;
use crate::resolver::{Credential, RouteFilter};

use super::super::cluster::RouteProtocol;
use super::super::header::{HeaderChange, Unsafe, bad_header, compose_all, find_unsafe};
use super::super::operator::find_operator;
use super::super::rule::RouteLowering;
use super::super::scope::Scope;
use super::{FilterContext, Filters, ListPlace};

/// The header of credentials where none is named.
const AUTHORIZATION: &str = "authorization";

impl RouteLowering<'_, '_> {
    /// Lays what a filter says over what the filters before it say. It has been judged by itself.
    pub(super) fn lower_route_filter(
        &mut self,
        context: &FilterContext<'_>,
        RouteFilter { object, body, credential }: RouteFilter<'_>,
        lowered: &mut Filters<'_>,
    ) -> Result<(), Reported> {
        // The rest of it has been refused.
        let HttpRouteFilterSpec { url_rewrite, direct_response, credential_injection, matches: _ } = &object.spec;
        if let Some((said, credential)) = credential_injection.as_ref().zip(credential) {
            self.inject(context, (object, said, credential), lowered)?;
        }
        if let Some(response) = direct_response {
            if lowered.redirect.is_some() || lowered.direct_response.is_some() {
                return Err(self.report_second_answer(context.at.with("extensionRef"), context.consequence));
            }
            lowered.direct_response = Some(self.lower_direct_response(context, (object, response), body)?);
        }
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

    /// The credential is there before changes that other filters make: a header that they set or remove is as they say.
    fn inject(
        &mut self,
        context: &FilterContext<'_>,
        (object, said, credential): (&Object<HttpRouteFilterSpec>, &CredentialInjection, Credential<'_>),
        lowered: &mut Filters<'_>,
    ) -> Result<(), Reported> {
        let CredentialInjection { header, overwrite, credential: InjectedCredential { value_ref } } = said;
        let name = HeaderName::from(header.as_deref().unwrap_or(AUTHORIZATION));
        let text = match &credential {
            Credential::Known(known) => known.text(),
            // Of a value that nobody knows the name of its header is judged.
            Credential::Unread(_) => "unread",
        };
        if let Some(found) = bad_header(&name, text, true) {
            return Err(self.report_bad_credential(context, object, found));
        }
        if std::mem::replace(&mut lowered.has_credential, true) {
            let message = "a filter before this one sends a credential already";
            let place = context.at.with("extensionRef");
            let finding = self.object.finding(codes::ROUTE_FILTER_REFUSED, place, message).label("a second one");
            let finding = finding.related(object.at(&path!["spec", "credentialInjection"]), "the credential");
            let finding = finding.consequence(context.consequence).help("keep one of the two filters");
            return Err(self.diagnostics.error(finding));
        }
        let mut mutations = HeaderMutations::default();
        match credential {
            Credential::Known(known) => {
                let value = known.value();
                mutations.entry(&name).existing =
                    if *overwrite { Existing::Replaced(value) } else { Existing::Defaulted(value) };
            }
            Credential::Unread(proof) if self.clusters.header_secrets().scope == Scope::Emitted => return Err(proof),
            Credential::Unread(_) => {
                let namespace = value_ref.namespace.as_ref().unwrap_or(&object.metadata.namespace);
                let (name, value) = unread_headers(namespace, &value_ref.name);
                mutations.entry(&name).existing = Existing::Replaced(value);
            }
        }
        lowered.request_headers.insert(0, HeaderChange::Mutations(mutations));
        Ok(())
    }

    /// A header that must not be sent.
    fn report_bad_credential(
        &mut self,
        context: &FilterContext<'_>,
        object: &Object<HttpRouteFilterSpec>,
        Unsafe { code, field: _, message, help }: Unsafe,
    ) -> Reported {
        let place = context.at.with("extensionRef");
        let finding = self.object.finding(code, place, message).label("the credential cannot be sent");
        let finding = finding.related(object.at(&path!["spec", "credentialInjection"]), "the credential");
        self.diagnostics.error(finding.consequence(context.consequence).help(help))
    }

    fn lower_direct_response(
        &mut self,
        context: &FilterContext<'_>,
        (object, response): (&Object<HttpRouteFilterSpec>, &RouteFilterResponse),
        body: &str,
    ) -> Result<DirectResponse, Reported> {
        // Where the body comes from is settled.
        let RouteFilterResponse { status_code, content_type, body: _, header } = response;
        // The schema takes any number; what Envoy answers with has been judged.
        let status = status_code.and_then(|status| u16::try_from(status).ok()).unwrap_or(200);
        if self.protocol == RouteProtocol::Grpc && (200..300).contains(&status) {
            return Err(self.report_no_call(context, (object, status)));
        }
        self.report_operator(context, (object, body));
        let mut headers = HeaderMutations::default();
        if let Some(text) = content_type {
            let existing = Existing::Replaced(HeaderValue::from(text.to_owned()));
            headers.entry(&HeaderName::from("content-type")).existing = existing;
        }
        if let Some(filter) = header {
            self.check_answered(context, object, filter)?;
            headers.lay_over(&compose_all(&[HeaderChange::Filter(filter)]));
        }
        let (response_headers, http_filters) = Default::default();
        Ok(DirectResponse { status, body: body.into(), headers, response_headers, http_filters })
    }

    fn check_answered(
        &mut self,
        context: &FilterContext<'_>,
        object: &Object<HttpRouteFilterSpec>,
        filter: &HeaderFilter,
    ) -> Result<(), Reported> {
        let Some(found) = find_unsafe(filter, false) else { return Ok(()) };
        let at = path!["spec", "directResponse", "header"].with(found.list).with(found.index);
        let finding = self.object.finding(found.code, context.at.with("extensionRef"), found.message);
        let finding = finding.label("Envoy would break this answer").related(object.at(&at), "the header");
        Err(self.diagnostics.error(finding.consequence(context.consequence).help(found.help)))
    }

    /// Calls are answered with a status of gRPC: one that says that a call went well has a message, which there is none of.
    fn report_no_call(
        &mut self,
        context: &FilterContext<'_>,
        (object, status): (&Object<HttpRouteFilterSpec>, u16),
    ) -> Reported {
        let message = format!("a call is not answered with {status}: clients of gRPC take it for a broken response");
        let finding = self.object.finding(codes::ROUTE_FILTER_REFUSED, context.at.with("extensionRef"), message);
        let finding = finding.related(object.at(&path!["spec", "directResponse"]), "the answer");
        let finding = finding.label("of a GRPCRoute").consequence(context.consequence);
        self.diagnostics.error(finding.help("answer with a status that is none of success, such as 403 or 503"))
    }

    /// Envoy Gateway evaluates operators in bodies, which are text here.
    fn report_operator(&mut self, context: &FilterContext<'_>, (object, body): (&Object<HttpRouteFilterSpec>, &str)) {
        let Some(operator) = find_operator(body) else { return };
        let message = format!("`{operator}` in the body of HTTPRouteFilter `{}` is text here", object.full_name());
        let finding = self.object.finding(codes::LITERAL_OPERATOR, context.at.with("extensionRef"), message);
        let finding = finding.related(object.at(&path!["spec", "directResponse", "body"]), "the body");
        self.diagnostics.report(
            finding
                .label("Envoy Gateway would have it evaluated")
                .consequence("the body has this text as it is written, percent signs and all")
                .help("write the text itself; what differs from request to request cannot be answered"),
        );
    }

    /// A rule that answers twice; `at` is the second answer.
    pub(super) fn report_second_answer(&mut self, at: PartPath, consequence: &'static str) -> Reported {
        let message = "a filter before this one answers already";
        let finding = self.object.finding(codes::ROUTE_FILTER_REFUSED, at, message);
        let finding = finding.label("a second answer").consequence(consequence);
        self.diagnostics.error(finding.help("keep one of the two filters"))
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

//! ExternalAuth: each distinct authorization once
//! ([HTTPExternalAuthFilter](https://gateway-api.sigs.k8s.io/reference/spec/#httpexternalauthfilter)).
//! Whatever cannot be honoured closes the rule: no request passes unasked.

use crate::diagnostics::{ObjectPart, Reported, codes};
use crate::http::HeaderName;
use crate::ir::{AuthHeaders, AuthId, AuthTerms, ExternalAuth, ExternalAuthProtocol, ExternalAuthSettings};
use crate::parser::api::{self, ExternalAuthFilter, ForwardBody, GrpcAuthConfig, HttpAuthConfig};

use super::super::cluster::{RouteProtocol, Sent};
use super::super::header::bad_passed_name;
use super::super::path::{bad_path_char, path_help};
use super::super::rule::RouteLowering;
use super::FilterContext;

impl RouteLowering<'_, '_> {
    /// Lowers an authorization; `None` when its service is not served because the route is not.
    pub(super) fn lower_external_auth(
        &mut self,
        context: &FilterContext<'_>,
        filter: &ExternalAuthFilter,
    ) -> Result<Option<AuthId>, Reported> {
        let ExternalAuthFilter { protocol, backend_ref: _, grpc, http, forward_body } = filter;
        let (protocol, request_headers) = match protocol {
            api::ExternalAuthProtocol::Grpc => {
                let names = grpc.as_ref().map(|GrpcAuthConfig { allowed_headers }| allowed_headers.as_slice());
                let names = self.lower_names(context, ["grpc", "allowedHeaders"], names.unwrap_or_default())?;
                (ExternalAuthProtocol::Grpc, names)
            }
            api::ExternalAuthProtocol::Http => {
                let nothing = HttpAuthConfig::default();
                let HttpAuthConfig { path, allowed_headers, allowed_response_headers } =
                    http.as_ref().unwrap_or(&nothing);
                let path_prefix = self.lower_auth_path(context, path.as_deref().unwrap_or_default())?;
                let request_headers = self.lower_names(context, ["http", "allowedHeaders"], allowed_headers)?;
                let response_headers =
                    self.lower_names(context, ["http", "allowedResponseHeaders"], allowed_response_headers)?;
                (ExternalAuthProtocol::Http { path_prefix, response_headers }, request_headers)
            }
        };
        let Some(outcome) = context.outcome else { return Ok(None) };
        let sent = if protocol == ExternalAuthProtocol::Grpc { RouteProtocol::Grpc } else { RouteProtocol::Http };
        let Some(cluster) = self.cluster(outcome?, Sent::once(sent)) else { return Ok(None) };
        let max_body_bytes = forward_body.as_ref().and_then(|body| self.lower_body(context, body));
        let settings =
            ExternalAuthSettings { cluster, protocol, request_headers, max_body_bytes, terms: AuthTerms::default() };
        Ok(Some(self.find_or_add(context, settings)))
    }

    fn find_or_add(&mut self, context: &FilterContext<'_>, settings: ExternalAuthSettings) -> AuthId {
        let place = ObjectPart::Rule(context.list.rule);
        let origin = self.origins.origin(self.registered, place);
        self.shared.auths.find_or_add(&ExternalAuth { settings, origin }, None)
    }

    /// Envoy changes requests when it sends them, after every filter has agreed
    /// ([life of a request](https://www.envoyproxy.io/docs/envoy/latest/intro/life_of_a_request)).
    pub(super) fn report_asked_first(&mut self, context: &FilterContext<'_>) {
        self.diagnostics.report(
            self.object
                .finding(
                    codes::ASKED_FIRST,
                    context.at.with("type"),
                    "the service is asked before headers, host and path are changed",
                )
                .label("listed behind a filter that changes what the backend sees")
                .consequence("the service sees the request as the client sent it")
                .help("list ExternalAuth before the filters that change the request"),
        );
    }

    /// The names of headers that are passed on, each checked: a name that no header has would be left out in
    /// silence, and the framing of one message breaks another. An empty list leaves the choice to the protocol.
    fn lower_names(
        &mut self,
        context: &FilterContext<'_>,
        [protocol, field]: [&'static str; 2],
        names: &[HeaderName],
    ) -> Result<AuthHeaders, Reported> {
        let is_answer = field == "allowedResponseHeaders";
        let mut refused = None;
        for (index, name) in names.iter().enumerate() {
            let Some((message, help)) = bad_passed_name(name, is_answer) else { continue };
            let at = context.at.with("externalAuth").with(protocol).with(field).with(index);
            refused = Some(
                self.diagnostics.error(
                    self.object
                        .finding(codes::UNSAFE_VALUE, at, message)
                        .label("cannot be passed on")
                        .consequence(context.consequence)
                        .help(help),
                ),
            );
        }
        match refused {
            Some(refused) => return Err(refused),
            None if names.is_empty() => return Ok(AuthHeaders::Default),
            None => {}
        }
        let mut names: Vec<HeaderName> = names.iter().map(HeaderName::lower).collect();
        names.sort_unstable();
        names.dedup();
        Ok(AuthHeaders::Listed(names))
    }

    /// The limit in bytes; 0, less, and nothing at all send no body.
    fn lower_body(&mut self, context: &FilterContext<'_>, body: &ForwardBody) -> Option<u32> {
        let ForwardBody { max_size } = body;
        let size = max_size.and_then(|size| u64::try_from(size).ok()).filter(|size| *size > 0)?;
        Some(self.fit(|| context.at.with("externalAuth").with("forwardBody").with("maxSize"), size))
    }

    /// The prefix of the path at the service, without a trailing `/`.
    fn lower_auth_path(&mut self, context: &FilterContext<'_>, path: &str) -> Result<String, Reported> {
        let Some((_, found)) = bad_path_char(path) else {
            let path = path.trim_matches('/');
            return Ok(if path.is_empty() { String::new() } else { format!("/{path}") });
        };
        Err(self.diagnostics.error(
            self.object
                .finding(
                    codes::UNSAFE_VALUE,
                    context.at.with("externalAuth").with("http").with("path"),
                    format!("`{path}` is not a path"),
                )
                .label(format!("`{}` cannot stand in a path as it is", found.escape_debug()))
                .consequence(context.consequence)
                .help(path_help(path)),
        ))
    }
}

//! Filters of rules and backends, one file for each. A filter that cannot be
//! honoured is reported and makes its rule, or its backend's share, answer
//! with an error: none is ever skipped.

mod cors;
mod external_auth;
mod idle;
mod mirror;
mod redirect;
mod rewrite;
mod route_filter;

use std::sync::Arc;

use crate::diagnostics::{ObjectPart, PartPath, Reported, codes};
use crate::ir::{AuthId, Cors, DirectResponse, HeaderMutations, HostRewrite, Mirror, PathRewrite};
use crate::parser::api::{HeaderFilter, LocalObjectReference, UrlRewriteFilter};
use crate::parser::route::Filter;
use crate::resolver::{BackendRefOutcome, ResolvedFilter};

use super::header::{self, HeaderChange};
use super::operator::find_operator;
use super::redirect_template::RedirectTemplate;
use super::rule::RouteLowering;

pub(super) use cors::lower_origin;
pub(super) use idle::{Beside, Idle};

/// The filters of a rule or of a backend.
#[derive(Clone, Debug, Default)]
pub(super) struct Filters<'f> {
    /// In the order in which they run.
    request_headers: Vec<HeaderChange<'f>>,
    response_headers: Vec<HeaderChange<'f>>,
    pub(super) path_rewrite: Option<PathRewrite>,
    pub(super) host_rewrite: Option<HostRewrite>,
    /// Whether backends that see another host are told which one was asked for.
    pub(super) tells_host: bool,
    pub(super) redirect: Option<RedirectTemplate>,
    /// Whether requests are given a credential.
    pub(super) has_credential: bool,
    /// What the rule answers by itself.
    pub(super) direct_response: Option<DirectResponse>,
    pub(super) mirrors: Vec<Mirror>,
    pub(super) cors: Option<Arc<Cors>>,
    /// `None` stands for a service that is not among the clusters: the route is not served.
    pub(super) auths: Vec<Option<AuthId>>,
}

impl Filters<'_> {
    /// Whether a weighted list cannot hold these filters for one of its entries.
    pub(super) fn need_a_route(&self) -> bool {
        self.path_rewrite.is_some() || self.redirect.is_some() || !self.mirrors.is_empty() || !self.auths.is_empty()
    }

    /// Whether the backend sees another request than the client sent.
    pub(super) fn changes_for_backend(&self) -> bool {
        self.change_request() || self.path_rewrite.is_some() || self.host_rewrite.is_some()
    }

    /// Whether these filters of a backend set it apart from others.
    pub(super) fn are_own(&self) -> bool {
        self.need_a_route() || self.change_request() || self.change_response() || self.host_rewrite.is_some()
    }

    /// What is left of a backend's filters when the backend cannot be used:
    /// what scripts of other origins need to read its error.
    pub(super) fn of_failure(self) -> Self {
        Self { cors: self.cors, ..Self::default() }
    }

    /// Whether request headers are changed.
    pub(super) fn change_request(&self) -> bool {
        !self.request_headers.is_empty()
    }

    /// Whether response headers are changed.
    pub(super) fn change_response(&self) -> bool {
        !self.response_headers.is_empty()
    }

    /// The changes to the request's headers as one.
    pub(super) fn request_mutations(&self) -> HeaderMutations {
        header::compose_all(&self.request_headers)
    }

    /// The changes to the response's headers as one.
    pub(super) fn response_mutations(&self) -> HeaderMutations {
        header::compose_all(&self.response_headers)
    }

    /// The changes to the request's headers, and a backend's behind them, as one.
    pub(super) fn request_mutations_with(&self, own: &Self) -> HeaderMutations {
        header::compose_all(self.request_headers.iter().chain(&own.request_headers))
    }

    /// The changes to the response's headers, and a backend's behind them, as one.
    pub(super) fn response_mutations_with(&self, own: &Self) -> HeaderMutations {
        header::compose_all(self.response_headers.iter().chain(&own.response_headers))
    }

    /// Puts other changes to headers in the place of those of filters.
    pub(super) fn replace_headers(&mut self, request: HeaderMutations, response: HeaderMutations) {
        let list = |mutations: HeaderMutations| match mutations.0.is_empty() {
            true => Vec::new(),
            false => vec![HeaderChange::Mutations(mutations)],
        };
        (self.request_headers, self.response_headers) = (list(request), list(response));
    }

    /// These filters of a rule, followed by a backend's.
    pub(super) fn followed_by(mut self, own: Self) -> Self {
        let Self {
            request_headers,
            response_headers,
            path_rewrite,
            host_rewrite,
            tells_host,
            redirect,
            has_credential,
            direct_response,
            mirrors,
            cors,
            auths,
        } = own;
        self.request_headers.extend(request_headers);
        self.response_headers.extend(response_headers);
        self.path_rewrite = path_rewrite.or(self.path_rewrite);
        self.host_rewrite = host_rewrite.or(self.host_rewrite);
        self.tells_host |= tells_host;
        self.redirect = redirect.or(self.redirect);
        // Filters of backends have neither.
        self.has_credential |= has_credential;
        self.direct_response = self.direct_response.or(direct_response);
        self.mirrors.extend(mirrors);
        self.cors = cors.or(self.cors);
        self.auths.extend(auths);
        self
    }
}

/// The place of a list of filters.
#[derive(Clone, Copy, Debug)]
pub(super) struct ListPlace<'p> {
    /// The rule.
    pub(super) rule: usize,
    /// The backend within the rule; `None` for the rule's own list.
    pub(super) backend: Option<usize>,
    /// The path of the owner of the list.
    pub(super) owner: &'p PartPath,
    /// The prefix of the rule's only match.
    pub(super) prefix: Option<&'p str>,
    /// Whether filters before the list change what the backend sees.
    pub(super) after_changes: bool,
}

/// One filter, with what is needed to report it.
struct FilterContext<'p> {
    list: ListPlace<'p>,
    at: PartPath,
    consequence: &'static str,
    outcome: Option<BackendRefOutcome>,
}

impl RouteLowering<'_, '_> {
    /// Lowers a list of filters; an error means that what has them answers with an error.
    pub(super) fn lower_filters<'f>(
        &mut self,
        list: ListPlace<'_>,
        filters: &[ResolvedFilter<'f>],
    ) -> (Filters<'f>, Option<Reported>) {
        let mut lowered = Filters::default();
        let (mut failed, mut idle, mut last_rewrite) = (None, Vec::new(), None);
        for (index, ResolvedFilter { filter, outcome, extension, route_filter }) in filters.iter().enumerate() {
            let consequence =
                if list.backend.is_none() { self.local_replies.rule_fails } else { self.local_replies.backend_fails };
            let place = ObjectPart::Filter { rule: list.rule, backend: list.backend, index };
            let context = FilterContext { list, at: place.into(), consequence, outcome: *outcome };
            idle.extend(match filter {
                Filter::RequestMirror(_) => Some((place, Idle::Mirror)),
                Filter::RequestHeaderModifier(_) => Some((place, Idle::RequestHeaders)),
                Filter::UrlRewrite(_) => Some((place, Idle::Rewrite)),
                _ => None,
            });
            let outcome = match (route_filter, extension) {
                (Some(named), _) => {
                    let rewrite = named.object.spec.url_rewrite.as_ref().map(|_| place);
                    last_rewrite = last_rewrite.or(rewrite);
                    idle.extend(rewrite.map(|place| (place, Idle::Rewrite)));
                    idle.extend(named.credential.map(|_| (place, Idle::RequestHeaders)));
                    self.lower_route_filter(&context, *named, &mut lowered)
                }
                // What the policy says is among the options of the rule.
                (None, Some(outcome)) => *outcome,
                (None, None) => self.lower_one(&context, *filter, &mut lowered),
            };
            failed = failed.or(outcome.err());
        }
        if lowered.redirect.is_some() {
            // What rewrites is an error of its own.
            idle.retain(|(_, idle)| *idle != Idle::Rewrite);
            idle.into_iter().for_each(|(place, idle)| self.report_idle(place.into(), (idle, Beside::Redirect)));
            failed = failed.or(last_rewrite.map(|place| self.report_rewrite_of_redirect(list, place.into())));
        } else if lowered.direct_response.is_some() {
            idle.into_iter().for_each(|(place, idle)| self.report_idle(place.into(), (idle, Beside::DirectResponse)));
        }
        (lowered, failed)
    }

    fn lower_one<'f>(
        &mut self,
        context: &FilterContext<'_>,
        filter: Filter<'f>,
        lowered: &mut Filters<'f>,
    ) -> Result<(), Reported> {
        match filter {
            Filter::RequestHeaderModifier(filter) => {
                self.check_headers(context, "requestHeaderModifier", filter)?;
                lowered.request_headers.push(HeaderChange::Filter(filter));
            }
            Filter::ResponseHeaderModifier(filter) => {
                self.check_headers(context, "responseHeaderModifier", filter)?;
                lowered.response_headers.push(HeaderChange::Filter(filter));
            }
            Filter::RequestRedirect(filter) => {
                if lowered.direct_response.is_some() {
                    let at = context.at.with("requestRedirect");
                    return Err(self.report_second_answer(at, context.consequence));
                }
                lowered.redirect = Some(self.lower_redirect(context, filter)?);
            }
            Filter::UrlRewrite(UrlRewriteFilter { hostname, path }) => {
                let is_second = path.is_some() && lowered.path_rewrite.is_some()
                    || hostname.is_some() && lowered.host_rewrite.is_some();
                if is_second {
                    return Err(self.report_rewritten_before(context));
                }
                let path = self.lower_path(context, "urlRewrite", path.as_ref())?;
                lowered.path_rewrite = path.or(lowered.path_rewrite.take());
                let host = hostname.clone().map(HostRewrite::Literal);
                lowered.host_rewrite = host.or(lowered.host_rewrite.take());
            }
            Filter::RequestMirror(filter) => lowered.mirrors.extend(self.lower_mirror(context, filter)),
            Filter::Cors(filter) => lowered.cors = Some(Arc::new(self.lower_cors(context, filter)?)),
            Filter::ExternalAuth(filter) => {
                if context.list.after_changes || lowered.changes_for_backend() {
                    self.report_asked_first(context);
                }
                lowered.auths.push(self.lower_external_auth(context, filter)?);
            }
            Filter::ExtensionRef(reference) => return Err(self.unknown_extension(context, reference)),
        }
        Ok(())
    }

    fn check_headers(
        &mut self,
        context: &FilterContext<'_>,
        member: &'static str,
        filter: &HeaderFilter,
    ) -> Result<(), Reported> {
        if let Some((list, index, name)) = header::find_repeated(filter) {
            self.diagnostics.report(
                self.object
                    .finding(
                        codes::HEADER_CONFLICT,
                        context.at.with(member).with(list).with(index),
                        format!("the filter changes header `{name}` more than once"),
                    )
                    .consequence("`set` runs first, then `add`, then `remove`")
                    .help("keep one action for each header"),
            );
        }
        let Some(found) = header::find_unsafe(filter, member == "requestHeaderModifier") else {
            self.report_operators(&context.at.with(member), filter);
            return Ok(());
        };
        let mut path = context.at.with(member).with(found.list).with(found.index);
        if let Some(field) = found.field {
            path = path.with(field);
        }
        Err(self.diagnostics.error(
            self.object
                .finding(found.code, path, found.message)
                .label(if found.code == codes::EVALUATED_VALUE {
                    "Envoy would evaluate it, however it is escaped"
                } else {
                    "Envoy would load this and break messages at run time, or not load it"
                })
                .consequence(context.consequence)
                .help(found.help),
        ))
    }

    /// Notes values that would be evaluated if they stood in a configuration of Envoy's.
    fn report_operators(&mut self, at: &PartPath, filter: &HeaderFilter) {
        let HeaderFilter { set, add, remove: _ } = filter;
        for (list, headers) in [("set", set), ("add", add)] {
            for (index, header) in headers.iter().enumerate() {
                let Some(operator) = find_operator(&header.value) else { continue };
                let message = format!("`{operator}` in the value of `{}` is text, not an operator", header.name);
                self.diagnostics.report(
                    self.object
                        .finding(codes::LITERAL_OPERATOR, at.with(list).with(index).with("value"), message)
                        .label("values of Gateway API are literal")
                        .consequence(format!("`{}` has this text, percent signs and all", header.name))
                        .help("write the value itself; what differs from request to request cannot be set"),
                );
            }
        }
    }

    fn unknown_extension(&mut self, context: &FilterContext<'_>, reference: &LocalObjectReference) -> Reported {
        let LocalObjectReference { group, kind, name } = reference;
        self.diagnostics.error(
            self.object
                .finding(
                    codes::UNKNOWN_EXTENSION,
                    context.at.with("extensionRef"),
                    format!("gwctl does not know the extension `{group}/{kind}` named `{name}`"),
                )
                .label("a filter is never skipped")
                .consequence(context.consequence)
                .help("remove the filter, or use one of the API's own"),
        )
    }
}

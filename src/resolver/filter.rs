//! The backends that filters refer to: those of mirrors and of authorization services.

use crate::diagnostics::Diagnostics;
use crate::parser::api::{
    BackendObjectReference, ExternalAuthFilter, ExternalAuthProtocol, GrpcRouteFilter, HttpRouteFilter,
    RequestMirrorFilter,
};
use crate::parser::manifests::ObjectHead;
use crate::path;

use super::backend::{BackendIndex, BackendRefOutcome, BackendReferrer};
use super::listener::RouteKind;
use super::reference_grant::Grants;
use super::share::Lost;

/// What became of the references in the filters of a rule and of its backends.
#[derive(Clone, Debug, Default)]
pub struct FilterRefs(Vec<FilterRef>);

#[derive(Clone, Copy, Debug)]
struct FilterRef {
    backend: Option<usize>,
    filter: usize,
    speech: Speech,
    outcome: BackendRefOutcome,
}

/// What a filter sends to the backend that it refers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Speech {
    /// What the route carries.
    Route,
    /// HTTP requests.
    Http,
    /// gRPC calls.
    Grpc,
}

impl FilterRefs {
    /// The outcome of filter `filter` of the rule, or of one of its backends;
    /// `None` when the filter refers to nothing.
    pub fn get(&self, backend: Option<usize>, filter: usize) -> Option<BackendRefOutcome> {
        self.0.iter().find(|entry| entry.backend == backend && entry.filter == filter).map(|entry| entry.outcome)
    }

    /// Every outcome, with what is sent there.
    pub fn outcomes(&self) -> impl Iterator<Item = (Speech, BackendRefOutcome)> {
        self.0.iter().map(|entry| (entry.speech, entry.outcome))
    }
}

/// A reference of a filter, and what happens when it is invalid.
#[derive(Clone, Copy, Debug)]
pub(super) struct FilterReference<'f> {
    pub(super) member: &'static str,
    pub(super) target: &'f BackendObjectReference,
    pub(super) speech: Speech,
    pub(super) consequence: &'static str,
}

impl<'f> FilterReference<'f> {
    /// The reference of a mirror.
    fn mirror(filter: &'f RequestMirrorFilter) -> Self {
        let consequence = "no copies are sent; the requests themselves are served";
        Self { member: "requestMirror", target: &filter.backend_ref, speech: Speech::Route, consequence }
    }

    fn external_auth(filter: &'f ExternalAuthFilter) -> Self {
        let consequence = "nobody can be asked, so all requests that need it get 500";
        let speech = match filter.protocol {
            ExternalAuthProtocol::Http => Speech::Http,
            ExternalAuthProtocol::Grpc => Speech::Grpc,
        };
        Self { member: "externalAuth", target: &filter.backend_ref, speech, consequence }
    }

    /// The reference of a filter of an HTTPRoute.
    pub(super) fn of_http(filter: &'f HttpRouteFilter) -> Option<Self> {
        match filter {
            HttpRouteFilter::RequestMirror(filter) => Some(Self::mirror(filter)),
            HttpRouteFilter::ExternalAuth(filter) => Some(Self::external_auth(filter)),
            HttpRouteFilter::RequestHeaderModifier(_)
            | HttpRouteFilter::ResponseHeaderModifier(_)
            | HttpRouteFilter::RequestRedirect(_)
            | HttpRouteFilter::UrlRewrite(_)
            | HttpRouteFilter::Cors(_)
            | HttpRouteFilter::ExtensionRef(_) => None,
        }
    }

    /// The reference of a filter of a GRPCRoute.
    pub(super) fn of_grpc(filter: &'f GrpcRouteFilter) -> Option<Self> {
        match filter {
            GrpcRouteFilter::RequestMirror(filter) => Some(Self::mirror(filter)),
            GrpcRouteFilter::RequestHeaderModifier(_)
            | GrpcRouteFilter::ResponseHeaderModifier(_)
            | GrpcRouteFilter::ExtensionRef(_) => None,
        }
    }
}

/// Resolves the references of filters of one route.
pub(super) struct FilterResolver<'r, 'm> {
    pub(super) object: &'r ObjectHead,
    pub(super) kind: RouteKind,
    pub(super) grants: &'r Grants<'m>,
    pub(super) backends: &'r mut BackendIndex<'m>,
}

impl FilterResolver<'_, '_> {
    /// Resolves the filters of all rules: for each rule its own, and those of each of its backends.
    pub(super) fn resolve<'f, F, B>(
        &mut self,
        rules: impl Iterator<Item = (F, B)>,
        diagnostics: &mut Diagnostics,
    ) -> Vec<FilterRefs>
    where
        F: Iterator<Item = Option<FilterReference<'f>>>,
        B: Iterator<Item: Iterator<Item = Option<FilterReference<'f>>>>,
    {
        let rules = rules.enumerate().map(|(rule, (own, backends))| {
            let mut refs = FilterRefs::default();
            self.resolve_list(rule, None, own, &mut refs, diagnostics);
            for (index, filters) in backends.enumerate() {
                self.resolve_list(rule, Some(index), filters, &mut refs, diagnostics);
            }
            refs
        });
        rules.collect()
    }

    /// Resolves one list of filters of a rule, or of a backend of the rule.
    fn resolve_list<'f>(
        &mut self,
        rule: usize,
        backend: Option<usize>,
        filters: impl Iterator<Item = Option<FilterReference<'f>>>,
        refs: &mut FilterRefs,
        diagnostics: &mut Diagnostics,
    ) {
        for (index, reference) in filters.enumerate() {
            let Some(FilterReference { member, target, speech, consequence }) = reference else { continue };
            let owner = path!["spec", "rules", rule];
            let owner = match backend {
                Some(backend) => owner.with("backendRefs").with(backend),
                None => owner,
            };
            let from = BackendReferrer {
                object: self.object,
                kind: self.kind,
                path: owner.with("filters").with(index).with(member).with("backendRef"),
                lost: Lost::Told(consequence),
            };
            let outcome = self.backends.resolve(&from, target, self.grants, diagnostics);
            refs.0.push(FilterRef { backend, filter: index, speech, outcome });
        }
    }
}

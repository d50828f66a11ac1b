//! The options of listeners: what they say, and how that is laid under what rules say.
//!
//! A virtual host of Envoy's has fields of its own for some of it, and a route may override each. Here a rule has what
//! is left of it after that: the simulator and `diff` see one action. Only what a rule says itself goes before: its
//! retries whole, its CORS filter whole, the CORS of its RouteOption field by field. Changes to headers are made after
//! the rule's own.

use std::collections::HashSet;
use std::sync::Arc;

use typed_index_collections::TiVec;

use crate::diagnostics::{Diagnostics, Finding, ObjectPart, Reported, codes};
use crate::ir::{
    Action, AttemptCount, Branch, ClusterId, Cors, Forward, HeaderMutations, HttpFilters, RETRIED_BODY_BYTES,
    RequestCounter, Retry, RouteGuards, Target,
};
use crate::parser::api::{OptionCorsMerge, VirtualHostOption};
use crate::path;
use crate::resolver::{Effective, ListenerOptions, ListenerOptionsId, Resolved};

use super::super::cluster::Clusters;
use super::super::scope::Scope;
use super::super::socket::Socket;
use super::auth_switch::{self, AuthSwitch};
use super::faults::Wrong;
use super::headers::HeaderSecrets;
use super::idle_priorities;
use super::limit_told::{self, Told};
use super::part::{OwnCors, Part, Place, RuleSays, StagedTokens};
use super::processor_said::{self, ProcessingSaid};
use super::tokens::KeyServersOf;
use super::{access, cors, guards, headers, rates, retries, stats, tokens};

/// What the options of listeners say.
pub(in crate::translator::lower) type HostParts = TiVec<ListenerOptionsId, Result<HostPart, Reported>>;

/// What the options of one listener say.
#[derive(Clone, Debug, Default)]
pub(in crate::translator::lower) struct HostPart {
    request: HeaderMutations,
    response: HeaderMutations,
    retry: Option<(Retry, Option<std::time::Duration>)>,
    cors: Option<Arc<Cors>>,
    /// Whether a rule's list of headers that scripts may read is added to that of the listener.
    unites_exposed: bool,
    attempts: AttemptCount,
    guards: RouteGuards,
    auth: Option<AuthSwitch>,
    limits: Told,
    processing: ProcessingSaid,
    counters: Arc<Vec<RequestCounter>>,
}

/// Lowers the options of all listeners.
pub(in crate::translator::lower) fn lower_host_options(
    resolved: &Resolved<'_>,
    (scope, sockets): (Scope, &[Socket]),
    clusters: &mut Clusters<'_>,
    diagnostics: &mut Diagnostics,
) -> HostParts {
    let mut known = super::part::HostFields::new();
    let secrets = HeaderSecrets { index: &resolved.certificates, scope };
    let listeners = sockets.iter().flat_map(|(_, ids)| ids);
    let used: HashSet<_> = listeners.filter_map(|id| resolved.virtual_host_options.of(*id)).collect();
    let lower = |(id, set)| {
        let servers = KeyServersOf { clusters: used.contains(&id).then_some(&mut *clusters), certificate: None };
        lower_set(set, (secrets, servers), &mut known, diagnostics)
    };
    let parts = resolved.virtual_host_options.sets().map(lower).collect();
    idle_priorities::report(resolved, sockets, diagnostics);
    parts
}

fn lower_set<'m>(
    ListenerOptions { fields, failed, first: _ }: &ListenerOptions<'m, VirtualHostOption>,
    (secrets, mut servers): (HeaderSecrets<'_>, KeyServersOf<'_, '_>),
    known: &mut super::part::HostFields<'m>,
    diagnostics: &mut Diagnostics,
) -> Result<HostPart, Reported> {
    let mut failed = *failed;
    let mut host = HostPart::default();
    for option in fields {
        let key = (option.source.metadata.sort_key(), option.value.field());
        // Several listeners may have the option, each among others.
        let told = known.get(&key).copied();
        match lower_option(*option, secrets, &mut servers, &mut host) {
            Ok(notes) if told.is_none() => notes.into_iter().for_each(|note| diagnostics.report(note)),
            Ok(_) => {}
            Err(_) if told.flatten().is_some() => failed = failed.or(told.flatten()),
            Err(wrong) => {
                let proof = wrong.report(diagnostics);
                known.insert(key, Some(proof));
                failed = failed.or(Some(proof));
            }
        }
        known.entry(key).or_insert(None);
    }
    failed.map_or(Ok(host), Err)
}

/// Adds what an option says; the notes about it.
fn lower_option(
    Effective { value, source }: Effective<'_, VirtualHostOption>,
    secrets: HeaderSecrets<'_>,
    servers: &mut KeyServersOf<'_, '_>,
    host: &mut HostPart,
) -> Result<Vec<Finding>, Wrong> {
    let place = Place { source, field: value.field() };
    let part = match value.clone() {
        VirtualHostOption::Retries(retries) => retries::lower(place, &retries)?,
        VirtualHostOption::HeaderManipulation(said) => {
            let (part, unread) = headers::lower(place, said, secrets)?;
            if let Part::Headers(request, response) = part {
                (host.request, host.response) = (request, response);
            }
            return Ok(unread);
        }
        VirtualHostOption::Cors(cors) => cors::lower(place, cors)?,
        VirtualHostOption::BufferPerRoute(said) => guards::lower_body_rule(place, said)?,
        VirtualHostOption::Csrf(said) => guards::lower_origin_rule(place, said)?,
        VirtualHostOption::Extauth(said) => {
            auth_switch::check_switch(place, &said)?;
            host.auth = AuthSwitch::of(said);
            Part::Nothing
        }
        VirtualHostOption::Jwt(said) => tokens::lower_tokens(place, &said, servers)?,
        VirtualHostOption::JwtStaged(said) => tokens::lower_staged(place, &said, servers)?,
        VirtualHostOption::Ratelimit(said)
        | VirtualHostOption::RatelimitEarly(said)
        | VirtualHostOption::RatelimitRegular(said) => {
            host.limits.add(value.field(), &said);
            let part = limit_told::lower(place, &said)?;
            if matches!(part, Part::Rate(_)) && host.guards.early_rate.is_some() {
                return Err(limit_told::report_two_limits(place).into());
            }
            part
        }
        VirtualHostOption::ExtProc(said)
        | VirtualHostOption::ExtProcEarly(said)
        | VirtualHostOption::ExtProcLate(said) => {
            host.processing.add(place, &said);
            processor_said::lower(place, &said)?
        }
        VirtualHostOption::Rbac(said) => access::lower_access(place, &said)?,
        VirtualHostOption::CorsPolicyMergeSettings(OptionCorsMerge { expose_headers }) => {
            host.unites_exposed = expose_headers.as_ref().is_some_and(|way| matches!(way.0.as_str(), "UNION" | "1"));
            Part::Nothing
        }
        VirtualHostOption::IncludeRequestAttemptCount(is_set) => {
            host.attempts.to_backends = is_set;
            Part::Nothing
        }
        VirtualHostOption::IncludeAttemptCountInResponse(is_set) => {
            host.attempts.to_clients = is_set;
            Part::Nothing
        }
        VirtualHostOption::Stats(said) => {
            host.counters = Arc::new(stats::lower(place, said)?);
            Part::Nothing
        }
        // The resolver hands on none of the others.
        other => {
            let message = format!("`{}` is not translated", other.field());
            let help = "this is a fault of gwctl: please report it with the manifest";
            return Err(place.refuse(&path![], message, help).into());
        }
    };
    match part {
        Part::Retry(retry, per_try) => {
            host.retry = Some((retry, per_try));
            return Ok(vec![note_retried_bodies(place)]);
        }
        Part::Cors(cors) => host.cors = cors,
        Part::Rate(bucket) => host.guards.early_rate = Some(rates::of_host(bucket)),
        Part::Body(rule) => host.guards.body = Some(rule),
        Part::Origins(rule) => host.guards.origins = Some(rule),
        Part::Tokens(StagedTokens { early, late }) => (host.guards.early_tokens, host.guards.tokens) = (early, late),
        Part::Access(rule) => host.guards.access = Some(rule),
        // None of the options above is any of the others.
        _ => {}
    }
    Ok(Vec::new())
}

/// Says up to which body a request is tried again.
fn note_retried_bodies(place: Place<'_>) -> Finding {
    let limit = RETRIED_BODY_BYTES / (1024 * 1024);
    let at = ObjectPart::Whole.at(&path!["spec", "options", place.field]);
    let message = format!("a request is tried again when its body has {limit} MiB at most");
    let consequence =
        format!("requests with a body above {limit} MiB are sent once, and a failure is the client's to see");
    let finding = place.source.finding(codes::RETRIED_BODY_LIMIT, at, message).consequence(consequence);
    finding.help("let clients repeat large uploads, or split them")
}

/// What a rule does where a listener has options. `retried` is told of every cluster that requests may be sent to again.
pub(in crate::translator::lower) fn lay_under(
    host: Result<&HostPart, Reported>,
    says: RuleSays,
    action: Arc<Action>,
    retried: &mut impl FnMut(ClusterId),
) -> Arc<Action> {
    match host {
        Ok(host) => Arc::new(host.under(says, Arc::unwrap_or_clone(action), retried)),
        Err(_) => Arc::new(Action::Respond(says.failure)),
    }
}

impl HostPart {
    /// What is counted of requests.
    pub(in crate::translator::lower) fn counters(&self) -> Arc<Vec<RequestCounter>> {
        Arc::clone(&self.counters)
    }

    /// Whether a server is asked about requests.
    pub(in crate::translator::lower) fn auth(&self) -> Option<&AuthSwitch> {
        self.auth.as_ref()
    }

    /// What a server is told of requests.
    pub(in crate::translator::lower) fn limits(&self) -> &Told {
        &self.limits
    }

    /// What is said of servers that requests are handed to.
    pub(in crate::translator::lower) fn processing(&self) -> &ProcessingSaid {
        &self.processing
    }

    fn under(&self, says: RuleSays, action: Action, retried: &mut impl FnMut(ClusterId)) -> Action {
        match action {
            Action::Forward(forward) => Action::Forward(self.under_forward(says, forward, retried)),
            Action::Redirect(mut redirect) => {
                redirect.response_headers.lay_over(&self.response);
                redirect.http_filters = self.under_filters(says, redirect.http_filters.into_inner()).into();
                Action::Redirect(redirect)
            }
            Action::DirectResponse(mut response) => {
                response.response_headers.lay_over(&self.response);
                response.http_filters = self.under_filters(says, response.http_filters.into_inner()).into();
                Action::DirectResponse(response)
            }
            Action::Respond(status) => Action::Respond(status),
            Action::Split(branches) => {
                let branches = branches.into_iter().map(|Branch { weight, action, origin }| Branch {
                    weight,
                    action: self.under(says, action, retried),
                    origin,
                });
                Action::Split(branches.collect())
            }
        }
    }

    fn under_forward(&self, says: RuleSays, mut forward: Forward, retried: &mut impl FnMut(ClusterId)) -> Forward {
        forward.attempts = self.attempts;
        forward.http_filters = self.under_filters(says, forward.http_filters.into_inner()).into();
        if let Some((retry, per_try)) = self.retry.as_ref().filter(|_| !says.retry) {
            forward.retry = Some(Box::new(retry.clone()));
            forward.timeouts.per_try = per_try.or(forward.timeouts.per_try);
            let targets = forward.backends.iter().filter_map(|backend| match backend.target {
                Target::Cluster(id) => Some(id),
                Target::Invalid(_) => None,
            });
            targets.for_each(retried);
        }
        // What stands on the entries of a list stands there in place of the list's.
        let on_entries = forward.backends.iter().any(|backend| !backend.request_headers.0.is_empty());
        for backend in forward.backends.iter_mut().filter(|_| on_entries) {
            backend.request_headers.lay_over(&self.request);
        }
        if !on_entries {
            forward.request_headers.lay_over(&self.request);
        }
        let on_entries = forward.backends.iter().any(|backend| !backend.response_headers.0.is_empty());
        for backend in forward.backends.iter_mut().filter(|_| on_entries) {
            backend.response_headers.lay_over(&self.response);
        }
        if !on_entries {
            forward.response_headers.lay_over(&self.response);
        }
        forward
    }

    fn under_filters(&self, says: RuleSays, mut filters: HttpFilters) -> HttpFilters {
        let guards = &mut filters.guards;
        // Who counts requests, and who gets them, is laid under afterwards: it needs the server.
        let RouteGuards {
            body,
            origins,
            early_tokens,
            keys,
            passwords,
            sign_in,
            tokens,
            early_rate,
            rate: _,
            early_limits: _,
            limits: _,
            processors: _,
            scripts: _,
            access,
        } = self.guards.clone();
        guards.body = guards.body.or(body);
        guards.origins = guards.origins.take().or(origins);
        guards.early_tokens = guards.early_tokens.take().or(early_tokens);
        guards.keys = guards.keys.take().or(keys);
        guards.passwords = guards.passwords.take().or(passwords);
        guards.sign_in = guards.sign_in.take().or(sign_in);
        guards.tokens = guards.tokens.take().or(tokens);
        guards.early_rate = guards.early_rate.take().or(early_rate);
        guards.access = guards.access.take().or(access);
        let Some(host) = &self.cors else { return filters };
        filters.cors = match (says.cors, filters.cors) {
            (OwnCors::Nothing, _) => Some(host.clone()),
            (OwnCors::Fields, Some(own)) => Some(Arc::new(self.filled(Arc::unwrap_or_clone(own), host))),
            (OwnCors::Whole | OwnCors::Fields, own) => own,
        };
        filters
    }

    /// The rule's, with the listener's in place of what the rule leaves out.
    fn filled(&self, own: Cors, host: &Cors) -> Cors {
        let Cors { origins, methods, headers, exposed_headers, credentials, max_age } = own;
        let list = |own: Vec<String>, host: &Vec<String>| if own.is_empty() { host.clone() } else { own };
        let mut exposed = list(exposed_headers, &host.exposed_headers);
        if self.unites_exposed {
            let more = host.exposed_headers.iter().filter(|name| !exposed.contains(name)).cloned().collect::<Vec<_>>();
            exposed.extend(more);
        }
        Cors {
            origins,
            methods: list(methods, &host.methods),
            headers: list(headers, &host.headers),
            exposed_headers: exposed,
            credentials: credentials || host.credentials,
            max_age: max_age.or(host.max_age),
        }
    }
}

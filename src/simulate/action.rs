//! What a route does to a request: every outcome with its share.

use std::borrow::Cow;

use crate::ir::{
    self, AbortStatus, Action, AuthId, Branch, ClusterId, Config, Forward, HostRewrite, HttpProfile, Mirror, PathMatch,
    ProcessorPlace, ROUTER_ORDERS, Route, Target, VirtualHost, WeightedBackend,
};

use super::access::{ToldHeaders, identify, permit};
use super::admitted::Admitted;
use super::authorization::{Authority, ask};
use super::claim::Known;
use super::compression::Compressing;
use super::cors::preflight;
use super::cors_headers::CorsHeaders;
use super::credentials::authenticate;
use super::decision::{Answer, Copied, LocalReply, Outcome, Reason, Upstream};
use super::direct_response::direct_response;
use super::guard::{kept_out_by_rule, refusal, unanswerable, unanswered, unprocessed};
use super::hash::given_cookies;
use super::header::{ATTEMPT_COUNT, GRPC_STATUS, Mutate, apply, decides, line, set};
use super::path::split_query;
use super::rate::over_rate;
use super::redirect::redirect;
use super::rewrite::{rewrite, substitute};
use super::rewritten::Message;
use super::session::{SessionStart, choices, home, is_lost};
use super::share::Share;
use super::sign_in;
use super::web_call::WebCall;

/// What decides beside a route whether its requests pass.
#[derive(Clone, Copy)]
pub(super) struct Askers<'a> {
    /// Who speaks for services.
    pub(super) authority: &'a Authority<'a>,
    /// The headers that tokens are told in.
    pub(super) told: &'a ToldHeaders<'a>,
}

/// What clients are told where a backend may have no request.
const OVERFLOW: &str = "upstream connect error or disconnect/reset before headers. reset reason: overflow";

/// The outcomes of a route.
pub(super) fn act<'c>(
    config: &'c Config,
    host: &'c VirtualHost,
    route: &'c Route,
    request: &Admitted,
    askers: Askers<'_>,
) -> Vec<Outcome<'c>> {
    if let Some(reply) = preflight(&route.action, request) {
        let mut guards = route.action.leaves().map(|leaf| leaf.http_filters().map(|own| &own.guards));
        return only(guards.find_map(|guards| unanswerable(config, guards)).unwrap_or(reply));
    }
    let Action::Split(branches) = &*route.action else {
        return act_alone(config, (host, route), &route.action, request, askers);
    };
    let leads_back =
        |branch: &&Branch| matches!(&branch.action, Action::Forward(leaf) if home(config, leaf, request).is_some());
    if let Some(branch) = branches.iter().find(leads_back) {
        return act_alone(config, (host, route), &branch.action, request, askers);
    }
    let sum = branches.iter().map(|branch| u128::from(branch.weight)).sum();
    let drawn = branches.iter().filter(|branch| branch.weight > 0);
    let outcomes = drawn.flat_map(|branch| {
        let share = Share::new(u128::from(branch.weight), sum);
        let parts = act_alone(config, (host, route), &branch.action, request, askers).into_iter();
        parts.map(move |part| Outcome { share: part.share * share, backend: Some(branch.origin), ..part })
    });
    outcomes.collect()
}

/// The outcomes of an action that is no split.
fn act_alone<'c>(
    config: &'c Config,
    (host, route): (&'c VirtualHost, &'c Route),
    action: &'c Action,
    request: &Admitted,
    Askers { authority, told }: Askers<'_>,
) -> Vec<Outcome<'c>> {
    let auths = action.http_filters().map_or(&[][..], |http_filters| http_filters.auths.as_slice());
    let guards = action.http_filters().map(|own| &own.guards);
    let mut request = Cow::Borrowed(request);
    let mut known = Known::new();
    let silent = unprocessed(config, (guards, ProcessorPlace::BeforeAuthorization), &request);
    if let Some(reply) = silent.or_else(|| unanswerable(config, guards)) {
        return refuse(config, action, &reply, &request);
    }
    let early = guards.and_then(|guards| guards.early_tokens.as_ref());
    if let Err(reply) = identify((early, &told.early), &mut known, &mut request) {
        return refuse(config, action, &reply, &request);
    }
    let early = guards.and_then(|guards| over_rate(guards.early_rate.as_deref(), &request));
    if let Some(reply) = early.or_else(|| guards.and_then(|own| unanswered(config, own.early_limits.as_deref()))) {
        return refuse(config, action, &reply, &request);
    }
    if !auths.is_empty() {
        match ask(config, auths, &request, authority) {
            Ok(permitted) => request = Cow::Owned(permitted),
            Err(reply) => return of_asked(auths, refuse(config, action, &reply, &request)),
        }
    }
    let passed = guards.map_or(Ok(()), |guards| authenticate(guards, &mut request));
    let late = guards.and_then(|guards| guards.tokens.as_ref());
    let passed = passed.and_then(|()| guards.map_or(Ok(()), |guards| sign_in::require(guards, &request)));
    let passed = passed.and_then(|()| identify((late, &told.late), &mut known, &mut request));
    let passed = passed.and_then(|()| guards.map_or(Ok(()), |guards| permit(guards, &known, &request)));
    if let Err(reply) = passed {
        return of_asked(auths, refuse(config, action, &reply, &request));
    }
    let outcomes = match request.web_call {
        None => act_permitted(config, (host, route), action, &request),
        Some(call) => {
            WebCall::make_call(&mut request.to_mut().headers);
            let mut outcomes = act_permitted(config, (host, route), action, &request);
            for outcome in &mut outcomes {
                if let Answer::Local(reply) = &mut outcome.answer {
                    *reply = reply.clone().of_web_call(call);
                }
            }
            outcomes
        }
    };
    of_asked(auths, outcomes)
}

/// The outcomes of a request about which these were asked.
fn of_asked<'c>(auths: &'c [AuthId], outcomes: Vec<Outcome<'c>>) -> Vec<Outcome<'c>> {
    outcomes.into_iter().map(|outcome| Outcome { asked: auths, ..outcome }).collect()
}

/// The outcomes of a request that may pass as far as anybody is asked for authorization.
fn act_permitted<'c>(
    config: &'c Config,
    (host, route): (&'c VirtualHost, &'c Route),
    action: &'c Action,
    request: &Admitted,
) -> Vec<Outcome<'c>> {
    let guards = action.http_filters().map(|own| &own.guards);
    let unprocessed = |place| unprocessed(config, (guards, place), request);
    let silent = unprocessed(ProcessorPlace::BehindAuthorization);
    let over = || guards.and_then(|guards| over_rate(guards.rate.as_deref(), request));
    let uncounted = || guards.and_then(|guards| unanswered(config, guards.limits.as_deref()));
    if let Some(reply) = silent.or_else(over).or_else(uncounted) {
        return refuse(config, action, &reply, request);
    }
    let kept_out = action.http_filters().map_or(request.kept_out, |own| kept_out_by_rule(&own.guards, request));
    if let Some(reply) = refusal(kept_out).or_else(|| unprocessed(ProcessorPlace::Last)) {
        return refuse(config, action, &reply, request);
    }
    match action {
        Action::Respond(status) => only(LocalReply::new(*status, Reason::Respond)),
        Action::DirectResponse(response) => only(direct_response(response, request)),
        Action::Redirect(action) => only(redirect(action, (&host.hostname, &route.matches.path), request)),
        Action::Forward(action) => forward(config, (action, &route.matches.path), request),
        // A split has no split among its branches.
        Action::Split(_) => Vec::new(),
    }
}

/// The answer to a request that may not pass, with what the rule does to every response of its backends, and what is done to
/// those of the one that was drawn: Envoy draws it with the rule.
fn refuse<'c>(config: &'c Config, action: &'c Action, reply: &LocalReply, request: &Admitted) -> Vec<Outcome<'c>> {
    match action {
        Action::Forward(forward) => {
            let cors_headers = forward.http_filters.cors.as_ref().map(|cors| CorsHeaders::of(cors, request));
            of_drawn(config, forward, request, |changes| refusal_of(reply, changes, cors_headers.as_ref()))
        }
        Action::Redirect(redirect) => {
            let ir::Redirect { response_headers, http_filters, .. } = &**redirect;
            let cors_headers = http_filters.cors.as_ref().map(|cors| CorsHeaders::of(cors, request));
            // These changes are made by a filter of their own, behind whoever refuses.
            only(with_headers(reply.clone(), &[Mutate(response_headers)], cors_headers.as_ref()))
        }
        Action::DirectResponse(response) => {
            let ir::DirectResponse { response_headers, http_filters, .. } = &**response;
            let cors_headers = http_filters.cors.as_ref().map(|cors| CorsHeaders::of(cors, request));
            only(with_headers(reply.clone(), &[Mutate(response_headers)], cors_headers.as_ref()))
        }
        Action::Respond(_) | Action::Split(_) => only(reply.clone()),
    }
}

/// What a service says of its own answer goes over what the rule says.
fn refusal_of(reply: &LocalReply, changes: &[Mutate<'_>], cors_headers: Option<&CorsHeaders>) -> LocalReply {
    let mut reply = reply.clone();
    let is_over = reply.reason == Reason::Unauthorized;
    let own = if is_over { std::mem::take(&mut reply.headers) } else { Vec::new() };
    let mut reply = with_headers(reply, changes, cors_headers);
    reply.headers.retain(|(name, _)| !own.iter().any(|(other, _)| other == name));
    reply.headers.extend(own);
    reply
}

/// An answer that no backend gives, for each backend that may have been drawn: as what is done to its responses changes it.
fn of_drawn<'c>(
    config: &'c Config,
    forward: &'c Forward,
    request: &Admitted,
    answer: impl Fn(&[Mutate<'_>]) -> LocalReply,
) -> Vec<Outcome<'c>> {
    let drawn = choices(config, forward, request);
    let sum: u128 = drawn.iter().map(|backend| u128::from(backend.weight)).sum();
    let equals = drawn.len() as u128;
    let answers = drawn.into_iter().map(|backend| {
        let share = if sum == 0 { Share::new(1, equals) } else { Share::new(u128::from(backend.weight), sum) };
        let changes = [Mutate(&backend.response_headers), Mutate(&forward.response_headers)];
        Outcome { share, backend: None, asked: &[], answer: Answer::Local(answer(&changes)) }
    });
    joined(answers.collect())
}

/// One outcome where all are alike.
fn joined(outcomes: Vec<Outcome<'_>>) -> Vec<Outcome<'_>> {
    match outcomes.as_slice() {
        [first, rest @ ..] if rest.iter().all(|other| other.answer == first.answer) => {
            vec![Outcome { share: Share::ALL, ..first.clone() }]
        }
        _ => outcomes,
    }
}

/// An answer that is given before any filter sees the request, as it is changed by what a rule does to the responses
/// of its backends.
pub(super) fn answer_early<'c>(
    config: &'c Config,
    action: &'c Action,
    request: &Admitted,
    reply: &LocalReply,
) -> Vec<Outcome<'c>> {
    let guards = action.http_filters().map(|own| &own.guards);
    let silent = unanswerable(config, guards);
    let reply = silent.as_ref().unwrap_or(reply);
    let outcomes: Vec<Outcome<'_>> = match action {
        Action::Respond(_) | Action::DirectResponse(_) | Action::Redirect(_) => only(reply.clone()),
        Action::Split(branches) => {
            let sum = branches.iter().map(|branch| u128::from(branch.weight)).sum();
            let drawn = branches.iter().filter(|branch| branch.weight > 0);
            let parts = drawn.flat_map(|branch| {
                let share = Share::new(u128::from(branch.weight), sum);
                let parts = answer_early(config, &branch.action, request, reply).into_iter();
                parts.map(move |part| Outcome { share: part.share * share, ..part })
            });
            parts.collect()
        }
        Action::Forward(forward) => {
            of_drawn(config, forward, request, |changes| with_headers(reply.clone(), changes, None))
        }
    };
    joined(outcomes)
}

fn only<'c>(reply: LocalReply) -> Vec<Outcome<'c>> {
    vec![Outcome { share: Share::ALL, backend: None, asked: &[], answer: Answer::Local(reply) }]
}

/// Each backend with its share, once for every set of mirrors.
fn forward<'c>(config: &'c Config, (action, taken): (&'c Forward, &PathMatch), request: &Admitted) -> Vec<Outcome<'c>> {
    let drawn = choices(config, action, request);
    let sum: u128 = drawn.iter().map(|backend| u128::from(backend.weight)).sum();
    let (equals, copies) = (drawn.len() as u128, copies(&action.mirrors));
    let abort = action.fault.as_deref().and_then(|fault| fault.abort).filter(|(share, _)| share.parts() > 0);
    let outcomes = drawn.into_iter().flat_map(|backend| {
        // A backend without new sessions keeps its old ones.
        let share = if sum == 0 { Share::new(1, equals) } else { Share::new(u128::from(backend.weight), sum) };
        let answer = send(config, (action, taken), backend, request);
        let aborted = abort.filter(|_| matches!(backend.target, Target::Cluster(_))).map(|(part, status)| Outcome {
            share: Share::new(u128::from(part.parts()), u128::from(ir::Share::PARTS)) * share,
            backend: Some(backend.origin),
            asked: &[],
            answer: Answer::Local(break_off(action, backend, status, request)),
        });
        let left =
            aborted.as_ref().map_or(ir::Share::PARTS, |_| ir::Share::PARTS - abort.map_or(0, |(part, _)| part.parts()));
        let share = Share::new(u128::from(left), u128::from(ir::Share::PARTS)) * share;
        let served = copies.iter().filter(move |_| left > 0).map(move |(part, mirrors)| {
            let mut answer = answer.clone();
            if let Answer::Upstream(upstream) = &mut answer {
                upstream.copies = mirrors.iter().map(|mirror| Copied::of(mirror, &upstream.host)).collect();
            }
            Outcome { share: *part * share, backend: Some(backend.origin), asked: &[], answer }
        });
        aborted.into_iter().chain(served)
    });
    outcomes.collect()
}

/// The answer to a request that is broken off on purpose.
fn break_off(action: &Forward, backend: &WeightedBackend, status: AbortStatus, request: &Admitted) -> LocalReply {
    let cors_headers = action.http_filters.cors.as_ref().map(|cors| CorsHeaders::of(cors, request));
    let response = [Mutate(&backend.response_headers), Mutate(&action.response_headers)];
    let mut reply = LocalReply::new(status.of_response(), Reason::Fault).with_body("fault filter abort");
    if let AbortStatus::Grpc(status) = status
        && request.is_grpc
    {
        reply.headers.push((GRPC_STATUS.to_owned(), status.to_string()));
    }
    with_headers(reply, &response, cors_headers.as_ref())
}

/// Who gets a copy of which share: the requests of a smaller mirror are among those of a larger one.
fn copies(mirrors: &[Mirror]) -> Vec<(Share, Vec<&Mirror>)> {
    let mut ends: Vec<ir::Share> = mirrors.iter().map(|mirror| mirror.share).chain([ir::Share::ALL]).collect();
    ends.sort_unstable();
    ends.dedup();
    let mut before = 0;
    let slices = ends.into_iter().map(|end| {
        let share = Share::new(u128::from(end.parts() - before), u128::from(ir::Share::PARTS));
        before = end.parts();
        let receivers = mirrors.iter().filter(|mirror| mirror.share >= end);
        (share, receivers.collect())
    });
    slices.collect()
}

fn send<'c>(
    config: &'c Config,
    (action, taken): (&'c Forward, &PathMatch),
    backend: &'c WeightedBackend,
    request: &Admitted,
) -> Answer<'c> {
    // Time and failures decide about limits and further tries.
    let Forward {
        backends: _,
        http_filters,
        request_headers,
        response_headers,
        path_rewrite,
        host_rewrite,
        tells_host,
        // Whoever is broken off does not get here.
        fault: _,
        bandwidth: _,
        timeouts: _,
        retry: _,
        attempts,
        // Looked at before.
        upgrades: _,
        metadata: _,
        // Clients are told the name last of all.
        tracing: _,
        mirrors: _,
        // An endpoint is chosen by whoever runs; the client is told.
        hash,
        // Of all that a request may have each backend gets its share.
        draws_by_hash: _,
        session,
    } = action;
    let WeightedBackend {
        weight: _,
        target,
        request_headers: own,
        response_headers: own_response,
        host_rewrite: own_host,
        selector: _,
        origin: _,
    } = backend;
    let cors_headers = http_filters.cors.as_ref().map(|cors| CorsHeaders::of(cors, request));
    // Envoy runs the changes of the entry before those of the route.
    let response = vec![Mutate(own_response), Mutate(response_headers)];
    let cluster = match target {
        Target::Cluster(id) => *id,
        Target::Invalid(status) => {
            let reply = LocalReply::new(*status, Reason::InvalidBackend).with_body("fault filter abort");
            return Answer::Local(with_headers(reply, &response, cors_headers.as_ref()));
        }
    };
    if config.cluster(cluster).is_empty() {
        let reply = LocalReply::new(503, Reason::NoEndpoint).with_body("no healthy upstream");
        return Answer::Local(with_headers(reply, &response, cors_headers.as_ref()));
    }
    if config.cluster(cluster).settings.limits.take_none() {
        let mut reply = LocalReply::new(503, Reason::NoRoom).with_body(OVERFLOW);
        if !request.is_silent {
            reply.headers.push(("x-envoy-overloaded".to_owned(), "true".to_owned()));
        }
        return Answer::Local(with_headers(reply, &response, cors_headers.as_ref()));
    }
    if session.as_deref().is_some_and(|session| is_lost(session, &config.cluster(cluster).endpoints, request)) {
        let reply = LocalReply::new(503, Reason::NoEndpoint).with_body("no healthy upstream");
        return Answer::Local(with_headers(reply, &response, cors_headers.as_ref()));
    }
    let mut headers = request.headers.clone();
    let mut generated = request.generated.clone();
    if request.hides_encodings {
        headers.retain(|(name, _)| name != "accept-encoding");
    }
    let tells_original = request.profile == HttpProfile::Edge && !request.is_silent;
    if attempts.to_backends {
        set(&mut headers, ATTEMPT_COUNT, "1");
    }
    for mutations in [own, request_headers] {
        apply(mutations, &mut headers, Message::Request);
        generated.retain(|name| !decides(mutations, name));
    }
    headers.retain(|(name, _)| !generated.contains(&name.as_str()) && !ROUTER_ORDERS.contains(&name.as_str()));
    let mut host = request.authority.clone();
    // An entry's host is set before the route's, and what it replaces is told to nobody.
    if let Some(other) = own_host {
        host.clone_from(other);
    }
    if let Some(other) = host_rewrite.as_deref().and_then(|other| other_host(config, cluster, other, request)) {
        if tells_original {
            set(&mut headers, "x-envoy-original-host", &host);
        }
        if *tells_host {
            let before = line(&headers, "x-forwarded-host").map(|before| format!("{before},")).unwrap_or_default();
            set(&mut headers, "x-forwarded-host", &format!("{before}{host}"));
        }
        host = other;
    }
    // A tunnel is asked for by host and port alone.
    let is_tunnel = request.target.is_empty();
    let mut path = if is_tunnel { request.authority.clone() } else { request.target.clone() };
    if let Some(rewritten) =
        path_rewrite.as_deref().filter(|_| !is_tunnel).and_then(|action| rewrite(action, taken, &request.target))
    {
        if tells_original {
            set(&mut headers, "x-envoy-original-path", &request.target);
        }
        path = rewritten;
    }
    Answer::Upstream(Upstream {
        cluster,
        method: request.method.clone(),
        path,
        host,
        headers,
        generated,
        tells_time: request.profile == HttpProfile::Edge && !request.is_silent,
        response,
        compressing: Compressing::default(),
        web_call: request.web_call,
        given: given_cookies(config, cluster, hash, request),
        counts_attempts: attempts.to_clients,
        copies: Vec::new(),
        told: None,
        span: None,
        cors_headers,
        session: session.as_ref().and_then(|session| SessionStart::new(session, backend, request)),
    })
}

/// The host that a backend sees; `None` for the one that was asked for.
fn other_host(config: &Config, cluster: ClusterId, rewrite: &HostRewrite, request: &Admitted) -> Option<String> {
    match rewrite {
        HostRewrite::Literal(host) => Some(host.clone()),
        // What leads into a tunnel has no name.
        HostRewrite::Endpoint if config.cluster(cluster).settings.tunnel.is_some() => None,
        HostRewrite::Endpoint => match &config.cluster(cluster).endpoints {
            ir::Endpoints::Dns(names) => names.first().map(|(name, _)| name.clone()),
            ir::Endpoints::Static(_) | ir::Endpoints::File(_) => config.cluster(cluster).hostname.clone(),
        },
        HostRewrite::Header(name) => line(&request.headers, name).filter(|host| !host.is_empty()).map(str::to_owned),
        HostRewrite::Path(substitution) => {
            // What comes out empty replaces nothing (seen at Envoy 1.40).
            Some(substitute(substitution, split_query(&request.target).0)).filter(|host| !host.is_empty())
        }
    }
}

fn with_headers(mut reply: LocalReply, response: &[Mutate<'_>], cors_headers: Option<&CorsHeaders>) -> LocalReply {
    response.iter().for_each(|mutate| mutate.apply(&mut reply.headers));
    if let Some(cors_headers) = cors_headers {
        cors_headers.set_in(&mut reply.headers);
    }
    reply
}

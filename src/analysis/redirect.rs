//! Redirects that lead back to where they come from.
//!
//! A request for each redirecting rule is followed through the configuration
//! as a client follows it, until something else answers.

use std::collections::HashSet;

use crate::diagnostics::{Diagnostics, Omission, codes};
use crate::ir::{Action, Config, Origin, RouteName};
use crate::port::Port;
use crate::simulate::{Answer, Closed, Connection, Decision, Outcome, Reason, Request, Security, Simulator};

use super::objects::Objects;
use super::reach::{RuleKey, hosts, rule_key};
use super::subject::{HttpRule, Verdict};
use super::witness::Witnesses;

/// How many redirects clients follow: the limit of browsers
/// ([Fetch](https://fetch.spec.whatwg.org/#http-redirect-fetch)).
const MOST_REDIRECTS: usize = 20;

/// Reports each redirecting match that no client gets out of, but for those that are told already. The result says of a rule whether its redirects could be
/// followed, were there any: one whose rule answers with an error could not.
pub(super) fn report<'c>(
    config: &'c Config,
    (objects, witnesses): (&Objects<'_>, &Witnesses<'c>),
    told: &mut HashSet<RouteName>,
    diagnostics: &mut Diagnostics,
) -> impl FnMut(&HttpRule<'_, '_>) -> Verdict + use<'c> {
    let mut unfollowed: HashSet<RuleKey<'c>> = HashSet::new();
    let mut failed: HashSet<RuleKey<'c>> = HashSet::new();
    let mut seen: HashSet<Origin> = HashSet::new();
    for at in hosts(config) {
        let simulator = witnesses.simulator(at.listener);
        let failing = at.host.routes.iter().filter(|route| matches!(&*route.action, Action::Respond(_)));
        failed.extend(failing.map(|route| rule_key(route)));
        for route in at.host.routes.iter().filter(|route| matches!(&*route.action, Action::Redirect(_))) {
            if seen.contains(&route.origin) || told.contains(&route.name) {
                continue;
            }
            let Some(simulator) = simulator else {
                unfollowed.insert(rule_key(route));
                continue;
            };
            let witness = simulator.witness(at.listener, at.chain, at.host, route);
            let stays = |host: &str| witnesses.stays(at.listener, host);
            let first = witnesses.asked(at.listener, witness.request);
            let Some(circle) = witness.is_taken.then(|| follow(first, route.origin, simulator, &stays)).flatten()
            else {
                continue;
            };
            seen.insert(route.origin);
            told.insert(route.name.clone());
            let Circle { request, hops } = circle;
            let decision = simulator.decide(&request);
            let message = match hops {
                Some(1) => "the redirect leads to the very URL that it answers".to_owned(),
                Some(hops) => format!("the redirect leads back to the same URL after {hops} hops"),
                None => format!("the redirect leads to itself again and again, {MOST_REDIRECTS} times and more"),
            };
            let Some(finding) = objects.finding(codes::REDIRECT_LOOP, route.origin, true, message) else { continue };
            diagnostics.report(
                finding
                    .label("clients that follow it never arrive")
                    .consequence("browsers give up with an error: too many redirects")
                    .help(witnesses.way_out())
                    .witness(witnesses.witness(at.listener, &request, &decision)),
            );
        }
    }
    move |rule| {
        let key = rule.key();
        let is_lost = failed.contains(&key) && rule.is_redirect();
        Verdict::or(!is_lost && !unfollowed.contains(&key), Omission::NotFollowed)
    }
}

/// A request that leads back to its route.
struct Circle {
    request: Request,
    /// After how many hops the same URL comes again; `None` when each URL is a new one.
    hops: Option<usize>,
}

/// Follows a request of the route `origin` as a client does, to hosts by which it gets to the same place.
fn follow(first: Request, origin: Origin, simulator: &Simulator<'_>, stays: &dyn Fn(&str) -> bool) -> Option<Circle> {
    let mut visited: Vec<Request> = Vec::new();
    let mut request = first.clone();
    let mut taken_by = Some(origin);
    while visited.len() < MOST_REDIRECTS {
        let decision = simulator.decide(&request);
        taken_by = decision.route.map(|route| route.origin);
        let next = next(&request, &decision).filter(|next| next.authority.as_deref().is_some_and(stays))?;
        let next = with_certificate(next, simulator);
        if let Some(place) = visited.iter().position(|before| *before == request) {
            return circle(&visited[place..], origin, simulator);
        }
        visited.push(request);
        request = next;
    }
    (taken_by == Some(origin)).then_some(Circle { request: first, hops: None })
}

/// The request of a circle that the route itself takes.
fn circle(requests: &[Request], origin: Origin, simulator: &Simulator<'_>) -> Option<Circle> {
    let is_own = |request: &&Request| simulator.decide(request).route.is_some_and(|route| route.origin == origin);
    let request = requests.iter().find(is_own)?.clone();
    Some(Circle { request, hops: Some(requests.len()) })
}

/// The request as the clients send it that a listener asks for: with a certificate where it demands one.
fn with_certificate(request: Request, simulator: &Simulator<'_>) -> Request {
    let is_refused = |outcome: &Outcome<'_>| matches!(outcome.answer, Answer::Closed(Closed::NoCertificate));
    let Security::Tls { server_name, certificate: false } = &request.connection.security else { return request };
    if !simulator.decide(&request).outcomes.iter().any(is_refused) {
        return request;
    }
    let security = Security::Tls { server_name: server_name.clone(), certificate: true };
    Request { connection: Connection { security, ..request.connection.clone() }, ..request }
}

/// The request that a client makes of a redirect.
fn next(request: &Request, decision: &Decision<'_>) -> Option<Request> {
    let reply = decision.only_reply().filter(|reply| reply.reason == Reason::Redirect)?;
    let location = reply.header_lines("location").next()?;
    let (scheme, rest) = location.split_once("://")?;
    let (authority, target) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) => (host, Some(port.parse().ok()?)),
        None => (authority, None),
    };
    let (security, well_known) = match scheme {
        "https" => (Security::Tls { server_name: Some(host.to_owned()), certificate: false }, Port::HTTPS),
        _ => (Security::Plain, Port::HTTP),
    };
    let connection = Connection { address: request.connection.address, port: port.unwrap_or(well_known), security };
    let target = if target.is_empty() { "/" } else { target };
    Some(Request { connection, authority: Some(host.to_owned()), target: target.to_owned(), ..request.clone() })
}

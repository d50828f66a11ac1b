//! What a route does to a request: every outcome with its share.

use std::borrow::Cow;

use crate::ir::{Action, Cluster, ClusterId, Config, Endpoints, Forward, Route, Target, VirtualHost, WeightedBackend};

use super::decision::{Answer, LocalReply, Outcome, Reason, Upstream};
use super::header::{GENERATED, Mutate, apply, decides};
use super::http::Admitted;
use super::redirect::redirect;
use super::rewrite::rewrite;
use super::share::Share;

/// The outcomes of a route.
pub(super) fn act<'c>(
    config: &'c Config,
    host: &'c VirtualHost,
    route: &'c Route,
    request: &Admitted,
) -> Vec<Outcome<'c>> {
    match &*route.action {
        Action::Respond(status) => only(LocalReply::new(*status, Reason::Respond)),
        Action::Redirect(action) => only(redirect(action, &host.hostname, request)),
        Action::Forward(action) => forward(config, action, request),
    }
}

fn only<'c>(reply: LocalReply) -> Vec<Outcome<'c>> {
    vec![Outcome { share: Share::ALL, backend: None, answer: Answer::Local(reply) }]
}

fn forward<'c>(config: &'c Config, action: &'c Forward, request: &Admitted) -> Vec<Outcome<'c>> {
    let sum = action.backends.iter().map(|backend| u128::from(backend.weight)).sum();
    let outcomes = action.backends.iter().filter(|backend| backend.weight > 0).map(|backend| Outcome {
        share: Share::new(u128::from(backend.weight), sum),
        backend: Some(backend.origin),
        answer: send(config, action, backend, request),
    });
    outcomes.collect()
}

/// The endpoints of a cluster, in words.
pub(super) fn weigh(config: &Config, id: ClusterId) -> Cow<'static, str> {
    let Cluster { backend: _, protocol: _, tls: _, variant: _, endpoints, origin: _ } = config.cluster(id);
    match endpoints {
        Endpoints::Static(addresses) if addresses.is_empty() => Cow::Borrowed(""),
        Endpoints::Static(addresses) => {
            Cow::Owned(addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "))
        }
        Endpoints::Dns(names) => {
            Cow::Owned(names.iter().map(|(name, port)| format!("{name}:{port}")).collect::<Vec<_>>().join(", "))
        }
    }
}

fn send<'c>(config: &'c Config, action: &'c Forward, backend: &'c WeightedBackend, request: &Admitted) -> Answer<'c> {
    let Forward { backends: _, request_headers, response_headers, path_rewrite, host_rewrite } = action;
    let WeightedBackend { weight: _, target, request_headers: own, response_headers: own_response, origin: _ } =
        backend;
    // Envoy runs the changes of the entry before those of the route.
    let response = vec![Mutate(own_response), Mutate(response_headers)];
    let cluster = match target {
        Target::Cluster(id) => *id,
        Target::Invalid(status) => {
            let reply = LocalReply::new(*status, Reason::InvalidBackend).with_body("fault filter abort");
            return Answer::Local(with_headers(reply, &response));
        }
    };
    if weigh(config, cluster).is_empty() {
        let reply = LocalReply::new(503, Reason::NoEndpoint).with_body("no healthy upstream");
        return Answer::Local(with_headers(reply, &response));
    }
    let mut headers = request.headers.clone();
    let mut generated: Vec<&'static str> = GENERATED.to_vec();
    for mutations in [own, request_headers] {
        apply(mutations, &mut headers);
        generated.retain(|name| !decides(mutations, name));
    }
    if generated.contains(&"x-forwarded-for") {
        headers.retain(|(name, _)| name != "x-forwarded-for");
    }
    let mut host = request.authority.clone();
    if let Some(other) = host_rewrite {
        set(&mut headers, "x-envoy-original-host", &request.authority);
        host.clone_from(other);
    }
    let mut path = request.target.clone();
    if let Some(rewritten) = path_rewrite.as_ref().and_then(|action| rewrite(action, &request.target)) {
        set(&mut headers, "x-envoy-original-path", &request.target);
        path = rewritten;
    }
    Answer::Upstream(Upstream { cluster, method: request.method.clone(), path, host, headers, generated, response })
}

fn with_headers(mut reply: LocalReply, response: &[Mutate<'_>]) -> LocalReply {
    response.iter().for_each(|mutate| mutate.apply(&mut reply.headers));
    reply
}

fn set(headers: &mut Vec<(String, String)>, name: &str, value: &str) {
    headers.retain(|(other, _)| other != name);
    headers.push((name.to_owned(), value.to_owned()));
}

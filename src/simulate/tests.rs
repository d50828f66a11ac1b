//! Decisions on small configurations.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use super::{Answer, Candidate, Precedence, Reason, Request, Share, Simulator, Unmet, Verdict, Version};
use crate::hostname::Hostname;
use crate::http::Method;
use crate::ir::{
    Action, AttemptCount, BackendName, ChainMatch, Cluster, ClusterId, Config, Endpoints, Entrance, FilterChain,
    Forward, Handler, HeaderMutations, HttpConnection, HttpProfile, Listener, ObjectName, Origin, PathMatch, Proxy,
    RetryLimit, Route, RouteMatch, RouteName, Seldom, Site, Target, Transport, UpstreamProtocol, ValueMatch,
    ValuePattern, VirtualHost, WeightedBackend,
};
use crate::port::Port;

fn matches(path: PathMatch) -> RouteMatch {
    RouteMatch { path, method: None, headers: Vec::new(), query: Vec::new(), grpc: false }
}

fn prefix(path: &str) -> RouteMatch {
    matches(PathMatch::Prefix(path.to_owned()))
}

fn header<N: for<'n> From<&'n str>>(name: &str, value: &str) -> ValueMatch<N> {
    ValueMatch { name: name.into(), value: ValuePattern::Exact(value.to_owned()) }
}

fn backend(weight: u32, target: Target) -> WeightedBackend {
    WeightedBackend {
        weight,
        target,
        request_headers: HeaderMutations::default(),
        response_headers: HeaderMutations::default(),
        host_rewrite: None,
        selector: None,
        origin: Origin(usize::try_from(weight).unwrap()),
    }
}

fn forward(backends: Vec<WeightedBackend>) -> Action {
    Action::Forward(Forward {
        backends,
        request_headers: HeaderMutations::default(),
        response_headers: HeaderMutations::default(),
        path_rewrite: None,
        host_rewrite: None,
        tells_host: false,
        fault: None,
        bandwidth: None,
        http_filters: Seldom::default(),
        timeouts: Seldom::default(),
        retry: None,
        attempts: AttemptCount::default(),
        upgrades: crate::ir::Upgrades::default(),
        metadata: crate::ir::Metadata::default(),
        tracing: None,
        mirrors: Vec::new(),
        hash: Vec::new(),
        draws_by_hash: false,
        session: None,
    })
}

/// A route that answers with a status of its own, so that it can be told from the others.
fn routes(list: Vec<(RouteMatch, Action)>) -> Vec<Arc<Route>> {
    let route = Arc::new(ObjectName { kind: "httproute", namespace: "a".into(), name: "r".into() });
    let name = |rule| RouteName { route: Arc::clone(&route), rule, index: 0 };
    list.into_iter()
        .zip(0..)
        .map(|((matches, action), rule)| {
            Arc::new(Route {
                name: name(rule),
                matches: Arc::new(matches),
                action: Arc::new(action),
                origin: Origin(rule),
            })
        })
        .collect()
}

fn config(hosts: Vec<(&str, Vec<Arc<Route>>)>) -> Config {
    let virtual_hosts = hosts.into_iter().map(|(host, routes)| VirtualHost {
        hostname: Hostname::from_field((host != "*").then_some(host)),
        routes,
        counters: Arc::default(),
        origin: Origin(0),
    });
    let connection = HttpConnection {
        virtual_hosts: virtual_hosts.collect(),
        misdirected: Vec::new(),
        profile: HttpProfile::Edge,
        settings: Arc::default(),
        tracing: None,
    };
    let chain = FilterChain {
        name: None,
        select: ChainMatch::Any,
        tls: None,
        handler: Handler::Http(connection),
        origin: Origin(0),
    };
    let cluster = |name: &str, endpoints| Cluster {
        backend: BackendName { namespace: "a".into(), name: name.into(), port: Port::HTTP, site: Site::default() },
        protocol: UpstreamProtocol::Http1,
        tls: None,
        variant: String::new(),
        further_tls: Vec::new(),
        endpoints: Endpoints::Static(endpoints),
        hostname: None,
        retries: RetryLimit::Unused,
        settings: Arc::default(),
        withheld: false,
        origin: None,
        stands_aside: false,
        called: None,
    };
    Config {
        listeners: vec![Listener {
            address: IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            second: None,
            bind_port: 10080.into(),
            port: Port::HTTP,
            entrance: Entrance::Socket,
            transport: Transport::Tcp(vec![chain]),
            settings: Arc::default(),
            gateways: Vec::new(),
            misdirected: Vec::new(),
            origin: Origin(0),
            called: None,
        }],
        clusters: vec![cluster("full", vec![SocketAddr::from(([127, 0, 0, 1], 1))]), cluster("empty", Vec::new())]
            .into(),
        certificates: Vec::new().into(),
        external_auths: Vec::new().into(),
        forward_proxy: None,
        outbound: None,
        proxy: Proxy::default(),
    }
}

fn status(simulator: &Simulator<'_>, request: &Request) -> Option<u16> {
    simulator.decide(request).only_reply().map(|reply| reply.status)
}

#[test]
fn the_first_route_in_order_wins_whatever_the_index_yields() {
    let list = vec![
        (prefix("/a/b"), Action::Respond(201)),
        (matches(PathMatch::Regex("/a/.*".to_owned())), Action::Respond(202)),
        (matches(PathMatch::Exact("/a/b".to_owned())), Action::Respond(203)),
        (prefix("/a"), Action::Respond(204)),
        (prefix(""), Action::Respond(205)),
    ];
    let config = config(vec![("*", routes(list))]);
    let simulator = Simulator::new(&config);
    for (path, expected) in
        [("/a/b", 201), ("/a/b/c", 201), ("/a/bc", 202), ("/a", 204), ("/a?x", 204), ("/ab", 205), ("//", 205)]
    {
        assert_eq!(status(&simulator, &Request::get(80_u16, "x", path)), Some(expected), "{path}");
    }
}

#[test]
fn a_line_of_a_repeated_header_is_enough_and_a_joined_one_is_not() {
    let with = |value: &str| RouteMatch { headers: vec![header("x-v", value)], ..prefix("") };
    let list = vec![(with("a,b"), Action::Respond(201)), (with("b"), Action::Respond(202))];
    let config = config(vec![("*", routes(list))]);
    let simulator = Simulator::new(&config);
    let mut request = Request::get(80_u16, "x", "/");
    request.headers = vec![("X-V".to_owned(), "a".to_owned()), ("x-v".to_owned(), "b".to_owned())];
    assert_eq!(status(&simulator, &request), Some(202));
    request.headers = vec![("x-v".to_owned(), "a,b".to_owned())];
    assert_eq!(status(&simulator, &request), Some(201));
    request.headers = vec![("x_v".to_owned(), "b".to_owned())];
    assert_eq!(status(&simulator, &request), Some(400));
}

#[test]
fn only_the_first_of_equal_parameters_counts() {
    let with = |value: &str| RouteMatch { query: vec![header("a", value)], ..prefix("") };
    let config = config(vec![("*", routes(vec![(with("1"), Action::Respond(201))]))]);
    let simulator = Simulator::new(&config);
    for (path, expected) in [("/?a=1&a=2", 201), ("/?a=2&a=1", 404), ("/?b&a=1", 201), ("/?a=%31", 404), ("/?A=1", 404)]
    {
        assert_eq!(status(&simulator, &Request::get(80_u16, "x", path)), Some(expected), "{path}");
    }
}

#[test]
fn shares_are_exact_and_the_invalid_one_answers() {
    let full = Target::Cluster(ClusterId(0));
    let list = vec![
        backend(1, full),
        backend(0, full),
        backend(2, Target::Invalid(500)),
        backend(3, Target::Cluster(ClusterId(1))),
    ];
    let config = config(vec![("*", routes(vec![(prefix(""), forward(list))]))]);
    let outcomes = Simulator::new(&config).decide(&Request::get(80_u16, "x", "/")).outcomes;
    let shares: Vec<Share> = outcomes.iter().map(|outcome| outcome.share).collect();
    assert_eq!(shares, [Share::new(1, 6), Share::new(1, 3), Share::new(1, 2)]);
    let reasons: Vec<Option<(u16, Reason)>> = outcomes
        .iter()
        .map(|outcome| match &outcome.answer {
            Answer::Local(reply) => Some((reply.status, reply.reason)),
            _ => None,
        })
        .collect();
    assert_eq!(reasons, [None, Some((500, Reason::InvalidBackend)), Some((503, Reason::NoEndpoint))]);
}

#[test]
fn a_port_and_a_dot_of_the_host_do_not_count_and_an_unknown_port_is_closed() {
    let config = config(vec![("foo.com", routes(vec![(prefix(""), Action::Respond(201))]))]);
    let simulator = Simulator::new(&config);
    for host in ["foo.com", "FOO.com", "foo.com:8080", "foo.com.", "foo.com.:8080", "foo.com:"] {
        assert_eq!(status(&simulator, &Request::get(80_u16, host, "/")), Some(201), "{host}");
    }
    assert_eq!(status(&simulator, &Request::get(80_u16, "bar.com", "/")), Some(404));
    assert_eq!(status(&simulator, &Request::get(81_u16, "foo.com", "/")), None);
}

/// What Envoy 1.40 did with each target; `None` where it reset the stream.
#[test]
fn targets_are_read_as_measured() {
    let config = config(vec![("*", routes(vec![(prefix(""), Action::Respond(201))]))]);
    let simulator = Simulator::new(&config);
    for (method, target, over_http1, over_http2) in [
        ("GET", "/", Some(201), Some(201)),
        ("OPTIONS", "*", Some(404), Some(404)),
        ("OPTIONS", "*x", Some(404), None),
        ("GET", "*", Some(400), None),
        ("GET", "foo", Some(400), None),
        ("GET", "http://x/a", Some(201), None),
        ("GET", "HTTP://u:p@X/a", Some(201), None),
        ("GET", "http://x", Some(201), None),
        ("GET", "http://x?a", Some(404), None),
        ("GET", "http://x_y/a", Some(400), None),
        ("GET", "http://x:99999/a", Some(400), None),
        ("GET", "ftp://x/a", Some(400), None),
        ("GET", "https://x/a", Some(403), None),
    ] {
        let request = |version| Request { version, method: method.to_owned(), ..Request::get(80_u16, "x", target) };
        let answers = (status(&simulator, &request(Version::Http1)), status(&simulator, &request(Version::Http2)));
        assert_eq!(answers, (over_http1, over_http2), "{method} {target}");
    }
}

#[test]
fn candidates_say_what_failed_and_what_ranked() {
    let with = RouteMatch { headers: vec![header("x", "1")], ..prefix("/a") };
    let list = vec![
        (with, Action::Respond(201)),
        (prefix("/a"), Action::Respond(202)),
        (prefix(""), Action::Respond(203)),
        (prefix("/z"), Action::Respond(204)),
    ];
    let config = config(vec![("*", routes(list))]);
    let candidates = Simulator::new(&config).candidates(&Request::get(80_u16, "x", "/a"));
    let verdicts: Vec<Verdict<'_>> = candidates.into_iter().map(|Candidate { verdict, .. }| verdict).collect();
    assert!(matches!(verdicts[0], Verdict::Failed(Unmet::Header(header)) if header.name == "x"));
    assert_eq!(verdicts[1], Verdict::Chosen);
    assert_eq!(verdicts[2], Verdict::Outranked(Precedence::PathLength));
    assert!(matches!(verdicts[3], Verdict::Failed(Unmet::Path(_))));
}

#[test]
fn a_witness_is_taken_by_its_route_unless_it_is_shadowed() {
    let list = vec![
        (matches(PathMatch::Regex("/v[0-9]/x".to_owned())), Action::Respond(201)),
        (RouteMatch { query: vec![header("q", "1")], method: Some(Method::Put), ..prefix("/a") }, Action::Respond(202)),
        (prefix(""), Action::Respond(203)),
        (prefix("/never"), Action::Respond(204)),
    ];
    let config = config(vec![("*.foo.com", routes(list))]);
    let taken: Vec<bool> = Simulator::new(&config).witnesses().iter().map(|witness| witness.is_taken).collect();
    assert_eq!(taken, [true, true, true, false]);
}

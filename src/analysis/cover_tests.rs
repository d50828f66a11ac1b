//! What is called taken is taken: checked against the simulator on small tables of routes.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use super::{Earlier, Patterns, Rest};
use crate::hostname::Hostname;
use crate::http::Method;
use crate::ir::{
    Action, ChainMatch, ClientDetails, Config, Entrance, FilterChain, Handler, HttpConnection, HttpProfile, Listener,
    ObjectName, Origin, PathMatch, PathRules, Route, RouteMatch, RouteName, Transport, ValueMatch, ValuePattern,
    VirtualHost,
};
use crate::port::Port;
use crate::simulate::{Request, Simulator};

const PATHS: &[&str] = &["=/", "=/a", "=/a/", "=/a/b", "/", "/a", "/a/b", "/ab"];
const PATTERNS: &[&str] =
    &["/.*", ".*", "/a", "/a/?", "/(a|ab)", "/a/.*", "/a/.+", "/a.*", "/[a-z]+", "/a/[a-z]*", "a", "/a/(b|c)/.+"];
const VALUES: &[&str] = &["=v", "=w", "v|w", ".*", ".+", "[v-z]", "v"];

fn path(text: &str) -> PathMatch {
    match text.strip_prefix('=') {
        Some(exact) => PathMatch::Exact(exact.to_owned()),
        None => PathMatch::Prefix(text.trim_end_matches('/').to_owned()),
    }
}

fn value<N: for<'n> From<&'n str>>(name: &str, text: &str) -> ValueMatch<N> {
    let value = match text.strip_prefix('=') {
        Some(exact) => ValuePattern::Exact(exact.to_owned()),
        None => ValuePattern::Regex(text.to_owned()),
    };
    ValueMatch { name: name.into(), value }
}

fn matches(path: PathMatch) -> RouteMatch {
    RouteMatch { path, method: None, headers: Vec::new(), query: Vec::new(), grpc: false }
}

fn table(list: Vec<RouteMatch>) -> Vec<Arc<Route>> {
    let route = Arc::new(ObjectName { kind: "httproute", namespace: "a".into(), name: "r".into() });
    let name = |rule| RouteName { route: Arc::clone(&route), rule, index: 0 };
    let route = |(matches, rule): (RouteMatch, u16)| {
        let action = Arc::new(Action::Respond(200 + rule));
        Arc::new(Route { name: name(rule.into()), matches: Arc::new(matches), action, origin: Origin(rule.into()) })
    };
    list.into_iter().zip(0..).map(route).collect()
}

fn rest_of_last(routes: &[Arc<Route>]) -> Rest {
    let mut patterns = Patterns::default();
    let mut earlier = Earlier::new(&mut patterns, (PathRules::of(HttpProfile::Edge), ClientDetails::default()));
    let (last, others) = routes.split_last().unwrap();
    others.iter().for_each(|route| earlier.add(route));
    earlier.rest(last)
}

fn rest(list: Vec<RouteMatch>) -> Rest {
    rest_of_last(&table(list))
}

#[test]
fn one_match_takes_another() {
    let taken = Rest::Taken(vec![0]);
    assert_eq!(rest(vec![matches(path("/a")), matches(path("=/a/b"))]), taken);
    assert_eq!(rest(vec![matches(path("/a")), matches(path("/a/b"))]), taken);
    assert_eq!(rest(vec![matches(path("/a")), matches(path("/ab"))]), Rest::Some);
    assert_eq!(rest(vec![matches(PathMatch::Regex("/.*".to_owned())), matches(path("/"))]), taken);
    assert_eq!(rest(vec![matches(PathMatch::Regex("/a.*".to_owned())), matches(path("/a"))]), taken);
    assert_eq!(rest(vec![matches(PathMatch::Regex("/a/.*".to_owned())), matches(path("/a"))]), Rest::Some);
    let with = |header| RouteMatch { headers: vec![value("x", header)], ..matches(path("/")) };
    assert_eq!(rest(vec![with("v.*"), with("=v1")]), taken);
    assert_eq!(rest(vec![with("=v1"), with("v.*")]), Rest::Some);
    assert_eq!(rest(vec![with("=v1"), matches(path("/"))]), Rest::Some);
}

#[test]
fn several_matches_take_one_together() {
    let pattern = |text: &str| matches(PathMatch::Regex(text.to_owned()));
    assert_eq!(rest(vec![matches(path("=/a")), pattern("/a/.*"), matches(path("/a"))]), Rest::Taken(vec![0, 1]));
    let with = |header| RouteMatch { headers: vec![value("x", header)], ..matches(path("/")) };
    assert_eq!(rest(vec![with("=v"), with("=w"), with("v|w")]), Rest::Taken(vec![0, 1]));
    assert_eq!(rest(vec![with("=v"), with("v|w")]), Rest::Some);
}

#[test]
fn a_pattern_without_a_slash_in_front_is_impossible() {
    assert_eq!(rest(vec![matches(PathMatch::Regex("api/.*".to_owned()))]), Rest::Impossible);
    assert_eq!(rest(vec![matches(PathMatch::Regex("(a|b)".to_owned()))]), Rest::Impossible);
}

/// A small generator of numbers.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % end
    }

    fn pick<'a>(&mut self, list: &[&'a str]) -> &'a str {
        list[self.below(list.len())]
    }

    fn matches(&mut self) -> RouteMatch {
        let path =
            if self.below(2) == 0 { path(self.pick(PATHS)) } else { PathMatch::Regex(self.pick(PATTERNS).to_owned()) };
        let method = (self.below(4) == 0).then(|| if self.below(2) == 0 { Method::Get } else { Method::Post });
        let some = |numbers: &mut Self| (numbers.below(3) == 0).then(|| numbers.pick(VALUES));
        let headers = some(self).map(|text| value("x", text)).into_iter().collect();
        let query = some(self).map(|text| value("x", text)).into_iter().collect();
        RouteMatch { path, method, headers, query, grpc: false }
    }
}

fn requests() -> Vec<Request> {
    let mut all = Vec::new();
    for path in ["/", "/a", "/a/", "/a/b", "/a/b/", "/a/bc", "/ab", "/x", "/a/c/d", "/a/1", "/A"] {
        for query in ["", "?x", "?x=v", "?x=w", "?x=z"] {
            for header in [None, Some(""), Some("v"), Some("w"), Some("z")] {
                for method in ["GET", "POST", "PUT"] {
                    let mut request = Request::get(80_u16, "a.test", &format!("{path}{query}"));
                    method.clone_into(&mut request.method);
                    request.headers.extend(header.map(|value| ("x".to_owned(), value.to_owned())));
                    all.push(request);
                }
            }
        }
    }
    all
}

fn config(routes: Vec<Arc<Route>>) -> Config {
    let host = VirtualHost { hostname: Hostname::Any, routes, counters: Arc::default(), origin: Origin(0) };
    let connection = HttpConnection {
        virtual_hosts: vec![host],
        misdirected: Vec::new(),
        profile: HttpProfile::Edge,
        settings: Arc::default(),
        tracing: None,
    };
    let handler = Handler::Http(connection);
    let chain = FilterChain { name: None, select: ChainMatch::Any, tls: None, handler, origin: Origin(0) };
    let address = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
    let transport = Transport::Tcp(vec![chain]);
    let listener = Listener {
        address,
        second: None,
        bind_port: Port::HTTP,
        port: Port::HTTP,
        entrance: Entrance::Socket,
        transport,
        settings: Arc::default(),
        gateways: Vec::new(),
        misdirected: Vec::new(),
        origin: Origin(0),
        called: None,
    };
    Config { listeners: vec![listener], ..Config::default() }
}

#[test]
fn what_is_called_taken_gets_no_request() {
    let mut numbers = Numbers(6);
    let requests = requests();
    let mut taken = [0_u32; 3];
    for _ in 0..1500 {
        let routes = table((0..2 + numbers.below(3)).map(|_| numbers.matches()).collect());
        let rest = rest_of_last(&routes);
        let takers = match rest {
            Rest::Some => continue,
            Rest::Taken(takers) => takers,
            Rest::Impossible => Vec::new(),
        };
        taken[takers.len().min(2)] += 1;
        let last = routes.last().unwrap().origin;
        let config = config(routes);
        let simulator = Simulator::new(&config);
        for request in &requests {
            let route = simulator.decide(request).route;
            assert!(route.is_none_or(|route| route.origin != last), "{request:?} {:#?}", config.listeners);
        }
    }
    // The generator does make what the test is about.
    assert!(taken.iter().all(|count| *count > 8), "{taken:?}");
}

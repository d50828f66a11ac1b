//! Generated requests that have a good chance to meet something.

use gwctl::proving::{Expectation, GrpcCall, Headers, HttpVersion, RequestCase, RequestSpec, Scheme, Target, TlsSpec};
use gwctl::simulate::{Request, Security};
use hyper::Method;
use hyper::header::HeaderName;

use super::filter::ORIGINS;
use super::gateway::Socket;
use super::random::Random;
use super::route::{CALLS, EXACT, PREFIX};

const HOSTS: &[&str] = &[
    "a.example.com",
    "x.example.com",
    "y.b.example.com",
    "b.example.com",
    "other.test",
    "example.com",
    "grpc.example.com",
    "zz.test",
];

const HEADERS: &[(&str, &str)] = &[
    ("x-v", "1"),
    ("x-v", "2"),
    ("x-w", "a,b"),
    ("x-w", "x y"),
    ("x-v", "abc"),
    ("x-v", "ABC"),
    ("x-w", ""),
    ("x-set", "own"),
    ("x-add", "own"),
    ("x-envoy-original-path", "/forged"),
];

/// Headers that Envoy writes, joins or takes out before it matches routes.
const REWRITTEN: &[(&str, &str)] = &[
    ("x-forwarded-for", "10.0.0.1"),
    ("x-forwarded-host", "h.test"),
    ("x-request-id", "own"),
    ("x-envoy-external-address", "192.0.2.7"),
    ("x-envoy-retry-on", "5xx"),
    ("expect", "100-continue"),
    ("expect", "more"),
    ("te", "gzip"),
    ("te", "gzip, trailers"),
    ("accept", "a"),
    ("accept", "b"),
    ("via", "own"),
    ("vary", "own"),
    ("cookie", "a=1"),
    ("cookie", "b=2"),
    ("connection", "close"),
    ("connection", "x-v, x-w"),
    ("connection", "x-forwarded-host"),
    ("keep-alive", "5"),
    ("proxy-connection", "own"),
    ("upgrade", "websocket"),
];

/// What clients want their connections to become.
const PROTOCOLS: &[&str] = &["websocket", "WebSocket", "h2c", "other", "websocket, other"];

const QUERIES: &[&str] = &["q=1", "q=2", "r=1", "q", "r=a,b", "q=%31", "r=x%20y", "q=", "=1", "Q=1", "q=1;r=1"];

/// What an authorization service is told to say.
const AUTHORIZATIONS: &[&str] =
    &["x-echo-status=403", "x-echo-status=503", "x-echo-status=302", "x-echo-header=x-add=given", "x-echo-status=200"];

/// A request without an expectation.
pub(crate) fn generate(position: usize, sockets: &[Socket], random: &mut Random) -> RequestCase {
    let socket = random.pick(sockets);
    let request = match socket.protocol {
        "UDP" => datagram(&socket),
        "TCP" => stream(&socket, random),
        "TLS" => RequestSpec { tls: Some(server_name(None, &socket, random)), ..stream(&socket, random) },
        _ => http(&socket, random),
    };
    case(position, request)
}

/// A request that a route was found to take, sometimes with something else about it.
pub(crate) fn of_witness(position: usize, witness: &Request, random: &mut Random) -> RequestCase {
    let Request { connection, version: _, method, authority, target, headers, body_bytes: _ } = witness;
    // What asks for a tunnel names the port, which is no part of a server name.
    let host = authority.clone().unwrap_or_default();
    let port = format!(":{}", connection.port);
    let host = host.strip_suffix(port.as_str()).map_or(host.clone(), str::to_owned);
    let is_tls = matches!(connection.security, Security::Tls { .. });
    let mut request = plain(if is_tls { Scheme::Https } else { Scheme::Http }, &host, connection.port.number(), "/");
    request.method = method.parse().unwrap_or(Method::GET);
    request.raw_path = Some(target.clone());
    request.tls = is_tls.then(|| TlsSpec { ca: None, certificate: None, sni: Some(host.clone()) });
    let mut lines: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let is_call = lines.iter().any(|(name, value)| *name == "content-type" && value.starts_with("application/grpc"));
    if is_call {
        let (service, method) = target.trim_start_matches('/').split_once('/').unwrap_or(("a", "b"));
        let call = GrpcCall { service: service.to_owned(), method: method.to_owned(), messages: vec![String::new()] };
        (request.grpc, request.raw_path) = (Some(call), None);
        lines.retain(|(name, _)| *name != "content-type");
    } else if random.once_in(4) {
        request.http = HttpVersion::Http2;
    }
    if random.once_in(3) && request.method != Method::CONNECT {
        request.host = Some(odd_host(host, request.http, random));
    }
    lines.extend(random.some(HEADERS, 2));
    add_more(&mut lines, &mut request, random);
    request.headers = collect(&lines);
    case(position, request)
}

fn case(position: usize, request: RequestSpec) -> RequestCase {
    RequestCase {
        name: format!("request {position}"),
        gateway: None,
        from: None,
        request,
        expect: Expectation::default(),
        repeat: None,
        session: None,
    }
}

fn plain(scheme: Scheme, host: &str, port: u16, path: &str) -> RequestSpec {
    RequestSpec {
        method: Method::GET,
        url: Target { scheme, host: host.to_owned(), port, path: path.to_owned() },
        headers: Headers::default(),
        body: None,
        body_bytes: None,
        http: HttpVersion::Http1,
        host: None,
        raw_path: None,
        upgrade: None,
        grpc: None,
        tls: None,
        new_connection: false,
    }
}

fn datagram(socket: &Socket) -> RequestSpec {
    RequestSpec { body: Some("ping".to_owned()), ..plain(Scheme::Udp, "any.test", socket.port, "/") }
}

/// Bytes that backends understand: HTTP, whatever the listener thinks they are.
fn stream(socket: &Socket, random: &mut Random) -> RequestSpec {
    let scheme = if socket.protocol == "TLS" { Scheme::Https } else { Scheme::Http };
    let http = if random.once_in(4) { HttpVersion::Http2 } else { HttpVersion::Http1 };
    // Backends are drawn for connections.
    RequestSpec {
        http,
        new_connection: true,
        ..plain(scheme, random.pick(HOSTS), socket.port, random.pick(&["/", "/a?x=1", "/a//b"]))
    }
}

/// A host that a hostname covers, or any other.
fn host_for(hostname: &str, random: &mut Random) -> String {
    if hostname.is_empty() || random.once_in(4) {
        random.pick(HOSTS).to_owned()
    } else {
        hostname.replacen('*', "w", 1)
    }
}

/// The server name: mostly that of `host`, which is the URL's otherwise.
fn server_name(host: Option<&str>, socket: &Socket, random: &mut Random) -> TlsSpec {
    let name = match host {
        Some(host) if !random.once_in(4) => host.to_owned(),
        _ if random.once_in(8) => String::new(),
        _ => host_for(socket.hostname, random),
    };
    TlsSpec { ca: None, certificate: None, sni: Some(name) }
}

fn http(socket: &Socket, random: &mut Random) -> RequestSpec {
    let is_tls = socket.protocol == "HTTPS";
    // Plain text to a TLS listener is closed.
    let scheme = if is_tls && !random.once_in(30) { Scheme::Https } else { Scheme::Http };
    let host = host_for(socket.hostname, random);
    let mut request = plain(scheme, &host, socket.port, "/");
    if scheme == Scheme::Https {
        request.tls = Some(server_name(Some(&host), socket, random));
    }
    if random.once_in(4) {
        request.http = HttpVersion::Http2;
    }
    request.host = Some(odd_host(host, request.http, random));
    if random.once_in(6) {
        let (service, method) = random.pick(CALLS);
        let call = GrpcCall { service: service.to_owned(), method: method.to_owned(), messages: vec![String::new()] };
        request.grpc = Some(call);
    } else {
        request.raw_path = Some(path(random));
        request.method = random.pick(METHODS).parse().unwrap_or(Method::GET);
        if request.method == Method::CONNECT {
            // Its target is the host.
            (request.host, request.raw_path) = (None, None);
        } else if random.once_in(10) {
            upgrade(&mut request, random);
        }
    }
    let mut lines: Vec<(&str, &str)> = random.some(HEADERS, 4);
    if request.grpc.is_none() && request.upgrade.is_none() && random.once_in(3) {
        lines.extend(random.some(REWRITTEN, 3));
    }
    add_more(&mut lines, &mut request, random);
    request.headers = collect(&lines);
    request
}

const METHODS: &[&str] = &[
    "GET", "GET", "GET", "GET", "POST", "PUT", "HEAD", "DELETE", "OPTIONS", "PATCH", "BREW", "TRACE", "CONNECT",
    "QUERY", "M-SEARCH", "PURGE",
];

/// Asks for another protocol; what is sent then comes back from backends that agree.
fn upgrade(request: &mut RequestSpec, random: &mut Random) {
    let protocols = if request.http == HttpVersion::Http2 { &PROTOCOLS[..1] } else { PROTOCOLS };
    request.method = Method::GET;
    request.upgrade = Some(random.pick(protocols).to_owned());
    request.body = Some("ping".to_owned());
}

/// What backends say, what other origins ask, and what proxies do not like.
fn add_more(lines: &mut Vec<(&str, &str)>, request: &mut RequestSpec, random: &mut Random) {
    if random.once_in(3) {
        lines.push((
            "x-echo-header",
            random.pick(&["x-r1=backend", "access-control-allow-origin=*", "vary=backend", "etag=backend"]),
        ));
    }
    if random.once_in(25) {
        lines.push(("x_under", "1"));
    }
    if random.once_in(6) {
        lines.push(("x-forwarded-proto", random.pick(&["https", "http", "ftp"])));
    }
    if random.once_in(4) {
        lines.push((
            "origin",
            random.pick(&[ORIGINS, &["https://evil.test", "https://WWW.foo.com:443", "null"]].concat()),
        ));
        if random.once_in(2) {
            if request.grpc.is_none() && request.upgrade.is_none() && request.method != Method::CONNECT {
                request.method = Method::OPTIONS;
            }
            if !random.once_in(8) {
                lines.push(("access-control-request-method", random.pick(&["GET", "PUT", "POST", "DELETE", ""])));
            }
            if random.once_in(2) {
                lines.push(("access-control-request-headers", random.pick(&["x-one, x-three", "x-v", ""])));
            }
        }
    }
}

fn odd_host(mut host: String, http: HttpVersion, random: &mut Random) -> String {
    match random.below(14) {
        0 => host.make_ascii_uppercase(),
        1 => host.push('.'),
        2 => host.push_str(":8080"),
        3 => host.push_str(":80"),
        4 => host.push_str(":443"),
        5 => host.push_str(".:8080"),
        // Without a port behind the colon no URI can be made for HTTP/2.
        6 if http == HttpVersion::Http1 => host.push(':'),
        _ => {}
    }
    host
}

fn path(random: &mut Random) -> String {
    let more = ["/a/12", "/b/x", "/c/b", "/axb", "/a/b/c", "/ab"];
    let mut path = random.pick(&[EXACT, PREFIX, &more].concat()).to_owned();
    match random.below(20) {
        0 => path.push_str("/x"),
        1 => path.push('/'),
        2 => path = path.replace('/', "//"),
        3 => path.push_str("/../b"),
        4 => path = path.replacen("/b", "%2Fb", 1),
        5 => path = path.replace('a', "%61"),
        6 => path.push_str("/./%2e"),
        7 => path.push_str(";p=1"),
        8 => path.push_str("/%2e%2E/b"),
        9 => path.push_str("%5Cb"),
        10 => path.push_str("/."),
        11 => path.push_str("%00"),
        _ => {}
    }
    if !path.starts_with('/') {
        path.insert(0, '/');
    }
    let mut query = random.some(QUERIES, 3);
    if random.once_in(8) {
        // Services that are asked read it too, and may refuse.
        query.extend(["x-echo-for=default/m1:80", random.pick(AUTHORIZATIONS)]);
    }
    if !query.is_empty() {
        path.push('?');
        path.push_str(&query.join("&"));
    }
    path
}

fn collect(lines: &[(&str, &str)]) -> Headers {
    let mut headers: Vec<(HeaderName, Vec<String>)> = Vec::new();
    for (name, value) in lines {
        let Ok(name) = name.parse::<HeaderName>() else { continue };
        match headers.iter_mut().find(|(other, _)| *other == name) {
            Some((_, values)) => values.push((*value).to_owned()),
            None => headers.push((name, vec![(*value).to_owned()])),
        }
    }
    Headers(headers)
}

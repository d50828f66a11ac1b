//! A request that a route takes: made from its own conditions.

use regex_syntax::hir::{Class, Hir, HirKind};

use crate::hostname::Hostname;
use crate::http::Method;
use crate::ir::{
    ChainMatch, FilterChain, Listener, PathMatch, Route, RouteMatch, ValueMatch, ValuePattern, VirtualHost,
};

use super::decision::Decision;
use super::host::split_port;
use super::matching::Conditions;
use super::path::written;
use super::request::{Connection, Request, Security, Version};
use super::simulator::Simulator;
use crate::re2::translate;

/// What stands for the labels of a wildcard, and for a host that may be any.
const LABELS: &[&str] = &["www", "gwctl-witness", "a.b"];
/// Server names that hardly any other chain takes.
const OTHER_NAMES: [&str; 2] = ["gwctl-witness.test", "gwctl-witness.invalid"];
const HOSTS: &[&str] = &["www.example.com", "gwctl-witness.test"];

/// A request, and the route that it was made for.
#[derive(Clone, Debug)]
pub struct Witness<'c> {
    /// The route.
    pub route: &'c Route,
    /// The virtual host.
    pub host: &'c VirtualHost,
    /// The request.
    pub request: Request,
    /// Whether the route takes it. Otherwise other routes take whatever was tried.
    pub is_taken: bool,
}

impl<'c> Simulator<'c> {
    /// A request for every route of every virtual host, in the order of the configuration.
    pub fn witnesses(&self) -> Vec<Witness<'c>> {
        let mut witnesses = Vec::new();
        for listener in self.listeners.iter().map(|table| table.listener) {
            for chain in listener.chains() {
                let crate::ir::Handler::Http(connection) = &chain.handler else { continue };
                for host in &connection.virtual_hosts {
                    witnesses.extend(host.routes.iter().map(|route| self.witness(listener, chain, host, route)));
                }
            }
        }
        witnesses
    }

    /// A request that the route takes, if one can be found; else one that meets its conditions.
    pub fn witness(
        &self,
        listener: &'c Listener,
        chain: &'c FilterChain,
        host: &'c VirtualHost,
        route: &'c Route,
    ) -> Witness<'c> {
        let hosts = hosts_of(&host.hostname);
        let mut first = None;
        for authority in &hosts {
            let request = request(listener, chain, authority, &route.matches);
            let decision = self.decide(&request);
            if decision.route.is_some_and(|taken| std::ptr::eq(taken, route)) {
                return Witness { route, host, request, is_taken: true };
            }
            first.get_or_insert(request);
        }
        let request = first.unwrap_or_else(|| Request::get(listener.port, "", "/"));
        Witness { route, host, request, is_taken: false }
    }

    /// Requests that meet some conditions on a host, whoever takes them, the most natural one first.
    pub fn examples(listener: &Listener, chain: &FilterChain, host: &Hostname, matches: &RouteMatch) -> Vec<Request> {
        let mut requests = Vec::new();
        let deeper = match &matches.path {
            PathMatch::Prefix(prefix) => Some(PathMatch::Exact(format!("{prefix}/gwctl-witness"))),
            PathMatch::Exact(_) | PathMatch::Regex(_) => None,
        };
        let paths = std::iter::once(matches.path.clone()).chain(deeper);
        for path in paths {
            let matches = RouteMatch { path, ..matches.clone() };
            requests.extend(hosts_of(host).iter().map(|authority| request(listener, chain, authority, &matches)));
        }
        // Another chain may take the connections for a host that this one serves to whoever asks it.
        let others: Vec<Request> = other_names(chain)
            .iter()
            .flat_map(|name| {
                requests.iter().filter_map(move |request| {
                    let Security::Tls { server_name: _, certificate } = request.connection.security else {
                        return None;
                    };
                    let security = Security::Tls { server_name: Some(name.clone()), certificate };
                    let connection = Connection { security, ..request.connection.clone() };
                    Some(Request { connection, ..request.clone() })
                })
            })
            .collect();
        requests.extend(others);
        requests
    }

    /// A host that a hostname covers.
    pub fn example_host(hostname: &Hostname) -> String {
        hosts_of(hostname).swap_remove(0)
    }

    /// A request that arrives at a virtual host and meets these conditions, whoever takes it, with what becomes of it;
    /// `None` when none can be found.
    pub fn meeting(
        &self,
        listener: &'c Listener,
        chain: &'c FilterChain,
        host: &'c VirtualHost,
        matches: &RouteMatch,
    ) -> Option<(Request, Decision<'c>)> {
        let conditions = Conditions::new(matches);
        hosts_of(&host.hostname).iter().find_map(|authority| {
            let request = request(listener, chain, authority, matches);
            let (table, place) = self.connect(&request).ok()?;
            let http = self.http(table, place)?;
            let admitted = http.admit(self.config, &request).ok()?;
            let (found, _) = http.host(&admitted)?;
            let is_met = std::ptr::eq(found, host) && conditions.unmet(&admitted.subject()).is_none();
            is_met.then(|| {
                let decision = self.decide(&request);
                (request, decision)
            })
        })
    }
}

/// Hosts of a hostname, the most natural one first.
fn hosts_of(hostname: &Hostname) -> Vec<String> {
    match hostname {
        Hostname::Exact(host) => vec![host.clone()],
        Hostname::Wildcard(suffix) => LABELS.iter().map(|label| format!("{label}.{suffix}")).collect(),
        Hostname::Any => HOSTS.iter().map(|host| (*host).to_owned()).collect(),
    }
}

/// Server names that a chain takes, whatever host is asked for over the connection.
fn other_names(chain: &FilterChain) -> Vec<String> {
    match &chain.select {
        ChainMatch::ServerNames(names) => names.iter().take(1).flat_map(hosts_of).collect(),
        ChainMatch::Any | ChainMatch::Http | ChainMatch::AnyServerName => OTHER_NAMES.map(str::to_owned).to_vec(),
    }
}

fn request(listener: &Listener, chain: &FilterChain, authority: &str, matches: &RouteMatch) -> Request {
    let RouteMatch { path, method, headers, query, grpc } = matches;
    let (hosts, headers): (Vec<_>, Vec<_>) = headers.iter().partition(|header| header.name == "host");
    // What is asked of the header `host` is asked of the host that a request names.
    let named = hosts.first().map(|host| value_of(host));
    let authority = named.as_deref().unwrap_or(authority);
    let mut headers: Vec<(String, String)> =
        headers.into_iter().map(|header| (header.name.to_string(), value_of(header))).collect();
    if *grpc {
        headers.push(("content-type".to_owned(), "application/grpc".to_owned()));
    }
    // Without it Envoy takes the other away.
    if headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("upgrade")) {
        headers.push(("connection".to_owned(), "upgrade".to_owned()));
    }
    let method = method.unwrap_or(if *grpc { Method::Post } else { Method::Get });
    let mut target = match path {
        // A tunnel is asked for by host and port.
        PathMatch::Prefix(_) if matches.takes_connect() => format!("{authority}:{}", listener.port),
        PathMatch::Exact(path) => written(path).into_owned(),
        PathMatch::Prefix(prefix) if prefix.is_empty() => "/".to_owned(),
        PathMatch::Prefix(prefix) => written(prefix).into_owned(),
        PathMatch::Regex(pattern) => {
            let path = sample(pattern).filter(|path| path.starts_with('/')).unwrap_or_else(|| "/".to_owned());
            written(&path).into_owned()
        }
    };
    for (position, parameter) in query.iter().enumerate() {
        target.push(if position == 0 { '?' } else { '&' });
        target.push_str(&parameter.name);
        target.push('=');
        target.push_str(&value_of(parameter));
    }
    Request {
        connection: Connection {
            address: (!listener.address.is_unspecified()).then_some(listener.address),
            port: listener.port,
            security: security(chain, split_port(authority).0),
        },
        version: Version::Http1,
        method: method.to_string(),
        authority: Some(if matches.takes_connect() { target.clone() } else { authority.to_owned() }),
        target,
        headers,
        body_bytes: 0,
    }
}

fn security(chain: &FilterChain, authority: &str) -> Security {
    let Some(tls) = &chain.tls else { return Security::Plain };
    Security::Tls { server_name: Some(authority.to_owned()), certificate: tls.clients.must_show() }
}

fn value_of<N>(value: &ValueMatch<N>) -> String {
    match &value.value {
        ValuePattern::Exact(text) => text.clone(),
        ValuePattern::Regex(pattern) => sample(pattern).unwrap_or_default(),
    }
}

/// A short text that a pattern matches, when it is simple enough.
fn sample(pattern: &str) -> Option<String> {
    let translated = translate(pattern.as_bytes())?;
    let hir = regex_syntax::ParserBuilder::new().unicode(false).utf8(false).build().parse(&translated).ok()?;
    let mut bytes = Vec::new();
    append(&hir, &mut bytes);
    String::from_utf8(bytes).ok()
}

fn append(hir: &Hir, out: &mut Vec<u8>) {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => {}
        HirKind::Literal(literal) => out.extend_from_slice(&literal.0),
        HirKind::Class(class) => out.extend(member(class)),
        HirKind::Repetition(repetition) => (0..repetition.min).for_each(|_| append(&repetition.sub, out)),
        HirKind::Capture(capture) => append(&capture.sub, out),
        HirKind::Concat(list) => list.iter().for_each(|item| append(item, out)),
        HirKind::Alternation(list) => list.iter().take(1).for_each(|item| append(item, out)),
    }
}

/// A member of a class: a letter or a digit, if there is one.
fn member(class: &Class) -> Option<u8> {
    let contains = |byte: u8| match class {
        Class::Bytes(class) => class.ranges().iter().any(|range| (range.start()..=range.end()).contains(&byte)),
        Class::Unicode(class) => {
            class.ranges().iter().any(|range| (range.start()..=range.end()).contains(&char::from(byte)))
        }
    };
    (b'a'..=b'z').chain(b'0'..=b'9').chain(b'A'..=b'Z').chain(b'!'..=b'~').find(|byte| contains(*byte))
}

#[cfg(test)]
mod tests {
    use super::sample;

    #[test]
    fn a_sample_is_short_and_matches() {
        for (pattern, text) in
            [("/v[0-9]+/(users|orders)", "/v0/users"), (r"^\w{3}-x*$", "aaa-"), (r"a\.b", "a.b"), ("(?i)Abc", "abc")]
        {
            assert!(
                sample(pattern).is_some_and(|found| found.eq_ignore_ascii_case(text)),
                "{pattern}: {:?}",
                sample(pattern)
            );
        }
    }
}

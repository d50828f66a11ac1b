//! What can be called: a link for each listener and hostname, a line for curl, and the rules behind them.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use super::super::trace::{Tracer, backend_name, describe_match};
use super::backends::{Behind, Who};
use super::certificates::Certificates;
use crate::compile::Compilation;
use crate::hostname::Hostname;
use crate::http::Method;
use crate::ir::{
    Action, ChainMatch, ClusterId, Config, Entrance, FilterChain, Forward, ForwardProxy, Handler, Listener, PathMatch,
    ProxiedPort, Route, Target, TcpBackend, TcpProxy, Transport, UdpProxy,
};
use crate::port::Port;
use crate::translator::lower::ServiceHosts;

/// How many hosts of a listener, and rules of a host, are listed.
const MOST: usize = 20;

/// What the list is made of.
pub(super) struct Listing<'a> {
    pub(super) compilation: &'a Compilation,
    pub(super) tracer: Tracer<'a>,
    pub(super) behind: &'a Behind<'a>,
    pub(super) certificates: &'a Certificates,
}

impl Listing<'_> {
    /// The list.
    pub(super) fn text(&self) -> String {
        let config = &self.compilation.lowered.config;
        let mut text = String::new();
        for listener in config.listeners.iter().filter(|listener| listener.entrance == Entrance::Socket) {
            self.list(config, listener, &mut text);
        }
        self.list_addresses(config, &mut text);
        if let Some(proxy) = &config.forward_proxy {
            self.list_proxied(config, proxy, &mut text);
        }
        text
    }

    /// The ports of Services that clients connect to, by the names that a file of hosts gives their addresses.
    fn list_addresses(&self, config: &Config, text: &mut String) {
        let mut listeners = config.listeners.iter().filter(|one| one.entrance == Entrance::Service).peekable();
        if listeners.peek().is_some() {
            let _ = writeln!(text, "Services at addresses of this machine, with these lines in its file of hosts");
        }
        let hosts = &self.compilation.lowered.hosts;
        for ServiceHosts { address, names } in hosts {
            let _ = writeln!(text, "  {address} {}", names.join(" "));
        }
        for listener in listeners {
            let named = hosts.iter().find(|one| one.address == listener.address).and_then(|one| one.names.first());
            let Some(host) = named else { continue };
            let (address, port) = (listener.address, listener.port);
            match &listener.transport {
                Transport::Udp(UdpProxy { backends, .. }) => {
                    let shares = self.shares(config, backends);
                    let _ = writeln!(text, "  nc -u {host} {port}   datagrams → {shares}");
                }
                Transport::Tcp(chains) => {
                    for chain in chains {
                        let reach = format!("--resolve {host}:{port}:{}", bracketed(address));
                        self.list_service(config, (host, port), &reach, chain, text);
                    }
                }
            }
        }
    }

    /// What a port of a Service does, and how curl asks it.
    fn list_service(
        &self,
        config: &Config,
        (host, port): (&str, Port),
        reach: &str,
        chain: &FilterChain,
        text: &mut String,
    ) {
        match &chain.handler {
            Handler::Close => {}
            Handler::Tcp(TcpProxy { backends, access: _ }) => {
                let _ = writeln!(text, "  {host}:{port}   whatever arrives → {}", self.shares(config, backends));
            }
            Handler::Http(connection) => {
                let routes: Vec<_> = connection.virtual_hosts.iter().flat_map(|host| &host.routes).collect();
                let path = routes.iter().find_map(|route| sample(route)).unwrap_or("/");
                let shown = if port == Port::HTTP { String::new() } else { format!(":{port}") };
                let url = format!("http://{host}{shown}{path}");
                let _ = writeln!(text, "  {url}\n    curl {reach} {}", quoted(&url));
                self.list_rules(config, routes.into_iter(), text);
            }
        }
    }

    /// The ports of Services that clients name to a proxy.
    fn list_proxied(&self, config: &Config, proxy: &ForwardProxy, text: &mut String) {
        let address = proxy.address;
        let _ = writeln!(text, "Services for clients with http_proxy=http://{address}");
        for ProxiedPort { hosts, listener } in &proxy.ports {
            let (Some(listener), Some(host)) = (config.listeners.get(*listener), hosts.first()) else { continue };
            for chain in listener.chains() {
                let reach = format!("-x http://{address}");
                self.list_service(config, (host, listener.port), &reach, chain, text);
            }
        }
    }

    fn list(&self, config: &Config, listener: &Listener, text: &mut String) {
        let at = reachable(listener);
        let gateways: Vec<String> = listener.gateways.iter().map(ToString::to_string).collect();
        let moved = if listener.port == at.port() { String::new() } else { format!(", for port {}", listener.port) };
        // Writing to a string does not fail, here and below.
        let _ = writeln!(text, "Gateway {} on {at}{moved}", gateways.join(", "));
        match &listener.transport {
            Transport::Udp(UdpProxy { backends, .. }) => {
                let _ =
                    writeln!(text, "  nc -u {} {}   datagrams → {}", at.ip(), at.port(), self.shares(config, backends));
            }
            Transport::Tcp(chains) => {
                for chain in chains {
                    self.list_chain(config, at, chain, text);
                }
            }
        }
    }

    fn list_chain(&self, config: &Config, at: SocketAddr, chain: &FilterChain, text: &mut String) {
        match &chain.handler {
            Handler::Close => {}
            Handler::Tcp(TcpProxy { backends, access: _ }) => {
                let (host, shares) = (at.ip(), self.shares(config, backends));
                let names: Vec<Cow<'_, str>> = match &chain.select {
                    ChainMatch::ServerNames(names) => names.iter().map(callable).collect(),
                    ChainMatch::Any | ChainMatch::Http | ChainMatch::AnyServerName => Vec::new(),
                };
                if names.is_empty() && chain.tls.is_none() && chain.select == ChainMatch::Any {
                    let _ = writeln!(text, "  nc {host} {}   connections → {shares}", at.port());
                }
                for name in names.iter().take(MOST) {
                    let _ = writeln!(text, "  openssl s_client -connect {at} -servername {name}   → {shares}");
                }
            }
            Handler::Http(connection) => {
                for host in connection.virtual_hosts.iter().take(MOST) {
                    let name = callable(&host.hostname);
                    let forwards = |route: &&Arc<Route>| matches!(*route.action, Action::Forward(_));
                    let first = host.routes.iter().filter(forwards).find_map(|route| sample(route));
                    let path = first.or(host.routes.iter().find_map(|route| sample(route))).unwrap_or("/");
                    let scheme = if chain.tls.is_some() { "https" } else { "http" };
                    let url = format!("{scheme}://{name}:{}{path}", at.port());
                    let _ = writeln!(text, "  {url}\n    {}", self.curl(config, at, chain, &name, &url));
                    self.list_rules(config, host.routes.iter(), text);
                }
                if let Some(further) = connection.virtual_hosts.len().checked_sub(MOST).filter(|count| *count > 0) {
                    let _ = writeln!(text, "  and {further} more hosts");
                }
            }
        }
    }

    /// The line for curl.
    fn curl(&self, config: &Config, at: SocketAddr, chain: &FilterChain, name: &str, url: &str) -> String {
        let mut line = "curl".to_owned();
        if !is_local(name) || at.ip() != IpAddr::V4(Ipv4Addr::LOCALHOST) {
            let _ = write!(line, " --resolve {name}:{}:{}", at.port(), bracketed(at.ip()));
        }
        if let Some(tls) = &chain.tls {
            let pairs = tls.certificates.iter().map(|id| config.certificate(*id));
            match pairs.into_iter().find_map(|pair| self.certificates.file(&pair.namespace, &pair.name)) {
                Some(file) => {
                    let _ = write!(line, " --cacert {}", file.display());
                }
                None => line.push_str(" -k"),
            }
            if tls.clients.must_show() {
                line.push_str(" --cert CERTIFICATE --key KEY");
            }
        }
        format!("{line} {}", quoted(url))
    }

    fn list_rules<'r>(&self, config: &Config, mut routes: impl Iterator<Item = &'r Arc<Route>>, text: &mut String) {
        for route in routes.by_ref().take(MOST) {
            let place = self.tracer.rule(route).map(|spot| format!("  {}", spot.place())).unwrap_or_default();
            let (what, answer) = (describe_match(&route.matches), self.answer(config, &route.action));
            let _ = writeln!(text, "    {what} → {answer}{place}");
        }
        match routes.count() {
            0 => {}
            further => {
                let _ = writeln!(text, "    and {further} more rules");
            }
        }
    }

    fn answer(&self, config: &Config, action: &Action) -> String {
        match action {
            Action::Forward(Forward { backends, .. }) => {
                let parts = backends.iter().filter(|one| one.weight > 0).map(|one| match one.target {
                    Target::Cluster(id) => (one.weight, self.name(config, id)),
                    Target::Invalid(status) => (one.weight, status.to_string()),
                });
                shared(parts.collect())
            }
            Action::Redirect(redirect) => {
                let scheme = redirect.scheme.map(|scheme| format!(" to {scheme}")).unwrap_or_default();
                let host = redirect.hostname.as_ref().map(|host| format!(" on {host}")).unwrap_or_default();
                let port = if redirect.print_port { format!(" port {}", redirect.port) } else { String::new() };
                format!("redirect {}{scheme}{host}{port}", redirect.status)
            }
            Action::DirectResponse(response) => format!("an answer of the rule, {}", response.status),
            Action::Respond(_) => "an answer of the gateway".to_owned(),
            Action::Split(branches) => {
                let parts = branches.iter().filter(|branch| branch.weight > 0);
                shared(parts.map(|branch| (branch.weight, self.answer(config, &branch.action))).collect())
            }
        }
    }

    fn shares(&self, config: &Config, backends: &[TcpBackend]) -> String {
        let used = backends.iter().filter(|one| one.weight > 0);
        let name = |id: Option<ClusterId>| id.map_or_else(|| "nobody".to_owned(), |id| self.name(config, id));
        shared(used.map(|one| (one.weight, name(one.cluster))).collect())
    }

    /// A backend, with who stands behind it.
    fn name(&self, config: &Config, id: ClusterId) -> String {
        let cluster = config.cluster(id);
        let who = match self.behind.who(cluster) {
            Who::Local => " (local)",
            Who::Echo => " (echo)",
            Who::Given => "",
            Who::Nobody => " (nothing: 503)",
        };
        format!("{}{who}", backend_name(&cluster.backend))
    }
}

/// An address behind a colon.
fn bracketed(address: IpAddr) -> String {
    if address.is_ipv6() { format!("[{address}]") } else { address.to_string() }
}

/// A URL for a shell, which would take some characters for its own.
fn quoted(url: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || ":/.-_~%".contains(c);
    if url.chars().all(is_plain) { url.to_owned() } else { format!("'{}'", url.replace('\'', "%27")) }
}

/// Parts with their shares in percent, where there are several.
fn shared(parts: Vec<(u32, String)>) -> String {
    let total: u64 = parts.iter().map(|(weight, _)| u64::from(*weight)).sum();
    let is_shared = parts.len() > 1;
    let part = |(weight, name)| match is_shared {
        true => format!("{} % {name}", u64::from(weight) * 100 / total.max(1)),
        false => name,
    };
    match parts.is_empty() {
        true => "nobody".to_owned(),
        false => parts.into_iter().map(part).collect::<Vec<_>>().join(", "),
    }
}

/// Where clients on this machine reach a listener.
fn reachable(listener: &Listener) -> SocketAddr {
    let ip = match listener.address {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    SocketAddr::new(ip, listener.bind_port.number())
}

/// A host that a hostname covers.
fn callable(hostname: &Hostname) -> Cow<'_, str> {
    match hostname {
        Hostname::Exact(host) => Cow::Borrowed(host),
        Hostname::Wildcard(suffix) => Cow::Owned(format!("any.{suffix}")),
        Hostname::Any => Cow::Borrowed("localhost"),
    }
}

/// Whether a name leads to this machine without being told: RFC 6761, section 6.3.
fn is_local(name: &str) -> bool {
    name == "localhost" || name.ends_with(".localhost")
}

/// A path that a rule takes from a plain GET.
fn sample(route: &Route) -> Option<&str> {
    let matches = &route.matches;
    let is_plain = matches.method.is_none_or(|method| method == Method::Get)
        && matches.headers.is_empty()
        && matches.query.is_empty()
        && !matches.grpc;
    match &matches.path {
        PathMatch::Exact(path) if is_plain => Some(path),
        PathMatch::Prefix(prefix) if is_plain => Some(if prefix.is_empty() { "/" } else { prefix }),
        PathMatch::Exact(_) | PathMatch::Prefix(_) | PathMatch::Regex(_) => None,
    }
}

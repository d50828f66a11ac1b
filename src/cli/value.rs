//! The values of flags: from the text on the command line to checked types.
//!
//! Every parser is a plain function for clap; its error says what was expected.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;

use crate::diagnostics::escape::Commands;
use crate::diagnostics::{Code, Severity};
use crate::http::is_token;
use crate::name::{Name, Namespace};
use crate::options::{
    AccessLog, Addresses, Capture, Collector, EnvoyVersion, ListenerAddress, LoopbackRange, OUTBOUND_PORT,
    PROXY_ADDRESS, PortMap, Resolve, Tracing,
};
use crate::parser::manifests::ObjectKey;
use crate::port::Port;
use crate::suppress;

use super::kinds;

/// The oldest and the newest minor version of Envoy 1.x that output can be made for.
pub(super) const ENVOY_MINORS: std::ops::RangeInclusive<u16> = 36..=40;

/// A format, and the file it goes to when that is not the standard stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination {
    /// The format.
    pub format: ReportFormat,
    /// The file; `None` for the stream of the command.
    pub file: Option<PathBuf>,
}

/// A rendering of the findings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReportFormat {
    /// Text for people.
    Human,
    /// The JSON report of `docs/report.md`.
    Json,
    /// SARIF 2.1.0.
    Sarif,
    /// JUnit XML.
    Junit,
    /// Workflow commands of GitHub Actions.
    Github,
    /// Code Quality of GitLab.
    Gitlab,
    /// The format of reviewdog.
    Rdjson,
}

impl ReportFormat {
    /// Whether the format consists of commands.
    pub fn commands(self) -> Commands {
        match self {
            Self::Github => Commands::Own,
            Self::Human | Self::Json | Self::Sarif | Self::Junit | Self::Gitlab | Self::Rdjson => Commands::Refused,
        }
    }
}

impl FromStr for Destination {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (format, file) = match text.split_once('=') {
            Some((_, "")) => return Err("a file name is missing behind `=`".to_owned()),
            Some((format, file)) => (format, Some(PathBuf::from(file))),
            None => (text, None),
        };
        let format = match format {
            "human" => ReportFormat::Human,
            "json" => ReportFormat::Json,
            "sarif" => ReportFormat::Sarif,
            "junit" => ReportFormat::Junit,
            "github" => ReportFormat::Github,
            "gitlab" => ReportFormat::Gitlab,
            "rdjson" => ReportFormat::Rdjson,
            _ => {
                return Err("expected `human`, `json`, `sarif`, `junit`, `github`, `gitlab` or `rdjson`, and `=FILE` to write to a \
                            file"
                    .to_owned());
            }
        };
        Ok(Self { format, file: file.filter(|file| file.as_os_str() != "-") })
    }
}

/// A header line, `NAME: VALUE`.
pub(super) fn header(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once(':').ok_or("expected `NAME: VALUE`")?;
    if name.is_empty() || !name.bytes().all(is_token) {
        return Err(format!("`{name}` is not a header name"));
    }
    Ok((name.to_owned(), value.trim().to_owned()))
}

/// A percentage.
pub(super) fn percent(text: &str) -> Result<f64, String> {
    let number = text.trim_end_matches('%').parse().ok().filter(|number| (0.0..=100.0).contains(number));
    number.ok_or_else(|| "expected a percentage from 0 to 100".to_owned())
}

/// A code by its id or name.
pub(super) fn code(text: &str) -> Result<Code, String> {
    Code::find(text.trim()).ok_or_else(|| format!("there is no such code: {}", suppress::meant(text.trim())))
}

/// What `--deny` names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deny {
    /// Every warning.
    Warnings,
    /// The findings of one code.
    Code(Code),
}

/// `warnings`, or a code by its id or name.
pub(super) fn deny(text: &str) -> Result<Deny, String> {
    if text.trim() == "warnings" {
        return Ok(Deny::Warnings);
    }
    code(text).map(Deny::Code).map_err(|error| format!("expected `warnings` or a code: {error}"))
}

/// A pattern of `--exclude`.
pub(super) fn glob(text: &str) -> Result<String, String> {
    crate::glob::check(text).map(|()| text.to_owned())
}

/// A code whose findings may be left out.
pub(super) fn ignored_code(text: &str) -> Result<Code, String> {
    let code = code(text)?;
    match code.severity() {
        Severity::Error => Err(format!("{} ({}) is an error, and an error cannot be ignored", code.id(), code.name())),
        Severity::Warning | Severity::Note => Ok(code),
    }
}

/// `KIND.GROUP`, or `KIND` of the core group.
pub(super) fn foreign_kind(text: &str) -> Result<String, String> {
    let (kind, group) = text.split_once('.').unwrap_or((text, ""));
    let is_kind = kind.starts_with(|first: char| first.is_ascii_uppercase())
        && kind.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if is_kind && (group.is_empty() != text.contains('.')) && (group.is_empty() || is_subdomain(group)) {
        return Ok(text.to_owned());
    }
    Err("expected a kind, a dot and its group, such as `SecurityPolicy.gateway.envoyproxy.io`".to_owned())
}

/// A DNS label, as names of namespaces are.
pub(super) fn namespace(text: &str) -> Result<Namespace, String> {
    if is_label(text) {
        Ok(Namespace::from(text))
    } else {
        Err("a namespace has 1 to 63 characters of `a-z`, `0-9` and `-`, and begins and ends with none of `-`"
            .to_owned())
    }
}

/// `NAMESPACE/NAME`.
pub(super) fn namespaced_name(text: &str) -> Result<(Namespace, Name), String> {
    let (namespace, name) = text.split_once('/').ok_or("expected NAMESPACE/NAME")?;
    let namespace = self::namespace(namespace)?;
    if is_subdomain(name) {
        Ok((namespace, Name::from(name)))
    } else {
        Err(format!("`{name}` is not an object's name"))
    }
}

/// `KIND/NAMESPACE/NAME`, with the words of `get` for kinds.
pub(super) fn object(text: &str) -> Result<ObjectKey, String> {
    let (kind, name) = text.split_once('/').ok_or("expected KIND/NAMESPACE/NAME")?;
    let (namespace, name) = name.split_once('/').ok_or("expected KIND/NAMESPACE/NAME")?;
    let kinds = kinds::named(kind)?;
    match kinds.as_slice() {
        [kind] => Ok(ObjectKey { kind: *kind, namespace: self::namespace(namespace)?, name: Name::from(name) }),
        _ => Err(format!("`{kind}` is several kinds")),
    }
}

/// A DNS subdomain, such as the domain of a cluster.
pub(super) fn domain(text: &str) -> Result<String, String> {
    let text = text.trim_end_matches('.');
    if is_subdomain(text) { Ok(text.to_owned()) } else { Err("expected a DNS name such as `cluster.local`".to_owned()) }
}

/// `NAMESPACE/SERVICE:PORT=HOST:PORT[,HOST:PORT…]`.
pub(super) fn resolve(text: &str) -> Result<Resolve, String> {
    let (service, endpoints) = text
        .split_once('=')
        .ok_or("expected NAMESPACE/SERVICE:PORT=HOST:PORT, for example shop/cart:80=127.0.0.1:8000")?;
    let (object, service_port) = service.rsplit_once(':').ok_or("expected NAMESPACE/SERVICE:PORT before `=`")?;
    let (namespace, name) = namespaced_name(object)?;
    let endpoints = endpoints.split(',').map(endpoint).collect::<Result<Vec<_>, _>>()?;
    Ok(Resolve { namespace, name, port: port(service_port)?, endpoints, stands_in: false })
}

/// A local process that stands behind a Service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Local {
    /// The Service's namespace.
    pub namespace: Namespace,
    /// The Service's name.
    pub name: Name,
    /// The Service's port; all of them by default.
    pub port: Option<Port>,
    /// An IP address or a DNS name.
    pub host: String,
    /// The port that the process listens on.
    pub to: Port,
}

impl Local {
    /// The Service as the flag names it.
    pub fn service(&self) -> String {
        let Self { namespace, name, port, .. } = self;
        let port = port.map(|port| format!(":{port}")).unwrap_or_default();
        format!("{namespace}/{name}{port}")
    }
}

impl std::fmt::Display for Local {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (open, close) = if self.host.contains(':') { ("[", "]") } else { ("", "") };
        write!(f, "{}={open}{}{close}:{}", self.service(), self.host, self.to)
    }
}

/// `NAMESPACE/SERVICE[:PORT]=[HOST:]PORT`.
pub(super) fn local(text: &str) -> Result<Local, String> {
    let (service, process) =
        text.split_once('=').ok_or("expected NAMESPACE/SERVICE[:PORT]=[HOST:]PORT, for example shop/cart=9000")?;
    let (object, service_port) = match service.rsplit_once(':') {
        Some((object, number)) => (object, Some(port(number)?)),
        None => (service, None),
    };
    let (namespace, name) = namespaced_name(object)?;
    let (host, to) =
        if process.contains(':') { endpoint(process)? } else { (Ipv4Addr::LOCALHOST.to_string(), port(process)?) };
    // The name of this machine leads to the address that the rest is on.
    let host = if host == "localhost" { Ipv4Addr::LOCALHOST.to_string() } else { host };
    Ok(Local { namespace, name, port: service_port, host, to })
}

/// `HOST:PORT`, the host an IP address (IPv6 in brackets) or a DNS name.
fn endpoint(text: &str) -> Result<(String, Port), String> {
    let (host, endpoint_port) = text.rsplit_once(':').ok_or_else(|| format!("expected HOST:PORT, found `{text}`"))?;
    let endpoint_port = port(endpoint_port)?;
    if let Some(address) = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        return match address.parse::<IpAddr>() {
            Ok(IpAddr::V6(address)) => Ok((address.to_string(), endpoint_port)),
            _ => Err(format!("`{address}` is not an IPv6 address")),
        };
    }
    if host.contains(':') {
        return Err(format!("an IPv6 address stands in brackets: `[{host}]:{endpoint_port}`"));
    }
    let is_address = host.parse::<Ipv4Addr>().is_ok();
    let looks_like_address = host.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let host = host.to_ascii_lowercase();
    if is_address || (is_subdomain(host.trim_end_matches('.')) && !looks_like_address) {
        Ok((host, endpoint_port))
    } else {
        Err(format!("`{host}` is neither an IP address nor a DNS name"))
    }
}

/// A Secret, and the files that stand for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificatePaths {
    /// Its namespace and name.
    pub secret: (Namespace, Name),
    /// The file of the certificate.
    pub chain: PathBuf,
    /// The file of the private key.
    pub key: PathBuf,
}

/// An object, and the file that stands for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthoritiesPath {
    /// Its namespace and name.
    pub object: (Namespace, Name),
    /// The file of the authorities.
    pub file: PathBuf,
}

/// `NAMESPACE/NAME=CERT,KEY`.
pub(super) fn certificate(text: &str) -> Result<CertificatePaths, String> {
    let expected = "expected NAMESPACE/NAME=CERT,KEY, for example infra/web=/etc/tls/web.crt,/etc/tls/web.key";
    let (secret, files) = text.split_once('=').ok_or(expected)?;
    match files.split(',').collect::<Vec<_>>().as_slice() {
        [chain, key] if !chain.is_empty() && !key.is_empty() => {
            Ok(CertificatePaths { secret: namespaced_name(secret)?, chain: chain.into(), key: key.into() })
        }
        _ => Err(expected.to_owned()),
    }
}

/// `NAMESPACE/NAME=FILE`.
pub(super) fn authorities(text: &str) -> Result<AuthoritiesPath, String> {
    match text.split_once('=') {
        Some((object, file)) if !file.is_empty() => {
            Ok(AuthoritiesPath { object: namespaced_name(object)?, file: file.into() })
        }
        _ => Err("expected NAMESPACE/NAME=FILE, for example infra/clients=/etc/tls/clients.crt".to_owned()),
    }
}

/// `[NAMESPACE/NAME:]FROM=TO`.
pub(super) fn port_map(text: &str) -> Result<PortMap, String> {
    let (left, to) = text.split_once('=').ok_or("expected FROM=TO or NAMESPACE/NAME:FROM=TO, for example 80=10080")?;
    let (gateway, from) = match left.rsplit_once(':') {
        Some((gateway, from)) => (Some(namespaced_name(gateway)?), from),
        None => (None, left),
    };
    Ok(PortMap { gateway, from: port(from)?, to: port(to)? })
}

/// A port from 1 to 65535.
fn port(text: &str) -> Result<Port, String> {
    match text.parse() {
        Ok(0) | Err(_) => Err(format!("`{text}` is not a port from 1 to 65535")),
        Ok(port) if text.starts_with('+') => Err(format!("write {port} without `+`")),
        Ok(port) => Ok(Port::new(port)),
    }
}

/// An IP address, or `gateway`.
pub(super) fn listener_address(text: &str) -> Result<ListenerAddress, String> {
    if text == "gateway" {
        return Ok(ListenerAddress::Gateway);
    }
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    bare.parse().map(ListenerAddress::Ip).map_err(|_| "expected an IP address, or `gateway`".to_owned())
}

/// `proxy`, `proxy=ADDRESS:PORT`, `address`, `redirect` or `redirect=PORT`.
pub(super) fn capture(text: &str) -> Result<Capture, String> {
    match text.split_once('=').map_or((text, None), |(shape, address)| (shape, Some(address))) {
        ("proxy", address) => Ok(Capture::Proxy(address.map_or(Ok(PROXY_ADDRESS), proxy_address)?)),
        ("address", None) => Ok(Capture::Address(Addresses::default())),
        ("address", Some(_)) => Err("the addresses of Services are said by `--mesh-addresses`".to_owned()),
        ("redirect", to) => Ok(Capture::Redirect(to.map_or(Ok(OUTBOUND_PORT), port)?)),
        _ => Err("expected `address`, `proxy`, `proxy=ADDRESS:PORT`, `redirect` or `redirect=PORT`".to_owned()),
    }
}

/// `cluster-ip`, `loopback` or `loopback=RANGE`.
pub(super) fn addresses(text: &str) -> Result<Addresses, String> {
    match text.split_once('=').map_or((text, None), |(which, range)| (which, Some(range))) {
        ("cluster-ip", None) => Ok(Addresses::ClusterIp),
        ("loopback", None) => Ok(Addresses::Loopback(LoopbackRange::default())),
        ("loopback", Some(range)) => Ok(Addresses::Loopback(range.parse()?)),
        _ => Err("expected `cluster-ip`, `loopback` or a range such as `loopback=127.1.0.0/16`".to_owned()),
    }
}

/// Where a forward proxy listens. Who could connect from elsewhere would have all Services of the cluster.
fn proxy_address(text: &str) -> Result<SocketAddr, String> {
    let address = admin_address(text)?;
    match address.port() {
        0 => Err("a proxy that clients name needs a port from 1 to 65535".to_owned()),
        _ => Ok(address),
    }
}

/// `ADDRESS:PORT`; port 0 lets the system choose.
pub(super) fn admin_address(text: &str) -> Result<SocketAddr, String> {
    let loopback = text.strip_prefix("localhost:").map(|port| format!("127.0.0.1:{port}"));
    loopback
        .as_deref()
        .unwrap_or(text)
        .parse()
        .map_err(|_| "expected ADDRESS:PORT, for example 127.0.0.1:19000 or [::1]:19000".to_owned())
}

/// `none`, `stdout`, a file, or `otlp=HOST:PORT`.
pub(super) fn access_log(text: &str) -> Result<AccessLog, String> {
    if let Some(address) = text.strip_prefix(OTLP) {
        return collector(address).map(AccessLog::Collector);
    }
    match text {
        "" => Err("expected `none`, `stdout`, a file or `otlp=HOST:PORT`".to_owned()),
        "none" => Ok(AccessLog::None),
        "stdout" => Ok(AccessLog::Stdout),
        file => Ok(AccessLog::File(file.to_owned())),
    }
}

/// What stands before the address of a collector.
const OTLP: &str = "otlp=";

/// `otlp=HOST:PORT`, and how many percent of the requests are traced.
pub(super) fn tracing(text: &str) -> Result<Tracing, String> {
    let rest = text.strip_prefix(OTLP).ok_or_else(|| {
        "expected otlp=HOST:PORT[,PERCENT], for example otlp=127.0.0.1:4317 or otlp=collector.example:4317,5".to_owned()
    })?;
    let (address, percent) = rest.split_once(',').map_or((rest, "100"), |(address, percent)| (address, percent));
    Ok(Tracing { collector: collector(address)?, sampled: hundredths(percent)? })
}

/// The host of a collector, as a flag has it.
pub(super) fn collector_host(text: &str) -> Option<String> {
    let address = text.strip_prefix(OTLP)?.split(',').next()?;
    Some(collector(address).ok()?.host)
}

fn collector(address: &str) -> Result<Collector, String> {
    endpoint(address).map(|(host, port)| Collector { host, port })
}

/// A percentage with at most two decimals, in hundredths: Envoy counts in no smaller parts.
fn hundredths(text: &str) -> Result<u16, String> {
    let wrong = || format!("expected a percentage from 0 to 100 with at most two decimals, found `{text}`");
    let (whole, decimals) = text.split_once('.').unwrap_or((text, "0"));
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(whole) || !is_number(decimals) || decimals.len() > 2 {
        return Err(wrong());
    }
    let (whole, decimals): (u16, u16) =
        (whole.parse().map_err(|_| wrong())?, format!("{decimals:0<2}").parse().map_err(|_| wrong())?);
    whole
        .checked_mul(100)
        .and_then(|hundredths| hundredths.checked_add(decimals))
        .filter(|all| *all <= 10_000)
        .ok_or_else(wrong)
}

/// `1.36` to `1.40`.
pub(super) fn envoy_version(text: &str) -> Result<EnvoyVersion, String> {
    text.strip_prefix("1.")
        .filter(|minor| minor.bytes().all(|byte| byte.is_ascii_digit()))
        .and_then(|minor| minor.parse().ok())
        .filter(|minor| ENVOY_MINORS.contains(minor))
        .map(EnvoyVersion)
        .ok_or_else(|| format!("expected a release from 1.{} to 1.{}", ENVOY_MINORS.start(), ENVOY_MINORS.end()))
}

fn is_label(text: &str) -> bool {
    let is_word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    (1..=63).contains(&text.len())
        && text.bytes().all(|byte| is_word(byte) || byte == b'-')
        && text.bytes().next().is_some_and(is_word)
        && text.bytes().next_back().is_some_and(is_word)
}

/// Object names may have longer parts than DNS labels; the whole has 253 characters at most.
fn is_subdomain(text: &str) -> bool {
    let is_word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    text.len() <= 253
        && text.split('.').all(|part| {
            part.bytes().all(|byte| is_word(byte) || byte == b'-')
                && part.bytes().next().is_some_and(is_word)
                && part.bytes().next_back().is_some_and(is_word)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resolve_takes_names_addresses_and_several_endpoints() {
        let parsed = resolve("shop/cart:80=127.0.0.1:8000,[::1]:8001,Host.example:8002").unwrap();
        assert_eq!((parsed.namespace.as_str(), parsed.name.as_str(), parsed.port), ("shop", "cart", Port::HTTP));
        let endpoints: Vec<(&str, u16)> =
            parsed.endpoints.iter().map(|(host, port)| (host.as_str(), port.number())).collect();
        assert_eq!(endpoints, [("127.0.0.1", 8000), ("::1", 8001), ("host.example", 8002)]);
    }

    #[test]
    fn resolve_refuses_what_is_not_a_service_or_an_endpoint() {
        for text in [
            "",
            "shop/cart:80",
            "cart:80=a:1",
            "shop/cart=a:1",
            "shop/cart:80=",
            "shop/cart:80=a",
            "shop/cart:80=a:0",
            "shop/cart:80=a:65536",
            "shop/cart:80=a:+1",
            "shop/cart:80=a:1,",
            "shop/cart:80=::1:80",
            "shop/cart:80=[127.0.0.1]:80",
            "shop/cart:80=1.2.3:80",
            "shop/cart:80=:80",
            "shop/cart:80=a b:80",
            "Shop/cart:80=a:1",
            "shop/cart/x:80=a:1",
        ] {
            assert!(resolve(text).is_err(), "{text}");
        }
        assert_eq!(resolve("a/b:1=::1:80").unwrap_err(), "an IPv6 address stands in brackets: `[::1]:80`");
    }

    #[test]
    fn a_local_process_is_a_port_or_a_host_and_a_port() {
        let parsed = |text: &str| local(text).map(|one| one.to_string());
        assert_eq!(parsed("shop/cart=9000").unwrap(), "shop/cart=127.0.0.1:9000");
        assert_eq!(parsed("shop/cart:80=localhost:9000").unwrap(), "shop/cart:80=127.0.0.1:9000");
        assert_eq!(parsed("shop/cart:80=[::1]:9000").unwrap(), "shop/cart:80=[::1]:9000");
        for text in ["", "cart=9000", "shop/cart", "shop/cart=", "shop/cart=0", "shop/cart:x=1", "shop/cart=a:b"] {
            assert!(local(text).is_err(), "{text}");
        }
    }

    #[test]
    fn tracing_has_a_collector_and_a_share() {
        let parsed =
            |text: &str| tracing(text).map(|one| (one.collector.host, one.collector.port.number(), one.sampled));
        assert_eq!(parsed("otlp=127.0.0.1:4317"), Ok(("127.0.0.1".to_owned(), 4317, 10_000)));
        assert_eq!(parsed("otlp=[::1]:4317,0.5"), Ok(("::1".to_owned(), 4317, 50)));
        assert_eq!(parsed("otlp=Tempo.example:4317,12.25"), Ok(("tempo.example".to_owned(), 4317, 1225)));
        assert_eq!(parsed("otlp=a:1,0").map(|one| one.2), Ok(0));
        for text in [
            "",
            "otlp",
            "otlp=",
            "otlp=a",
            "otlp=a:0",
            "otlp=a:70000",
            "otlp=::1:4317",
            "otlp=a:1,",
            "otlp=a:1,-1",
            "otlp=a:1,100.01",
            "otlp=a:1,101",
            "otlp=a:1,1.234",
            "otlp=a:1,1e1",
            "otlp=a:1,.5",
            "otlp=a:1,5.",
            "otlp=a:1,5,6",
            "otlp=a:1,99999999",
            "zipkin=a:1",
            "http://a:4317",
        ] {
            assert!(tracing(text).is_err(), "{text}");
        }
        assert!(tracing("otlp=a:1,101").unwrap_err().contains("from 0 to 100"));
    }

    #[test]
    fn a_log_goes_to_one_place() {
        assert_eq!(access_log("otlp"), Ok(AccessLog::File("otlp".to_owned())));
        let collector = Collector { host: "a".to_owned(), port: Port::new(4317) };
        assert_eq!(access_log("otlp=a:4317"), Ok(AccessLog::Collector(collector)));
        for text in ["", "otlp=", "otlp=a", "otlp=a:1,5"] {
            assert!(access_log(text).is_err(), "{text}");
        }
    }

    #[test]
    fn files_stand_for_objects_by_their_names() {
        let paths = CertificatePaths {
            secret: ("infra".into(), "web".into()),
            chain: "a=b.crt".into(),
            key: "/x/web.key".into(),
        };
        assert_eq!(certificate("infra/web=a=b.crt,/x/web.key"), Ok(paths));
        for text in ["infra/web", "infra/web=a", "infra/web=a,", "infra/web=,b", "infra/web=a,b,c", "web=a,b", "=a,b"] {
            assert!(certificate(text).is_err(), "{text}");
        }
        let object = ("infra".into(), "ca".into());
        assert_eq!(authorities("infra/ca=a,b.crt"), Ok(AuthoritiesPath { object, file: "a,b.crt".into() }));
        for text in ["infra/ca", "infra/ca=", "ca=a", "/=a"] {
            assert!(authorities(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_port_map_is_for_one_gateway_or_for_all() {
        assert_eq!(port_map("80=10080").unwrap(), PortMap { gateway: None, from: Port::HTTP, to: Port::new(10080) });
        let gateway = Some(("infra".into(), "edge".into()));
        assert_eq!(
            port_map("infra/edge:443=10443").unwrap(),
            PortMap { gateway, from: Port::HTTPS, to: Port::new(10443) }
        );
        for text in ["80", "80=", "=80", "0=80", "80=0", "edge:80=81", "infra/:80=81", "infra/edge=81"] {
            assert!(port_map(text).is_err(), "{text}");
        }
    }

    #[test]
    fn addresses_are_ip_addresses_or_the_word_gateway() {
        assert_eq!(listener_address("gateway"), Ok(ListenerAddress::Gateway));
        assert_eq!(listener_address("::").unwrap(), listener_address("[::]").unwrap());
        assert!(listener_address("0.0.0.0:80").is_err() && listener_address("edge.example").is_err());
        assert_eq!(admin_address("localhost:0").unwrap(), SocketAddr::from(([127, 0, 0, 1], 0)));
        assert!(admin_address("[::1]:19000").is_ok());
        for text in ["19000", "127.0.0.1", "::1:19000x", "admin.example:19000"] {
            assert!(admin_address(text).is_err(), "{text}");
        }
    }

    #[test]
    fn envoy_versions_are_those_that_output_is_made_for() {
        assert_eq!(envoy_version("1.36"), Ok(EnvoyVersion(36)));
        assert_eq!(envoy_version("1.40"), Ok(EnvoyVersion(40)));
        for text in ["1.35", "1.41", "2.0", "1.4", "1.+40", "1.", "v1.40", "1.40.0"] {
            assert!(envoy_version(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_destination_is_a_format_and_perhaps_a_file() {
        let parse = |text: &str| text.parse::<Destination>();
        assert_eq!(parse("json"), Ok(Destination { format: ReportFormat::Json, file: None }));
        assert_eq!(parse("human=a=b"), Ok(Destination { format: ReportFormat::Human, file: Some("a=b".into()) }));
        assert_eq!(parse("json=-"), Ok(Destination { format: ReportFormat::Json, file: None }));
        assert!(parse("json=").is_err() && parse("xml").is_err() && parse("").is_err());
    }

    #[test]
    fn names_follow_the_rules_of_kubernetes() {
        assert!(namespaced_name("infra/edge.v1").is_ok());
        for text in ["edge", "/edge", "infra/", "infra/-edge", "infra/edge.", "in.fra/edge", "infra/a/b", "infra/E"] {
            assert!(namespaced_name(text).is_err(), "{text}");
        }
        assert!(namespace(&"a".repeat(64)).is_err());
        assert_eq!(domain("cluster.local."), Ok("cluster.local".to_owned()));
    }
}

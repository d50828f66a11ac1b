//! What a compilation may be told beside its input. Every default is the one
//! of the command line (see `docs/defaults.md`).

mod ignore_rule;
mod mesh;
mod substitutions;

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use crate::name::{Name, Namespace};
use crate::port::Port;

pub use ignore_rule::{IgnoreRule, ObjectPattern, PathPattern};
pub use mesh::{Addresses, Capture, LoopbackRange, Mesh, OUTBOUND_PORT, PROXY_ADDRESS};
pub use substitutions::Substitutions;

/// The settings of one compilation.
#[derive(Clone, Debug)]
pub struct Options {
    /// The namespace of objects that name none.
    pub namespace: Namespace,
    /// Only these Gateways (namespace, name); all when empty.
    pub gateways: Vec<(Namespace, Name)>,
    /// Only Gateways of these classes; all when empty.
    pub gateway_classes: Vec<Name>,
    /// Serve clients of Services, in the place of Gateways; every judgement is about both.
    pub mesh: Option<Mesh>,
    /// The controller that classes must name to be ours; every class is, when there is none.
    pub controller: Option<String>,
    /// What the input may lack.
    pub assume: Assume,
    /// Addresses given by hand for a Service port.
    pub resolve: Vec<Resolve>,
    /// The DNS suffix of the cluster.
    pub cluster_domain: String,
    /// Whether ExternalName Services may be backends.
    pub allow_external_name: bool,
    /// Where listeners bind.
    pub listener_address: ListenerAddress,
    /// Ports bound in place of the Gateways' own.
    pub port_map: Vec<PortMap>,
    /// Where the admin interface listens; `None` switches it off.
    pub admin_address: Option<SocketAddr>,
    /// Where requests are logged.
    pub access_log: AccessLog,
    /// The form of the access log.
    pub access_log_format: AccessLogFormat,
    /// Where spans of requests are sent; `None` makes none.
    pub tracing: Option<Tracing>,
    /// How many trusted proxies stand in front of Envoy and append to `x-forwarded-for`.
    pub trusted_hops: u32,
    /// Whether connections begin with a PROXY protocol header.
    pub proxy_protocol: bool,
    /// Where key material is written, instead of inline.
    pub secrets_dir: Option<PathBuf>,
    /// Certificates in files of their own, in the place of what Secrets hold.
    pub certificates: Vec<CertificateFiles>,
    /// Authorities in files of their own, in the place of what ConfigMaps and Secrets hold.
    pub authorities: Vec<AuthoritiesFile>,
    /// Whether what such files hold stands in the configuration, in place of their paths.
    pub inlines_files: bool,
    /// The file with the system's certificate authorities, on the machine that runs Envoy.
    pub system_ca: String,
    /// The release channel whose schema counts.
    pub channel: Channel,
    /// How clusters, listeners and routes of the output are named.
    pub naming: Naming,
    /// Whether the routes of hosts that have many are a tree over what paths begin with, in place of a list.
    pub route_trees: bool,
    /// The oldest Envoy that must load the output.
    pub envoy_version: EnvoyVersion,
    /// Now, in seconds of Unix time; without it the validity of certificates is not judged.
    pub now: Option<i64>,
    /// The files that some of these settings come from; a report names them.
    pub settings: Vec<SettingsFile>,
    /// The kinds, as `KIND.GROUP`, whose objects may be missing from the configuration although gwctl does not translate
    /// them.
    pub allow_unsupported: Vec<String>,
    /// Whether a configuration is written, or cases are staked on one: what would be missing from it is an error then, and
    /// a warning otherwise.
    pub writes_configuration: bool,
    /// Whether the configuration is only tried, with requests that come from nowhere else: logs that listeners ask for go
    /// nowhere, no connection has to begin with a PROXY protocol header, and what datagrams go by may be left out, of which a
    /// request is refused.
    pub is_tried: bool,
    /// Whether the input is compared with another one. What it refers to and lacks, or may not use, stands for itself
    /// then, so that a change of the reference, or of what else its rule does, is seen.
    pub is_compared: bool,
    /// What stands for the variables of Flux in the input.
    pub substitutions: Substitutions,
    /// The files and directories that are left out of the input.
    pub exclude: Excluded,
    /// Whether what git ignores in directories is read too.
    pub reads_ignored: bool,
    /// The ids of the codes whose warnings and notes are left out.
    pub ignore: Vec<String>,
    /// What a settings file leaves out in some places.
    pub ignore_rules: Vec<IgnoreRule>,
    /// The ids of the codes whose warnings and notes are reported; all when empty. Errors always are.
    pub select: Vec<String>,
}

/// The controller where neither a GatewayClass nor the command line names one.
const OWN_CONTROLLER: &str = "gwctl.dev/offline";

impl Options {
    /// The controller of what has no GatewayClass in the input.
    pub fn controller_name(&self) -> &str {
        self.controller.as_deref().unwrap_or(OWN_CONTROLLER)
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            namespace: Namespace::from("default"),
            gateways: Vec::new(),
            gateway_classes: Vec::new(),
            mesh: None,
            controller: None,
            assume: Assume::default(),
            resolve: Vec::new(),
            cluster_domain: "cluster.local".to_owned(),
            allow_external_name: false,
            listener_address: ListenerAddress::Ip(IpAddr::V4(Ipv4Addr::UNSPECIFIED)),
            port_map: Vec::new(),
            admin_address: Some(SocketAddr::from(([127, 0, 0, 1], 19000))),
            access_log: AccessLog::None,
            access_log_format: AccessLogFormat::Text,
            tracing: None,
            trusted_hops: 0,
            proxy_protocol: false,
            secrets_dir: None,
            certificates: Vec::new(),
            authorities: Vec::new(),
            inlines_files: false,
            system_ca: "/etc/ssl/certs/ca-certificates.crt".to_owned(),
            channel: Channel::Experimental,
            naming: Naming::Own,
            route_trees: false,
            envoy_version: EnvoyVersion::NEWEST,
            now: None,
            settings: Vec::new(),
            allow_unsupported: Vec::new(),
            writes_configuration: false,
            is_tried: false,
            is_compared: false,
            substitutions: Substitutions::default(),
            exclude: Excluded::default(),
            reads_ignored: false,
            ignore: Vec::new(),
            ignore_rules: Vec::new(),
            select: Vec::new(),
        }
    }
}

/// The files of a certificate and its key, which stand for a Secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateFiles {
    /// The Secret's namespace.
    pub namespace: Namespace,
    /// The Secret's name.
    pub name: Name,
    /// The certificate, the leaf first, in PEM.
    pub chain: GivenFile,
    /// The private key, in PEM.
    pub key: GivenFile,
}

/// The file of authorities that stands for a ConfigMap, or for a Secret where that is what is referred to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthoritiesFile {
    /// The object's namespace.
    pub namespace: Namespace,
    /// The object's name.
    pub name: Name,
    /// The certificates, in PEM.
    pub file: GivenFile,
}

/// A file that the user names.
#[derive(Clone, PartialEq, Eq)]
pub struct GivenFile {
    /// The absolute path, by which the proxy reads it.
    pub path: String,
    /// What it held when it was read here.
    pub content: Vec<u8>,
}

impl fmt::Debug for GivenFile {
    /// The path alone: the content may be a private key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, content: _ } = self;
        f.debug_struct("GivenFile").field("path", path).finish_non_exhaustive()
    }
}

/// Patterns of files and directories that are left out of the input.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Excluded {
    /// The patterns.
    pub globs: Vec<String>,
    /// The directory that their paths are taken from, without symbolic links; `None` is each one that is named.
    pub base: Option<PathBuf>,
    /// Files and directories, without symbolic links, that are no part of the context: they are judged elsewhere.
    pub of_context: Vec<PathBuf>,
}

/// A file with settings that were taken for flags.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingsFile {
    /// The path as it was found.
    pub path: String,
    /// The settings that count, such as `assume: services`.
    pub in_effect: Vec<String>,
}

/// What the input may lack without an error.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Assume {
    /// Gateways that routes name: they accept every route and emit nothing.
    pub gateways: bool,
    /// Services: a DNS cluster on the reference's port.
    pub services: bool,
    /// Secrets.
    pub secrets: bool,
    /// ConfigMaps.
    pub config_maps: bool,
    /// Namespaces: no warning when a selector meets a missing one.
    pub namespaces: bool,
    /// ReferenceGrants: every cross-namespace reference is allowed.
    pub grants: bool,
    /// Parameters: an unknown `parametersRef` has no effect.
    pub parameters: bool,
}

/// Addresses for one Service port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolve {
    /// The Service's namespace.
    pub namespace: Namespace,
    /// The Service's name.
    pub name: Name,
    /// The Service's port.
    pub port: Port,
    /// Host (an IP address or a DNS name) and port of each endpoint.
    pub endpoints: Vec<(String, Port)>,
    /// Whether they are in place of those that the Service has: where it has none that can be used, these are none either.
    pub stands_in: bool,
}

/// Where listeners bind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListenerAddress {
    /// All on this address.
    Ip(IpAddr),
    /// Each Gateway on its own `spec.addresses`.
    Gateway,
}

/// A port bound in place of another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PortMap {
    /// Only for this Gateway (namespace, name).
    pub gateway: Option<(Namespace, Name)>,
    /// The listener's port.
    pub from: Port,
    /// The port that Envoy binds.
    pub to: Port,
}

/// Where requests are logged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AccessLog {
    /// Nowhere.
    None,
    /// To standard output.
    Stdout,
    /// To a file.
    File(String),
    /// To a collector of OpenTelemetry.
    Collector(Collector),
}

/// A collector of OpenTelemetry, which takes OTLP over gRPC without TLS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Collector {
    /// An IP address or a DNS name.
    pub host: String,
    /// The port.
    pub port: Port,
}

/// Spans of requests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tracing {
    /// Who gets them.
    pub collector: Collector,
    /// How many of the requests that belong to no trace yet begin one, in hundredths of a percent.
    pub sampled: u16,
}

/// The form of the access log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccessLogFormat {
    /// Envoy's default line.
    Text,
    /// One JSON object a request.
    Json,
}

/// A release channel of Gateway API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    /// Only what is in the standard channel.
    Standard,
    /// Everything.
    Experimental,
}

/// How clusters, listeners and routes of the output are named.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Naming {
    /// By the objects that they come from.
    #[default]
    Own,
    /// As Gloo Gateway names them.
    Gloo,
}

/// The minor version of an Envoy 1.x release.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct EnvoyVersion(pub u16);

impl EnvoyVersion {
    /// The newest release that gwctl writes for.
    pub const NEWEST: Self = Self(40);
    /// The first one that names spans by the route of a request, and a log's collector like that of spans.
    pub const COLLECTORS: Self = Self(37);
    /// The first one that counts a body once that is held as a whole before it is kept for further tries.
    pub const COUNTS_BODIES_ONCE: Self = Self(38);
}

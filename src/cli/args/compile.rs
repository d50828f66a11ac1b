//! The settings of the compilation on the command line, and the way to [`Options`].

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::super::given;
use super::super::substitute;
use super::super::value::{self, AuthoritiesPath, CertificatePaths, Deny};
use crate::diagnostics::{Code, Denied};
use crate::name::{Name, Namespace};
use crate::options::{
    AccessLog, AccessLogFormat, Assume, Channel, EnvoyVersion, Excluded, IgnoreRule, ListenerAddress, Naming, Options,
    PortMap, Resolve, SettingsFile, Tracing,
};

/// Settings of the compilation, common to the commands that compile.
#[derive(Clone, Debug, Args)]
pub struct CompileArgs {
    /// The namespace of objects that name none.
    #[arg(short, long, value_name = "NAMESPACE", default_value = "default", value_parser = value::namespace)]
    #[arg(help_heading = "Input")]
    namespace: Namespace,
    /// Leave out the files and directories that match: by name (`charts`, `*.json`), or with a `/` by path from the
    /// directory that is named (`team/old/**`). Repeatable.
    #[arg(long, value_name = "GLOB", value_parser = value::glob, help_heading = "Input")]
    exclude: Vec<String>,
    /// Read also what git ignores in directories; what it tracks is always read.
    #[arg(long, help_heading = "Input")]
    no_gitignore: bool,
    /// Put values in the place of the variables of Flux (`${NAME}`, `${NAME:=default}`) in all files: those of the
    /// environment (`env`), or of a file of `NAME=VALUE` lines, a ConfigMap, or a Kustomization of Flux. Repeatable, the
    /// later one wins.
    #[arg(long, value_name = "FILE|env", help_heading = "Input")]
    substitute: Vec<PathBuf>,
    /// What a settings file leaves out in some places.
    #[arg(skip)]
    pub(in crate::cli) ignore_rules: Vec<IgnoreRule>,
    /// Where the paths of --exclude are taken from when a settings file holds them.
    #[arg(skip)]
    pub(in crate::cli) exclude_base: Option<PathBuf>,
    /// Only this Gateway. Repeatable; all Gateways by default.
    #[arg(long, value_name = "NS/NAME", value_parser = value::namespaced_name, help_heading = "Selection")]
    gateway: Vec<(Namespace, Name)>,
    /// Only Gateways of this class. Repeatable; all classes by default.
    #[arg(long, value_name = "NAME", help_heading = "Selection")]
    gateway_class: Vec<Name>,
    /// The controller name that a GatewayClass must have for its Gateways to be compiled; any name by default, and
    /// `gwctl.dev/offline` where the input has no GatewayClass.
    #[arg(long, value_name = "NAME", help_heading = "Selection")]
    controller_name: Option<String>,
    /// What the input may lack, separated by commas. Repeatable.
    #[arg(long, value_name = "KIND,…", value_delimiter = ',', help_heading = "Selection")]
    assume: Vec<Assumption>,
    /// Short for --assume services.
    #[arg(long, help_heading = "Selection")]
    assume_services: bool,
    /// The endpoints of a Service port: IP addresses (IPv6 in brackets) or DNS names, separated by commas. Repeatable.
    #[arg(long, value_name = "NS/SVC:PORT=HOST:PORT[,…]", value_parser = value::resolve, help_heading = "Backends")]
    resolve: Vec<Resolve>,
    /// The DNS domain of the cluster.
    #[arg(long, value_name = "DOMAIN", default_value = "cluster.local", value_parser = value::domain)]
    #[arg(help_heading = "Backends")]
    cluster_domain: String,
    /// Accept Services of type ExternalName as backends. Whoever may write such a Service can then reach any host that
    /// Envoy reaches (CVE-2021-25740).
    #[arg(long, help_heading = "Backends")]
    allow_external_name: bool,
    /// The address that listeners bind; `gateway` binds the addresses of each Gateway's `spec.addresses`.
    #[arg(long, value_name = "ADDRESS", default_value = "0.0.0.0", value_parser = value::listener_address)]
    #[arg(help_heading = "Envoy")]
    listener_address: ListenerAddress,
    /// Bind another port than the listener's, for all Gateways or for one: `80=10080`, `infra/edge:80=10080`.
    /// Repeatable.
    #[arg(long, value_name = "[NS/NAME:]FROM=TO", value_parser = value::port_map, help_heading = "Envoy")]
    port_map: Vec<PortMap>,
    /// The address and port of Envoy's admin interface.
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:19000", value_parser = value::admin_address)]
    #[arg(help_heading = "Envoy")]
    admin_address: SocketAddr,
    /// Switch the admin interface off.
    #[arg(long, conflicts_with = "admin_address", help_heading = "Envoy")]
    no_admin: bool,
    /// Where requests are logged: `none`, `stdout`, a file, or a collector of OpenTelemetry (`otlp=HOST:PORT`, OTLP over
    /// gRPC).
    #[arg(long, value_name = "TARGET", default_value = "none", value_parser = value::access_log)]
    #[arg(help_heading = "Envoy")]
    access_log: AccessLog,
    /// The form of a log entry: Envoy's line of text, or a JSON object.
    #[arg(long, value_name = "FORMAT", default_value = "text", help_heading = "Envoy")]
    access_log_format: LogFormat,
    /// Send spans of requests to a collector of OpenTelemetry (OTLP over gRPC), with W3C trace context: of all requests, or
    /// of PERCENT of those that belong to no trace yet.
    #[arg(long, value_name = "otlp=HOST:PORT[,PERCENT]", value_parser = value::tracing, help_heading = "Envoy")]
    tracing: Option<Tracing>,
    /// How many trusted proxies in front of Envoy append to x-forwarded-for.
    #[arg(long, value_name = "N", default_value_t = 0, help_heading = "Envoy")]
    trusted_hops: u32,
    /// Expect connections to begin with a PROXY protocol header.
    #[arg(long, help_heading = "Envoy")]
    proxy_protocol: bool,
    /// Write certificates and keys below this directory and refer to them by path, instead of writing them into the
    /// configuration. Envoy takes files that are renewed there without a restart.
    #[arg(long, value_name = "DIR", help_heading = "Envoy")]
    secrets_dir: Option<PathBuf>,
    /// A certificate and its key in files of their own, which stand for a Secret: `infra/web=/tls/web.crt,/tls/web.key`.
    /// They are judged like any certificate, and the configuration names their paths. Repeatable.
    #[arg(long, value_name = "NS/NAME=CERT,KEY", value_parser = value::certificate, help_heading = "Envoy")]
    certificate: Vec<CertificatePaths>,
    /// Certificate authorities in a file of their own, which stands for a ConfigMap (or a Secret): `infra/clients=ca.crt`.
    /// Repeatable.
    #[arg(long, value_name = "NS/NAME=FILE", value_parser = value::authorities, help_heading = "Envoy")]
    ca: Vec<AuthoritiesPath>,
    /// The file with the system's certificate authorities on the machine that runs Envoy.
    #[arg(long, value_name = "FILE", default_value = "/etc/ssl/certs/ca-certificates.crt", help_heading = "Envoy")]
    system_ca: String,
    /// How clusters, listeners and routes are named: by the objects that they come from, or as dashboards and queries for
    /// Gloo Gateway expect.
    #[arg(long, value_name = "NAMING", default_value = "default", help_heading = "Envoy")]
    naming: NamingName,
    /// How Envoy looks for the route of a request: in a list, or, on hosts with 100 routes or more, in a tree over what paths
    /// begin with, which is larger and answers the same.
    #[arg(long, value_name = "TABLE", default_value = "list", help_heading = "Envoy")]
    route_table: RouteTableName,
    /// The oldest Envoy release that must load the output, from 1.36 to 1.40.
    #[arg(long, value_name = "VERSION", default_value = "1.40", value_parser = value::envoy_version)]
    #[arg(help_heading = "Envoy")]
    envoy_version: EnvoyVersion,
    /// The release channel of Gateway API whose schema counts; `standard` refuses what only the other one has.
    #[arg(long, value_name = "CHANNEL", default_value = "experimental", help_heading = "Findings")]
    channel: ChannelName,
    /// Serve without the objects of this kind that gwctl does not translate, though they apply to objects of the input
    /// or are named by them: `SecurityPolicy.gateway.envoyproxy.io`. Repeatable.
    #[arg(long, value_name = "KIND.GROUP", value_parser = value::foreign_kind, help_heading = "Findings")]
    allow_unsupported: Vec<String>,
    /// Fail on these findings as on errors: `warnings`, or the warnings and notes of a code or name. Repeatable, or
    /// separated by commas.
    #[arg(long, value_name = "WHAT,…", value_delimiter = ',', value_parser = value::deny, help_heading = "Findings")]
    deny: Vec<Deny>,
    /// Leave out the warnings or notes of this code or name. An error cannot be left out. Repeatable, or separated by
    /// commas.
    #[arg(long, value_name = "CODE,…", value_delimiter = ',', value_parser = value::ignored_code)]
    #[arg(help_heading = "Findings")]
    ignore: Vec<Code>,
    /// Report only the warnings and notes of this code or name. Errors are always reported. Repeatable, or separated by
    /// commas.
    #[arg(long, value_name = "CODE,…", value_delimiter = ',', value_parser = value::code, help_heading = "Findings")]
    select: Vec<Code>,
    /// Read settings from this file instead of the `gwctl.yaml` beside the manifests. It is trusted: its paths may lead
    /// anywhere.
    #[arg(long, value_name = "FILE", conflicts_with = "no_settings", help_heading = "Settings")]
    pub(in crate::cli) settings: Option<PathBuf>,
    /// Read no `gwctl.yaml`.
    #[arg(long, help_heading = "Settings")]
    pub(in crate::cli) no_settings: bool,
    /// The settings files that were read.
    #[arg(skip)]
    pub(in crate::cli) read_settings: Vec<SettingsFile>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Assumption {
    /// Gateways that routes name; they accept every route and emit nothing.
    Gateways,
    /// Services; they become DNS clusters on the reference's port.
    Services,
    /// Secrets.
    Secrets,
    /// ConfigMaps.
    Configmaps,
    /// Namespaces that a selector looks at.
    Namespaces,
    /// ReferenceGrants; every reference into another namespace is allowed.
    Grants,
    /// Objects that a `parametersRef` names; they have no effect.
    Parameters,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum LogFormat {
    Text,
    Json,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum RouteTableName {
    /// One route after the other.
    List,
    /// Those for paths that begin like that of the request.
    Tree,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum NamingName {
    /// By the objects that they come from: `shop/cart/80`.
    Default,
    /// As Gloo Gateway names them: `kube-svc:shop-cart-80_shop`.
    Gloo,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum ChannelName {
    Standard,
    Experimental,
}

impl CompileArgs {
    /// The namespace of objects that name none.
    pub fn namespace(&self) -> &Namespace {
        &self.namespace
    }

    /// What fails the run beside errors.
    pub fn denied(&self) -> Denied {
        let mut denied = Denied::default();
        for deny in &self.deny {
            match deny {
                Deny::Warnings => denied.warnings = true,
                Deny::Code(code) => denied.codes.push(*code),
            }
        }
        denied
    }

    /// The settings of the compilation.
    ///
    /// # Errors
    /// A message for the user when two flags contradict each other.
    pub fn options(&self) -> Result<Options, String> {
        self.check_resolve()?;
        self.check_port_map()?;
        self.clone().into_options()
    }

    fn into_options(self) -> Result<Options, String> {
        Ok(Options {
            assume: self.assumed(),
            namespace: self.namespace,
            gateways: self.gateway,
            gateway_classes: self.gateway_class,
            mesh: None,
            controller: self.controller_name,
            resolve: self.resolve,
            cluster_domain: self.cluster_domain,
            allow_external_name: self.allow_external_name,
            listener_address: self.listener_address,
            port_map: self.port_map,
            admin_address: (!self.no_admin).then_some(self.admin_address),
            access_log: self.access_log,
            access_log_format: match self.access_log_format {
                LogFormat::Text => AccessLogFormat::Text,
                LogFormat::Json => AccessLogFormat::Json,
            },
            tracing: self.tracing,
            trusted_hops: self.trusted_hops,
            proxy_protocol: self.proxy_protocol,
            secrets_dir: self.secrets_dir.as_deref().map(absolute).transpose()?,
            certificates: given::read_certificates(self.certificate)?,
            authorities: given::read_authorities(self.ca)?,
            inlines_files: false,
            system_ca: self.system_ca,
            channel: match self.channel {
                ChannelName::Standard => Channel::Standard,
                ChannelName::Experimental => Channel::Experimental,
            },
            naming: match self.naming {
                NamingName::Default => Naming::Own,
                NamingName::Gloo => Naming::Gloo,
            },
            route_trees: self.route_table == RouteTableName::Tree,
            envoy_version: self.envoy_version,
            now: Some(time::OffsetDateTime::now_utc().unix_timestamp()),
            settings: self.read_settings,
            allow_unsupported: self.allow_unsupported,
            writes_configuration: false,
            is_tried: false,
            is_compared: false,
            substitutions: substitute::read(&self.substitute)?,
            exclude: Excluded { globs: self.exclude, base: self.exclude_base, of_context: Vec::new() },
            reads_ignored: self.no_gitignore,
            ignore: ids(&self.ignore),
            ignore_rules: self.ignore_rules,
            select: ids(&self.select),
        })
    }

    fn assumed(&self) -> Assume {
        let mut assume = Assume { services: self.assume_services, ..Assume::default() };
        for assumption in &self.assume {
            match assumption {
                Assumption::Gateways => assume.gateways = true,
                Assumption::Services => assume.services = true,
                Assumption::Secrets => assume.secrets = true,
                Assumption::Configmaps => assume.config_maps = true,
                Assumption::Namespaces => assume.namespaces = true,
                Assumption::Grants => assume.grants = true,
                Assumption::Parameters => assume.parameters = true,
            }
        }
        assume
    }

    fn check_resolve(&self) -> Result<(), String> {
        for (position, one) in self.resolve.iter().enumerate() {
            let Resolve { namespace, name, port, .. } = one;
            let is_same = |other: &Resolve| (&other.namespace, &other.name, other.port) == (namespace, name, *port);
            if self.resolve[..position].iter().any(is_same) {
                return Err(format!(
                    "--resolve names {namespace}/{name}:{port} twice; separate its endpoints by commas"
                ));
            }
        }
        Ok(())
    }

    fn check_port_map(&self) -> Result<(), String> {
        for (position, one) in self.port_map.iter().enumerate() {
            let is_same = |other: &PortMap| other.from == one.from && other.gateway == one.gateway;
            if self.port_map[..position].iter().any(is_same) {
                return Err(format!("--port-map says twice what port {} becomes", one.from));
            }
        }
        Ok(())
    }
}

/// A path that Envoy reads, wherever it is started.
fn absolute(path: &Path) -> Result<PathBuf, String> {
    std::path::absolute(path).map_err(|error| format!("`{}` is no path: {error}", path.display()))
}

fn ids(codes: &[Code]) -> Vec<String> {
    codes.iter().map(|code| code.id().to_owned()).collect()
}

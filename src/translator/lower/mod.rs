//! Stage 3: from [`Resolved`] to [`ir::Config`].
//!
//! Sockets, virtual hosts in order, routes in order of precedence, actions
//! with their filters. What cannot be expressed is reported here, and its rule
//! answers with an error instead of being ignored.

mod action;
mod cluster;
mod cluster_settings;
mod external_auths;
mod filter;
mod forward;
mod grpc_route;
mod header;
mod http_chain;
mod http_route;
mod key_material;
mod l4_chain;
mod l4_route;
mod listener;
mod mesh;
mod mesh_address;
mod misdirected;
mod operator;
mod option;
mod path;
mod policy;
mod precedence;
mod redirect_template;
mod retry;
mod routes;
mod rule;
mod rule_action;
mod scope;
mod session;
mod session_across;
mod socket;
mod socket_lowering;
mod tls_chain;
mod virtual_host;

use std::net::IpAddr;

use typed_index_collections::TiVec;

use crate::diagnostics::{Diagnostics, Finding, Location, ObjectRef, codes};
use crate::ir;
use crate::options::{AccessLog, AccessLogFormat, Collector, EnvoyVersion, Options, Tracing};
use crate::resolver::{OriginTable, Resolved};

use cluster::Clusters;
use key_material::KeyMaterial;
use scope::Scope;
use socket::Socket;
use virtual_host::Placement;

pub(crate) use header::find_repeated;
pub use key_material::{Expected, Files};
pub use mesh::lower_for_clients;
pub use socket::ADMIN_LABEL;
pub use virtual_host::Unserved;

/// The intermediate representation, with the key to its origins.
#[derive(Debug, Default)]
pub struct Lowered {
    /// The configuration that is emitted: what one proxy can hold.
    pub config: ir::Config,
    /// Where each node comes from.
    pub origins: OriginTable,
    /// The files that the configuration refers to and gwctl has to write.
    pub files: Files,
    /// The files that it refers to and whoever runs the proxy has to provide.
    pub expected: Expected,
    /// The addresses that the proxy has in the place of Services.
    pub hosts: Vec<ServiceHosts>,
    /// The routes that no virtual host of what is judged has, because others take all their requests.
    pub unserved: Vec<Unserved>,
    /// What is judged; `None` where that is what is emitted.
    judged: Option<ir::Config>,
}

/// A Service with its address on this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceHosts {
    /// The address.
    pub address: IpAddr,
    /// The names by which clients ask for the Service, as files of hosts have them.
    pub names: Vec<String>,
}

impl Lowered {
    /// Everything that is declared, each Gateway by itself: what every judgement
    /// is about. Two Gateways may have a listener of one port here, and TLS ends
    /// at listeners whose certificates are missing or assumed, and begins where
    /// only the authorities of the backend are. Only what writes a configuration
    /// reads [`Lowered::config`].
    pub fn judged(&self) -> &ir::Config {
        self.judged.as_ref().unwrap_or(&self.config)
    }

    /// Judges what is emitted from now on: what a Gateway controller would program, and what one proxy then does.
    pub fn narrow(&mut self) {
        self.judged = None;
    }

    /// What is emitted, and what is judged where that is another one.
    pub(crate) fn configs_mut(&mut self) -> impl Iterator<Item = &mut ir::Config> {
        std::iter::once(&mut self.config).chain(self.judged.as_mut())
    }

    /// The files that whoever runs the proxy has to provide, each with the object that would hold it.
    pub fn expected_files(&self) -> impl Iterator<Item = (&str, ObjectRef)> {
        self.expected.iter().map(|(path, key)| (path.as_str(), key.to_ref()))
    }

    /// Whether something is declared that the emitted configuration does not hold, or not as it is declared.
    pub fn is_narrowed(&self) -> bool {
        self.judged.is_some()
    }
}

/// Lowers everything that is declared, and what of it one proxy can serve.
pub fn lower(resolved: &Resolved<'_>, options: &Options, diagnostics: &mut Diagnostics) -> Lowered {
    let mut origins = OriginTable::default();
    // Clients of Services have a configuration of their own ([`lower_for_clients`]).
    let emitted = match options.mesh {
        Some(_) => Vec::new(),
        None => socket::group_by_socket(resolved, options, diagnostics),
    };
    let declared = socket::sockets_of_each_gateway(resolved, options);
    let settings = ConnectionParts {
        http: option::http::lower_http_options(resolved, options.envoy_version, diagnostics),
        sockets: option::socket::lower_socket_options(resolved, options.envoy_version, diagnostics),
        clients: policy::lower_clients(resolved, [&declared, &emitted], diagnostics),
    };
    option::http::report_shared(resolved, &settings.http, [&declared, &emitted], diagnostics);
    option::asked::report(resolved, &settings.http, &declared, diagnostics);
    let spans = (declared.as_slice(), options.tracing.is_some());
    option::unmade_spans::report(resolved, &settings.http, spans, diagnostics);
    option::told_header::report(resolved, &declared, diagnostics);
    option::socket::report_shared(resolved, &settings.sockets, [&declared, &emitted], diagnostics);
    let is_all = socket::holds_everything(resolved, &emitted, &declared);
    // What is found about rules is found on all that are declared.
    let judged = (!is_all)
        .then(|| lower_scope(resolved, options, (Scope::Judged, declared, &settings), &mut origins, diagnostics));
    let mut again = Diagnostics::new();
    let about_rules = if is_all { &mut *diagnostics } else { &mut again };
    let parts = match emitted.is_empty() && judged.is_some() {
        true => ScopeParts::nothing(resolved, options),
        false => lower_scope(resolved, options, (Scope::Emitted, emitted, &settings), &mut origins, about_rules),
    };
    option::report_idle(resolved, diagnostics);
    listener::warn_of_copies(resolved, &parts.placement, parts.matches, diagnostics);
    // Of an input without a word in it whoever reads it tells that there is no object.
    let is_blank = resolved.manifests.sources.sources.iter().all(|source| source.text.trim().is_empty());
    if parts.listeners.is_empty() && !is_blank && options.mesh.is_none() {
        diagnostics.report(
            Finding::new(codes::NO_LISTENER, Location::Run, "the input yields no listener to serve")
                .consequence("there is nothing that Envoy could run")
                .help("add a Gateway with a valid listener to the input"),
        );
    }
    let (config, files, expected, placement) = parts.into_config(options);
    let mut unserved = placement.unserved;
    let judged = judged.map(|parts| {
        let (config, _, _, placement) = parts.into_config(options);
        unserved = placement.unserved;
        config
    });
    origins.close();
    Lowered { config, origins, files, expected, hosts: Vec::new(), unserved, judged }
}

/// What the options of listeners say of connections.
#[derive(Debug, Default)]
struct ConnectionParts {
    http: option::http::HttpParts,
    sockets: option::socket::SocketParts,
    clients: policy::ClientParts,
}

/// What one configuration is made of.
struct ScopeParts<'m> {
    listeners: Vec<ir::Listener>,
    clusters: TiVec<ir::ClusterId, ir::Cluster>,
    external_auths: TiVec<ir::AuthId, ir::ExternalAuth>,
    material: KeyMaterial<'m>,
    /// How many matches all routes declare.
    matches: usize,
    placement: Placement,
}

impl<'m> ScopeParts<'m> {
    /// Without a socket nothing of the routes is needed.
    fn nothing(resolved: &'m Resolved<'m>, options: &'m Options) -> Self {
        Self {
            listeners: Vec::new(),
            clusters: TiVec::new(),
            external_auths: TiVec::new(),
            material: KeyMaterial::new(Scope::Emitted, &resolved.certificates, options),
            matches: 0,
            placement: Placement::default(),
        }
    }

    /// The configuration, the files that go with it, those that whoever runs the proxy has to provide, and what is not served.
    fn into_config(self, options: &Options) -> (ir::Config, Files, Expected, Placement) {
        let Self { listeners, clusters, external_auths, material, matches: _, placement } = self;
        let (certificates, files, expected) = material.into_parts();
        let (forward_proxy, outbound, proxy) = (None, None, proxy(options));
        let config = ir::Config { listeners, clusters, certificates, external_auths, forward_proxy, outbound, proxy };
        (config, files, expected, placement)
    }
}

/// Lowers the sockets of one scope, with all that their routes need.
fn lower_scope<'m>(
    resolved: &'m Resolved<'m>,
    options: &'m Options,
    (scope, sockets, settings): (Scope, Vec<Socket>, &ConnectionParts),
    origins: &mut OriginTable,
    diagnostics: &mut Diagnostics,
) -> ScopeParts<'m> {
    let mut material = KeyMaterial::new(scope, &resolved.certificates, options);
    let mut shared = rule::Shared::default();
    let mut clusters = Clusters::new(resolved, scope, options);
    let routes = routes::LoweredRoutes::new(resolved, &mut clusters, &mut shared, origins, diagnostics);
    let hosts = option::host::lower_host_options(resolved, (scope, &sockets), &mut clusters, diagnostics);
    let servers = option::auth_server::lower_servers(resolved, origins);
    let limits = option::limits::servers(resolved);
    let processors = option::processors::servers(resolved);
    let tracings = option::tracing::tracings(resolved);
    let policies = policy::lower_policies(resolved, (&settings.clients, options.envoy_version), origins, diagnostics);
    let (routes_of, auths) = (&routes, &mut shared.auths);
    let of_listeners = listener::ListenerParts {
        hosts: &hosts,
        settings: &settings.http,
        servers: &servers,
        limits: &limits,
        processors: &processors,
        tracings: &tracings,
        sockets: &settings.sockets,
        policies: &policies,
        release: options.envoy_version,
    };
    let parts =
        listener::Parts { scope, sockets, routes: routes_of, options: of_listeners, clusters: &mut clusters, auths };
    let (mut listeners, placement) = listener::lower_listeners(resolved, parts, &mut material, origins);
    if options.is_tried {
        listeners.iter_mut().for_each(option::socket::confine);
    }
    let matches = routes.count_matches();
    // What they were lowered to has its place in the listeners.
    drop(routes);
    let (clusters, external_auths) = (clusters.into_clusters(&mut material, origins), shared.auths.into_list());
    ScopeParts { listeners, clusters, external_auths, material, matches, placement }
}

fn proxy(options: &Options) -> ir::Proxy {
    let json = options.access_log_format == AccessLogFormat::Json;
    let is_old = options.envoy_version < EnvoyVersion::COLLECTORS;
    let collector = |Collector { host, port }: &Collector| ir::Collector { host: host.clone(), port: *port, is_old };
    let log = |target| Some(ir::AccessLog { target, json });
    ir::Proxy {
        admin: options.admin_address,
        access_log: match &options.access_log {
            AccessLog::None => None,
            AccessLog::Stdout => log(ir::LogTarget::Stdout),
            AccessLog::File(path) => log(ir::LogTarget::File(path.clone())),
            AccessLog::Collector(one) => log(ir::LogTarget::Collector(collector(one))),
        },
        tracing: options
            .tracing
            .as_ref()
            .map(|Tracing { collector: one, sampled }| ir::Tracing { collector: collector(one), sampled: *sampled }),
        trusted_hops: options.trusted_hops,
        proxy_protocol: options.proxy_protocol,
        route_trees: options.route_trees,
        secrets_directory: options.secrets_dir.as_ref().map(|path| path.to_string_lossy().into_owned()),
        counts_bodies_twice: options.envoy_version < EnvoyVersion::COUNTS_BODIES_ONCE,
    }
}

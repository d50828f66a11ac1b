//! Stage 3: from [`Resolved`] to [`ir::Config`].
//!
//! Sockets, virtual hosts in order, routes in order of precedence, actions
//! with their filters. What cannot be expressed is reported here, and its rule
//! answers with an error instead of being ignored.

mod action;
mod cluster;
mod filter;
mod forward;
mod grpc_route;
mod header;
mod http_chain;
mod http_route;
mod key_material;
mod l4_route;
mod listener;
mod path;
mod precedence;
mod re2;
mod retry;
mod rule;
mod session;
mod session_across;
mod socket;
mod tls_chain;
mod virtual_host;

use crate::diagnostics::{Diagnostics, Finding, Location, codes};
use crate::ir;
use crate::options::{AccessLog, AccessLogFormat, Options};
use crate::resolver::{OriginTable, Resolved, RouteKind};

use key_material::KeyMaterial;

pub use key_material::Files;
pub use virtual_host::Unserved;

/// The intermediate representation, with the key to its origins.
#[derive(Debug, Default)]
pub struct Lowered {
    /// The configuration.
    pub config: ir::Config,
    /// Where each node comes from.
    pub origins: OriginTable,
    /// The files that the configuration refers to and gwctl has to write.
    pub files: Files,
    /// The routes that no virtual host has, because others take all their requests.
    pub unserved: Vec<Unserved>,
}

/// Lowers everything that the emitted Gateways serve.
pub fn lower(resolved: &Resolved<'_>, options: &Options, diagnostics: &mut Diagnostics) -> Lowered {
    let mut origins = OriginTable::default();
    let mut material = KeyMaterial::new(&resolved.certificates, options);
    let mut shared = rule::Shared::default();
    let clusters = cluster::lower_clusters(resolved, &mut material, &mut origins);
    let routes = rule::LoweredRoutes {
        http: http_route::lower_http_routes(resolved, &clusters, &mut shared, &mut origins, diagnostics),
        grpc: grpc_route::lower_grpc_routes(resolved, &clusters, &mut shared, &mut origins, diagnostics),
        tls: l4_route::lower_tls_routes(resolved, &mut origins, diagnostics),
        tcp: l4_route::lower_l4_routes(&resolved.tcp_routes, RouteKind::Tcp, &mut origins, diagnostics),
        udp: l4_route::lower_l4_routes(&resolved.udp_routes, RouteKind::Udp, &mut origins, diagnostics),
    };
    let parts = listener::Parts { routes: &routes, clusters: &clusters, auths: &mut shared.auths };
    let (listeners, unserved) =
        listener::lower_listeners(resolved, options, parts, &mut material, &mut origins, diagnostics);
    let (certificates, files) = material.into_parts();
    if listeners.is_empty() {
        diagnostics.report(
            Finding::new(codes::NO_LISTENER, Location::Run, "the input yields no listener to serve")
                .consequence("there is nothing that Envoy could run")
                .help("add a Gateway with a valid listener to the input"),
        );
    }
    let config = ir::Config {
        listeners,
        clusters: clusters.into_clusters(),
        certificates,
        external_auths: shared.auths.into_list(),
        proxy: proxy(options),
    };
    Lowered { config, origins, files, unserved }
}

fn proxy(options: &Options) -> ir::Proxy {
    let json = options.access_log_format == AccessLogFormat::Json;
    ir::Proxy {
        admin: options.admin_address,
        access_log: match &options.access_log {
            AccessLog::None => None,
            AccessLog::Stdout => Some(ir::AccessLog { file: None, json }),
            AccessLog::File(path) => Some(ir::AccessLog { file: Some(path.clone()), json }),
        },
        trusted_hops: options.trusted_hops,
        proxy_protocol: options.proxy_protocol,
    }
}

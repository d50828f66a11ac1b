//! Listeners that carry connections or datagrams to the backends of one route.

use crate::ir::{ChainMatch, FilterChain, Handler, TcpBackend, UdpProxy};
use crate::parser::route::RouteKind;
use crate::resolver::{ListenerId, RouteId, serving_route};

use super::cluster::RouteProtocol;
use super::socket_lowering::SocketLowering;

/// The only chain of a listener of protocol TCP. Without a route it closes what it accepts.
pub(super) fn lower_tcp_chain(lowering: &mut SocketLowering<'_, '_>, id: ListenerId) -> FilterChain {
    let resolved = lowering.resolved;
    let route = serving_route(resolved.listener(id), RouteKind::Tcp, &resolved.routes);
    match route {
        Some(route) => lower_stream_chain(lowering, id, route),
        None => {
            let origin = lowering.origin_of(id);
            FilterChain { name: None, select: ChainMatch::Any, tls: None, handler: Handler::Close, origin }
        }
    }
}

/// The chain that hands whatever arrives to the backends of a route.
pub(super) fn lower_stream_chain(lowering: &mut SocketLowering<'_, '_>, id: ListenerId, route: RouteId) -> FilterChain {
    let handler = Handler::Tcp(lowering.proxy_of(id, route, RouteProtocol::Tcp));
    FilterChain { name: None, select: ChainMatch::Any, tls: None, handler, origin: lowering.origin_of(id) }
}

/// What a listener of protocol UDP does. Without a route it drops what it receives.
pub(super) fn lower_udp(lowering: &mut SocketLowering<'_, '_>, id: ListenerId) -> UdpProxy {
    let resolved = lowering.resolved;
    let backends = match serving_route(resolved.listener(id), RouteKind::Udp, &resolved.routes) {
        None => vec![TcpBackend { weight: 1, cluster: None, origin: lowering.origin_of(id) }],
        Some(route) => lowering.backends_of(id, route, RouteProtocol::Udp),
    };
    UdpProxy { backends }
}

//! The listener that rules of the machine lead connections to Services to: it hands each to the listener of the address that
//! it was made to
//! ([original destination](https://www.envoyproxy.io/docs/envoy/latest/configuration/listeners/listener_filters/original_dst_filter)).

use envoy_types::pb::envoy::config::listener::v3::Listener;
use envoy_types::pb::envoy::extensions::filters::listener::original_dst::v3::OriginalDst;

use crate::ir::{self, Outbound};

use super::cluster::BUFFER_LIMIT_BYTES;
use super::layout::Layout;
use super::listener::listener_filter;
use super::proto::{any, boolean, socket_address, uint32};
use super::{name, shared_ports};

/// The listener. It serves what shares a connection manager itself, which refuses requests for whatever else; without one
/// connections that have no listener are closed. Sent on, one to the listener itself would come back for ever.
pub(super) fn listener(outbound: &Outbound, config: &ir::Config, layout: &Layout) -> Listener {
    let Outbound { address } = outbound;
    let shared = shared_ports::chain(config, layout);
    let message = "envoy.extensions.filters.listener.original_dst.v3.OriginalDst";
    let filter = any(message, &OriginalDst::default());
    Listener {
        name: name::OUTBOUND.to_owned(),
        address: Some(socket_address(address.ip(), address.port().into())),
        use_original_dst: Some(boolean(true)),
        listener_filters: vec![listener_filter("envoy.filters.listener.original_dst", filter)],
        // A chain without filters closes its connections at once.
        per_connection_buffer_limit_bytes: shared.is_some().then(|| uint32(BUFFER_LIMIT_BYTES)),
        filter_chains: vec![shared.unwrap_or_default()],
        enable_reuse_port: Some(boolean(false)),
        ..Listener::default()
    }
}

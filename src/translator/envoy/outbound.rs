//! The listener that rules of the machine lead connections to Services to: it hands each to the listener of the address that
//! it was made to
//! ([original destination](https://www.envoyproxy.io/docs/envoy/latest/configuration/listeners/listener_filters/original_dst_filter)).

use envoy_types::pb::envoy::config::listener::v3::{FilterChain, Listener};
use envoy_types::pb::envoy::extensions::filters::listener::original_dst::v3::OriginalDst;

use crate::ir::Outbound;

use super::listener::listener_filter;
use super::name;
use super::proto::{any, boolean, socket_address};

/// The listener. What it has no listener for it closes: sent on, a connection to the listener itself would come back for
/// ever.
pub(super) fn listener(outbound: &Outbound) -> Listener {
    let Outbound { address } = outbound;
    let message = "envoy.extensions.filters.listener.original_dst.v3.OriginalDst";
    let filter = any(message, &OriginalDst::default());
    Listener {
        name: name::OUTBOUND.to_owned(),
        address: Some(socket_address(address.ip(), address.port().into())),
        use_original_dst: Some(boolean(true)),
        listener_filters: vec![listener_filter("envoy.filters.listener.original_dst", filter)],
        // A chain without filters closes its connections at once.
        filter_chains: vec![FilterChain::default()],
        enable_reuse_port: Some(boolean(false)),
        ..Listener::default()
    }
}

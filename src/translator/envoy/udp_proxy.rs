//! The UDP proxy
//! ([UDP proxy](https://www.envoyproxy.io/docs/envoy/latest/configuration/listeners/udp_filters/udp_proxy)).
//!
//! Its routes name one cluster each and know no weights. A chain of matchers
//! stands in for them: each takes its part of the clients that those before it
//! left, by a hash of the client's port, and the last one takes the rest.

use envoy_types::pb::envoy::config::core::v3::{RuntimeFractionalPercent, UdpSocketConfig};
use envoy_types::pb::envoy::config::listener::v3::UdpListenerConfig;
use envoy_types::pb::envoy::extensions::filters::udp::udp_proxy::v3::{
    Route, UdpProxyConfig, udp_proxy_config::RouteSpecifier,
};
use envoy_types::pb::envoy::extensions::matching::common_inputs::network::v3::SourcePortInput;
use envoy_types::pb::envoy::extensions::matching::input_matchers::runtime_fraction::v3::RuntimeFraction;
use envoy_types::pb::envoy::r#type::v3::{FractionalPercent, fractional_percent::DenominatorType};
use envoy_types::pb::google::protobuf::{Any, UInt64Value};
use envoy_types::pb::xds::core::v3::TypedExtensionConfig as XdsExtensionConfig;
use envoy_types::pb::xds::r#type::matcher::v3::Matcher;
use envoy_types::pb::xds::r#type::matcher::v3::matcher::matcher_list::predicate::{
    MatchType, SinglePredicate, single_predicate,
};
use envoy_types::pb::xds::r#type::matcher::v3::matcher::matcher_list::{FieldMatcher, Predicate};
use envoy_types::pb::xds::r#type::matcher::v3::matcher::{MatcherList, MatcherType, OnMatch, on_match};

use crate::ir;

use super::name;
use super::proto::any;

const UDP_PROXY: &str = "envoy.extensions.filters.udp.udp_proxy.v3.UdpProxyConfig";
const ROUTE: &str = "envoy.extensions.filters.udp.udp_proxy.v3.Route";
const SOURCE_PORT: &str = "envoy.extensions.matching.common_inputs.network.v3.SourcePortInput";
const FRACTION: &str = "envoy.extensions.matching.input_matchers.runtime_fraction.v3.RuntimeFraction";

/// The largest datagram that is received, in bytes: the most that UDP over IPv4
/// carries. Envoy's own limit of 1,500 drops what the path has fragmented
/// ([socket configuration](https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/core/v3/udp_socket_config.proto#envoy-v3-api-field-config-core-v3-udpsocketconfig-max-rx-datagram-size)).
const MAX_DATAGRAM_BYTES: u64 = 65_507;

/// The message of the filter.
pub(super) fn to_udp_proxy(proxy: &ir::UdpProxy, listener: &ir::Listener, config: &ir::Config) -> Any {
    let ir::UdpProxy { backends } = proxy;
    let message = UdpProxyConfig {
        stat_prefix: name::udp_proxy(listener),
        upstream_socket_config: Some(socket_config()),
        route_specifier: Some(RouteSpecifier::Matcher(to_matcher(backends, config))),
        ..UdpProxyConfig::default()
    };
    any(UDP_PROXY, &message)
}

/// What a listener needs to receive large datagrams.
pub(super) fn to_listener_config() -> UdpListenerConfig {
    UdpListenerConfig { downstream_socket_config: Some(socket_config()), ..UdpListenerConfig::default() }
}

/// Whether some share of the datagrams has nobody to take it.
pub(super) fn has_invalid_share(proxy: &ir::UdpProxy) -> bool {
    proxy.backends.iter().any(|backend| backend.cluster.is_none())
}

fn socket_config() -> UdpSocketConfig {
    UdpSocketConfig {
        max_rx_datagram_size: Some(UInt64Value { value: MAX_DATAGRAM_BYTES }),
        ..UdpSocketConfig::default()
    }
}

fn to_matcher(backends: &[ir::TcpBackend], config: &ir::Config) -> Matcher {
    let mut left: u64 = backends.iter().map(|backend| u64::from(backend.weight)).sum();
    let Some((last, others)) = backends.split_last() else { return Matcher::default() };
    let matchers: Vec<_> = others
        .iter()
        .zip(1..)
        .map(|(backend, seed)| {
            let weight = u64::from(backend.weight);
            let share = ir::Share::ratio(weight, left);
            left -= weight;
            FieldMatcher { predicate: Some(fraction(share, seed)), on_match: Some(to_action(backend, config)) }
        })
        .collect();
    let list = MatcherType::MatcherList(MatcherList { matchers });
    Matcher { matcher_type: (!others.is_empty()).then_some(list), on_no_match: Some(Box::new(to_action(last, config))) }
}

/// Matches this part of all client ports. Every matcher has a seed of its own,
/// so that its part is drawn anew among those that the others left.
fn fraction(share: ir::Share, seed: u64) -> Predicate {
    let fraction = RuntimeFraction {
        runtime_fraction: Some(RuntimeFractionalPercent {
            default_value: Some(FractionalPercent {
                numerator: share.parts(),
                denominator: DenominatorType::Million as i32,
            }),
            ..RuntimeFractionalPercent::default()
        }),
        seed,
    };
    let predicate = SinglePredicate {
        input: Some(extension("client-port", any(SOURCE_PORT, &SourcePortInput::default()))),
        matcher: Some(single_predicate::Matcher::CustomMatch(extension("share", any(FRACTION, &fraction)))),
    };
    Predicate { match_type: Some(MatchType::SinglePredicate(predicate)) }
}

fn to_action(backend: &ir::TcpBackend, config: &ir::Config) -> OnMatch {
    let ir::TcpBackend { weight: _, cluster, origin: _ } = backend;
    let cluster = match cluster {
        Some(id) => name::cluster(config.cluster(*id)),
        None => name::INVALID_BACKEND.to_owned(),
    };
    let action = extension("route", any(ROUTE, &Route { cluster }));
    OnMatch { on_match: Some(on_match::OnMatch::Action(action)), ..OnMatch::default() }
}

fn extension(name: &str, config: Any) -> XdsExtensionConfig {
    XdsExtensionConfig { name: name.to_owned(), typed_config: Some(config) }
}

#[cfg(test)]
mod tests {
    use envoy_types::pb::xds::r#type::matcher::v3::matcher::MatcherType;

    use super::to_matcher;
    use crate::ir;

    fn matchers(weights: &[u32]) -> usize {
        let backend = |weight: &u32| ir::TcpBackend { weight: *weight, cluster: None, origin: ir::Origin(0) };
        let backends: Vec<_> = weights.iter().map(backend).collect();
        let matcher = to_matcher(&backends, &ir::Config::default());
        assert!(matcher.on_no_match.is_some(), "the last backend takes the rest");
        match matcher.matcher_type {
            Some(MatcherType::MatcherList(list)) => list.matchers.len(),
            _ => 0,
        }
    }

    #[test]
    fn the_last_backend_needs_no_matcher() {
        assert_eq!(matchers(&[5]), 0);
        assert_eq!(matchers(&[7, 2, 1]), 2);
    }
}

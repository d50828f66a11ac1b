//! Small constructors of protobuf values.

use std::net::IpAddr;
use std::time::Duration as StdDuration;

use envoy_types::pb::envoy::config::core::v3::{
    Address, EnvoyInternalAddress, Pipe, SocketAddress, address,
    envoy_internal_address::AddressNameSpecifier,
    socket_address::{PortSpecifier, Protocol},
};
use envoy_types::pb::envoy::extensions::filters::network::http_connection_manager::v3::{
    HttpFilter, http_filter::ConfigType,
};
use envoy_types::pb::envoy::r#type::matcher::v3::{RegexMatcher, StringMatcher, string_matcher::MatchPattern};
use envoy_types::pb::google::protobuf::{Any, BoolValue, Duration, UInt32Value, UInt64Value};
use prost::Message;

use crate::ir::TextIs;
use crate::port::Port;

/// A message with its full name, packed.
pub(super) fn any(name: &str, message: &impl Message) -> Any {
    any_bytes(name, message.encode_to_vec())
}

/// Encoded bytes of a message with its full name, packed.
pub(super) fn any_bytes(name: &str, value: Vec<u8>) -> Any {
    Any { type_url: format!("type.googleapis.com/{name}"), value }
}

/// A filter of a connection manager.
pub(super) fn http_filter(name: &str, config: Any) -> HttpFilter {
    HttpFilter { name: name.to_owned(), config_type: Some(ConfigType::TypedConfig(config)), ..HttpFilter::default() }
}

pub(super) fn duration(duration: StdDuration) -> Duration {
    Duration {
        seconds: i64::try_from(duration.as_secs()).unwrap_or(i64::MAX),
        nanos: i32::try_from(duration.subsec_nanos()).unwrap_or_default(),
    }
}

pub(super) fn uint32(value: u32) -> UInt32Value {
    UInt32Value { value }
}

pub(super) fn uint64(value: u64) -> UInt64Value {
    UInt64Value { value }
}

pub(super) fn boolean(value: bool) -> BoolValue {
    BoolValue { value }
}

pub(super) fn socket_address(ip: IpAddr, port: Port) -> Address {
    named_address(ip.to_string(), port, ip.is_ipv6() && ip.is_unspecified())
}

/// The address of a socket for datagrams.
pub(super) fn of_datagrams(mut address: Address) -> Address {
    if let Some(address::Address::SocketAddress(socket)) = &mut address.address {
        socket.protocol = Protocol::Udp as i32;
    }
    address
}

/// The address of a DNS name or of an IP address.
pub(super) fn named_address(address: String, port: Port, ipv4_compat: bool) -> Address {
    Address {
        address: Some(address::Address::SocketAddress(SocketAddress {
            address,
            ipv4_compat,
            port_specifier: Some(PortSpecifier::PortValue(u32::from(port))),
            ..SocketAddress::default()
        })),
    }
}

/// The address of a socket file.
pub(super) fn socket_file(path: String) -> Address {
    Address { address: Some(address::Address::Pipe(Pipe { path, ..Pipe::default() })) }
}

/// A listener of the proxy itself that nothing is bound for.
pub(super) fn internal_address(listener: String) -> Address {
    let internal = EnvoyInternalAddress {
        address_name_specifier: Some(AddressNameSpecifier::ServerListenerName(listener)),
        ..EnvoyInternalAddress::default()
    };
    Address { address: Some(address::Address::EnvoyInternalAddress(internal)) }
}

/// A text that messages leave empty where there is none.
pub(super) fn text(said: Option<&str>) -> String {
    said.unwrap_or_default().to_owned()
}

pub(super) fn regex(pattern: &str) -> RegexMatcher {
    RegexMatcher { regex: pattern.to_owned(), engine_type: None }
}

pub(super) fn exact(text: &str) -> StringMatcher {
    StringMatcher { match_pattern: Some(MatchPattern::Exact(text.to_owned())), ..StringMatcher::default() }
}

pub(super) fn matching(pattern: &str) -> StringMatcher {
    StringMatcher { match_pattern: Some(MatchPattern::SafeRegex(regex(pattern))), ..StringMatcher::default() }
}

/// How much of a text is meant.
pub(super) fn to_pattern(is: TextIs) -> MatchPattern {
    match is {
        TextIs::Exact(text) => MatchPattern::Exact(text),
        TextIs::Prefix(text) => MatchPattern::Prefix(text),
        TextIs::Suffix(text) => MatchPattern::Suffix(text),
        TextIs::Regex(expression) => MatchPattern::SafeRegex(regex(&expression)),
    }
}

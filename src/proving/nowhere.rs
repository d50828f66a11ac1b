//! Addresses at which nothing is: where Services stand when nothing runs.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// Where Services stand when nothing runs: each on a loopback address of its own.
pub(super) fn nowhere(number: u16) -> SocketAddr {
    let [high, low] = number.to_be_bytes();
    SocketAddr::new(IpAddr::V4(Ipv4Addr::new(127, NOWHERE, high, low)), DISCARD)
}

/// Whether an address is one of those.
pub(super) fn is_nowhere(address: &SocketAddr) -> bool {
    matches!(address, SocketAddr::V4(address) if address.ip().octets()[..2] == [127, NOWHERE] && address.port() == DISCARD)
}

/// The second part of those addresses, and their port.
const NOWHERE: u8 = 255;

const DISCARD: u16 = 9;

//! What clients of Services are to be served with.

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::str::FromStr;

use crate::name::Namespace;
use crate::port::Port;

/// Where a proxy for clients of Services listens, if nothing else is said.
pub const PROXY_ADDRESS: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 15080);

/// Where rules of a machine lead connections to, if nothing else is said.
pub const OUTBOUND_PORT: Port = Port::new(15001);

/// A configuration for clients of Services, in the place of one for Gateways.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mesh {
    /// The namespace of the clients.
    pub client: Namespace,
    /// How their traffic gets to the proxy.
    pub capture: Capture,
    /// Whether only the Services are served that have routes for these clients.
    pub routed_only: bool,
    /// Whether requests for whatever is no served Service are sent there; otherwise they get 404.
    pub passes_unknown: bool,
    /// Whether the proxy reads its routes from files and follows them.
    pub follows_files: bool,
}

/// How the traffic of clients gets to the proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Capture {
    /// They name the Service to a forward proxy, which listens here (`http_proxy`).
    Proxy(SocketAddr),
    /// They connect to the addresses of Services, which the proxy has.
    Address(Addresses),
    /// They connect to the addresses that the cluster gave its Services, and rules of their machine lead the connections to
    /// this port of the proxy.
    Redirect(Port),
}

/// Which addresses stand for Services.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Addresses {
    /// Those that the cluster gave, where every Service has one of its own; otherwise some of this machine.
    #[default]
    Any,
    /// Those that the cluster gave (`clusterIP`).
    ClusterIp,
    /// Some of this machine.
    Loopback(LoopbackRange),
}

/// Addresses of this machine, of which each Service has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LoopbackRange {
    network: Ipv4Addr,
    bits: u32,
}

impl Default for LoopbackRange {
    /// 127.1.0.0/16.
    fn default() -> Self {
        Self { network: Ipv4Addr::new(127, 1, 0, 0), bits: 16 }
    }
}

impl LoopbackRange {
    /// The addresses, in order, without the first and the last one.
    pub fn addresses(self) -> impl Iterator<Item = Ipv4Addr> {
        let first = u32::from(self.network);
        (first + 1..first + (1 << (32 - self.bits)) - 1).map(Ipv4Addr::from)
    }
}

impl fmt::Display for LoopbackRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { network, bits } = self;
        write!(f, "{network}/{bits}")
    }
}

impl FromStr for LoopbackRange {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parse = || {
            let (network, bits) = text.split_once('/')?;
            Some((network.parse::<Ipv4Addr>().ok()?, bits.parse::<u32>().ok().filter(|bits| (9..=30).contains(bits))?))
        };
        let Some((network, bits)) = parse() else {
            return Err("expected a range such as 127.1.0.0/16, of /9 to /30".to_owned());
        };
        let size = 1 << (32 - bits);
        if !network.is_loopback() || u32::from(network) % size != 0 {
            return Err(format!("`{text}` is no range of loopback addresses (127.0.0.0/8) that begins at its network"));
        }
        let range = Self { network, bits };
        match u32::from(Ipv4Addr::LOCALHOST).checked_sub(u32::from(network)) {
            Some(place) if place < size => {
                Err(format!("`{range}` has 127.0.0.1, which is of everybody on this machine"))
            }
            _ => Ok(range),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::LoopbackRange;

    #[test]
    fn a_range_of_loopback_addresses_is_without_its_ends() {
        let range: LoopbackRange = "127.2.0.8/30".parse().unwrap();
        let addresses: Vec<String> = range.addresses().map(|address| address.to_string()).collect();
        assert_eq!(addresses, ["127.2.0.9", "127.2.0.10"]);
        assert_eq!(LoopbackRange::default().addresses().count(), 65_534);
    }

    #[test]
    fn other_ranges_are_refused() {
        for text in ["10.0.0.0/16", "127.1.0.1/16", "127.0.0.0/9", "127.0.0.0/16", "127.1.0.0/31", "127.1.0.0", "x/16"]
        {
            assert!(text.parse::<LoopbackRange>().is_err(), "{text}");
        }
    }
}

//! Who may send requests, by rules of which the first that a request meets decides.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use serde::Serialize;

use super::claim::Claim;
use super::http_route::PathMatch;
use crate::http::HeaderName;

/// Rules, of which the first that a request meets decides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AccessOrder {
    /// The rules in their order.
    pub rules: Vec<OrderedRule>,
    /// What becomes of requests that meet none.
    pub otherwise: Verdict,
}

impl AccessOrder {
    /// The RE2 expressions of all rules.
    pub fn expressions(&self) -> impl Iterator<Item = &str> {
        self.rules.iter().flat_map(|rule| &rule.asks).filter_map(|ask| match ask {
            AccessCondition::Path { is: PathMatch::Regex(expression), .. } => Some(expression.as_str()),
            _ => None,
        })
    }

    /// What becomes of a connection from an address.
    pub fn of_address(&self, address: IpAddr) -> Verdict {
        self.first(|range| range.contains(address))
    }

    /// The ranges of addresses that rules tell apart, each with what becomes of connections from it: of those that have an
    /// address the narrowest counts.
    pub fn ranges(&self) -> Vec<(AddressRange, Verdict)> {
        let asks = self.rules.iter().flat_map(|rule| &rule.asks);
        let told = asks.flat_map(|ask| match ask {
            AccessCondition::Client(ranges) => ranges.as_slice(),
            _ => &[],
        });
        let whole = [IpAddr::V4(Ipv4Addr::UNSPECIFIED), IpAddr::V6(Ipv6Addr::UNSPECIFIED)];
        let whole = whole.map(|address| AddressRange { address, bits: 0 });
        let mut all: Vec<AddressRange> = told.map(|range| range.plain()).chain(whole).collect();
        all.sort_unstable();
        all.dedup();
        all.into_iter().map(|one| (one, self.first(|range| range.covers(one)))).collect()
    }

    /// What the first rule says all of whose addresses meet this; one that asks for anything else is met by nobody.
    fn first(&self, is_met: impl Fn(AddressRange) -> bool) -> Verdict {
        let is_told = |ask: &AccessCondition| match ask {
            AccessCondition::Client(ranges) => ranges.iter().any(|range| is_met(*range)),
            _ => false,
        };
        let found = self.rules.iter().find(|rule| rule.asks.iter().all(is_told));
        found.map_or(self.otherwise, |rule| rule.verdict)
    }
}

/// What becomes of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Verdict {
    /// It passes.
    Passes,
    /// It is refused.
    Refused,
}

/// A rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OrderedRule {
    /// The name.
    pub name: String,
    /// What becomes of requests that meet it.
    pub verdict: Verdict,
    /// What has to be so of a request, all of it; never empty.
    pub asks: Vec<AccessCondition>,
}

/// Something that has to be so of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum AccessCondition {
    /// The client's address, as far as proxies in front are trusted to tell it, is in one of these.
    Client(Vec<AddressRange>),
    /// A header: its lines, joined by commas, are one of these values.
    Header {
        /// The name in lower case.
        name: HeaderName,
        /// The values.
        values: Vec<String>,
    },
    /// The method is one of these, in any letter case.
    Method(Vec<String>),
    /// The path, without the query but for expressions.
    Path {
        /// What it has to be.
        is: PathMatch,
        /// Whether it must not be that.
        inverted: bool,
    },
    /// What the token says that a provider vouches for: any of these.
    Token {
        /// The provider's name.
        provider: String,
        /// The claims.
        any_of: Vec<Claim>,
    },
}

/// Addresses that begin alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct AddressRange {
    /// One of them.
    pub address: IpAddr,
    /// How many bits they have in common.
    pub bits: u8,
}

impl AddressRange {
    /// Reads an address with the number of its bits that count.
    pub fn parse(text: &str) -> Option<Self> {
        let (address, bits) = text.split_once('/')?;
        let (address, bits): (IpAddr, u8) = (address.parse().ok()?, bits.parse().ok()?);
        let most = if address.is_ipv4() { 32 } else { 128 };
        (bits <= most).then_some(Self { address, bits })
    }

    /// The first of them.
    pub fn network(self) -> IpAddr {
        let bits = u32::from(self.bits);
        match self.address {
            IpAddr::V4(own) => {
                let kept = u32::MAX.checked_shl(32_u32.saturating_sub(bits)).unwrap_or_default();
                IpAddr::V4((own.to_bits() & kept).into())
            }
            IpAddr::V6(own) => {
                let kept = u128::MAX.checked_shl(128_u32.saturating_sub(bits)).unwrap_or_default();
                IpAddr::V6((own.to_bits() & kept).into())
            }
        }
    }

    /// The same by its first address.
    fn plain(self) -> Self {
        Self { address: self.network(), ..self }
    }

    /// Whether all addresses of another range are in this one.
    fn covers(self, other: Self) -> bool {
        self.bits <= other.bits && self.contains(other.address)
    }

    /// Whether an address is one of them; those of the other family are not.
    pub fn contains(self, address: IpAddr) -> bool {
        let bits = u32::from(self.bits);
        match (self.address, address) {
            (IpAddr::V4(own), IpAddr::V4(other)) => {
                let rest = 32_u32.saturating_sub(bits);
                (own.to_bits() ^ other.to_bits()).checked_shr(rest).is_none_or(|different| different == 0)
            }
            (IpAddr::V6(own), IpAddr::V6(other)) => {
                let rest = 128_u32.saturating_sub(bits);
                (own.to_bits() ^ other.to_bits()).checked_shr(rest).is_none_or(|different| different == 0)
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{AccessCondition, AccessOrder, AddressRange, OrderedRule, Verdict};

    #[test]
    fn a_range_begins_where_its_bits_end() {
        let first = |range: &str| AddressRange::parse(range).unwrap().network().to_string();
        assert_eq!(first("10.1.2.3/8"), "10.0.0.0");
        assert_eq!(first("10.1.2.3/32"), "10.1.2.3");
        assert_eq!(first("10.1.2.3/0"), "0.0.0.0");
        assert_eq!(first("2001:db8:1::1/32"), "2001:db8::");
        assert_eq!(first("2001:db8::1/0"), "::");
    }

    #[test]
    fn the_narrowest_range_says_what_the_first_rule_does() {
        let rule = |ranges: &[&str], verdict| OrderedRule {
            name: String::new(),
            verdict,
            asks: vec![AccessCondition::Client(
                ranges.iter().map(|range| AddressRange::parse(range).unwrap()).collect(),
            )],
        };
        let order = AccessOrder {
            rules: vec![
                rule(&["10.1.0.0/16", "192.0.2.1/32"], Verdict::Refused),
                rule(&["10.1.2.0/24", "10.9.9.9/8", "2001:db8::/32"], Verdict::Passes),
                rule(&["2001:db8:1::/48", "10.7.0.0/16"], Verdict::Refused),
            ],
            otherwise: Verdict::Refused,
        };
        let ranges = order.ranges();
        for address in ["10.1.2.3", "10.7.0.1", "10.255.0.1", "11.0.0.1", "192.0.2.1", "2001:db8:1::1", "2001:db9::1"] {
            let address = address.parse().unwrap();
            let having = ranges.iter().filter(|(range, _)| range.contains(address));
            let narrowest = having.max_by_key(|(range, _)| range.bits).map(|(_, verdict)| *verdict);
            assert_eq!(narrowest, Some(order.of_address(address)), "{address}");
        }
    }

    #[test]
    fn a_range_has_the_addresses_that_begin_like_it() {
        let is_in = |range: &str, address: &str| AddressRange::parse(range).unwrap().contains(address.parse().unwrap());
        assert!(is_in("10.1.2.3/8", "10.255.0.1"));
        assert!(!is_in("10.0.0.0/8", "11.0.0.1"));
        assert!(is_in("0.0.0.0/0", "203.0.113.9"));
        assert!(is_in("192.0.2.7/32", "192.0.2.7"));
        assert!(!is_in("192.0.2.7/32", "192.0.2.6"));
        assert!(is_in("2001:db8::/32", "2001:db8:1::1"));
        assert!(!is_in("2001:db8::/32", "2001:db9::1"));
        assert!(is_in("::/0", "::1"));
        assert!(!is_in("::/0", "127.0.0.1"));
        for text in ["10.0.0.0", "10.0.0.0/33", "::/129", "10.0.0/8", "x/8", "010.0.0.0/8"] {
            assert!(AddressRange::parse(text).is_none(), "{text}");
        }
    }
}

//! `internalAddressConfig` of connections: whose requests are of the house.

use std::net::IpAddr;

use crate::ir::{AddressRange, InternalAddresses};
use crate::parser::api::{OptionAddressRange, OptionInternalAddresses};
use crate::path;

use super::faults::Faults;

pub(super) fn lower(said: OptionInternalAddresses, faults: &mut Faults<'_>) -> InternalAddresses {
    let OptionInternalAddresses { cidr_ranges, unix_sockets } = said;
    if cidr_ranges.is_empty() {
        let help = "add a range to `cidrRanges`";
        faults.add(&path!["internalAddressConfig"], "it is not said at which addresses clients are of the house", help);
    }
    let mut ranges = Vec::with_capacity(cidr_ranges.len());
    for (index, OptionAddressRange { address_prefix, prefix_len }) in cidr_ranges.into_iter().enumerate() {
        let at = path!["internalAddressConfig", "cidrRanges", index];
        let Ok(address) = address_prefix.parse::<IpAddr>() else {
            let message = format!("`{}` is no address", address_prefix.escape_debug());
            faults.add(&at.with("addressPrefix"), message, "write an address such as `10.0.0.0`");
            continue;
        };
        let most = if address.is_ipv4() { 32 } else { 128 };
        match u8::try_from(prefix_len) {
            Ok(bits) if bits <= most => ranges.push(AddressRange { address, bits }),
            _ => {
                let message = format!("an address has no {prefix_len} bits");
                faults.add(&at.with("prefixLen"), message, format!("write a number up to {most}"));
            }
        }
    }
    InternalAddresses { ranges, by_file: unix_sockets }
}

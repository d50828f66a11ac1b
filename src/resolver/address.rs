//! The addresses of a Gateway: where its listeners bind, and which addresses
//! its status states
//! ([GatewaySpecAddress](https://gateway-api.sigs.k8s.io/reference/spec/#gatewayspecaddress)).

use std::net::{IpAddr, Ipv4Addr};

use crate::diagnostics::{Code, Diagnostics, Finding, codes};
use crate::options::{ListenerAddress, Options};
use crate::parser::api::{GatewayAddress, GatewaySpec};
use crate::parser::manifests::Object;
use crate::whole;

/// The one type of address that a proxy can bind.
const IP_ADDRESS: &str = "IPAddress";
/// All addresses of the machine: what an address without a value is.
const UNSPECIFIED: IpAddr = IpAddr::V4(Ipv4Addr::UNSPECIFIED);

/// The addresses of a Gateway.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GatewayAddresses {
    /// What its listeners bind.
    pub binds: Vec<IpAddr>,
    /// What clients are told to connect to: the address of the command line, else those of the Gateway that can be
    /// bound.
    pub stated: Vec<IpAddr>,
}

/// Decides where a Gateway binds, and reports the addresses that it cannot bind.
pub(super) fn resolve_addresses(
    gateway: &Object<GatewaySpec>,
    options: &Options,
    diagnostics: &mut Diagnostics,
) -> GatewayAddresses {
    let judged: Vec<_> = gateway.spec.addresses.iter().map(judge).collect();
    let usable: Vec<_> = judged.iter().filter_map(|address| address.as_ref().ok()).copied().collect();
    match options.listener_address {
        ListenerAddress::Ip(address) => {
            let is_chosen = address != UNSPECIFIED;
            if !judged.is_empty() {
                let position = judged.iter().position(Result::is_err);
                let refusal = position.and_then(|index| Some((index, judged[index].as_ref().err()?)));
                diagnostics.report(not_bound(gateway, address, refusal));
            }
            GatewayAddresses { binds: vec![address], stated: if is_chosen { vec![address] } else { usable } }
        }
        ListenerAddress::Gateway => {
            for (index, refusal) in
                judged.iter().enumerate().filter_map(|(i, address)| Some((i, address.as_ref().err()?)))
            {
                diagnostics.report(refused(gateway, index, refusal));
            }
            let binds = if judged.is_empty() { vec![UNSPECIFIED] } else { usable.clone() };
            GatewayAddresses { binds, stated: usable }
        }
    }
}

/// Why an address cannot be bound.
struct Refusal {
    code: Code,
    message: String,
}

fn judge(address: &GatewayAddress) -> Result<IpAddr, Refusal> {
    let GatewayAddress { address_type, value } = address;
    let value = value.as_deref().filter(|value| !value.is_empty());
    let unsupported = || Refusal {
        code: codes::BAD_ADDRESS,
        message: format!("Envoy cannot bind an address of type `{address_type}`"),
    };
    if address_type != IP_ADDRESS {
        return Err(unsupported());
    }
    let Some(value) = value else { return Ok(UNSPECIFIED) };
    // The schema refuses an IPAddress that is none.
    let ip: IpAddr = value.parse().map_err(|_| unsupported())?;
    let is_broadcast = matches!(ip, IpAddr::V4(v4) if v4.is_broadcast());
    if ip.is_multicast() || is_broadcast {
        let message = format!("`{value}` is a multicast or broadcast address: no connection can be made to it");
        return Err(Refusal { code: codes::UNUSABLE_ADDRESS, message });
    }
    if let IpAddr::V6(v6) = ip {
        let why = match v6.to_ipv4_mapped() {
            Some(v4) => Some(format!("is an address of IPv4 in the form of IPv6: write `{v4}`")),
            None if v6.is_unicast_link_local() => {
                Some("is an address of one link, whose name it cannot say here".to_owned())
            }
            None => None,
        };
        if let Some(why) = why {
            return Err(Refusal { code: codes::UNUSABLE_ADDRESS, message: format!("`{value}` {why}") });
        }
    }
    Ok(ip)
}

fn refused(gateway: &Object<GatewaySpec>, index: usize, refusal: &Refusal) -> Finding {
    gateway
        .finding(refusal.code, whole!["spec", "addresses", index], refusal.message.clone())
        .consequence("the Gateway does not listen there")
        .help("use an address of type `IPAddress` that a machine can have, or pass `--listener-address ADDR`")
}

/// The Gateway's addresses are left alone, and it serves at another one. Nobody judges them then; the first that could
/// not be bound is marked, since binding them would fail there.
fn not_bound(gateway: &Object<GatewaySpec>, address: IpAddr, refusal: Option<(usize, &Refusal)>) -> Finding {
    let at = whole!["spec", "addresses"];
    let message = "the Gateway's `addresses` are not bound";
    let finding = match refusal {
        None => gateway.finding(codes::NO_EFFECT, at, message).help("pass `--listener-address gateway` to bind them"),
        Some((index, Refusal { code: _, message: why })) => {
            gateway.finding(codes::NO_EFFECT, at.with(index), message).label(why.clone()).help(
                "nothing, where that is meant; to bind the Gateway's own addresses, remove this one or make it an \
                 `IPAddress` that the machine has, and pass `--listener-address gateway`",
            )
        }
    };
    finding.consequence(format!("its listeners bind {address}"))
}

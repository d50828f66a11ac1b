//! The rules of nftables that lead the connections of this machine to Services to Envoy
//! ([nft(8)](https://www.netfilter.org/projects/nftables/manpage.html)).

use std::io::{self, Write};

use crate::ir::Config;

/// The table of the rules. It is replaced as a whole.
const TABLE: &str = "table ip gwctl_mesh";

/// Writes the rules for the ports of Services that a configuration has listeners for.
///
/// # Errors
/// Those of `out`.
pub(super) fn write(config: &Config, out: &mut dyn Write) -> io::Result<()> {
    let Some(outbound) = &config.outbound else { return Ok(()) };
    writeln!(out, "# Connections to Services are led to Envoy on {}: `nft -f` puts this in", outbound.address)?;
    writeln!(out, "# force in the place of what it said before, `nft delete {TABLE}` ends it.")?;
    writeln!(out, "# The user that Envoy runs as; its own connections go where they are made to:")?;
    writeln!(out, "define envoy = 1337")?;
    writeln!(out, "{TABLE}\ndelete {TABLE}\n{TABLE} {{")?;
    writeln!(out, "  set services {{\n    type ipv4_addr . inet_service\n    elements = {{")?;
    for listener in config.listeners.iter().filter(|listener| listener.entrance.is_redirected()) {
        let service = listener.gateways.first().map(ToString::to_string).unwrap_or_default();
        writeln!(out, "      {} . {}, # {service}", listener.address, listener.port)?;
    }
    writeln!(out, "    }}\n  }}\n  chain output {{")?;
    writeln!(out, "    type nat hook output priority -100; policy accept;")?;
    writeln!(out, "    meta skuid $envoy return")?;
    writeln!(out, "    ip daddr . tcp dport @services redirect to :{}", outbound.address.port())?;
    writeln!(out, "  }}\n}}")
}

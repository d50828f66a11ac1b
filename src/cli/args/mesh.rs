//! The flags of configurations for clients of Services.

use std::net::{Ipv4Addr, SocketAddr};

use clap::{Args, ValueEnum};

use super::super::value;
use crate::name::Namespace;
use crate::options::{Addresses, Capture, Mesh, Options, PROXY_ADDRESS};

/// Whom a configuration serves, where these are no clients of Gateways.
#[derive(Clone, Debug, Default, Args)]
pub struct MeshArgs {
    /// Serve the clients of this namespace that connect to Services, by the routes that have Services for parents. Gateways
    /// are judged and not served.
    #[arg(long, value_name = "NAMESPACE", value_parser = value::namespace)]
    #[arg(conflicts_with_all = ["gateway", "gateway_class", "proxy_protocol"], help_heading = "Mesh")]
    pub mesh_for: Option<Namespace>,
    /// How the traffic of these clients gets to Envoy. `proxy`: they name the Service to a forward proxy, on
    /// 127.0.0.1:15080 or on another ADDRESS:PORT (`http_proxy=http://127.0.0.1:15080`). `address`: they connect to the
    /// address of the Service, which Envoy has (--mesh-addresses, --section hosts). `redirect`: they connect to the
    /// `clusterIP`, and rules of nftables lead them to Envoy, on port 15001 of 127.0.0.1 or on another PORT (--section
    /// redirect). By default `proxy`, which asks nothing of the machine, or `address` where --mesh-addresses is given.
    #[arg(long, value_name = "address|proxy[=ADDRESS:PORT]|redirect[=PORT]", value_parser = value::capture)]
    #[arg(help_heading = "Mesh")]
    pub mesh_capture: Option<Capture>,
    /// The addresses of Services for `--mesh-capture address`: their `clusterIP`, or addresses of this machine, by default
    /// of 127.1.0.0/16. By default `cluster-ip` where every Service of the input has one, otherwise `loopback`.
    #[arg(long, value_name = "cluster-ip|loopback[=RANGE]", value_parser = value::addresses)]
    #[arg(help_heading = "Mesh")]
    pub mesh_addresses: Option<Addresses>,
    /// Which Services are served: those with routes for these clients (the default for `--mesh-capture redirect`), or all
    /// (the default otherwise).
    #[arg(long, value_name = "WHICH", help_heading = "Mesh")]
    pub mesh_services: Option<ServedServices>,
    /// What becomes of requests for whatever is no served Service: `reject` answers 404, `pass` sends them there.
    #[arg(long, value_name = "WHAT", default_value = "reject", help_heading = "Mesh")]
    pub mesh_unknown: UnknownHosts,
}

/// Which Services are served.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ServedServices {
    /// Those that have routes for the clients.
    Routed,
    /// All.
    All,
}

/// What becomes of requests for other hosts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum UnknownHosts {
    /// They are sent there.
    Pass,
    /// They get 404.
    #[default]
    Reject,
}

impl MeshArgs {
    /// How the traffic of the clients gets to Envoy; `None` where there are none.
    pub fn capture(&self) -> Option<Capture> {
        self.mesh_for.as_ref()?;
        let usual = || match self.mesh_addresses {
            Some(addresses) => Capture::Address(addresses),
            None => Capture::Proxy(PROXY_ADDRESS),
        };
        Some(self.mesh_capture.unwrap_or_else(usual))
    }

    /// Adds what is said here to the settings of a compilation.
    ///
    /// # Errors
    /// A message for the user where flags have nothing to say without the clients that they are about, or nothing about
    /// these.
    pub fn complete(&self, options: &mut Options) -> Result<(), String> {
        let (client, capture) = match (&self.mesh_for, self.capture()) {
            (Some(client), Some(capture)) => (client, capture),
            (None, _) | (_, None) => {
                let given = [
                    ("--mesh-capture", self.mesh_capture.is_some()),
                    ("--mesh-addresses", self.mesh_addresses.is_some()),
                    ("--mesh-services", self.mesh_services.is_some()),
                    ("--mesh-unknown", self.mesh_unknown != UnknownHosts::Reject),
                ];
                return match given.iter().find(|(_, is_given)| *is_given) {
                    Some((flag, _)) => Err(format!("`{flag}` belongs to `--mesh-for NAMESPACE`")),
                    None => Ok(()),
                };
            }
        };
        if !options.port_map.is_empty() && !matches!(capture, Capture::Address(_)) {
            let why = "`--port-map` moves what is bound: with `--mesh-for` these are ports of Services for `--mesh-capture address` alone";
            return Err(why.to_owned());
        }
        if options.listener_address != Options::default().listener_address {
            let why = "`--listener-address` is where Gateways listen, and does not go with `--mesh-for`; `--mesh-capture` and `--mesh-addresses` say where clients of Services are served";
            return Err(why.to_owned());
        }
        if options.trusted_hops > 0 {
            return Err("`--trusted-hops` is about clients of Gateways, and does not go with `--mesh-for`".to_owned());
        }
        let own = match capture {
            Capture::Proxy(address) => Some((address, format!("proxy={address}"))),
            Capture::Redirect(port) => {
                Some((SocketAddr::from((Ipv4Addr::LOCALHOST, port.number())), format!("redirect={port}")))
            }
            Capture::Address(_) => None,
        };
        if let (Some((address, words)), Some(admin)) = (own, options.admin_address)
            && is_same_socket(address, admin)
        {
            return Err(format!("`--mesh-capture {words}` is the address of Envoy's admin interface"));
        }
        let capture = match (capture, self.mesh_addresses) {
            (Capture::Address(_), wanted) => {
                if self.mesh_unknown != UnknownHosts::Reject {
                    let why = "`--mesh-unknown` is about what a proxy is asked for: at the addresses of Services nothing else arrives";
                    return Err(why.to_owned());
                }
                Capture::Address(wanted.unwrap_or_default())
            }
            (Capture::Proxy(_) | Capture::Redirect(_), Some(_)) => {
                return Err("`--mesh-addresses` belongs to `--mesh-capture address`".to_owned());
            }
            (Capture::Redirect(_), None) if self.mesh_unknown != UnknownHosts::Reject => {
                let why = "`--mesh-unknown` is about what a proxy is asked for: what is no served Service is not led to Envoy";
                return Err(why.to_owned());
            }
            (Capture::Proxy(_) | Capture::Redirect(_), None) => capture,
        };
        let served = self.mesh_services.unwrap_or(match capture {
            Capture::Redirect(_) => ServedServices::Routed,
            Capture::Proxy(_) | Capture::Address(_) => ServedServices::All,
        });
        options.mesh = Some(Mesh {
            client: client.clone(),
            capture,
            routed_only: served == ServedServices::Routed,
            passes_unknown: self.mesh_unknown == UnknownHosts::Pass,
            follows_files: false,
        });
        Ok(())
    }
}

fn is_same_socket(one: SocketAddr, other: SocketAddr) -> bool {
    let overlap = one.ip() == other.ip() || one.ip().is_unspecified() || other.ip().is_unspecified();
    one.port() == other.port() && overlap
}

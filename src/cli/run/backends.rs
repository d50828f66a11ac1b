//! Who stands behind Services on a laptop: local processes, echo backends, or somebody who says that nobody does.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use super::super::trace::backend_name;
use super::super::value::Local;
use crate::ir::{BackendName, Cluster, Collector, Config, Endpoints, Listener, Log, Site, UpstreamProtocol};
use crate::options::Resolve;
use crate::proving::{Error, StandIn, StandIns};

/// What is said about backends.
#[derive(Debug)]
pub(super) struct Behind<'a> {
    /// Local processes.
    pub(super) local: &'a [Local],
    /// Whether echo backends stand in for whoever has none.
    pub(super) echo: bool,
    /// Addresses that were given by hand.
    pub(super) resolve: &'a [Resolve],
}

/// Who stands behind a backend, in a word for the list of what can be called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Who {
    Local,
    Echo,
    /// As the manifests or the command line say.
    Given,
    Nobody,
}

impl Behind<'_> {
    /// Who stands behind a backend.
    pub(super) fn who(&self, cluster: &Cluster) -> Who {
        let BackendName { namespace, name, port, site } = &cluster.backend;
        let is_given = |one: &Resolve| (&one.namespace, &one.name, one.port) == (namespace, name, *port);
        let is_here = |endpoints: &Endpoints| match endpoints {
            Endpoints::Static(addresses) => {
                !addresses.is_empty() && addresses.iter().all(|address| address.ip().is_loopback())
            }
            Endpoints::Dns(_) => false,
            Endpoints::File(_) => true,
        };
        if self.local(&cluster.backend).is_some() {
            Who::Local
        } else if self.echo {
            // Nothing beyond this machine is asked then.
            Who::Echo
        } else if self.resolve.iter().any(is_given)
            || matches!(site, Site::External | Site::Upstream | Site::Backend | Site::Url)
            || is_here(&cluster.endpoints)
        {
            Who::Given
        } else {
            Who::Nobody
        }
    }

    /// The process for a backend; one for the port goes before one for the Service.
    fn local(&self, backend: &BackendName) -> Option<&Local> {
        let is_for = |one: &&Local| {
            backend.site == Site::Internal
                && (&one.namespace, &one.name) == (&backend.namespace, &backend.name)
                && one.port.is_none_or(|port| port == backend.port)
        };
        self.local.iter().filter(is_for).max_by_key(|one| one.port.is_some())
    }

    /// Puts them behind every cluster. What stands in speaks plain text: TLS to it is left out.
    ///
    /// # Errors
    /// When one cannot be started.
    pub(super) fn put(&self, config: &mut Config, stand_ins: &mut StandIns) -> Result<(), Error> {
        for cluster in &mut config.clusters {
            let is_datagrams = cluster.protocol == UpstreamProtocol::Udp;
            let name = backend_name(&cluster.backend);
            let address = match self.who(cluster) {
                Who::Given => continue,
                Who::Local => {
                    let Some(local) = self.local(&cluster.backend) else { continue };
                    cluster.endpoints = endpoint(local);
                    continue;
                }
                Who::Echo => stand_ins.address(&name, is_datagrams, &StandIn::Echo)?,
                Who::Nobody => stand_ins.address(&name, is_datagrams, &StandIn::Nobody(nobody(&cluster.backend)))?,
            };
            cluster.endpoints = Endpoints::Static(vec![address]);
            cluster.tls = None;
            cluster.further_tls.clear();
            // They take part in no protocol of the hosts that they stand in for, and none of them is heavier.
            let settings = Arc::make_mut(&mut cluster.settings);
            settings.weights.clear();
            settings.server_names.clear();
            settings.health_checks.clear();
            settings.failover = None;
            settings.tunnel = None;
            settings.balancing.weighs_localities = false;
            settings.connections.proxy_protocol = None;
            if cluster.protocol == UpstreamProtocol::Negotiated {
                cluster.protocol = UpstreamProtocol::Http1;
            }
        }
        config.listeners.iter_mut().for_each(keep_logs_here);
        Ok(())
    }

    /// The flags that name a Service of which no port is used.
    pub(super) fn idle(&self, config: &Config) -> Vec<String> {
        let used: BTreeSet<&BackendName> = config.clusters.iter().map(|cluster| &cluster.backend).collect();
        let is_used = |one: &&Local| {
            used.iter().any(|backend| {
                (&backend.namespace, &backend.name) == (&one.namespace, &one.name)
                    && one.port.is_none_or(|port| port == backend.port)
            })
        };
        self.local.iter().filter(|one| !is_used(one)).map(ToString::to_string).collect()
    }
}

fn endpoint(Local { host, to, .. }: &Local) -> Endpoints {
    match host.parse::<IpAddr>() {
        Ok(ip) => Endpoints::Static(vec![SocketAddr::new(ip, to.number())]),
        Err(_) => Endpoints::Dns(vec![(host.clone(), *to)]),
    }
}

/// What whoever asks a Service without a process is told.
fn nobody(BackendName { namespace, name, port, site: _ }: &BackendName) -> String {
    format!(
        "nothing runs behind Service {namespace}/{name} port {port} here: start it and say where it listens with \
         `--local {namespace}/{name}:{port}=PORT`, or use `--echo`\n"
    )
}
/// Sends no log of a listener to another machine.
fn keep_logs_here(listener: &mut Listener) {
    let is_elsewhere = |collector: &Collector| !collector.host.parse().is_ok_and(|ip: IpAddr| ip.is_loopback());
    if !listener.settings.collectors().any(is_elsewhere) {
        return;
    }
    let settings = Arc::make_mut(&mut listener.settings);
    let logs = settings.request_logs.iter_mut().chain(&mut settings.connection_logs);
    logs.filter(|log| log.collector().is_some_and(is_elsewhere)).for_each(Log::silence);
}

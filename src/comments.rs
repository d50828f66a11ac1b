//! The comments of YAML output: the file and line behind each listener, filter
//! chain, route, cluster and secret, found by their names.

use std::collections::HashMap;

use crate::compile::Compilation;
use crate::diagnostics::Location;
use crate::emit::Comments;
use crate::ir::Origin;
use crate::parser::locate::Locator;
use crate::parser::source::{SourceId, SourceSet};
use crate::resolver::Place;
use crate::translator::envoy::name;

const LISTENER: &str = "envoy.config.listener.v3.Listener";
const FILTER_CHAIN: &str = "envoy.config.listener.v3.FilterChain";
const SECRET: &str = "envoy.extensions.transport_sockets.tls.v3.Secret";
const ROUTE: &str = "envoy.config.route.v3.Route";
const CLUSTER: &str = "envoy.config.cluster.v3.Cluster";

/// The file and line of what is emitted, by message and name.
#[derive(Debug)]
pub struct SourceComments<'c> {
    sources: &'c SourceSet,
    listeners: HashMap<String, Line>,
    filter_chains: HashMap<String, Line>,
    secrets: HashMap<String, Line>,
    routes: HashMap<String, Line>,
    clusters: HashMap<String, Line>,
}

/// A line of a file, counted from 1.
#[derive(Clone, Copy, Debug)]
struct Line(SourceId, usize);

impl<'c> SourceComments<'c> {
    /// Looks up the places of everything that was emitted.
    pub fn new(compilation: &'c Compilation) -> Self {
        let config = &compilation.lowered.config;
        let (mut listeners, mut filter_chains, mut routes) = (Vec::new(), Vec::new(), Vec::new());
        for listener in &config.listeners {
            listeners.push((name::listener(listener), listener.origin));
            let chains = listener.chains().iter();
            filter_chains
                .extend(chains.filter_map(|chain| Some((name::filter_chain(chain.name.as_ref()?), chain.origin))));
            for connection in listener.http_connections() {
                let of_hosts = connection.virtual_hosts.iter().flat_map(|host| &host.routes);
                routes.extend(of_hosts.map(|route| (name::route(&route.name), route.origin)));
            }
        }
        let clusters = config.clusters.iter().filter_map(|cluster| Some((name::cluster(cluster), cluster.origin?)));
        let secrets = config.certificates.iter().filter_map(|pair| Some((name::secret(pair), pair.origin?)));
        let locator = Locator::new(&compilation.manifests);
        let lines = |named: Vec<(String, Origin)>| compilation.lines_of(named, &locator);
        Self {
            sources: &compilation.manifests.sources,
            listeners: lines(listeners),
            filter_chains: lines(filter_chains),
            secrets: lines(secrets.collect()),
            routes: lines(routes),
            clusters: lines(clusters.collect()),
        }
    }
}

impl Comments for SourceComments<'_> {
    fn comment(&self, message: &str, name: &str) -> Option<String> {
        let lines = match message {
            LISTENER => &self.listeners,
            FILTER_CHAIN => &self.filter_chains,
            SECRET => &self.secrets,
            ROUTE => &self.routes,
            CLUSTER => &self.clusters,
            _ => return None,
        };
        let Line(source, line) = lines.get(name)?;
        Some(format!("{}:{line}", self.sources.get(*source).name))
    }
}

impl Compilation {
    /// The location of an origin; for a match, that of its rule.
    fn place_of(&self, origin: Origin) -> Location {
        let Some((_, position, place)) = self.lowered.origins.get(origin) else { return Location::Run };
        let place = match place {
            Place::Match { rule, .. } | Place::BackendRef { rule, .. } => Place::Rule(rule),
            other => other,
        };
        Location::field(position.document, position.base.join(&place.path()))
    }

    /// The line of each origin, by name.
    fn lines_of(&self, named: Vec<(String, Origin)>, locator: &Locator<'_>) -> HashMap<String, Line> {
        let locations: Vec<_> = named.iter().map(|(_, origin)| self.place_of(*origin)).collect();
        let lines = locator.lines_of(&locations);
        let place = |((name, _), (location, line)): ((String, Origin), (&Location, Option<usize>))| {
            let Location::Field { document, .. } = location else { return None };
            let document = self.manifests.documents.get(document.0 as usize)?;
            Some((name, Line(document.source, line?)))
        };
        named.into_iter().zip(locations.iter().zip(lines)).filter_map(place).collect()
    }
}

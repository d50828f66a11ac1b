//! The comments of YAML output: the file and line behind each listener, filter
//! chain, route, cluster and secret, found by their names.

use std::collections::{BTreeMap, HashMap};

use crate::compile::Compilation;
use crate::diagnostics::{Location, ObjectPart, ObjectRef};
use crate::emit::Comments;
use crate::ir::{Action, Config, Origin};
use crate::parser::locate::Locator;
use crate::parser::source::{SourceId, SourceSet};
use crate::translator::envoy::{name, target};

const LISTENER: &str = "envoy.config.listener.v3.Listener";
const FILTER_CHAIN: &str = "envoy.config.listener.v3.FilterChain";
const SECRET: &str = "envoy.extensions.transport_sockets.tls.v3.Secret";
const ROUTE: &str = "envoy.config.route.v3.Route";
const CLUSTER: &str = "envoy.config.cluster.v3.Cluster";

/// What a name in the output is the name of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Resource {
    /// A listener.
    Listener,
    /// A route.
    Route,
    /// A cluster.
    Cluster,
}

/// Where a named part of the output comes from.
#[derive(Clone, Debug)]
pub(crate) struct NamedPlace {
    /// What the name is the name of.
    pub(crate) resource: Resource,
    /// The name in the output.
    pub(crate) name: String,
    /// The place in the manifests.
    pub(crate) location: Location,
    /// The object there and the part of it.
    pub(crate) object: Option<(ObjectRef, ObjectPart)>,
}

/// The rule of a match or a backend, for those who look for it in a manifest.
fn of_rule(part: ObjectPart) -> ObjectPart {
    match part {
        ObjectPart::Match { rule, .. } | ObjectPart::Backend { rule, .. } => ObjectPart::Rule(rule),
        other => other,
    }
}

/// The cluster that has the endpoints of all backends of an action.
fn pool_of(action: &Action, config: &Config) -> Option<String> {
    let Action::Forward(forward) = action else { return None };
    target::pool_of(forward, config)
}

/// The listeners, routes and clusters of the output with their names and origins.
struct Named {
    listeners: Vec<(String, Origin)>,
    routes: Vec<(String, Origin)>,
    clusters: Vec<(String, Origin)>,
}

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
        let config = &compilation.emitted().config;
        let mut filter_chains = Vec::new();
        for listener in &config.listeners {
            let chains = listener.chains().iter();
            filter_chains
                .extend(chains.filter_map(|chain| Some((name::filter_chain(chain.name.as_ref()?), chain.origin))));
        }
        let Named { listeners, routes, clusters } = compilation.named();
        let secrets = config.certificates.iter().filter_map(|pair| Some((name::secret(pair), pair.origin?)));
        let locator = Locator::new(&compilation.manifests);
        let lines = |named: Vec<(String, Origin)>| compilation.lines_of(named, &locator);
        Self {
            sources: &compilation.manifests.sources,
            listeners: lines(listeners),
            filter_chains: lines(filter_chains),
            secrets: lines(secrets.collect()),
            routes: lines(routes),
            clusters: lines(clusters),
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
        let name = if message == CLUSTER { name::plain_cluster(name) } else { name };
        let Line(source, line) = lines.get(name)?;
        Some(format!("{}:{line}", self.sources.get(*source).name))
    }
}

impl Compilation {
    fn named(&self) -> Named {
        let config = &self.emitted().config;
        let (mut listeners, mut routes, mut pools) = (Vec::new(), Vec::new(), BTreeMap::new());
        for listener in &config.listeners {
            listeners.push((name::listener(listener), listener.origin));
            for connection in listener.http_connections() {
                let of_hosts = connection.virtual_hosts.iter().flat_map(|host| {
                    host.routes.iter().enumerate().map(|(position, route)| (&host.hostname, position, route))
                });
                for (host, position, route) in of_hosts {
                    routes.push((name::route(listener, host, position, &route.name), route.origin));
                    pools.extend(route.action.leaves().filter_map(|leaf| Some((pool_of(leaf, config)?, route.origin))));
                }
            }
        }
        let clusters = config.clusters.iter().filter_map(|cluster| Some((name::cluster(cluster), cluster.origin?)));
        Named { listeners, routes, clusters: clusters.chain(pools).collect() }
    }

    /// Where each listener, route and cluster of the output comes from, by its name.
    pub(crate) fn named_places(&self) -> Vec<NamedPlace> {
        let Named { listeners, routes, clusters } = self.named();
        let of = |resource, named: Vec<(String, Origin)>| {
            named.into_iter().map(move |(name, origin)| {
                let object = self.emitted().origins.get(origin);
                let object = object.map(|(key, _, part)| (key.to_ref(), of_rule(part)));
                NamedPlace { resource, name, location: self.place_of(origin), object }
            })
        };
        let listeners = of(Resource::Listener, listeners);
        listeners.chain(of(Resource::Route, routes)).chain(of(Resource::Cluster, clusters)).collect()
    }

    /// The location of an origin; for a match, that of its rule.
    fn place_of(&self, origin: Origin) -> Location {
        let Some((_, position, place)) = self.emitted().origins.get(origin) else { return Location::Run };
        Location::field(position.document, position.base.join(&of_rule(place).path()))
    }

    /// The line of each origin, by name.
    fn lines_of(&self, named: Vec<(String, Origin)>, locator: &Locator<'_>) -> HashMap<String, Line> {
        let locations: Vec<_> = named.iter().map(|(_, origin)| self.place_of(*origin)).collect();
        let lines = locator.lines_of(&locations);
        let place = |((name, _), (location, line)): ((String, Origin), (&Location, Option<usize>))| {
            let Location::Field { document, .. } = location else { return None };
            let document = self.manifests.documents.get(*document)?;
            Some((name, Line(document.source, line?)))
        };
        named.into_iter().zip(locations.iter().zip(lines)).filter_map(place).collect()
    }
}

//! The comments of YAML output: the file and line behind each listener, route
//! and cluster, found by their names.

use std::collections::HashMap;

use crate::compile::Compilation;
use crate::diagnostics::Location;
use crate::emit::Comments;
use crate::ir::Origin;
use crate::parser::locate::Locator;
use crate::resolver::Place;
use crate::translator::envoy::name;

const LISTENER: &str = "envoy.config.listener.v3.Listener";
const ROUTE: &str = "envoy.config.route.v3.Route";
const CLUSTER: &str = "envoy.config.cluster.v3.Cluster";

/// `file:line` by message and name.
#[derive(Debug, Default)]
pub struct SourceComments {
    listeners: HashMap<String, String>,
    routes: HashMap<String, String>,
    clusters: HashMap<String, String>,
}

impl SourceComments {
    /// Looks up the places of everything that was emitted; each document is read once more for that.
    pub fn new(compilation: &Compilation) -> Self {
        let config = &compilation.lowered.config;
        let mut named: Vec<(&str, String, Origin)> = Vec::new();
        for listener in &config.listeners {
            named.push((LISTENER, name::listener(listener), listener.origin));
            for connection in listener.http_connections() {
                let routes = connection.virtual_hosts.iter().flat_map(|host| &host.routes);
                named.extend(routes.map(|route| (ROUTE, name::route(&route.name), route.origin)));
            }
        }
        for cluster in &config.clusters {
            named.extend(cluster.origin.map(|origin| (CLUSTER, name::cluster(cluster), origin)));
        }
        named.sort_unstable();
        named.dedup();
        let locations: Vec<_> = named.iter().map(|(_, _, origin)| compilation.place_of(*origin)).collect();
        let locator = Locator::new(&compilation.manifests);
        let lines = locator.lines_of(&locations);
        let mut comments = Self::default();
        for (((message, name, _), location), line) in named.into_iter().zip(&locations).zip(lines) {
            let (Some(file), Some(line)) = (compilation.file_of(location), line) else { continue };
            comments.map_mut(message).insert(name, format!("{file}:{line}"));
        }
        comments
    }

    fn map_mut(&mut self, message: &str) -> &mut HashMap<String, String> {
        match message {
            LISTENER => &mut self.listeners,
            ROUTE => &mut self.routes,
            _ => &mut self.clusters,
        }
    }
}

impl Comments for SourceComments {
    fn comment(&self, message: &str, name: &str) -> Option<String> {
        let map = match message {
            LISTENER => &self.listeners,
            ROUTE => &self.routes,
            CLUSTER => &self.clusters,
            _ => return None,
        };
        map.get(name).cloned()
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

    /// The name of the file that a location is in.
    fn file_of(&self, location: &Location) -> Option<&str> {
        let Location::Field { document, .. } = location else { return None };
        let document = self.manifests.documents.get(document.0 as usize)?;
        Some(&self.manifests.sources.get(document.source).name)
    }
}

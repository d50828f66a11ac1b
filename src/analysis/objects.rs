//! The route objects behind the routes of the IR.

use std::collections::HashMap;

use crate::diagnostics::{Code, Finding, Location, ObjectPart};
use crate::hostname::Hostname;
use crate::ir::{ObjectName, Origin, Route};
use crate::parser::manifests::Metadata;
use crate::resolver::{Age, Audience, OriginTable, Resolved};
use crate::simulate::Precedence;

/// The kinds, namespaces and names of route objects, with what decides their place.
#[derive(Debug)]
pub(super) struct Objects<'r> {
    origins: &'r OriginTable,
    known: HashMap<(&'static str, &'r str, &'r str), (&'r Metadata, &'r [Hostname])>,
}

/// What put one route before another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reason {
    /// What the matches say, the order of one object, or the hostname.
    Rule(Precedence),
    /// The winner is older.
    Older,
    /// Neither is older, and the winner's namespace and name sort first.
    Name,
}

impl Reason {
    /// The reason in words.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Rule(precedence) => precedence.as_str(),
            Self::Older => "it is older",
            Self::Name => "neither route is older, and its namespace and name sort first",
        }
    }
}

impl<'r> Objects<'r> {
    pub(super) fn new(resolved: &'r Resolved<'_>, origins: &'r OriginTable) -> Self {
        let mut known = HashMap::new();
        for route in resolved.routes.iter() {
            let metadata = &route.object().metadata;
            let key = (route.kind().in_names(), metadata.namespace.as_str(), metadata.name.as_str());
            // Clients of Services are served whatever host they ask for.
            let hostnames = match resolved.audience {
                Audience::Neighbours => &[],
                Audience::Strangers => route.hostnames.as_slice(),
            };
            known.insert(key, (metadata, hostnames));
        }
        Self { origins, known }
    }

    fn object(&self, route: &Route) -> Option<(&'r Metadata, &'r [Hostname])> {
        let ObjectName { kind, namespace, name } = &*route.name.route;
        self.known.get(&(*kind, &**namespace, &**name)).copied()
    }

    /// The hostname of a route's object that brings the route to a virtual host.
    pub(super) fn hostname(&self, route: &Route, host: &Hostname) -> Option<Hostname> {
        let (_, hostnames) = self.object(route)?;
        host.ancestors().find(|above| hostnames.contains(above) || (hostnames.is_empty() && *above == Hostname::Any))
    }

    /// What put `winner` before `loser` on a virtual host.
    pub(super) fn reason(&self, winner: &Route, loser: &Route, host: &Hostname) -> Reason {
        if self.hostname(winner, host) != self.hostname(loser, host) {
            return Reason::Rule(Precedence::Hostname);
        }
        match Precedence::between(winner, loser) {
            Precedence::Age => {
                let age = |route| self.object(route).map(|(metadata, _)| Age::of(metadata));
                if age(winner) == age(loser) { Reason::Name } else { Reason::Older }
            }
            other => Reason::Rule(other),
        }
    }

    /// The place of a match.
    pub(super) fn location(&self, origin: Origin) -> Option<Location> {
        self.origins.location(origin)
    }

    /// A finding on a match, or on its rule as a whole.
    pub(super) fn finding(&self, code: Code, origin: Origin, whole_rule: bool, message: String) -> Option<Finding> {
        let (key, position, part) = self.origins.get(origin)?;
        let part = match part {
            ObjectPart::Match { rule, .. } if whole_rule => ObjectPart::Rule(rule),
            other => other,
        };
        let location = Location::field(position.document, position.base.join(&part.path()));
        Some(Finding::new(code, location, message).object(key.to_ref(), part))
    }

    /// `HTTPRoute shop/web, spec.rules[0].matches[1]`.
    pub(super) fn describe(&self, origin: Origin) -> String {
        self.origins.get(origin).map_or_else(String::new, |(key, _, place)| {
            format!("{} `{}/{}`, {}", key.kind.name(), key.namespace, key.name, place.path())
        })
    }
}

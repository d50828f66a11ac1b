//! What rules do wherever they count, with policies and without.

use std::collections::{BTreeSet, HashMap, HashSet};

use crate::hostname::Hostname;
use crate::ir::{
    Action, ChainMatch, Config, GatewayName, Handler, HttpSettings, ObjectName, PathMatch, PathRewrite, Route,
    TlsTermination,
};
use crate::parser::manifests::ObjectHead;
use crate::port::Port;

use super::topic::{Place, Topic, apart};

/// Where a rule counts: the Gateway and port, the connections, the host, and the match.
type Spot<'c> = (&'c GatewayName, Port, &'c ChainMatch, &'c Hostname, usize);

/// A rule: its route, and its number.
type RuleKey<'c> = (&'c ObjectName, usize);

/// What rules do wherever they count.
pub(super) struct Uses<'c> {
    by_rule: HashMap<(String, usize), Using<'c>>,
}

/// The connections that a rule counts at.
type SocketOf<'c> = (&'c GatewayName, Port, &'c ChainMatch);

/// What a rule does wherever it counts.
#[derive(Default)]
pub(super) struct Using<'c> {
    /// With policies.
    places: Vec<Place<'c>>,
    /// The paths of its matches.
    paths: Vec<&'c PathMatch>,
    /// What it does otherwise without them.
    topics: BTreeSet<Topic>,
    /// Whether it is nowhere to be found somewhere where it counts without policies.
    is_lost: bool,
}

impl<'c> Uses<'c> {
    pub(super) fn new(config: &'c Config, bare: &'c Config) -> Self {
        let without: HashMap<(RuleKey<'_>, Spot<'_>), &Route> =
            routes(bare).map(|(spot, route)| ((rule_of(route), spot), route)).collect();
        let mut by_rule: HashMap<(String, usize), Using<'c>> = HashMap::new();
        let checks: HashMap<SocketOf<'_>, _> = connections(bare).collect();
        let own: HashMap<SocketOf<'_>, _> = connections(config).collect();
        let mut known: HashSet<(RuleKey<'_>, Spot<'_>)> = HashSet::new();
        for (spot, route) in routes(config) {
            let key = rule_of(route);
            known.insert((key, spot));
            let using = by_rule.entry(name_of(key)).or_default();
            let socket = (spot.0, spot.1, spot.2);
            using.topics.extend(own.get(&socket).zip(checks.get(&socket)).into_iter().flat_map(checks_apart));
            let place = Place { action: &route.action, config };
            match without.get(&(key, spot)) {
                Some(twin) => using.topics.extend(apart(place, Place { action: &twin.action, config: bare })),
                None => using.topics.extend([Topic::Answer]),
            }
            using.places.push(place);
            if !using.paths.contains(&&route.matches.path) {
                using.paths.push(&route.matches.path);
            }
            if route.matches.takes_connect() && using.topics.contains(&Topic::Upgrades) {
                using.topics.insert(Topic::Tunnels);
            }
        }
        // What a policy that cannot be honoured leaves nothing of.
        for (key, spot) in without.into_keys() {
            if !known.contains(&(key, spot)) {
                by_rule.entry(name_of(key)).or_default().is_lost = true;
            }
        }
        Self { by_rule }
    }

    /// What a rule of a route does; nothing where no request gets to it.
    pub(super) fn of_rule(&self, route: &ObjectHead, rule: usize) -> Option<&Using<'c>> {
        let kind = route.kind.name().to_ascii_lowercase();
        self.by_rule.get(&(format!("{kind} {}", route.full_name()), rule))
    }
}

impl<'c> Using<'c> {
    /// One of the places; none where it is lost everywhere.
    pub(super) fn place(&self) -> Option<Place<'c>> {
        self.places.first().copied()
    }

    pub(super) fn paths(&self) -> Vec<&'c PathMatch> {
        self.paths.clone()
    }

    /// What policies decide.
    pub(super) fn topics(&self) -> impl Iterator<Item = Topic> {
        self.topics.iter().copied()
    }

    /// Whether policies let all requests somewhere get 500: those that cannot be honoured.
    pub(super) fn fails(&self) -> bool {
        let is_failed = |place: &Place<'_>| matches!(place.action, Action::Respond(500));
        self.is_lost || self.topics.contains(&Topic::Answer) && self.places.iter().any(is_failed)
    }

    /// That a topic is decided alike wherever the rule counts.
    pub(super) fn agreed(&self, topic: Topic) -> Result<(), String> {
        let Some(first) = self.place() else { return Ok(()) };
        let is_alike = self.places.iter().all(|place| match topic {
            Topic::Path => shape(*place) == shape(first),
            _ => !apart(*place, first).contains(&topic),
        });
        if is_alike {
            return Ok(());
        }
        Err("it is another thing on other listeners of the route, and a rule says one for all".to_owned())
    }
}

/// What a path becomes, whatever it was.
fn shape(place: Place<'_>) -> Option<PathRewrite> {
    place.forward()?.path_rewrite.as_deref().map(|path| match path {
        PathRewrite::Prefix { matched: _, replacement } => {
            PathRewrite::Prefix { matched: String::new(), replacement: replacement.clone() }
        }
        other => other.clone(),
    })
}

/// What is asked of connections and requests before rules see them.
type Checks<'c> = (Option<&'c TlsTermination>, &'c HttpSettings);

fn checks_apart((own, its): (&Checks<'_>, &Checks<'_>)) -> Vec<Topic> {
    let clients = |checks: &Checks<'_>| checks.0.map(|tls| (tls.clients.to_owned(), tls.terms.checks.to_owned()));
    let parts = [
        (Topic::ClientCertificates, clients(own) == clients(its)),
        (Topic::Origins, own.1.guards.origins == its.1.guards.origins),
        (Topic::Upgrades, own.1.upgrades == its.1.upgrades),
    ];
    parts.into_iter().filter(|(_, is_same)| !is_same).map(|(topic, _)| topic).collect()
}

fn name_of((ObjectName { kind, namespace, name }, rule): RuleKey<'_>) -> (String, usize) {
    (format!("{kind} {namespace}/{name}"), rule)
}

/// The connections that carry requests.
fn connections(config: &Config) -> impl Iterator<Item = (SocketOf<'_>, Checks<'_>)> {
    config.listeners.iter().flat_map(|listener| {
        let chains = listener.chains().iter().filter_map(|chain| match &chain.handler {
            Handler::Http(connection) => Some((chain, connection)),
            Handler::Tcp(_) | Handler::Close => None,
        });
        chains.flat_map(move |(chain, connection)| {
            let checks = (chain.tls.as_ref(), &*connection.settings);
            let gateways = listener.gateways.iter();
            gateways.map(move |gateway| ((gateway, listener.port, &chain.select), checks))
        })
    })
}

fn rule_of(route: &Route) -> RuleKey<'_> {
    (&route.name.route, route.name.rule)
}

fn routes(config: &Config) -> impl Iterator<Item = (Spot<'_>, &Route)> {
    let chains =
        config.listeners.iter().flat_map(|listener| listener.chains().iter().map(move |chain| (listener, chain)));
    let hosts = chains.flat_map(|(listener, chain)| {
        let hosts = match &chain.handler {
            Handler::Http(connection) => connection.virtual_hosts.as_slice(),
            Handler::Tcp(_) | Handler::Close => &[],
        };
        hosts.iter().map(move |host| (listener, chain, host))
    });
    hosts.flat_map(|(listener, chain, host)| {
        let gateways = listener.gateways.iter();
        gateways.flat_map(move |gateway| {
            host.routes.iter().map(move |route| {
                let spot = (gateway, listener.port, &chain.select, &host.hostname, route.name.index);
                (spot, &**route)
            })
        })
    })
}

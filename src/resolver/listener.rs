//! The listeners of one Gateway or ListenerSet: protocol, route kinds, hostname, conflicts
//! ([Listener](https://gateway-api.sigs.k8s.io/reference/spec/#listener)).

use std::collections::BTreeMap;

use crate::diagnostics::{Code, Diagnostics, ObjectPart, PartPath, Reported, codes};
use crate::hostname::Hostname;
use crate::parser::api::{FromNamespaces, Listener, RouteNamespaces, TlsMode};
use crate::parser::manifests::Kind;
use crate::parser::route::RouteKind;
use crate::port::Port;

use super::certificate::KeyPairId;
use super::frontend::ClientValidation;
use super::owner::ListenerOwner;
use super::route_id::RouteId;
use super::selector;
use super::termination::Termination;

/// A listener, by its position in the resolved Gateways.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ListenerId {
    /// The Gateway, in [`super::Resolved::gateways`].
    pub gateway: usize,
    /// The listener, in that Gateway's list.
    pub listener: usize,
}

/// What a listener speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the variants are the API's own")]
pub enum Protocol {
    Http,
    Https,
    TlsTerminate,
    TlsPassthrough,
    Tcp,
    Udp,
    Unknown,
}

impl Protocol {
    pub(super) fn of(listener: &Listener) -> Self {
        match listener.protocol.as_str() {
            "HTTP" => Self::Http,
            "HTTPS" => Self::Https,
            "TLS" if listener.tls.as_ref().is_some_and(|tls| tls.mode == TlsMode::Passthrough) => Self::TlsPassthrough,
            "TLS" => Self::TlsTerminate,
            "TCP" => Self::Tcp,
            "UDP" => Self::Udp,
            _ => Self::Unknown,
        }
    }

    /// The route kinds that the protocol can carry.
    fn kinds(self) -> &'static [RouteKind] {
        match self {
            Self::Http | Self::Https => &[RouteKind::Http, RouteKind::Grpc],
            Self::TlsTerminate | Self::TlsPassthrough => &[RouteKind::Tls],
            Self::Tcp => &[RouteKind::Tcp],
            Self::Udp => &[RouteKind::Udp],
            Self::Unknown => &[],
        }
    }

    /// Kinds beside those that are served only where `allowedRoutes.kinds` names
    /// them, or a route asks for the listener. The specification lists TLSRoute
    /// alone for TLS that ends here; what a TCPRoute says is served as well.
    fn tolerated_kinds(self) -> &'static [RouteKind] {
        if self == Self::TlsTerminate { &[RouteKind::Tcp] } else { &[] }
    }

    /// Whether two listeners of these protocols can share a port when their
    /// hostnames differ: TCP shares with nobody, and plain HTTP cannot be told
    /// from TLS before the first byte is read.
    fn shares_port_with(self, other: Self) -> bool {
        let is_udp = |p| p == Self::Udp;
        self == other || (self.is_tls() && other.is_tls()) || is_udp(self) != is_udp(other)
    }

    /// Whether connections are told apart by the server name of TLS.
    pub fn is_tls(self) -> bool {
        matches!(self, Self::Https | Self::TlsTerminate | Self::TlsPassthrough)
    }

    /// Whether listeners of the protocol are told apart by hostname.
    fn has_hostnames(self) -> bool {
        !matches!(self, Self::Tcp | Self::Udp)
    }
}

/// A listener with everything that decides what it serves.
#[derive(Debug)]
pub struct ResolvedListener<'m> {
    /// The object that declares the listener.
    pub owner: ListenerOwner<'m>,
    /// The position in that object's `spec.listeners`.
    pub index: usize,
    /// The listener as declared.
    pub spec: &'m Listener,
    /// The protocol.
    pub protocol: Protocol,
    /// The hosts that it takes.
    pub hostname: Hostname,
    /// The route kinds that may attach.
    pub kinds: Vec<RouteKind>,
    /// The TLS that ends here; `None` where none does, and when it cannot be used. A listener may be refused all the
    /// same: the authorities for its clients are missing, or assumed, and have no place.
    pub termination: Option<Termination>,
    /// The certificates that its references name, whatever is wrong with them.
    pub named_certificates: Vec<KeyPairId>,
    /// What its clients are asked for, whatever becomes of its certificates; `None` where nobody can be asked.
    pub clients: Option<Result<ClientValidation, Reported>>,
    /// Why the listener serves nothing.
    pub refused: Option<Reported>,
    /// The conflict with another listener that refused it, as its code.
    pub conflict: Option<Code>,
    /// Why no route can match its namespaces' selector.
    pub bad_selector: Option<Reported>,
    /// The routes that attached, by kind, namespace and name.
    pub attached: Vec<RouteId>,
    /// The route of connections that do not begin with a request, where nobody says that the listener takes nothing else.
    pub unlike_http: Option<RouteId>,
}

impl ResolvedListener<'_> {
    /// Whether the listener takes routes of `kind`. `is_asked` says that the
    /// route names the listener, or that its parent has none of the kind's own protocol.
    pub(super) fn takes(&self, kind: RouteKind, is_asked: bool) -> bool {
        let is_declared = self.kinds.contains(&kind);
        if !self.protocol.tolerated_kinds().contains(&kind) {
            return is_declared;
        }
        is_asked && (is_declared || self.spec.allowed_routes.kinds.is_empty())
    }

    /// The listener as sentences about routes name it: by its name, unless it stands in for one that nobody has named.
    pub fn in_words(&self) -> String {
        match self.spec.name.as_str() {
            "" => format!("the {} listener of {}", self.spec.protocol, self.owner.describe()),
            name => format!("listener `{name}`"),
        }
    }

    /// The listener with its owner, such as ``listener `web` of ListenerSet `infra/edge` ``: names are unique within one
    /// object only.
    pub fn describe(&self) -> String {
        format!("listener `{}` of {}", self.spec.name, self.owner.describe())
    }

    /// Whether the listener would serve its routes, were it not for its certificates or for what is wrong with its
    /// Gateway: its protocol is known, and it can be told from its siblings.
    pub fn is_declared(&self) -> bool {
        self.conflict.is_none() && self.protocol != Protocol::Unknown
    }

    /// Whether connections for the listener's hosts are closed, so that no less
    /// specific listener serves them: it would be served, but for its
    /// certificates or for another listener of the same hosts.
    pub fn is_closed(&self) -> bool {
        self.refused.is_some() && self.protocol.is_tls()
    }
}

/// The path of a listener in the object that declares it.
pub(super) fn listener_path(index: usize) -> PartPath {
    ObjectPart::Listener(index).into()
}

/// Resolves the listeners of one object and reports what is wrong with each. Whether they go together is left to
/// [`report_conflicts`].
pub(super) fn resolve_listeners<'m>(
    owner: ListenerOwner<'m>,
    diagnostics: &mut Diagnostics,
) -> Vec<ResolvedListener<'m>> {
    let listeners = owner.listeners().iter().enumerate();
    listeners.map(|(index, spec)| resolve_listener(owner, index, spec, diagnostics)).collect()
}

fn resolve_listener<'m>(
    owner: ListenerOwner<'m>,
    index: usize,
    spec: &'m Listener,
    diagnostics: &mut Diagnostics,
) -> ResolvedListener<'m> {
    let protocol = Protocol::of(spec);
    let refused = match protocol {
        Protocol::Unknown => Some(
            diagnostics.error(
                owner
                    .finding(
                        codes::UNKNOWN_PROTOCOL,
                        listener_path(index).with("protocol"),
                        format!("protocol `{}` of listener `{}` is not supported", spec.protocol, spec.name),
                    )
                    .label("not a protocol that gwctl serves")
                    .consequence("the listener accepts no connections and no route attaches to it")
                    .help("use `HTTP`, `HTTPS`, `TLS`, `TCP` or `UDP`"),
            ),
        ),
        Protocol::Http
        | Protocol::Https
        | Protocol::TlsTerminate
        | Protocol::TlsPassthrough
        | Protocol::Tcp
        | Protocol::Udp => None,
    };
    ResolvedListener {
        owner,
        index,
        spec,
        protocol,
        hostname: if protocol.has_hostnames() { Hostname::from_field(spec.hostname.as_deref()) } else { Hostname::Any },
        kinds: resolve_kinds(owner, index, spec, protocol, diagnostics),
        termination: None,
        named_certificates: Vec::new(),
        clients: None,
        refused,
        conflict: None,
        bad_selector: check_selection(
            owner,
            listener_path(index).with("allowedRoutes").with("namespaces"),
            &spec.allowed_routes.namespaces,
            Selection::Routes,
            diagnostics,
        ),
        attached: Vec::new(),
        unlike_http: None,
    }
}

/// The kinds that `allowedRoutes.kinds` leaves; those the protocol cannot carry are reported.
fn resolve_kinds(
    owner: ListenerOwner<'_>,
    index: usize,
    spec: &Listener,
    protocol: Protocol,
    diagnostics: &mut Diagnostics,
) -> Vec<RouteKind> {
    if spec.allowed_routes.kinds.is_empty() || protocol == Protocol::Unknown {
        return protocol.kinds().to_vec();
    }
    let mut kinds = Vec::new();
    for (position, entry) in spec.allowed_routes.kinds.iter().enumerate() {
        let kind = (entry.group == Kind::HTTPRoute.group()).then(|| RouteKind::named(&entry.kind)).flatten();
        match kind.filter(|kind| protocol.kinds().contains(kind) || protocol.tolerated_kinds().contains(kind)) {
            Some(kind) if kinds.contains(&kind) => {}
            Some(kind) => kinds.push(kind),
            None => {
                let allowed: Vec<_> = protocol.kinds().iter().map(|kind| format!("`{}`", kind.name())).collect();
                let name = match entry.group.as_str() {
                    group if group == Kind::HTTPRoute.group() => entry.kind.clone(),
                    group => format!("{group}/{}", entry.kind),
                };
                diagnostics.report(
                    owner
                        .finding(
                            codes::INVALID_ROUTE_KINDS,
                            listener_path(index).with("allowedRoutes").with("kinds").with(position),
                            format!("a listener of protocol `{}` cannot serve `{name}`", spec.protocol),
                        )
                        .consequence(format!("no {name} attaches to listener `{}`", spec.name))
                        .help(format!("the kinds of this protocol are {}", allowed.join(" and "))),
                );
            }
        }
    }
    kinds
}

/// What a namespace selection chooses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Selection {
    /// The routes that may attach to a listener.
    Routes,
    /// The ListenerSets that may join a Gateway.
    ListenerSets,
}

impl Selection {
    fn nothing_selected(self) -> &'static str {
        match self {
            Self::Routes => "no route attaches to this listener",
            Self::ListenerSets => "no ListenerSet joins this Gateway",
        }
    }
}

/// Reports a selection of namespaces that cannot be evaluated, or whose parts
/// do not go together. The proof means that nothing is selected.
pub(super) fn check_selection(
    owner: ListenerOwner<'_>,
    at: PartPath,
    namespaces: &RouteNamespaces,
    selection: Selection,
    diagnostics: &mut Diagnostics,
) -> Option<Reported> {
    let RouteNamespaces { from, selector } = namespaces;
    match (from, selector) {
        (FromNamespaces::Selector, Some(selector)) => {
            let bad = selector::check(selector).err()?;
            let path = at.with("selector").join(&bad.at);
            let mut finding = owner.finding(codes::BAD_SELECTOR, path, bad.message).help(bad.help);
            if selection == Selection::ListenerSets {
                // The code's own condition is one of routes.
                finding.claim = codes::LISTENER_SET_NOT_ALLOWED.condition();
            }
            Some(diagnostics.error(finding.consequence(selection.nothing_selected())))
        }
        (FromNamespaces::Selector, None) => {
            diagnostics.report(
                owner
                    .finding(codes::SELECTOR_MISMATCH, at, "`from: Selector` without a `selector`")
                    .consequence(format!("no namespace is selected: {}", selection.nothing_selected()))
                    .help("add a `selector`; an empty one, `selector: {}`, selects every namespace"),
            );
            None
        }
        (_, Some(_)) => {
            diagnostics.report(
                owner
                    .finding(
                        codes::SELECTOR_MISMATCH,
                        at.with("selector"),
                        "the `selector` has no effect unless `from` is `Selector`",
                    )
                    .help("write `from: Selector`"),
            );
            None
        }
        (_, None) => None,
    }
}

/// Why two listeners of one port cannot be told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Clash {
    /// What the two speak cannot be told apart before the first byte is read.
    Protocol,
    /// HTTPS and TLS for one server name, which is all that tells connections of the two apart.
    ServerName,
    /// Nothing differs, and hostnames could.
    Hostname,
    /// Nothing differs, and the protocol has no hostnames.
    Port,
}

impl Clash {
    /// The code that reports the clash.
    pub(super) fn code(self) -> Code {
        match self {
            Self::Protocol | Self::ServerName => codes::PROTOCOL_CONFLICT,
            Self::Hostname | Self::Port => codes::LISTENER_CONFLICT,
        }
    }

    /// What the two listeners have in common.
    pub(super) fn describe(self) -> &'static str {
        match self {
            Self::Protocol => "another protocol on the same port",
            Self::ServerName => "the same hostname on the same port in another protocol",
            Self::Hostname => "the same port, protocol and hostname",
            Self::Port => "the same port and protocol, which has no hostnames",
        }
    }

    /// What one of the two needs in order to serve beside the other.
    pub(super) fn remedy(self) -> &'static str {
        match self {
            Self::Protocol | Self::Port => "another port",
            Self::ServerName | Self::Hostname => "another hostname or another port",
        }
    }

    /// Why two listeners of one port cannot be told apart; `None` when they can.
    pub(super) fn between(one: &ResolvedListener<'_>, other: &ResolvedListener<'_>) -> Option<Self> {
        if !one.protocol.shares_port_with(other.protocol) {
            return Some(Self::Protocol);
        }
        let is_udp = |listener: &ResolvedListener<'_>| listener.protocol == Protocol::Udp;
        if is_udp(one) != is_udp(other) {
            return None;
        }
        if !one.protocol.has_hostnames() {
            return Some(Self::Port);
        }
        let is_https = |listener: &ResolvedListener<'_>| listener.protocol == Protocol::Https;
        let clash = if is_https(one) == is_https(other) { Self::Hostname } else { Self::ServerName };
        (one.hostname == other.hostname).then_some(clash)
    }
}

/// Reports listeners of one object that cannot be told apart. Inside one object there is no winner: all of them are
/// refused. A listener that lost to another object has left before: it takes nothing from its siblings.
pub(super) fn report_conflicts(
    owner: ListenerOwner<'_>,
    listeners: &mut [ResolvedListener<'_>],
    diagnostics: &mut Diagnostics,
) {
    let mut ports: BTreeMap<Port, Vec<usize>> = BTreeMap::new();
    for listener in listeners.iter().filter(|l| l.protocol != Protocol::Unknown && l.conflict.is_none()) {
        ports.entry(listener.spec.port).or_default().push(listener.index);
    }
    for group in ports.into_values() {
        let conflicts: Vec<_> = group.iter().filter_map(|&index| find_conflict(listeners, &group, index)).collect();
        for (index, other, clash) in conflicts {
            let (spec, other_spec) = (listeners[index].spec, listeners[other].spec);
            let proof = diagnostics.error(
                owner
                    .finding(
                        clash.code(),
                        listener_path(index),
                        format!(
                            "listener `{}` conflicts with listener `{}` on port {}",
                            spec.name, other_spec.name, spec.port
                        ),
                    )
                    .label(clash.describe())
                    .related(owner.at(&listener_path(other)), format!("listener `{}`", other_spec.name))
                    .consequence("neither listener accepts connections")
                    .help(format!("give one of them {}", clash.remedy())),
            );
            listeners[index].refused = Some(proof);
            listeners[index].conflict = Some(clash.code());
        }
    }
}

/// The listener of a group that one of them clashes with worst, by their positions.
fn find_conflict(listeners: &[ResolvedListener<'_>], group: &[usize], index: usize) -> Option<(usize, usize, Clash)> {
    let others = group.iter().copied().filter(|&other| other != index);
    let conflicts =
        others.filter_map(|other| Some((index, other, Clash::between(&listeners[index], &listeners[other])?)));
    conflicts.min_by_key(|(_, _, clash)| *clash)
}

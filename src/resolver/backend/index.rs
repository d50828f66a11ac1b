//! The backends of the input, and what is known of them.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::diagnostics::{Location, PartPath, Reported};
use crate::id::ids;
use crate::ir::{BackendName, ClusterSettings, Endpoints, UpstreamProtocol};
use crate::name::{Name, Namespace, NamespacedName};
use crate::options::Resolve;
use crate::parser::api::{BackendSpec, EndpointSlice, L4Protocol, Service, UpstreamSpec, XBackendSpec};
use crate::parser::manifests::{Likely, Manifests, Object, ObjectHead, ObjectKey, Position};
use crate::parser::route::RouteKind;
use crate::port::Port;
use typed_index_collections::TiVec;

use super::super::backend_tls::{BackendTlsPolicies, TlsSettings};
use super::super::consequence::Consequence;
use super::chosen_pods::Pods;
pub use super::encryption::BackendTls;
use super::upstream::Meant;
use super::upstream_tls::UpstreamSecrets;

ids! {
    /// A backend, by its position in the [`BackendIndex`].
    pub struct BackendId;
}

/// A backend that may be used, with where it is.
#[derive(Clone, Debug)]
pub struct Backend<'m> {
    /// Namespace, name and port.
    pub name: BackendName,
    /// What declares it.
    pub object: BackendObject<'m>,
    /// What its declaration says is spoken to it; `None` leaves it to the route.
    pub protocol: Option<UpstreamProtocol>,
    /// How its connections are encrypted.
    pub tls: BackendTls,
    /// The BackendTLSPolicy that says so, by its position in the list of policies.
    pub policy: Option<usize>,
    /// Where it is.
    pub endpoints: Endpoints,
    /// Its name where addresses stand in for it.
    pub hostname: Option<String>,
    /// Whether that is an address behind which the cluster chooses an endpoint for each connection.
    pub is_virtual: bool,
    pub(super) suits: Suits,
    /// What its declaration asks for besides.
    pub settings: Arc<ClusterSettings>,
    /// How connections are encrypted to hosts of its failover that say so themselves, and to the proxies of a tunnel.
    pub further_tls: Vec<Arc<TlsSettings>>,
    /// The port of a Service that an Upstream says more of.
    pub behind: Option<Box<Behind>>,
}

impl Backend<'_> {
    /// Whether its endpoints are proxies that lead to it.
    pub fn is_behind_tunnel(&self) -> bool {
        self.settings.tunnel.is_some()
    }

    /// What connections to it use that use TLS, those to hosts of its failover and to proxies of a tunnel included.
    pub fn every_tls(&self) -> impl Iterator<Item = &TlsSettings> {
        self.tls.settings().into_iter().chain(self.further_tls.iter().map(Arc::as_ref))
    }
}

/// A backend behind another one.
#[derive(Clone, Debug)]
pub struct Behind {
    /// Its id.
    pub id: BackendId,
    /// Its name.
    pub name: BackendName,
}

/// The object that declares a backend.
#[derive(Clone, Copy, Debug)]
pub enum BackendObject<'m> {
    /// A Service.
    Service(&'m Object<Service>),
    /// A host outside the cluster.
    External(&'m Object<XBackendSpec>),
    /// Whatever an Upstream lists.
    Upstream(&'m Object<UpstreamSpec>),
    /// What a Backend of Envoy Gateway lists.
    Envoy(&'m Object<BackendSpec>),
    /// A host that a policy names by a URL alone: the first such policy.
    Url(&'m ObjectHead),
    /// A Service that is not in the input.
    Assumed,
}

/// Which routes a backend can serve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Suits {
    /// All kinds.
    Every,
    /// Its HTTP is version 1, so no gRPC.
    NoGrpc,
    /// It speaks something else than HTTP.
    Bytes,
}

/// What became of a backend reference.
pub type BackendRefOutcome = Result<BackendId, Reported>;

/// A backend's identity: the same Service port can exist for TCP and for UDP.
pub(super) type Key = (BackendName, bool);

/// Targets of policies by namespace and name of the Service: the section, and the proof that it was reported.
pub(super) type RefusedTargets<'m> = HashMap<NamespacedName<'m>, Vec<(Option<&'m str>, Reported)>>;

/// A BackendTLSPolicy of which nobody can tell what it is about: its name, and where it stands.
#[derive(Debug)]
pub(super) struct UnreadablePolicy {
    pub(super) name: Name,
    pub(super) location: Location,
}

/// Every backend that some reference names, each looked up once.
#[derive(Debug)]
pub struct BackendIndex<'m> {
    pub(super) backends: TiVec<BackendId, Backend<'m>>,
    pub(super) by_name: HashMap<Key, Result<BackendId, Unusable>>,
    pub(super) services: HashMap<NamespacedName<'m>, &'m Object<Service>>,
    pub(super) external: HashMap<NamespacedName<'m>, ExternalBackend<'m>>,
    /// The Backends of Envoy Gateway.
    pub(super) envoy: HashMap<NamespacedName<'m>, EnvoyBackend<'m>>,
    pub(super) upstreams: HashMap<NamespacedName<'m>, &'m Object<UpstreamSpec>>,
    /// What those Upstreams stand for that some reference names.
    pub(super) meant: HashMap<NamespacedName<'m>, Result<Meant, Reported>>,
    /// The Upstreams that some reference names, whether it may or not.
    pub(super) named_upstreams: HashSet<NamespacedName<'m>>,
    /// Why the Service that an Upstream names cannot be used.
    pub(super) nowhere: HashMap<NamespacedName<'m>, String>,
    /// The Secrets that Upstreams name.
    pub(super) upstream_secrets: UpstreamSecrets<'m>,
    pub(super) slices: HashMap<NamespacedName<'m>, Vec<&'m Object<EndpointSlice>>>,
    /// The Pods of the input, where some Upstream may ask for them.
    pub(super) pods: Pods<'m>,
    pub(super) refused: &'m HashMap<ObjectKey, Position>,
    /// Who knows which name may be meant.
    pub(super) manifests: &'m Manifests,
    /// By namespace a BackendTLSPolicy that may be about any Service of it.
    pub(super) unreadable: HashMap<Namespace, UnreadablePolicy>,
    pub(super) policies: BackendTlsPolicies<'m>,
    /// What BackendTLSPolicies cannot apply to, by namespace and name of the Service: the
    /// section, and the proof that it was reported.
    pub(super) refused_targets: RefusedTargets<'m>,
    pub(super) resolve: Vec<Resolve>,
    pub(super) used_resolves: HashSet<usize>,
    pub(super) warned: HashSet<(BackendId, RouteKind)>,
    pub(super) settings: Settings,
}

#[derive(Debug)]
pub(super) struct Settings {
    pub(super) assume_services: bool,
    pub(super) allow_external_name: bool,
    pub(super) cluster_domain: String,
    pub(super) is_compared: bool,
    /// The authorities of the machine that runs the proxy.
    pub(super) system_ca: String,
}

/// Who refers, and from which field.
#[derive(Debug)]
pub(in super::super) struct BackendReferrer<'r> {
    pub(in super::super) object: &'r ObjectHead,
    pub(in super::super) kind: RouteKind,
    pub(in super::super) path: PartPath,
    /// What the traffic does when the reference is invalid.
    pub(in super::super) consequence: Consequence<'r>,
    /// The Upstream that the field names, where what that one names is looked up.
    pub(in super::super) through: Option<&'r ObjectHead>,
}

/// An XBackend with its TLS settings.
pub(super) type ExternalBackend<'m> = (&'m Object<XBackendSpec>, BackendTls);

/// A Backend of Envoy Gateway, and what it says.
#[derive(Clone, Debug)]
pub(in super::super) struct EnvoyBackend<'m> {
    pub(super) object: &'m Object<BackendSpec>,
    pub(super) accepted: Result<Accepted, Reported>,
}

/// What an accepted Backend says.
#[derive(Clone, Debug)]
pub(in super::super) struct Accepted {
    pub(super) endpoints: Endpoints,
    /// The name of all of its addresses.
    pub(super) hostname: Option<String>,
    pub(super) tls: BackendTls,
    /// The BackendTLSPolicy that says so, by its position in the list of policies.
    pub(super) policy: Option<usize>,
}

/// Why a Service port or an XBackend cannot be a backend.
#[derive(Clone, Debug)]
pub(super) enum Unusable {
    NoService {
        likely: Option<Likely>,
        refused: bool,
    },
    NoPort {
        ports: Vec<String>,
        /// The port whose target has the number that is referred to.
        of_target: Option<Port>,
    },
    WrongL4 {
        protocol: L4Protocol,
    },
    ExternalName {
        target: String,
    },
    UnknownTargetPort {
        name: String,
    },
    NoUpstream {
        likely: Option<Likely>,
        refused: bool,
    },
    /// An Upstream that is not translated: what is wrong with it was reported.
    BadUpstream(Reported),
    NoExternal {
        likely: Option<Likely>,
        refused: bool,
    },
    NoEnvoy {
        likely: Option<Likely>,
        refused: bool,
    },
    /// A Backend that is not accepted: what is wrong with it was reported there.
    NotAccepted,
}

/// Endpoints that `--resolve` gives, or a run of request cases.
pub(super) struct Given {
    pub(super) endpoints: Endpoints,
    /// See [`Resolve`].
    pub(super) stands_in: bool,
}

impl Given {
    /// The name that the addresses are given for, to which hosts may be rewritten.
    pub(super) fn hostname(declared: &Endpoints) -> Option<String> {
        match declared {
            Endpoints::Dns(names) => names.first().map(|(name, _)| name.clone()),
            Endpoints::Static(_) | Endpoints::File(_) => None,
        }
    }
}

//! What differs, as data. The JSON form is documented in `docs/diff.md`.

use serde::Serialize;

use crate::name::{Name, Namespace, NamespacedName, owned};
use crate::parser::manifests::{Kind, ObjectKey};
use crate::simulate::{Connection, Request, Security};

/// The version of the JSON form.
pub(super) const VERSION: u32 = 1;

/// Everything that differs.
#[derive(Debug, Serialize)]
pub(super) struct Difference {
    pub(super) version: u32,
    pub(super) changes: Vec<Change>,
    pub(super) findings: FindingChanges,
    /// What could not be compared.
    pub(super) uncompared: Vec<UncomparedView>,
    /// The objects that differ and that nothing of the above names.
    pub(super) unnamed: Vec<Unnamed>,
    /// Whether people have to be told which Gateway a change is about.
    #[serde(skip)]
    pub(super) has_several_gateways: bool,
    /// The picture, where one is asked for and something changes.
    #[serde(skip)]
    pub(super) picture: Option<Picture>,
}

/// A picture of what changes.
#[derive(Debug)]
pub(super) struct Picture {
    /// A flow chart of Mermaid; nothing where it would be too large.
    pub(super) chart: Option<String>,
    /// How many things are touched or lead to what is.
    pub(super) all: usize,
    /// How many of them are drawn.
    pub(super) drawn: usize,
}

impl Difference {
    /// Whether nothing differs.
    pub(super) fn is_empty(&self) -> bool {
        self.is_without_change() && !self.unnamed.iter().any(|one| one.is_unread)
    }

    /// Whether nothing differs of what gwctl reads.
    pub(super) fn is_without_change(&self) -> bool {
        self.changes.is_empty() && self.findings.introduced.is_empty() && self.findings.fixed.is_empty()
    }
}

/// One change of traffic.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Change {
    pub(super) kind: ChangeKind,
    /// The Gateway, `NAMESPACE/NAME`.
    pub(super) gateway: String,
    /// For whom the change holds, where they connect to a Service, which is then in the place of the Gateway.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) clients: Option<Clients>,
    /// The rule or the listener.
    pub(super) subject: String,
    /// The host of the witness.
    pub(super) host: String,
    /// How many more hosts have the same change.
    pub(super) further_hosts: usize,
    /// `file:line` before and after.
    pub(super) old_place: Option<String>,
    pub(super) new_place: Option<String>,
    /// A request that shows the change.
    pub(super) witness: Option<WitnessView>,
    pub(super) old_answer: String,
    pub(super) new_answer: String,
    /// What it touches.
    #[serde(skip)]
    pub(super) touched: Vec<Touched>,
}

/// What of the picture a change touches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Touched {
    pub(super) what: Touch,
    pub(super) namespace: Namespace,
    pub(super) name: Name,
}

/// What is touched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Touch {
    /// A route of the kind.
    Route(Kind),
    /// A Gateway with its listeners.
    Gateway,
    /// The routes of a Gateway that hand on connections or datagrams.
    Streams,
    /// What routes send to.
    Backend,
}

impl Touched {
    pub(super) fn new(what: Touch, name: NamespacedName<'_>) -> Self {
        let (namespace, name) = owned(name);
        Self { what, namespace, name }
    }
}

/// Clients in a mesh.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Clients {
    /// Their namespace; the Service's own where the change is for everybody who has no routes of their own.
    pub(super) from: String,
    /// Whether they alone have the routes.
    pub(super) is_only: bool,
}

impl Clients {
    /// The clients in words, names as `quoted` has them.
    pub(super) fn in_words(&self, quoted: impl Fn(&str) -> String) -> String {
        match self.is_only {
            true => format!("for clients in namespace {}", quoted(&self.from)),
            false => "for all clients that have no routes of their own".to_owned(),
        }
    }
}

/// A request that shows a change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct WitnessView {
    pub(super) method: String,
    pub(super) url: String,
    pub(super) headers: Vec<(String, String)>,
    /// The server name that the client asks for, where it is not the host of the URL.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) sni: Option<String>,
    /// The namespace of the client, where it connects to a Service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) from: Option<String>,
}

impl From<&Request> for WitnessView {
    fn from(request: &Request) -> Self {
        let Request { connection: Connection { security, port, .. }, method, authority, headers, .. } = request;
        let host = authority.as_deref().unwrap_or_default();
        let host = host.strip_suffix(&format!(":{port}")).unwrap_or(host);
        let sni = match security {
            Security::Tls { server_name: Some(name), .. } if !request.is_stream() => {
                Some(name).filter(|name| *name != host)
            }
            Security::Tls { .. } | Security::Plain | Security::Udp => None,
        };
        Self { method: method.clone(), url: request.url(), headers: headers.clone(), sni: sni.cloned(), from: None }
    }
}

impl WitnessView {
    /// The request in one line, as `gwctl route` takes it.
    pub(super) fn line(&self) -> String {
        let headers: Vec<String> = self.headers.iter().map(|(name, value)| format!(" -H '{name}: {value}'")).collect();
        let method = if self.method.is_empty() { String::new() } else { format!("{} ", self.method) };
        let sni = self.sni.as_ref().map(|name| format!(" --sni {name}")).unwrap_or_default();
        let from = self.from.as_ref().map(|namespace| format!(" --from {namespace}")).unwrap_or_default();
        format!("{method}{}{}{sni}{from}", self.url, headers.concat())
    }
}

/// How traffic changes. The order is that of the output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum ChangeKind {
    /// A rule or a listener that was not there.
    Added,
    /// A rule or a listener that is gone.
    Removed,
    /// Other backends, or another kind of answer.
    Retargeted,
    /// The same backends with other shares.
    Reweighted,
    /// Other changes to requests or responses.
    Mutated,
    /// The rule is there, and others take all its requests now.
    Shadowed,
    /// Of two rules that both take a request the other one goes first.
    Reordered,
    /// A listener with other TLS settings or certificates, or that takes other connections.
    Listener,
    /// Other endpoints or another protocol behind the same backend.
    Backend,
}

impl ChangeKind {
    /// The word.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Removed => "removed",
            Self::Retargeted => "retargeted",
            Self::Reweighted => "reweighted",
            Self::Mutated => "mutated",
            Self::Shadowed => "shadowed",
            Self::Reordered => "reordered",
            Self::Listener => "listener",
            Self::Backend => "backend",
        }
    }
}

/// Two objects of which the first had rules on the old side that the second has on the new one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Moved {
    pub(super) from: ObjectKey,
    pub(super) to: ObjectKey,
}

/// An object that differs, or that one side alone has, and that nothing which is told names.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Unnamed {
    /// What it is.
    pub(super) subject: String,
    /// `file:line` before and after.
    pub(super) old_place: Option<String>,
    pub(super) new_place: Option<String>,
    /// Whether it is of a group of which gwctl reads nothing: whether it is about traffic is not known.
    pub(super) is_unread: bool,
}

/// Something that could not be compared.
#[derive(Clone, Debug, Serialize)]
pub(super) struct UncomparedView {
    /// `old` or `new`.
    pub(super) side: &'static str,
    /// What it is.
    pub(super) subject: String,
    /// Why.
    pub(super) reason: String,
    /// `file:line`.
    pub(super) place: Option<String>,
}

/// Findings that came and went.
#[derive(Debug, Default, Serialize)]
pub(super) struct FindingChanges {
    pub(super) introduced: Vec<FindingView>,
    pub(super) fixed: Vec<FindingView>,
    /// On both sides, and allowed by a comment on the new one alone: no longer reported, and not mended.
    pub(super) silenced: Vec<FindingView>,
}

/// A finding in short.
#[derive(Clone, Debug, Serialize)]
pub(super) struct FindingView {
    pub(super) code: &'static str,
    pub(super) severity: &'static str,
    pub(super) message: String,
    pub(super) place: Option<String>,
    /// The place of the comment that allows it on the new side.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) allowed: Option<String>,
}

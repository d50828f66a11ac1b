//! TLS on either side of the proxy: certificates, keys and authorities.

use crate::id::ids;
use crate::name::{Name, Namespace};
use std::sync::Arc;

use ring::digest::{SHA256, digest};
use serde::{Serialize, Serializer};

use super::default::is_default;
use super::text_is::TextIs;
use super::{Origin, TlsVersion};

/// TLS that ends at the proxy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TlsTermination {
    /// The server certificates, in the order of their references. In a configuration that is only judged those are among
    /// them that are missing, assumed or unusable, by their names; in one that is emitted there is always one.
    pub certificates: Vec<CertificateId>,
    /// The application protocols on offer, the preferred one first; empty offers none.
    pub alpn: Vec<&'static str>,
    /// What is asked of clients.
    pub clients: ClientCertificates,
    /// What else the handshake says.
    #[serde(skip_serializing_if = "is_default")]
    pub terms: Arc<TlsTerms>,
}

/// What is offered to clients in a handshake; what is left out is as docs/defaults.md says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct TlsTerms {
    /// The application protocols in place of the usual ones, the preferred one first.
    #[serde(skip_serializing_if = "is_default")]
    pub alpn: Vec<String>,
    /// The oldest version.
    #[serde(skip_serializing_if = "is_default")]
    pub oldest: Option<TlsVersion>,
    /// The newest version.
    #[serde(skip_serializing_if = "is_default")]
    pub newest: Option<TlsVersion>,
    /// The ciphers of versions before 1.3.
    #[serde(skip_serializing_if = "is_default")]
    pub ciphers: Vec<String>,
    /// The curves of the key exchange.
    #[serde(skip_serializing_if = "is_default")]
    pub curves: Vec<String>,
    /// Whether handshakes are made short with tickets.
    #[serde(skip_serializing_if = "is_default")]
    pub has_tickets: Option<bool>,
    /// Whether handshakes are made short with what the proxy remembers.
    #[serde(skip_serializing_if = "is_default")]
    pub remembers: Option<bool>,
    /// What certificates of clients have to be, where they are checked.
    #[serde(skip_serializing_if = "is_default")]
    pub checks: ClientChecks,
}

ids! {
    /// A certificate, by its position in [`super::Config::certificates`].
    pub struct CertificateId;
}

/// A certificate with its private key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct KeyPair {
    /// The namespace of the Secret.
    pub namespace: Namespace,
    /// The name of the Secret.
    pub name: Name,
    /// The certificate, the leaf first, in PEM.
    pub chain: Material,
    /// The private key, in PEM.
    pub key: Material,
    /// The Secret; `None` when it was assumed.
    pub origin: Option<Origin>,
}

/// A set of certificate authorities.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Authorities {
    /// Their certificates, in PEM.
    pub bundle: Material,
    /// The namespace and the name of the object that all of them come from; `None` for several, and for the system's set.
    pub object: Option<(Namespace, Name)>,
    /// The first object that they come from; `None` when it was assumed, or is the system's set.
    pub origin: Option<Origin>,
}

/// Where key material is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum Material {
    /// In the configuration.
    Inline(#[serde(serialize_with = "serialize_digest")] Arc<str>),
    /// In a file, by the path that the proxy reads.
    File(String),
    /// In this object, which is missing, assumed without a place for its files, or unusable. Only in what is judged.
    Unseen(String),
    /// In several places, some of which nobody has seen. Only in what is judged.
    Several(Vec<Material>),
}

/// Whoever prints the representation gets enough to see that two texts differ, and no key.
fn serialize_digest<S: Serializer>(text: &Arc<str>, serializer: S) -> Result<S::Ok, S::Error> {
    let digest = digest(&SHA256, text.as_bytes());
    let hex: String = digest.as_ref().iter().take(6).map(|byte| format!("{byte:02x}")).collect();
    serializer.collect_str(&format_args!("sha256:{hex}"))
}

impl KeyPair {
    /// The files of the certificate and its key, where it is in files.
    pub fn files(&self) -> Option<(&str, &str)> {
        match (&self.chain, &self.key) {
            (Material::File(chain), Material::File(key)) => Some((chain, key)),
            _ => None,
        }
    }
}

impl Authorities {
    /// The file and the object that it is of, where an object's certificates are in a file.
    pub fn file(&self) -> Option<(&str, &(Namespace, Name))> {
        match &self.bundle {
            Material::File(path) => Some((path, self.object.as_ref()?)),
            Material::Inline(_) | Material::Unseen(_) | Material::Several(_) => None,
        }
    }
}

/// What clients have to show.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum ClientCertificates {
    /// Nothing: they are not asked.
    Unasked,
    /// A certificate of one of these authorities; the handshake fails without one.
    Required(Authorities),
    /// They are asked, and whatever they show or do not show is accepted.
    Optional,
    /// Any certificate: it is not checked, and the handshake fails without one. Clients are told of these authorities.
    Shown(Authorities),
    /// None, or a certificate of one of these authorities.
    Checked(Authorities),
}

impl ClientCertificates {
    /// Whether the handshake fails without one.
    pub fn must_show(&self) -> bool {
        match self {
            Self::Required(_) | Self::Shown(_) => true,
            Self::Unasked | Self::Optional | Self::Checked(_) => false,
        }
    }

    /// The authorities that clients are told of.
    pub fn authorities(&self) -> Option<&Authorities> {
        match self {
            Self::Required(authorities) | Self::Shown(authorities) | Self::Checked(authorities) => Some(authorities),
            Self::Unasked | Self::Optional => None,
        }
    }
}

/// What certificates of clients have to be beside being of an authority; anything by default.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ClientChecks {
    /// The SHA-256 of which each has one, in hexadecimal digits; empty for any.
    #[serde(skip_serializing_if = "is_default")]
    pub hashes: Vec<String>,
    /// The SHA-256 of public keys of which each has one, in Base64; empty for any.
    #[serde(skip_serializing_if = "is_default")]
    pub key_hashes: Vec<String>,
    /// The names of which each has one; empty for any.
    #[serde(skip_serializing_if = "is_default")]
    pub names: Vec<ClientName>,
    /// Whether it may be one that was valid before.
    #[serde(skip_serializing_if = "is_default")]
    pub takes_expired: bool,
}

/// A name in certificates of clients.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ClientName {
    /// What the name is of.
    pub kind: ClientNameKind,
    /// How much of it is meant.
    pub is: TextIs,
}

/// What a name in a certificate is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum ClientNameKind {
    /// A host.
    Dns,
    /// Somebody who gets mail.
    Email,
    /// An address.
    Ip,
    /// A URI.
    Uri,
}

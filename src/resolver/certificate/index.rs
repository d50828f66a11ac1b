//! The certificates and authorities of the input, and what is known of them.

use std::collections::HashMap;

use crate::certificate::{Bundle, Flaw, KeyPair};
use crate::diagnostics::{Code, FieldPath, Finding, Location, PartPath, Reported};
use crate::id::ids;
use crate::name::{Name, Namespace, NamespacedName};
use crate::options::{AuthoritiesFile, CertificateFiles, GivenFile};
use crate::parser::api::{ConfigMap, Secret};
use crate::parser::foreign::ForeignObject;
use crate::parser::manifests::{Kind, Likely, Manifests, Object, ObjectHead};
use typed_index_collections::TiVec;

/// The key of the certificate chain in a Secret of type `kubernetes.io/tls`.
pub const CERTIFICATE_KEY: &str = "tls.crt";

/// The key of the private key in a Secret of type `kubernetes.io/tls`.
pub const PRIVATE_KEY_KEY: &str = "tls.key";

/// The key of the authorities in a Secret or a ConfigMap.
pub const AUTHORITIES_KEY: &str = "ca.crt";

/// The type of a Secret that holds a certificate.
pub(super) const TLS_TYPE: &str = "kubernetes.io/tls";

ids! {
    /// A certificate, by its position in [`CertificateIndex::pair`].
    pub struct KeyPairId;
}

ids! {
    /// A set of authorities, by its position in [`CertificateIndex::bundle`].
    pub struct BundleId;
}

/// Something usable that an object of the input holds, or that an assumed one will.
#[derive(Clone, Debug)]
pub struct Stored<'m, S, T> {
    /// The namespace of the object.
    pub namespace: Namespace,
    /// Its name.
    pub name: Name,
    /// What holds it, with its content; `None` when it was assumed.
    pub known: Option<(Holder<'m, S>, T)>,
}

/// What holds a certificate or authorities.
#[derive(Debug)]
pub enum Holder<'m, S> {
    /// An object of the input.
    Object(&'m Object<S>),
    /// A certificate and its key in files that the user names.
    Files(&'m CertificateFiles),
    /// Authorities in a file that the user names.
    File(&'m GivenFile),
}

impl<S> Clone for Holder<'_, S> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<S> Copy for Holder<'_, S> {}

impl<'m, S> Holder<'m, S> {
    /// The object, where it is one.
    pub fn object(self) -> Option<&'m Object<S>> {
        match self {
            Self::Object(object) => Some(object),
            Self::Files(_) | Self::File(_) => None,
        }
    }

    /// Where it stands: a field of an object, or a file.
    pub fn at(self, path: &FieldPath) -> Location {
        match self {
            Self::Object(object) => object.at(path),
            Self::Files(CertificateFiles { chain: file, .. }) | Self::File(file) => Location::Path(file.path.clone()),
        }
    }

    pub(super) fn finding(self, code: Code, path: PartPath, message: String) -> Finding {
        match self {
            Self::Object(object) => object.finding(code, path, message),
            Self::Files(_) | Self::File(_) => Finding::new(code, self.at(&path), message),
        }
    }
}

/// The certificate of a Secret.
pub type StoredPair<'m> = Stored<'m, Secret, KeyPair>;

/// The authorities of a ConfigMap or a Secret.
#[derive(Clone, Debug)]
pub enum StoredBundle<'m> {
    /// Of a ConfigMap.
    ConfigMap(Stored<'m, ConfigMap, Bundle>),
    /// Of a Secret.
    Secret(Stored<'m, Secret, Bundle>),
}

/// Authorities as a configuration needs them, whatever holds them.
#[derive(Clone, Copy, Debug)]
pub struct HeldBundle<'s> {
    /// The kind of the object.
    pub kind: Kind,
    /// Its namespace.
    pub namespace: &'s Namespace,
    /// Its name.
    pub name: &'s Name,
    /// The certificates in PEM; `None` when they are assumed.
    pub pem: Option<&'s str>,
    /// The object, where the input has it.
    pub object: Option<&'s ObjectHead>,
    /// The file that stands for it.
    pub file: Option<&'s GivenFile>,
}

impl StoredBundle<'_> {
    /// What a configuration needs of it.
    pub fn held(&self) -> HeldBundle<'_> {
        fn held<'s, S>(kind: Kind, stored: &'s Stored<'_, S, Bundle>) -> HeldBundle<'s> {
            let Stored { namespace, name, known } = stored;
            let (object, file) = match known {
                Some((Holder::Object(object), _)) => (Some(&object.head), None),
                Some((Holder::File(file), _)) => (None, Some(*file)),
                Some((Holder::Files(_), _)) | None => (None, None),
            };
            let pem = known.as_ref().map(|(_, bundle)| bundle.pem.as_str());
            HeldBundle { kind, namespace, name, pem, object, file }
        }
        match self {
            Self::ConfigMap(stored) => held(Kind::ConfigMap, stored),
            Self::Secret(stored) => held(Kind::Secret, stored),
        }
    }

    pub(super) fn is_known(&self) -> bool {
        match self {
            Self::ConfigMap(stored) => stored.known.is_some(),
            Self::Secret(stored) => stored.known.is_some(),
        }
    }
}

/// Every certificate and bundle that some reference names, each read once.
#[derive(Debug)]
pub struct CertificateIndex<'m> {
    pub(super) manifests: &'m Manifests,
    pub(super) secrets: HashMap<NamespacedName<'m>, &'m Object<Secret>>,
    pub(super) config_maps: HashMap<NamespacedName<'m>, &'m Object<ConfigMap>>,
    /// What makes Secrets that may not be in the input, by namespace and name of the Secret.
    pub(super) makers: HashMap<NamespacedName<'m>, &'m ForeignObject>,
    pub(super) pairs: TiVec<KeyPairId, StoredPair<'m>>,
    pub(super) bundles: TiVec<BundleId, StoredBundle<'m>>,
    pub(super) known_pairs: HashMap<(Namespace, Name), Result<KeyPairId, Unusable>>,
    pub(super) known_bundles: HashMap<(Kind, Namespace, Name), Result<BundleId, Unusable>>,
    /// What references name that nobody has seen, in words: that is all that is known of it where it is judged, and no
    /// configuration holds it.
    pub(super) unseen_pairs: HashMap<String, KeyPairId>,
    pub(super) unseen_bundles: HashMap<String, BundleId>,
    /// What the user names in the place of objects.
    pub(super) certificates: &'m [CertificateFiles],
    pub(super) authorities: &'m [AuthoritiesFile],
    pub(super) assume_secrets: bool,
    pub(super) assume_config_maps: bool,
    pub(super) has_directory: bool,
    pub(super) now: Option<i64>,
}

/// What a reference names and its referrer counts on.
#[derive(Clone, Debug)]
pub(in super::super) struct Named<T> {
    pub(in super::super) id: T,
    /// That it is assumed and nobody says where its files are, or that it is not in the input: it counts wherever
    /// something is judged, by its name, and no configuration can hold it.
    pub(in super::super) unplaced: Option<Reported>,
}

/// Who refers, from which field, and what follows when the reference is invalid.
pub(in super::super) struct CertificateReferrer<'r> {
    pub(in super::super) kind: Kind,
    pub(in super::super) namespace: &'r Namespace,
    pub(in super::super) path: PartPath,
    pub(in super::super) consequence: &'r str,
    /// Makes a finding on the referrer.
    pub(in super::super) finding: &'r dyn Fn(Code, PartPath, String) -> Finding,
}

impl CertificateReferrer<'_> {
    pub(super) fn error(&self, code: Code, field: &'static str, message: String) -> Finding {
        (self.finding)(code, self.path.with(field), message).consequence(self.consequence)
    }
}

/// Why an object holds nothing that can be used; the finding is made for each reference.
#[derive(Clone, Debug)]
pub(super) enum Unusable {
    Missing {
        likely: Option<Likely>,
        refused: bool,
    },
    /// Assumed, and there is no directory where it could be.
    NoDirectory,
    WrongType {
        actual: String,
    },
    NoKey {
        key: &'static str,
    },
    Flawed {
        key: &'static str,
        flaw: Flaw,
    },
}

impl Named<Vec<BundleId>> {
    /// Several at once. Where one of them has a place, a configuration does with those that have.
    pub(in super::super) fn all(named: &[Named<BundleId>]) -> Self {
        let unplaced = named.iter().map(|bundle| bundle.unplaced).collect::<Option<Vec<_>>>();
        Self {
            id: named.iter().map(|bundle| bundle.id).collect(),
            unplaced: unplaced.and_then(|all| all.first().copied()),
        }
    }
}

//! Secrets that hold a certificate to show, authorities to trust, or both
//! ([TLS of Upstreams](https://docs.solo.io/gateway/latest/reference/api/ssl/)).

use crate::diagnostics::{Diagnostics, Reported};
use crate::name::{Name, Namespace, NamespacedName};
use crate::parser::api::SecretObjectReference;
use crate::parser::manifests::Kind;

use super::super::reference_grant::Grants;
use super::finding::{BACKEND_AUTHORITY_CODES, PAIR_CODES};
use super::index::{
    AUTHORITIES_KEY, BundleId, CERTIFICATE_KEY, CertificateIndex, CertificateReferrer, KeyPairId, Named,
    PRIVATE_KEY_KEY, TLS_TYPE, Unusable,
};

/// What such a Secret is used for.
#[derive(Clone, Debug)]
pub(in super::super) struct HeldSecret {
    /// What is shown to the server.
    pub(in super::super) pair: Option<Named<KeyPairId>>,
    /// Who may vouch for the server.
    pub(in super::super) authorities: Option<Named<BundleId>>,
    /// Whether the Secret is neither in the input nor assumed.
    pub(in super::super) is_missing: bool,
}

impl CertificateIndex<'_> {
    /// Resolves a reference to a Secret of type `kubernetes.io/tls`, of whichever namespace: a certificate and its key,
    /// authorities, or all of them. One that nobody has seen is taken to hold all.
    pub(in super::super) fn resolve_held_secret(
        &mut self,
        from: &CertificateReferrer<'_>,
        (namespace, name): NamespacedName<'_>,
        diagnostics: &mut Diagnostics,
    ) -> Result<HeldSecret, Reported> {
        let (has_pair, has_authorities) = self
            .parts_of_secret(namespace, name)
            .map_err(|why| diagnostics.error(self.unusable(from, &PAIR_CODES, Kind::Secret, (namespace, name), why)))?;
        let reference = SecretObjectReference {
            group: String::new(),
            kind: Kind::Secret.name().to_owned(),
            name: name.clone(),
            namespace: Some(namespace.clone()),
        };
        let pair = has_pair.then(|| self.resolve_pair(from, &reference, &Grants::all(), diagnostics)).transpose()?;
        let object = (namespace, name);
        let authorities = has_authorities
            .then(|| self.look_up_bundle(from, &BACKEND_AUTHORITY_CODES, Kind::Secret, object, diagnostics))
            .transpose()?;
        let is_missing = pair.as_ref().is_some_and(|pair| self.unseen_words(pair.id).is_some());
        Ok(HeldSecret { pair, authorities, is_missing })
    }

    /// Whether a Secret holds a certificate with its key, and whether it holds authorities.
    fn parts_of_secret(&self, namespace: &Namespace, name: &Name) -> Result<(bool, bool), Unusable> {
        let given_pair = self.given_pair(namespace, name).is_some();
        let given_authorities = self.given_authorities(namespace, name).is_some();
        if given_pair || given_authorities {
            return Ok((given_pair, given_authorities));
        }
        let object = self.secrets.get(&(namespace, name)).copied();
        let Some(object) = object.filter(|object| !object.spec.encrypted) else {
            let is_known = object.is_some() || self.missing(Kind::Secret, namespace, name).is_none();
            return Ok((true, is_known));
        };
        if object.spec.secret_type != TLS_TYPE {
            return Err(Unusable::WrongType { actual: object.spec.secret_type.clone() });
        }
        let has = |key| object.spec.data.get(key).is_some_and(|value| !value.is_empty());
        let has_authorities = has(AUTHORITIES_KEY);
        // What has none of them lacks a certificate.
        Ok((has(CERTIFICATE_KEY) || has(PRIVATE_KEY_KEY) || !has_authorities, has_authorities))
    }
}

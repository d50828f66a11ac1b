//! Secrets that policies name for what requests have to bring, and ConfigMaps with the keys that verify it
//! ([SecretObjectReference](https://gateway-api.sigs.k8s.io/reference/spec/#secretobjectreference)).
//!
//! Nothing that is said of such a Secret repeats a value of it.

use std::fmt;

use crate::diagnostics::{Diagnostics, PartPath, Reported, codes};
use crate::ir::{HeaderValue, evaluated_operator};
use crate::parser::api::{ConfigMap, LocalObjectReference, Secret, SecretObjectReference};
use crate::parser::manifests::{IS_REFUSED, Kind, ObjectHead, ObjectKey};

use super::super::reference_grant::Grants;
use super::finding::permit;
use super::header_secret::visible;
use super::index::{CertificateIndex, CertificateReferrer, Unusable};

/// What happens where such a Secret cannot be used.
const FAILS: &str = "all requests of the rules that it applies to get 500";

/// The key of a Secret whose value is sent.
const CREDENTIAL: &str = "credential";

/// Why a Secret does not help.
struct Unheld {
    proof: Reported,
    /// Whether it is assumed, or cannot be read here: it is as if it were there, and nobody knows what it holds.
    is_unread: bool,
}

/// What is sent of a Secret.
#[derive(Clone, Copy, Debug)]
pub enum Credential<'m> {
    /// This.
    Known(KnownCredential<'m>),
    /// Whatever it holds, which nobody knows here: it is judged, never sent.
    Unread(Reported),
}

/// The value of a header that says who somebody is: nothing shows it.
#[derive(Clone, Copy)]
pub struct KnownCredential<'m>(&'m str);

impl KnownCredential<'_> {
    /// The value, for the proxy.
    pub fn value(self) -> HeaderValue {
        HeaderValue::secret(self.0)
    }

    /// The text, for whoever judges it.
    pub fn text(&self) -> &str {
        self.0
    }
}

impl fmt::Debug for KnownCredential<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.value(), formatter)
    }
}

/// What a ConfigMap has to hold, in words: when it is of another kind, and when nobody has seen it.
pub(in super::super) struct Held {
    pub(in super::super) not_this: &'static str,
    pub(in super::super) unseen: &'static str,
}

impl<'m> CertificateIndex<'m> {
    /// The Secret that a policy names, where it can be read.
    pub fn policy_secret(&self, source: &ObjectHead, reference: &SecretObjectReference) -> Option<&Secret> {
        let namespace = reference.namespace.as_ref().unwrap_or(&source.metadata.namespace);
        let object = self.secrets.get(&(namespace, &reference.name))?;
        (!object.spec.encrypted).then_some(&object.spec)
    }

    /// Whether a policy may name a Secret, and it can be read.
    ///
    /// # Errors
    /// The proof that this was reported.
    pub(in super::super) fn check_policy_secret(
        &self,
        (source, at): (&ObjectHead, PartPath),
        reference: &SecretObjectReference,
        grants: &Grants<'_>,
        diagnostics: &mut Diagnostics,
    ) -> Result<(), Reported> {
        let outcome = self.look_up(source, at, reference, (grants, diagnostics));
        outcome.map_err(|Unheld { proof, is_unread: _ }| proof)
    }

    fn look_up(
        &self,
        source: &ObjectHead,
        at: PartPath,
        reference: &SecretObjectReference,
        (grants, diagnostics): (&Grants<'_>, &mut Diagnostics),
    ) -> Result<(), Unheld> {
        let SecretObjectReference { group, kind, name, namespace } = reference;
        let refused = |proof| Unheld { proof, is_unread: false };
        let make = |code, at, message| source.finding(code, at, message);
        let from = CertificateReferrer {
            kind: source.kind,
            namespace: &source.metadata.namespace,
            path: at,
            consequence: FAILS,
            finding: &make,
        };
        if !group.is_empty() || kind != Kind::Secret.name() {
            let full = if group.is_empty() { kind.clone() } else { format!("{group}/{kind}") };
            let message = format!("`{full}` holds no credentials");
            let finding = from.error(codes::UNUSABLE_OPTION, "kind", message);
            return Err(refused(diagnostics.error(finding.label("not a Secret").help("refer to a Secret"))));
        }
        let namespace = namespace.as_ref().unwrap_or(from.namespace);
        permit(&from, Kind::Secret, namespace, name, grants, diagnostics).map_err(refused)?;
        if self.policy_secret(source, reference).is_some() {
            return Ok(());
        }
        let full = format!("Secret `{namespace}/{name}`");
        let missing = self.missing(Kind::Secret, namespace, name);
        let is_unread = missing.is_none();
        let finding = match missing {
            None => {
                let why = match self.unread((namespace, name)) {
                    Some((why, _)) => format!("{full} cannot be read ({why})"),
                    None => format!("{full} is assumed"),
                };
                let message = format!("{why}, and nobody knows which credentials it holds");
                from.error(codes::UNUSABLE_OPTION, "name", message).label("its content is not in the input")
            }
            Some(Unusable::Missing { refused: true, .. }) => from
                .error(codes::UNUSABLE_OPTION, "name", format!("{full} {IS_REFUSED}"))
                .label("cannot be used as it is")
                .help("mend the errors of the Secret first"),
            Some(_) => from
                .error(codes::UNUSABLE_OPTION, "name", format!("{full} is not in the input"))
                .label("no such Secret"),
        };
        let finding = match (&finding.help, self.manifests.likely(Kind::Secret, namespace, name)) {
            (Some(_), _) => finding,
            (None, Some(likely)) => {
                let help = likely.help("Secret", name);
                finding.help(help)
            }
            (None, None) => finding.help("add the Secret to the input"),
        };
        Err(Unheld { proof: diagnostics.error(finding), is_unread })
    }

    /// The Secret that a filter names, where it is assumed or cannot be read here.
    pub(super) fn unread_policy_secret(
        &self,
        source: &ObjectHead,
        reference: &SecretObjectReference,
    ) -> Option<ObjectKey> {
        let SecretObjectReference { group, kind, name, namespace } = reference;
        let namespace = namespace.as_ref().unwrap_or(&source.metadata.namespace);
        let is_unread = Kind::Secret.is_named(group, kind)
            && self.policy_secret(source, reference).is_none()
            && self.missing(Kind::Secret, namespace, name).is_none();
        is_unread.then(|| ObjectKey { kind: Kind::Secret, namespace: namespace.clone(), name: name.clone() })
    }

    /// The credential in a Secret that a filter names, as the header that it is sent in has to hold it.
    ///
    /// # Errors
    /// The proof that this was reported.
    pub(in super::super) fn credential(
        &self,
        (source, at): (&ObjectHead, PartPath),
        reference: &SecretObjectReference,
        grants: &Grants<'_>,
        diagnostics: &mut Diagnostics,
    ) -> Result<Credential<'m>, Reported> {
        let namespace = reference.namespace.as_ref().unwrap_or(&source.metadata.namespace);
        match self.look_up(source, at.clone(), reference, (grants, diagnostics)) {
            Ok(()) => {}
            Err(Unheld { proof, is_unread: true }) => return Ok(Credential::Unread(proof)),
            Err(Unheld { proof, is_unread: false }) => return Err(proof),
        }
        let held = self.secrets.get(&(namespace, &reference.name)).and_then(|object| object.spec.data.get(CREDENTIAL));
        let (why, help) = match held.map(|value| visible(value)) {
            Some(Ok(text)) if evaluated_operator(text).is_some() => (
                format!("whose value of `{CREDENTIAL}` has an operator of Envoy's, which would be evaluated"),
                "give the key a value without it",
            ),
            Some(Ok(text)) => return Ok(Credential::Known(KnownCredential(text))),
            Some(Err((why, help))) => (format!("whose value of `{CREDENTIAL}` {why}"), help),
            None => (format!("which has no key `{CREDENTIAL}`"), "add the key, with the value of the header"),
        };
        let message = format!("Secret `{namespace}/{}`, {why}, is no credential", reference.name);
        let finding = source.finding(codes::UNUSABLE_OPTION, at.with("name"), message);
        Err(diagnostics.error(finding.label("no credential").consequence(FAILS).help(help)))
    }

    /// The ConfigMap that a policy names, of its own namespace.
    pub fn policy_config_map(&self, source: &ObjectHead, reference: &LocalObjectReference) -> Option<&'m ConfigMap> {
        let object = self.config_maps.get(&(&source.metadata.namespace, &reference.name))?;
        Some(&object.spec)
    }

    /// Whether the ConfigMap that a policy names can be read.
    ///
    /// # Errors
    /// The proof that this was reported.
    pub(in super::super) fn check_policy_config_map(
        &self,
        (source, at): (&ObjectHead, PartPath),
        reference: &LocalObjectReference,
        held: &Held,
        diagnostics: &mut Diagnostics,
    ) -> Result<&'m ConfigMap, Reported> {
        let LocalObjectReference { group, kind, name } = reference;
        let namespace = &source.metadata.namespace;
        let error =
            |field, message: String| source.finding(codes::UNUSABLE_OPTION, at.with(field), message).consequence(FAILS);
        // Its version may stand in the place of the group.
        if !["", "v1"].contains(&group.as_str()) || kind != Kind::ConfigMap.name() {
            let full = if group.is_empty() { kind.clone() } else { format!("{group}/{kind}") };
            let finding = error("kind", format!("`{full}` holds no {}", held.not_this));
            return Err(diagnostics.error(finding.label("not a ConfigMap").help("refer to a ConfigMap")));
        }
        if let Some(found) = self.policy_config_map(source, reference) {
            return Ok(found);
        }
        let full = format!("ConfigMap `{namespace}/{name}`");
        let finding = match self.missing(Kind::ConfigMap, namespace, name) {
            None => error("name", format!("{full} is assumed, and nobody knows which {} it holds", held.unseen))
                .label("its content is not in the input"),
            Some(Unusable::Missing { refused: true, .. }) => error("name", format!("{full} {IS_REFUSED}"))
                .label("cannot be used as it is")
                .help("mend the errors of the ConfigMap first"),
            Some(_) => error("name", format!("{full} is not in the input")).label("no such ConfigMap"),
        };
        let finding = match (&finding.help, self.manifests.likely(Kind::ConfigMap, namespace, name)) {
            (Some(_), _) => finding,
            (None, Some(likely)) => {
                let help = likely.help("ConfigMap", name);
                finding.help(help)
            }
            (None, None) => finding.help("add the ConfigMap to the input"),
        };
        Err(diagnostics.error(finding))
    }
}

//! Secrets that policies name for what requests have to bring, and ConfigMaps with the keys that verify it
//! ([SecretObjectReference](https://gateway-api.sigs.k8s.io/reference/spec/#secretobjectreference)).
//!
//! Nothing that is said of such a Secret repeats a value of it.

use crate::diagnostics::{Diagnostics, PartPath, Reported, codes};
use crate::parser::api::{ConfigMap, LocalObjectReference, Secret, SecretObjectReference};
use crate::parser::manifests::{IS_REFUSED, Kind, ObjectHead};

use super::super::reference_grant::Grants;
use super::finding::permit;
use super::index::{CertificateIndex, CertificateReferrer, Unusable};

/// What happens where such a Secret cannot be used.
const FAILS: &str = "all requests of the rules that it applies to get 500";

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
        let SecretObjectReference { group, kind, name, namespace } = reference;
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
            return Err(diagnostics.error(finding.label("not a Secret").help("refer to a Secret")));
        }
        let namespace = namespace.as_ref().unwrap_or(from.namespace);
        permit(&from, Kind::Secret, namespace, name, grants, diagnostics)?;
        if self.policy_secret(source, reference).is_some() {
            return Ok(());
        }
        let full = format!("Secret `{namespace}/{name}`");
        let finding = match self.missing(Kind::Secret, namespace, name) {
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
        Err(diagnostics.error(finding))
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
        if !group.is_empty() || kind != Kind::ConfigMap.name() {
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

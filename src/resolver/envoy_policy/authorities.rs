//! The authorities of client certificates that policies name: Secrets and ConfigMaps, of other namespaces with a
//! ReferenceGrant.

use std::collections::HashMap;
use std::sync::Arc;

use crate::diagnostics::{Diagnostics, ObjectPart, Reported, codes};
use crate::parser::api::{ObjectReference, SecretObjectReference};
use crate::parser::manifests::ObjectHead;
use crate::path;
use crate::resolver::certificate::{BundleId, CertificateIndex, CertificateReferrer, Named};
use crate::resolver::reference_grant::Grants;

use super::kind::EnvoyPolicyKind;
use super::table::PoliciesOfKind;

/// What happens where authorities cannot be used.
const FAILS: &str = "all requests of the rules that it applies to get 500";

impl<T: EnvoyPolicyKind> PoliciesOfKind<'_, T> {
    /// Looks up the authorities that policies name. One that cannot be used makes the rules of the listeners fail: clients
    /// that cannot be checked are not served.
    pub(super) fn resolve_authorities(
        mut self,
        (certificates, grants): (&mut CertificateIndex<'_>, &Grants<'_>),
        diagnostics: &mut Diagnostics,
    ) -> Self {
        // A field that counts alone and in what is merged is looked at once.
        let mut known: HashMap<*const T, Result<Vec<BundleId>, Reported>> = HashMap::new();
        for applied in self.applied_mut() {
            for field in &mut applied.fields {
                let (source, value) = (field.source, &field.value);
                let found = known
                    .entry(Arc::as_ptr(value))
                    .or_insert_with(|| look_up(source, &**value, (certificates, grants), diagnostics));
                match found {
                    Ok(bundles) => field.authorities = bundles.to_vec(),
                    Err(proof) => applied.failed = applied.failed.or(Some(*proof)),
                }
            }
        }
        self
    }
}

fn look_up<T: EnvoyPolicyKind>(
    source: &ObjectHead,
    value: &T,
    (certificates, grants): (&mut CertificateIndex<'_>, &Grants<'_>),
    diagnostics: &mut Diagnostics,
) -> Result<Vec<BundleId>, Reported> {
    let (mut named, mut failed): (Vec<Named<BundleId>>, _) = (Vec::new(), None);
    let mut place = None;
    for (at, reference) in value.authorities() {
        let at = ObjectPart::Whole.at(&path!["spec", value.field()].join(&at));
        place.get_or_insert_with(|| at.clone());
        let from = CertificateReferrer {
            kind: source.kind,
            namespace: &source.metadata.namespace,
            path: at,
            consequence: FAILS,
            finding: &|code, path, message| source.finding(code, path, message),
        };
        let SecretObjectReference { group, kind, name, namespace } = reference.clone();
        let reference = ObjectReference { group, kind, name, namespace };
        match certificates.resolve_bundle(&from, &reference, grants, diagnostics) {
            Ok(bundle) if named.iter().any(|other| other.id == bundle.id) => {}
            Ok(bundle) => named.push(bundle),
            Err(proof) => failed = failed.or(Some(proof)),
        }
    }
    let Named { id: bundles, unplaced } = Named::all(&named);
    let joined = place.filter(|_| certificates.cannot_join(&named)).map(|at| {
        let message = "authorities of several objects, one of them assumed, cannot be joined";
        let finding = source.finding(codes::NOT_SUPPORTED, at, message).consequence(FAILS);
        diagnostics.error(finding.help("add the assumed objects to the input, or join all authorities in one object"))
    });
    failed.or(unplaced).or(joined).map_or(Ok(bundles), Err)
}

//! Certificate references: kind, grant, existence, and whether Envoy would
//! load what they name
//! ([SecretObjectReference](https://gateway-api.sigs.k8s.io/reference/spec/#secretobjectreference)).
//!
//! A Secret is read once, however many listeners name it. What is wrong with
//! it is reported for each reference; that it is about to stop working is
//! reported once.

mod finding;
mod header_secret;
mod held_secret;
mod index;
mod policy_secret;

use std::collections::HashMap;

use crate::certificate::{self, Bundle, Flaw, Validity};
use crate::diagnostics::{Code, Diagnostics, Finding, Location, Reported, codes};
use crate::name::{Name, Namespace, NamespacedName};
use crate::options::{AuthoritiesFile, CertificateFiles, GivenFile, Options};
use crate::parser::api::{LocalObjectReference, ObjectReference, Secret, SecretObjectReference};
use crate::parser::foreign::ForeignObject;
use crate::parser::manifests::{Kind, Manifests, Object, ObjectKey};
use crate::whole;
use typed_index_collections::TiVec;

use super::group_slip;
use super::reference_grant::Grants;
use finding::{
    AUTHORITY_CODES, BACKEND_AUTHORITY_CODES, PAIR_CODES, ReferenceCodes, check_name, day, permit, wrong_kind,
};
pub(super) use header_secret::header_references_of_upstreams;
pub use header_secret::{HeaderSecret, NoHeaders};
pub(super) use held_secret::HeldSecret;
pub use index::{
    AUTHORITIES_KEY, BundleId, CERTIFICATE_KEY, CertificateIndex, HeldBundle, Holder, KeyPairId, PRIVATE_KEY_KEY,
    Stored, StoredBundle, StoredPair,
};
pub(super) use index::{CertificateReferrer, Named};
use index::{TLS_TYPE, Unusable};
pub use policy_secret::Credential;
pub(super) use policy_secret::Held;

impl<'m> CertificateIndex<'m> {
    pub(super) fn new(manifests: &'m Manifests, options: &'m Options) -> Self {
        fn by_name<S>(objects: &[Object<S>]) -> HashMap<NamespacedName<'_>, &Object<S>> {
            objects.iter().map(|object| (object.metadata.sort_key(), object)).collect()
        }
        Self {
            manifests,
            secrets: by_name(&manifests.secrets),
            config_maps: by_name(&manifests.config_maps),
            makers: manifests
                .foreign
                .iter()
                .filter_map(|object| Some(((&object.identity.namespace, object.makes.as_ref()?), object)))
                .collect(),
            pairs: TiVec::new(),
            bundles: TiVec::new(),
            known_pairs: HashMap::new(),
            known_bundles: HashMap::new(),
            unseen_pairs: HashMap::new(),
            unseen_bundles: HashMap::new(),
            certificates: &options.certificates,
            authorities: &options.authorities,
            assume_secrets: options.assume.secrets,
            assume_config_maps: options.assume.config_maps,
            has_directory: options.secrets_dir.is_some(),
            now: options.now,
        }
    }

    /// The certificate of an id.
    pub fn pair(&self, id: KeyPairId) -> &StoredPair<'m> {
        &self.pairs[id]
    }

    /// The authorities of an id.
    pub fn bundle(&self, id: BundleId) -> &StoredBundle<'m> {
        &self.bundles[id]
    }

    /// What a reference to a certificate names, whatever is wrong with it.
    pub(super) fn named_pair(
        &mut self,
        from: &CertificateReferrer<'_>,
        reference: &SecretObjectReference,
    ) -> KeyPairId {
        let SecretObjectReference { group, kind, name, namespace } = reference;
        let namespace = namespace.as_ref().unwrap_or(from.namespace);
        let kind = if group.is_empty() { kind.clone() } else { format!("{group}/{kind}") };
        self.unseen_pair(&kind, namespace, name)
    }

    fn unseen_pair(&mut self, kind: &str, namespace: &Namespace, name: &Name) -> KeyPairId {
        let words = in_words(kind, namespace, name);
        let Self { unseen_pairs, pairs, .. } = self;
        *unseen_pairs.entry(words).or_insert_with(|| {
            pairs.push_and_get_key(Stored { namespace: namespace.clone(), name: name.clone(), known: None })
        })
    }

    fn unseen_bundle(&mut self, kind: Kind, namespace: &Namespace, name: &Name) -> BundleId {
        let words = in_words(kind.name(), namespace, name);
        let Self { unseen_bundles, bundles, .. } = self;
        *unseen_bundles.entry(words).or_insert_with(|| {
            let (namespace, name) = (namespace.clone(), name.clone());
            bundles.push_and_get_key(match kind {
                Kind::Secret => StoredBundle::Secret(Stored { namespace, name, known: None }),
                _ => StoredBundle::ConfigMap(Stored { namespace, name, known: None }),
            })
        })
    }

    /// What a reference names that nobody has seen, in words; `None` where the input has it, or assumes it.
    pub fn unseen_words(&self, id: KeyPairId) -> Option<&str> {
        self.unseen_pairs.iter().find(|(_, own)| **own == id).map(|(words, _)| words.as_str())
    }

    /// Whether nobody has seen the authorities, and nobody assumes them.
    pub fn is_unseen(&self, id: BundleId) -> bool {
        self.unseen_bundles.values().any(|own| *own == id)
    }

    /// The objects that some reference names and of which nobody can tell what they would hold: their content is of no use,
    /// or they are missing or assumed.
    pub fn unknown_content(&self) -> Vec<ObjectKey> {
        let pairs = self.known_pairs.iter().filter(|(_, read)| read.is_err());
        let pairs = pairs.map(|((namespace, name), _)| (Kind::Secret, namespace, name));
        let bundles = self.known_bundles.iter().filter(|(_, read)| read.is_err());
        let bundles = bundles.map(|((kind, namespace, name), _)| (*kind, namespace, name));
        let assumed = self.pairs.iter().filter(|pair| pair.known.is_none());
        let assumed = assumed.map(|Stored { namespace, name, known: _ }| (Kind::Secret, namespace, name));
        let assumed_bundles = self.bundles.iter().filter(|bundle| !bundle.is_known()).map(|bundle| match bundle {
            StoredBundle::ConfigMap(Stored { namespace, name, known: _ }) => (Kind::ConfigMap, namespace, name),
            StoredBundle::Secret(Stored { namespace, name, known: _ }) => (Kind::Secret, namespace, name),
        });
        let mut keys: Vec<ObjectKey> = pairs
            .chain(bundles)
            .chain(assumed)
            .chain(assumed_bundles)
            .map(|(kind, namespace, name)| ObjectKey { kind, namespace: namespace.clone(), name: name.clone() })
            .chain(self.unread_headers())
            .collect();
        keys.sort();
        keys.dedup();
        keys
    }

    /// Resolves a reference to a certificate with its key.
    pub(super) fn resolve_pair(
        &mut self,
        from: &CertificateReferrer<'_>,
        reference: &SecretObjectReference,
        grants: &Grants<'_>,
        diagnostics: &mut Diagnostics,
    ) -> Result<Named<KeyPairId>, Reported> {
        let SecretObjectReference { group, kind, name, namespace } = reference;
        if !group.is_empty() || kind != Kind::Secret.name() {
            let help = "refer to a `Secret` of type `kubernetes.io/tls`";
            return Err(diagnostics.error(wrong_kind(from, &PAIR_CODES, group, kind, help)));
        }
        let namespace = namespace.as_ref().unwrap_or(from.namespace);
        check_name(from, &PAIR_CODES, name, diagnostics)?;
        permit(from, Kind::Secret, namespace, name, grants, diagnostics)?;
        let key = (namespace.to_owned(), name.clone());
        let known = match self.known_pairs.get(&key) {
            Some(known) => known.clone(),
            None => {
                let read = self.read_pair(namespace, name).map(|pair| {
                    self.warn_of_pair(&pair, diagnostics);
                    self.note_unread(
                        (namespace, name),
                        "a certificate that serves",
                        &[CERTIFICATE_KEY, PRIVATE_KEY_KEY],
                        diagnostics,
                    );
                    self.pairs.push_and_get_key(pair)
                });
                self.known_pairs.insert(key, read.clone());
                read
            }
        };
        let unusable = |why| self.unusable(from, &PAIR_CODES, Kind::Secret, (namespace, name), why);
        let id = match known {
            Ok(id) => id,
            Err(why) => {
                let is_missing = matches!(why, Unusable::Missing { .. });
                let proof = diagnostics.error(unusable(why));
                return if is_missing {
                    let id = self.unseen_pair(Kind::Secret.name(), namespace, name);
                    Ok(Named { id, unplaced: Some(proof) })
                } else {
                    Err(proof)
                };
            }
        };
        let unplaced = self.is_unplaced_pair(id).then(|| diagnostics.error(unusable(Unusable::NoDirectory)));
        Ok(Named { id, unplaced })
    }

    /// Resolves a reference to the authorities of client certificates.
    pub(super) fn resolve_bundle(
        &mut self,
        from: &CertificateReferrer<'_>,
        reference: &ObjectReference,
        grants: &Grants<'_>,
        diagnostics: &mut Diagnostics,
    ) -> Result<Named<BundleId>, Reported> {
        let ObjectReference { group, kind, name, namespace } = reference;
        let found = [Kind::ConfigMap, Kind::Secret].into_iter().find(|known| group.is_empty() && known.name() == kind);
        let Some(kind) = found else {
            let help = "refer to a `ConfigMap` with the key `ca.crt`";
            return Err(diagnostics.error(wrong_kind(from, &AUTHORITY_CODES, group, kind, help)));
        };
        let namespace = namespace.as_ref().unwrap_or(from.namespace);
        check_name(from, &AUTHORITY_CODES, name, diagnostics)?;
        permit(from, kind, namespace, name, grants, diagnostics)?;
        self.look_up_bundle(from, &AUTHORITY_CODES, kind, (namespace, name), diagnostics)
    }

    /// Resolves a reference to the authorities of backends: an object of one of these kinds, in the
    /// referrer's own namespace.
    pub(super) fn resolve_backend_bundle(
        &mut self,
        from: &CertificateReferrer<'_>,
        (reference, kinds): (&LocalObjectReference, &[Kind]),
        diagnostics: &mut Diagnostics,
    ) -> Result<Named<BundleId>, Reported> {
        let LocalObjectReference { group, kind, name } = reference;
        let found = kinds.iter().copied().find(|known| group.is_empty() && known.name() == kind);
        let Some(own_kind) = found else {
            let full = if group.is_empty() { kind.clone() } else { format!("{group}/{kind}") };
            let message = format!("`{full}` cannot hold the authorities of a backend");
            let finding = from.error(codes::CA_INVALID_KIND, "kind", message);
            let finding = finding.help("refer to a `ConfigMap` with the key `ca.crt`");
            return Err(diagnostics.error(group_slip::blame(finding, (group, kind), kinds)));
        };
        check_name(from, &BACKEND_AUTHORITY_CODES, name, diagnostics)?;
        let object = (from.namespace, name);
        self.look_up_bundle(from, &BACKEND_AUTHORITY_CODES, own_kind, object, diagnostics)
    }

    fn look_up_bundle(
        &mut self,
        from: &CertificateReferrer<'_>,
        codes: &ReferenceCodes,
        kind: Kind,
        (namespace, name): NamespacedName<'_>,
        diagnostics: &mut Diagnostics,
    ) -> Result<Named<BundleId>, Reported> {
        let key = (kind, namespace.to_owned(), name.to_owned());
        let known = match self.known_bundles.get(&key) {
            Some(known) => known.clone(),
            None => {
                let read = self.read_bundle(kind, namespace, name).map(|bundle| {
                    self.warn_of_bundle(&bundle, diagnostics);
                    if kind == Kind::Secret {
                        self.note_unread(
                            (namespace, name),
                            "authorities that can be used",
                            &[AUTHORITIES_KEY],
                            diagnostics,
                        );
                    }
                    self.bundles.push_and_get_key(bundle)
                });
                self.known_bundles.insert(key, read.clone());
                read
            }
        };
        let unusable = |why| self.unusable(from, codes, kind, (namespace, name), why);
        let id = match known {
            Ok(id) => id,
            Err(why) => {
                let is_missing = matches!(why, Unusable::Missing { .. });
                let proof = diagnostics.error(unusable(why));
                return if is_missing {
                    Ok(Named { id: self.unseen_bundle(kind, namespace, name), unplaced: Some(proof) })
                } else {
                    Err(proof)
                };
            }
        };
        let unplaced = self.is_unplaced(id).then(|| diagnostics.error(unusable(Unusable::NoDirectory)));
        Ok(Named { id, unplaced })
    }

    fn read_pair(&self, namespace: &Namespace, name: &Name) -> Result<StoredPair<'m>, Unusable> {
        let (namespace_owned, name_owned) = (namespace.to_owned(), name.to_owned());
        let flawed = |flaw: Flaw| Unusable::Flawed {
            key: if flaw.is_in_key() { PRIVATE_KEY_KEY } else { CERTIFICATE_KEY },
            flaw,
        };
        if let Some(files) = self.given_pair(namespace, name) {
            let pair = certificate::read_key_pair(&files.chain.content, &files.key.content).map_err(flawed)?;
            return Ok(Stored {
                namespace: namespace_owned,
                name: name_owned,
                known: Some((Holder::Files(files), pair)),
            });
        }
        let Some(&object) = self.secrets.get(&(namespace, name)) else {
            return match self.missing(Kind::Secret, namespace, name) {
                None => Ok(Stored { namespace: namespace_owned, name: name_owned, known: None }),
                Some(why) => Err(why),
            };
        };
        let Secret { secret_type, data, encrypted } = &object.spec;
        if *encrypted {
            return Ok(Stored { namespace: namespace_owned, name: name_owned, known: None });
        }
        if secret_type != TLS_TYPE {
            return Err(Unusable::WrongType { actual: secret_type.clone() });
        }
        let value = |key: &'static str| data.get(key).filter(|data| !data.is_empty()).ok_or(Unusable::NoKey { key });
        let (chain, key) = (value(CERTIFICATE_KEY)?, value(PRIVATE_KEY_KEY)?);
        let pair = certificate::read_key_pair(chain, key).map_err(flawed)?;
        Ok(Stored { namespace: namespace_owned, name: name_owned, known: Some((Holder::Object(object), pair)) })
    }

    fn read_bundle(&self, kind: Kind, namespace: &Namespace, name: &Name) -> Result<StoredBundle<'m>, Unusable> {
        let (namespace_owned, name_owned) = (namespace.to_owned(), name.to_owned());
        let read = |data: &std::collections::BTreeMap<String, Vec<u8>>| {
            let key = AUTHORITIES_KEY;
            let text = data.get(key).filter(|data| !data.is_empty()).ok_or(Unusable::NoKey { key })?;
            certificate::read_bundle(text).map_err(|flaw| Unusable::Flawed { key, flaw })
        };
        if let Some(file) = self.given_authorities(namespace, name) {
            let bundle = certificate::read_bundle(&file.content);
            let bundle = bundle.map_err(|flaw| Unusable::Flawed { key: AUTHORITIES_KEY, flaw })?;
            return Ok(if kind == Kind::Secret {
                let known = Some((Holder::File(file), bundle));
                StoredBundle::Secret(Stored { namespace: namespace_owned, name: name_owned, known })
            } else {
                let known = Some((Holder::File(file), bundle));
                StoredBundle::ConfigMap(Stored { namespace: namespace_owned, name: name_owned, known })
            });
        }
        let missing = |known: bool| if known { None } else { self.missing(kind, namespace, name) };
        if kind == Kind::Secret {
            let object = self.secrets.get(&(namespace, name)).copied();
            if let Some(why) = missing(object.is_some()) {
                return Err(why);
            }
            let object = object.filter(|object| !object.spec.encrypted);
            let known = object.map(|object| Ok((Holder::Object(object), read(&object.spec.data)?))).transpose()?;
            return Ok(StoredBundle::Secret(Stored { namespace: namespace_owned, name: name_owned, known }));
        }
        let object = self.config_maps.get(&(namespace, name)).copied();
        if let Some(why) = missing(object.is_some()) {
            return Err(why);
        }
        let known = object.map(|object| Ok((Holder::Object(object), read(&object.spec.data)?))).transpose()?;
        Ok(StoredBundle::ConfigMap(Stored { namespace: namespace_owned, name: name_owned, known }))
    }

    /// The files that stand for a Secret with a certificate.
    pub(super) fn given_pair(&self, namespace: &Namespace, name: &Name) -> Option<&'m CertificateFiles> {
        self.certificates.iter().find(|one| (&one.namespace, &one.name) == (namespace, name))
    }

    /// The file that stands for an object with authorities.
    pub(super) fn given_authorities(&self, namespace: &Namespace, name: &Name) -> Option<&'m GivenFile> {
        let found = self.authorities.iter().find(|one| (&one.namespace, &one.name) == (namespace, name));
        found.map(|one| &one.file)
    }

    /// The entries of `--certificate` and `--ca` that nothing of the input refers to.
    pub(super) fn report_unused_files(&self, diagnostics: &mut Diagnostics) {
        let is_pair_used =
            |one: &&CertificateFiles| self.known_pairs.contains_key(&(one.namespace.clone(), one.name.clone()));
        let is_bundle_used = |one: &&AuthoritiesFile| {
            [Kind::ConfigMap, Kind::Secret]
                .iter()
                .any(|kind| self.known_bundles.contains_key(&(*kind, one.namespace.clone(), one.name.clone())))
        };
        let pairs = self.certificates.iter().filter(|one| !is_pair_used(one));
        let pairs = pairs.map(|one| ("--certificate", &one.namespace, &one.name, "a Secret"));
        let bundles = self.authorities.iter().filter(|one| !is_bundle_used(one));
        let bundles = bundles.map(|one| ("--ca", &one.namespace, &one.name, "an object"));
        for (flag, namespace, name, noun) in pairs.chain(bundles) {
            let message = format!("`{flag} {namespace}/{name}` names {noun} that nothing refers to");
            diagnostics.report(Finding::new(codes::UNUSED_CERTIFICATE_FILE, Location::Run, message));
        }
    }

    /// Why nobody can read here what a Secret holds, and who says so; `None` where it can be read or is not there at all.
    fn unread(&self, (namespace, name): NamespacedName<'_>) -> Option<(String, Finding)> {
        let code = codes::UNREAD_SECRET;
        if self.given_pair(namespace, name).is_some() || self.given_authorities(namespace, name).is_some() {
            return None;
        }
        if let Some(object) = self.secrets.get(&(namespace, name)) {
            let why = "it is encrypted by SOPS".to_owned();
            return object
                .spec
                .encrypted
                .then(|| (why, object.finding(code, whole!["metadata", "name"], String::new())));
        }
        let maker = self.makers.get(&(namespace, name))?;
        let identity = &maker.identity;
        let why = format!("{} `{}/{}` makes it", identity.kind, identity.namespace, identity.name.escape_debug());
        let at = whole!["metadata", "name"];
        let finding = Finding::new(code, maker.at(&at), String::new()).object(identity.clone(), at);
        Some((why, finding))
    }

    /// Whether a reference counts on the Secret that an object makes, as was said of that object.
    pub(super) fn count_on(&self, maker: &ForeignObject) -> bool {
        let Some(name) = &maker.makes else { return false };
        let namespace = &maker.identity.namespace;
        let secret = (namespace, name);
        let is_told = || {
            !self.secrets.contains_key(&secret) && self.makers.get(&secret).is_some_and(|own| std::ptr::eq(*own, maker))
        };
        let pair = || self.known_pairs.get(&(namespace.clone(), name.clone()));
        let bundle = || self.known_bundles.get(&(Kind::Secret, namespace.clone(), name.clone()));
        let is_read = || pair().is_some_and(Result::is_ok) || bundle().is_some_and(Result::is_ok);
        is_told() && (is_read() || self.gives_headers(secret))
    }

    /// Says that a Secret which a reference names cannot be read here, and what is expected of it.
    fn note_unread(
        &self,
        secret: NamespacedName<'_>,
        noun: &'static str,
        keys: &[&'static str],
        diagnostics: &mut Diagnostics,
    ) {
        let (namespace, name) = secret;
        let Some((why, finding)) = self.unread(secret) else { return };
        let message = format!("what Secret `{namespace}/{name}` holds is not known: {why}");
        let files: Vec<String> = keys.iter().map(|key| format!("`DIR/{namespace}/{name}/{key}`")).collect();
        let finding = Finding { message, ..finding };
        diagnostics.report(
            finding
                .label("nothing in it is checked")
                .consequence(format!("judged as if it held {noun}; names and validity are not known"))
                .help(format!(
                    "nothing needs to change; `translate` needs `--secrets-dir DIR`, and whoever runs Envoy provides {}",
                    files.join(" and ")
                )),
        );
    }

    /// Whether a bundle has no place, because it is missing, or assumed without a directory. That does not matter unless a
    /// configuration is written.
    pub fn is_unplaced(&self, id: BundleId) -> bool {
        self.is_unseen(id) || !self.has_directory && self.is_assumed(id)
    }

    /// Whether a certificate has no place, because it is missing, or assumed without a directory.
    pub fn is_unplaced_pair(&self, id: KeyPairId) -> bool {
        self.unseen_words(id).is_some() || !self.has_directory && self.pair(id).known.is_none()
    }

    /// Whether something is named and has no place, so that no configuration holds all that is declared.
    pub fn has_unplaced(&self) -> bool {
        let is_assumed = |bundle: &StoredBundle<'_>| !bundle.is_known();
        let has_unseen = !self.unseen_pairs.is_empty() || !self.unseen_bundles.is_empty();
        has_unseen
            || self.unread_headers().next().is_some()
            || !self.has_directory
                && (self.bundles.iter().any(is_assumed) || self.pairs.iter().any(|pair| pair.known.is_none()))
    }

    /// Whether a bundle is assumed, and so in a file of its own.
    pub(super) fn is_assumed(&self, id: BundleId) -> bool {
        !self.bundle(id).is_known()
    }

    /// Whether bundles would have to be one file, and one of them is a file that only whoever runs the proxy has.
    pub(super) fn cannot_join(&self, bundles: &[Named<BundleId>]) -> bool {
        let placed: Vec<_> = bundles.iter().filter(|bundle| bundle.unplaced.is_none()).collect();
        placed.len() > 1 && placed.iter().any(|bundle| self.is_assumed(bundle.id))
    }

    /// Why an object that is not in the input cannot be used; `None` when it is assumed.
    fn missing(&self, kind: Kind, namespace: &Namespace, name: &Name) -> Option<Unusable> {
        let key = ObjectKey { kind, namespace: namespace.clone(), name: name.clone() };
        let refused = self.manifests.refused.contains_key(&key);
        let assumed = if kind == Kind::Secret { self.assume_secrets } else { self.assume_config_maps };
        let is_made = kind == Kind::Secret && self.makers.contains_key(&(namespace, name));
        if (assumed || is_made) && !refused {
            return None;
        }
        Some(Unusable::Missing { likely: self.manifests.likely(kind, namespace, name), refused })
    }

    fn warn_of_pair(&self, pair: &StoredPair<'_>, diagnostics: &mut Diagnostics) {
        let Stored { namespace, name, known } = pair;
        let Some((holder, pair)) = known else { return };
        let at = whole!["data"].with(CERTIFICATE_KEY);
        let secret = format!("Secret `{namespace}/{name}`");
        let name = format!("the certificate of {secret}");
        let finding = |code, message: String| holder.finding(code, at.clone(), message);
        self.warn_of_validity(pair.leaf.validity, &name, &finding, "clients refuse the connection", diagnostics);
        for (issuer, position) in pair.issuers.iter().zip(2..) {
            let name = format!("certificate {position} in the chain of {secret}");
            let consequence = "clients that reach their authority through it alone refuse the connection";
            self.warn_of_validity(*issuer, &name, &finding, consequence, diagnostics);
        }
    }

    fn warn_of_bundle(&self, bundle: &StoredBundle<'_>, diagnostics: &mut Diagnostics) {
        fn known<'a, S>(stored: &'a Stored<'_, S, Bundle>) -> Option<(Finding, &'a Bundle, String)> {
            let (holder, bundle) = stored.known.as_ref()?;
            let at = whole!["data"].with(AUTHORITIES_KEY);
            let name = format!("`{}/{}`", stored.namespace, stored.name);
            Some((holder.finding(codes::NOT_AN_AUTHORITY, at, String::new()), bundle, name))
        }
        let (kind, found) = match bundle {
            StoredBundle::ConfigMap(stored) => (Kind::ConfigMap, known(stored)),
            StoredBundle::Secret(stored) => (Kind::Secret, known(stored)),
        };
        let Some((template, bundle, name)) = found else { return };
        let name = format!("{} {name}", kind.name());
        let finding =
            |code: Code, message: String| Finding { code, message, claim: code.condition(), ..template.clone() };
        for authority in &bundle.authorities {
            let name = format!("the authority `{}` of {name}", authority.subject);
            let consequence = "certificates that it signed are refused";
            self.warn_of_validity(authority.validity, &name, &finding, consequence, diagnostics);
            if !authority.is_authority {
                diagnostics.report(
                    finding(codes::NOT_AN_AUTHORITY, format!("{name} may not sign certificates"))
                        .consequence("no client certificate is accepted because of it, but this very one")
                        .help("use the certificate of the authority that signs: it has the basic constraint `CA:TRUE`"),
                );
            }
        }
    }

    fn warn_of_validity(
        &self,
        validity: Validity,
        name: &str,
        finding: &dyn Fn(Code, String) -> Finding,
        consequence: &str,
        diagnostics: &mut Diagnostics,
    ) {
        let Some(now) = self.now else { return };
        let Validity { not_before, not_after } = validity;
        let (code, message) = if now > not_after {
            (codes::CERTIFICATE_EXPIRED, format!("{name} expired on {}", day(not_after)))
        } else if now < not_before {
            (codes::CERTIFICATE_NOT_YET_VALID, format!("{name} is not valid before {}", day(not_before)))
        } else {
            return;
        };
        diagnostics.report(finding(code, message).consequence(consequence).help("renew the certificate"));
    }
}

/// An object as sentences name it.
fn in_words(kind: &str, namespace: &Namespace, name: &Name) -> String {
    format!("{kind} `{namespace}/{name}`")
}

//! Certificates and keys of the output: inline, or in files that gwctl writes
//! or, for assumed objects, expects.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use crate::diagnostics::ObjectPart;
use crate::diagnostics::escape::for_file_name;
use crate::ir::{Authorities, CertificateId, KeyPair, Material, Origin, UpstreamTls};
use crate::name::{NamespacedName, owned};
use crate::options::{CertificateFiles, Options};
use crate::parser::manifests::{Kind, ObjectHead, ObjectKey};
use crate::resolver::{
    AUTHORITIES_KEY, BundleId, CERTIFICATE_KEY, CertificateIndex, HeldBundle, Holder, KeyPairId, OriginTable,
    PRIVATE_KEY_KEY, TlsSettings, TrustAnchors,
};
use typed_index_collections::TiVec;

use super::scope::Scope;

/// The files of a configuration, by the path that it names.
pub type Files = BTreeMap<String, Arc<str>>;

/// The files that whoever runs the proxy has to provide, by the path that the configuration names, each with its object.
pub type Expected = BTreeMap<String, ObjectKey>;

/// Where key material goes.
#[derive(Debug)]
pub(super) struct KeyMaterial<'a> {
    scope: Scope,
    index: &'a CertificateIndex<'a>,
    directory: Option<&'a Path>,
    inlines_files: bool,
    pairs: TiVec<CertificateId, KeyPair>,
    placed: BTreeMap<KeyPairId, CertificateId>,
    files: Files,
    expected: Expected,
}

impl<'a> KeyMaterial<'a> {
    pub(super) fn new(scope: Scope, index: &'a CertificateIndex<'a>, options: &'a Options) -> Self {
        let directory = options.secrets_dir.as_deref();
        let inlines_files = options.inlines_files;
        Self {
            scope,
            index,
            directory,
            inlines_files,
            pairs: TiVec::new(),
            placed: BTreeMap::new(),
            files: Files::new(),
            expected: Expected::new(),
        }
    }

    /// The certificates in the order of their first use, and the files that the
    /// configuration refers to: those that gwctl has to write, and the others.
    pub(super) fn into_parts(self) -> (TiVec<CertificateId, KeyPair>, Files, Expected) {
        (self.pairs, self.files, self.expected)
    }

    /// The certificate of a Secret, which has one place in the configuration.
    pub(super) fn key_pair(&mut self, id: KeyPairId, origins: &mut OriginTable) -> CertificateId {
        if let Some(placed) = self.placed.get(&id) {
            return *placed;
        }
        let pair = self.place_pair(id, origins);
        let placed = self.pairs.push_and_get_key(pair);
        self.placed.insert(id, placed);
        placed
    }

    fn place_pair(&mut self, id: KeyPairId, origins: &mut OriginTable) -> KeyPair {
        let stored = self.index.pair(id);
        let known = stored.known.as_ref();
        let (chain, key) = known.map(|(_, pair)| (pair.chain.as_str(), pair.key.as_str())).unzip();
        let object = (&stored.namespace, &stored.name);
        let unseen = self.index.unseen_words(id);
        let given = match known {
            Some((Holder::Files(files), _)) if !self.inlines_files => Some(files),
            _ => None,
        };
        let mut place = |name, content| match (unseen, given) {
            (Some(words), _) => Material::Unseen(words.to_owned()),
            (None, Some(CertificateFiles { chain, key, .. })) => {
                Material::File(if name == CERTIFICATE_KEY { chain } else { key }.path.clone())
            }
            (None, None) => self.place(Kind::Secret, object, name, content),
        };
        let (chain, key) = (place(CERTIFICATE_KEY, chain), place(PRIVATE_KEY_KEY, key));
        let (namespace, name) = owned(object);
        KeyPair {
            namespace,
            name,
            chain,
            key,
            origin: known.and_then(|(holder, _)| holder.object()).map(|object| origin_of(object, origins)),
        }
    }

    /// The authorities of several objects, joined where there are more than one. A configuration does without those
    /// that have no place.
    pub(super) fn authorities(&mut self, ids: &[BundleId], origins: &mut OriginTable) -> Authorities {
        let is_held = |id: &&BundleId| self.scope == Scope::Judged || !self.index.is_unplaced(**id);
        let parts: Vec<(BundleId, HeldBundle<'_>)> =
            ids.iter().filter(is_held).map(|id| (*id, self.index.bundle(*id).held())).collect();
        let first = parts.iter().find_map(|(_, held)| held.object).map(|object| origin_of(object, origins));
        let object = match parts.as_slice() {
            [(_, held)] => Some((held.namespace.to_owned(), held.name.to_owned())),
            _ => None,
        };
        let bundle = match parts.as_slice() {
            [only] => self.place_bundle(only),
            // The proxy reads one file of authorities only; they are no secret.
            many => match many.iter().map(|(_, held)| held.pem).collect::<Option<String>>() {
                Some(joined) => Material::Inline(joined.into()),
                None => Material::Several(many.iter().map(|one| self.place_bundle(one)).collect()),
            },
        };
        // What stands in the configuration has no name of its own.
        let object = object.filter(|_| matches!(bundle, Material::File(_)));
        Authorities { bundle, object, origin: first }
    }

    fn place_bundle(&mut self, (id, held): &(BundleId, HeldBundle<'_>)) -> Material {
        let HeldBundle { kind, namespace, name, pem, object: _, file } = *held;
        match file {
            _ if self.index.is_unseen(*id) => Material::Unseen(full_name(kind, (namespace, name))),
            Some(file) if !self.inlines_files => Material::File(file.path.clone()),
            _ => self.place(kind, (namespace, name), AUTHORITIES_KEY, pem),
        }
    }

    /// The TLS settings of a backend; `certificate` is shown where the backend has none of its own.
    pub(super) fn upstream_tls(
        &mut self,
        settings: &TlsSettings,
        certificate: Option<KeyPairId>,
        origins: &mut OriginTable,
    ) -> UpstreamTls {
        let TlsSettings { server_name, anchors, names, offer, client_certificate, unplaced: _, is_missing: _ } =
            settings.clone();
        UpstreamTls {
            server_name,
            authorities: match anchors {
                TrustAnchors::System(file) => {
                    Some(Authorities { bundle: Material::File(file), object: None, origin: None })
                }
                TrustAnchors::Bundles(ids) => Some(self.authorities(&ids, origins)),
                TrustAnchors::Unasked => None,
            },
            names,
            client_certificate: client_certificate.or(certificate).map(|id| self.key_pair(id, origins)),
            offer,
        }
    }

    /// Puts one value of an object in its place. Without content it is assumed
    /// to be there; without a directory it has no place, and is only judged.
    fn place(
        &mut self,
        kind: Kind,
        (namespace, name): NamespacedName<'_>,
        key: &str,
        content: Option<&str>,
    ) -> Material {
        let directory = match (self.directory, content) {
            (Some(directory), _) => directory,
            (None, Some(content)) => return Material::Inline(content.into()),
            (None, None) => return Material::Unseen(full_name(kind, (namespace, name))),
        };
        // A second line of defence: references that are no names have been refused.
        let (folder, file) = (for_file_name(namespace), for_file_name(name));
        let path = directory.join(&*folder).join(&*file).join(key).to_string_lossy().into_owned();
        let Some(content) = content else {
            self.expected.insert(path.clone(), ObjectKey::new(kind, (namespace, name)));
            return Material::File(path);
        };
        // A Secret and a ConfigMap of one name may have authorities of their own each.
        let is_other = self.files.get(&path).is_some_and(|other| **other != *content);
        if is_other {
            return Material::Inline(content.into());
        }
        self.files.entry(path.clone()).or_insert_with(|| content.into());
        Material::File(path)
    }
}

/// An object as sentences name it.
fn full_name(kind: Kind, (namespace, name): NamespacedName<'_>) -> String {
    format!("{} `{namespace}/{name}`", kind.name())
}

fn origin_of(object: &ObjectHead, origins: &mut OriginTable) -> Origin {
    let object = origins.object(object);
    origins.origin(object, ObjectPart::Whole)
}

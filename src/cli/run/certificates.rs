//! Certificates for listeners whose Secrets the input lacks: made when they are first needed, for this run alone.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io;
use std::path::PathBuf;

use crate::certificate::to_pem;
use crate::leftovers::PrivateDirectory;
use crate::name::{Name, Namespace, NamespacedName, owned};
use crate::options::CertificateFiles;
use crate::parser::api::{Listener, SecretObjectReference};
use crate::parser::manifests::Manifests;
use crate::parser::source::{Found, Source};
use crate::resolver::is_object_name;
use crate::translator::envoy::name;

/// The name of the text that holds what was made, where a finding would name a file.
const NAME: &str = "(made by gwctl run)";

/// A Secret, by namespace and name.
type SecretName = (Namespace, Name);

/// One that was made.
#[derive(Debug)]
struct Made {
    hosts: BTreeSet<String>,
    chain: String,
    key: String,
    file: PathBuf,
}

/// The certificates of a run. They stay the same for as long as they are for the same hosts.
#[derive(Debug, Default)]
pub(super) struct Certificates {
    made: BTreeMap<SecretName, Made>,
}

impl Certificates {
    /// Makes what listeners name and the input lacks. The text holds all that was made; `None` when nothing was.
    ///
    /// # Errors
    /// Why one could not be made or written.
    pub(super) fn make_missing<'m>(
        &mut self,
        manifests: &'m Manifests,
        given: &[CertificateFiles],
        directory: &PrivateDirectory,
    ) -> Result<Option<(Source, Vec<NamespacedName<'m>>)>, String> {
        let mut missing = missing(manifests);
        missing.retain(|name, _| !given.iter().any(|given| (&given.namespace, &given.name) == *name));
        let mut new = Vec::new();
        for (&secret, hosts) in &missing {
            let (namespace, name) = secret;
            let is_made = |made: &Made| made.hosts.iter().eq(hosts.iter().copied());
            if !self.get(namespace, name).is_some_and(is_made) {
                let made = make(namespace, name, hosts, directory)?;
                self.made.insert(owned(secret), made);
                new.push((namespace, name));
            }
        }
        self.made.retain(|(namespace, name), _| missing.contains_key(&(namespace, name)));
        let mut text = String::new();
        for ((namespace, name), made) in &self.made {
            // Writing to a string does not fail.
            let _ = write!(
                text,
                "---\napiVersion: v1\nkind: Secret\nmetadata: {{name: {name}, namespace: {namespace}}}\n\
                 type: kubernetes.io/tls\nstringData:\n  tls.crt: |\n{}  tls.key: |\n{}",
                indented(&made.chain),
                indented(&made.key)
            );
        }
        let source = Source { name: NAME.to_owned(), text, found: Found::Named, context: true, kept: Vec::new() };
        Ok((!self.made.is_empty()).then_some((source, new)))
    }

    /// The file of a certificate that was made, for clients.
    pub(super) fn file(&self, namespace: &Namespace, name: &Name) -> Option<&PathBuf> {
        self.get(namespace, name).map(|made| &made.file)
    }

    fn get(&self, namespace: &Namespace, name: &Name) -> Option<&Made> {
        self.made
            .iter()
            .find(|((own_namespace, own), _)| (own_namespace, own) == (namespace, name))
            .map(|(_, made)| made)
    }
}

/// The Secrets that listeners name and the input lacks, each with the hosts that it is for. What cannot be the name of one
/// is left to whoever reports it.
fn missing(manifests: &Manifests) -> BTreeMap<NamespacedName<'_>, BTreeSet<&String>> {
    let known: BTreeSet<NamespacedName<'_>> = manifests.secrets.iter().map(|one| one.metadata.sort_key()).collect();
    let http = manifests.http_routes.iter().flat_map(|route| &route.spec.hostnames);
    let hosts: BTreeSet<&String> =
        http.chain(manifests.grpc_routes.iter().flat_map(|route| &route.spec.hostnames)).collect();
    let gateways = manifests.gateways.iter().map(|one| (&one.metadata.namespace, &one.spec.listeners));
    let sets = manifests.listener_sets.iter().map(|one| (&one.metadata.namespace, &one.spec.listeners));
    let mut missing: BTreeMap<NamespacedName<'_>, BTreeSet<&String>> = BTreeMap::new();
    for (namespace, listeners) in gateways.chain(sets) {
        for Listener { hostname, tls, .. } in listeners {
            for SecretObjectReference { group, kind, name, namespace: other } in
                tls.iter().flat_map(|tls| &tls.certificate_refs)
            {
                let secret = (other.as_ref().unwrap_or(namespace), name);
                let is_name = is_object_name(secret.0) && is_object_name(secret.1);
                if (group.as_str(), kind.as_str()) == ("", "Secret") && is_name && !known.contains(&secret) {
                    let all = hosts.iter().copied().filter(|host| names_more(hostname.as_deref(), host));
                    missing.entry(secret).or_default().extend(hostname.iter().chain(all));
                }
            }
        }
    }
    missing
}

/// Whether a host that may be served is none that the name of its listener covers in a certificate, where `*` is one label.
fn names_more(listener: Option<&str>, host: &str) -> bool {
    let Some(listener) = listener else { return true };
    let below = listener.strip_prefix('*').and_then(|suffix| host.strip_suffix(suffix));
    below.is_some_and(|labels| labels.contains('.'))
}

fn make(
    namespace: &Namespace,
    secret: &Name,
    hosts: &BTreeSet<&String>,
    directory: &PrivateDirectory,
) -> Result<Made, String> {
    let failed = |why: String| format!("no certificate could be made for Secret {namespace}/{secret}: {why}");
    let local = ["localhost", "*.localhost", "127.0.0.1", "::1"].map(str::to_owned);
    let hosts: BTreeSet<String> = hosts.iter().copied().cloned().collect();
    let names: Vec<String> = hosts.iter().cloned().chain(local).collect::<BTreeSet<_>>().into_iter().collect();
    let made = rcgen::generate_simple_self_signed(names).map_err(|error| failed(error.to_string()))?;
    let chain = to_pem("CERTIFICATE", made.cert.der());
    let key = to_pem("PRIVATE KEY", &made.signing_key.serialize_der());
    let file = format!("{}.crt", name::file(&format!("{namespace}/{secret}")));
    let file = directory.write(&file, chain.as_bytes());
    let file = file.map_err(|error: io::Error| failed(error.to_string()))?;
    Ok(Made { hosts, chain, key, file })
}

fn indented(text: &str) -> String {
    text.lines().fold(String::new(), |all, line| all + "    " + line + "\n")
}

/// The words for those that were made.
pub(super) fn words(names: &[NamespacedName<'_>]) -> impl Iterator<Item = String> {
    names.iter().map(|(namespace, name)| {
        format!("Secret {namespace}/{name} is not in the input: a certificate was made for this run")
    })
}

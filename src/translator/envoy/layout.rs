//! Where the parts of resources stand: in the resource that uses them, beside it, or in a file of their own
//! ([file-based discovery](https://www.envoyproxy.io/docs/envoy/latest/configuration/overview/examples#dynamic)).

use std::collections::BTreeSet;

use envoy_types::pb::envoy::config::core::v3::config_source::ConfigSourceSpecifier;
use envoy_types::pb::envoy::config::core::v3::{ApiVersion, ConfigSource, PathConfigSource, WatchedDirectory};
use envoy_types::pb::envoy::extensions::filters::network::http_connection_manager::v3::Rds;
use envoy_types::pb::envoy::extensions::transport_sockets::tls::v3::SdsSecretConfig;

use crate::ir::{self, Endpoints};

use super::name;

/// How many files a proxy watches at most. Envoy takes an inotify instance for each, of which a user has 128 on most
/// systems, and ends at once where there is none left
/// ([source](https://github.com/envoyproxy/envoy/blob/main/source/common/filesystem/inotify/watcher_impl.cc)). Two proxies of one user fit.
const MOST_FILES: usize = 60;

/// Where the parts of resources stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    /// The route configurations of connection managers.
    pub(super) routes: Part,
    /// The certificates of TLS contexts.
    pub(super) secrets: Part,
    /// The passwords and keys by which clients sign in, which a filter cannot have in itself. Sections show them, and
    /// whoever uses those puts them into the bootstrap.
    sign_ins: Part,
    /// The endpoints of clusters whose addresses are known.
    pub(super) endpoints: Part,
    /// The files through which certificates that are in files themselves are followed; `None` reads them once.
    pub(super) renewals: Option<Files>,
}

/// Where a context finds a certificate or authorities.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Source {
    /// In itself.
    Inline,
    /// Beside it, in the bootstrap.
    Beside,
    /// In a file.
    File(Box<ConfigSource>),
}

/// The directory, below the one of certificates and keys, of the files through which a bootstrap follows them. No namespace
/// has such a name.
const RENEWALS: &str = ".sds";

/// Where one kind of part stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// In the resource that uses it.
    Inline,
    /// Beside it, in the bootstrap.
    Bootstrap,
    /// In a file of its own.
    File(Files),
}

/// The files of one kind of resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Files {
    place: Place,
    folder: &'static str,
    extension: &'static str,
}

/// Where the proxy finds the files of a configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The directory.
    pub directory: String,
    /// The files come by a swapped link on the way, as mounted volumes do, and not by a rename in their directory.
    pub is_swapped: bool,
}

impl Layout {
    /// One bootstrap that has everything.
    pub fn bootstrap(config: &ir::Config) -> Self {
        let renewals = beside_secrets(config);
        let (secrets, sign_ins) = (Part::Bootstrap, Part::Bootstrap);
        Self { routes: Part::Inline, secrets, sign_ins, endpoints: Part::Inline, renewals }
    }

    /// Resources that need nothing beside them but the files of certificates.
    pub fn sections(config: &ir::Config) -> Self {
        let renewals = beside_secrets(config);
        let (secrets, sign_ins) = (Part::Inline, Part::Bootstrap);
        Self { routes: Part::Inline, secrets, sign_ins, endpoints: Part::Inline, renewals }
    }

    /// Files below a directory, by the path that the proxy sees. What would make more files than a proxy can watch
    /// stands inline: endpoints first, then certificates, then routes.
    pub fn files(config: &ir::Config, place: &Place, extension: &'static str) -> Self {
        let files = |folder| Files { place: place.clone(), folder, extension };
        let file = |folder| Part::File(files(folder));
        let of_one = |listener: &&ir::Listener| listener.entrance.is_shared();
        let own = config.listeners.iter().filter(|listener| !of_one(listener));
        let connections: usize = own.map(|listener| listener.http_connections().count()).sum();
        let connections = connections + usize::from(config.listeners.iter().any(|listener| of_one(&listener)));
        let inline = config.certificates.iter().filter(|pair| pair.files().is_none()).count();
        let asked: BTreeSet<_> = config.external_auths.iter().map(|auth| auth.settings.cluster).collect();
        let followers = config.clusters.iter().chain(asked.into_iter().map(|id| config.cluster(id)));
        let known = followers.filter(|one| is_known(one)).count();
        let counts = [connections, inline + count_followed(config), known];
        let needed = 2 * config.sign_ins().len();
        let mut left = MOST_FILES.saturating_sub(needed);
        let mut fits = counts.iter().map(|count| {
            left = left.saturating_sub(*count);
            left > 0
        });
        let mut part = |kind| if fits.next() == Some(true) { file(kind) } else { Part::Inline };
        let (routes, secrets, endpoints) = (part("rds"), part("sds"), part("eds"));
        let renewals = matches!(secrets, Part::File(_)).then(|| files("sds"));
        let sign_ins = if needed > 0 { file("sds") } else { Part::Bootstrap };
        Self { routes, secrets, sign_ins, endpoints, renewals }
    }

    /// Where a filter finds a password or a key by which clients sign in.
    pub(super) fn sign_in_source(&self, name: String) -> SdsSecretConfig {
        let sds_config = match &self.sign_ins {
            Part::File(files) => Some(files.source(&name)),
            Part::Bootstrap | Part::Inline => None,
        };
        SdsSecretConfig { name, sds_config }
    }

    /// Whether certificates are listed: in a directory where they are in its listeners they are not.
    pub(super) fn lists_pairs(&self) -> bool {
        !(matches!(self.sign_ins, Part::File(_)) && self.secrets == Part::Inline)
    }

    /// Whether route configurations have files of their own, and stay while the listeners of before still use them.
    pub(super) fn has_route_files(&self) -> bool {
        matches!(self.routes, Part::File(_))
    }

    /// Whether certificates that are in files are read again when those change.
    pub(super) fn follows(&self) -> bool {
        self.renewals.is_some()
    }

    /// Where a context finds the secret of this name.
    pub(super) fn secret_source(&self, name: &str, is_in_files: bool) -> Source {
        match (&self.renewals, &self.secrets) {
            (Some(files), _) if is_in_files => Source::File(Box::new(files.source(name))),
            (_, Part::File(files)) => Source::File(Box::new(files.source(name))),
            (_, Part::Bootstrap) => Source::Beside,
            (_, Part::Inline) => Source::Inline,
        }
    }

    /// What of it has files of its own, in the words of the discovery services.
    pub fn services(&self) -> Vec<&'static str> {
        let secrets = if self.lists_pairs() { &self.secrets } else { &self.sign_ins };
        let parts = [(&self.routes, "RDS"), (&self.endpoints, "EDS"), (secrets, "SDS")];
        parts.into_iter().filter(|(part, _)| matches!(part, Part::File(_))).map(|(_, name)| name).collect()
    }
}

/// The files that stand beside the certificates which they follow, unless those are more than a proxy can watch.
fn beside_secrets(config: &ir::Config) -> Option<Files> {
    let directory = config.proxy.secrets_directory.clone()?;
    let place = Place { directory, is_swapped: false };
    (count_followed(config) <= MOST_FILES).then_some(Files { place, folder: RENEWALS, extension: "yaml" })
}

/// How many directories and files a proxy watches for certificates that are in files: two for each.
fn count_followed(config: &ir::Config) -> usize {
    let pairs = config.certificates.iter().filter(|pair| pair.files().is_some()).count();
    let authorities: BTreeSet<_> = config.authorities().filter_map(ir::Authorities::file).collect();
    2 * (pairs + authorities.len())
}

/// Whether the addresses of a cluster's endpoints are in the input.
pub(super) fn is_known(cluster: &ir::Cluster) -> bool {
    !cluster.is_dns() && cluster.settings.tunnel.is_none() && matches!(cluster.endpoints, Endpoints::Static(_))
}

impl Files {
    /// Where a resource comes from.
    pub(super) fn source(&self, resource: &str) -> ConfigSource {
        self.place.source(&self.file(resource))
    }

    /// Where a connection manager finds the route configuration of this name.
    pub(super) fn rds(&self, routes: &str) -> Rds {
        Rds { config_source: Some(self.source(routes)), route_config_name: routes.to_owned() }
    }

    /// The path of a resource.
    pub(super) fn path(&self, resource: &str) -> String {
        format!("{}/{}", self.place.directory, self.file(resource))
    }

    fn file(&self, resource: &str) -> String {
        let Self { place: _, folder, extension } = self;
        format!("{folder}/{}.{extension}", name::file(resource))
    }
}

impl Place {
    /// A file as the source of resources.
    pub(super) fn source(&self, file: &str) -> ConfigSource {
        let watched = || WatchedDirectory { path: self.directory.clone(), ..WatchedDirectory::default() };
        ConfigSource {
            resource_api_version: ApiVersion::V3 as i32,
            config_source_specifier: Some(ConfigSourceSpecifier::PathConfigSource(PathConfigSource {
                path: format!("{}/{file}", self.directory),
                watched_directory: self.is_swapped.then(watched),
                ..PathConfigSource::default()
            })),
            ..ConfigSource::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(certificates: usize) -> ir::Config {
        let inline = || ir::Material::Inline("".into());
        let pair = |number: usize| ir::KeyPair {
            namespace: "a".into(),
            name: number.to_string().into(),
            chain: inline(),
            key: inline(),
            origin: None,
        };
        ir::Config { certificates: (0..certificates).map(pair).collect(), ..ir::Config::default() }
    }

    #[test]
    fn a_proxy_never_watches_more_files_than_it_can() {
        let place = Place { directory: "/a".to_owned(), is_swapped: false };
        let services = |certificates| Layout::files(&config(certificates), &place, "yaml").services();
        assert_eq!(services(MOST_FILES - 1), ["RDS", "EDS", "SDS"]);
        assert_eq!(services(MOST_FILES), ["RDS"]);
        assert_eq!(services(MOST_FILES + 1), ["RDS"]);
    }
}

//! `translate --layout xds`: a directory that Envoy watches, in the order of writes that loses no request
//! ([eventual consistency](https://www.envoyproxy.io/docs/envoy/latest/api-docs/xds_protocol#eventual-consistency-considerations)).
//!
//! First whatever nobody refers to yet, then what refers to it, and in the end the removal of what nobody refers to any
//! more: endpoints, certificates and new route configurations; clusters, those that go still among them; listeners;
//! changed route configurations; backends that have no endpoint any more; the clusters without those that went; files that
//! are stale. After a run that was cut off anywhere the next one starts from what is there.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io;
use std::path::Path;
use std::time::{Duration, SystemTime};

use super::args::OutputFormat;
use super::made::Made;
use super::pipeline::{Compiled, Emission};
use super::streams::Unwritten;
use crate::diagnostics::escape::for_terminal;
use crate::emit::directory::{Directory, DirectoryError};
use crate::emit::file::Access;
use crate::emit::{self, holds_private_key};
use crate::ir;
use crate::translator::envoy::{self, Kind, Layout, Place, Resource};

/// The clusters that the proxy may know, encoded: what the next run keeps until nothing routes to it.
const CLUSTERS: &str = ".gwctl-clusters.pb";

/// The route configurations that only connections from before a change of authorizations use.
const SUPERSEDED: &str = ".gwctl-superseded";
/// How long connections may live that were made before a change of a listener: Envoy's `--drain-time-s`.
const DRAIN_TIME: Duration = Duration::from_secs(600);

/// When goes what nobody refers to any more. A proxy that is busy may come to the files late, and in another order than they
/// were written in: for as long as it routes to a cluster that is gone, requests are lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Removal {
    /// At once: a proxy has had the time to read the rest.
    AtOnce,
    /// When [`SETTLING`] has passed.
    Waiting,
    /// Not in this run: another one follows.
    Later,
}

/// How long a proxy is given to read everything before something is removed.
const SETTLING: Duration = Duration::from_secs(1);

/// What a directory is written with.
#[derive(Clone, Debug)]
pub(super) struct Settings<'a> {
    /// How the files are written, and what their extension is.
    pub(super) format: OutputFormat,
    /// Comments in YAML that name the source of each part.
    pub(super) comments: bool,
    /// The id of the proxy.
    pub(super) node: &'a str,
    /// Where the proxy finds the directory.
    pub(super) place: &'a Place,
    /// When stale parts go.
    pub(super) removal: Removal,
}

/// What a run has done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Written {
    /// Files that are new or changed.
    pub(super) written: usize,
    /// Files that were there already.
    pub(super) unchanged: usize,
    /// Files that are gone.
    pub(super) removed: usize,
    /// Files that are stale, and left to another run.
    pub(super) stale: usize,
    /// Whether another run has something to remove: stale files, or clusters.
    pub(super) is_unfinished: bool,
    /// The bootstrap is another one than before, which a running proxy does not notice.
    pub(super) is_bootstrap_changed: bool,
    /// What has files of its own beside listeners and clusters.
    pub(super) services: Vec<&'static str>,
}

impl fmt::Display for Written {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { written, unchanged, removed, stale, is_unfinished: _, is_bootstrap_changed: _, services } = self;
        let services = ["LDS", "CDS"].iter().chain(services).copied().collect::<Vec<_>>().join(", ");
        let more = if *stale > 0 { format!(", {stale} to remove") } else { String::new() };
        let files = if *written == 1 { "file" } else { "files" };
        write!(f, "{written} {files} written, {unchanged} unchanged, {removed} removed{more} ({services})")
    }
}

/// A file to write.
struct Entry {
    name: String,
    access: Access,
    content: Vec<u8>,
}

/// Where the proxy finds a directory: its absolute path, unless it is mounted elsewhere.
///
/// # Errors
/// When the path cannot stand in a configuration.
pub(super) fn place(directory: &Path, elsewhere: Option<&Path>) -> Result<Place, Unwritten> {
    let failed =
        |why: String| Unwritten(for_terminal(&format!("cannot write `{}`: {why}", directory.display())).into_owned());
    let path = match elsewhere {
        Some(path) if path.is_absolute() => path.to_path_buf(),
        Some(path) => return Err(failed(format!("`--mounted-at {}` is no absolute path", path.display()))),
        None => std::path::absolute(directory).map_err(|error| failed(error.to_string()))?,
    };
    let text = path.to_str().ok_or_else(|| failed("its path is not UTF-8".to_owned()))?;
    Ok(Place { directory: text.trim_end_matches('/').to_owned(), is_swapped: elsewhere.is_some() })
}

/// Where the parts of a configuration stand in a directory.
pub(super) fn layout(config: &ir::Config, place: &Place, format: OutputFormat) -> Layout {
    Layout::files(config, place, extension(format))
}

/// Brings a directory up to date with a compilation that has an output.
///
/// # Errors
/// When a file cannot be written; those that were not are as they were.
pub(super) fn write(
    directory: &mut Directory,
    compiled: &Compiled,
    settings: &Settings<'_>,
) -> Result<Written, DirectoryError> {
    let extension = extension(settings.format);
    let config = &compiled.compilation.emitted().config;
    let layout = layout(config, settings.place, settings.format);
    // A comment on the whole input would be another one with every edit.
    let made = Made::default();
    let emission = Emission { format: settings.format, section: None, comments: settings.comments, made };
    let comments = compiled.comments(&emission);
    let secrets = config.sent_secrets();
    let render = |name: String, kind: Kind, resources: &[Resource]| -> io::Result<Entry> {
        let wires: Vec<&[u8]> = resources.iter().map(|one| one.wire.as_slice()).collect();
        let mut content = Vec::new();
        emit::write_resources(kind.message(), &wires, settings.format.into(), &*comments, &mut content)?;
        // Only what is of no use without its key is for the owner alone.
        let is_private =
            wires.iter().any(|wire| holds_private_key(kind.message(), wire).unwrap_or(true) || secrets.are_in(wire));
        let access = if is_private { Access::Private } else { Access::Ordinary };
        Ok(Entry { name, access, content })
    };
    let services = layout.services();
    let resources = |kind: Kind, service: &str| {
        if services.contains(&service) { compiled.resources(kind, &layout) } else { Vec::new() }
    };
    let leaves = |kind: Kind, folder: &str, resources: &[Resource]| -> io::Result<Vec<Entry>> {
        let entry = |one: &Resource| {
            render(format!("{folder}/{}.{extension}", envoy::name::file(&one.name)), kind, std::slice::from_ref(one))
        };
        resources.iter().map(entry).collect()
    };
    let listed =
        |kind: Kind, name: &str, resources: &[Resource]| render(format!("{name}.{extension}"), kind, resources);
    let build = || -> io::Result<Plan> {
        let routes = leaves(Kind::Route, "rds", &resources(Kind::Route, "RDS"))?;
        let superseded = Superseded::read(directory, &routes, now());
        let clusters = compiled.resources(Kind::Cluster, &layout);
        let kept = kept_clusters(directory, &clusters);
        let both: Vec<Resource> = clusters.iter().chain(&kept).cloned().collect();
        let is_later = settings.removal == Removal::Later;
        let is_unfinished = is_later && !kept.is_empty() && superseded.current.is_empty();
        let without_kept = if kept.is_empty() || !superseded.current.is_empty() || is_later {
            Vec::new()
        } else {
            vec![listed(Kind::Cluster, "cds", &clusters)?, state(&clusters)?]
        };
        let (known_routes, new_routes): (Vec<Entry>, Vec<Entry>) =
            routes.into_iter().partition(|entry| directory.has(&entry.name));
        let (returning_routes, changed_routes) =
            known_routes.into_iter().partition(|entry| superseded.was(&entry.name));
        let endpoints = |cluster: &Resource| format!("eds/{}.{extension}", envoy::name::file(&cluster.name));
        let kept_endpoints = if superseded.current.is_empty() { &[] } else { kept.as_slice() };
        let kept_endpoints = kept_endpoints.iter().map(endpoints).filter(|name| directory.has(name));
        // A backend that has no endpoint any more may be none of the changed routes.
        let (empty, usable): (Vec<Resource>, Vec<Resource>) =
            resources(Kind::Endpoint, "EDS").into_iter().partition(Resource::has_no_endpoint);
        let empty = leaves(Kind::Endpoint, "eds", &empty)?;
        let (emptied, empty): (Vec<Entry>, Vec<Entry>) =
            empty.into_iter().partition(|entry| directory.has(&entry.name));
        let secrets = leaves(Kind::Secret, "sds", &resources(Kind::Secret, "SDS"))?;
        let usable = leaves(Kind::Endpoint, "eds", &usable)?;
        Ok(Plan {
            leaves: [usable, empty, secrets, new_routes].into_iter().flatten().collect(),
            // What is announced to the next run is what the proxy may know: written before, and after, the proxy's own.
            all_clusters: vec![state(&both)?, listed(Kind::Cluster, "cds", &both)?],
            listeners: vec![listed(Kind::Listener, "lds", &compiled.resources(Kind::Listener, &layout))?],
            returning_routes,
            changed_routes,
            emptied,
            rest: without_kept.into_iter().chain([bootstrap(config, settings)?]).chain(superseded.entry()).collect(),
            kept: superseded.current.into_keys().chain(kept_endpoints).collect(),
            removal: settings.removal,
            is_unfinished,
        })
    };
    let plan = build().map_err(|error| DirectoryError::File(emit::file::FileError::Io(None, error)))?;
    let mut written = plan.write(directory)?;
    written.services = services;
    Ok(written)
}

/// The bootstrap that names the other files.
fn bootstrap(config: &ir::Config, settings: &Settings<'_>) -> io::Result<Entry> {
    let extension = extension(settings.format);
    let wire = envoy::encode_dynamic_bootstrap(config, settings.node, settings.place, extension);
    let mut content = Vec::new();
    emit::write(emit::BOOTSTRAP, &wire, settings.format.into(), &emit::NoComments, &mut content)?;
    Ok(Entry { name: format!("envoy.{extension}"), access: Access::Ordinary, content })
}

fn now() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map(|since| since.as_secs()).unwrap_or_default()
}

/// The clusters of the last run that are none of these.
fn kept_clusters(directory: &Directory, clusters: &[Resource]) -> Vec<Resource> {
    let known: BTreeSet<&str> = clusters.iter().map(|cluster| cluster.name.as_str()).collect();
    let before = directory.read(CLUSTERS).and_then(|bytes| emit::read_resources(&bytes)).unwrap_or_default();
    let named = before.into_iter().filter_map(Resource::cluster);
    named.filter(|cluster| !known.contains(cluster.name.as_str())).collect()
}

fn state(clusters: &[Resource]) -> io::Result<Entry> {
    let wires: Vec<&[u8]> = clusters.iter().map(|one| one.wire.as_slice()).collect();
    let mut content = Vec::new();
    let message = Kind::Cluster.message();
    emit::write_resources(message, &wires, emit::Format::Pb, &emit::NoComments, &mut content)?;
    Ok(Entry { name: CLUSTERS.to_owned(), access: Access::Private, content })
}

/// The extension of files in a format.
pub(super) fn extension(format: OutputFormat) -> &'static str {
    match format {
        OutputFormat::Yaml => "yaml",
        OutputFormat::Json => "json",
        OutputFormat::Pb => "pb",
    }
}

/// Route configurations that connections may still use, each with the second since when no new one does. Only another
/// set of authorizations makes new ones: see `translator::envoy`.
#[derive(Debug, Default)]
struct Superseded {
    /// Those that connections may use from now on.
    current: BTreeMap<String, u64>,
    /// Those of the last run.
    before: BTreeMap<String, u64>,
}

impl Superseded {
    fn read(directory: &Directory, current: &[Entry], now: u64) -> Self {
        let text = directory.read(SUPERSEDED).unwrap_or_default();
        let known: BTreeMap<String, u64> = String::from_utf8_lossy(&text)
            .lines()
            .filter_map(|line| line.split_once(' '))
            .filter_map(|(since, name)| Some((name.to_owned(), since.parse().ok()?)))
            .collect();
        // The listener and the format: files of another format are of another proxy.
        let listener = |name: &str| {
            let (name, extension) = name.rsplit_once('.').unwrap_or((name, ""));
            let (listener, _) = name.split_once("_authorized_").unwrap_or((name, ""));
            (listener.to_owned(), extension.to_owned())
        };
        let served: BTreeSet<(String, String)> = current.iter().map(|entry| listener(&entry.name)).collect();
        let is_current = |name: &str| current.iter().any(|entry| entry.name == name);
        let old = directory
            .listed("rds")
            .filter(|name| !is_current(name) && served.contains(&listener(name)) && directory.has(name));
        let since = |name: &str| known.get(name).copied().unwrap_or(now);
        let aged = old.map(|name| (name.to_owned(), since(name)));
        let current = aged.filter(|(_, since)| now.saturating_sub(*since) < DRAIN_TIME.as_secs()).collect();
        Self { current, before: known }
    }

    /// Whether only connections from before used it until now.
    fn was(&self, name: &str) -> bool {
        self.before.contains_key(name)
    }

    fn entry(&self) -> Option<Entry> {
        let lines = self.current.iter().map(|(name, since)| format!("{since} {name}\n"));
        let content = lines.collect::<String>().into_bytes();
        (!self.current.is_empty()).then(|| Entry { name: SUPERSEDED.to_owned(), access: Access::Ordinary, content })
    }
}

/// What is written, step by step.
struct Plan {
    /// Whatever nobody refers to yet, and the endpoints that there are.
    leaves: Vec<Entry>,
    /// The clusters, those that go still among them.
    all_clusters: Vec<Entry>,
    /// What only connections from before have used: its routes may be those of another time.
    returning_routes: Vec<Entry>,
    listeners: Vec<Entry>,
    changed_routes: Vec<Entry>,
    /// Backends that are without endpoints now.
    emptied: Vec<Entry>,
    /// The clusters without those that went, and the bootstrap.
    rest: Vec<Entry>,
    /// Files that stay although nothing of this plan writes them.
    kept: Vec<String>,
    removal: Removal,
    /// Whether clusters stay that nobody refers to.
    is_unfinished: bool,
}

impl Plan {
    fn write(&self, directory: &mut Directory) -> Result<Written, DirectoryError> {
        let Self {
            leaves,
            all_clusters,
            returning_routes,
            listeners,
            changed_routes,
            emptied,
            rest,
            kept,
            removal,
            is_unfinished,
        } = self;
        let steps = [leaves, all_clusters, returning_routes, listeners, changed_routes, emptied, rest];
        let all = steps.into_iter().flatten();
        let mut names: BTreeSet<String> = all.map(|entry| entry.name.clone()).chain(kept.iter().cloned()).collect();
        directory.announce(names.iter().map(String::as_str))?;
        let bootstrap = rest.iter().map(|entry| entry.name.as_str()).find(|name| name.starts_with("envoy."));
        let was_there = bootstrap.is_some_and(|name| directory.has(name));
        // Of another format: a proxy that was started with it follows files that go.
        let has_other =
            directory.names().any(|name| name.starts_with("envoy.") && Some(name) != bootstrap && directory.has(name));
        let mut changed = BTreeSet::new();
        for step in steps {
            let is_last = std::ptr::eq(step, rest);
            let removes = || rest.len() > 1 || directory.count_stale(&names) > 0;
            if is_last && was_there && *removal == Removal::Waiting && !changed.is_empty() && removes() {
                std::thread::sleep(SETTLING);
            }
            let mut bytes = None;
            for entry in step {
                if directory.write(&entry.name, entry.access, &entry.content)? {
                    changed.insert(entry.name.as_str());
                    bytes = Some(bytes.unwrap_or_default() + entry.content.len());
                }
            }
            if let (Some(bytes), true) = (bytes, was_there) {
                std::thread::sleep(reading_time(bytes));
            }
        }
        let is_bootstrap_changed = has_other || was_there && bootstrap.is_some_and(|name| changed.contains(name));
        let (stale, removed) = match removal {
            Removal::Later => {
                // Route configurations go at once: a listener that comes back would begin with what it had before.
                let others = directory.names().filter(|name| !name.starts_with("rds/")).map(str::to_owned);
                let staying = names.iter().cloned().chain(others).collect();
                let removed = directory.retain(&staying)?;
                (directory.count_stale(&names), removed)
            }
            Removal::AtOnce | Removal::Waiting => (0, directory.retain(&names)?),
        };
        names.retain(|name| !name.starts_with('.'));
        changed.retain(|name| !name.starts_with('.'));
        let unchanged = names.len() - changed.len();
        let is_unfinished = *is_unfinished || stale > 0;
        Ok(Written {
            written: changed.len(),
            unchanged,
            removed,
            stale,
            is_unfinished,
            is_bootstrap_changed,
            services: Vec::new(),
        })
    }
}

/// How long a proxy is given to read what was written, before the next step builds on it: its main thread comes to files
/// in no certain order. Without a pause 31 of some 1,000 requests met a route whose cluster was not known yet; with it
/// none did. Envoy reads about a megabyte of YAML a second.
fn reading_time(bytes: usize) -> Duration {
    Duration::from_millis(100 + u64::try_from(bytes / 1_000).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries(names: &[&str]) -> Vec<Entry> {
        let entry = |name: &&str| Entry { name: (*name).to_owned(), access: Access::Ordinary, content: b"x".to_vec() };
        names.iter().map(entry).collect()
    }

    /// A directory that has these route configurations.
    fn directory(root: &Path, names: &[&str]) -> Directory {
        let mut directory = Directory::open(root).unwrap();
        directory.announce(names.iter().copied().chain([SUPERSEDED])).unwrap();
        for entry in entries(names) {
            directory.write(&entry.name, entry.access, &entry.content).unwrap();
        }
        directory
    }

    #[test]
    fn routes_of_other_authorizations_stay_until_connections_are_drained() {
        let root = tempfile::tempdir().unwrap();
        let old = ["rds/http-80.yaml", "rds/http-80_authorized_aa.yaml", "rds/http-81.yaml", "rds/http-80.json"];
        let directory = directory(root.path(), &old);
        let current = entries(&["rds/http-80_authorized_bb.yaml"]);
        let superseded = |now| Superseded::read(&directory, &current, now);
        let first = superseded(1_000);
        assert_eq!(first.current.keys().collect::<Vec<_>>(), ["rds/http-80.yaml", "rds/http-80_authorized_aa.yaml"]);
        let state = first.entry().unwrap();
        directory.write(&state.name, state.access, &state.content).unwrap();
        assert_eq!(superseded(1_000 + DRAIN_TIME.as_secs() - 1).current, first.current);
        assert!(superseded(1_000 + DRAIN_TIME.as_secs()).current.is_empty());
        // What comes back has been without a listener: its routes may be old.
        assert!(superseded(1_001).was("rds/http-80.yaml") && !superseded(1_001).was("rds/http-80_authorized_bb.yaml"));
    }

    #[test]
    fn a_directory_is_found_at_its_absolute_path_or_where_it_is_mounted() {
        assert!(place(Path::new("a"), None).unwrap().directory.ends_with("/a"));
        let mounted = place(Path::new("a"), Some(Path::new("/b/"))).unwrap();
        assert_eq!(mounted, Place { directory: "/b".to_owned(), is_swapped: true });
        assert!(place(Path::new("a"), Some(Path::new("b"))).is_err());
    }
}

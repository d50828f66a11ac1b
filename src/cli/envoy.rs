//! `gwctl validate --envoy`: what a real Envoy says about the result, and which
//! manifest it speaks of.
//!
//! Envoy stops at the first thing it does not like. Where its words name a
//! listener, route or cluster, that is the culprit; otherwise it is found by
//! leaving out halves. Then the culprit is taken out, and Envoy is asked again.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::comments::{NamedPlace, Resource};
use crate::compile::Compilation;
use crate::diagnostics::escape::path_for_terminal;
use crate::diagnostics::{Finding, Location, codes};
use crate::emit;
use crate::ir::LOG_NOWHERE;
use crate::leftovers::PrivateDirectory;
use crate::private_key::STAND_IN;
use crate::proving::{self, Error};

/// How many complaints are reported in one run.
const MOST_COMPLAINTS: usize = 20;
/// What stands before Envoy's reason in its log.
const REASON_MARK: &str = "error initializing configuration '";

/// The Envoy to ask.
///
/// # Errors
/// A message for the user when there is none.
pub(super) fn find(path: Option<&Path>) -> Result<PathBuf, String> {
    match path {
        Some(path) if path.is_file() => Ok(path.to_owned()),
        Some(path) => Err(format!("there is no Envoy at `{}`", path_for_terminal(path))),
        None => proving::find().map_err(|error| error.to_string()),
    }
}

/// The Envoy to run: also the one that gwctl's own tests have installed.
///
/// # Errors
/// A message for the user when there is none.
pub(super) fn find_to_run(path: Option<&Path>) -> Result<PathBuf, String> {
    match (path, std::env::current_exe()) {
        (None, Ok(program)) => proving::find_beside(&program).map_err(|error| error.to_string()),
        _ => find(path),
    }
}

/// What Envoy refuses in the output of a compilation, each with the manifest that it comes from.
///
/// # Errors
/// A message for the user when Envoy cannot be run.
pub(super) fn refusals(binary: &Path, compilation: &Compilation) -> Result<Vec<Finding>, String> {
    let Some(wire) = compilation.bootstrap.as_deref() else { return Ok(Vec::new()) };
    let mut json = Vec::new();
    let internal = |error: String| format!("the configuration cannot be handed to Envoy: {error}");
    emit::write_json(emit::BOOTSTRAP, wire, &mut json).map_err(|error| internal(error.to_string()))?;
    let mut config: Value = serde_json::from_slice(&json).map_err(|error| internal(error.to_string()))?;
    keep_nothing(&mut config);
    // The configuration may hold keys.
    let directory = PrivateDirectory::new().map_err(|error| internal(error.to_string()))?;
    let judge = Judge { binary, directory: &directory };
    let secrets = emit::secret::secrets(&config, &compilation.emitted().config.names_of_secret_headers());
    let mut search = Search { judge: &judge, config, places: compilation.named_places() };
    let mut findings = Vec::new();
    while findings.len() < MOST_COMPLAINTS {
        let Some(complaint) = judge.complaint(&search.config)? else { break };
        let culprit = search.culprit(&complaint)?;
        findings.push(search.finding(culprit.as_ref(), &without_secrets(&complaint, &secrets)));
        match culprit {
            Some(culprit) => search.take_out(&culprit),
            None => break,
        }
    }
    Ok(findings)
}

/// Lets logs go nowhere: Envoy makes the files of those that it validates, and who judges manifests writes none of theirs.
fn keep_nothing(config: &mut Value) {
    match config {
        Value::Object(fields) => {
            let is_log =
                fields.get("@type").and_then(Value::as_str).is_some_and(|kind| kind.ends_with(".FileAccessLog"));
            if let Some(path) = fields.get_mut("path").filter(|_| is_log) {
                *path = LOG_NOWHERE.into();
            }
            fields.values_mut().for_each(keep_nothing);
        }
        Value::Array(items) => items.iter_mut().for_each(keep_nothing),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// A real Envoy that validates one file.
struct Judge<'a> {
    binary: &'a Path,
    directory: &'a PrivateDirectory,
}

impl Judge<'_> {
    /// What Envoy says against a configuration.
    fn complaint(&self, config: &Value) -> Result<Option<String>, String> {
        let file = self
            .directory
            .write("envoy.json", config.to_string().as_bytes())
            .map_err(|error| format!("cannot write a file for Envoy: {error}"))?;
        match proving::validate(self.binary, &file) {
            Ok(()) => Ok(None),
            Err(Error::Refused(log)) => Ok(Some(reason(&log))),
            Err(error) => Err(error.to_string()),
        }
    }

    fn refuses(&self, config: &Value) -> Result<bool, String> {
        Ok(self.complaint(config)?.is_some())
    }
}

/// Envoy's reason, without the log around it.
fn reason(log: &str) -> String {
    let text = log.rsplit_once(REASON_MARK).and_then(|(_, rest)| rest.split_once("': ")).map(|(_, reason)| reason);
    let words: Vec<&str> = text.unwrap_or(log).split_whitespace().collect();
    words.join(" ")
}

/// Envoy's words without the secrets of the configuration, which it may quote in whole or in lines.
fn without_secrets(words: &str, secrets: &[String]) -> String {
    /// Shorter parts say nothing.
    const SHORTEST: usize = 8;
    let mut shown = words.to_owned();
    for secret in secrets {
        let parts = std::iter::once(secret.as_str()).chain(secret.split(['\n', ' ']));
        for part in parts.map(str::trim).filter(|part| part.len() >= SHORTEST && !part.starts_with("-----")) {
            let escaped = part.escape_default().to_string();
            shown = shown.replace(part, STAND_IN).replace(&escaped, STAND_IN);
        }
    }
    shown
}

/// A listener, route or cluster by its name.
type Culprit = (Resource, String);

/// The hunt for what Envoy complains about.
struct Search<'a> {
    judge: &'a Judge<'a>,
    config: Value,
    places: Vec<NamedPlace>,
}

impl Search<'_> {
    fn culprit(&self, complaint: &str) -> Result<Option<Culprit>, String> {
        match self.named(complaint) {
            Some(named) => Ok(Some(named)),
            None => self.bisect(),
        }
    }

    /// The resource that Envoy's words name, the longest name first.
    fn named(&self, complaint: &str) -> Option<Culprit> {
        let is_present = |(resource, name): &Culprit| names(&self.config, *resource).contains(name);
        let is_named = |name: &str| {
            complaint.match_indices(name).any(|(at, _)| {
                let before = complaint.get(..at).and_then(|text| text.chars().next_back());
                let after = complaint.get(at + name.len()..).and_then(|text| text.chars().next());
                let is_part = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || matches!(c, '/' | '-' | '_'));
                !is_part(before) && !is_part(after)
            })
        };
        let named = self.places.iter().filter(|place| is_named(&place.name));
        let mut named: Vec<Culprit> = named.map(|place| (place.resource, place.name.clone())).collect();
        named.retain(is_present);
        named.into_iter().max_by_key(|(_, name)| name.len())
    }

    fn bisect(&self) -> Result<Option<Culprit>, String> {
        let keep = |resource: Resource, wanted: &[String]| only(&self.config, resource, wanted);
        let without_listeners = keep(Resource::Listener, &[]);
        if self.judge.refuses(&without_listeners)? {
            let clusters = names(&self.config, Resource::Cluster);
            return self.halve(clusters, |part| only(&without_listeners, Resource::Cluster, part), Resource::Cluster);
        }
        let routes = names(&self.config, Resource::Route);
        if !self.judge.refuses(&keep(Resource::Route, &[]))? {
            return self.halve(routes, |part| keep(Resource::Route, part), Resource::Route);
        }
        let bare = keep(Resource::Route, &[]);
        let listeners = names(&self.config, Resource::Listener);
        self.halve(listeners, |part| only(&bare, Resource::Listener, part), Resource::Listener)
    }

    /// The one of `names` with which alone Envoy still complains; `None` when only several together do.
    fn halve(
        &self,
        mut names: Vec<String>,
        with: impl Fn(&[String]) -> Value,
        resource: Resource,
    ) -> Result<Option<Culprit>, String> {
        while names.len() > 1 {
            let rest = names.split_off(names.len() / 2);
            if !self.judge.refuses(&with(&names))? {
                names = rest;
            }
        }
        match names.pop() {
            Some(name) if self.judge.refuses(&with(std::slice::from_ref(&name)))? => Ok(Some((resource, name))),
            _ => Ok(None),
        }
    }

    /// Takes the culprit out; a cluster keeps its name, for routes refer to it.
    fn take_out(&mut self, (resource, name): &Culprit) {
        let is_culprit = |item: &Value| item.get("name").and_then(Value::as_str) == Some(name);
        match resource {
            Resource::Cluster => {
                let clusters = list(&mut self.config, "clusters").into_iter().flatten();
                for cluster in clusters.filter(|item| is_culprit(item)) {
                    *cluster = json!({"name": name, "type": "STATIC", "connect_timeout": "1s"});
                }
            }
            Resource::Listener => {
                if let Some(listeners) = list(&mut self.config, "listeners") {
                    listeners.retain(|item| !is_culprit(item));
                }
            }
            Resource::Route => each_route_list(&mut self.config, &mut |routes| routes.retain(|item| !is_culprit(item))),
        }
    }

    fn finding(&self, culprit: Option<&Culprit>, complaint: &str) -> Finding {
        let place = |(resource, name): &Culprit| {
            self.places.iter().find(|place| place.resource == *resource && place.name == *name)
        };
        let place = culprit.and_then(place);
        let location = place.map_or(Location::Run, |place| place.location.clone());
        let what = match culprit {
            Some((Resource::Listener, name)) => format!("listener `{name}`"),
            Some((Resource::Route, name)) => format!("route `{name}`"),
            Some((Resource::Cluster, name)) => format!("cluster `{name}`"),
            None => "configuration".to_owned(),
        };
        let finding = Finding::new(codes::REFUSED_BY_ENVOY, location, format!("Envoy refuses the {what}: {complaint}"))
            .label("what Envoy refuses comes from here")
            .consequence("Envoy does not start with this configuration, and nothing is served")
            .help("change what Envoy's words name; if the manifest is right, this is a mistake of gwctl: report it");
        match place.and_then(|place| place.object.clone()) {
            Some((object, part)) => finding.object(object, part),
            None => finding,
        }
    }
}

/// The list of a kind of static resources, if there is one.
fn list<'v>(config: &'v mut Value, key: &str) -> Option<&'v mut Vec<Value>> {
    config.get_mut("static_resources")?.get_mut(key)?.as_array_mut()
}

/// Calls `visit` with the routes of every virtual host, wherever connection managers stand.
fn each_route_list(value: &mut Value, visit: &mut impl FnMut(&mut Vec<Value>)) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| each_route_list(item, visit)),
        Value::Object(fields) => {
            for (key, field) in fields {
                match (key.as_str(), field) {
                    ("virtual_hosts", Value::Array(hosts)) => {
                        let routes = hosts.iter_mut().filter_map(|host| host.get_mut("routes"));
                        routes.filter_map(Value::as_array_mut).for_each(&mut *visit);
                    }
                    (_, field) => each_route_list(field, visit),
                }
            }
        }
        _ => {}
    }
}

/// The names of all resources of a kind, each once.
fn names(config: &Value, resource: Resource) -> Vec<String> {
    let of_list =
        |key: &str| config.get("static_resources").and_then(|resources| resources.get(key)).into_iter().collect();
    let lists = match resource {
        Resource::Listener => of_list("listeners"),
        Resource::Cluster => of_list("clusters"),
        Resource::Route => route_lists(config),
    };
    let items = lists.into_iter().filter_map(Value::as_array).flatten();
    let names: BTreeSet<&str> = items.filter_map(|item| item.get("name")?.as_str()).collect();
    names.into_iter().map(str::to_owned).collect()
}

/// The lists of routes of all virtual hosts, wherever connection managers stand.
fn route_lists(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(items) => items.iter().flat_map(route_lists).collect(),
        Value::Object(fields) => {
            let fields = fields.iter();
            fields
                .flat_map(|(key, field)| match (key.as_str(), field) {
                    ("virtual_hosts", Value::Array(hosts)) => {
                        hosts.iter().filter_map(|host| host.get("routes")).collect()
                    }
                    _ => route_lists(field),
                })
                .collect()
        }
        _ => Vec::new(),
    }
}

/// The configuration with the resources of these names as the only ones of their kind.
fn only(config: &Value, resource: Resource, wanted: &[String]) -> Value {
    let mut config = config.clone();
    let is_wanted =
        |item: &Value| item.get("name").and_then(Value::as_str).is_some_and(|name| wanted.iter().any(|w| w == name));
    let key = match resource {
        Resource::Listener => "listeners",
        Resource::Cluster => "clusters",
        Resource::Route => {
            each_route_list(&mut config, &mut |routes| routes.retain(is_wanted));
            return config;
        }
    };
    if let Some(items) = list(&mut config, key) {
        items.retain(is_wanted);
    }
    config
}

#[cfg(test)]
#[path = "envoy_tests.rs"]
mod tests;

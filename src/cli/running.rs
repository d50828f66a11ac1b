//! What a running proxy says of its configuration (`/config_dump`), and the same made of the manifests, to be compared.
//!
//! The two are brought to one form: numbers are compared by their values, and what a proxy hides is hidden on both sides.

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;

use serde_json::{Map, Value};

use super::args::OutputFormat;
use super::pipeline::Compiled;
use super::xds;
use crate::emit::secret::redacted;
use crate::emit::{self, NoComments};
use crate::proving;
use crate::translator::envoy::{self, Kind, NODE, Place};

/// What is asked for where a link names no path.
const DUMP: &str = "/config_dump";
/// The part of a dump that has endpoints.
const ENDPOINTS: &str = ".EndpointsConfigDump";
/// What of a bootstrap the proxy itself adds to.
const OF_PROCESS: [&str; 2] = ["node", "stats_config"];

/// The answer of a proxy.
#[derive(Debug)]
pub(super) struct Running {
    configs: Vec<Value>,
}

/// The address and the path of a link, where the text is one.
///
/// # Errors
/// A message for the user when it does not lead to this machine.
pub(super) fn link(text: &str) -> Option<Result<(SocketAddr, String), String>> {
    let rest = text.strip_prefix("http://")?;
    let (host, path) = rest.find(['/', '?']).map_or((rest, ""), |at| rest.split_at(at));
    let host = host.strip_prefix("localhost:").map_or_else(|| host.to_owned(), |port| format!("127.0.0.1:{port}"));
    let path = if matches!(path, "" | "/") { DUMP } else { path };
    // Endpoints are left out unless they are asked for.
    let path = if path.contains('?') { path.to_owned() } else { format!("{path}?include_eds") };
    Some(match host.parse::<SocketAddr>() {
        Ok(address) if address.ip().is_loopback() => Ok((address, path)),
        _ => Err(format!("`{text}` does not lead to this machine: expected http://127.0.0.1:PORT{DUMP}")),
    })
}

impl Running {
    /// Asks a proxy.
    ///
    /// # Errors
    /// A message for the user.
    pub(super) fn ask(address: SocketAddr, path: &str) -> Result<Self, String> {
        let answer = proving::ask_admin(address, path).map_err(|error| format!("no answer from {address}: {error}"))?;
        let mut parsed: Value =
            serde_json::from_str(&answer).map_err(|error| format!("{address}{path} answers no JSON: {error}"))?;
        Self::of(&mut parsed).ok_or_else(|| format!("{address}{path} is no dump of a configuration"))
    }

    /// The dump in a file, taken out of it; `None` where it holds something else.
    pub(super) fn of(content: &mut Value) -> Option<Self> {
        let configs = content.get_mut("configs")?.as_array_mut()?;
        let has_bootstrap = configs.iter().any(|one| one.get("bootstrap").is_some());
        has_bootstrap.then(|| Self { configs: std::mem::take(configs) })
    }

    /// Whether the proxy hides something.
    pub(super) fn hides(&self) -> bool {
        fn hides(value: &Value) -> bool {
            match value {
                Value::String(text) => text == emit::secret::REDACTED,
                Value::Array(items) => items.iter().any(hides),
                Value::Object(fields) => fields.values().any(hides),
                _ => false,
            }
        }
        self.configs.iter().any(hides)
    }

    /// Whether the proxy follows this directory.
    pub(super) fn follows(&self, directory: &str) -> bool {
        self.followed().is_some_and(|(place, _)| place.directory == directory)
    }

    /// Why the proxy did not take what it does not have.
    pub(super) fn refusals(&self) -> Vec<String> {
        fn collect(value: &Value, found: &mut Vec<String>) {
            if let Some(details) = value.pointer("/error_state/details").and_then(Value::as_str) {
                found.push(details.to_owned());
            }
            match value {
                Value::Array(items) => items.iter().for_each(|item| collect(item, found)),
                Value::Object(fields) => fields.values().for_each(|field| collect(field, found)),
                _ => {}
            }
        }
        let mut found = Vec::new();
        self.configs.iter().for_each(|part| collect(part, &mut found));
        found
    }

    /// Whether endpoints are in files, and the dump leaves them out, as it does unless it is asked for them.
    pub(super) fn lacks_endpoints(&self, compiled: &Compiled) -> bool {
        let is_of_endpoints = |one: &Value| one["@type"].as_str().is_some_and(|kind| kind.ends_with(ENDPOINTS));
        let config = &compiled.compilation.emitted().config;
        self.followed().is_some_and(|(place, format)| {
            xds::layout(config, &place, format).services().contains(&"EDS") && !self.configs.iter().any(is_of_endpoints)
        })
    }

    /// The directory that the proxy follows, and the format of its files.
    fn followed(&self) -> Option<(Place, OutputFormat)> {
        let source = self.part("bootstrap")?.pointer("/dynamic_resources/lds_config/path_config_source")?;
        let file = Path::new(source["path"].as_str().unwrap_or_default());
        let directory = file.parent().unwrap_or(Path::new("")).to_string_lossy().into_owned();
        let place = Place { directory, is_swapped: source.get("watched_directory").is_some() };
        let format = match file.extension().and_then(|extension| extension.to_str()) {
            Some("json") => OutputFormat::Json,
            Some("pb") => OutputFormat::Pb,
            _ => OutputFormat::Yaml,
        };
        Some((place, format))
    }

    /// What runs, and what the manifests would have run in the same layout.
    ///
    /// # Errors
    /// Those of the writers of this module's documents: none that a user can cause.
    pub(super) fn both(&self, compiled: &Compiled) -> io::Result<(Value, Value)> {
        let bootstrap = self.part("bootstrap").cloned().unwrap_or_default();
        let Some((place, format)) = self.followed() else {
            let today = json_of(emit::BOOTSTRAP, compiled.compilation.bootstrap.as_deref().unwrap_or_default())?;
            return Ok((canonical(&process(bootstrap)), canonical(&process(today))));
        };
        let (mut old, mut new) = (self.dynamic(bootstrap), dynamic_today(compiled, &place, format)?);
        if self.lacks_endpoints(compiled) {
            for side in [&mut old, &mut new] {
                side.as_object_mut().map(|fields| fields.remove("endpoints"));
            }
        }
        take_read_files(&mut old, &new);
        Ok((canonical(&old), canonical(&new)))
    }

    /// The first part of the dump with such a field.
    fn part(&self, field: &str) -> Option<&Value> {
        self.configs.iter().find_map(|one| one.get(field))
    }

    /// What a proxy has that follows files.
    fn dynamic(&self, bootstrap: Value) -> Value {
        let list = |field: &str, resource: &[&str]| -> Vec<Value> {
            let all = self.part(field).and_then(Value::as_array).into_iter().flatten();
            let inner = |entry: &Value| resource.iter().try_fold(entry, |entry, step| entry.get(step)).cloned();
            all.filter_map(inner).collect()
        };
        let clusters = list("dynamic_active_clusters", &["cluster"]);
        // Those that DNS has found are in the dump as well.
        let is_from_file = |endpoints: &Value| {
            let mut own = clusters.iter().filter(|cluster| cluster["name"] == endpoints["cluster_name"]);
            own.any(|cluster| cluster["type"] == "EDS")
        };
        let mut endpoints = list("dynamic_endpoint_configs", &["endpoint_config"]);
        endpoints.retain(is_from_file);
        let resources = [
            ("listeners", list("dynamic_listeners", &["active_state", "listener"])),
            ("route_configs", list("dynamic_route_configs", &["route_config"])),
            ("clusters", clusters),
            ("secrets", list("dynamic_active_secrets", &["secret"])),
            ("endpoints", endpoints),
        ];
        join(bootstrap, resources)
    }
}

/// Puts the names of files in the place of what a proxy has read from them.
fn take_read_files(old: &mut Value, new: &Value) {
    match (old, new) {
        (Value::Object(own), Value::Object(fields))
            if fields.contains_key("filename") && own.keys().any(|key| key.starts_with("inline_")) =>
        {
            own.clone_from(fields);
        }
        (Value::Object(own), Value::Object(fields)) => {
            for (name, value) in own {
                fields.get(name).into_iter().for_each(|new| take_read_files(value, new));
            }
        }
        (Value::Array(own), Value::Array(items)) => {
            for value in own {
                let same = items.iter().find(|item| item.get("name").is_some() && item["name"] == value["name"]);
                same.into_iter().for_each(|new| take_read_files(value, new));
            }
        }
        _ => {}
    }
}

/// The same, of the manifests.
fn dynamic_today(compiled: &Compiled, place: &Place, format: OutputFormat) -> io::Result<Value> {
    let config = &compiled.compilation.emitted().config;
    let layout = xds::layout(config, place, format);
    let wire = envoy::encode_dynamic_bootstrap(config, NODE, place, xds::extension(format));
    let services = layout.services();
    let resources = |kind: Kind, is_there: bool| -> io::Result<Vec<Value>> {
        let all = if is_there { compiled.resources(kind, &layout) } else { Vec::new() };
        all.iter().map(|one| json_of(kind.message(), &one.wire)).collect()
    };
    let has = |service| services.contains(&service);
    let lists = [
        ("listeners", resources(Kind::Listener, true)?),
        ("route_configs", resources(Kind::Route, has("RDS"))?),
        ("clusters", resources(Kind::Cluster, true)?),
        ("secrets", resources(Kind::Secret, has("SDS"))?),
        ("endpoints", resources(Kind::Endpoint, has("EDS"))?),
    ];
    Ok(join(json_of(emit::BOOTSTRAP, &wire)?, lists))
}

/// One document of a bootstrap and resources. Those without a list of names of their own are found by theirs.
fn join(bootstrap: Value, resources: [(&str, Vec<Value>); 5]) -> Value {
    let mut whole = match process(bootstrap) {
        Value::Object(fields) => fields,
        _ => Map::new(),
    };
    for (kind, mut all) in resources {
        for one in &mut all {
            if let Some(fields) = one.as_object_mut() {
                fields.remove("@type");
            }
        }
        let value = match kind {
            "route_configs" => by_name(all, "name", |one| one),
            "endpoints" => by_name(all, "cluster_name", |one| addresses(&one)),
            _ => Value::Array(all),
        };
        whole.insert(kind.to_owned(), value);
    }
    Value::Object(whole)
}

fn by_name(all: Vec<Value>, field: &str, view: impl Fn(Value) -> Value) -> Value {
    let named = all.into_iter().map(|one| (one[field].as_str().unwrap_or_default().to_owned(), view(one)));
    Value::Object(named.collect::<BTreeMap<_, _>>().into_iter().collect())
}

/// The addresses of endpoints: a proxy adds their health and their place to them.
fn addresses(assignment: &Value) -> Value {
    let groups = assignment["endpoints"].as_array().into_iter().flatten();
    let all = groups.filter_map(|group| group["lb_endpoints"].as_array()).flatten();
    let address = |one: &Value| {
        let socket = one.pointer("/endpoint/address/socket_address")?;
        let ip: IpAddr = socket["address"].as_str()?.parse().unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
        let port = u16::try_from(socket["port_value"].as_u64()?).ok()?;
        Some(SocketAddr::new(ip, port).to_string())
    };
    let mut found: Vec<String> = all.filter_map(address).collect();
    found.sort();
    found.into_iter().collect()
}

/// A bootstrap without what the process makes of it.
fn process(mut bootstrap: Value) -> Value {
    if let Some(fields) = bootstrap.as_object_mut() {
        OF_PROCESS.iter().for_each(|field| drop(fields.remove(*field)));
    }
    bootstrap
}

fn json_of(message: &str, wire: &[u8]) -> io::Result<Value> {
    let mut json = Vec::new();
    emit::write(message, wire, emit::Format::Json, &NoComments, &mut json)?;
    Ok(serde_json::from_slice(&json)?)
}

/// One form of what may be written in several: 64-bit numbers stand in quotes in protobuf's JSON, and nothing that is empty
/// or hidden says anything.
fn canonical(value: &Value) -> Value {
    fn number(text: &str) -> Option<String> {
        let (digits, unit) = text.strip_suffix('s').map_or((text, ""), |digits| (digits, "s"));
        let is_number = digits.bytes().all(|byte| byte.is_ascii_digit() || b".+-eE".contains(&byte));
        let parsed = digits.parse::<f64>().ok().filter(|_| is_number)?;
        Some(format!("{parsed}{unit}"))
    }
    fn walk(value: Value) -> Value {
        match value {
            Value::Number(digits) => number(&digits.to_string()).unwrap_or_default().into(),
            Value::String(text) => number(&text).unwrap_or(text).into(),
            Value::Array(items) => items.into_iter().map(walk).collect(),
            Value::Object(fields) => fields.into_iter().map(|(name, value)| (name, walk(value))).collect(),
            other => other,
        }
    }
    walk(redacted(value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn links_lead_to_this_machine() {
        let to = |text: &str| link(text).map(|link| link.map(|(address, path)| format!("{address}{path}")));
        let ok = |text: &str| Some(Ok::<_, String>(text.to_owned()));
        assert_eq!(to("http://127.0.0.1:19000"), ok("127.0.0.1:19000/config_dump?include_eds"));
        assert_eq!(to("http://localhost:19000/"), ok("127.0.0.1:19000/config_dump?include_eds"));
        assert_eq!(to("http://[::1]:1/config_dump?mask=x"), ok("[::1]:1/config_dump?mask=x"));
        assert!(to("http://10.0.0.1:19000/config_dump").unwrap().is_err());
        assert!(to("http://example.com/config_dump").unwrap().is_err());
        assert!(to("envoy.yaml").is_none());
    }

    #[test]
    fn numbers_are_compared_by_value_and_keys_not_at_all() {
        let one = json!({"a": "50000", "b": 1.0, "c": "0.500s", "private_key": {"inline_string": "[redacted]"}});
        let other = json!({"a": 50000, "b": 1, "c": "0.5s", "private_key": {"inline_string": "KEY"}});
        assert_eq!(canonical(&one), canonical(&other));
        assert_ne!(canonical(&json!({"a": "x"})), canonical(&json!({"a": "y"})));
    }

    #[test]
    fn only_a_dump_with_a_bootstrap_is_one() {
        assert!(Running::of(&mut json!({"configs": [{"bootstrap": {}}]})).is_some());
        assert!(Running::of(&mut json!({"configs": []})).is_none() && Running::of(&mut json!({"admin": {}})).is_none());
    }
}

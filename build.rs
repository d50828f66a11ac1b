//! Generates the table of Envoy's messages that `emit` reads.
//!
//! The package `envoy-types` ships a descriptor set beside its Rust code. This
//! script finds the very package that the build resolved, decodes the set and
//! writes, for every message that gwctl can emit, one row per field: number,
//! name, kind and place in the output. Nothing of the protos is in this
//! repository, and nothing of the descriptors is in the program.
//!
//! To emit a new extension message, add it to [`ROOTS`].

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::env;
use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use prost::Message as _;
use prost_types::field_descriptor_proto::{Label, Type};
use prost_types::{DescriptorProto, EnumDescriptorProto, FieldDescriptorProto, FileDescriptorSet};
use serde_json::Value;

type Failure = Box<dyn Error>;

/// The messages that gwctl writes: the bootstrap, and everything that is packed
/// in a `google.protobuf.Any` somewhere below it. What these reach is included.
const ROOTS: &[&str] = &[
    "envoy.config.bootstrap.v3.Bootstrap",
    "envoy.service.discovery.v3.DiscoveryResponse",
    // Listener filters.
    "envoy.extensions.filters.listener.http_inspector.v3.HttpInspector",
    "envoy.extensions.filters.listener.original_dst.v3.OriginalDst",
    "envoy.extensions.filters.listener.proxy_protocol.v3.ProxyProtocol",
    "envoy.extensions.filters.listener.http_inspector.v3.HttpInspector",
    "envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector",
    "envoy.extensions.bootstrap.internal_listener.v3.InternalListener",
    // Sockets of connections.
    "envoy.extensions.transport_sockets.tcp_stats.v3.Config",
    "envoy.extensions.transport_sockets.internal_upstream.v3.InternalUpstreamTransport",
    // Network filters.
    "envoy.extensions.filters.network.connection_limit.v3.ConnectionLimit",
    "envoy.extensions.filters.network.direct_response.v3.Config",
    "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
    "envoy.extensions.filters.network.local_ratelimit.v3.LocalRateLimit",
    "envoy.extensions.filters.network.rbac.v3.RBAC",
    "envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy",
    "envoy.extensions.filters.udp.udp_proxy.v3.Route",
    "envoy.extensions.filters.udp.udp_proxy.v3.UdpProxyConfig",
    // HTTP filters and what routes say to them.
    "envoy.config.route.v3.FilterConfig",
    "envoy.extensions.filters.http.admission_control.v3.AdmissionControl",
    "envoy.extensions.filters.http.bandwidth_limit.v3.BandwidthLimit",
    "envoy.extensions.filters.http.api_key_auth.v3.ApiKeyAuth",
    "envoy.extensions.filters.http.api_key_auth.v3.ApiKeyAuthPerRoute",
    "envoy.extensions.filters.http.basic_auth.v3.BasicAuth",
    "envoy.extensions.filters.http.basic_auth.v3.BasicAuthPerRoute",
    "envoy.extensions.filters.http.oauth2.v3.OAuth2",
    "envoy.config.route.v3.FilterConfig",
    "envoy.extensions.filters.http.buffer.v3.Buffer",
    "envoy.extensions.filters.http.buffer.v3.BufferPerRoute",
    "envoy.extensions.filters.http.compressor.v3.Compressor",
    "envoy.extensions.filters.http.compressor.v3.CompressorPerRoute",
    "envoy.extensions.filters.http.cors.v3.Cors",
    "envoy.extensions.filters.http.cors.v3.CorsPolicy",
    "envoy.extensions.filters.http.csrf.v3.CsrfPolicy",
    "envoy.extensions.filters.http.dynamic_forward_proxy.v3.FilterConfig",
    "envoy.extensions.filters.http.set_filter_state.v3.Config",
    "envoy.extensions.filters.http.ext_authz.v3.ExtAuthz",
    "envoy.extensions.filters.http.ext_authz.v3.ExtAuthzPerRoute",
    "envoy.extensions.filters.http.ext_proc.v3.ExternalProcessor",
    "envoy.extensions.filters.http.ext_proc.v3.ExtProcPerRoute",
    "envoy.extensions.filters.http.fault.v3.HTTPFault",
    "envoy.extensions.filters.http.grpc_json_transcoder.v3.GrpcJsonTranscoder",
    "envoy.extensions.filters.http.grpc_stats.v3.FilterConfig",
    "envoy.extensions.filters.http.grpc_web.v3.GrpcWeb",
    "envoy.extensions.filters.http.header_mutation.v3.HeaderMutation",
    "envoy.extensions.filters.http.header_mutation.v3.HeaderMutationPerRoute",
    "envoy.extensions.filters.http.health_check.v3.HealthCheck",
    "envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication",
    "envoy.extensions.filters.http.jwt_authn.v3.PerRouteConfig",
    "envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit",
    "envoy.extensions.filters.http.lua.v3.Lua",
    "envoy.extensions.filters.http.lua.v3.LuaPerRoute",
    "envoy.extensions.filters.http.ratelimit.v3.RateLimit",
    "envoy.extensions.filters.http.ratelimit.v3.RateLimitPerRoute",
    "envoy.config.rbac.v3.Action",
    "envoy.extensions.filters.http.rbac.v3.RBAC",
    "envoy.extensions.filters.http.upstream_codec.v3.UpstreamCodec",
    "envoy.extensions.filters.http.rbac.v3.RBACPerRoute",
    "envoy.extensions.filters.http.router.v3.Router",
    "envoy.extensions.filters.http.set_metadata.v3.Config",
    "envoy.extensions.filters.http.stateful_session.v3.StatefulSession",
    "envoy.extensions.filters.http.stateful_session.v3.StatefulSessionPerRoute",
    "envoy.extensions.compression.brotli.compressor.v3.Brotli",
    "envoy.extensions.compression.gzip.compressor.v3.Gzip",
    "envoy.extensions.compression.zstd.compressor.v3.Zstd",
    "envoy.extensions.http.stateful_session.cookie.v3.CookieBasedSessionState",
    "envoy.extensions.http.stateful_session.header.v3.HeaderBasedSessionState",
    // Routes and matchers.
    "envoy.config.route.v3.Route",
    "envoy.config.route.v3.RouteConfiguration",
    "envoy.config.route.v3.RouteList",
    "envoy.extensions.matching.common_inputs.network.v3.DynamicMetadataInput",
    "envoy.extensions.matching.common_inputs.network.v3.SourceIPInput",
    "envoy.extensions.matching.common_inputs.network.v3.SourcePortInput",
    "envoy.extensions.matching.input_matchers.ip.v3.Ip",
    "envoy.extensions.matching.input_matchers.metadata.v3.Metadata",
    "envoy.extensions.matching.input_matchers.runtime_fraction.v3.RuntimeFraction",
    "envoy.extensions.path.match.uri_template.v3.UriTemplateMatchConfig",
    "envoy.extensions.path.rewrite.uri_template.v3.UriTemplateRewriteConfig",
    "envoy.type.matcher.v3.HttpRequestHeaderMatchInput",
    "envoy.type.matcher.v3.HttpRequestQueryParamMatchInput",
    // Extensions of the connection manager and of routes.
    "envoy.extensions.http.early_header_mutation.header_mutation.v3.HeaderMutation",
    "envoy.extensions.http.header_formatters.preserve_case.v3.PreserveCaseFormatterConfig",
    "envoy.extensions.http.original_ip_detection.custom_header.v3.CustomHeaderConfig",
    "envoy.extensions.http.original_ip_detection.xff.v3.XffConfig",
    "envoy.extensions.internal_redirect.safe_cross_scheme.v3.SafeCrossSchemeConfig",
    "envoy.extensions.request_id.uuid.v3.UuidRequestIdConfig",
    "envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate",
    "envoy.extensions.retry.priority.previous_priorities.v3.PreviousPrioritiesConfig",
    // TLS and other transport.
    "envoy.extensions.transport_sockets.proxy_protocol.v3.ProxyProtocolUpstreamTransport",
    "envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer",
    "envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext",
    "envoy.extensions.transport_sockets.tls.v3.Secret",
    "envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext",
    // Clusters.
    "envoy.config.cluster.v3.Cluster",
    "envoy.config.endpoint.v3.ClusterLoadAssignment",
    "envoy.config.listener.v3.Listener",
    "envoy.extensions.clusters.dns.v3.DnsCluster",
    "envoy.extensions.clusters.dynamic_forward_proxy.v3.ClusterConfig",
    "envoy.extensions.load_balancing_policies.least_request.v3.LeastRequest",
    "envoy.extensions.load_balancing_policies.maglev.v3.Maglev",
    "envoy.extensions.load_balancing_policies.override_host.v3.OverrideHost",
    "envoy.extensions.load_balancing_policies.random.v3.Random",
    "envoy.extensions.load_balancing_policies.ring_hash.v3.RingHash",
    "envoy.extensions.load_balancing_policies.round_robin.v3.RoundRobin",
    "envoy.extensions.network.dns_resolver.cares.v3.CaresDnsResolverConfig",
    "envoy.extensions.network.dns_resolver.getaddrinfo.v3.GetAddrInfoDnsResolverConfig",
    "envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
    // Observability and protection.
    "envoy.extensions.access_loggers.file.v3.FileAccessLog",
    "envoy.extensions.access_loggers.grpc.v3.HttpGrpcAccessLogConfig",
    "envoy.extensions.access_loggers.open_telemetry.v3.OpenTelemetryAccessLogConfig",
    "envoy.extensions.access_loggers.stream.v3.StderrAccessLog",
    "envoy.extensions.access_loggers.stream.v3.StdoutAccessLog",
    "envoy.config.trace.v3.DatadogConfig",
    "envoy.config.trace.v3.OpenTelemetryConfig",
    "envoy.config.trace.v3.ZipkinConfig",
    "envoy.extensions.tracers.opentelemetry.samplers.v3.ParentBasedSamplerConfig",
    "envoy.extensions.tracers.opentelemetry.samplers.v3.TraceIdRatioBasedSamplerConfig",
    "envoy.extensions.resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig",
    "envoy.extensions.resource_monitors.fixed_heap.v3.FixedHeapConfig",
];

/// Where a reader expects the fields of a message: `first` opens it, `last`
/// closes it, the others stand between them as Envoy declares them. A field
/// `name` opens every message that has one.
struct Order {
    message: &'static str,
    first: &'static [&'static str],
    last: &'static [&'static str],
}

/// The messages whose declared order is not the one that people write.
const ORDERS: &[Order] = &[
    Order { message: "envoy.config.bootstrap.v3.Bootstrap", first: &["node", "admin"], last: &["static_resources"] },
    Order {
        message: "envoy.config.listener.v3.Listener",
        first: &["name", "address", "additional_addresses", "stat_prefix"],
        last: &["listener_filters", "filter_chain_matcher", "filter_chains", "default_filter_chain"],
    },
    Order {
        message: "envoy.config.listener.v3.FilterChain",
        first: &["name", "filter_chain_match", "transport_socket"],
        last: &["filters"],
    },
    Order {
        message: "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        first: &["stat_prefix", "codec_type"],
        last: &["access_log", "http_filters", "rds", "scoped_routes", "route_config"],
    },
    Order {
        message: "envoy.config.route.v3.RouteConfiguration",
        first: &["name"],
        last: &["typed_per_filter_config", "virtual_hosts"],
    },
    Order {
        message: "envoy.config.route.v3.VirtualHost",
        first: &["name", "domains"],
        last: &["typed_per_filter_config", "matcher", "routes"],
    },
    Order {
        message: "envoy.config.route.v3.Route",
        first: &["name", "match", "route", "redirect", "direct_response", "filter_action", "non_forwarding_action"],
        last: &["typed_per_filter_config"],
    },
    Order {
        message: "envoy.config.cluster.v3.Cluster",
        first: &["name", "alt_stat_name", "type", "cluster_type", "connect_timeout", "lb_policy"],
        last: &["transport_socket_matches", "transport_socket", "load_assignment"],
    },
    Order { message: "envoy.config.endpoint.v3.LbEndpoint", first: &["endpoint", "endpoint_name"], last: &[] },
    Order { message: "envoy.config.endpoint.v3.LocalityLbEndpoints", first: &["locality"], last: &["lb_endpoints"] },
];

fn main() -> Result<(), Failure> {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-env-changed={OVERRIDE}");
    let set_path = find_descriptor_set()?;
    println!("cargo:rerun-if-changed={}", set_path.display());
    println!("cargo:rustc-env=GWCTL_DESCRIPTOR_SET={}", set_path.display());
    // For tests that ask cargo: crates of other platforms are not on every machine.
    println!("cargo:rustc-env=GWCTL_TARGET={}", env::var("TARGET")?);
    let bytes = fs::read(&set_path).map_err(|error| format!("{}: {error}", set_path.display()))?;
    let set = FileDescriptorSet::decode(bytes.as_slice())
        .map_err(|error| format!("{} is not a descriptor set: {error}", set_path.display()))?;
    let index = Index::new(&set)?;
    check_orders(&index)?;
    let table = Table::reachable(&index)?;
    fs::write(PathBuf::from(env::var("OUT_DIR")?).join("fields.rs"), table.render()?)?;
    Ok(())
}

// ---------------------------------------------------------------------------
// Finding the descriptor set.

/// Names the folder of the package when it cannot be found otherwise.
const OVERRIDE: &str = "GWCTL_ENVOY_TYPES_DIR";

/// The descriptor set inside the package.
const SET: &str = "src/generated/types.bin";

/// Finds the descriptor set of the `envoy-types` that this build resolved:
/// what the environment says, what cargo says, or what lies where cargo puts
/// the sources of packages.
fn find_descriptor_set() -> Result<PathBuf, Failure> {
    if let Some(folder) = env::var_os(OVERRIDE) {
        let path = PathBuf::from(folder).join(SET);
        return if path.is_file() { Ok(path) } else { Err(format!("{OVERRIDE}: no {}", path.display()).into()) };
    }
    let own = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?);
    let mut tried = Vec::new();
    for manifest in workspace_manifests(&own)? {
        match package_from_metadata(&manifest, &own) {
            Ok(folder) if folder.join(SET).is_file() => {
                watch_lock(&manifest);
                return Ok(folder.join(SET));
            }
            Ok(folder) => tried.push(format!("{} has no {SET}", folder.display())),
            Err(error) => tried.push(format!("{}: {error}", manifest.display())),
        }
    }
    // A registry's sources, a vendor folder; last the cache of every registry,
    // for an installation from a repository whose tests' packages are not there.
    let beside = own.parent().map(Path::to_path_buf);
    if let Some(folder) = beside.into_iter().chain(registry_folders()).find_map(|folder| newest_package_in(&folder)) {
        return Ok(folder.join(SET));
    }
    Err(format!("cannot find the package envoy-types; set {OVERRIDE} to its folder ({})", tried.join("; ")).into())
}

/// The manifests that may know how our dependencies were resolved: the folder
/// that holds the target directory (we may be somebody's dependency), and our
/// own. Only a folder with a lock file counts, so that nothing is written.
fn workspace_manifests(own: &Path) -> Result<Vec<PathBuf>, Failure> {
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let mut manifests = Vec::new();
    for folder in own.ancestors().chain(out.ancestors()) {
        let manifest = folder.join("Cargo.toml");
        if manifest.is_file() && folder.join("Cargo.lock").is_file() && !manifests.contains(&manifest) {
            manifests.push(manifest);
        }
    }
    Ok(manifests)
}

/// Asks cargo which package `envoy-types` of the package in `own` is.
fn package_from_metadata(manifest: &Path, own: &Path) -> Result<PathBuf, Failure> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(["metadata", "--offline", "--locked", "--format-version", "1", "--manifest-path"]).arg(manifest);
    if let Ok(target) = env::var("TARGET") {
        command.args(["--filter-platform", &target]);
    }
    let output = command.output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).trim().to_owned().into());
    }
    let metadata: Value = serde_json::from_slice(&output.stdout)?;
    let packages = metadata["packages"].as_array().ok_or("no packages")?;
    let own_manifest = own.join("Cargo.toml");
    let us = packages
        .iter()
        .find(|package| package["manifest_path"].as_str().is_some_and(|path| Path::new(path) == own_manifest))
        .ok_or("gwctl is not in this workspace")?;
    let nodes = metadata["resolve"]["nodes"].as_array().ok_or("nothing is resolved")?;
    let node = nodes.iter().find(|node| node["id"] == us["id"]).ok_or("gwctl is not resolved")?;
    let dependencies = node["dependencies"].as_array().ok_or("no dependencies")?;
    let package = packages
        .iter()
        .find(|package| package["name"] == "envoy-types" && dependencies.contains(&package["id"]))
        .ok_or("envoy-types is not among the dependencies")?;
    let manifest = package["manifest_path"].as_str().ok_or("envoy-types has no manifest")?;
    Ok(Path::new(manifest).parent().ok_or("envoy-types has no folder")?.to_path_buf())
}

/// The folders into which cargo unpacks the packages of registries.
fn registry_folders() -> Vec<PathBuf> {
    let home = env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| env::var_os("HOME").map(|home| PathBuf::from(home).join(".cargo")));
    let sources = home.and_then(|home| fs::read_dir(home.join("registry/src")).ok());
    let mut folders: Vec<PathBuf> = sources.into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    folders.sort();
    folders
}

/// The newest `envoy-types` 0.7 in a folder of packages.
fn newest_package_in(folder: &Path) -> Option<PathBuf> {
    let entries = fs::read_dir(folder).ok()?;
    let mut found: Vec<(Vec<u32>, PathBuf)> = entries
        .filter_map(Result::ok)
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            let version = match name.strip_prefix("envoy-types")? {
                "" => Vec::new(),
                rest => rest.strip_prefix("-0.7.")?.split('.').map(|part| part.parse().ok()).collect::<Option<_>>()?,
            };
            entry.path().join(SET).is_file().then(|| (version, entry.path()))
        })
        .collect();
    found.sort();
    found.pop().map(|(_, folder)| folder)
}

/// Another `envoy-types` may be resolved when the lock file changes.
fn watch_lock(manifest: &Path) {
    println!("cargo:rerun-if-changed={}", manifest.with_file_name("Cargo.lock").display());
}

// ---------------------------------------------------------------------------
// Reading the descriptors.

/// Every message and enum of the set by its full name, without the leading dot.
struct Index<'a> {
    messages: HashMap<String, &'a DescriptorProto>,
    enums: HashMap<String, &'a EnumDescriptorProto>,
}

impl<'a> Index<'a> {
    fn new(set: &'a FileDescriptorSet) -> Result<Self, Failure> {
        let mut index = Self { messages: HashMap::new(), enums: HashMap::new() };
        for file in &set.file {
            index.add(file.package(), &file.message_type, &file.enum_type);
        }
        if index.messages.is_empty() { Err("the descriptor set is empty".into()) } else { Ok(index) }
    }

    fn add(&mut self, scope: &str, messages: &'a [DescriptorProto], enums: &'a [EnumDescriptorProto]) {
        for message in messages {
            let name = format!("{scope}.{}", message.name());
            self.add(&name, &message.nested_type, &message.enum_type);
            self.messages.insert(name, message);
        }
        for one in enums {
            self.enums.insert(format!("{scope}.{}", one.name()), one);
        }
    }

    fn message(&self, name: &str) -> Result<&'a DescriptorProto, Failure> {
        self.messages.get(name).copied().ok_or_else(|| format!("no message `{name}` in the descriptor set").into())
    }
}

/// The messages and enums that the roots reach, each in the order of its name:
/// a place in that order is how the rows refer to one another.
struct Table<'a> {
    messages: BTreeMap<String, &'a DescriptorProto>,
    enums: BTreeMap<String, &'a EnumDescriptorProto>,
}

impl<'a> Table<'a> {
    fn reachable(index: &Index<'a>) -> Result<Self, Failure> {
        let mut table = Self { messages: BTreeMap::new(), enums: BTreeMap::new() };
        // Well-known types may be packed in an Any too.
        let mut waiting: BTreeSet<String> = ROOTS.iter().map(|&root| root.to_owned()).collect();
        waiting.extend(WELL_KNOWN.iter().map(|&(name, _)| name.to_owned()).filter(|n| index.messages.contains_key(n)));
        while let Some(name) = waiting.pop_first() {
            let message = index.message(&name)?;
            for field in &message.field {
                let target = target(field);
                match field.r#type() {
                    Type::Message if !table.messages.contains_key(target) => {
                        waiting.insert(target.to_owned());
                    }
                    Type::Enum => {
                        let found = index.enums.get(target).ok_or_else(|| format!("no enum `{target}`"))?;
                        table.enums.insert(target.to_owned(), found);
                    }
                    _ => {}
                }
            }
            table.messages.insert(name, message);
        }
        Ok(table)
    }
}

/// The full name of a field's message or enum, without the leading dot.
fn target(field: &FieldDescriptorProto) -> &str {
    field.type_name().trim_start_matches('.')
}

// ---------------------------------------------------------------------------
// Writing the table.

/// The messages with a JSON form of their own, and the variant of `Shape` that
/// stands for it.
const WELL_KNOWN: &[(&str, &str)] = &[
    ("google.protobuf.Any", "Any"),
    ("google.protobuf.BoolValue", "Wrapper"),
    ("google.protobuf.BytesValue", "Wrapper"),
    ("google.protobuf.DoubleValue", "Wrapper"),
    ("google.protobuf.Duration", "Duration"),
    ("google.protobuf.FloatValue", "Wrapper"),
    ("google.protobuf.Int32Value", "Wrapper"),
    ("google.protobuf.Int64Value", "Wrapper"),
    ("google.protobuf.ListValue", "ListValue"),
    ("google.protobuf.StringValue", "Wrapper"),
    ("google.protobuf.Struct", "Struct"),
    ("google.protobuf.Timestamp", "Timestamp"),
    ("google.protobuf.UInt32Value", "Wrapper"),
    ("google.protobuf.UInt64Value", "Wrapper"),
    ("google.protobuf.Value", "Value"),
];

/// All names in one string; a row holds a place and a length.
#[derive(Default)]
struct Names {
    text: String,
    places: HashMap<String, usize>,
}

impl Names {
    fn text(&mut self, name: &str) -> String {
        let at = *self.places.entry(name.to_owned()).or_insert_with(|| {
            self.text.push_str(name);
            self.text.len() - name.len()
        });
        format!("Text({at},{})", name.len())
    }
}

impl Table<'_> {
    fn render(&self) -> Result<String, Failure> {
        let message_places: HashMap<&str, usize> = places(&self.messages);
        let enum_places: HashMap<&str, usize> = places(&self.enums);
        let mut names = Names::default();
        let (mut messages, mut fields, mut values, mut enums) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for (name, message) in &self.messages {
            if name == "google.protobuf.FieldMask" {
                return Err("field masks are reachable now; `emit` has no text form for them".into());
            }
            let first = fields.len();
            let ranks = ranks(name, message);
            let mut rows: Vec<(i32, String)> = Vec::new();
            for (field, rank) in message.field.iter().zip(ranks) {
                let kind = kind(field, &message_places, &enum_places)?;
                let repeated = field.label() == Label::Repeated;
                let text = names.text(field.name());
                rows.push((field.number(), format!("Field({},{rank},{text},{kind},{repeated})", field.number())));
            }
            rows.sort();
            fields.extend(rows.into_iter().map(|(_, row)| row));
            let shape = shape(name, message);
            let (text, count, named) = (names.text(name), message.field.len(), name_number(message));
            messages.push(format!("Message({text},{first},{count},{named},Shape::{shape})"));
        }
        for one in self.enums.values() {
            let first = values.len();
            let mut seen = BTreeMap::new();
            for value in &one.value {
                seen.entry(value.number()).or_insert_with(|| value.name());
            }
            values.extend(seen.iter().map(|(number, name)| format!("Variant({number},{})", names.text(name))));
            enums.push(format!("Enum({first},{})", seen.len()));
        }
        let mut out = String::new();
        writeln!(out, "pub(super) static NAMES: &str = {:?};", names.text)?;
        array(&mut out, "MESSAGES", "Message", &messages)?;
        array(&mut out, "FIELDS", "Field", &fields)?;
        array(&mut out, "ENUMS", "Enum", &enums)?;
        array(&mut out, "VARIANTS", "Variant", &values)?;
        Ok(out)
    }
}

fn array(out: &mut String, name: &str, row: &str, rows: &[String]) -> Result<(), Failure> {
    writeln!(out, "pub(super) static {name}: [{row}; {}] = [", rows.len())?;
    for row in rows {
        writeln!(out, "{row},")?;
    }
    writeln!(out, "];")?;
    Ok(())
}

fn places<T>(rows: &BTreeMap<String, T>) -> HashMap<&str, usize> {
    rows.keys().enumerate().map(|(place, name)| (name.as_str(), place)).collect()
}

/// The number of the string field `name`, or 0.
fn name_number(message: &DescriptorProto) -> i32 {
    let is_name =
        |f: &&FieldDescriptorProto| f.name() == "name" && f.r#type() == Type::String && f.label() != Label::Repeated;
    message.field.iter().find(is_name).map_or(0, FieldDescriptorProto::number)
}

/// Refuses an [`Order`] that names what the descriptor set does not have.
fn check_orders(index: &Index<'_>) -> Result<(), Failure> {
    for order in ORDERS {
        let message = index.message(order.message)?;
        for wanted in order.first.iter().chain(order.last) {
            if !message.field.iter().any(|field| field.name() == *wanted) {
                return Err(format!("ORDERS: `{}` has no field `{wanted}`", order.message).into());
            }
        }
    }
    Ok(())
}

/// The place of each declared field in the output.
fn ranks(name: &str, message: &DescriptorProto) -> Vec<usize> {
    let order = ORDERS.iter().find(|order| order.message == name);
    let (first, last) = order.map_or((&["name"][..], &[][..]), |order| (order.first, order.last));
    let mut sorted: Vec<usize> = (0..message.field.len()).collect();
    sorted.sort_by_key(|&declared| {
        let field = message.field[declared].name();
        let opening = first.iter().position(|&wanted| wanted == field);
        let closing = last.iter().position(|&wanted| wanted == field);
        match (opening, closing) {
            (Some(place), _) => (0, place),
            (None, None) => (1, declared),
            (None, Some(place)) => (2, place),
        }
    });
    let mut ranks = vec![0; sorted.len()];
    for (rank, declared) in sorted.into_iter().enumerate() {
        ranks[declared] = rank;
    }
    ranks
}

fn shape(name: &str, message: &DescriptorProto) -> &'static str {
    if message.options.as_ref().is_some_and(|options| options.map_entry()) {
        return "MapEntry";
    }
    WELL_KNOWN.iter().find(|(known, _)| *known == name).map_or("Fields", |(_, shape)| shape)
}

fn kind(
    field: &FieldDescriptorProto,
    messages: &HashMap<&str, usize>,
    enums: &HashMap<&str, usize>,
) -> Result<String, Failure> {
    let place = |places: &HashMap<&str, usize>| {
        places.get(target(field)).copied().ok_or_else(|| format!("no row for `{}`", target(field)))
    };
    Ok(match field.r#type() {
        Type::Message => format!("Kind::Message({})", place(messages)?),
        Type::Enum => format!("Kind::Enum({})", place(enums)?),
        Type::Group => return Err(format!("`{}` is a group", field.name()).into()),
        scalar => format!("Kind::{scalar:?}"),
    })
}

//! What is asked about: a name, a statistic, or a line of an access log.

use serde_json::Value;

use crate::cli::name_kind::NameKind;

/// What somebody has in hand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// A name.
    Name(String),
    /// A statistic about something, which begins with its name.
    Statistic(NameKind, String),
    /// A statistic of Envoy itself.
    Process,
    /// An entry of an access log.
    Entry {
        /// The route, where one took the request.
        route: Option<String>,
        /// The cluster, where the request was to be sent to one.
        cluster: Option<String>,
    },
    /// An entry that has neither because it was written in another format.
    Foreign,
}

/// What the first word of a statistic says that it is about.
const STATISTICS: [(&str, NameKind); 6] = [
    ("cluster.", NameKind::Cluster),
    ("sds.", NameKind::Secret),
    ("listener.", NameKind::Listener),
    ("http.", NameKind::Statistics),
    ("tcp.", NameKind::Statistics),
    ("udp.", NameKind::Statistics),
];

/// The labels of Prometheus, the most telling first.
const LABELS: [(&str, NameKind); 7] = [
    ("envoy_cluster_name", NameKind::Cluster),
    ("envoy_http_conn_manager_prefix", NameKind::Statistics),
    ("envoy_tcp_prefix", NameKind::Statistics),
    ("envoy_udp_prefix", NameKind::Statistics),
    ("envoy_tcp_proxy_prefix", NameKind::Statistics),
    ("envoy_udp_proxy_prefix", NameKind::Statistics),
    ("envoy_listener_address", NameKind::Listener),
];

/// What the statistics of the process begin with.
const PROCESS: [&str; 14] = [
    "access_logs.",
    "cluster_manager.",
    "control_plane.",
    "dns.",
    "dns_cares.",
    "envoy_",
    "filesystem.",
    "http1.",
    "http2.",
    "listener_manager.",
    "main_thread.",
    "overload.",
    "runtime.",
    "server.",
];

/// Reads a name, a statistic or a line.
pub(super) fn read(text: &str) -> Asked {
    let text = text.trim();
    if text.starts_with('{') {
        return read_object(text);
    }
    if text.starts_with('[') && text.contains("] \"") {
        return read_line(text);
    }
    if let Some((_, labels)) = text.split_once('{').filter(|(metric, _)| metric.starts_with("envoy_")) {
        return read_labels(labels);
    }
    let about = |(word, kind): &(&str, NameKind)| Some((*kind, text.strip_prefix(word)?));
    match STATISTICS.iter().find_map(about) {
        Some((kind, rest)) => Asked::Statistic(kind, rest.to_owned()),
        None if PROCESS.iter().any(|word| text.starts_with(word)) => Asked::Process,
        None => Asked::Name(text.to_owned()),
    }
}

/// An entry in JSON.
fn read_object(text: &str) -> Asked {
    let Ok(Value::Object(entry)) = serde_json::from_str::<Value>(text) else { return Asked::Foreign };
    if !(entry.contains_key("route_name") || entry.contains_key("upstream_cluster")) {
        return Asked::Foreign;
    }
    let name = |key: &str| entry.get(key).and_then(Value::as_str).and_then(given);
    Asked::Entry { route: name("route_name"), cluster: name("upstream_cluster") }
}

/// An entry as a line of text: its last two words are the route and the cluster. What stands before them may hold
/// anything that a client sends, quotes as well; names hold none.
fn read_line(text: &str) -> Asked {
    let words = text.strip_suffix('"').map(|text| text.rsplitn(3, "\" \"").collect::<Vec<_>>());
    let Some([cluster, route, _]) = words.as_deref() else { return Asked::Foreign };
    // Envoy's own format ends with the host and the endpoint.
    let is_name = |word: &str| word == "-" || word.contains('/') || !word.contains(['.', ':']);
    // Names of objects have no underscore, and those that Gloo Gateway gives to clusters have one.
    if !is_name(route) || !(is_name(cluster) || cluster.contains('_')) || is_endpoint(cluster) {
        return Asked::Foreign;
    }
    Asked::Entry { route: given(route), cluster: given(cluster) }
}

fn is_endpoint(word: &str) -> bool {
    word.parse::<std::net::SocketAddr>().is_ok()
}

fn given(name: &str) -> Option<String> {
    (!matches!(name, "" | "-")).then(|| name.to_owned())
}

/// A metric of Prometheus, behind the brace that opens its labels.
fn read_labels(labels: &str) -> Asked {
    let value = |label: &str| {
        let (before, rest) = labels.split_once(&format!("{label}=\""))?;
        (before.is_empty() || before.ends_with([',', ' '])).then(|| unescaped(rest))
    };
    let found = LABELS.iter().find_map(|(label, kind)| Some(Asked::Statistic(*kind, value(label)?)));
    found.unwrap_or(Asked::Process)
}

/// The value of a label up to its closing quote.
fn unescaped(text: &str) -> String {
    let mut value = String::new();
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match character {
            '"' => break,
            '\\' => value.extend(characters.next().map(|escaped| if escaped == 'n' { '\n' } else { escaped })),
            other => value.push(other),
        }
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(route: Option<&str>, cluster: Option<&str>) -> Asked {
        Asked::Entry { route: route.map(str::to_owned), cluster: cluster.map(str::to_owned) }
    }

    #[test]
    fn statistics_say_what_they_are_about() {
        for (text, kind, rest) in [
            ("cluster.shop/a/80.upstream_rq_5xx: 3", NameKind::Cluster, "shop/a/80.upstream_rq_5xx: 3"),
            ("listener.0.0.0.0_80.downstream_cx_total", NameKind::Listener, "0.0.0.0_80.downstream_cx_total"),
            ("http.http-80.downstream_rq_2xx", NameKind::Statistics, "http-80.downstream_rq_2xx"),
            ("sds.infra/web.key_rotation_failed: 0", NameKind::Secret, "infra/web.key_rotation_failed: 0"),
            (
                "envoy_cluster_upstream_rq_xx{envoy_response_code_class=\"5\",envoy_cluster_name=\"shop/a/80\"} 3",
                NameKind::Cluster,
                "shop/a/80",
            ),
            ("envoy_listener_downstream_cx_total{envoy_listener_address=\"[__]_80\"} 1", NameKind::Listener, "[__]_80"),
            ("envoy_tcp_downstream_cx_total{envoy_tcp_prefix=\"tcp-443\"} 1", NameKind::Statistics, "tcp-443"),
        ] {
            assert_eq!(read(text), Asked::Statistic(kind, rest.to_owned()), "{text}");
        }
        for text in ["server.live: 1", "envoy_server_live{} 1", "envoy_server_uptime 3", "envoy_x{other=\"1\"} 2"] {
            assert_eq!(read(text), Asked::Process, "{text}");
        }
        assert_eq!(read("a.example.com"), Asked::Name("a.example.com".to_owned()));
        assert_eq!(read("[::]:80"), Asked::Name("[::]:80".to_owned()));
    }

    #[test]
    fn a_line_is_read_from_its_end() {
        let line = |user_agent: &str, end: &str| {
            format!("[2026-01-01T00:00:00Z] \"GET / HTTP/1.1\" 200 - 0 0 1 0 \"-\" \"{user_agent}\" \"id\" {end}")
        };
        let own = "\"a.example\" \"10.0.0.1:80\" \"httproute/shop/all/rule/0/match/0\" \"shop/a/80\"";
        let expected = entry(Some("httproute/shop/all/rule/0/match/0"), Some("shop/a/80"));
        assert_eq!(read(&line("curl", own)), expected);
        assert_eq!(read(&line("x\" \"httproute/other\" \"y", own)), expected);
        assert_eq!(read(&line("curl", "\"a.example\" \"-\" \"-\" \"-\"")), entry(None, None));
        let misdirected = read(&line("curl", "\"a.example\" \"-\" \"misdirected\" \"-\""));
        assert_eq!(misdirected, entry(Some("misdirected"), None));
        for envoys in ["\"a.example\" \"10.0.0.1:80\"", "\"a.example\" \"-\"", "\"a.example:80\" \"[::1]:80\""] {
            assert_eq!(read(&line("curl", envoys)), Asked::Foreign, "{envoys}");
        }
    }

    #[test]
    fn an_object_has_its_names_by_their_keys() {
        let text = r#"{"route_name":"httproute/a/b/rule/0/match/0","upstream_cluster":null,"method":"GET"}"#;
        assert_eq!(read(text), entry(Some("httproute/a/b/rule/0/match/0"), None));
        for text in ["{\"method\":\"GET\"}", "{", "{}", "{\"route_name\":"] {
            assert_eq!(read(text), Asked::Foreign, "{text}");
        }
    }
}

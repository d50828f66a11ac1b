//! Logs that a collector of OpenTelemetry gets.

use std::net::IpAddr;

use serde::Deserialize;
use serde_json::Value;

use crate::diagnostics::FieldPath;
use crate::http::HeaderName;
use crate::ir::{CollectedLog, Collector, LogValue};
use crate::options::EnvoyVersion;
use crate::parser::api::{GoDuration, OptionCollector, OptionLogAttribute, OptionLogAttributes, OptionOpenTelemetry};
use crate::path;
use crate::port::Port;

use super::super::header::bad_header;
use super::log_text::{To, with_operators};

/// How far values may stand within values: Envoy reads no message that goes much deeper.
const DEEPEST: usize = 10;

/// `None` where nobody would get the log.
pub(super) fn lower_collector(at: &FieldPath, said: OptionOpenTelemetry, to: &mut To<'_, '_>) -> Option<CollectedLog> {
    let OptionOpenTelemetry {
        attributes,
        body,
        collector,
        disable_builtin_labels,
        filter_state_objects_to_log,
        log_name,
    } = said;
    let at_collector = at.join(&path!["collector"]);
    if log_name.is_empty() {
        to.faults.add(&at.join(&path!["logName"]), "the log has no name", "write a name for the log");
    }
    let body = body.and_then(|body| lower_value(&at.join(&path!["body"]), body, 0, to));
    let attributes = attributes.map(|OptionLogAttributes { values }| {
        let at = at.join(&path!["attributes", "values"]);
        let values = values.into_iter().enumerate();
        values.filter_map(|(index, one)| lower_attribute(&at.join(&path![index]), one, 0, to)).collect()
    });
    let Some(collector) = collector else {
        to.faults.add(&at_collector, "nobody gets the log", "write `collector` with an `endpoint`");
        return None;
    };
    // The resolver lets none with TLS through.
    let OptionCollector { authority, endpoint, headers, insecure: _, ssl_config: _, timeout } = collector;
    for (name, value) in &headers {
        let at = at_collector.join(&path!["headers", name.to_owned()]);
        // Envoy would evaluate what stands between percent signs.
        if value.contains('%') {
            to.faults.add(&at, "a `%` begins an operator of Envoy's", "write a value without `%`");
        } else if let Some(found) = bad_header(&HeaderName::from(name.as_str()), value, true) {
            to.faults.add(&at, found.message, found.help);
        }
    }
    to.faults.host(&at_collector.join(&path!["authority"]), &authority);
    let address = parse_endpoint(&endpoint);
    if address.is_none() {
        let help = "write a host and a port, such as `otel.example:4317`";
        to.faults.add(&at_collector.join(&path!["endpoint"]), format!("`{endpoint}` is no host with a port"), help);
    }
    let (host, port) = address?;
    Some(CollectedLog {
        collector: Collector { host, port, is_old: to.version < EnvoyVersion::COLLECTORS },
        name: log_name,
        host: Some(authority).filter(|authority| !authority.is_empty()),
        headers: headers.into_iter().map(|(name, value)| (name.to_ascii_lowercase(), value)).collect(),
        timeout: timeout.map(|GoDuration(timeout)| timeout),
        body,
        attributes: attributes.unwrap_or_default(),
        kept_values: filter_state_objects_to_log,
        unlabelled: disable_builtin_labels,
    })
}

/// The host and the port of `HOST:PORT`; addresses of IPv6 stand in brackets.
fn parse_endpoint(endpoint: &str) -> Option<(String, Port)> {
    let (host, port) = endpoint.rsplit_once(':')?;
    let port: u16 = port.parse().ok().filter(|port| *port > 0)?;
    let host = match host.strip_prefix('[') {
        Some(inner) => {
            let inner = inner.strip_suffix(']')?;
            inner.parse::<std::net::Ipv6Addr>().ok()?.to_string()
        }
        None if host.contains(':') => return None,
        None => host.to_owned(),
    };
    let is_label = |label: &str| {
        let is_inner = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        !label.is_empty() && label.len() <= 63 && label.bytes().all(is_inner)
    };
    let is_name = host.len() <= 253 && host.split('.').all(is_label);
    (is_name || host.parse::<IpAddr>().is_ok()).then(|| (host, Port::new(port)))
}

/// A value as protobuf's JSON writes it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Written {
    string_value: Option<String>,
    array_value: Option<WrittenList>,
    kvlist_value: Option<OptionLogAttributes>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenList {
    #[serde(default)]
    values: Vec<Value>,
}

/// Envoy takes texts, and lists and maps of them.
fn lower_value(at: &FieldPath, value: Value, depth: usize, to: &mut To<'_, '_>) -> Option<LogValue> {
    let mut refuse = |message: String| {
        let help = "write `stringValue`, or `arrayValue` or `kvlistValue` of such";
        to.faults.add(at, message, help);
        None
    };
    if depth == DEEPEST {
        return refuse(format!("values stand within values more than {DEEPEST} times"));
    }
    let written = match serde_json::from_value::<Written>(value) {
        Ok(written) => written,
        Err(_) => return refuse("Envoy takes texts alone in entries, and lists of them".to_owned()),
    };
    match written {
        Written { string_value: Some(text), array_value: None, kvlist_value: None } => {
            Some(LogValue::Text(with_operators(&at.join(&path!["stringValue"]), text, to)))
        }
        Written { string_value: None, array_value: Some(WrittenList { values }), kvlist_value: None } => {
            let at = at.join(&path!["arrayValue", "values"]);
            let values = values.into_iter().enumerate();
            let values = values.filter_map(|(index, one)| lower_value(&at.join(&path![index]), one, depth + 1, to));
            Some(LogValue::List(values.collect()))
        }
        Written { string_value: None, array_value: None, kvlist_value: Some(OptionLogAttributes { values }) } => {
            let at = at.join(&path!["kvlistValue", "values"]);
            let values = values.into_iter().enumerate();
            let fields = values.filter_map(|(index, one)| lower_attribute(&at.join(&path![index]), one, depth + 1, to));
            Some(LogValue::Fields(fields.collect()))
        }
        Written { string_value: None, array_value: None, kvlist_value: None } => {
            refuse("the value says nothing".to_owned())
        }
        _ => refuse("the value says more than one thing".to_owned()),
    }
}

fn lower_attribute(
    at: &FieldPath,
    OptionLogAttribute { key, value }: OptionLogAttribute,
    depth: usize,
    to: &mut To<'_, '_>,
) -> Option<(String, LogValue)> {
    let Some(value) = value else {
        to.faults.add(at, "the attribute has no value", "add `value`");
        return None;
    };
    Some((key, lower_value(&at.join(&path!["value"]), value, depth, to)?))
}

#[cfg(test)]
mod tests {
    use super::{Port, parse_endpoint};

    #[test]
    fn a_collector_is_a_host_and_a_port() {
        for (text, host) in
            [("a:1", "a"), ("otel.example:1", "otel.example"), ("10.0.0.1:1", "10.0.0.1"), ("[::1]:1", "::1")]
        {
            assert_eq!(parse_endpoint(text), Some((host.to_owned(), Port::new(1))), "{text}");
        }
        for text in ["", "a", "a:", ":1", "a:0", "a:65536", "http://a:1", "::1:1", "[a]:1", "a b:1", "a..b:1", "a:1/x"]
        {
            assert_eq!(parse_endpoint(text), None, "{text}");
        }
    }
}

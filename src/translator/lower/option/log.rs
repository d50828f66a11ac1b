//! Logs that the options of listeners ask for.

use serde_json::{Map, Value};

use crate::diagnostics::FieldPath;
use crate::ir::{Log, LogEntry, LogSink};
use crate::parser::api::{OptionAccessLog, OptionAccessLogs, OptionFileSink};
use crate::path;

use super::log_collector::lower_collector;
use super::log_filter::lower_filter;
use super::log_text::{To, with_operators};
use super::metadata::{find_inexact, inexact};

/// The logs of an option, and what of them cannot be honoured.
pub(super) fn lower_logs(OptionAccessLogs { access_log }: OptionAccessLogs, to: &mut To<'_, '_>) -> Vec<Log> {
    let logs = access_log.into_iter().enumerate();
    logs.filter_map(|(index, log)| lower_log(&path!["accessLog", index], log, to)).collect()
}

/// `None` where it cannot be honoured.
fn lower_log(at: &FieldPath, log: OptionAccessLog, to: &mut To<'_, '_>) -> Option<Log> {
    // The resolver hands on none that goes elsewhere.
    let OptionAccessLog { file_sink, filter, grpc_service: _, open_telemetry_service } = log;
    let at_filter = at.join(&path!["filter"]);
    let only = filter.map(|filter| lower_filter(&at_filter, filter, 0, to.faults));
    let sink = match (file_sink, open_telemetry_service) {
        (Some(file), _) => Some(lower_sink(&at.join(&path!["fileSink"]), file, to)),
        (None, Some(log)) => {
            let log = lower_collector(&at.join(&path!["openTelemetryService"]), log, to);
            log.map(|log| LogSink::Collector(Box::new(log)))
        }
        (None, None) => None,
    };
    // A filter that cannot be read keeps out nobody knows what.
    let only = match only {
        None => None,
        Some(filter) => Some(filter?),
    };
    Some(Log { sink: sink?, only })
}

fn lower_sink(at: &FieldPath, sink: OptionFileSink, to: &mut To<'_, '_>) -> LogSink {
    let OptionFileSink { json_format, path, string_format } = sink;
    // Of a directory Envoy makes no log, and does not start.
    if path.is_empty() || path.ends_with('/') || path.contains('\0') {
        let help = "write the path of a file on the machine that runs Envoy, such as `/dev/stdout`";
        to.faults.add(&at.join(&path!["path"]), "the log has no file", help);
    }
    let entry = match (string_format, json_format) {
        (Some(text), _) if !text.is_empty() => {
            LogEntry::Text(with_operators(&at.join(&path!["stringFormat"]), text, to))
        }
        (_, Some(fields)) => {
            let at = at.join(&path!["jsonFormat"]);
            for (key, value) in &fields {
                if let Some((tail, number)) = find_inexact(value) {
                    to.faults.add(
                        &at.join(&path![key.to_owned()]).join(&tail),
                        inexact(&number),
                        "write the number as a text",
                    );
                }
            }
            LogEntry::Json(lower_fields(&at, fields, to))
        }
        _ => LogEntry::Standard,
    };
    LogSink::File { path, entry }
}

/// The values of a JSON entry.
fn lower_fields(
    at: &FieldPath,
    fields: impl IntoIterator<Item = (String, Value)>,
    to: &mut To<'_, '_>,
) -> Map<String, Value> {
    let fields = fields.into_iter().map(|(key, value)| {
        let value = lower_value(at, &key, value, to);
        (key, value)
    });
    fields.collect()
}

/// A value of a JSON entry. Whatever is a text holds operators.
fn lower_value(at: &FieldPath, key: &str, value: Value, to: &mut To<'_, '_>) -> Value {
    let at = at.join(&path![key.to_owned()]);
    match value {
        Value::String(text) => Value::String(with_operators(&at, text, to)),
        Value::Array(items) => Value::Array(items.into_iter().map(|item| lower_value(&at, key, item, to)).collect()),
        Value::Object(fields) => Value::Object(lower_fields(&at, fields, to)),
        plain @ (Value::Null | Value::Bool(_) | Value::Number(_)) => plain,
    }
}

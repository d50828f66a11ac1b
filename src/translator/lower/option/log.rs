//! Logs that the options of listeners ask for.

use serde_json::{Map, Value};

use crate::diagnostics::FieldPath;
use crate::ir::{Log, LogEntry};
use crate::options::EnvoyVersion;
use crate::parser::api::{OptionAccessLog, OptionAccessLogs, OptionFileSink};
use crate::path;

use super::faults::Faults;
use super::log_format::first_fault;
use super::metadata::{find_inexact, inexact};

/// What is wrong with logs is told here, for a release of Envoy.
pub(super) struct To<'f, 'o> {
    pub(super) faults: &'f mut Faults<'o>,
    pub(super) version: EnvoyVersion,
}

/// The logs of an option, and what of them cannot be honoured.
pub(super) fn lower_logs(OptionAccessLogs { access_log }: &OptionAccessLogs, to: &mut To<'_, '_>) -> Vec<Log> {
    let sinks = access_log.iter().enumerate().filter_map(|(index, log)| {
        // The resolver hands on none that goes elsewhere or leaves entries out.
        let OptionAccessLog { file_sink, filter: _, grpc_service: _, open_telemetry_service: _ } = log;
        Some((index, file_sink.as_ref()?))
    });
    sinks.map(|(index, sink)| lower_sink(&path!["accessLog", index, "fileSink"], sink, to)).collect()
}

fn lower_sink(at: &FieldPath, sink: &OptionFileSink, to: &mut To<'_, '_>) -> Log {
    let OptionFileSink { json_format, path, string_format } = sink;
    if path.is_empty() || path.contains('\0') {
        let help = "write the path of a file on the machine that runs Envoy, such as `/dev/stdout`";
        to.faults.add(&at.join(&path!["path"]), "the log has no file", help);
    }
    let entry = match (string_format, json_format) {
        (Some(text), _) if !text.is_empty() => {
            LogEntry::Text(with_operators(&at.join(&path!["stringFormat"]), text, to))
        }
        (_, Some(fields)) => {
            let at = at.join(&path!["jsonFormat"]);
            for (key, value) in fields {
                if let Some((tail, number)) = find_inexact(value) {
                    to.faults.add(
                        &at.join(&path![key.to_owned()]).join(&tail),
                        inexact(&number),
                        "write the number as a text",
                    );
                }
            }
            let fields = fields.iter().map(|(key, value)| (key.clone(), lower_value(&at, key, value, to)));
            LogEntry::Json(fields.collect::<Map<String, Value>>())
        }
        _ => LogEntry::Standard,
    };
    Log { path: path.clone(), entry }
}

/// A value of a JSON entry. Whatever is a text holds operators.
fn lower_value(at: &FieldPath, key: &str, value: &Value, to: &mut To<'_, '_>) -> Value {
    let at = at.join(&path![key.to_owned()]);
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
        Value::String(text) => Value::String(with_operators(&at, text, to)),
        Value::Array(items) => Value::Array(items.iter().map(|item| lower_value(&at, key, item, to)).collect()),
        Value::Object(fields) => {
            let fields = fields.iter().map(|(key, value)| (key.to_owned(), lower_value(&at, key, value, to)));
            Value::Object(fields.collect())
        }
    }
}

/// A text with operators, all of which Envoy knows.
fn with_operators(at: &FieldPath, text: &str, to: &mut To<'_, '_>) -> String {
    if let Some(fault) = first_fault(text, to.version) {
        let message = format!("`{fault}` is no operator that Envoy is known to take");
        to.faults.add(
            at,
            message,
            "write an operator of Envoy's logs, such as `%RESPONSE_CODE%`, or `%%` for a percent sign",
        );
    }
    text.to_owned()
}

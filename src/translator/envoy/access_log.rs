//! Access logs ([access logging](https://www.envoyproxy.io/docs/envoy/latest/configuration/observability/access_log/usage)).

use envoy_types::pb::envoy::config::accesslog::v3::{AccessLog, access_log::ConfigType};
use envoy_types::pb::envoy::config::core::v3::{SubstitutionFormatString, substitution_format_string::Format};
use envoy_types::pb::envoy::extensions::access_loggers::file::v3::{
    FileAccessLog, file_access_log::AccessLogFormat as FileFormat,
};
use envoy_types::pb::envoy::extensions::access_loggers::stream::v3::{
    StdoutAccessLog, stdout_access_log::AccessLogFormat as StdoutFormat,
};
use envoy_types::pb::google::protobuf::{Struct, Value, value};

use crate::ir;

use super::proto::any;

/// The keys of a JSON entry, with Envoy's command operators.
const JSON_FIELDS: &[(&str, &str)] = &[
    ("start_time", "%START_TIME%"),
    ("method", "%REQ(:METHOD)%"),
    ("authority", "%REQ(:AUTHORITY)%"),
    ("path", "%REQ(X-ENVOY-ORIGINAL-PATH?:PATH)%"),
    ("protocol", "%PROTOCOL%"),
    ("response_code", "%RESPONSE_CODE%"),
    ("response_flags", "%RESPONSE_FLAGS%"),
    ("route_name", "%ROUTE_NAME%"),
    ("upstream_cluster", "%UPSTREAM_CLUSTER%"),
    ("upstream_host", "%UPSTREAM_HOST%"),
    ("bytes_received", "%BYTES_RECEIVED%"),
    ("bytes_sent", "%BYTES_SENT%"),
    ("duration", "%DURATION%"),
    ("downstream_remote_address", "%DOWNSTREAM_REMOTE_ADDRESS%"),
    ("x_forwarded_for", "%REQ(X-FORWARDED-FOR)%"),
    ("request_id", "%REQ(X-REQUEST-ID)%"),
    ("user_agent", "%REQ(USER-AGENT)%"),
];

pub(super) fn to_access_log(log: &ir::AccessLog) -> AccessLog {
    let ir::AccessLog { file, json } = log;
    let format = json.then(json_format);
    let (name, config) = match file {
        Some(path) => {
            let access_log_format = format.map(FileFormat::LogFormat);
            let message = FileAccessLog { path: path.clone(), access_log_format };
            ("envoy.access_loggers.file", any("envoy.extensions.access_loggers.file.v3.FileAccessLog", &message))
        }
        None => {
            let message = StdoutAccessLog { access_log_format: format.map(StdoutFormat::LogFormat) };
            ("envoy.access_loggers.stdout", any("envoy.extensions.access_loggers.stream.v3.StdoutAccessLog", &message))
        }
    };
    AccessLog { name: name.to_owned(), filter: None, config_type: Some(ConfigType::TypedConfig(config)) }
}

fn json_format() -> SubstitutionFormatString {
    let text = |operator: &str| Value { kind: Some(value::Kind::StringValue(operator.to_owned())) };
    let fields = JSON_FIELDS.iter().map(|(key, operator)| ((*key).to_owned(), text(operator))).collect();
    SubstitutionFormatString {
        format: Some(Format::JsonFormat(Struct { fields })),
        ..SubstitutionFormatString::default()
    }
}

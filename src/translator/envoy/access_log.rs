//! Access logs ([access logging](https://www.envoyproxy.io/docs/envoy/latest/configuration/observability/access_log/usage)).

use envoy_types::pb::envoy::config::accesslog::v3::{AccessLog, access_log::ConfigType};
use envoy_types::pb::envoy::config::core::v3::{
    ApiVersion, DataSource, GrpcService, SubstitutionFormatString, data_source::Specifier,
    substitution_format_string::Format,
};
use envoy_types::pb::envoy::extensions::access_loggers::file::v3::{
    FileAccessLog, file_access_log::AccessLogFormat as FileFormat,
};
use envoy_types::pb::envoy::extensions::access_loggers::grpc::v3::CommonGrpcAccessLogConfig;
use envoy_types::pb::envoy::extensions::access_loggers::open_telemetry::v3::OpenTelemetryAccessLogConfig;
use envoy_types::pb::envoy::extensions::access_loggers::stream::v3::{
    StdoutAccessLog, stdout_access_log::AccessLogFormat as StdoutFormat,
};
use envoy_types::pb::google::protobuf::{Any, Struct, Value, value};
use envoy_types::pb::opentelemetry::proto::common::v1::{AnyValue, KeyValue, KeyValueList, any_value};

use crate::ir::{self, Collector, LogTarget};

use super::collector::{SERVICE, to_grpc_service};
use super::proto::any;

pub(super) const OPEN_TELEMETRY: &str =
    "envoy.extensions.access_loggers.open_telemetry.v3.OpenTelemetryAccessLogConfig";

/// A line of text: [Envoy's own](https://www.envoyproxy.io/docs/envoy/latest/configuration/observability/access_log/usage#default-format-string),
/// and behind it the route and the cluster, which lead back to a rule.
const TEXT_LINE: &str = concat!(
    r#"[%START_TIME%] "%REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %PROTOCOL%" %RESPONSE_CODE% %RESPONSE_FLAGS% "#,
    r#"%BYTES_RECEIVED% %BYTES_SENT% %DURATION% %RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)% "%REQ(X-FORWARDED-FOR)%" "#,
    r#""%REQ(USER-AGENT)%" "%REQ(X-REQUEST-ID)%" "%REQ(:AUTHORITY)%" "%UPSTREAM_HOST%" "%ROUTE_NAME%" "#,
    r#""%UPSTREAM_CLUSTER_RAW%""#,
);

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
    ("upstream_cluster", "%UPSTREAM_CLUSTER_RAW%"),
    ("upstream_host", "%UPSTREAM_HOST%"),
    ("bytes_received", "%BYTES_RECEIVED%"),
    ("bytes_sent", "%BYTES_SENT%"),
    ("duration", "%DURATION%"),
    ("downstream_remote_address", "%DOWNSTREAM_REMOTE_ADDRESS%"),
    ("x_forwarded_for", "%REQ(X-FORWARDED-FOR)%"),
    ("request_id", "%REQ(X-REQUEST-ID)%"),
    ("trace_id", "%TRACE_ID%"),
    ("user_agent", "%REQ(USER-AGENT)%"),
];

pub(super) fn to_access_log(log: &ir::AccessLog) -> AccessLog {
    let ir::AccessLog { target, json } = log;
    let (name, config) = match target {
        LogTarget::File(path) => {
            let access_log_format = Some(FileFormat::LogFormat(format(*json)));
            let message = FileAccessLog { path: path.clone(), access_log_format };
            ("envoy.access_loggers.file", any("envoy.extensions.access_loggers.file.v3.FileAccessLog", &message))
        }
        LogTarget::Stdout => {
            let message = StdoutAccessLog { access_log_format: Some(StdoutFormat::LogFormat(format(*json))) };
            ("envoy.access_loggers.stdout", any("envoy.extensions.access_loggers.stream.v3.StdoutAccessLog", &message))
        }
        LogTarget::Collector(collector) => ("envoy.access_loggers.open_telemetry", to_collector(collector, *json)),
    };
    AccessLog { name: name.to_owned(), filter: None, config_type: Some(ConfigType::TypedConfig(config)) }
}

/// The line of text is the body of an entry; the fields of JSON are its attributes.
fn to_collector(collector: &Collector, json: bool) -> Any {
    let attributes = JSON_FIELDS.iter().map(|(key, operator)| attribute(key, operator)).collect();
    let message = OpenTelemetryAccessLogConfig {
        body: Some(text_value(TEXT_LINE)),
        attributes: json.then_some(KeyValueList { values: attributes }),
        resource_attributes: Some(KeyValueList { values: vec![attribute("service.name", SERVICE)] }),
        ..OpenTelemetryAccessLogConfig::default()
    };
    let service = (to_grpc_service(collector, None), collector.is_old);
    any(OPEN_TELEMETRY, &reached(message, service, SERVICE.to_owned(), Vec::new()))
}

/// A log with its name and its collector: older releases know only what later ones deprecate.
#[expect(deprecated, reason = "releases before 1.37 know no other field")]
pub(super) fn reached(
    message: OpenTelemetryAccessLogConfig,
    (service, is_old): (GrpcService, bool),
    name: String,
    kept_values: Vec<String>,
) -> OpenTelemetryAccessLogConfig {
    let service = Some(service);
    if !is_old {
        return OpenTelemetryAccessLogConfig {
            grpc_service: service,
            log_name: name,
            filter_state_objects_to_log: kept_values,
            ..message
        };
    }
    let common = CommonGrpcAccessLogConfig {
        log_name: name,
        grpc_service: service,
        transport_api_version: ApiVersion::V3 as i32,
        filter_state_objects_to_log: kept_values,
        ..CommonGrpcAccessLogConfig::default()
    };
    OpenTelemetryAccessLogConfig { common_config: Some(common), ..message }
}

fn attribute(key: &str, value: &str) -> KeyValue {
    KeyValue { key: key.to_owned(), value: Some(text_value(value)), ..KeyValue::default() }
}

fn text_value(text: &str) -> AnyValue {
    AnyValue { value: Some(any_value::Value::StringValue(text.to_owned())) }
}

fn format(json: bool) -> SubstitutionFormatString {
    let format = if json {
        let text = |operator: &str| Value { kind: Some(value::Kind::StringValue(operator.to_owned())) };
        let fields = JSON_FIELDS.iter().map(|(key, operator)| ((*key).to_owned(), text(operator))).collect();
        Format::JsonFormat(Struct { fields })
    } else {
        let line = Specifier::InlineString(format!("{TEXT_LINE}\n"));
        Format::TextFormatSource(DataSource { specifier: Some(line), ..DataSource::default() })
    };
    SubstitutionFormatString { format: Some(format), ..SubstitutionFormatString::default() }
}

//! Logs that listeners ask for.

use envoy_types::pb::envoy::config::accesslog::v3::{
    AccessLog, AccessLogFilter, AndFilter, ComparisonFilter, DurationFilter, GrpcStatusFilter, HeaderFilter,
    NotHealthCheckFilter, OrFilter, ResponseFlagFilter, RuntimeFilter, StatusCodeFilter, TraceableFilter,
    access_log::ConfigType, access_log_filter::FilterSpecifier, comparison_filter::Op,
};
use envoy_types::pb::envoy::config::core::v3::{
    DataSource, GrpcService, HeaderValue, RuntimeUInt32, SubstitutionFormatString, data_source::Specifier,
    substitution_format_string::Format,
};
use envoy_types::pb::envoy::config::route::v3::{HeaderMatcher, header_matcher::HeaderMatchSpecifier};
use envoy_types::pb::envoy::extensions::access_loggers::file::v3::{FileAccessLog, file_access_log::AccessLogFormat};
use envoy_types::pb::envoy::extensions::access_loggers::open_telemetry::v3::OpenTelemetryAccessLogConfig;
use envoy_types::pb::envoy::r#type::matcher::v3::StringMatcher;
use envoy_types::pb::envoy::r#type::v3::{FractionalPercent, Int64Range, fractional_percent::DenominatorType};
use envoy_types::pb::google::protobuf::Any;
use envoy_types::pb::opentelemetry::proto::common::v1::{
    AnyValue, ArrayValue, KeyValue, KeyValueList, any_value::Value as AnyValueIs,
};

use crate::ir::{
    CollectedLog, Comparison, Log, LogEntry, LogFilter, LogHeader, LogHeaderIs, LogNumber, LogShare, LogSink, LogValue,
};

use super::access_log::{OPEN_TELEMETRY, reached};
use super::collector::to_grpc_service;
use super::proto::{any, duration, to_pattern};
use super::structure::to_struct;

/// The log. Nothing else is made of it: its texts are moved.
pub(super) fn to_log(Log { sink, only }: Log) -> AccessLog {
    let (name, config) = match sink {
        LogSink::File { path, entry } => ("envoy.access_loggers.file", to_file(path, entry)),
        LogSink::Collector(log) => ("envoy.access_loggers.open_telemetry", to_collected(*log)),
    };
    AccessLog { name: name.to_owned(), filter: only.map(to_filter), config_type: Some(ConfigType::TypedConfig(config)) }
}

fn to_file(path: String, entry: LogEntry) -> Any {
    let format = match entry {
        LogEntry::Standard => None,
        LogEntry::Text(text) => {
            let text = DataSource { specifier: Some(Specifier::InlineString(text)), ..DataSource::default() };
            Some(Format::TextFormatSource(text))
        }
        LogEntry::Json(fields) => Some(Format::JsonFormat(to_struct(fields))),
    };
    let format = format.map(|format| {
        AccessLogFormat::LogFormat(SubstitutionFormatString {
            format: Some(format),
            ..SubstitutionFormatString::default()
        })
    });
    any("envoy.extensions.access_loggers.file.v3.FileAccessLog", &FileAccessLog { path, access_log_format: format })
}

fn to_collected(log: CollectedLog) -> Any {
    let CollectedLog { collector, name, host, headers, timeout, body, attributes, kept_values, unlabelled } = log;
    let service = to_grpc_service(&collector, host);
    let header = |(key, value): (String, String)| HeaderValue { key, value, ..HeaderValue::default() };
    let service = GrpcService {
        timeout: timeout.map(duration).or(service.timeout),
        initial_metadata: headers.into_iter().map(header).collect(),
        ..service
    };
    let message = OpenTelemetryAccessLogConfig {
        body: body.map(to_value),
        attributes: (!attributes.is_empty()).then(|| to_values(attributes)),
        disable_builtin_labels: unlabelled,
        ..OpenTelemetryAccessLogConfig::default()
    };
    any(OPEN_TELEMETRY, &reached(message, (service, collector.is_old), name, kept_values))
}

fn to_value(value: LogValue) -> AnyValue {
    AnyValue {
        value: Some(match value {
            LogValue::Text(text) => AnyValueIs::StringValue(text),
            LogValue::List(values) => {
                AnyValueIs::ArrayValue(ArrayValue { values: values.into_iter().map(to_value).collect() })
            }
            LogValue::Fields(fields) => AnyValueIs::KvlistValue(to_values(fields)),
        }),
    }
}

fn to_values(fields: Vec<(String, LogValue)>) -> KeyValueList {
    let field = |(key, value)| KeyValue { key, value: Some(to_value(value)), ..KeyValue::default() };
    KeyValueList { values: fields.into_iter().map(field).collect() }
}

fn to_filter(filter: LogFilter) -> AccessLogFilter {
    let filters = |filters: Vec<LogFilter>| filters.into_iter().map(to_filter).collect();
    AccessLogFilter {
        filter_specifier: Some(match filter {
            LogFilter::Status(number) => {
                FilterSpecifier::StatusCodeFilter(StatusCodeFilter { comparison: Some(to_comparison(number)) })
            }
            LogFilter::Milliseconds(number) => {
                FilterSpecifier::DurationFilter(DurationFilter { comparison: Some(to_comparison(number)) })
            }
            LogFilter::NotHealthCheck => FilterSpecifier::NotHealthCheckFilter(NotHealthCheckFilter {}),
            LogFilter::Traceable => FilterSpecifier::TraceableFilter(TraceableFilter {}),
            LogFilter::Share(share) => FilterSpecifier::RuntimeFilter(to_share(share)),
            LogFilter::All(all) => FilterSpecifier::AndFilter(AndFilter { filters: filters(all) }),
            LogFilter::Any(any) => FilterSpecifier::OrFilter(OrFilter { filters: filters(any) }),
            LogFilter::Header(header) => {
                FilterSpecifier::HeaderFilter(HeaderFilter { header: Some(to_header(header)) })
            }
            LogFilter::Happened(flags) => FilterSpecifier::ResponseFlagFilter(ResponseFlagFilter { flags }),
            LogFilter::Calls { statuses, excluded } => FilterSpecifier::GrpcStatusFilter(GrpcStatusFilter {
                statuses: statuses.iter().map(|status| i32::from(*status)).collect(),
                exclude: excluded,
            }),
        }),
    }
}

fn to_comparison(LogNumber { is, than, setting }: LogNumber) -> ComparisonFilter {
    ComparisonFilter {
        op: match is {
            Comparison::Equal => Op::Eq,
            Comparison::AtLeast => Op::Ge,
            Comparison::AtMost => Op::Le,
        } as i32,
        value: Some(RuntimeUInt32 { default_value: than, runtime_key: setting }),
    }
}

fn to_share(LogShare { numerator, denominator, setting, is_independent }: LogShare) -> RuntimeFilter {
    let denominator = match denominator {
        1_000_000 => DenominatorType::Million,
        10_000 => DenominatorType::TenThousand,
        _ => DenominatorType::Hundred,
    };
    RuntimeFilter {
        runtime_key: setting,
        percent_sampled: Some(FractionalPercent { numerator, denominator: denominator as i32 }),
        use_independent_randomness: is_independent,
    }
}

fn to_header(LogHeader { name, is, inverted }: LogHeader) -> HeaderMatcher {
    HeaderMatcher {
        name,
        invert_match: inverted,
        header_match_specifier: Some(match is {
            LogHeaderIs::Present => HeaderMatchSpecifier::PresentMatch(true),
            LogHeaderIs::Absent => HeaderMatchSpecifier::PresentMatch(false),
            LogHeaderIs::Text(is) => HeaderMatchSpecifier::StringMatch(StringMatcher {
                match_pattern: Some(to_pattern(is)),
                ..StringMatcher::default()
            }),
            LogHeaderIs::Number(start, end) => HeaderMatchSpecifier::RangeMatch(Int64Range { start, end }),
        }),
        ..HeaderMatcher::default()
    }
}

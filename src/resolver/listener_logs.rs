//! What of the logs of a listener is not translated.

use crate::diagnostics::FieldPath;
use crate::parser::api::{OptionAccessLog, OptionAccessLogs, OptionCollector, OptionOpenTelemetry};
use crate::path;

// An option is left out as a whole.
const LOSS: &str = "its entries would not be written";

/// The fields of logs that are not translated, each with what is lost without the option.
pub(super) fn untranslated_logs(
    option: &'static str,
    OptionAccessLogs { access_log }: &OptionAccessLogs,
) -> Vec<(FieldPath, &'static str)> {
    let mut missing = Vec::new();
    for (index, log) in access_log.iter().enumerate() {
        let OptionAccessLog { file_sink: _, filter: _, grpc_service, open_telemetry_service } = log;
        // Its cluster is one of Gloo's own bootstrap.
        let of_cluster = grpc_service.map(|_| path!["grpcService"]);
        let of_collector = open_telemetry_service.as_ref().and_then(with_tls);
        let fields = of_cluster.into_iter().chain(of_collector);
        missing.extend(fields.map(|field| (path![option, "accessLog", index].join(&field), LOSS)));
    }
    missing
}

/// The field of a log by which its collector is spoken to over TLS.
fn with_tls(log: &OptionOpenTelemetry) -> Option<FieldPath> {
    let OptionCollector { ssl_config, insecure, .. } = log.collector.as_ref()?;
    match ssl_config {
        Some(_) => Some(path!["openTelemetryService", "collector", "sslConfig"]),
        None => (!insecure).then(|| path!["openTelemetryService", "collector"]),
    }
}

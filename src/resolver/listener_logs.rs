//! What of the logs of a listener is not translated.

use crate::diagnostics::FieldPath;
use crate::parser::api::{OptionAccessLog, OptionAccessLogs};
use crate::path;

const NOT_SENT: &str = "nobody would be sent the entries";
const NOT_CHOSEN: &str = "the log would have entries that it leaves out";

/// The fields of logs that are not translated, each with what is lost without it.
pub(super) fn untranslated_logs(
    option: &'static str,
    OptionAccessLogs { access_log }: &OptionAccessLogs,
) -> Vec<(FieldPath, &'static str)> {
    let mut missing = Vec::new();
    for (index, log) in access_log.iter().enumerate() {
        let OptionAccessLog { file_sink: _, filter, grpc_service, open_telemetry_service } = log;
        let fields = [
            ("filter", filter.is_some(), NOT_CHOSEN),
            // Its cluster is one of Gloo's own bootstrap.
            ("grpcService", grpc_service.is_some(), NOT_SENT),
            ("openTelemetryService", open_telemetry_service.is_some(), NOT_SENT),
        ];
        let of_log = fields.into_iter().filter(|(_, is_there, _)| *is_there);
        missing.extend(of_log.map(|(field, _, loss)| (path![option, "accessLog", index, field], loss)));
    }
    missing
}

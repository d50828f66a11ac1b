//! What of the logs of a listener is not translated.

use crate::diagnostics::FieldPath;
use crate::parser::api::{OptionAccessLog, OptionAccessLogs};
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
        let OptionAccessLog { file_sink: _, filter, grpc_service, open_telemetry_service } = log;
        let fields = [
            ("filter", filter.is_some()),
            // Its cluster is one of Gloo's own bootstrap.
            ("grpcService", grpc_service.is_some()),
            ("openTelemetryService", open_telemetry_service.is_some()),
        ];
        let of_log = fields.into_iter().filter(|(_, is_there)| *is_there);
        missing.extend(of_log.map(|(field, _)| (path![option, "accessLog", index, field], LOSS)));
    }
    missing
}

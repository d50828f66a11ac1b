//! `admissionControl` ([AdmissionControl](https://gateway.envoyproxy.io/docs/api/extension_types/#admissioncontrol)).

use crate::ir::Admission;
use crate::parser::api::{AdmissionControl, GrpcSuccess, HttpSuccess, SuccessCriteria};
use crate::path;
use crate::translator::lower::option::faults::Faults;

/// The names of the statuses of calls, in the order of their numbers
/// ([status codes](https://grpc.io/docs/guides/status-codes/)).
const CALL_STATUSES: [&str; 17] = [
    "Ok",
    "Cancelled",
    "Unknown",
    "InvalidArgument",
    "DeadlineExceeded",
    "NotFound",
    "AlreadyExists",
    "PermissionDenied",
    "ResourceExhausted",
    "FailedPrecondition",
    "Aborted",
    "OutOfRange",
    "Unimplemented",
    "Internal",
    "Unavailable",
    "DataLoss",
    "Unauthenticated",
];

/// Which share of requests is refused.
pub(super) fn lower(said: &AdmissionControl, faults: &mut Faults<'_>) -> Admission {
    let AdmissionControl {
        max_rejection_percent,
        min_request_rate,
        min_success_rate,
        rejection_aggression,
        sampling_window,
        success_criteria,
    } = said;
    // The definition has no number that does not fit.
    let number = |said: Option<i64>| said.and_then(|number| u32::try_from(number).ok());
    if sampling_window.is_some_and(|window| window.0.subsec_nanos() != 0) {
        let message = "how far back requests count is counted in whole seconds";
        faults.add(&path!["samplingWindow"], message, "write whole seconds");
    }
    let (grpc, http) = match success_criteria {
        Some(SuccessCriteria { grpc, http }) => (grpc.as_ref(), http.as_ref()),
        None => (None, None),
    };
    let call_status = |name: &String| CALL_STATUSES.iter().position(|known| known == name);
    let calls = grpc.into_iter().flat_map(|GrpcSuccess { status_codes }| status_codes).filter_map(call_status);
    let mut call_statuses: Vec<u32> = calls.filter_map(|number| u32::try_from(number).ok()).collect();
    call_statuses.sort_unstable();
    call_statuses.dedup();
    let mut statuses: Vec<u16> =
        http.into_iter().flat_map(|HttpSuccess { status_codes }| status_codes.iter().copied()).collect();
    statuses.sort_unstable();
    statuses.dedup();
    Admission {
        window: sampling_window.map(|window| window.0),
        least_success: number(*min_success_rate),
        least_rate: number(*min_request_rate),
        aggression: number(*rejection_aggression),
        most_refused: number(*max_rejection_percent),
        statuses,
        call_statuses,
    }
}

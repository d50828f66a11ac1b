//! Requests that are not sent to endpoints that fail most of them: a filter of the cluster, since a route cannot have one
//! ([admission control](https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/admission_control_filter)).

use envoy_types::pb::envoy::config::core::v3::{RuntimeDouble, RuntimePercent, RuntimeUInt32};
use envoy_types::pb::envoy::extensions::filters::http::admission_control::v3::{
    AdmissionControl,
    admission_control::{
        EvaluationCriteria, SuccessCriteria,
        success_criteria::{GrpcCriteria, HttpCriteria},
    },
};
use envoy_types::pb::envoy::extensions::filters::http::upstream_codec::v3::UpstreamCodec;
use envoy_types::pb::envoy::extensions::filters::network::http_connection_manager::v3::HttpFilter;
use envoy_types::pb::envoy::r#type::v3::{Int32Range, Percent};

use crate::ir::Admission;

use super::proto::{any, duration, http_filter};

/// The filters of a cluster, the one that writes requests last.
pub(super) fn to_filters(admission: &Admission) -> Vec<HttpFilter> {
    let control = any("envoy.extensions.filters.http.admission_control.v3.AdmissionControl", &to_control(admission));
    let codec = any("envoy.extensions.filters.http.upstream_codec.v3.UpstreamCodec", &UpstreamCodec::default());
    vec![
        http_filter("envoy.filters.http.admission_control", control),
        http_filter("envoy.filters.http.upstream_codec", codec),
    ]
}

fn to_control(admission: &Admission) -> AdmissionControl {
    let Admission { window, least_success, least_rate, aggression, most_refused, statuses, call_statuses } = admission;
    let percent = |share: u32, key: &str| RuntimePercent {
        default_value: Some(Percent { value: f64::from(share) }),
        runtime_key: key.to_owned(),
    };
    let range = |status: &u16| Int32Range { start: i32::from(*status), end: i32::from(*status) + 1 };
    let http = HttpCriteria { http_success_status: statuses.iter().map(range).collect() };
    let grpc = GrpcCriteria { grpc_success_status: call_statuses.to_vec() };
    AdmissionControl {
        sampling_window: window.map(duration),
        sr_threshold: least_success.map(|share| percent(share, "admission_control.sr_threshold")),
        rps_threshold: least_rate.map(|rate| RuntimeUInt32 {
            default_value: rate,
            runtime_key: "admission_control.rps_threshold".to_owned(),
        }),
        aggression: aggression.map(|aggression| RuntimeDouble {
            default_value: f64::from(aggression),
            runtime_key: "admission_control.aggression".to_owned(),
        }),
        max_rejection_probability: most_refused
            .map(|share| percent(share, "admission_control.max_rejection_probability")),
        evaluation_criteria: Some(EvaluationCriteria::SuccessCriteria(SuccessCriteria {
            http_criteria: (!statuses.is_empty()).then_some(http),
            grpc_criteria: (!call_statuses.is_empty()).then_some(grpc),
        })),
        ..AdmissionControl::default()
    }
}

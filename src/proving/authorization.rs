//! The gRPC authorization service that every echo backend is as well
//! ([Authorization](https://www.envoyproxy.io/docs/envoy/latest/api-v3/service/auth/v3/external_auth.proto)).
//!
//! It is steered by the same controls as the backends, which it reads from the
//! request that it is asked about. Every one is a server of rate limits besides
//! ([rate limit service](https://www.envoyproxy.io/docs/envoy/latest/api-v3/service/ratelimit/v3/rls.proto)): it counts
//! nothing, and entries that have the names of controls steer it.

use envoy_types::pb::envoy::config::core::v3::{HeaderValue, HeaderValueOption};
use envoy_types::pb::envoy::service::auth::v3::{
    CheckRequest, CheckResponse, DeniedHttpResponse, OkHttpResponse, check_response::HttpResponse,
};
use envoy_types::pb::envoy::service::ratelimit::v3::{
    RateLimitRequest, RateLimitResponse,
    rate_limit_response::{Code, DescriptorStatus},
};
use envoy_types::pb::envoy::r#type::v3::HttpStatus;
use envoy_types::pb::google::rpc::Status;
use hyper::body::Bytes;
use hyper::header::{self, HeaderMap, HeaderName};
use prost::Message;

use super::journal::Received;

/// The path of the service's only method.
pub(super) const CHECK_PATH: &str = "/envoy.service.auth.v3.Authorization/Check";

/// The length of what stands before a gRPC message.
const FRAME_HEAD: usize = 5;

/// gRPC's code for a refusal.
const PERMISSION_DENIED: i32 = 7;

/// The request that the service is asked about, as `backend` received it.
pub(super) fn decode_question(backend: &str, body: &[u8]) -> Option<Received> {
    let question = CheckRequest::decode(body.get(FRAME_HEAD..)?).ok()?;
    let http = question.attributes?.request?.http?;
    let mut headers: Vec<_> = http.headers.into_iter().filter(|(name, _)| !name.starts_with(':')).collect();
    headers.sort_unstable();
    Some(Received {
        backend: backend.to_owned(),
        method: http.method,
        path: http.path,
        version: http.protocol,
        host: Some(http.host),
        headers,
        body_length: http.body.len(),
        body: http.body,
        tls: None,
        tunnel: None,
        order: 0,
    })
}

/// The framed answer: with the status 200 the request may pass and gets
/// `headers`, else they and `body` are the answer to it.
pub(super) fn encode_answer(status: u16, headers: &[(String, String)], body: String) -> Bytes {
    let headers = headers.iter().map(|(name, value)| HeaderValueOption {
        header: Some(HeaderValue { key: name.clone(), value: value.clone(), ..HeaderValue::default() }),
        ..HeaderValueOption::default()
    });
    let headers = headers.collect();
    let (code, response) = if status == 200 {
        (0, HttpResponse::OkResponse(OkHttpResponse { headers, ..OkHttpResponse::default() }))
    } else {
        let status = Some(HttpStatus { code: i32::from(status) });
        (PERMISSION_DENIED, HttpResponse::DeniedResponse(DeniedHttpResponse { status, headers, body }))
    };
    let answer = CheckResponse {
        status: Some(Status { code, ..Status::default() }),
        http_response: Some(response),
        ..CheckResponse::default()
    };
    framed(&answer)
}

/// A message of a call, with what stands before it.
fn framed(message: &impl Message) -> Bytes {
    let message = message.encode_to_vec();
    let mut framed = vec![0];
    framed.extend_from_slice(&u32::try_from(message.len()).unwrap_or_default().to_be_bytes());
    framed.extend_from_slice(&message);
    Bytes::from(framed)
}

/// The path of the only method of a server of rate limits.
pub(super) const LIMIT_PATH: &str = "/envoy.service.ratelimit.v3.RateLimitService/ShouldRateLimit";

/// The entries that such a server is told, as headers.
pub(super) fn decode_told(body: &[u8]) -> Option<HeaderMap> {
    let question = RateLimitRequest::decode(body.get(FRAME_HEAD..)?).ok()?;
    let entries = question.descriptors.into_iter().flat_map(|descriptor| descriptor.entries);
    let headers = entries.filter_map(|entry| {
        Some((HeaderName::try_from(entry.key).ok()?, header::HeaderValue::try_from(entry.value).ok()?))
    });
    Some(headers.collect())
}

/// Its framed answer.
pub(super) fn encode_count(is_too_many: bool) -> Bytes {
    let code = if is_too_many { Code::OverLimit } else { Code::Ok } as i32;
    let status = DescriptorStatus { code, ..DescriptorStatus::default() };
    framed(&RateLimitResponse { overall_code: code, statuses: vec![status], ..RateLimitResponse::default() })
}

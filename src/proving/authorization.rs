//! The gRPC authorization service that every echo backend is as well
//! ([Authorization](https://www.envoyproxy.io/docs/envoy/latest/api-v3/service/auth/v3/external_auth.proto)).
//!
//! It is steered by the same controls as the backends, which it reads from the
//! request that it is asked about.

use envoy_types::pb::envoy::config::core::v3::{HeaderValue, HeaderValueOption};
use envoy_types::pb::envoy::service::auth::v3::{
    CheckRequest, CheckResponse, DeniedHttpResponse, OkHttpResponse, check_response::HttpResponse,
};
use envoy_types::pb::envoy::r#type::v3::HttpStatus;
use envoy_types::pb::google::rpc::Status;
use hyper::body::Bytes;
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
    let message = answer.encode_to_vec();
    let mut framed = vec![0];
    framed.extend_from_slice(&u32::try_from(message.len()).unwrap_or_default().to_be_bytes());
    framed.extend_from_slice(&message);
    Bytes::from(framed)
}

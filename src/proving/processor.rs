//! The server of external processing that every echo backend is as well
//! ([external processor](https://www.envoyproxy.io/docs/envoy/latest/api-v3/service/ext_proc/v3/external_processor.proto)).
//!
//! It answers each message of a stream as the controls of the request say that it is handed; without any, everything
//! passes as it is.

use envoy_types::pb::envoy::config::core::v3::{HeaderMap as HeaderList, HeaderValue, HeaderValueOption};
use envoy_types::pb::envoy::service::ext_proc::v3::{
    BodyResponse, CommonResponse, HeaderMutation, HeadersResponse, HttpHeaders, ImmediateResponse, ProcessingRequest,
    ProcessingResponse, TrailersResponse, processing_request::Request, processing_response::Response,
};
use envoy_types::pb::envoy::r#type::v3::HttpStatus;
use envoy_types::pb::google::protobuf::{Value, value};
use hyper::body::Bytes;
use hyper::header::{self, HeaderMap, HeaderName};
use prost::Message;

use super::grpc;

/// The path of the server's only method.
pub(super) const PROCESS_PATH: &str = "/envoy.service.ext_proc.v3.ExternalProcessor/Process";

/// The length of what stands before a gRPC message.
const FRAME_HEAD: usize = 5;

/// What the names of headers begin with that a stream is begun with.
const GREETING: &str = "x-greeting";

/// `OVERWRITE_IF_EXISTS_OR_ADD`.
const OVERWRITE: i32 = 2;

/// What a server does with a request, and with what is answered to it.
#[derive(Clone, Debug, Default)]
pub(super) struct Steered {
    /// The status of its own answer; `None` where the request passes.
    pub(super) status: Option<u16>,
    /// Headers that it sets: of the request, or of its answer.
    pub(super) headers: Vec<(String, String)>,
    /// Headers of the response that it sets.
    pub(super) response_headers: Vec<(String, String)>,
    /// The body of its answer.
    pub(super) body: String,
    /// Whether it ends the stream without a word.
    pub(super) closes: bool,
}

/// One stream: what it got and has not read, and what it does.
#[derive(Debug, Default)]
pub(super) struct Processing {
    unread: Vec<u8>,
    steered: Steered,
    /// What it was told besides, by the headers that it tells it in.
    told: Vec<(String, String)>,
}

impl Processing {
    /// A stream that begins with these headers.
    pub(super) fn begin(headers: &HeaderMap) -> Self {
        let greeting = headers.iter().filter(|(name, _)| name.as_str().starts_with(GREETING));
        let line = |(name, value): (&HeaderName, &header::HeaderValue)| {
            format!("{name}={}", String::from_utf8_lossy(value.as_bytes()))
        };
        let lines: Vec<String> = greeting.map(line).collect();
        let told = (!lines.is_empty()).then(|| ("x-echo-greeting".to_owned(), lines.join(" ")));
        Self { told: told.into_iter().collect(), ..Self::default() }
    }

    /// Takes bytes of a stream: the framed answers to the messages that are whole, and whether the stream goes on.
    /// `steer` says what the controls ask for, which stand among headers and in a query.
    pub(super) fn take(&mut self, bytes: &[u8], steer: impl Fn(&HeaderMap, &str) -> Steered) -> (Vec<Bytes>, bool) {
        self.unread.extend_from_slice(bytes);
        let mut answers = Vec::new();
        while let Some(message) = self.next_message() {
            let message = ProcessingRequest::decode(&*message).ok();
            let attributes = message.as_ref().map(attributes).unwrap_or_default();
            let Some(request) = message.and_then(|message| message.request) else { return (answers, false) };
            if let Request::RequestHeaders(HttpHeaders { headers, .. }) = &request {
                let (headers, query) = read(headers.as_ref());
                self.steered = steer(&headers, &query);
                self.steered.headers.append(&mut self.told);
            }
            if !attributes.is_empty() {
                let told = ("x-echo-attributes".to_owned(), attributes);
                match &request {
                    Request::RequestHeaders(_) => self.steered.headers.push(told),
                    Request::ResponseHeaders(_) => self.steered.response_headers.push(told),
                    _ => {}
                }
            }
            if self.steered.closes {
                return (answers, false);
            }
            let answer = ProcessingResponse { response: Some(self.answer(&request)), ..ProcessingResponse::default() };
            answers.push(Bytes::from(grpc::frame(&answer.encode_to_vec())));
        }
        (answers, true)
    }

    fn next_message(&mut self) -> Option<Vec<u8>> {
        let length = self.unread.get(1..FRAME_HEAD)?.try_into().ok().map(u32::from_be_bytes)?;
        let end = FRAME_HEAD + usize::try_from(length).ok()?;
        if self.unread.len() < end {
            return None;
        }
        let rest = self.unread.split_off(end);
        let mut message = std::mem::replace(&mut self.unread, rest);
        Some(message.split_off(FRAME_HEAD))
    }

    fn answer(&self, request: &Request) -> Response {
        let Steered { status, headers, response_headers, body, closes: _ } = &self.steered;
        let changed = |headers: &[(String, String)]| HeadersResponse {
            response: Some(CommonResponse { header_mutation: Some(set(headers)), ..CommonResponse::default() }),
        };
        match request {
            Request::RequestHeaders(_) => match status {
                Some(code) => Response::ImmediateResponse(ImmediateResponse {
                    status: Some(HttpStatus { code: i32::from(*code) }),
                    headers: Some(set(headers)),
                    body: body.clone().into(),
                    ..ImmediateResponse::default()
                }),
                None => Response::RequestHeaders(changed(headers)),
            },
            Request::ResponseHeaders(_) => Response::ResponseHeaders(changed(response_headers)),
            Request::RequestBody(_) => Response::RequestBody(BodyResponse::default()),
            Request::ResponseBody(_) => Response::ResponseBody(BodyResponse::default()),
            Request::RequestTrailers(_) => Response::RequestTrailers(TrailersResponse::default()),
            Request::ResponseTrailers(_) => Response::ResponseTrailers(TrailersResponse::default()),
        }
    }
}

/// The attributes that a message has, by their names in order.
fn attributes(message: &ProcessingRequest) -> String {
    let fields = message.attributes.values().flat_map(|one| &one.fields);
    let text = |(name, value): (&String, &Value)| match &value.kind {
        Some(value::Kind::StringValue(text)) => format!("{name}={text}"),
        Some(value::Kind::NumberValue(number)) => format!("{name}={number}"),
        _ => name.to_owned(),
    };
    let mut lines: Vec<String> = fields.map(text).collect();
    lines.sort();
    lines.join(" ")
}

/// The headers of a request, and its query.
fn read(list: Option<&HeaderList>) -> (HeaderMap, String) {
    let (mut headers, mut query) = (HeaderMap::new(), String::new());
    for HeaderValue { key, value, raw_value } in list.into_iter().flat_map(|list| &list.headers) {
        let value = if raw_value.is_empty() { value.as_bytes() } else { raw_value.as_slice() };
        if key == ":path" {
            let path = String::from_utf8_lossy(value);
            query = path.split_once('?').map_or("", |(_, query)| query).to_owned();
        }
        let name = HeaderName::try_from(key.as_str());
        if let (Ok(name), Ok(value)) = (name, header::HeaderValue::from_bytes(value)) {
            headers.append(name, value);
        }
    }
    (headers, query)
}

fn set(headers: &[(String, String)]) -> HeaderMutation {
    let set = headers.iter().map(|(name, value)| HeaderValueOption {
        header: Some(HeaderValue {
            key: name.clone(),
            raw_value: value.clone().into_bytes(),
            ..HeaderValue::default()
        }),
        append_action: OVERWRITE,
        ..HeaderValueOption::default()
    });
    HeaderMutation { set_headers: set.collect(), ..HeaderMutation::default() }
}

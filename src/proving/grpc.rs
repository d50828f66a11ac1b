//! gRPC on the wire: length-prefixed messages, and a status behind the body
//! ([gRPC over HTTP/2](https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md)).
//!
//! Messages are opaque bytes here, so that no schema is needed: cases send
//! text, and echo backends answer with their report.

use hyper::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, TE};
use serde::Deserialize;

/// The content type of calls; encodings of the messages are appended to it.
pub(super) const MEDIA_TYPE: &str = "application/grpc";

/// The header or trailer with the status of a call.
pub(super) const STATUS: &str = "grpc-status";

/// The header or trailer with the text of the status.
pub(super) const MESSAGE: &str = "grpc-message";

/// The length of what precedes each message: a flag and the length.
const PREFIX_BYTES: usize = 5;

/// A call.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GrpcCall {
    /// The full name of the service, such as `shop.Cart`.
    pub service: String,
    /// The method.
    pub method: String,
    /// The messages of the request; one empty message by default.
    #[serde(default = "one_empty_message")]
    pub messages: Vec<String>,
}

fn one_empty_message() -> Vec<String> {
    vec![String::new()]
}

impl GrpcCall {
    /// The path of the request.
    pub(super) fn path(&self) -> String {
        format!("/{}/{}", self.service, self.method)
    }

    /// The body of the request.
    pub(super) fn body(&self) -> Vec<u8> {
        self.messages.iter().flat_map(|message| frame(message.as_bytes())).collect()
    }

    /// Adds the headers that make a request a call, where they are not given.
    pub(super) fn add_headers(headers: &mut HeaderMap) {
        headers.entry(CONTENT_TYPE).or_insert(HeaderValue::from_static(MEDIA_TYPE));
        headers.entry(TE).or_insert(HeaderValue::from_static("trailers"));
    }
}

/// Whether headers belong to a call.
pub(super) fn is_call(headers: &HeaderMap) -> bool {
    let media_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    media_type.strip_prefix(MEDIA_TYPE).is_some_and(|rest| rest.is_empty() || rest.starts_with(['+', ';']))
}

/// One message with its prefix.
pub(super) fn frame(message: &[u8]) -> Vec<u8> {
    let length = u32::try_from(message.len()).unwrap_or(u32::MAX);
    let mut framed = Vec::with_capacity(PREFIX_BYTES + message.len());
    framed.push(0);
    framed.extend(length.to_be_bytes());
    framed.extend(message);
    framed
}

/// The messages of a body; `None` when it ends inside one.
pub(super) fn messages(mut body: &[u8]) -> Option<Vec<&[u8]>> {
    let mut messages = Vec::new();
    while !body.is_empty() {
        let (prefix, rest) = body.split_at_checked(PREFIX_BYTES)?;
        let length = u32::from_be_bytes(prefix[1..].try_into().ok()?);
        let (message, rest) = rest.split_at_checked(usize::try_from(length).ok()?)?;
        messages.push(message);
        body = rest;
    }
    Some(messages)
}

/// The trailers that end a call with `status`.
pub(super) fn trailers(status: &str, message: Option<&str>) -> HeaderMap {
    let mut trailers = HeaderMap::new();
    for (name, text) in [(STATUS, Some(status)), (MESSAGE, message)] {
        if let Some(value) = text.and_then(|text| HeaderValue::from_str(text).ok()) {
            trailers.insert(HeaderName::from_static(name), value);
        }
    }
    trailers
}

#[cfg(test)]
mod tests {
    use hyper::header::{CONTENT_TYPE, HeaderMap, HeaderValue};

    use super::{frame, is_call, messages};

    #[test]
    fn framed_messages_come_back() {
        let body = [frame(b"one"), frame(b""), frame(b"three")].concat();
        assert_eq!(messages(&body), Some(vec![&b"one"[..], b"", b"three"]));
        assert_eq!(messages(&body[..body.len() - 1]), None);
        assert_eq!(messages(&body[..3]), None);
        assert_eq!(messages(b""), Some(Vec::new()));
    }

    #[test]
    fn a_call_is_known_by_its_content_type() {
        let call = |media_type: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
            is_call(&headers)
        };
        assert!(call("application/grpc") && call("application/grpc+proto"));
        assert!(!call("application/grpc-web") && !call("application/json"));
        assert!(!is_call(&HeaderMap::new()));
    }
}

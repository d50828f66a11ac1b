//! Calls of gRPC-Web: what backends get of them, and what becomes of the answers
//! ([gRPC-Web](https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/grpc_web_filter)).

use crate::ir::HttpSettings;

use super::header::{Lines, line, set};

const CONTENT_TYPE: &str = "content-type";

/// The content types of calls, and whether their bodies are written in Base64.
const TYPES: [(&str, bool); 4] = [
    ("application/grpc-web", false),
    ("application/grpc-web+proto", false),
    ("application/grpc-web-text", true),
    ("application/grpc-web-text+proto", true),
];

/// A call of gRPC-Web on connections where such calls become calls of gRPC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WebCall {
    /// Whether the client sends it in Base64.
    pub sends_text: bool,
    /// Whether the client wants the answer in Base64.
    pub is_text: bool,
}

impl WebCall {
    /// What headers are a call of.
    pub(super) fn of(settings: &HttpSettings, lines: &Lines) -> Option<Self> {
        let known = |name: &str| TYPES.iter().find(|(one, _)| line(lines, name) == Some(one));
        let (_, sends_text) = *known(CONTENT_TYPE).filter(|_| settings.web_calls)?;
        Some(Self { sends_text, is_text: known("accept").is_some_and(|(_, is_text)| *is_text) })
    }

    /// Makes headers those of a call of gRPC.
    pub(super) fn make_call(lines: &mut Lines) {
        lines.retain(|(name, _)| name != "content-length");
        set(lines, CONTENT_TYPE, "application/grpc");
        set(lines, "te", "trailers");
        if line(lines, "grpc-accept-encoding").is_none() {
            set(lines, "grpc-accept-encoding", "identity");
        }
    }

    /// The headers of an answer that is none of a call, and has this body: it becomes the text of the call's status, and
    /// the status of HTTP stays.
    pub fn tell(self, status: u16, lines: &mut Lines, body: &[u8]) {
        self.mark(lines);
        if !body.is_empty() {
            set(lines, "grpc-message", &escaped(body));
            set(lines, "grpc-status", &code_of(status).to_string());
        }
    }

    /// The headers of the answer of a call.
    pub fn mark(self, lines: &mut Lines) {
        lines.retain(|(name, _)| name != "content-length");
        let (media_type, _) = TYPES[if self.is_text { 3 } else { 1 }];
        set(lines, CONTENT_TYPE, media_type);
    }
}

/// The status of a call for a status of HTTP
/// ([HTTP to gRPC status codes](https://github.com/grpc/grpc/blob/master/doc/http-grpc-status-mapping.md)).
pub(super) fn code_of(status: u16) -> u8 {
    match status {
        400 => 13,
        401 => 16,
        403 => 7,
        404 => 12,
        429 | 502 | 503 | 504 => 14,
        _ => 2,
    }
}

/// The text of a status, as Envoy writes it
/// ([percent encoding](https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md#responses)).
pub(super) fn escaped(text: &[u8]) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text {
        match byte {
            b'%' | 0..b' ' | b'~'.. => escaped.push_str(&format!("%{byte:02X}")),
            _ => escaped.push(char::from(*byte)),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::{WebCall, escaped};
    use crate::ir::HttpSettings;

    #[test]
    fn calls_are_known_by_their_whole_content_type() {
        let settings = HttpSettings { web_calls: true, ..HttpSettings::default() };
        let of = |media_type: &str, accept: &str| {
            let line = |name: &str, value: &str| (name.to_owned(), value.to_owned());
            WebCall::of(&settings, &vec![line("content-type", media_type), line("accept", accept)])
        };
        assert_eq!(of("application/grpc-web", ""), Some(WebCall { sends_text: false, is_text: false }));
        // What the client sends says nothing of what it takes.
        assert_eq!(of("application/grpc-web-text", "*/*"), Some(WebCall { sends_text: true, is_text: false }));
        let mixed = Some(WebCall { sends_text: false, is_text: true });
        assert_eq!(of("application/grpc-web+proto", "application/grpc-web-text"), mixed);
        for other in ["application/grpc", "application/grpc-web+json", "application/grpc-web; a=b", ""] {
            assert_eq!(of(other, "application/grpc-web-text"), None, "{other}");
        }
        let line = vec![("content-type".to_owned(), "application/grpc-web".to_owned())];
        assert_eq!(WebCall::of(&HttpSettings::default(), &line), None);
    }

    #[test]
    fn texts_of_a_status_are_visible() {
        assert_eq!(escaped(b"no healthy upstream"), "no healthy upstream");
        assert_eq!(escaped("5%~\n\u{e9}".as_bytes()), "5%25%7E%0A%C3%A9");
    }
}

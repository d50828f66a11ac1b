//! gRPC-Web on the wire, as backends and clients see it
//! ([gRPC-Web](https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-WEB.md)).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::simulate::WebCall;

use super::client::Reply;
use super::grpc;

/// The flag of the message that holds the trailers of a call of gRPC-Web
/// ([gRPC-Web](https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-WEB.md)).
const TRAILERS_FLAG: u8 = 0x80;

/// What a backend gets of the body of a call of gRPC-Web; `None` for what is no Base64 and should be.
pub(super) fn body_of(call: WebCall, body: &str) -> Option<Vec<u8>> {
    if call.sends_text { STANDARD.decode(body).ok() } else { Some(body.as_bytes().to_vec()) }
}

/// The text of the messages of a body, or of what is in their place.
pub(super) fn text_of(body: &[u8]) -> String {
    let text = grpc::messages(body).map(|messages| messages.join(&b'\n'));
    String::from_utf8_lossy(text.as_deref().unwrap_or(body)).into_owned()
}

/// The answer to a call, or whatever came in place of one, as a client of gRPC-Web gets it.
pub(super) fn reply_of(call: WebCall, mut reply: Reply) -> Reply {
    let is_call = |value: &&str| *value == grpc::MEDIA_TYPE;
    if reply.status != 200 || reply.header_lines("content-type").first().is_none_or(|value| !is_call(value)) {
        call.tell(reply.status, &mut reply.headers, &reply.body);
        reply.body.clear();
        return reply;
    }
    call.mark(&mut reply.headers);
    let trailers = std::mem::take(&mut reply.trailers);
    let lines: String = trailers.iter().map(|(name, value)| format!("{name}:{value}\r\n")).collect();
    let mut last = grpc::frame(lines.as_bytes());
    last[0] = TRAILERS_FLAG;
    let has_message = trailers.iter().all(|(name, value)| name != grpc::STATUS || value == "0");
    let first = if has_message { grpc::frame(&reply.body) } else { Vec::new() };
    reply.body = match call.is_text {
        true => [STANDARD.encode(first), STANDARD.encode(last)].concat().into_bytes(),
        false => [first, last].concat(),
    };
    reply
}

//! What is spoken to the hosts of an Upstream: `useHttp2`, `protocolSelection`, and the functions that a `serviceSpec` lists
//! ([Upstream](https://docs.solo.io/gateway/latest/reference/api/upstream/)).

use crate::diagnostics::FieldPath;
use crate::ir::UpstreamProtocol;
use crate::parser::api::{GlooEnum, UpstreamCalls, UpstreamServiceSpec};
use crate::path;

use super::refused::{Refused, unusable};

/// What the options of an Upstream say of it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Spoken {
    /// HTTP/2 with prior knowledge.
    pub(super) http2: bool,
    /// What clients speak.
    pub(super) as_clients: bool,
}

impl Spoken {
    /// The protocol; `None` where nothing is said of it. What clients speak goes before what is said of the hosts.
    pub(super) fn protocol(self) -> Option<UpstreamProtocol> {
        let Self { http2, as_clients } = self;
        match (as_clients, http2) {
            (true, _) => Some(UpstreamProtocol::AsClients),
            (false, true) => Some(UpstreamProtocol::Http2),
            (false, false) => None,
        }
    }
}

/// Whether the protocol is that of clients.
pub(super) fn is_as_clients(GlooEnum(word): &GlooEnum, refused: &mut Vec<Refused>) -> bool {
    match word.as_str() {
        "" | "0" | "USE_CONFIGURED_PROTOCOL" => false,
        "1" | "USE_DOWNSTREAM_PROTOCOL" => true,
        _ => {
            let help = "write `USE_CONFIGURED_PROTOCOL` or `USE_DOWNSTREAM_PROTOCOL`";
            refused.push(unusable(path!["protocolSelection"], "is no choice of a protocol", help));
            false
        }
    }
}

/// Whether the functions of a service are calls, which are made over HTTP/2. What `rest` lists are functions for routes that
/// name one, which no route of Gateway API does.
pub(super) fn is_of_calls(said: Option<&UpstreamServiceSpec>, at: &FieldPath, refused: &mut Vec<Refused>) -> bool {
    let Some(UpstreamServiceSpec { grpc, grpc_json_transcoder, rest: _ }) = said else { return false };
    let at = at.with("serviceSpec");
    let mut refuse = |at: FieldPath| {
        let help = "remove the field, and let clients make calls, which a GRPCRoute or an HTTPRoute takes as they are";
        refused.push(unusable(at, "asks for calls to be made of other requests, which is not translated", help));
    };
    if grpc_json_transcoder.is_some() {
        refuse(at.with("grpcJsonTranscoder"));
    }
    let Some(UpstreamCalls { descriptors, grpc_services }) = grpc else { return false };
    // Descriptors alone are of no service.
    if !grpc_services.is_empty() {
        refuse(at.with("grpc").with(if descriptors.is_empty() { "grpcServices" } else { "descriptors" }));
    }
    true
}

//! `ratelimitServer` of an HttpListenerOption: which server is asked whether there are too many requests, and how.

use std::time::Duration;

use crate::parser::api::{GoDuration, OptionAuthority, OptionLimitServer};
use crate::path;

use super::faults::Faults;

/// Says what of a server cannot be honoured.
pub(super) fn check_server(said: &OptionLimitServer, faults: &mut Faults<'_>) {
    let OptionLimitServer { grpc_service, ratelimit_server_ref, request_timeout, .. } = said;
    if ratelimit_server_ref.is_none() {
        let help = "name an Upstream in `ratelimitServerRef`";
        faults.add(&path![], "no server is named that could be asked", help);
    }
    if let Some(GoDuration(Duration::ZERO)) = request_timeout {
        faults.add(&path!["requestTimeout"], "a server cannot answer in no time", "write a length of time above zero");
    }
    if let Some(OptionAuthority { authority }) = grpc_service {
        faults.host(&path!["grpcService", "authority"], authority);
    }
}

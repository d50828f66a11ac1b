//! What of options that ask a service is not translated: all of it keeps requests out.

use crate::diagnostics::FieldPath;
use crate::parser::api::{GlooEnum, OptionAuth, OptionAuthHttp, OptionAuthRequest, OptionAuthServer, OptionCustomAuth};

use super::missing::{Missing, NOT_KEPT_OUT};

const OWN_SERVER: &str = "an AuthConfig is for the server of Gloo Gateway alone";
const NAMED: &str = "it names one of several servers of Gloo Gateway's own settings, which are not part of the input";
const SAYS_NOTHING: &str = "it does not say whether the server is asked";
const AFTER_CHECKS: &str =
    "a rule that is chosen anew behind the server would have had none of its own checks before it";
const ONE_VERSION: &str = "Envoy speaks version 3 of this protocol alone";
const NONE_ADDED: &str = "gwctl adds nothing to what the client says where a server is asked over HTTP";
const OWN_HEADER: &str = "Envoy does not take a header of this name out of what clients send";

pub(super) fn untranslated_auth(auth: &OptionAuth, at: &FieldPath) -> Vec<Missing> {
    let OptionAuth { config_ref, custom_auth, disable } = auth;
    let is_named = |OptionCustomAuth { context_extensions: _, name }: &OptionCustomAuth| !name.is_empty();
    let says_nothing = config_ref.is_none() && custom_auth.is_none() && !disable;
    let fields = [
        (at.with("configRef"), config_ref.is_some(), OWN_SERVER),
        (at.with("customAuth").with("name"), custom_auth.as_ref().is_some_and(is_named), NAMED),
        (at.clone(), says_nothing, SAYS_NOTHING),
    ];
    let fields = fields.into_iter().filter(|(_, is_set, _)| *is_set);
    fields.map(|(path, _, why)| Missing { path, loss: NOT_KEPT_OUT, is_security: true, why }).collect()
}

pub(super) fn untranslated_server(server: &OptionAuthServer, at: &FieldPath) -> Vec<Missing> {
    const NOT_AGAIN: &str = "what the server says of headers would choose no other rule";
    const FORGED: &str = "backends would take what clients write for what the server says";
    const NOT_TOLD: &str = "the server would not be told all";
    let OptionAuthServer {
        clear_route_cache,
        extauthz_server_ref: _,
        failure_mode_allow: _,
        grpc_service: _,
        http_service,
        request_body: _,
        request_timeout: _,
        stat_prefix: _,
        status_on_error: _,
        transport_api_version,
        user_id_header,
    } = server;
    let is_other = |GlooEnum(version): &GlooEnum| !matches!(version.as_str(), "" | "0" | "V3");
    let mut fields = vec![
        (at.with("clearRouteCache"), *clear_route_cache, NOT_AGAIN, AFTER_CHECKS),
        (
            at.with("transportApiVersion"),
            transport_api_version.as_ref().is_some_and(is_other),
            NOT_KEPT_OUT,
            ONE_VERSION,
        ),
        (at.with("userIdHeader"), !user_id_header.is_empty(), FORGED, OWN_HEADER),
    ];
    if let Some(OptionAuthHttp { path_prefix: _, request, response: _ }) = http_service {
        let at = at.with("httpService");
        if let Some(OptionAuthRequest { allowed_headers: _, allowed_headers_regex: _, headers_to_add }) = request {
            let at = at.with("request");
            fields.push((at.with("headersToAdd"), !headers_to_add.is_empty(), NOT_TOLD, NONE_ADDED));
        }
    }
    let fields = fields.into_iter().filter(|(_, is_set, ..)| *is_set);
    fields.map(|(path, _, loss, why)| Missing { path, loss, is_security: true, why }).collect()
}

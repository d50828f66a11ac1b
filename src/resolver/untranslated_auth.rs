//! What of options that ask a service is not translated: all of it keeps requests out.

use crate::diagnostics::FieldPath;
use crate::parser::api::{
    GlooEnum, OptionAuth, OptionAuthHttp, OptionAuthRequest, OptionAuthResponse, OptionAuthServer, OptionCustomAuth,
};

use super::missing::{Missing, NOT_KEPT_OUT};

const OWN_SERVER: &str = "an AuthConfig is for the server of Gloo Gateway alone";
const NAMED: &str = "it names one of several servers of Gloo Gateway's own settings, which are not part of the input";
const SAYS_NOTHING: &str = "it does not say whether the server is asked";
const AFTER_CHECKS: &str =
    "a rule that is chosen anew behind the server would have had none of its own checks before it";
const ONE_VERSION: &str = "Envoy speaks version 3 of this protocol alone";
const BY_NAME: &str = "gwctl tells a server of headers by their names alone (`allowedHeaders`)";
const NONE_ADDED: &str = "gwctl adds nothing to what the client says where a server is asked over HTTP";
const ALL_SHOWN: &str = "gwctl hands all that a server says of a refusal on to the client";
const IN_PLACE: &str =
    "gwctl lets headers of the server stand in the place of the client's alone (`allowedUpstreamHeaders`)";
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
    if let Some(OptionAuthHttp { path_prefix: _, request, response }) = http_service {
        let at = at.with("httpService");
        if let Some(OptionAuthRequest { allowed_headers: _, allowed_headers_regex, headers_to_add }) = request {
            let at = at.with("request");
            fields.push((at.with("allowedHeadersRegex"), !allowed_headers_regex.is_empty(), NOT_TOLD, BY_NAME));
            fields.push((at.with("headersToAdd"), !headers_to_add.is_empty(), NOT_TOLD, NONE_ADDED));
        }
        if let Some(said) = response {
            let OptionAuthResponse {
                allowed_client_headers,
                allowed_upstream_headers: _,
                allowed_upstream_headers_to_append,
            } = said;
            let at = at.with("response");
            let is_set = !allowed_client_headers.is_empty();
            fields.push((
                at.with("allowedClientHeaders"),
                is_set,
                "clients would see all headers of a refusal",
                ALL_SHOWN,
            ));
            let is_set = !allowed_upstream_headers_to_append.is_empty();
            fields.push((at.with("allowedUpstreamHeadersToAppend"), is_set, FORGED, IN_PLACE));
        }
    }
    let fields = fields.into_iter().filter(|(_, is_set, ..)| *is_set);
    fields.map(|(path, _, loss, why)| Missing { path, loss, is_security: true, why }).collect()
}

//! What of an option is not translated, and what it means that it is missing.

use crate::diagnostics::{FieldPath, Finding, ObjectPart, codes};
use crate::parser::api::{HeaderManipulation, OptionCors, OptionRetries, RouteOption};
use crate::parser::manifests::ObjectHead;
use crate::path;

/// A field that is not translated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Missing {
    /// The field, from the options.
    pub(super) path: FieldPath,
    /// What the field is for, as the end of a sentence that begins with "without it".
    pub(super) loss: &'static str,
    /// Whether it keeps requests out: that is never left out.
    pub(super) is_security: bool,
}

const NOT_KEPT_OUT: &str = "requests would pass that it keeps out";
const NOT_LIMITED: &str = "nobody would be kept to its limits";
const NOT_FILTERED: &str = "what it filters out would pass";
const NOT_CHANGED: &str = "requests and responses would pass as they are";

/// What of an option is not translated; nothing for one that is as a whole.
pub(super) fn untranslated(option: &RouteOption) -> Vec<Missing> {
    let whole =
        |loss: &'static str, is_security: bool| vec![Missing { path: path![option.field()], loss, is_security }];
    match option {
        RouteOption::Cors(OptionCors { allow_origin_regex, .. }) => {
            let is_missing = !allow_origin_regex.is_empty();
            part(is_missing, path!["cors", "allowOriginRegex"], "origins would be shut out that it admits")
        }
        RouteOption::HeaderManipulation(HeaderManipulation { request_headers_to_add, .. }) => {
            let secrets =
                request_headers_to_add.iter().enumerate().filter(|(_, entry)| entry.header_secret_ref.is_some());
            let path = |index: usize| path!["headerManipulation", "requestHeadersToAdd", index, "headerSecretRef"];
            let loss = "backends would not get the headers of the Secret";
            secrets.map(|(index, _)| Missing { path: path(index), loss, is_security: false }).collect()
        }
        RouteOption::Retries(OptionRetries { previous_priorities, rate_limited_retry_back_off, .. }) => {
            let mut missing = part(
                previous_priorities.is_some(),
                path!["retries", "previousPriorities"],
                "further tries would go to endpoints of the same priority",
            );
            missing.extend(part(
                rate_limited_retry_back_off.is_some(),
                path!["retries", "rateLimitedRetryBackOff"],
                "further tries would not wait as long as backends ask for",
            ));
            missing
        }
        RouteOption::AppendXForwardedHost(_)
        | RouteOption::AutoHostRewrite(_)
        | RouteOption::Faults(_)
        | RouteOption::HostRewrite(_)
        | RouteOption::HostRewriteHeader(_)
        | RouteOption::HostRewritePathRegex(_)
        | RouteOption::IdleTimeout(_)
        | RouteOption::MaxStreamDuration(_)
        | RouteOption::PrefixRewrite(_)
        | RouteOption::RegexRewrite(_)
        | RouteOption::Timeout(_) => Vec::new(),
        RouteOption::Extauth(_)
        | RouteOption::Jwt(_)
        | RouteOption::JwtStaged(_)
        | RouteOption::JwtProvidersStaged(_)
        | RouteOption::Rbac(_) => whole(NOT_KEPT_OUT, true),
        RouteOption::Ratelimit(_)
        | RouteOption::RatelimitBasic(_)
        | RouteOption::RatelimitEarly(_)
        | RouteOption::RatelimitRegular(_)
        | RouteOption::RateLimitConfigs(_)
        | RouteOption::RateLimitEarlyConfigs(_)
        | RouteOption::RateLimitRegularConfigs(_) => whole(NOT_LIMITED, true),
        RouteOption::Waf(_) => whole(NOT_FILTERED, true),
        // It keeps scripts of other sites from sending requests in a user's name.
        RouteOption::Csrf(_) => whole(NOT_KEPT_OUT, true),
        // An external processor may answer in the place of a backend, and what it says is not known.
        RouteOption::ExtProc(_) | RouteOption::ExtProcEarly(_) | RouteOption::ExtProcLate(_) => {
            whole("nobody would be asked what becomes of requests", true)
        }
        RouteOption::Dlp(_) => whole("responses would show what it masks", true),
        RouteOption::Ai(_) | RouteOption::Transformations(_) | RouteOption::StagedTransformations(_) => {
            whole(NOT_CHANGED, false)
        }
        RouteOption::Extensions(_) => whole("what it asks for is not known", true),
        RouteOption::BufferPerRoute(_) => whole("bodies of any length would be taken, and none is held back", false),
        RouteOption::EnvoyMetadata(_) => whole("filters and logs would not see the metadata", false),
        RouteOption::LbHash(_) => whole("requests of one client would go to different endpoints", false),
        RouteOption::Shadowing(_) => whole("no copies would be sent", false),
        RouteOption::Tracing(_) => whole("no traces would be made", false),
        RouteOption::Upgrades(_) => whole("connections would be upgraded as on every other route", false),
    }
}

/// Whether all that an option says is translated.
pub fn is_translated(option: &RouteOption) -> bool {
    untranslated(option).is_empty()
}

fn part(is_missing: bool, path: FieldPath, loss: &'static str) -> Vec<Missing> {
    if is_missing { vec![Missing { path, loss, is_security: false }] } else { Vec::new() }
}

impl Missing {
    /// What is said of the field; `is_left_out` where the configuration may be without it.
    pub(super) fn finding(&self, object: &ObjectHead, full_kind: &str, is_left_out: bool) -> Finding {
        let Self { path, loss, is_security } = self;
        let code = if is_left_out { codes::OPTION_LEFT_OUT } else { codes::UNSUPPORTED_OPTION };
        let kind = object.kind.name();
        let message = format!("`{path}` of {kind} `{}` is not translated", object.full_name());
        let at = ObjectPart::Whole.at(&path!["spec", "options"].join(path));
        let finding = object.finding(code, at, message).label("gwctl does not translate it");
        if is_left_out {
            return finding
                .consequence(format!("the rules that it applies to are served without it: {loss}"))
                .help("nothing needs to change: `--allow-unsupported` names the kind");
        }
        let help = if *is_security {
            "remove it where something else does the same; `--allow-unsupported` does not allow this".to_owned()
        } else {
            format!("remove it, or pass `--allow-unsupported {full_kind}` to serve without it")
        };
        let consequence = format!("all requests of the rules that it applies to get 500; without it {loss}");
        finding.consequence(consequence).help(help)
    }
}

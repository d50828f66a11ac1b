//! What of an option is not translated, and what it means that it is missing.

use crate::diagnostics::{FieldPath, Finding, ObjectPart, codes};
use crate::parser::api::{
    HeaderManipulation, OptionHash, OptionHashPolicy, OptionRetries, RouteOption, VirtualHostOption,
};
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
// An external processor may answer in the place of a backend, and what it says is not known.
const NOT_ASKED: &str = "nobody would be asked what becomes of requests";
const NOT_MASKED: &str = "responses would show what it masks";
const NOT_KNOWN: &str = "what it asks for is not known";
const NOT_BUFFERED: &str = "bodies of any length would be taken, and none is held back";

/// An option of some kind of policy.
pub trait PolicyOption {
    /// The field.
    fn field(&self) -> &'static str;

    /// What of the option is judged.
    fn said(&self) -> Said<'_>;
}

/// What an option says, as far as that decides whether it is translated.
#[derive(Clone, Copy, Debug)]
pub enum Said<'o> {
    /// Nothing that is not translated.
    Translated,
    /// Something that is not translated at all: what is lost without it, and whether it keeps requests out.
    Whole(&'static str, bool),
    /// Changes to headers.
    Headers(&'o HeaderManipulation),
    /// What endpoints are chosen by.
    Hash(&'o OptionHash),
    /// Further tries.
    Retries(&'o OptionRetries),
}

impl PolicyOption for RouteOption {
    fn field(&self) -> &'static str {
        self.field()
    }

    fn said(&self) -> Said<'_> {
        match self {
            Self::HeaderManipulation(headers) => Said::Headers(headers),
            Self::Retries(retries) => Said::Retries(retries),
            Self::AppendXForwardedHost(_)
            | Self::AutoHostRewrite(_)
            | Self::Cors(_)
            | Self::Faults(_)
            | Self::HostRewrite(_)
            | Self::HostRewriteHeader(_)
            | Self::HostRewritePathRegex(_)
            | Self::IdleTimeout(_)
            | Self::MaxStreamDuration(_)
            | Self::PrefixRewrite(_)
            | Self::RegexRewrite(_)
            | Self::Timeout(_) => Said::Translated,
            Self::Extauth(_)
            | Self::Jwt(_)
            | Self::JwtStaged(_)
            | Self::JwtProvidersStaged(_)
            | Self::Rbac(_)
            | Self::Csrf(_) => Said::Whole(NOT_KEPT_OUT, true),
            Self::Ratelimit(_)
            | Self::RatelimitBasic(_)
            | Self::RatelimitEarly(_)
            | Self::RatelimitRegular(_)
            | Self::RateLimitConfigs(_)
            | Self::RateLimitEarlyConfigs(_)
            | Self::RateLimitRegularConfigs(_) => Said::Whole(NOT_LIMITED, true),
            Self::Waf(_) => Said::Whole(NOT_FILTERED, true),
            Self::ExtProc(_) | Self::ExtProcEarly(_) | Self::ExtProcLate(_) => Said::Whole(NOT_ASKED, true),
            Self::Dlp(_) => Said::Whole(NOT_MASKED, true),
            Self::Ai(_) | Self::Transformations(_) | Self::StagedTransformations(_) => Said::Whole(NOT_CHANGED, false),
            Self::Extensions(_) => Said::Whole(NOT_KNOWN, true),
            Self::BufferPerRoute(_) => Said::Whole(NOT_BUFFERED, false),
            Self::EnvoyMetadata(_) => Said::Whole("filters and logs would not see the metadata", false),
            Self::LbHash(hash) => Said::Hash(hash),
            Self::Shadowing(_) => Said::Whole("no copies would be sent", false),
            Self::Tracing(_) => Said::Whole("no traces would be made", false),
            Self::Upgrades(_) => Said::Whole("connections would be upgraded as on every other route", false),
        }
    }
}

impl PolicyOption for VirtualHostOption {
    fn field(&self) -> &'static str {
        self.field()
    }

    fn said(&self) -> Said<'_> {
        match self {
            Self::HeaderManipulation(headers) => Said::Headers(headers),
            Self::Retries(retries) => Said::Retries(retries),
            Self::Cors(_)
            | Self::CorsPolicyMergeSettings(_)
            | Self::IncludeAttemptCountInResponse(_)
            | Self::IncludeRequestAttemptCount(_) => Said::Translated,
            Self::Extauth(_) | Self::Jwt(_) | Self::JwtStaged(_) | Self::Rbac(_) | Self::Csrf(_) => {
                Said::Whole(NOT_KEPT_OUT, true)
            }
            Self::Ratelimit(_)
            | Self::RatelimitBasic(_)
            | Self::RatelimitEarly(_)
            | Self::RatelimitRegular(_)
            | Self::RateLimitConfigs(_)
            | Self::RateLimitEarlyConfigs(_)
            | Self::RateLimitRegularConfigs(_) => Said::Whole(NOT_LIMITED, true),
            Self::Waf(_) => Said::Whole(NOT_FILTERED, true),
            Self::ExtProc(_) | Self::ExtProcEarly(_) | Self::ExtProcLate(_) => Said::Whole(NOT_ASKED, true),
            Self::Dlp(_) => Said::Whole(NOT_MASKED, true),
            Self::Transformations(_) | Self::StagedTransformations(_) => Said::Whole(NOT_CHANGED, false),
            Self::Extensions(_) => Said::Whole(NOT_KNOWN, true),
            Self::BufferPerRoute(_) => Said::Whole(NOT_BUFFERED, false),
            Self::Stats(_) => Said::Whole("requests would not be counted by virtual clusters", false),
        }
    }
}

/// What of an option is not translated; nothing for one that is as a whole.
pub(super) fn untranslated(option: &impl PolicyOption) -> Vec<Missing> {
    let of_part = |is_missing: bool, path: FieldPath, loss: &'static str| {
        if is_missing { vec![Missing { path, loss, is_security: false }] } else { Vec::new() }
    };
    match option.said() {
        Said::Translated => Vec::new(),
        Said::Whole(loss, is_security) => vec![Missing { path: path![option.field()], loss, is_security }],
        Said::Headers(HeaderManipulation { request_headers_to_add, .. }) => {
            let secrets =
                request_headers_to_add.iter().enumerate().filter(|(_, entry)| entry.header_secret_ref.is_some());
            let path = |index: usize| path!["headerManipulation", "requestHeadersToAdd", index, "headerSecretRef"];
            let loss = "backends would not get the headers of the Secret";
            secrets.map(|(index, _)| Missing { path: path(index), loss, is_security: false }).collect()
        }
        Said::Hash(OptionHash { hash_policies }) => {
            let has_life = |policy: &OptionHashPolicy| policy.cookie.as_ref().is_some_and(|one| one.ttl.is_some());
            let made = hash_policies.iter().enumerate().filter(|(_, policy)| has_life(policy));
            let loss = "clients would not be given the cookie, and go to different endpoints";
            let path = |index: usize| path!["lbHash", "hashPolicies", index, "cookie", "ttl"];
            made.map(|(index, _)| Missing { path: path(index), loss, is_security: false }).collect()
        }
        Said::Retries(OptionRetries { previous_priorities, rate_limited_retry_back_off, .. }) => {
            let mut missing = of_part(
                previous_priorities.is_some(),
                path!["retries", "previousPriorities"],
                "further tries would go to endpoints of the same priority",
            );
            missing.extend(of_part(
                rate_limited_retry_back_off.is_some(),
                path!["retries", "rateLimitedRetryBackOff"],
                "further tries would not wait as long as backends ask for",
            ));
            missing
        }
    }
}

/// Whether all that an option says is translated.
pub fn is_translated(option: &impl PolicyOption) -> bool {
    untranslated(option).is_empty()
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

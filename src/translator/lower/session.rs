//! Session persistence of rules
//! ([SessionPersistence](https://gateway-api.sigs.k8s.io/reference/spec/#sessionpersistence),
//! [GEP-1619](https://gateway-api.sigs.k8s.io/geps/gep-1619/)).

use std::collections::HashSet;
use std::time::Duration as StdDuration;

use crate::diagnostics::{Code, Condition, ConditionKind, Diagnostics, Finding, PartPath, Reason, Reported, codes};
use crate::http::{HeaderName, is_token};
use crate::ir::{
    Across, BackendName, Session, SessionCarrier, SessionCookie, Site, can_hold_session, evaluated_operator,
};
use crate::parser::api::{
    CookieConfig, CookieLifetimeType, Duration, SessionCookie as CookieFields, SessionHeader, SessionPersistence,
    SessionPersistenceType,
};
use crate::parser::manifests::{Kind, ObjectHead};

/// The cookie path where none is given: the specification's default.
const DEFAULT_PATH: &str = "/";

/// The names of all sessions: rules never share one.
#[derive(Clone, Debug, Default)]
pub(super) struct SessionNames(HashSet<(SessionPersistenceType, String)>);

/// A session persistence, who declares it and for which rule.
pub(super) struct SessionSource<'s> {
    /// The object that declares it: a route or a policy.
    pub(super) object: &'s ObjectHead,
    /// The path of the declaration in the object.
    pub(super) at: PartPath,
    /// The rule, in words that no other rule has.
    pub(super) rule: String,
    /// Whether several rules may take the name from here.
    pub(super) shared: bool,
    /// What happens to the traffic when the declaration is unusable.
    pub(super) consequence: &'static str,
}

impl SessionSource<'_> {
    /// A finding about the declaration.
    fn finding(&self, code: Code, message: impl Into<String>) -> Finding {
        self.object.finding(code, self.at.clone(), message)
    }
}

impl SessionNames {
    /// Lowers a declaration; an error means that the rule cannot be served.
    pub(super) fn lower(
        &mut self,
        source: &SessionSource<'_>,
        spec: &SessionPersistence,
        diagnostics: &mut Diagnostics,
    ) -> Result<Session, Reported> {
        let SessionPersistence { session_name, absolute_timeout, persistence_type, cookie_config, cookie, header } =
            spec;
        let timeout = absolute_timeout.filter(|timeout| !timeout.is_zero()).map(|Duration(timeout)| timeout);
        let declared = match (persistence_type, cookie, header) {
            (SessionPersistenceType::Cookie, Some(CookieFields { name: Some(name), .. }), _) => Some(name.as_str()),
            (SessionPersistenceType::Header, _, Some(SessionHeader { name })) => Some(name.as_str()),
            _ => session_name.as_deref(),
        };
        let declared = declared.filter(|name| !name.is_empty());
        if let Some(name) = declared.filter(|name| !name.bytes().all(is_token)) {
            let message = format!("`{name}` cannot name a cookie or a header");
            return Err(report_unsafe(source, &message, PLAIN_NAMES, diagnostics));
        }
        let is_header = *persistence_type == SessionPersistenceType::Header;
        if let Some(name) = declared.filter(|name| is_header && !can_hold_session(&HeaderName::from(*name))) {
            let message = format!("the header `{name}` cannot hold a session: it has a meaning of its own");
            return Err(report_unsafe(source, &message, OWN_HEADER, diagnostics));
        }
        let name = self.claim(source, *persistence_type, declared, diagnostics);
        let carrier = match persistence_type {
            SessionPersistenceType::Header => {
                if timeout.is_some() {
                    report_header_timeout(source, diagnostics);
                }
                SessionCarrier::Header(HeaderName::from(name).lower())
            }
            SessionPersistenceType::Cookie => {
                let (path, lifetime) = cookie_fields(cookie_config.as_ref(), cookie.as_ref());
                if path.contains(|c: char| c == ';' || c == ',' || c.is_control() || !c.is_ascii())
                    || evaluated_operator(&path).is_some()
                {
                    let message = format!("`{path}` cannot be a cookie's path");
                    return Err(report_unsafe(source, &message, PLAIN_NAMES, diagnostics));
                }
                if let (CookieLifetimeType::Session, Some(timeout)) = (lifetime, timeout) {
                    report_session_timeout(source, timeout, diagnostics);
                }
                SessionCarrier::Cookie(SessionCookie {
                    name,
                    path,
                    lifetime: timeout.map(whole_seconds),
                    secure: false,
                })
            }
        };
        Ok(Session { carrier, is_strict: false, across: Across::Nothing })
    }

    /// A name that no other rule has: the declared one where it is free.
    fn claim(
        &mut self,
        source: &SessionSource<'_>,
        persistence_type: SessionPersistenceType,
        declared: Option<&str>,
        diagnostics: &mut Diagnostics,
    ) -> String {
        let suffix = digest(&source.rule);
        let own = match (declared, persistence_type) {
            (Some(name), _) => name.to_owned(),
            (None, SessionPersistenceType::Cookie) => format!("gwctl-session-{suffix}"),
            (None, SessionPersistenceType::Header) => format!("x-gwctl-session-{suffix}"),
        };
        if self.0.insert((persistence_type, own.to_ascii_lowercase())) {
            return own;
        }
        let other = format!("{own}-{suffix}");
        // Cookies need no attention; a header is something that clients have to know.
        if !source.shared || persistence_type == SessionPersistenceType::Header {
            report_taken(source, &own, &other, diagnostics);
        }
        self.0.insert((persistence_type, other.to_ascii_lowercase()));
        other
    }

    /// The name of the cookie that leads back to a backend, which no session has.
    pub(super) fn claim_selector(&mut self, session: &str, rule: &str) -> String {
        let own = format!("{session}-backend");
        if self.0.insert((SessionPersistenceType::Cookie, own.to_ascii_lowercase())) {
            return own;
        }
        let other = format!("{own}-{}", digest(rule));
        self.0.insert((SessionPersistenceType::Cookie, other.to_ascii_lowercase()));
        other
    }
}

fn report_taken(source: &SessionSource<'_>, own: &str, other: &str, diagnostics: &mut Diagnostics) {
    let (message, label) = if source.shared {
        let message = format!("several rules take the header `{own}` from this policy");
        (message, format!("the session of `{}` is named `{other}`", source.rule))
    } else {
        let message = format!("another rule names its session `{own}` as well");
        (message, format!("this rule's session is named `{other}`"))
    };
    diagnostics.report(
        source
            .finding(codes::SESSION_NAME_TAKEN, message)
            .label(label)
            .consequence("the sessions of the rules are independent, as the specification demands")
            .help("give each rule's session a name of its own, or none"),
    );
}

/// The path and the lifetime in either shape of the API, the later one first.
fn cookie_fields(config: Option<&CookieConfig>, cookie: Option<&CookieFields>) -> (String, CookieLifetimeType) {
    match (cookie, config) {
        (Some(CookieFields { name: _, path, lifetime_type }), _) if !path.is_empty() => (path.clone(), *lifetime_type),
        (Some(CookieFields { lifetime_type, .. }), _) | (None, Some(CookieConfig { lifetime_type })) => {
            (DEFAULT_PATH.to_owned(), *lifetime_type)
        }
        (None, None) => (DEFAULT_PATH.to_owned(), CookieLifetimeType::Session),
    }
}

/// What the status of a policy says of a declaration that cannot be used.
const INVALID: Condition = Condition::fails(ConditionKind::Accepted, Reason::Invalid);

/// What to write in place of a name or a path.
const PLAIN_NAMES: &str = "use letters, digits, `-` and `_` in names, and a plain path";
/// What to write in place of a header that others use.
const OWN_HEADER: &str = "name a header that nothing else uses, such as `x-session`";

fn report_unsafe(
    source: &SessionSource<'_>,
    message: &str,
    help: &'static str,
    diagnostics: &mut Diagnostics,
) -> Reported {
    let mut finding = source.finding(codes::UNSAFE_VALUE, message).consequence(source.consequence).help(help);
    if source.object.kind == Kind::XBackendTrafficPolicy {
        finding.claim = Some(INVALID);
    }
    diagnostics.error(finding)
}

fn approximated_timeout(source: &SessionSource<'_>, message: &'static str) -> Finding {
    source.object.finding(codes::APPROXIMATED, source.at.with("absoluteTimeout"), message)
}

fn report_session_timeout(source: &SessionSource<'_>, timeout: StdDuration, diagnostics: &mut Diagnostics) {
    diagnostics.report(
        approximated_timeout(source, "Envoy keeps the end of a session in the cookie's own lifetime")
            .label("a cookie of type `Session` has none")
            .consequence(format!("the cookie lasts {timeout:?}, also when the browser is closed before"))
            .help("write `lifetimeType: Permanent`, or leave `absoluteTimeout` out"),
    );
}

fn report_header_timeout(source: &SessionSource<'_>, diagnostics: &mut Diagnostics) {
    diagnostics.report(
        approximated_timeout(source, "Envoy sets no end to a session that is kept in a header")
            .consequence("the session lasts as long as the client sends the header and the endpoint exists")
            .help("use the type `Cookie`, or leave `absoluteTimeout` out"),
    );
}

/// What a selector says for a backend: stable, and no telling name.
pub(super) fn selector_value(backend: &BackendName) -> String {
    let BackendName { namespace, name, port, site } = backend;
    let site = match site {
        Site::Internal => "",
        Site::External => "external/",
        Site::Upstream => "upstream/",
        Site::Backend => "backend/",
        Site::Url => "host/",
        Site::Missing => "missing/",
    };
    digest(&format!("{site}{namespace}/{name}/{port}"))
}

/// The age of a cookie is told in seconds: less than one would end it at once.
fn whole_seconds(timeout: StdDuration) -> StdDuration {
    StdDuration::from_secs(timeout.as_secs() + u64::from(timeout.subsec_nanos() > 0))
}

/// A short name for `text` that is the same in every run
/// ([FNV-1a](https://datatracker.ietf.org/doc/html/draft-eastlake-fnv), 32 bits).
fn digest(text: &str) -> String {
    let hash = text.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    format!("{hash:08x}")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{digest, whole_seconds};

    #[test]
    fn a_part_of_a_second_is_a_second_of_a_cookie() {
        assert_eq!(whole_seconds(Duration::from_millis(1)), Duration::from_secs(1));
        assert_eq!(whole_seconds(Duration::from_secs(2)), Duration::from_secs(2));
    }

    #[test]
    fn a_digest_is_the_same_in_every_run() {
        assert_eq!(digest(""), "811c9dc5");
        assert_eq!(digest("a"), "e40c292c");
    }
}

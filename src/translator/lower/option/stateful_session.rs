//! `statefulSession` of an HttpListenerOption: sessions of all rules that have none of their own.

use crate::http::{HeaderName, is_token};
use crate::ir::{Across, Session, SessionCarrier, SessionCookie, can_hold_session, evaluated_operator};
use crate::parser::api::{
    GoDuration, OptionCookieSession, OptionHashCookie, OptionHeaderSession, OptionStatefulSession,
};
use crate::path;

use super::faults::Faults;

/// `None` where nothing is kept.
pub(super) fn lower(said: OptionStatefulSession, faults: &mut Faults<'_>) -> Option<Session> {
    let OptionStatefulSession { cookie_based, header_based, strict } = said;
    let carrier = match (cookie_based, header_based) {
        (Some(OptionCookieSession { cookie }), None) => lower_cookie(cookie, faults),
        (None, Some(OptionHeaderSession { header_name })) => lower_header(&header_name, faults),
        (None, None) | (Some(_), Some(_)) => {
            let help = "write one of `cookieBased` and `headerBased`";
            faults.add(&path![], "clients keep their endpoint in one place", help);
            None
        }
    };
    carrier.map(|carrier| Session { carrier, is_strict: strict, across: Across::Nothing })
}

fn lower_cookie(said: Option<OptionHashCookie>, faults: &mut Faults<'_>) -> Option<SessionCarrier> {
    let OptionHashCookie { name, path, ttl } = said.unwrap_or_default();
    let at = |field: &'static str| path!["cookieBased", "cookie", field];
    let known = faults.count();
    if name.is_empty() || !name.bytes().all(is_token) {
        faults.add(&at("name"), format!("`{name}` cannot name a cookie"), "write letters, digits, `-` and `_`");
    }
    let is_bad = |c: char| c == ';' || c == ',' || c.is_control() || !c.is_ascii();
    if path.contains(is_bad) || evaluated_operator(&path).is_some() {
        faults.add(&at("path"), format!("`{path}` cannot be a cookie's path"), "write a path, such as `/`");
    }
    let lifetime = ttl.map(|GoDuration(ttl)| ttl).filter(|ttl| !ttl.is_zero());
    if lifetime.is_some_and(|lifetime| lifetime.subsec_nanos() > 0) {
        faults.add(&at("ttl"), "cookies last for whole seconds", "write whole seconds");
    }
    let cookie = SessionCookie { name, path, lifetime, secure: false };
    (faults.count() == known).then_some(SessionCarrier::Cookie(cookie))
}

fn lower_header(name: &HeaderName, faults: &mut Faults<'_>) -> Option<SessionCarrier> {
    if name.is_empty() || !name.as_str().bytes().all(is_token) || !can_hold_session(name) {
        let message = format!("the header `{name}` cannot hold a session");
        faults.add(&path!["headerBased", "headerName"], message, "write a name that has no other meaning");
        return None;
    }
    Some(SessionCarrier::Header(name.lower()))
}

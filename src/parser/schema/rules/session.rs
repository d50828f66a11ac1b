//! Rules about session persistence.

use crate::parser::node::Node;
use crate::parser::schema::table::Breaks;
use crate::path;

use super::is;

pub(in crate::parser::schema) fn permanent_cookie_has_timeout(session: &Node, breaks: &mut Breaks) {
    for member in ["cookieConfig", "cookie"] {
        let is_permanent = session.get(member).is_some_and(|cookie| is(cookie, "lifetimeType", "Permanent"));
        if is_permanent && session.get("absoluteTimeout").is_none() {
            breaks.at(path!["absoluteTimeout"], "add `absoluteTimeout`, or write `lifetimeType: Session`");
        }
    }
}

pub(in crate::parser::schema) fn cookie_config_has_type_cookie(session: &Node, breaks: &mut Breaks) {
    member_has_type(session, "cookieConfig", "Cookie", breaks);
}

pub(in crate::parser::schema) fn cookie_has_type_cookie(session: &Node, breaks: &mut Breaks) {
    member_has_type(session, "cookie", "Cookie", breaks);
}

pub(in crate::parser::schema) fn header_has_type_header(session: &Node, breaks: &mut Breaks) {
    member_has_type(session, "header", "Header", breaks);
}

fn member_has_type(session: &Node, member: &'static str, kind: &str, breaks: &mut Breaks) {
    if session.get(member).is_some() && !is(session, "type", kind) {
        breaks.at(path![member], format!("remove `{member}`, or write `type: {kind}`"));
    }
}

//! Header modifiers as one list of mutations, in which each header occurs once.
//!
//! Gateway API runs a rule's modifier before a backend's; Envoy runs the
//! weighted entry's before the route's
//! ([custom headers](https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_conn_man/headers#custom-request-response-headers)).
//! So the two are composed here, and only the result is emitted.

use crate::diagnostics::{Code, codes};
use crate::http::HeaderName;
use crate::ir::{Existing, HeaderMutations, HeaderValue, ROUTER_ORDERS, evaluated_operator};
use crate::parser::api::{HeaderFilter, HttpHeader};

/// A header name or value that Envoy would load and break on at run time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct UnsafeHeader {
    /// What kind of fault it is.
    pub(super) code: Code,
    /// `set`, `add` or `remove`.
    pub(super) list: &'static str,
    /// The position in that list.
    pub(super) index: usize,
    /// `name`, `value`, or nothing for an item of `remove`.
    pub(super) field: Option<&'static str>,
    /// What is wrong.
    pub(super) message: String,
    /// What to do instead.
    pub(super) help: &'static str,
}

/// The same of one header, wherever it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Unsafe {
    /// What kind of fault it is.
    pub(super) code: Code,
    /// `name` or `value`.
    pub(super) field: &'static str,
    /// What is wrong.
    pub(super) message: String,
    /// What to do instead.
    pub(super) help: &'static str,
}

/// Names that belong to one connection or to the framing of the message. Envoy
/// loads them and then hangs, answers 502, splits responses or drops the header.
const HOP_BY_HOP: &[&str] =
    &["connection", "content-length", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"];

/// Changes to headers, as some part of a rule states them.
#[derive(Clone, Debug)]
pub(super) enum HeaderChange<'f> {
    /// A filter.
    Filter(&'f HeaderFilter),
    /// Something that has been lowered.
    Mutations(HeaderMutations),
}

/// All changes, in this order, as one.
pub(super) fn compose_all<'c, 'f: 'c>(changes: impl IntoIterator<Item = &'c HeaderChange<'f>>) -> HeaderMutations {
    let mut mutations = HeaderMutations::default();
    for change in changes {
        match change {
            HeaderChange::Filter(filter) => compose(&mut mutations, filter),
            HeaderChange::Mutations(over) => mutations.lay_over(over),
        }
    }
    mutations
}

/// Lays the changes of `filter` over those of `base`.
fn compose(base: &mut HeaderMutations, filter: &HeaderFilter) {
    let HeaderFilter { set, add, remove } = filter;
    let value = |header: &HttpHeader| HeaderValue::from(header.value.clone());
    for header in set {
        let entry = base.entry(&header.name);
        entry.existing = Existing::Replaced(value(header));
        entry.added.clear();
    }
    for header in add {
        base.entry(&header.name).added.push(value(header));
    }
    for name in remove {
        let entry = base.entry(name);
        entry.existing = Existing::Removed;
        entry.added.clear();
    }
}

/// The first name or value that must not be emitted.
pub(super) fn find_unsafe(filter: &HeaderFilter, is_of_request: bool) -> Option<UnsafeHeader> {
    let HeaderFilter { set, add, remove } = filter;
    for (list, headers) in [("set", set), ("add", add)] {
        for (index, header) in headers.iter().enumerate() {
            if let Some(Unsafe { code, field, message, help }) = bad_header(&header.name, &header.value, is_of_request)
            {
                return Some(UnsafeHeader { code, list, index, field: Some(field), message, help });
            }
        }
    }
    remove.iter().enumerate().find_map(|(index, name)| {
        let (code, (message, help)) = (codes::UNSAFE_VALUE, bad_removed_name(name)?);
        Some(UnsafeHeader { code, list: "remove", index, field: None, message, help })
    })
}

/// What is wrong with a header that is set or added.
pub(super) fn bad_header(name: &HeaderName, value: &str, is_of_request: bool) -> Option<Unsafe> {
    let (code, field) = (codes::UNSAFE_VALUE, "name");
    if let Some((message, help)) = bad_name(name, true).or_else(|| bad_for_envoy(name, value, is_of_request)) {
        return Some(Unsafe { code, field, message, help });
    }
    let field = "value";
    if let Some(c) = value.chars().find(|c| c.is_control() && *c != '\t') {
        let message = format!("the value of `{name}` has the control character U+{:04X}", u32::from(c));
        return Some(Unsafe { code, field, message, help: "write a value without control characters" });
    }
    let operator = evaluated_operator(value)?;
    let message = format!("the value of `{name}` has `%{operator}(…)%`, which cannot be sent as it is");
    let help = "write the value without this operator of Envoy's";
    Some(Unsafe { code: codes::EVALUATED_VALUE, field, message, help })
}

/// What is wrong with the name of a header that is removed.
pub(super) fn bad_removed_name(name: &HeaderName) -> Option<(String, &'static str)> {
    bad_name(name, false)
}

/// What is wrong with a header that only some messages may have
/// ([RFC 9113](https://www.rfc-editor.org/rfc/rfc9113#section-8.2.2)), or that Envoy obeys.
fn bad_for_envoy(name: &HeaderName, value: &str, is_of_request: bool) -> Option<(String, &'static str)> {
    if *name == *"te" && !(is_of_request && value == "trailers") {
        let message =
            format!("`{name}` belongs to one connection, and HTTP/2 knows it in requests for `trailers` alone");
        Some((message, "remove the entry: the proxy sets this header itself"))
    } else if is_of_request && name.is_among(ROUTER_ORDERS) {
        let message = format!("`{name}` is an order to Envoy itself, which no backend sees");
        Some((message, "declare retries and times in the rule: `retry` and `timeouts`"))
    } else {
        None
    }
}

fn bad_name(name: &HeaderName, written: bool) -> Option<(String, &'static str)> {
    if name.is_among(&["host", ":authority"]) {
        let message = "the host is not changed by a header modifier".to_owned();
        Some((message, "change the host that backends see with a URLRewrite filter"))
    } else if !name.is_token() {
        Some((format!("`{name}` is not a header name"), "write a name of letters, digits and `-`"))
    } else if written && name.is_among(HOP_BY_HOP) || !written && *name == *"transfer-encoding" {
        let message = format!("`{name}` belongs to one connection and to the framing of the message");
        Some((message, "remove the entry: the proxy sets this header itself"))
    } else {
        None
    }
}

/// What is wrong with the name of a header that an authorization service sees, or whose value in its answer is set
/// on the request (`is_answer`).
pub(super) fn bad_passed_name(name: &HeaderName, is_answer: bool) -> Option<(String, &'static str)> {
    // A `*` may stand in a name, but whoever writes one here means a wildcard.
    if !name.is_token() || name.contains('*') {
        Some((format!("`{name}` is not a header name"), "write the whole name of a header: there are no wildcards"))
    } else if name.is_among(HOP_BY_HOP) && (is_answer || *name != *"content-length") || is_answer && *name == *"host" {
        let message = format!("`{name}` belongs to one connection or to the framing of one message");
        Some((message, "remove the entry: the proxy sets this header itself"))
    } else {
        None
    }
}

/// The first header that the filter names more than once, whatever the letter case.
pub(crate) fn find_repeated(filter: &HeaderFilter) -> Option<(&'static str, usize, &HeaderName)> {
    let HeaderFilter { set, add, remove } = filter;
    let names = set.iter().enumerate().map(|(i, h)| ("set", i, &h.name));
    let names = names.chain(add.iter().enumerate().map(|(i, h)| ("add", i, &h.name)));
    let names: Vec<_> = names.chain(remove.iter().enumerate().map(|(i, n)| ("remove", i, n))).collect();
    names
        .iter()
        .enumerate()
        .find(|(at, (_, _, name))| names[..*at].iter().any(|(_, _, before)| before == name))
        .map(|(_, found)| *found)
}

#[cfg(test)]
mod tests {
    use super::{compose, evaluated_operator, find_repeated, find_unsafe};
    use crate::http::HeaderName;
    use crate::ir::{Existing, HeaderMutations};
    use crate::parser::api::{HeaderFilter, HttpHeader};

    fn header(name: &str, value: &str) -> HttpHeader {
        HttpHeader { name: name.into(), value: value.to_owned() }
    }

    #[test]
    fn the_backend_has_the_last_word() {
        let rule = HeaderFilter { set: vec![header("X-A", "rule"), header("X-B", "rule")], ..HeaderFilter::default() };
        let backend =
            HeaderFilter { add: vec![header("x-a", "backend")], remove: vec!["x-b".into()], ..HeaderFilter::default() };
        let mut mutations = HeaderMutations::default();
        compose(&mut mutations, &rule);
        compose(&mut mutations, &backend);
        assert_eq!(mutations.0.len(), 2);
        assert_eq!(mutations.0[0].existing, Existing::Replaced("rule".to_owned().into()));
        assert_eq!(mutations.0[0].added, ["backend".to_owned().into()]);
        assert_eq!(mutations.0[1].existing, Existing::Removed);
    }

    #[test]
    fn names_that_break_messages_are_found() {
        for name in ["Host", "Content-Length", "a b", "connection", "Upgrade", "keep-alive"] {
            let filter = HeaderFilter { set: vec![header(name, "v")], ..HeaderFilter::default() };
            assert!(find_unsafe(&filter, true).is_some(), "{name}");
        }
        let filter = HeaderFilter { remove: vec![":path".into()], ..HeaderFilter::default() };
        assert!(find_unsafe(&filter, true).is_some());
        let filter = HeaderFilter { set: vec![header("x", "100%")], ..HeaderFilter::default() };
        assert_eq!(find_unsafe(&filter, true), None);
        for (name, value, of_requests, of_responses) in
            [("te", "trailers", false, true), ("TE", "gzip", true, true), ("X-Envoy-Retry-On", "5xx", true, false)]
        {
            let filter = HeaderFilter { add: vec![header(name, value)], ..HeaderFilter::default() };
            let found = [true, false].map(|is_of_request| find_unsafe(&filter, is_of_request).is_some());
            assert_eq!(found, [of_requests, of_responses], "{name}");
        }
    }

    #[test]
    fn operators_that_are_rewritten_before_they_are_unescaped_are_found() {
        for value in [
            "%UPSTREAM_METADATA([\"a\"])%",
            "100%% %DYNAMIC_METADATA( \t[\"\\u0025REQ(x)\\u0025\"] )% x",
            "%%PER_REQUEST_STATE(a)%",
            "%PER_REQUEST_STATE()%",
        ] {
            assert!(evaluated_operator(value).is_some(), "{value}");
        }
        for value in
            ["%REQ(a)%", "UPSTREAM_METADATA([\"a\"])%", "%UPSTREAM_METADATA(a:b)%", "%PER_REQUEST_STATE(a)", "%"]
        {
            assert_eq!(evaluated_operator(value), None, "{value}");
        }
    }

    #[test]
    fn a_header_named_twice_is_found_in_any_letter_case() {
        let filter =
            HeaderFilter { set: vec![header("X-A", "1")], add: vec![header("x-a", "2")], ..HeaderFilter::default() };
        assert_eq!(find_repeated(&filter), Some(("add", 0, &HeaderName::from("x-a"))));
    }
}

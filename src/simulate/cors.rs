//! CORS: what preflights are told.

use crate::ir::Action;

use super::admitted::Admitted;
use super::cors_headers::{allows, response_lines};
use super::decision::{LocalReply, Reason};
use super::header::line;
use super::matching::Subject;

/// The method that a preflight asks for; `None` for other requests. An empty line asks for nothing.
pub(super) fn requested_method<'r>(subject: &Subject<'r>) -> Option<&'r str> {
    let text = |name| line(subject.headers, name).filter(|text| !text.is_empty());
    text("origin").filter(|_| subject.method == "OPTIONS")?;
    text("access-control-request-method")
}

/// The answer to a preflight about a route.
pub(super) fn preflight(action: &Action, request: &Admitted) -> Option<LocalReply> {
    let cors = action.cors()?;
    let asked = requested_method(&request.subject())?;
    let origin = line(&request.headers, "origin")?;
    if !allows(cors, origin) {
        return Some(LocalReply::new(204, Reason::Preflight));
    }
    let mut headers = response_lines(cors, origin);
    let mut list = |name: &str, values: &[String], wildcard: Option<&str>| {
        let text = match values {
            [] => return,
            // What nobody asked for is not told.
            [one] if one == "*" => match wildcard.filter(|text| !text.is_empty()) {
                Some(asked) => asked.to_owned(),
                None => return,
            },
            many => many.join(","),
        };
        headers.push((name.to_owned(), text));
    };
    list("access-control-allow-methods", &cors.methods, Some(asked));
    list("access-control-allow-headers", &cors.headers, line(&request.headers, "access-control-request-headers"));
    if let Some(age) = cors.max_age {
        headers.push(("access-control-max-age".to_owned(), age.as_secs().to_string()));
    }
    Some(LocalReply { headers, ..LocalReply::new(200, Reason::Preflight) })
}

//! `headerManipulation`: what is removed goes first, then headers are added in their order.

use crate::diagnostics::{Finding, codes};
use crate::http::HeaderName;
use crate::ir::{Existing, HeaderMutations, LONGEST_HEADER_TEXT, MOST_SET_HEADERS};
use crate::parser::api::{HeaderManipulation, HeaderOption, RequestHeaderOption, ResponseHeaderOption};
use crate::path;

use super::super::header::{bad_header, bad_removed_name, entry};
use super::super::operator::find_operator;
use super::part::{Part, Place};

/// One side of the option.
struct Side<'o> {
    add: &'static str,
    remove: &'static str,
    added: Vec<(Option<&'o HeaderOption>, bool)>,
    removed: &'o [HeaderName],
    is_request: bool,
}

pub(super) fn lower(place: Place<'_>, option: &HeaderManipulation) -> Result<Part, Box<Finding>> {
    let HeaderManipulation {
        request_headers_to_add,
        request_headers_to_remove,
        response_headers_to_add,
        response_headers_to_remove,
    } = option;
    // Who says nothing of it adds to the values that are there.
    let of_request = |entry: &'_ RequestHeaderOption| entry.append.unwrap_or(true);
    let of_response = |entry: &'_ ResponseHeaderOption| entry.append.unwrap_or(true);
    let request = Side {
        add: "requestHeadersToAdd",
        remove: "requestHeadersToRemove",
        added: request_headers_to_add.iter().map(|one| (one.header.as_ref(), of_request(one))).collect(),
        removed: request_headers_to_remove,
        is_request: true,
    };
    let response = Side {
        add: "responseHeadersToAdd",
        remove: "responseHeadersToRemove",
        added: response_headers_to_add.iter().map(|one| (one.header.as_ref(), of_response(one))).collect(),
        removed: response_headers_to_remove,
        is_request: false,
    };
    Ok(Part::Headers(request.lower(place)?, response.lower(place)?))
}

impl Side<'_> {
    fn lower(&self, place: Place<'_>) -> Result<HeaderMutations, Box<Finding>> {
        let mut mutations = HeaderMutations::default();
        for (index, name) in self.removed.iter().enumerate() {
            if let Some((message, help)) = bad_removed_name(name) {
                return Err(place.refuse(&path![self.remove, index], message, help));
            }
            entry(&mut mutations, name).existing = Existing::Removed;
        }
        if self.added.len() > MOST_SET_HEADERS {
            let help = "write 1000 headers at most";
            return Err(place.refuse(&path![self.add], "there are more headers than Envoy takes", help));
        }
        for (index, (header, appends)) in self.added.iter().enumerate() {
            let Some(HeaderOption { key, value }) = header else {
                return Err(place.refuse(&path![self.add, index], "the entry has no header", "add `header`"));
            };
            let value = self.value(place, index, value)?;
            if let Some(found) = bad_header(key, &value, self.is_request) {
                let field = if found.field == "value" { "value" } else { "key" };
                let is_evaluated = found.code == codes::EVALUATED_VALUE;
                let help = if is_evaluated { "write the value without this operator of Envoy's" } else { found.help };
                return Err(place.refuse(&path![self.add, index, "header", field], found.message, help));
            }
            for (field, text) in [("key", key.as_str()), ("value", &value)] {
                if text.len() > LONGEST_HEADER_TEXT {
                    let message = format!("the {field} of the header is longer than Envoy takes");
                    let help = "write 16384 bytes at most";
                    return Err(place.refuse(&path![self.add, index, "header", field], message, help));
                }
            }
            let mutation = entry(&mut mutations, key);
            if *appends {
                mutation.added.push(value);
            } else {
                mutation.existing = Existing::Replaced(value);
                mutation.added.clear();
            }
        }
        Ok(mutations)
    }

    /// The value that is sent. Envoy evaluates what stands between percent signs, and two of them are one
    /// ([command operators](https://www.envoyproxy.io/docs/envoy/latest/configuration/observability/access_log/usage#command-operators)).
    fn value(&self, place: Place<'_>, index: usize, value: &str) -> Result<String, Box<Finding>> {
        let literal = value.replace("%%", "");
        if !literal.contains('%') {
            return Ok(value.replace("%%", "%"));
        }
        let at = path![self.add, index, "header", "value"];
        Err(match find_operator(&literal) {
            Some(operator) => {
                let message = format!("`{operator}` differs from request to request, which is not translated");
                place.refuse(&at, message, "write the value itself")
            }
            None => place.refuse(&at, "a single `%` begins an operator of Envoy's", "write `%%` for a percent sign"),
        })
    }
}

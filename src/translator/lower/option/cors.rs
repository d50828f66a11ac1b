//! `cors` ([CORS](https://docs.solo.io/gateway/latest/security/cors/)).

use std::sync::Arc;
use std::time::Duration;

use crate::diagnostics::Finding;
use crate::ir::{Cors, OriginPattern};
use crate::parser::api::OptionCors;
use crate::path;

use super::super::filter::lower_origin;
use super::part::{Part, Place};
use crate::re2;

pub(super) fn lower(place: Place<'_>, cors: OptionCors) -> Result<Part, Box<Finding>> {
    let OptionCors {
        allow_origin,
        allow_origin_regex,
        allow_methods,
        allow_headers,
        expose_headers,
        max_age,
        allow_credentials,
        disable_for_route,
    } = cors;
    if disable_for_route {
        return Ok(Part::Cors(None));
    }
    if allow_origin.is_empty() && allow_origin_regex.is_empty() {
        let help = "name the origins, or write `disableForRoute: true`";
        return Err(place.refuse(&path![], "`cors` admits no origin", help));
    }
    let mut origins = Vec::with_capacity(allow_origin.len() + allow_origin_regex.len());
    for (index, text) in allow_origin.iter().enumerate() {
        origins.push(exact_origin(text).ok_or_else(|| {
            let help =
                "write it like `https://www.example.com`, or `*` for every origin; patterns are for `allowOriginRegex`";
            place.refuse(&path!["allowOrigin", index], format!("`{text}` is not an origin"), help)
        })?);
    }
    for (index, expression) in allow_origin_regex.into_iter().enumerate() {
        if let Err(bad) = re2::check(&expression) {
            let message = format!("Envoy's regular expressions (RE2) refuse `{expression}`: {}", bad.message);
            let help = "write the pattern in RE2 syntax: https://github.com/google/re2/wiki/Syntax";
            return Err(place.refuse(&path!["allowOriginRegex", index], message, help));
        }
        origins.push(OriginPattern::Regex(expression));
    }
    let max_age = match max_age.as_str() {
        "" => None,
        text => Some(text.parse().map(Duration::from_secs).map_err(|_| {
            let message = format!("`{text}` is not a number of seconds");
            place.refuse(&path!["maxAge"], message, "write whole seconds, such as `\"600\"`")
        })?),
    };
    Ok(Part::Cors(Some(Arc::new(Cors {
        origins,
        methods: allow_methods,
        headers: allow_headers,
        exposed_headers: expose_headers,
        credentials: allow_credentials,
        max_age,
    }))))
}

/// An origin as it is written: but for `*` alone there are no wildcards.
fn exact_origin(text: &str) -> Option<OriginPattern> {
    lower_origin(text).filter(|_| text == "*" || !text.contains('*'))
}

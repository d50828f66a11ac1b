//! `csrf` ([CSRF](https://gateway.envoyproxy.io/docs/api/extension_types/#csrf)).

use crate::ir::{OriginText, RequestOrigins, TextIs};
use crate::parser::api::{Fraction, SecurityCsrf};
use crate::path;
use crate::translator::lower::option::faults::Faults;

/// Where requests that change something may come from, beside the host that they are for.
pub(super) fn lower(said: &SecurityCsrf, faults: &mut Faults<'_>) -> RequestOrigins {
    let SecurityCsrf { additional_origins, shadow_fraction } = said;
    let is_enforced = shadow_fraction.is_none_or(|Fraction { numerator, denominator }| {
        if numerator > 0 && numerator < denominator {
            let message = format!("{numerator} of {denominator} requests cannot be told apart from the others");
            faults.add(&path!["shadowFraction"], message, "write all or none of them");
        }
        numerator < denominator
    });
    RequestOrigins { is_enforced, others: additional_origins.iter().map(|origin| to_text(origin)).collect() }
}

/// The host and the port of an origin, which are all that is compared; a `*` stands for any text.
fn to_text(origin: &str) -> OriginText {
    let origin = origin.to_ascii_lowercase();
    let host = origin.split_once("://").map_or(origin.as_str(), |(_, host)| host);
    let is = match host.contains('*') {
        true => {
            let parts: Vec<String> = host.split('*').map(regex::escape).collect();
            TextIs::Regex(parts.join(".*"))
        }
        false => TextIs::Exact(host.to_owned()),
    };
    OriginText { is, any_case: false }
}

#[cfg(test)]
mod tests {
    use super::to_text;
    use crate::ir::TextIs;

    #[test]
    fn of_an_origin_the_host_and_the_port_count() {
        assert_eq!(to_text("https://Www.example.com").is, TextIs::Exact("www.example.com".to_owned()));
        assert_eq!(to_text("http://a.example:8080").is, TextIs::Exact("a.example:8080".to_owned()));
        assert_eq!(to_text("https://*.example.com").is, TextIs::Regex(r".*\.example\.com".to_owned()));
        assert_eq!(to_text("*").is, TextIs::Regex(".*".to_owned()));
    }
}

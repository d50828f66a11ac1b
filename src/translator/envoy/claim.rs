//! What tokens have to say
//! ([ValueMatcher](https://www.envoyproxy.io/docs/envoy/latest/api-v3/type/matcher/v3/value.proto)).

use envoy_types::pb::envoy::r#type::matcher::v3::{
    ListMatcher, ValueMatcher, list_matcher, value_matcher::MatchPattern as ValuePattern,
};

use crate::ir::ClaimIs;

use super::proto::exact;

/// The filter that verifies tokens: what they say is known by its name.
pub(super) const TOKEN_FILTER: &str = "envoy.filters.http.jwt_authn";

/// What a claim has to be.
pub(super) fn to_value(is: &ClaimIs) -> ValueMatcher {
    let value = |pattern| ValueMatcher { match_pattern: Some(pattern) };
    match is {
        ClaimIs::Text(text) => value(ValuePattern::StringMatch(exact(text))),
        ClaimIs::Flag(flag) => value(ValuePattern::BoolMatch(*flag)),
        ClaimIs::ListWith(text) => {
            let one = Box::new(value(ValuePattern::StringMatch(exact(text))));
            let list = ListMatcher { match_pattern: Some(list_matcher::MatchPattern::OneOf(one)) };
            value(ValuePattern::ListMatch(Box::new(list)))
        }
    }
}

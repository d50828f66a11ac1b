//! Who may send requests, as a list of matchers of which the first that fits decides
//! ([matching API](https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/advanced/matching/matching_api),
//! [RBAC](https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/rbac_filter)).

use envoy_types::pb::envoy::config::core::v3::CidrRange;
use envoy_types::pb::envoy::config::rbac::v3::{Action, rbac};
use envoy_types::pb::envoy::extensions::matching::common_inputs::network::v3::{
    DynamicMetadataInput, SourceIpInput, dynamic_metadata_input::PathSegment,
    dynamic_metadata_input::path_segment::Segment,
};
use envoy_types::pb::envoy::extensions::matching::input_matchers::ip::v3::Ip;
use envoy_types::pb::envoy::extensions::matching::input_matchers::metadata::v3::Metadata;
use envoy_types::pb::envoy::r#type::matcher::v3::HttpRequestHeaderMatchInput;
use envoy_types::pb::google::protobuf::Any;
use envoy_types::pb::xds::core::v3::TypedExtensionConfig;
use envoy_types::pb::xds::r#type::matcher::v3::matcher::matcher_list::predicate::{
    MatchType, PredicateList, SinglePredicate, single_predicate,
};
use envoy_types::pb::xds::r#type::matcher::v3::matcher::matcher_list::{FieldMatcher, Predicate};
use envoy_types::pb::xds::r#type::matcher::v3::matcher::{MatcherList, MatcherType, OnMatch, on_match};
use envoy_types::pb::xds::r#type::matcher::v3::{
    Matcher, RegexMatcher, StringMatcher, regex_matcher::EngineType, regex_matcher::GoogleRe2,
    string_matcher::MatchPattern,
};

use crate::ir::{AccessCondition, AccessOrder, AddressRange, Claim, OrderedRule, PathMatch, Verdict};

use super::claim::{TOKEN_FILTER, to_value};
use super::path::quote;
use super::proto::{any, uint32};

const ACTION: &str = "envoy.config.rbac.v3.Action";
const CLAIM: &str = "envoy.extensions.matching.common_inputs.network.v3.DynamicMetadataInput";
const CLIENT: &str = "envoy.extensions.matching.common_inputs.network.v3.SourceIPInput";
const HEADER: &str = "envoy.type.matcher.v3.HttpRequestHeaderMatchInput";
const IS_IN: &str = "envoy.extensions.matching.input_matchers.ip.v3.Ip";
const SAYS: &str = "envoy.extensions.matching.input_matchers.metadata.v3.Metadata";

/// The name of the action for requests that meet no rule.
const OTHERWISE: &str = "default";

/// The matcher: without a match for all other requests it would refuse them.
pub(super) fn to_matcher(AccessOrder { rules, otherwise }: &AccessOrder) -> Matcher {
    let to_matcher = |OrderedRule { name, verdict, asks }: &OrderedRule| FieldMatcher {
        predicate: Some(all_of(asks.iter().map(to_predicate).collect())),
        on_match: Some(to_action(name, *verdict)),
    };
    let matchers: Vec<FieldMatcher> = rules.iter().map(to_matcher).collect();
    Matcher {
        matcher_type: (!matchers.is_empty()).then_some(MatcherType::MatcherList(MatcherList { matchers })),
        on_no_match: Some(Box::new(to_action(OTHERWISE, *otherwise))),
    }
}

/// Whether a rule compares paths with an expression.
pub(super) fn uses_regex(order: &AccessOrder) -> bool {
    let is_compared = |ask: &AccessCondition| matches!(ask, AccessCondition::Path { .. });
    order.rules.iter().flat_map(|rule| &rule.asks).any(is_compared)
}

fn to_action(name: &str, verdict: Verdict) -> OnMatch {
    let action = match verdict {
        Verdict::Passes => rbac::Action::Allow,
        Verdict::Refused => rbac::Action::Deny,
    };
    let action = Action { name: name.to_owned(), action: action as i32 };
    let action = extension(name, any(ACTION, &action));
    OnMatch { on_match: Some(on_match::OnMatch::Action(action)), ..OnMatch::default() }
}

fn extension(name: &str, config: Any) -> TypedExtensionConfig {
    TypedExtensionConfig { name: name.to_owned(), typed_config: Some(config) }
}

fn to_predicate(ask: &AccessCondition) -> Predicate {
    match ask {
        AccessCondition::Client(ranges) => is_in(ranges),
        AccessCondition::Header { name, values } => {
            any_of(values.iter().map(|value| header(name.as_str(), exact(value))).collect())
        }
        AccessCondition::Method(methods) => {
            let in_any_case = |method: &String| StringMatcher { ignore_case: true, ..exact(method) };
            any_of(methods.iter().map(|method| header(":method", in_any_case(method))).collect())
        }
        AccessCondition::Path { is, inverted } => {
            let is_met = header(":path", path(is));
            match inverted {
                true => Predicate { match_type: Some(MatchType::NotMatcher(Box::new(is_met))) },
                false => is_met,
            }
        }
        AccessCondition::Token { provider, any_of: claims } => {
            any_of(claims.iter().map(|claim| says(provider, claim)).collect())
        }
    }
}

fn all_of(predicates: Vec<Predicate>) -> Predicate {
    joined(predicates, MatchType::AndMatcher)
}

fn any_of(predicates: Vec<Predicate>) -> Predicate {
    joined(predicates, MatchType::OrMatcher)
}

/// Several as a list, which Envoy takes from two on.
fn joined(predicates: Vec<Predicate>, join: fn(PredicateList) -> MatchType) -> Predicate {
    match <[Predicate; 1]>::try_from(predicates) {
        Ok([only]) => only,
        Err(predicate) => Predicate { match_type: Some(join(PredicateList { predicate })) },
    }
}

fn single(input: TypedExtensionConfig, matcher: single_predicate::Matcher) -> Predicate {
    let predicate = SinglePredicate { input: Some(input), matcher: Some(matcher) };
    Predicate { match_type: Some(MatchType::SinglePredicate(predicate)) }
}

fn header(name: &str, value: StringMatcher) -> Predicate {
    let input = HttpRequestHeaderMatchInput { header_name: name.to_owned() };
    single(extension("header", any(HEADER, &input)), single_predicate::Matcher::ValueMatch(value))
}

fn exact(text: &str) -> StringMatcher {
    StringMatcher { match_pattern: Some(MatchPattern::Exact(text.to_owned())), ..StringMatcher::default() }
}

/// The path with the query, which only expressions are meant to see.
fn path(is: &PathMatch) -> StringMatcher {
    let expression = match is {
        PathMatch::Exact(path) => format!("{}(\\?.*)?", quote(path)),
        PathMatch::Prefix(prefix) if prefix.is_empty() => ".*".to_owned(),
        PathMatch::Prefix(prefix) => format!("{}([/?].*)?", quote(prefix)),
        PathMatch::Regex(expression) => expression.to_owned(),
    };
    let regex = RegexMatcher { regex: expression, engine_type: Some(EngineType::GoogleRe2(GoogleRe2 {})) };
    StringMatcher { match_pattern: Some(MatchPattern::SafeRegex(regex)), ..StringMatcher::default() }
}

fn is_in(ranges: &[AddressRange]) -> Predicate {
    let ranges = Ip { cidr_ranges: ranges.iter().map(to_range).collect(), stat_prefix: "client".to_owned() };
    let matcher = single_predicate::Matcher::CustomMatch(extension("ranges", any(IS_IN, &ranges)));
    single(extension("client", any(CLIENT, &SourceIpInput::default())), matcher)
}

pub(super) fn to_range(AddressRange { address, bits }: &AddressRange) -> CidrRange {
    CidrRange { address_prefix: address.to_string(), prefix_len: Some(uint32(u32::from(*bits))) }
}

fn says(provider: &str, Claim { path, is }: &Claim) -> Predicate {
    let segment = |key: &str| PathSegment { segment: Some(Segment::Key(key.to_owned())) };
    let input = DynamicMetadataInput {
        filter: TOKEN_FILTER.to_owned(),
        path: std::iter::once(provider).chain(path.iter().map(String::as_str)).map(segment).collect(),
    };
    let value = Metadata { value: Some(to_value(is)), ..Metadata::default() };
    let matcher = single_predicate::Matcher::CustomMatch(extension("value", any(SAYS, &value)));
    single(extension("claim", any(CLAIM, &input)), matcher)
}

//! Header mutations as Envoy's lists
//! ([custom headers](https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_conn_man/headers#custom-request-response-headers)).

use envoy_types::pb::envoy::config::common::mutation_rules::v3::{HeaderMutation as Mutation, header_mutation::Action};
use envoy_types::pb::envoy::config::core::v3::{
    HeaderValue, HeaderValueOption, TypedExtensionConfig, header_value_option::HeaderAppendAction,
};

use envoy_types::pb::envoy::extensions::filters::http::header_mutation::v3::{HeaderMutationPerRoute, Mutations};
use envoy_types::pb::envoy::extensions::http::early_header_mutation::header_mutation::v3::HeaderMutation as EarlyMutation;
use envoy_types::pb::google::protobuf::Any;

use crate::ir::{Existing, HeaderMutation, HeaderMutations, unread_secret};

use super::proto::any;

/// The filter that changes the responses of routes whose own lists do not reach all of them
/// ([Header mutation](https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/header_mutation_filter)).
pub(super) const MUTATION_FILTER: &str = "envoy.filters.http.header_mutation";
/// The message of that filter.
pub(super) const MUTATION: &str = "envoy.extensions.filters.http.header_mutation.v3.HeaderMutation";
const EARLY: &str = "envoy.extensions.http.early_header_mutation.header_mutation.v3.HeaderMutation";
const MUTATION_PER_ROUTE: &str = "envoy.extensions.filters.http.header_mutation.v3.HeaderMutationPerRoute";

/// The same changes to responses for the filter, under its name.
pub(super) fn per_route(lists: (Vec<HeaderValueOption>, Vec<String>)) -> (String, Any) {
    let response_mutations = in_order(lists);
    let mutations = Some(Mutations { response_mutations, ..Mutations::default() });
    (MUTATION_FILTER.to_owned(), any(MUTATION_PER_ROUTE, &HeaderMutationPerRoute { mutations }))
}

/// Changes one after the other: what is removed goes first.
fn in_order((add, remove): (Vec<HeaderValueOption>, Vec<String>)) -> Vec<Mutation> {
    let removals = remove.into_iter().map(Action::Remove);
    let actions = removals.chain(add.into_iter().map(Action::Append));
    actions.map(|action| Mutation { action: Some(action) }).collect()
}

/// Changes to requests before anything else looks at them; none where there are none
/// ([early header mutation](https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_conn_man/early_header_mutation)).
pub(super) fn early(mutations: &HeaderMutations) -> Option<TypedExtensionConfig> {
    let mutations = in_order(to_header_lists(mutations));
    (!mutations.is_empty()).then(|| TypedExtensionConfig {
        name: "envoy.http.early_header_mutation.header_mutation".to_owned(),
        typed_config: Some(any(EARLY, &EarlyMutation { mutations })),
    })
}

/// The headers to add and the headers to remove; Envoy removes first
/// ([source](https://github.com/envoyproxy/envoy/blob/main/source/common/router/header_parser.cc), `evaluateHeaders`).
pub(super) fn to_header_lists(mutations: &HeaderMutations) -> (Vec<HeaderValueOption>, Vec<String>) {
    let mut add = Vec::new();
    let mut remove = Vec::new();
    let is_known = |mutation: &&HeaderMutation| unread_secret(&mutation.name).is_none();
    for HeaderMutation { name, existing, added } in mutations.0.iter().filter(is_known) {
        match existing {
            Existing::Kept => {}
            Existing::Removed => remove.push(name.to_string()),
            Existing::Replaced(value) => {
                add.push(option(name, value.sent(), HeaderAppendAction::OverwriteIfExistsOrAdd))
            }
            Existing::Defaulted(value) => add.push(option(name, value.sent(), HeaderAppendAction::AddIfAbsent)),
        }
        add.extend(added.iter().map(|value| option(name, value.sent(), HeaderAppendAction::AppendIfExistsOrAdd)));
    }
    (add, remove)
}

fn option(name: &str, value: &str, action: HeaderAppendAction) -> HeaderValueOption {
    HeaderValueOption {
        header: Some(HeaderValue { key: name.to_owned(), value: escape(value), ..HeaderValue::default() }),
        append_action: action as i32,
        ..HeaderValueOption::default()
    }
}

/// A value that Envoy takes literally: a bare `%` begins a command operator
/// ([command operators](https://www.envoyproxy.io/docs/envoy/latest/configuration/observability/access_log/usage#command-operators)).
pub(super) fn escape(value: &str) -> String {
    value.replace('%', "%%")
}

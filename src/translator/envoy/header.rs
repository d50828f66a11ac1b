//! Header mutations as Envoy's lists
//! ([custom headers](https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_conn_man/headers#custom-request-response-headers)).

use envoy_types::pb::envoy::config::core::v3::{
    HeaderValue, HeaderValueOption, header_value_option::HeaderAppendAction,
};

use crate::ir::{Existing, HeaderMutation, HeaderMutations};

/// The headers to add and the headers to remove; Envoy removes first.
pub(super) fn to_header_lists(mutations: &HeaderMutations) -> (Vec<HeaderValueOption>, Vec<String>) {
    let mut add = Vec::new();
    let mut remove = Vec::new();
    for HeaderMutation { name, existing, added } in &mutations.0 {
        match existing {
            Existing::Kept => {}
            Existing::Removed => remove.push(name.clone()),
            Existing::Replaced(value) => add.push(option(name, value, HeaderAppendAction::OverwriteIfExistsOrAdd)),
        }
        add.extend(added.iter().map(|value| option(name, value, HeaderAppendAction::AppendIfExistsOrAdd)));
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

/// A value that Envoy takes literally: a bare `%` begins a command operator.
pub(super) fn escape(value: &str) -> String {
    value.replace('%', "%%")
}

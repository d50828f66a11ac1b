//! What is known of who sends a request, by what a token says.

use serde_json::{Map, Value};

use crate::ir::{Claim, ClaimIs};

/// What is known of who sends a request: by provider, what a token says that it vouches for.
pub(super) type Known<'c> = Vec<(&'c str, Map<String, Value>)>;

/// Whether a token says what it has to.
pub(super) fn says(said: &Map<String, Value>, Claim { path, is }: &Claim) -> bool {
    let mut names = path.iter();
    let Some(first) = names.next().and_then(|name| said.get(name)) else { return false };
    let Some(value) = names.try_fold(first, |value, name| value.get(name)) else { return false };
    match is {
        ClaimIs::Text(text) => value.as_str() == Some(text),
        ClaimIs::Flag(flag) => value.as_bool() == Some(*flag),
        ClaimIs::ListWith(text) => value.as_array().is_some_and(|all| all.iter().any(|one| one.as_str() == Some(text))),
    }
}

//! In which of the checks two rules differ that requests pass before they are answered.

use crate::ir::{HttpFilters, ProcessorOverrides, RequestProcessor, RouteGuards};

use super::settings::in_words;

/// The checks in which two rules differ; `None` where they differ in none.
pub(super) fn apart(old: &HttpFilters, new: &HttpFilters) -> Option<String> {
    if old == new {
        return None;
    }
    let HttpFilters { cors, auths, guards, compressions } = old;
    let RouteGuards {
        body,
        origins,
        early_tokens,
        keys,
        passwords,
        sign_in,
        tokens,
        early_rate,
        rate,
        early_limits,
        limits,
        processors,
        scripts,
        access,
    } = guards;
    let other = &new.guards;
    let parts = [
        ("what other origins may do", *cors == new.cors),
        ("services that must agree", *auths == new.auths),
        ("the length of bodies", *body == other.body),
        ("where requests may come from", *origins == other.origins),
        ("keys of clients", *keys == other.keys),
        ("passwords", *passwords == other.passwords),
        ("how clients sign in", *sign_in == other.sign_in),
        ("tokens", *early_tokens == other.early_tokens && *tokens == other.tokens),
        ("how many requests there may be", *early_rate == other.early_rate && *rate == other.rate),
        ("limits", *early_limits == other.early_limits && *limits == other.limits),
        ("who may", *access == other.access),
        ("scripts that requests are handed to", *scripts == other.scripts),
        ("how responses are compressed", *compressions == new.compressions),
    ];
    let mut names: Vec<String> =
        parts.into_iter().filter(|(_, is_same)| !is_same).map(|(name, _)| name.to_owned()).collect();
    if *processors != other.processors {
        names.push(format!("servers that requests are handed to{}", handed(processors, &other.processors)));
    }
    Some(format!("checks before the answer ({})", names.join(", ")))
}

/// What is said of servers that are the same, where it is not.
fn handed(old: &[RequestProcessor], new: &[RequestProcessor]) -> String {
    let mut said = Vec::new();
    for before in old {
        let Some(after) = new.iter().find(|one| is_same(one, before)) else { continue };
        let (was, is) = (words(before), words(after));
        let gone = was.iter().filter(|word| !is.contains(word)).map(String::as_str).collect::<Vec<_>>();
        let come = is.iter().filter(|word| !was.contains(word)).map(String::as_str).collect::<Vec<_>>();
        if !gone.is_empty() || !come.is_empty() {
            let or_nothing = |words: &[&str]| if words.is_empty() { "nothing".to_owned() } else { words.join(", ") };
            said.push(format!("{} in the place of {}", or_nothing(&come), or_nothing(&gone)));
        }
    }
    if said.is_empty() { String::new() } else { format!(": {}", said.join("; ")) }
}

/// Whether two are the same server of a listener, or stand at the same place of a policy.
fn is_same(one: &RequestProcessor, other: &RequestProcessor) -> bool {
    let index = |processor: &RequestProcessor| processor.part.as_ref().map(|part| part.index);
    one.stage == other.stage && index(one) == index(other)
}

/// What is said of a server, each setting by itself, without the positions of clusters.
fn words(processor: &RequestProcessor) -> Vec<String> {
    let RequestProcessor { stage: _, part: _, place, cluster: _, settings, overrides } = processor;
    let ProcessorOverrides { parts, told, server: _ } = overrides;
    let own = [in_words(&**settings), in_words(parts), in_words(told)].concat();
    let place = format!("asked {place:?}");
    own.split(", ").filter(|word| !word.is_empty()).map(str::to_owned).chain([place]).collect()
}

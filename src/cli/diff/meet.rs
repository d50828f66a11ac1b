//! Requests that meet the conditions of two rules.

use std::borrow::Cow;

use crate::ir::{HeaderMatch, PathMatch, QueryMatch, RouteMatch, ValueMatch, ValuePattern};
use crate::simulate::{Common, Pattern, Place, common, is_one_line};

/// How many requests are tried at most for two rules.
const MOST_TRIED: usize = 24;

/// The requests that two rules both take.
#[derive(Debug)]
pub(super) struct Meeting {
    /// The conditions of both, as far as one match can hold them: no request that meets both is left out.
    pub(super) whole: RouteMatch,
    /// Conditions of which each is met by requests that meet both, as far as such could be found.
    pub(super) some: Vec<RouteMatch>,
}

/// Where two rules meet; `None` where no request meets both. Of a header that a request has in several lines each line is
/// a value of its own, so one may meet one rule and another the other.
pub(super) fn meeting(one: &RouteMatch, other: &RouteMatch) -> Option<Meeting> {
    let guess = joint(one, other)?;
    let paths = paths(&one.path, &other.path)?;
    let headers = choices(&one.headers, &other.headers, Place::Header)?;
    let query = choices(&one.query, &other.query, Place::Query)?;
    let mut some = Vec::new();
    if let (Some(paths), Some(headers), Some(query)) = (paths, headers, query) {
        let (first_headers, first_query) = (first(&headers), first(&query));
        let plain = |path: &PathMatch, headers: &[HeaderMatch], query: &[QueryMatch]| RouteMatch {
            path: path.clone(),
            method: guess.method,
            headers: headers.to_vec(),
            query: query.to_vec(),
            grpc: guess.grpc,
        };
        some.extend(paths.iter().map(|path| plain(path, &first_headers, &first_query)));
        if let Some(path) = paths.first() {
            some.extend(others(&headers).map(|headers| plain(path, &headers, &first_query)));
            some.extend(others(&query).map(|query| plain(path, &first_headers, &query)));
        }
        some.truncate(MOST_TRIED);
    }
    some.push(guess);
    let whole = RouteMatch {
        path: joint_path(&one.path, &other.path)?.clone(),
        method: one.method.or(other.method),
        headers: both(&one.headers, &other.headers),
        query: both(&one.query, &other.query),
        grpc: one.grpc || other.grpc,
    };
    Some(Meeting { whole, some })
}

fn both<N: Clone>(one: &[ValueMatch<N>], other: &[ValueMatch<N>]) -> Vec<ValueMatch<N>> {
    one.iter().chain(other).cloned().collect()
}

/// What a request may have under one name, each of which meets all conditions on it.
type Choice<N> = Vec<Vec<ValueMatch<N>>>;

fn value<N: Clone>(name: &N, text: String) -> ValueMatch<N> {
    ValueMatch { name: name.clone(), value: ValuePattern::Exact(text) }
}

fn first<N: Clone>(choices: &[Choice<N>]) -> Vec<ValueMatch<N>> {
    choices.iter().filter_map(|choice| choice.first()).flatten().cloned().collect()
}

/// The first choice of each name but one, of which another is taken.
fn others<N: Clone>(choices: &[Choice<N>]) -> impl Iterator<Item = Vec<ValueMatch<N>>> {
    choices.iter().enumerate().flat_map(move |(place, choice)| {
        choice.iter().skip(1).map(move |other| {
            let (before, after) =
                (choices.get(..place).unwrap_or_default(), choices.get(place + 1..).unwrap_or_default());
            first(before).into_iter().chain(other.iter().cloned()).chain(first(after)).collect()
        })
    })
}

/// The paths that meet both conditions. The outer `None` is for none, the inner one where that is not known.
#[expect(clippy::option_option, reason = "what is not known is not nothing")]
fn paths<'m>(one: &'m PathMatch, other: &'m PathMatch) -> Option<Option<Vec<Cow<'m, PathMatch>>>> {
    let shared = |patterns: &[&str], prefix| match common(patterns, prefix, Place::Path) {
        Common::Nothing => None,
        Common::Texts(texts) => Some(Some(texts.into_iter().map(|text| Cow::Owned(PathMatch::Exact(text))).collect())),
        Common::Unknown => Some(None),
    };
    match (one, other) {
        (PathMatch::Regex(one), PathMatch::Regex(other)) => shared(&[one, other], None),
        (PathMatch::Regex(pattern), PathMatch::Prefix(prefix))
        | (PathMatch::Prefix(prefix), PathMatch::Regex(pattern)) => shared(&[pattern], Some(prefix)),
        (PathMatch::Regex(pattern), exact @ PathMatch::Exact(path))
        | (exact @ PathMatch::Exact(path), PathMatch::Regex(pattern)) => {
            Pattern::new(pattern).matches(path).then(|| Some(vec![Cow::Borrowed(exact)]))
        }
        (PathMatch::Exact(_) | PathMatch::Prefix(_), PathMatch::Exact(_) | PathMatch::Prefix(_)) => {
            Some(Some(vec![Cow::Borrowed(joint_path(one, other)?)]))
        }
    }
}

/// What meets the conditions of both lists, name by name. The outer `None` is for none, the inner one where that is not
/// known.
#[expect(clippy::option_option, reason = "what is not known is not nothing")]
fn choices<N: AsRef<str> + Clone + PartialEq>(
    one: &[ValueMatch<N>],
    other: &[ValueMatch<N>],
    place: Place,
) -> Option<Option<Vec<Choice<N>>>> {
    let mut choices: Option<Vec<Choice<N>>> = Some(Vec::new());
    let mut seen: Vec<&N> = Vec::new();
    for ValueMatch { name, .. } in one.iter().chain(other) {
        if seen.contains(&name) {
            continue;
        }
        seen.push(name);
        fn of_name<'v, N: PartialEq>(list: &'v [ValueMatch<N>], name: &N) -> Vec<&'v ValuePattern> {
            list.iter().filter(|value| value.name == *name).map(|value| &value.value).collect()
        }
        let (own, others) = (of_name(one, name), of_name(other, name));
        let all = [own.as_slice(), &others].concat();
        let choice: Option<Choice<N>> = match texts(&all, place) {
            Common::Texts(texts) => Some(texts.into_iter().map(|text| vec![value(name, text)]).collect()),
            Common::Unknown => None,
            Common::Nothing if !may_repeat(name.as_ref(), place) => return None,
            Common::Nothing => match (texts(&own, place), texts(&others, place)) {
                (Common::Nothing, _) | (_, Common::Nothing) => return None,
                (Common::Texts(own), Common::Texts(others)) => {
                    let lines = own.into_iter().zip(others);
                    Some(lines.map(|(own, other)| vec![value(name, own), value(name, other)]).collect())
                }
                _ => None,
            },
        };
        match (&mut choices, choice) {
            (Some(choices), Some(choice)) => choices.push(choice),
            (all, _) => *all = None,
        }
    }
    Some(choices)
}

/// Whether a request may have several values under a name, each of which is compared.
fn may_repeat(name: &str, place: Place) -> bool {
    place == Place::Header && !is_one_line(name)
}

/// The values that meet some conditions.
fn texts(asked: &[&ValuePattern], place: Place) -> Common {
    let exact = asked.iter().find_map(|value| match value {
        ValuePattern::Exact(text) => Some(text),
        ValuePattern::Regex(_) => None,
    });
    let meets = |text: &str| {
        asked.iter().all(|value| match value {
            ValuePattern::Exact(own) => own == text,
            ValuePattern::Regex(pattern) => Pattern::new(pattern).matches(text),
        })
    };
    if let Some(text) = exact {
        return if meets(text) { Common::Texts(vec![text.to_owned()]) } else { Common::Nothing };
    }
    let patterns: Vec<&str> = asked
        .iter()
        .filter_map(|value| match value {
            ValuePattern::Regex(pattern) => Some(pattern.as_str()),
            ValuePattern::Exact(_) => None,
        })
        .collect();
    common(&patterns, None, place)
}

/// The conditions of both matches; `None` where no request can meet both.
pub(super) fn joint(one: &RouteMatch, other: &RouteMatch) -> Option<RouteMatch> {
    let RouteMatch { path, method, headers, query, grpc } = one;
    let method = match (method, &other.method) {
        (Some(one), Some(other)) if one != other => return None,
        (one, other) => one.or(*other),
    };
    Some(RouteMatch {
        path: joint_path(path, &other.path)?.clone(),
        method,
        headers: joint_values(headers, &other.headers, Place::Header)?,
        query: joint_values(query, &other.query, Place::Query)?,
        grpc: *grpc || other.grpc,
    })
}

/// The condition of two that takes less.
fn joint_path<'m>(one: &'m PathMatch, other: &'m PathMatch) -> Option<&'m PathMatch> {
    let is_below = |path: &str, prefix: &str| {
        path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    match (one, other) {
        (PathMatch::Exact(path), PathMatch::Exact(other_path)) => (path == other_path).then_some(one),
        (PathMatch::Exact(exact), PathMatch::Prefix(prefix)) => is_below(exact, prefix).then_some(one),
        (PathMatch::Prefix(prefix), PathMatch::Exact(exact)) => is_below(exact, prefix).then_some(other),
        (PathMatch::Prefix(path), PathMatch::Prefix(other_path)) if path.len() >= other_path.len() => {
            is_below(path, other_path).then_some(one)
        }
        (PathMatch::Prefix(path), PathMatch::Prefix(other_path)) => is_below(other_path, path).then_some(other),
        // What two patterns have in common is not looked for: one of them is tried.
        (PathMatch::Regex(_), PathMatch::Exact(_) | PathMatch::Prefix(_)) => Some(other),
        (_, PathMatch::Regex(_)) => Some(one),
    }
}

fn joint_values<N: AsRef<str> + Clone + PartialEq>(
    one: &[ValueMatch<N>],
    other: &[ValueMatch<N>],
    place: Place,
) -> Option<Vec<ValueMatch<N>>> {
    let mut joint: Vec<&ValueMatch<N>> = one.iter().collect();
    for value in other {
        match joint.iter_mut().find(|known| known.name == value.name) {
            None => joint.push(value),
            Some(known) => match (&known.value, &value.value) {
                (ValuePattern::Exact(one), ValuePattern::Exact(other)) if one != other => {
                    if !may_repeat(value.name.as_ref(), place) {
                        return None;
                    }
                    joint.push(value);
                }
                (ValuePattern::Exact(_), _) => {}
                (ValuePattern::Regex(_), _) => *known = value,
            },
        }
    }
    Some(joint.into_iter().cloned().collect())
}

#[cfg(test)]
mod tests {
    use super::meeting;
    use crate::ir::{PathMatch, RouteMatch, ValueMatch, ValuePattern};

    fn rule(path: &str, headers: &[(&str, &str)]) -> RouteMatch {
        let value = |(name, pattern): &(&str, &str)| ValueMatch {
            name: (*name).into(),
            value: ValuePattern::Regex((*pattern).to_owned()),
        };
        let headers = headers.iter().map(value).collect();
        RouteMatch { path: PathMatch::Regex(path.to_owned()), method: None, headers, query: Vec::new(), grpc: false }
    }

    #[test]
    fn rules_meet_where_every_condition_does() {
        let met = meeting(&rule("/a.*", &[("x", "a.*")]), &rule("/.*b", &[("x", ".*b"), ("y", "c+")]));
        let some = met.map(|met| met.some).unwrap_or_default();
        assert!(some.len() > 4, "{some:?}");
        assert!(meeting(&rule("/a.*", &[("via", "a.*")]), &rule("/.*b", &[("via", "b.*")])).is_none());
        assert!(meeting(&rule("/a.*", &[]), &rule("/b.*", &[])).is_none());
        let met = meeting(&rule("/a.*", &[("x", "a.*")]), &rule("/.*b", &[("x", "b.*")]));
        let lines: Vec<_> = met.iter().flat_map(|met| &met.some).map(|one| one.headers.len()).collect();
        assert!(lines.first() == Some(&2), "{met:?}");
    }
}

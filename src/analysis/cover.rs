//! Whether the matches before a match leave any request for it.
//!
//! The answer is sound: what is called taken is taken, and what cannot be
//! decided counts as open. A match is split into parts (`/a` and what lies below
//! it, each text of a pattern that has only a few), and each part may be taken by
//! another match, so that several matches together can take all of it.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::ir::{ClientDetails, PathMatch, PathRules, Route, RouteMatch, ValueMatch, ValuePattern};
use crate::simulate::{Language, Pattern};

use super::impossible;

/// How many parts of one match are looked at.
const MOST_PARTS: usize = 32;
/// How many earlier matches of one path are compared with a part, and how many distinct patterns.
const MOST_CANDIDATES: usize = 64;

/// What earlier matches leave of a match.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Rest {
    /// Some requests, as far as can be told.
    Some,
    /// None: these earlier routes take all of them, by their position.
    Taken(Vec<usize>),
    /// None: no request can meet the match.
    Impossible,
}

/// The routes of a virtual host that were looked at so far.
#[derive(Debug)]
pub(crate) struct Earlier<'c, 'p> {
    patterns: &'p mut Patterns<'c>,
    /// What becomes of paths before they are compared.
    paths: PathRules,
    /// What is kept of headers.
    clients: ClientDetails,
    routes: Vec<&'c Route>,
    exact: HashMap<&'c str, Bucket<'c>>,
    prefix: HashMap<&'c str, Bucket<'c>>,
    pattern: Vec<(&'c str, Bucket<'c>)>,
}

/// The routes of one path, told apart by their other conditions.
#[derive(Debug, Default)]
struct Bucket<'c> {
    /// Without conditions on headers and parameters.
    plain: Vec<usize>,
    /// By one of their conditions that want an exact value.
    keyed: HashMap<Key<'c>, Vec<usize>>,
    /// With conditions that are all patterns.
    loose: Vec<usize>,
}

/// A condition that wants an exact value: whether it is on a parameter, its name and the value.
type Key<'c> = (bool, &'c str, &'c str);

/// A part of a match: a request that meets the match meets one of its parts.
#[derive(Clone, Debug)]
struct Part<'a> {
    path: PathPart<'a>,
    headers: Vec<Value<'a>>,
    query: Vec<Value<'a>>,
}

#[derive(Clone, Debug)]
enum PathPart<'a> {
    /// This path.
    Exact(Cow<'a, str>),
    /// Every path that begins like this and goes on.
    Longer(String),
    /// The paths of a pattern, all of which begin like this.
    Pattern(&'a str, String),
}

/// A condition on a header or a parameter.
#[derive(Clone, Debug)]
struct Value<'a> {
    name: &'a str,
    wanted: Wanted<'a>,
}

#[derive(Clone, Debug)]
enum Wanted<'a> {
    Exact(Cow<'a, str>),
    Pattern(&'a str),
}

/// The patterns of a configuration, each understood once.
#[derive(Debug, Default)]
pub(crate) struct Patterns<'c> {
    known: HashMap<&'c str, (Language, Option<Pattern>)>,
}

impl<'c> Patterns<'c> {
    fn language(&mut self, pattern: &'c str) -> &Language {
        &self.known.entry(pattern).or_insert_with(|| (Language::of(pattern), None)).0
    }

    fn matches(&mut self, pattern: &'c str, text: &str) -> bool {
        let (_, compiled) = self.known.entry(pattern).or_insert_with(|| (Language::of(pattern), None));
        compiled.get_or_insert_with(|| Pattern::new(pattern)).matches(text)
    }
}

impl<'c, 'p> Earlier<'c, 'p> {
    pub(crate) fn new(patterns: &'p mut Patterns<'c>, (paths, clients): (PathRules, ClientDetails)) -> Self {
        Self {
            patterns,
            paths,
            clients,
            routes: Vec::new(),
            exact: HashMap::new(),
            prefix: HashMap::new(),
            pattern: Vec::new(),
        }
    }

    /// The route at a position.
    pub(crate) fn route(&self, position: usize) -> Option<&'c Route> {
        self.routes.get(position).copied()
    }

    /// Adds the next route in order.
    pub(crate) fn add(&mut self, route: &'c Route) {
        let position = self.routes.len();
        self.routes.push(route);
        let bucket = match &route.matches.path {
            PathMatch::Exact(path) => self.exact.entry(path).or_default(),
            PathMatch::Prefix(prefix) => self.prefix.entry(prefix).or_default(),
            PathMatch::Regex(pattern) => match self.pattern.iter().position(|(known, _)| known == pattern) {
                Some(place) => &mut self.pattern[place].1,
                None if self.pattern.len() == MOST_CANDIDATES => return,
                None => {
                    self.pattern.push((pattern, Bucket::default()));
                    let last = self.pattern.len() - 1;
                    &mut self.pattern[last].1
                }
            },
        };
        bucket.add(position, &route.matches);
    }

    /// What the routes so far leave of a route.
    pub(crate) fn rest(&mut self, route: &'c Route) -> Rest {
        let parts = self.patterns.split(&route.matches);
        if parts.is_empty() || impossible::cause(&route.matches, self.paths, self.clients).is_some() {
            return Rest::Impossible;
        }
        let mut takers = Vec::new();
        for part in &parts {
            match self.taker(route, part) {
                Some(taker) if takers.contains(&taker) => {}
                Some(taker) => takers.push(taker),
                None => return Rest::Some,
            }
        }
        takers.sort_unstable();
        Rest::Taken(takers)
    }

    /// The first route that takes a whole part of `route`.
    fn taker(&mut self, route: &Route, part: &Part<'c>) -> Option<usize> {
        let mut found: Option<usize> = None;
        let Self { patterns, paths: _, clients: _, routes, exact, prefix, pattern } = self;
        let mut consider = |bucket: &Bucket<'c>, patterns: &mut Patterns<'c>| {
            let takes = |position: &usize, patterns: &mut Patterns<'c>| {
                found.is_none_or(|found| *position < found) && implies(route, part, routes[*position], patterns)
            };
            if let Some(position) = bucket.candidates(part).into_iter().find(|position| takes(position, patterns)) {
                found = Some(position);
            }
        };
        if let PathPart::Exact(path) = &part.path
            && let Some(bucket) = exact.get(&**path)
        {
            consider(bucket, patterns);
        }
        for bucket in part.path.prefixes().into_iter().filter_map(|text| prefix.get(text)) {
            consider(bucket, patterns);
        }
        for (text, bucket) in &*pattern {
            if part.path.is_within(text, patterns) {
                consider(bucket, patterns);
            }
        }
        found
    }
}

impl<'c> Bucket<'c> {
    fn add(&mut self, position: usize, matches: &'c RouteMatch) {
        if matches.headers.is_empty() && matches.query.is_empty() {
            self.plain.push(position);
            return;
        }
        let exact = |name: &'c str, value: &'c ValuePattern, is_query: bool| match value {
            ValuePattern::Exact(text) => Some((is_query, name, text.as_str())),
            ValuePattern::Regex(_) => None,
        };
        let headers = matches.headers.iter().filter_map(|header| exact(&header.name, &header.value, false));
        let query = matches.query.iter().filter_map(|parameter| exact(&parameter.name, &parameter.value, true));
        let mut keys = headers.chain(query);
        match keys.next() {
            Some(key) => self.keyed.entry(key).or_default().push(position),
            None => self.loose.push(position),
        }
    }

    /// The routes whose other conditions a part may imply.
    fn candidates(&self, part: &Part<'_>) -> Vec<usize> {
        let keys = |values: &[Value<'_>], is_query: bool| -> Vec<usize> {
            let exact = values.iter().filter_map(|value| match &value.wanted {
                Wanted::Exact(text) => self.keyed.get(&(is_query, value.name, text)),
                Wanted::Pattern(_) => None,
            });
            exact.flat_map(|list| list.iter().take(MOST_CANDIDATES).copied()).collect()
        };
        let mut all = keys(&part.headers, false);
        all.extend(keys(&part.query, true));
        all.extend(self.plain.iter().chain(&self.loose).take(MOST_CANDIDATES));
        all.sort_unstable();
        all
    }
}

/// Whether a request that meets a part of `route` meets `earlier` as well, whose path is known to hold.
fn implies<'c>(route: &Route, part: &Part<'c>, earlier: &'c Route, patterns: &mut Patterns<'c>) -> bool {
    let RouteMatch { path: _, method, headers, query, grpc } = &*earlier.matches;
    // A preflight is taken by the first CORS filter whose rule takes the request that it asks for.
    let preflights = route.action.cors().is_none() || earlier.action.cors().is_some();
    let same_method = method.as_ref().is_none_or(|method| preflights && route.matches.method.as_ref() == Some(method));
    same_method
        && (!grpc || route.matches.grpc)
        && headers.iter().all(|header| part.headers.iter().any(|own| own.implies(header, patterns)))
        && query.iter().all(|parameter| part.query.iter().any(|own| own.implies(parameter, patterns)))
}

impl<'a> Value<'a> {
    fn implies<'c, N: AsRef<str>>(&self, earlier: &'c ValueMatch<N>, patterns: &mut Patterns<'c>) -> bool {
        let wanted = match &earlier.value {
            _ if self.name != earlier.name.as_ref() => return false,
            ValuePattern::Exact(wanted) => return matches!(&self.wanted, Wanted::Exact(text) if text == wanted),
            ValuePattern::Regex(wanted) => wanted.as_str(),
        };
        match &self.wanted {
            Wanted::Exact(text) => patterns.matches(wanted, text),
            Wanted::Pattern(own) => {
                *own == wanted
                    || *patterns.language(wanted) == Language::Beginning { text: String::new(), goes_on: false }
            }
        }
    }
}

impl PathPart<'_> {
    /// The prefixes that take all of the part.
    fn prefixes(&self) -> Vec<&str> {
        let (text, whole) = match self {
            Self::Exact(path) => (&**path, Some(&**path)),
            // Every path is below the root, whatever a pattern says about it.
            Self::Longer(text) | Self::Pattern(_, text) => (text.as_str(), None),
        };
        let above = text.match_indices('/').map(|(at, _)| &text[..at]).filter(|above| !above.is_empty());
        [""].into_iter().chain(above).chain(whole).collect()
    }

    /// Whether a pattern takes all of the part.
    fn is_within<'c>(&self, pattern: &'c str, patterns: &mut Patterns<'c>) -> bool {
        if let Self::Exact(path) = self {
            return patterns.matches(pattern, path);
        }
        let Language::Beginning { text, goes_on } = patterns.language(pattern) else {
            return matches!(self, Self::Pattern(own, _) if *own == pattern);
        };
        // Every path begins with a slash.
        if text.is_empty() || (text == "/" && !goes_on) {
            return true;
        }
        match self {
            Self::Exact(_) => false,
            Self::Longer(own) => own.starts_with(text.as_str()),
            Self::Pattern(own, beginning) => {
                *own == pattern || beginning.starts_with(text.as_str()) && (!goes_on || beginning.len() > text.len())
            }
        }
    }
}

impl<'c> Patterns<'c> {
    /// The parts of a match; none when no request can meet it.
    fn split(&mut self, matches: &'c RouteMatch) -> Vec<Part<'c>> {
        let RouteMatch { path, method: _, headers, query, grpc: _ } = matches;
        let paths = self.split_path(path);
        let headers = self.split_values(headers);
        let query = self.split_values(query);
        if paths.len() * headers.len() * query.len() > MOST_PARTS {
            // Taken whole, patterns are compared as they are written.
            let headers: Vec<_> = matches.headers.iter().map(Value::from).collect();
            let query: Vec<_> = matches.query.iter().map(Value::from).collect();
            let part = |path| Part { path, headers: headers.clone(), query: query.clone() };
            return paths.into_iter().map(part).collect();
        }
        let mut parts = Vec::new();
        for path in &paths {
            for headers in &headers {
                for query in &query {
                    parts.push(Part { path: path.clone(), headers: headers.clone(), query: query.clone() });
                }
            }
        }
        parts
    }

    fn split_path(&mut self, path: &'c PathMatch) -> Vec<PathPart<'c>> {
        let pattern = match path {
            PathMatch::Exact(path) => return vec![PathPart::Exact(path.into())],
            PathMatch::Prefix(prefix) => {
                let below = format!("{prefix}/");
                let own = (!prefix.is_empty()).then(|| PathPart::Exact(prefix.into()));
                let rest = [PathPart::Exact(below.clone().into()), PathPart::Longer(below)];
                return own.into_iter().chain(rest).collect();
            }
            PathMatch::Regex(pattern) => pattern.as_str(),
        };
        let is_path = |text: &str| text.starts_with('/');
        let whole = |text: &str| vec![PathPart::Pattern(pattern, text.to_owned())];
        match self.language(pattern) {
            Language::Texts(texts) => {
                texts.iter().filter(|text| is_path(text)).map(|text| PathPart::Exact(text.clone().into())).collect()
            }
            Language::Beginning { text, goes_on: _ } | Language::Within(text) if !text.is_empty() && !is_path(text) => {
                Vec::new()
            }
            Language::Beginning { text, goes_on } if !text.is_empty() => {
                let own = (!goes_on).then(|| PathPart::Exact(text.clone().into()));
                own.into_iter().chain([PathPart::Longer(text.clone())]).collect()
            }
            Language::Beginning { text: _, goes_on: _ } => {
                vec![PathPart::Exact("/".into()), PathPart::Longer("/".to_owned())]
            }
            Language::Within(text) => whole(text),
        }
    }

    /// Every choice of texts for patterns that have only a few.
    fn split_values<N: AsRef<str>>(&mut self, values: &'c [ValueMatch<N>]) -> Vec<Vec<Value<'c>>> {
        let mut choices: Vec<Vec<Value<'c>>> = vec![Vec::with_capacity(values.len())];
        for value in values {
            let own = Value::from(value);
            let texts = match own.wanted {
                Wanted::Pattern(pattern) => match self.language(pattern) {
                    Language::Texts(texts) if choices.len() * texts.len() <= MOST_PARTS => Some(texts.clone()),
                    _ => None,
                },
                Wanted::Exact(_) => None,
            };
            let own: Vec<Value<'c>> = match texts {
                Some(texts) => {
                    let exact = |text: String| Value { name: own.name, wanted: Wanted::Exact(text.into()) };
                    texts.into_iter().map(exact).collect()
                }
                None => vec![own],
            };
            let with = |choice: &Vec<Value<'c>>, value: &Value<'c>| {
                choice.iter().cloned().chain([value.clone()]).collect::<Vec<_>>()
            };
            choices = choices.iter().flat_map(|choice| own.iter().map(move |value| with(choice, value))).collect();
        }
        choices
    }
}

impl<'c, N: AsRef<str>> From<&'c ValueMatch<N>> for Value<'c> {
    fn from(value: &'c ValueMatch<N>) -> Self {
        let wanted = match &value.value {
            ValuePattern::Exact(text) => Wanted::Exact(text.into()),
            ValuePattern::Regex(pattern) => Wanted::Pattern(pattern),
        };
        Self { name: value.name.as_ref(), wanted }
    }
}

#[cfg(test)]
#[path = "cover_tests.rs"]
mod tests;

//! Stage 1c: from the text of one document to a [`Node`].
//!
//! Input: a document as `split` cut it. Output: the value as Kubernetes would
//! see it: merge keys applied, YAML 1.1 scalars resolved, keys made strings,
//! whole numbers made integers. Time and memory are bounded by the size of
//! the text, whatever it says.

use std::collections::HashSet;
use std::fmt;

use serde::de::{self, DeserializeSeed, EnumAccess, MapAccess, SeqAccess, Visitor};

use crate::diagnostics::{FieldPath, Segment};

use super::anchors::with_distinct_anchors;
pub use super::decode_error::DecodeError;
use super::decode_error::{MAX_DEPTH, character_at, too_deep};
use super::dialect;
use super::entries::Entries;
use super::marks::Marks;
use super::node::Node;
use super::reader;
use super::scalar;
use super::split::Syntax;
use super::syntax_error as syntax;
use super::tags::ends_of_tagged_scalars;

/// How many times its own size a document may have once its aliases are expanded.
pub const MAX_EXPANSION: usize = 10;

/// A decoded document.
#[derive(Clone, Debug, PartialEq)]
pub struct Decoded {
    /// The value; of a repeated key the last one counts.
    pub node: Node,
    /// The paths of keys that a mapping has more than once, each path once.
    pub repeated: Vec<FieldPath>,
    /// The paths of booleans that were written as a bare `yes`, `no`, `on`, `off`, `y` or `n`.
    pub words: Vec<FieldPath>,
    /// The byte at which each item of `spec.rules` begins, where that is known without asking:
    /// comments in the output name the line of every rule.
    pub rules: Vec<Option<usize>>,
}

/// Decodes one document.
pub fn decode(text: &str, syntax: Syntax) -> Result<Decoded, DecodeError> {
    if syntax == Syntax::Json {
        return decode_distinct(text, syntax);
    }
    match reader::read(text) {
        Some((node, rules)) => Ok(Decoded { node, repeated: Vec::new(), words: Vec::new(), rules }),
        None => decode_fully(text),
    }
}

/// Decodes one document of YAML by the reader that knows all of it.
///
/// # Errors
/// What is wrong with the document.
pub fn decode_fully(text: &str) -> Result<Decoded, DecodeError> {
    let syntax = Syntax::Yaml;
    syntax::check_before_reading(text)?;
    let decoded = match with_distinct_anchors(text) {
        None => decode_distinct(text, syntax),
        // What is known of places is about the other text.
        Some(distinct) => decode_distinct(&distinct, syntax)
            .map(|decoded| Decoded { rules: Vec::new(), ..decoded })
            .map_err(|error| DecodeError { range: character_at(text, error.range.start), ..error }),
    }?;
    dialect::check(text)?;
    Ok(decoded)
}

/// Decodes a document that has no two anchors of one name.
fn decode_distinct(text: &str, syntax: Syntax) -> Result<Decoded, DecodeError> {
    let mut state = State {
        text,
        syntax,
        weight: 0,
        limit: text.len().saturating_mul(MAX_EXPANSION),
        repeated: Vec::new(),
        words: Vec::new(),
        marks: Marks::default(),
        tagged: None,
        failure: None,
    };
    let seed = NodeSeed { state: &mut state, depth: 0 };
    let result = match syntax {
        Syntax::Yaml => seed.deserialize(serde_yaml::Deserializer::from_str(text)).map_err(Refusal::Yaml),
        Syntax::Json => {
            let mut deserializer = serde_json::Deserializer::from_str(text);
            seed.deserialize(&mut deserializer)
                .and_then(|node| deserializer.end().map(|()| node))
                .map_err(Refusal::Json)
        }
    };
    match result {
        Ok(node) => Ok(Decoded {
            node,
            repeated: paths(state.repeated),
            words: paths(state.words),
            rules: state.marks.into_rules(),
        }),
        Err(refusal) => Err(refusal.explain(text, state.failure)),
    }
}

/// The paths were built from the inside out.
fn paths(reversed: Vec<Vec<Segment>>) -> Vec<FieldPath> {
    let mut seen = HashSet::with_capacity(reversed.len());
    let mut paths: Vec<FieldPath> = Vec::new();
    for mut steps in reversed {
        steps.reverse();
        let path = FieldPath(steps);
        if seen.insert(path.clone()) {
            paths.push(path);
        }
    }
    paths
}

/// The reader's own error.
enum Refusal {
    Yaml(serde_yaml::Error),
    Json(serde_json::Error),
}

impl Refusal {
    fn explain(self, text: &str, failure: Option<Failure>) -> DecodeError {
        match (failure, self) {
            (None, Self::Yaml(error)) => syntax::explain_yaml(text, &error),
            (None, Self::Json(error)) => syntax::explain_json(text, &error),
            (Some(failure), refusal) => {
                let offset = match &refusal {
                    Self::Yaml(error) => error.location().map_or(0, |location| location.index()),
                    Self::Json(error) => syntax::json_offset(text, error),
                };
                failure.explain(text, offset)
            }
        }
    }
}

/// What this stage refuses and the readers accept.
#[derive(Debug)]
enum Failure {
    Depth,
    Expansion,
    Tag(String),
    NotFinite,
    Merge,
    Key(&'static str),
}

impl Failure {
    fn explain(self, text: &str, offset: usize) -> DecodeError {
        match self {
            Self::Depth => too_deep(text, offset),
            Self::Expansion => DecodeError::limit(
                text,
                offset,
                format!("the aliases expand the document to over {MAX_EXPANSION} times its size"),
            )
            .help("write out what the aliases repeat, or split the document"),
            Self::Tag(tag) => syntax::unknown_tag(text, offset, &tag),
            Self::NotFinite => DecodeError::syntax(
                text,
                offset,
                "infinities and `.nan` cannot be expressed in JSON, which Kubernetes stores",
            )
            .help("quote the value if it is meant as text"),
            Self::Merge => {
                DecodeError::syntax(text, offset, "`<<` merges a mapping, or a list of mappings, and this is neither")
                    .help("refer to a mapping: `<<: *anchor`")
            }
            Self::Key(what) => {
                DecodeError::syntax(text, offset, format!("a key cannot be {what}")).help("write the key as a string")
            }
        }
    }
}

struct State<'t> {
    text: &'t str,
    syntax: Syntax,
    /// The size of what was decoded so far.
    weight: usize,
    limit: usize,
    repeated: Vec<Vec<Segment>>,
    words: Vec<Vec<Segment>>,
    marks: Marks,
    /// Where the scalars with a tag end, once it was asked.
    tagged: Option<HashSet<usize>>,
    failure: Option<Failure>,
}

impl State<'_> {
    fn fail<E: de::Error>(&mut self, failure: Failure) -> E {
        let error = E::custom("refused");
        self.failure = Some(failure);
        error
    }

    fn weigh<E: de::Error>(&mut self, bytes: usize) -> Result<(), E> {
        self.weight = self.weight.saturating_add(bytes + 1);
        if self.weight > self.limit.max(MAX_EXPANSION) { Err(self.fail(Failure::Expansion)) } else { Ok(()) }
    }

    /// Adds a step to the paths that were noted since the lists had these lengths.
    fn prefix(&mut self, noted: (usize, usize), segment: impl Fn() -> Segment) {
        for path in self.repeated.iter_mut().skip(noted.0).chain(self.words.iter_mut().skip(noted.1)) {
            path.push(segment());
        }
    }

    fn noted(&self) -> (usize, usize) {
        (self.repeated.len(), self.words.len())
    }

    /// Whether a string that the YAML reader hands out as a part of the text is a plain scalar without a tag.
    ///
    /// Block scalars and quoted ones with escapes are never parts of the text.
    fn is_plain(&mut self, scalar: &str) -> bool {
        if self.syntax == Syntax::Json {
            return false;
        }
        let Some((before, from)) = self.text.split_at_checked(self.offset(scalar)) else { return false };
        // What is a part of a scalar in quotes ends before the closing one, and may begin behind an escaped line break.
        if from.get(scalar.len()..).is_none_or(|after| after.starts_with(['"', '\''])) {
            return false;
        }
        let end = before.len() + scalar.len();
        !self.tagged.get_or_insert_with(|| ends_of_tagged_scalars(self.text)).contains(&end)
    }

    /// Where a part of the text begins.
    fn offset(&self, part: &str) -> usize {
        (part.as_ptr() as usize).wrapping_sub(self.text.as_ptr() as usize)
    }

    /// What Kubernetes makes of a string that may be a plain scalar.
    fn resolve(&mut self, scalar: &str) -> Option<Node> {
        if let Some(value) = scalar::boolean_word(scalar) {
            return self.is_plain(scalar).then_some(Node::Bool(value));
        }
        let number = scalar::number(scalar)?;
        self.is_plain(scalar).then_some(number)
    }
}

struct NodeSeed<'s, 't> {
    state: &'s mut State<'t>,
    depth: usize,
}

impl<'de> DeserializeSeed<'de> for NodeSeed<'_, '_> {
    type Value = Node;

    fn deserialize<D: de::Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for NodeSeed<'_, '_> {
    type Value = Node;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a value")
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Node, E> {
        self.state.weigh(4)?;
        Ok(Node::Bool(value))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Node, E> {
        self.state.weigh(1)?;
        Ok(Node::Int(value))
    }

    fn visit_i128<E: de::Error>(self, value: i128) -> Result<Node, E> {
        #[expect(clippy::cast_precision_loss, reason = "JSON readers make a float of it too")]
        self.visit_f64(value as f64)
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Node, E> {
        self.state.weigh(1)?;
        #[expect(clippy::cast_precision_loss, reason = "JSON readers make a float of it too")]
        Ok(i64::try_from(value).map_or(Node::Float(value as f64), Node::Int))
    }

    fn visit_u128<E: de::Error>(self, value: u128) -> Result<Node, E> {
        #[expect(clippy::cast_precision_loss, reason = "JSON readers make a float of it too")]
        self.visit_f64(value as f64)
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Node, E> {
        if !value.is_finite() {
            return Err(self.state.fail(Failure::NotFinite));
        }
        self.state.weigh(1)?;
        Ok(scalar::from_float(value))
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Node, E> {
        self.state.weigh(value.len())?;
        Ok(Node::String(value.to_owned()))
    }

    fn visit_borrowed_str<E: de::Error>(self, value: &'de str) -> Result<Node, E> {
        self.state.weigh(value.len())?;
        let Some(node) = self.state.resolve(value) else { return Ok(Node::String(value.to_owned())) };
        if matches!(node, Node::Bool(_)) {
            self.state.words.push(Vec::new());
        }
        Ok(node)
    }

    fn visit_none<E: de::Error>(self) -> Result<Node, E> {
        self.visit_unit()
    }

    fn visit_unit<E: de::Error>(self) -> Result<Node, E> {
        self.state.weigh(0)?;
        Ok(Node::Null)
    }

    fn visit_enum<A: EnumAccess<'de>>(self, tagged: A) -> Result<Node, A::Error> {
        let (tag, _) = tagged.variant::<String>()?;
        Err(self.state.fail(Failure::Tag(format!("!{}", tag.trim_start_matches('!')))))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Node, A::Error> {
        let Self { state, depth } = self;
        state.weigh(0)?;
        if depth >= MAX_DEPTH {
            return Err(state.fail(Failure::Depth));
        }
        let mut items = Vec::new();
        let is_rules = state.marks.enter_list();
        loop {
            let noted = state.noted();
            if is_rules {
                state.marks.enter_rule();
            }
            let Some(item) = list.next_element_seed(NodeSeed { state, depth: depth + 1 })? else { break };
            state.prefix(noted, || Segment::Index(items.len()));
            if is_rules {
                state.marks.leave_rule();
            }
            items.push(item);
        }
        Ok(Node::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node, A::Error> {
        let Self { state, depth } = self;
        state.weigh(0)?;
        if depth >= MAX_DEPTH {
            return Err(state.fail(Failure::Depth));
        }
        let mut entries = Entries::default();
        let mut merges = Vec::new();
        while let Some(key) = map.next_key_seed(KeySeed { state })? {
            let noted = state.noted();
            state.marks.enter_value(depth, key.name());
            let value = map.next_value_seed(NodeSeed { state, depth: depth + 1 })?;
            state.marks.leave_value(depth, key.name());
            match key {
                Key::Merge if is_mergeable(&value) => merges.push(value),
                Key::Merge => return Err(state.fail(Failure::Merge)),
                Key::Name(name) => {
                    state.prefix(noted, || Segment::from(name.clone()));
                    if let Some(name) = entries.insert(name, value) {
                        state.repeated.push(vec![Segment::from(name)]);
                    }
                }
            }
        }
        merges.into_iter().for_each(|merge| entries.merge(merge));
        Ok(entries.into_node())
    }
}

/// A key of a mapping.
enum Key {
    /// An unquoted `<<`.
    Merge,
    Name(String),
}

impl Key {
    fn name(&self) -> &str {
        match self {
            Self::Merge => "<<",
            Self::Name(name) => name,
        }
    }
}

struct KeySeed<'s, 't> {
    state: &'s mut State<'t>,
}

impl KeySeed<'_, '_> {
    fn text<E: de::Error>(self, key: Node) -> Result<Key, E> {
        match scalar::key_text(key) {
            Some(name) => Ok(Key::Name(name)),
            None => Err(self.state.fail(Failure::Key("null"))),
        }
    }
}

impl<'de> DeserializeSeed<'de> for KeySeed<'_, '_> {
    type Value = Key;

    fn deserialize<D: de::Deserializer<'de>>(self, deserializer: D) -> Result<Key, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for KeySeed<'_, '_> {
    type Value = Key;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a key")
    }

    fn visit_bool<E: de::Error>(self, key: bool) -> Result<Key, E> {
        self.text(Node::Bool(key))
    }

    fn visit_i64<E: de::Error>(self, key: i64) -> Result<Key, E> {
        self.text(Node::Int(key))
    }

    fn visit_u64<E: de::Error>(self, key: u64) -> Result<Key, E> {
        Ok(Key::Name(key.to_string()))
    }

    fn visit_f64<E: de::Error>(self, key: f64) -> Result<Key, E> {
        self.text(Node::Float(key))
    }

    fn visit_str<E: de::Error>(self, key: &str) -> Result<Key, E> {
        self.state.weigh(key.len())?;
        Ok(Key::Name(key.to_owned()))
    }

    fn visit_borrowed_str<E: de::Error>(self, key: &'de str) -> Result<Key, E> {
        self.state.weigh(key.len())?;
        self.state.marks.key_at(self.state.offset(key));
        if key == "<<" && self.state.is_plain(key) {
            return Ok(Key::Merge);
        }
        match self.state.resolve(key) {
            Some(node) => self.text(node),
            None => Ok(Key::Name(key.to_owned())),
        }
    }

    fn visit_unit<E: de::Error>(self) -> Result<Key, E> {
        self.text(Node::Null)
    }

    fn visit_enum<A: EnumAccess<'de>>(self, tagged: A) -> Result<Key, A::Error> {
        let (tag, _) = tagged.variant::<String>()?;
        Err(self.state.fail(Failure::Tag(format!("!{}", tag.trim_start_matches('!')))))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, _: A) -> Result<Key, A::Error> {
        Err(self.state.fail(Failure::Key("a list")))
    }

    fn visit_map<A: MapAccess<'de>>(self, _: A) -> Result<Key, A::Error> {
        Err(self.state.fail(Failure::Key("a mapping")))
    }
}

fn is_mergeable(value: &Node) -> bool {
    match value {
        Node::Map(_) => true,
        Node::List(items) => items.iter().all(|item| matches!(item, Node::Map(_))),
        _ => false,
    }
}

#[cfg(test)]
#[path = "decode_tests.rs"]
mod tests;

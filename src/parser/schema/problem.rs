//! What the check finds: a problem at a path inside one object, and its words.
//!
//! A path is a list on the stack until there is a problem, so that a correct
//! object costs none.

use std::fmt::Write as _;

use crate::diagnostics::{
    Change, Code, Edit, FieldPath, Finding, Fix, LackingPort, Location, ObjectRef, Pending, Scalar, Segment, Severity,
    codes,
};
use crate::name::{Name, Namespace};
use crate::parser::manifests::Position;
use crate::parser::node::Node;
use crate::parser::part;
use crate::spelling::{Near, near};

use super::table::{Field, Integer, List, Text, Type};

/// A place inside an object, as a list of steps on the stack.
#[derive(Clone, Copy, Debug)]
pub(in crate::parser) enum Step<'a> {
    /// The object itself.
    Root,
    /// A field or key of a mapping.
    Field(&'a Step<'a>, &'a str),
    /// An item of a list.
    Index(&'a Step<'a>, usize),
}

impl<'a> Step<'a> {
    /// The field `name` of this place.
    pub(in crate::parser) fn field(&'a self, name: &'a str) -> Self {
        Self::Field(self, name)
    }

    /// The item `index` of this place.
    pub(in crate::parser) fn index(&'a self, index: usize) -> Self {
        Self::Index(self, index)
    }

    /// The place as an owned path.
    pub(in crate::parser) fn path(&self) -> FieldPath {
        let mut segments = Vec::new();
        let mut step = self;
        loop {
            step = match step {
                Self::Root => break,
                Self::Field(parent, name) => {
                    segments.push(Segment::from((*name).to_owned()));
                    parent
                }
                Self::Index(parent, index) => {
                    segments.push(Segment::from(*index));
                    parent
                }
            };
        }
        segments.reverse();
        FieldPath(segments)
    }

    /// The last field of the place with the indexes after it, as messages name it.
    fn name(&self) -> String {
        match self {
            Self::Root => "object".to_owned(),
            Self::Field(_, name) => clip(name),
            Self::Index(parent, index) => format!("{}[{index}]", parent.name()),
        }
    }
}

/// One problem of one object.
#[derive(Clone, Debug)]
pub(in crate::parser) struct Problem {
    pub(in crate::parser) code: Code,
    /// The place, from the root of the object.
    pub(in crate::parser) path: FieldPath,
    /// Whether the key is to blame and not the value.
    pub(in crate::parser) is_key: bool,
    pub(in crate::parser) message: String,
    pub(in crate::parser) label: Option<String>,
    pub(in crate::parser) help: Option<String>,
    /// The earlier item that the item at `path` collides with.
    pub(in crate::parser) first: Option<FieldPath>,
    /// What to change at `path`, where that is certain.
    pub(in crate::parser) fix: Option<Change>,
    /// What else has to change with it, and where.
    pub(in crate::parser) also: Option<(FieldPath, Change)>,
    /// The reference that lacks a port, with the namespace, if one is given, and the name of its Service.
    pub(in crate::parser) port_of: Option<(FieldPath, Option<Namespace>, Name)>,
    /// What the text of the document has to say of it.
    pub(in crate::parser) pending: Option<Pending>,
}

impl Problem {
    pub(in crate::parser) fn new(code: Code, path: FieldPath, message: String) -> Self {
        let (label, help, first, fix, also, port_of, pending) = (None, None, None, None, None, None, None);
        Self { code, path, is_key: false, message, label, help, first, fix, also, port_of, pending }
    }

    pub(in crate::parser) fn label(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }

    pub(in crate::parser) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    pub(in crate::parser) fn key(mut self) -> Self {
        self.is_key = true;
        self
    }

    pub(in crate::parser) fn first(mut self, first: FieldPath) -> Self {
        self.first = Some(first);
        self
    }

    pub(in crate::parser) fn fix(mut self, fix: Option<Change>) -> Self {
        self.fix = fix;
        self
    }

    pub(in crate::parser) fn also(mut self, path: FieldPath, change: Change) -> Self {
        self.also = Some((path, change));
        self
    }

    /// Whether the object is refused because of this.
    pub(in crate::parser) fn is_error(&self) -> bool {
        self.code.severity() == Severity::Error
    }

    /// The problem as a finding about `object` at `position`.
    pub(in crate::parser) fn into_finding(self, position: &Position, object: &ObjectRef) -> Finding {
        let at = part::within(self.path.clone());
        let lacking = self.port_of.clone().map(|(reference, namespace, name)| {
            let namespace = namespace.unwrap_or_else(|| object.namespace.clone());
            LackingPort { document: position.document, reference: position.base.join(&reference), namespace, name }
        });
        let mut finding = self.into_nameless(position).object(object.clone(), at);
        finding.pending = lacking.map(Pending::Port).or(finding.pending);
        finding
    }

    /// The problem as a finding about something at `position` that is no object by itself.
    pub(in crate::parser) fn into_nameless(self, position: &Position) -> Finding {
        let Self { code, path, is_key, message, label, help, first, fix, also, port_of: _, pending } = self;
        let whole = position.base.join(&path);
        let location =
            if is_key { Location::key(position.document, whole) } else { Location::field(position.document, whole) };
        let fix = fix.map(|change| {
            let mut fix = Fix::one(position.document, position.base.join(&path), change);
            let more = also.map(|(path, change)| Edit {
                document: position.document,
                path: position.base.join(&path),
                change,
            });
            fix.edits.extend(more);
            fix
        });
        let mut finding = Finding::new(code, location, message).fix(fix);
        finding.label = label;
        finding.help = help;
        finding.pending = pending;
        if let Some(first) = first {
            let place = position.at(&first);
            finding = finding.related(place, "the first one is here");
        }
        finding
    }
}

/// A word of the user in backticks, shortened, with control characters made visible.
pub(in crate::parser) fn quote(text: &str) -> String {
    format!("`{}`", clip(text))
}

fn clip(text: &str) -> String {
    const LONGEST: usize = 64;
    let mut shown = String::new();
    for (count, character) in text.chars().enumerate() {
        if count == LONGEST {
            shown.push('…');
            break;
        }
        if character.is_control() {
            // Writing to a string cannot fail.
            let _ = write!(shown, "{}", character.escape_default());
        } else {
            shown.push(character);
        }
    }
    shown
}

/// `a`, `b` and `c` as a sentence lists them.
pub(in crate::parser) fn listed<'a>(words: impl IntoIterator<Item = &'a str>, conjunction: &str) -> String {
    let words: Vec<String> = words.into_iter().map(quote).collect();
    match words.as_slice() {
        [] => String::new(),
        [only] => only.clone(),
        [init @ .., last] => format!("{} {conjunction} {last}", init.join(", ")),
    }
}

fn article(noun: &str) -> String {
    let article = if noun.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
    format!("{article} {noun}")
}

/// A value of the wrong type.
pub(in crate::parser) fn wrong_type(node: &Node, wanted: &'static str, at: &Step<'_>) -> Problem {
    let found = article(node.type_name());
    let name = at.name();
    // "integer or string" is a type too.
    let pending = match node {
        Node::Bool(_) if wanted.contains("string") => Some(Pending::Boolean),
        Node::Int(number) if wanted == "string" => Some(Pending::Number(*number)),
        _ => None,
    };
    if wanted == "string" && matches!(node, Node::Bool(_)) {
        let problem = Problem::new(
            codes::UNQUOTED_BOOLEAN,
            at.path(),
            format!("`{name}` must be a string, and an unquoted word like this is a boolean"),
        )
        .label("read as a boolean")
        .help("quote it: YAML reads bare `true`, `false`, `yes`, `no`, `on`, `off`, `y` and `n` as booleans")
        .fix(Some(Change::Quote));
        return Problem { pending, ..problem };
    }
    let help = match (wanted, node) {
        ("string", Node::Int(number)) => format!("quote it: `\"{number}\"`"),
        ("string", Node::Float(_)) => "quote it".to_owned(),
        ("integer", Node::String(text)) if text.parse::<i64>().is_ok() => format!("remove the quotes: `{text}`"),
        ("boolean", Node::String(text)) if matches!(text.as_str(), "true" | "false") => {
            format!("remove the quotes: `{text}`")
        }
        ("integer", Node::Float(_)) => "write a whole number".to_owned(),
        ("integer", Node::String(text)) if name == "port" => {
            format!("write the number of the port that is called {}: references name no ports", quote(text))
        }
        ("array", Node::Null) => "write `[]` for an empty list".to_owned(),
        (_, Node::Null) => "remove the empty item, or give it a value".to_owned(),
        ("array", _) => "begin each item of the list with `- `".to_owned(),
        ("object", _) => "write a mapping of fields to values".to_owned(),
        _ => format!("write {}", article(wanted)),
    };
    let message = format!("`{name}` must be {}, not {found}", article(wanted));
    let problem = Problem::new(codes::WRONG_TYPE, at.path(), message);
    Problem { pending, ..problem.label(format!("this is {found}")).help(help).fix(retyped(node, wanted)) }
}

/// The change that gives a scalar its type.
fn retyped(node: &Node, wanted: &str) -> Option<Change> {
    match (wanted, node) {
        ("string", Node::Int(_) | Node::Float(_)) => Some(Change::Quote),
        ("integer", Node::String(text)) => Some(Change::Set(Scalar::Number(text.parse().ok()?))),
        ("boolean", Node::String(text)) => Some(Change::Set(Scalar::Boolean(text.parse().ok()?))),
        _ => None,
    }
}

/// A required field that is absent.
pub(super) fn missing(field: &Field, at: &Step<'_>, is_null: bool) -> Problem {
    let name = field.name;
    let (message, label) = if is_null {
        (format!("`{name}` is required in `{}`, and is empty", at.name()), "no value")
    } else {
        (format!("`{name}` is required in `{}`", at.name()), "the field is missing here")
    };
    let help = match field.ty {
        Type::Text(Text { values: [], min: 0, .. }) => format!("add `{name}`; it may be `\"\"`"),
        Type::Text(Text { values: [], .. }) => format!("add `{name}`"),
        Type::Text(Text { values, .. }) => format!("add `{name}` with {}", listed(values.iter().copied(), "or")),
        Type::Integer(_) => format!("add `{name}` with a number"),
        Type::Boolean => format!("add `{name}` with `true` or `false`"),
        Type::List(List { min: 0, .. }) => format!("add `{name}`; it may be `[]`"),
        Type::List(_) => format!("add `{name}` with at least one entry"),
        Type::Number | Type::IntOrText | Type::Quantity | Type::Any | Type::Map(_) => format!("add `{name}`"),
        Type::Object(shape) => {
            let mut needed = shape.fields.iter().filter(|field| field.required).map(|field| field.name).peekable();
            match needed.peek() {
                Some(_) => format!("add `{name}` with {}", listed(needed, "and")),
                None => format!("add `{name}`; it may be `{{}}`"),
            }
        }
    };
    Problem::new(codes::MISSING_FIELD, at.field(name).path(), message).label(label).help(help)
}

/// A number out of bounds.
pub(super) fn number_out_of_bounds(number: i64, limits: &Integer, at: &Step<'_>) -> Problem {
    let (min, max) = if limits.is_32_bit {
        (limits.min.max(i64::from(i32::MIN)), limits.max.min(i64::from(i32::MAX)))
    } else {
        (limits.min, limits.max)
    };
    let range = match (min > i64::MIN, max < i64::MAX) {
        (true, true) => format!("between {min} and {max}"),
        (true, false) => format!("at least {min}"),
        _ => format!("at most {max}"),
    };
    Problem::new(codes::OUT_OF_BOUNDS, at.path(), format!("`{}` is {number}, and must be {range}", at.name()))
        .label(if number < min { "too small" } else { "too large" })
        .help(format!("write a whole number {range}"))
}

/// A value outside an enumeration.
pub(in crate::parser) fn unsupported(shown: &str, allowed: &[&str], at: &Step<'_>) -> Problem {
    let mut help = format!("write {}", listed(allowed.iter().copied(), "or"));
    // A number that is close is not what was meant.
    let near = near(shown, allowed.iter().copied()).filter(|near| near.name.parse::<i64>().is_err());
    if let Some(meant) = near.map(|near| near.name).filter(|_| allowed.len() > 2) {
        help = format!("did you mean `{meant}`? Allowed are {}", listed(allowed.iter().copied(), "and"));
    }
    Problem::new(codes::UNSUPPORTED_VALUE, at.path(), format!("{} is not a value of `{}`", quote(shown), at.name()))
        .label("not an allowed value")
        .help(help)
        .fix(near.and_then(Near::certain).map(|meant| Change::Set(Scalar::Text(meant.to_owned()))))
}

/// A string that is too short or too long.
pub(super) fn length_out_of_bounds(length: usize, limits: &Text, at: &Step<'_>) -> Problem {
    let name = at.name();
    let problem = |message: String| Problem::new(codes::OUT_OF_BOUNDS, at.path(), message);
    match limits.max {
        _ if length == 0 => problem(format!("`{name}` must not be empty"))
            .label("empty")
            .help("give it a value, or remove the field if it is optional"),
        Some(max) if length > max => {
            problem(format!("`{name}` has {length} characters, and may have at most {max}")).label("too long")
        }
        _ => problem(format!("`{name}` has {length} characters, and needs at least {}", limits.min)).label("too short"),
    }
}

/// A list or mapping with too few or too many entries.
pub(super) fn count_out_of_bounds(count: usize, min: usize, max: Option<usize>, at: &Step<'_>) -> Problem {
    let name = at.name();
    let plural = |number: usize| if number == 1 { "entry" } else { "entries" };
    match max {
        Some(max) if count > max => Problem::new(
            codes::OUT_OF_BOUNDS,
            at.path(),
            format!("`{name}` has {count} {}, and may have at most {max}", plural(count)),
        )
        .label("too many"),
        _ => Problem::new(codes::OUT_OF_BOUNDS, at.path(), format!("`{name}` needs at least {min} {}", plural(min)))
            .label(if count == 0 { "empty" } else { "too few" }),
    }
}

/// A string without the required form.
pub(super) fn malformed(text: &str, noun: &str, rule: &str, at: &Step<'_>) -> Problem {
    Problem::new(codes::BAD_FORMAT, at.path(), format!("{} is not {noun}", quote(text)))
        .label(format!("not {noun}"))
        .help(meant_otherwise(text, noun, at).unwrap_or_else(|| format!("write {rule}")))
}

/// What to write instead of a value that means something in another place.
fn meant_otherwise(text: &str, noun: &str, at: &Step<'_>) -> Option<String> {
    let advice = match (noun, text) {
        ("a hostname", "*") => {
            let name = at.name();
            let field = name.split('[').next().unwrap_or_default();
            return Some(format!("leave `{field}` out: without it every host is meant"));
        }
        ("a header name", ":authority") => {
            "hosts are matched by `hostnames`, and changed by the `hostname` of a `URLRewrite` filter"
        }
        ("a header name", ":path") => "paths are matched by `path`, and changed by the `path` of a `URLRewrite` filter",
        ("a header name", ":method") => "methods are matched by `method`",
        ("a header name", ":scheme") => "the listener that a request comes to decides its scheme",
        _ => return None,
    };
    Some(advice.to_owned())
}

/// An item that an earlier one equals.
pub(super) fn duplicate(shown: &str, first: usize, second: usize, keys: &[&str], at: &Step<'_>) -> Problem {
    let help = match keys {
        [] => "remove one of the two".to_owned(),
        _ => format!("give each item its own {}, or remove one of the two", listed(keys.iter().copied(), "and")),
    };
    let what = match keys {
        [] => String::new(),
        _ => format!("{} ", listed(keys.iter().copied(), "and")),
    };
    Problem::new(
        codes::DUPLICATE_ITEM,
        at.index(second).path(),
        format!("{what}{shown} is in `{}` more than once", at.name()),
    )
    .label("repeated here")
    .help(help)
    .first(at.index(first).path())
}

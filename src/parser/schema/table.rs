//! The vocabulary of the table of fields: types, bounds, defaults, channels
//! and rules, with `const` builders so that a row reads like its specification.

use crate::diagnostics::{Code, FieldPath, codes};
use crate::name::{Name, Namespace};
use crate::options::Channel;
use crate::parser::manifests::Kind;
use crate::parser::node::Node;
use crate::path;

use super::pattern::Pattern;

/// One version of one kind.
#[derive(Clone, Copy, Debug)]
pub struct Schema {
    /// The kind.
    pub kind: Kind,
    /// The version, such as `v1beta1`.
    pub version: &'static str,
    /// The channels whose API server serves the version.
    pub served: Presence,
    /// Whether the API server warns that the version is deprecated.
    pub deprecated: bool,
    /// Whether the kind has a `status`.
    pub has_status: bool,
    /// The fields of `spec`.
    pub spec: &'static Shape,
}

/// Where a kind, a field or a rule exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// In both channels.
    Both,
    /// Only in the standard channel.
    Standard,
    /// Only in the experimental channel.
    Experimental,
    /// Only on the main branch of Gateway API; read with a warning where the experimental channel is chosen.
    Unreleased,
}

impl Presence {
    /// Whether something with this presence exists in `channel`.
    pub const fn is_in(self, channel: Channel) -> bool {
        matches!(
            (self, channel),
            (Self::Both, _)
                | (Self::Standard, Channel::Standard)
                | (Self::Experimental | Self::Unreleased, Channel::Experimental)
        )
    }
}

/// The type of a value with its limits.
#[derive(Clone, Copy, Debug)]
pub enum Type {
    /// A string.
    Text(Text),
    /// A whole number.
    Integer(Integer),
    /// `true` or `false`.
    Boolean,
    /// A number, with a fraction or without.
    Number,
    /// A whole number, or a string that names a value or is one.
    IntOrText,
    /// A whole number, or a string that is one with a unit of size.
    Quantity,
    /// Any value.
    Any,
    /// A list.
    List(&'static List),
    /// A mapping with free keys and values of one type.
    Map(&'static Map),
    /// A mapping with known fields.
    Object(&'static Shape),
}

/// The limits of a string.
#[derive(Clone, Copy, Debug)]
pub struct Text {
    /// The least length in characters.
    pub min: usize,
    /// The greatest length in characters, if there is one.
    pub max: Option<usize>,
    /// The form.
    pub pattern: Option<&'static Pattern>,
    /// The allowed values; all when empty.
    pub values: &'static [&'static str],
}

/// The limits of a whole number.
#[derive(Clone, Copy, Debug)]
pub struct Integer {
    /// The least value.
    pub min: i64,
    /// The greatest value.
    pub max: i64,
    /// Whether the number must fit into 32 bits.
    pub is_32_bit: bool,
    /// The allowed values; all within the bounds when empty.
    pub values: &'static [i64],
}

/// The limits of a list.
#[derive(Clone, Copy, Debug)]
pub struct List {
    /// The type of the items.
    pub items: Type,
    /// The least number of items.
    pub min: usize,
    /// The greatest number of items, if there is one.
    pub max: Option<usize>,
    /// Which items count as equal.
    pub identity: Identity,
    /// Rules about the list as a whole.
    pub rules: &'static [Rule],
}

/// Which items of a list may not occur twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Identity {
    /// Any item may occur twice.
    Atomic,
    /// No two items are equal.
    Set,
    /// No two items have equal values in these fields.
    Keys(&'static [&'static str]),
}

/// The limits of a mapping with free keys.
#[derive(Clone, Copy, Debug)]
pub struct Map {
    /// The type of the values.
    pub values: Type,
    /// The greatest number of keys, if there is one.
    pub max: Option<usize>,
}

/// The fields of an object and the rules across them.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// The fields; at most 64. Two rows may have one name when their channels differ.
    pub fields: &'static [Field],
    /// The rules.
    pub rules: &'static [Rule],
}

/// One field.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// The name.
    pub name: &'static str,
    /// The type.
    pub ty: Type,
    /// Whether the field must be there.
    pub required: bool,
    /// The value of an absent field.
    pub default: Option<Value>,
    /// The channels that have the field in this form.
    pub presence: Presence,
}

/// A default.
#[derive(Clone, Copy, Debug)]
pub enum Value {
    /// A string.
    Text(&'static str),
    /// A whole number.
    Integer(i64),
    /// `true` or `false`.
    Boolean(bool),
    /// A list.
    List(&'static [Value]),
    /// An object.
    Object(&'static [(&'static str, Value)]),
}

/// A condition across fields.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// What must hold, as a sentence; the message where the check gives none of its own.
    pub statement: &'static str,
    /// The channels that have the rule.
    pub presence: Presence,
    /// Whether the rule is part of the schema proper: it is checked also where its value has other errors.
    pub is_structural: bool,
    /// The code of what breaks the rule.
    pub code: Code,
    /// Finds where the rule is broken in a value that was checked and defaulted.
    pub check: fn(&Node, &mut Breaks),
}

/// The places where a rule is broken.
#[derive(Debug, Default)]
pub struct Breaks {
    pub(super) found: Vec<Break>,
}

/// One place where a rule is broken.
#[derive(Debug)]
pub(super) struct Break {
    /// The place, from the value that the rule is about.
    pub(super) at: FieldPath,
    /// What is wrong, when the rule's statement is too general.
    pub(super) message: Option<String>,
    /// What to write instead.
    pub(super) help: Option<String>,
    /// The earlier item that this one collides with.
    pub(super) first: Option<FieldPath>,
    /// The namespace, if one is given, and the name of the Service that should say what to write.
    pub(super) port_of: Option<(Option<Namespace>, Name)>,
}

impl Breaks {
    pub(super) fn at(&mut self, at: FieldPath, help: impl Into<String>) {
        self.found.push(Break { at, message: None, help: Some(help.into()), first: None, port_of: None });
    }

    /// A reference that lacks the port of the Service that it names.
    pub(super) fn port(&mut self, reference: &Node) {
        let text = |field: &str| reference.get(field).and_then(Node::as_str);
        let port_of = text("name").map(|name| (text("namespace").map(Namespace::from), Name::from(name)));
        let help = Some("add `port` with a port of the Service".to_owned());
        self.found.push(Break { at: path!["port"], message: None, help, first: None, port_of });
    }

    pub(super) fn say(&mut self, at: FieldPath, message: impl Into<String>, help: impl Into<String>) {
        self.found.push(Break {
            at,
            message: Some(message.into()),
            help: Some(help.into()),
            first: None,
            port_of: None,
        });
    }

    pub(super) fn pair(&mut self, first: FieldPath, at: FieldPath, help: impl Into<String>) {
        self.found.push(Break { at, message: None, help: Some(help.into()), first: Some(first), port_of: None });
    }
}

impl Shape {
    /// The row of the field `name` in `channel`, with its position in the table.
    pub fn field(&self, name: &str, channel: Channel) -> Option<(usize, &'static Field)> {
        self.fields.iter().enumerate().find(|(_, field)| field.name == name && field.presence.is_in(channel))
    }
}

impl Value {
    /// The default as a value of the manifest.
    pub fn to_node(self) -> Node {
        match self {
            Self::Text(text) => Node::String(text.to_owned()),
            Self::Integer(number) => Node::Int(number),
            Self::Boolean(value) => Node::Bool(value),
            Self::List(items) => Node::List(items.iter().map(|item| item.to_node()).collect()),
            Self::Object(fields) => {
                Node::Map(fields.iter().map(|(name, value)| ((*name).to_owned(), value.to_node())).collect())
            }
        }
    }
}

/// A string of `min` to `max` characters.
pub(super) const fn text(min: usize, max: usize) -> Type {
    Type::Text(Text { min, max: Some(max), pattern: None, values: &[] })
}

/// Any string.
pub(super) const ANY_TEXT: Type = Type::Text(Text { min: 0, max: None, pattern: None, values: &[] });

/// A string of `min` to `max` characters that has a form.
pub(super) const fn formed(min: usize, max: usize, pattern: &'static Pattern) -> Type {
    Type::Text(Text { min, max: Some(max), pattern: Some(pattern), values: &[] })
}

/// A string that has a form, of any length.
pub(super) const fn form(pattern: &'static Pattern) -> Type {
    Type::Text(Text { min: 0, max: None, pattern: Some(pattern), values: &[] })
}

/// One of the given strings.
pub(super) const fn one_of(values: &'static [&'static str]) -> Type {
    Type::Text(Text { min: 0, max: None, pattern: None, values })
}

/// A 32-bit number within bounds.
pub(super) const fn int32(min: i64, max: i64) -> Type {
    Type::Integer(Integer { min, max, is_32_bit: true, values: &[] })
}

/// A number within bounds.
pub(super) const fn integer(min: i64, max: i64) -> Type {
    Type::Integer(Integer { min, max, is_32_bit: false, values: &[] })
}

/// One of the given numbers.
pub(super) const fn number_of(values: &'static [i64]) -> Type {
    Type::Integer(Integer { min: i64::MIN, max: i64::MAX, is_32_bit: false, values })
}

/// A port number.
pub(super) const PORT: Type = int32(1, 65535);

impl List {
    /// A list of any length.
    pub(super) const fn of(items: Type) -> Self {
        Self { items, min: 0, max: None, identity: Identity::Atomic, rules: &[] }
    }

    pub(super) const fn len(mut self, min: usize, max: usize) -> Self {
        self.min = min;
        self.max = Some(max);
        self
    }

    pub(super) const fn at_least(mut self, min: usize) -> Self {
        self.min = min;
        self
    }

    pub(super) const fn set(mut self) -> Self {
        self.identity = Identity::Set;
        self
    }

    pub(super) const fn keys(mut self, keys: &'static [&'static str]) -> Self {
        self.identity = Identity::Keys(keys);
        self
    }

    pub(super) const fn rules(mut self, rules: &'static [Rule]) -> Self {
        self.rules = rules;
        self
    }
}

/// An optional field of both channels.
pub(super) const fn field(name: &'static str, ty: Type) -> Field {
    Field { name, ty, required: false, default: None, presence: Presence::Both }
}

impl Field {
    pub(super) const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    pub(super) const fn default(mut self, value: Value) -> Self {
        self.default = Some(value);
        self
    }

    pub(super) const fn only(mut self, presence: Presence) -> Self {
        self.presence = presence;
        self
    }
}

/// A rule of both channels that is skipped where its value has errors of shape.
pub(super) const fn rule(statement: &'static str, check: fn(&Node, &mut Breaks)) -> Rule {
    Rule { statement, presence: Presence::Both, is_structural: false, code: codes::BROKEN_RULE, check }
}

impl Rule {
    pub(super) const fn only(mut self, presence: Presence) -> Self {
        self.presence = presence;
        self
    }

    /// A rule that the API server does not know: the controller cannot read what breaks it.
    pub(super) const fn of_controller(mut self) -> Self {
        self.code = codes::UNREADABLE_OPTION;
        self
    }

    pub(super) const fn structural(mut self) -> Self {
        self.is_structural = true;
        self.code = codes::BAD_FORMAT;
        self
    }
}

pub(super) const fn row(kind: Kind, version: &'static str, spec: &'static Shape) -> Schema {
    Schema { kind, version, served: Presence::Both, deprecated: false, has_status: true, spec }
}

impl Schema {
    /// Whether objects of this group, version and kind are held to it.
    pub fn is_of(&self, group: &str, version: &str, kind: &str) -> bool {
        (self.kind.group(), self.version, self.kind.name()) == (group, version, kind)
    }

    pub(super) const fn experimental(mut self) -> Self {
        self.served = Presence::Experimental;
        self
    }

    pub(super) const fn deprecated(mut self) -> Self {
        self.served = Presence::Experimental;
        self.deprecated = true;
        self
    }

    pub(super) const fn without_status(mut self) -> Self {
        self.has_status = false;
        self
    }
}

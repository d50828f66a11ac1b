//! Reads `metadata`: name, namespace, labels, annotations, creationTimestamp
//! and generation. Finalizers and owners are checked as the API server does; a
//! name that is still to be generated is refused, because nobody knows it. The
//! rest is accepted unread.
//!
//! The rules are those of Kubernetes'
//! [object names](https://kubernetes.io/docs/concepts/overview/working-with-objects/names/)
//! and [labels](https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#syntax-and-character-set).

mod owner;

use std::collections::BTreeMap;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::diagnostics::{Change, Code, codes};
use crate::name::{Name, Namespace};
use crate::parser::labels::Labels;
use crate::parser::manifests::{Kind, Metadata, Timestamp};
use crate::parser::node::Node;
use crate::parser::schema::pattern::{self, is_label, is_qualified_name, is_subdomain};
use crate::parser::schema::{Problem, Problems, Step, quote, wrong_type};
use crate::spelling::{Near, near};

/// The label that every Namespace carries with its own name.
const NAMESPACE_LABEL: &str = "kubernetes.io/metadata.name";

/// The greatest size of all annotations together, in bytes.
const MOST_ANNOTATIONS: usize = 256 * 1024;

/// The fields of [`ObjectMeta`](https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/object-meta/).
const FIELDS: [&str; 15] = [
    "annotations",
    "creationTimestamp",
    "deletionGracePeriodSeconds",
    "deletionTimestamp",
    "finalizers",
    "generateName",
    "generation",
    "labels",
    "managedFields",
    "name",
    "namespace",
    "ownerReferences",
    "resourceVersion",
    "selfLink",
    "uid",
];

/// What may be an object's name.
#[derive(Clone, Copy)]
enum NameForm {
    /// Up to 253 characters of a DNS name.
    Subdomain,
    /// Up to 63 characters of a DNS label.
    Label,
    /// The same, and it begins with a letter.
    ServiceLabel,
}

impl NameForm {
    fn of(kind: Kind) -> Self {
        match kind {
            Kind::Service => Self::ServiceLabel,
            Kind::Namespace => Self::Label,
            _ => Self::Subdomain,
        }
    }

    fn matches(self, name: &str) -> bool {
        match self {
            Self::Subdomain => name.len() <= 253 && is_subdomain(name),
            Self::Label => name.len() <= 63 && is_label(name),
            Self::ServiceLabel => {
                name.len() <= 63 && is_label(name) && name.starts_with(|first: char| first.is_ascii_lowercase())
            }
        }
    }

    /// Whether `prefix` may begin names; it may end with `-`, because the API server appends characters.
    fn is_prefix(self, prefix: &str) -> bool {
        let masked = match prefix.strip_suffix('-') {
            // The API server puts a letter in the place of the last two characters.
            Some(rest) if !rest.is_empty() => format!("{}a", rest.get(..rest.len() - 1).unwrap_or_default()),
            _ => prefix.to_owned(),
        };
        self.matches(&masked)
    }

    fn rule(self) -> String {
        match self {
            Self::Subdomain => format!("at most 253 characters: {}", pattern::SUBDOMAIN.rule),
            Self::Label => format!("at most 63 characters: {}", pattern::NAMESPACE.rule),
            Self::ServiceLabel => {
                "at most 63 lower-case letters, digits and `-`; it begins with a letter and ends with a letter or digit"
                    .to_owned()
            }
        }
    }
}

/// The state of one reading.
struct Reader<'p> {
    kind: Kind,
    problems: &'p mut Problems,
}

/// Reads the metadata of an object of `kind`. An object without a namespace is in `default_namespace`.
pub(super) fn read(node: Option<Node>, kind: Kind, default_namespace: &Namespace, problems: &mut Problems) -> Metadata {
    let mut reader = Reader { kind, problems };
    let metadata = reader.metadata(node);
    let mut metadata = metadata.unwrap_or_else(|| Metadata {
        namespace: Namespace::default(),
        name: Name::default(),
        labels: Labels::default(),
        annotations: Labels::default(),
        creation_timestamp: None,
        generation: 0,
    });
    if !kind.is_namespaced() {
        // As the API server does.
        metadata.namespace = Namespace::default();
    } else if metadata.namespace.is_empty() {
        metadata.namespace = default_namespace.clone();
    }
    if kind == Kind::Namespace {
        metadata.labels = metadata.labels.with(NAMESPACE_LABEL, &metadata.name);
    }
    metadata
}

impl Reader<'_> {
    fn metadata(&mut self, node: Option<Node>) -> Option<Metadata> {
        const METADATA: Step<'_> = Step::Field(&Step::Root, "metadata");
        let entries = match node {
            Some(Node::Map(entries)) => entries,
            None | Some(Node::Null) => {
                self.missing_name();
                return None;
            }
            Some(other) => {
                self.wrong_type(&other, "object", &METADATA);
                return None;
            }
        };
        let (mut name, mut generate_name, mut namespace) = (None, None, None);
        let (mut labels, mut annotations) = (BTreeMap::new(), BTreeMap::new());
        let (mut creation_timestamp, mut generation) = (None, 0);
        for (field, value) in entries {
            let at = METADATA.field(&field);
            match field.as_str() {
                known if matches!(value, Node::Null) && FIELDS.contains(&known) => {}
                "name" => name = self.text(value, &at),
                "generateName" => generate_name = self.text(value, &at),
                "namespace" => namespace = self.text(value, &at),
                "labels" => labels = self.map(value, &at),
                "annotations" => annotations = self.map(value, &at),
                "creationTimestamp" => creation_timestamp = self.timestamp(value, &at),
                "generation" => match value {
                    Node::Int(number) => generation = number,
                    other => self.wrong_type(&other, "integer", &at),
                },
                "finalizers" => self.check_finalizers(&value, &at),
                "ownerReferences" => self.check_owners(&value, &at),
                known if FIELDS.contains(&known) => {}
                unknown => self.unknown_field(unknown, &at),
            }
        }
        self.check_labels(&labels, &METADATA.field("labels"));
        self.check_annotations(&annotations, &METADATA.field("annotations"));
        let namespace = namespace.unwrap_or_default();
        self.check_namespace(&namespace, &METADATA.field("namespace"));
        let name = self.name(name, generate_name, &METADATA);
        let (namespace, name) = (Namespace::from(namespace), Name::from(name));
        let (labels, annotations) = (labels.into(), annotations.into());
        Some(Metadata { namespace, name, labels, annotations, creation_timestamp, generation })
    }

    /// The code of a fault: what gwctl reads of a core object is its own choice.
    fn code(&self, strict: Code) -> Code {
        if self.is_core() { codes::BAD_CORE_OBJECT } else { strict }
    }

    fn wrong_type(&mut self, node: &Node, wanted: &'static str, at: &Step<'_>) {
        let mut problem = wrong_type(node, wanted, at);
        problem.code = self.code(problem.code);
        self.problems.push(problem);
    }

    fn report(&mut self, at: &Step<'_>, message: String, help: String) {
        self.problems.push(Problem::new(self.code(codes::BAD_METADATA), at.path(), message).help(help));
    }

    fn report_key(&mut self, at: &Step<'_>, message: String, help: String) {
        self.problems.push(Problem::new(self.code(codes::BAD_METADATA), at.path(), message).help(help).key());
    }

    fn missing_name(&mut self) {
        self.report(
            &Step::Root.field("metadata").field("name"),
            format!("this {} has no name", self.kind.name()),
            "add `name` to `metadata`".to_owned(),
        );
    }

    /// The API server refuses a field that it does not know. gwctl reads the part of `metadata` that it needs, and only
    /// warns about the rest.
    fn unknown_field(&mut self, name: &str, at: &Step<'_>) {
        let near = near(name, FIELDS);
        let help = match near {
            Some(Near { name: meant, is_certain: _ }) => format!("did you mean `{meant}`?"),
            None => "remove it, or make it an annotation".to_owned(),
        };
        self.problems.push(
            Problem::new(codes::UNKNOWN_METADATA, at.path(), format!("`metadata` has no field {}", quote(name)))
                .key()
                .label("not read")
                .help(help)
                .fix(near.and_then(Near::certain).map(|meant| Change::Rename(meant.to_owned()))),
        );
    }

    fn text(&mut self, node: Node, at: &Step<'_>) -> Option<String> {
        match node {
            Node::String(text) => Some(text),
            other => {
                self.wrong_type(&other, "string", at);
                None
            }
        }
    }

    /// A map of strings; an empty value is an empty string.
    fn map(&mut self, node: Node, at: &Step<'_>) -> BTreeMap<String, String> {
        let Node::Map(entries) = node else {
            self.wrong_type(&node, "object", at);
            return BTreeMap::new();
        };
        let mut texts = BTreeMap::new();
        for (key, value) in entries {
            let value = match value {
                Node::Null => Some(String::new()),
                other => self.text(other, &at.field(&key)),
            };
            if let Some(value) = value {
                texts.insert(key, value);
            }
        }
        texts
    }

    fn timestamp(&mut self, node: Node, at: &Step<'_>) -> Option<Timestamp> {
        let text = self.text(node, at)?;
        match OffsetDateTime::parse(&text, &Rfc3339) {
            Ok(instant) => Some(Timestamp { seconds: instant.unix_timestamp(), nanos: instant.nanosecond() }),
            Err(_) => {
                let help = "write an RFC 3339 time such as `2026-01-31T12:00:00Z`, or remove the field".to_owned();
                self.report(at, format!("{} is not a point in time", quote(&text)), help);
                None
            }
        }
    }

    fn name(&mut self, name: Option<String>, generate_name: Option<String>, at: &Step<'_>) -> String {
        let form = NameForm::of(self.kind);
        let name = name.filter(|name| !name.is_empty());
        let prefix = generate_name.filter(|prefix| !prefix.is_empty());
        if let Some(name) = name.as_deref().filter(|name| !form.matches(name)) {
            let message = format!("{} cannot be the name of this {}", quote(name), self.kind.name());
            self.report(&at.field("name"), message, format!("write {}", form.rule()));
        }
        let Some(prefix) = prefix else { return name.unwrap_or_else(|| self.no_name(at)) };
        let place = at.field("generateName");
        if !form.is_prefix(&prefix) {
            let message = format!("{} cannot begin the name of this {}", quote(&prefix), self.kind.name());
            self.report(&place, message, format!("write {}", form.rule()));
        }
        name.unwrap_or_else(|| {
            let message = format!("this {} has no name but the one that a cluster would generate", self.kind.name());
            let problem = Problem::new(codes::GENERATED_NAME, place.path(), message);
            self.problems.push(problem.label("nothing can refer to it").help("write `name` in its place"));
            String::new()
        })
    }

    /// The name of an object without one.
    fn no_name(&mut self, at: &Step<'_>) -> String {
        // A name of the wrong type has been reported.
        let is_reported = self
            .problems
            .iter()
            .any(|problem| problem.path == at.field("name").path() || problem.path == at.field("generateName").path());
        if !is_reported {
            self.missing_name();
        }
        String::new()
    }

    fn check_namespace(&mut self, namespace: &str, at: &Step<'_>) {
        let is_valid = namespace.is_empty() || (namespace.len() <= 63 && is_label(namespace));
        if !self.kind.is_namespaced() {
            if !namespace.is_empty() {
                let message = format!("this {} is cluster-scoped: its `namespace` has no effect", self.kind.name());
                self.problems.push(
                    Problem::new(codes::NEEDLESS_NAMESPACE, at.path(), message)
                        .label("not used")
                        .help("remove `namespace`"),
                );
            }
        } else if !is_valid {
            let help = format!("write at most 63 characters: {}", pattern::NAMESPACE.rule);
            self.report(at, format!("{} is not the name of a namespace", quote(namespace)), help);
        }
    }

    fn check_labels(&mut self, labels: &BTreeMap<String, String>, at: &Step<'_>) {
        for (key, value) in labels {
            self.check_key(key, is_qualified_key(key), at);
            if value.len() > 63 || !(pattern::LABEL_VALUE.matches)(value) {
                let help = format!("write at most 63 characters: {}", pattern::LABEL_VALUE.rule);
                self.report(&at.field(key), format!("{} is not a label value", quote(value)), help);
            }
        }
    }

    fn check_annotations(&mut self, annotations: &BTreeMap<String, String>, at: &Step<'_>) {
        let mut size = 0;
        for (key, value) in annotations {
            size += key.len() + value.len();
            let is_valid = is_qualified_key(&key.to_ascii_lowercase());
            self.check_key(key, is_valid, at);
        }
        if size > MOST_ANNOTATIONS {
            let help = format!("keep them within {MOST_ANNOTATIONS} bytes");
            self.report(at, format!("the annotations have {size} bytes"), help);
        }
    }

    fn check_key(&mut self, key: &str, is_valid: bool, at: &Step<'_>) {
        if !is_valid {
            let help = format!("write {}", pattern::QUALIFIED_NAME.rule);
            self.report_key(&at.field(key), format!("the key {} is not a qualified name", quote(key)), help);
        }
    }
}

fn is_qualified_key(key: &str) -> bool {
    is_qualified_name(key) && key.split_once('/').is_none_or(|(prefix, _)| prefix.len() <= 253)
}

//! What could not be compared, each with its reason.
//!
//! What neither side can judge and both hold alike is compared by its content:
//! it is the same. What differs, and cannot be read or decoded on one side, or
//! takes no part in traffic on either, is named.

use std::collections::BTreeMap;

use super::change::UncomparedView;
use crate::compile::Compilation;
use crate::diagnostics::{FieldPath, Locate, Location, Omission, Segment, Subject, Unjudged};
use crate::parser::decode::decode;
use crate::parser::locate::Locator;
use crate::parser::node::Node;
use crate::parser::split::split;

/// What is not judged, by what it is: its content, and the first of its entries.
type Left<'c> = BTreeMap<String, Vec<(Content, &'c Unjudged)>>;

/// The content of an object or a document.
#[derive(Clone, Debug, PartialEq)]
enum Content {
    /// The value, whatever its text looks like.
    Value(Node),
    /// The text of what is no value.
    Text(String),
}

/// What could not be compared.
pub(super) fn compare(old: &Compilation, new: &Compilation) -> Vec<UncomparedView> {
    let (mut before, mut after) = (left(old), left(new));
    let mut found = Vec::new();
    let subjects: Vec<String> = before.keys().chain(after.keys()).cloned().collect();
    for subject in subjects {
        let (mut gone, mut come) =
            (before.remove(&subject).unwrap_or_default(), after.remove(&subject).unwrap_or_default());
        come.retain(|(content, _)| match gone.iter().position(|(other, _)| other == content) {
            Some(place) => {
                gone.remove(place);
                false
            }
            None => true,
        });
        let on_both = !gone.is_empty() && !come.is_empty();
        let is_told = |unjudged: &Unjudged| on_both || is_unknown(&unjudged.reason);
        let told = |list: Vec<(Content, &Unjudged)>, compilation: &Compilation, side: &'static str| {
            let locator = Locator::new(&compilation.manifests);
            list.into_iter()
                .filter(|(_, unjudged)| is_told(unjudged))
                .map(|(_, unjudged)| view(unjudged, side, &locator))
                .collect::<Vec<_>>()
        };
        found.extend(told(gone, old, "old"));
        found.extend(told(come, new, "new"));
    }
    found
}

/// Whether nobody knows what the subject would do. What is refused for the other reasons takes no part in traffic.
fn is_unknown(reason: &Omission) -> bool {
    matches!(reason, Omission::Unreadable | Omission::Undecoded)
}

fn view(unjudged: &Unjudged, side: &'static str, locator: &Locator<'_>) -> UncomparedView {
    let place = Locate::place(locator, &unjudged.location);
    UncomparedView {
        side,
        subject: unjudged.subject.to_string(),
        reason: unjudged.reason.to_string(),
        place: place.map(|place| match place.span {
            Some(span) => format!("{}:{}", place.file, span.line),
            None => place.file,
        }),
    }
}

fn left(compilation: &Compilation) -> Left<'_> {
    let mut left: Left<'_> = BTreeMap::new();
    for unjudged in &compilation.unjudged {
        let content = content(compilation, unjudged);
        left.entry(unjudged.subject.to_string()).or_default().push((content, unjudged));
    }
    left
}

/// The object that a place is in, or the text of the document.
fn content(compilation: &Compilation, unjudged: &Unjudged) -> Content {
    let manifests = &compilation.manifests;
    let (document, path) = match &unjudged.location {
        Location::Field { document, path, .. } => (manifests.documents.get(document.0 as usize), path),
        Location::Bytes(source, range) => {
            let text = manifests.sources.get(*source).text.get(range.clone()).unwrap_or_default();
            return Content::Text(text.to_owned());
        }
        Location::Source(source) => return Content::Text(manifests.sources.get(*source).text.clone()),
        Location::Run | Location::Path(_) => return Content::Text(named(compilation, &unjudged.subject)),
    };
    let Some(document) = document else { return Content::Text(String::new()) };
    let text = manifests.sources.get(document.source).text.get(document.range.clone()).unwrap_or_default();
    let syntax = split(text).first().map(|piece| piece.syntax);
    match syntax.and_then(|syntax| decode(text, syntax).ok()) {
        Some(decoded) => {
            let object = object(decoded.node, path);
            match &unjudged.subject {
                Subject::Part(_, part) if unjudged.reason == Omission::Undecoded => {
                    Content::Value(part_of(object, part))
                }
                _ => Content::Value(object),
            }
        }
        None => Content::Text(text.to_owned()),
    }
}

/// All documents that hold an object of a name which has no place.
fn named(compilation: &Compilation, subject: &Subject) -> String {
    let manifests = &compilation.manifests;
    let (Subject::Object(object) | Subject::Part(object, _)) = subject else { return String::new() };
    let texts = manifests
        .documents
        .iter()
        .map(|document| manifests.sources.get(document.source).text.get(document.range.clone()).unwrap_or_default());
    // Comments are no content, and a line of one is easily told.
    let plain = |text: &str| -> String {
        let lines = text.lines().filter(|line| !line.trim_start().starts_with('#') && !line.trim().is_empty());
        lines.map(|line| format!("{}\n", line.trim_end())).collect()
    };
    let mut texts: Vec<String> =
        texts.filter(|text| text.contains(&object.kind) && text.contains(&object.name)).map(plain).collect();
    texts.sort();
    texts.concat()
}

/// The item of a list that a path leads into, or the object as a whole.
fn object(node: Node, path: &FieldPath) -> Node {
    let mut object = node;
    let mut segments = path.0.iter();
    while let (Some(Segment::Field(name)), Some(Segment::Index(at))) = (segments.next(), segments.next()) {
        if name != "items" {
            break;
        }
        let Some(item) = object.get("items").and_then(Node::as_list).and_then(|items| items.get(*at)).cloned() else {
            break;
        };
        object = item;
    }
    object
}

/// The part of an object at a path; the rest of the object is compared by what it does.
fn part_of(object: Node, path: &FieldPath) -> Node {
    let step = |node: Node, segment: &Segment| match segment {
        Segment::Field(name) => node.get(name).cloned(),
        Segment::Index(at) => node.as_list()?.get(*at).cloned(),
    };
    path.0.iter().try_fold(object, step).unwrap_or(Node::Null)
}

/// Why a side has nothing that could be compared.
pub(super) fn nothing(side: &str, compilation: &Compilation) -> String {
    let reasons: Vec<String> =
        compilation.unjudged.iter().map(|unjudged| format!("\n  {}: {}", unjudged.subject, unjudged.reason)).collect();
    let help = "\n  help: `--context PATH` adds the Gateways of the platform, `--assume gateways` stands in for them";
    format!(
        "there is nothing to compare on the {side} side: it declares no listener that is judged{}{help}",
        reasons.concat()
    )
}

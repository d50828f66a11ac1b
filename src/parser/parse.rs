//! Stage 1: from the text of all files to every object, each once.
//!
//! Input: a [`SourceSet`]. Output: [`Manifests`] in input order. Documents are
//! decoded and read in parallel; what they report is put together in the order
//! of the input, so that the result does not depend on timing. A document that
//! is malformed is reported and left out; no other one suffers from it.

use std::collections::HashSet;

use rayon::prelude::*;

use crate::diagnostics::{Diagnostics, FieldPath, Finding, Location, Omission, Subject, Unjudged, codes};
use crate::options::Options;
use crate::path;
use typed_index_collections::TiVec;

use super::any_object::AnyObject;
use super::crowd::{MOST_STRANGE, Strange, TOGETHER, is_crowded, skip_crowded};
use super::decode::{DecodeError, decode};
use super::definitions::{Definition, Definitions};
use super::foreign::ForeignObject;
use super::kind::{EXPERIMENTAL_GROUP, GATEWAY_GROUP};
use super::kustomize;
use super::lacking;
use super::list::{self, Form};
use super::manifests::{Manifests, Position};
use super::node::Node;
use super::object::{Outcome, ReadOptions};
use super::repeated;
use super::schema::Problems;
use super::skip::{self, Chart, Foreign};
use super::skipped::{self, Skipped, Sort};
use super::source::{Document, DocumentId, Found, Source, SourceSet};
use super::split::{Piece, Syntax, split};
use super::substitution::{Filled, has_variables, variables};
use super::unfilled;
use super::unquoted;

/// The size of a document in bytes from which on it is refused.
pub const MAX_DOCUMENT: usize = 8 << 20;

const TEMPLATE_HELP: &str =
    "this looks like a template: pipe in what it renders, as with `helm template CHART | gwctl … -`";

/// Parses all files; `read` is the schema: see [`super::object`].
pub fn parse_with<R>(sources: SourceSet, options: &Options, diagnostics: &mut Diagnostics, read: R) -> Manifests
where
    R: Fn(Node, Position, &ReadOptions, &mut Diagnostics) -> Outcome + Sync,
{
    let sources_given = &options.substitutions;
    let read_options = ReadOptions { namespace: options.namespace.clone(), channel: options.channel };
    let mut found = Diagnostics::new();
    let (documents, syntaxes, charts) = documents(&sources, &mut found);
    let patches = kustomize::parts(&sources);
    let read_one = |(at, (document, syntax)): (usize, (&Document, &Syntax))| {
        let id = DocumentId(at);
        let source = sources.get(document.source);
        let text = document.text(source);
        let is_patch = patches.contains(&document.source);
        let filled = Filled { given: sources_given, kept: &source.kept };
        let (options, parsed) = (&read_options, Parsed::default());
        let mut reading = Reading { id, document, source, text, is_patch, options, filled, read: &read, parsed };
        reading.document(*syntax);
        reading.parsed
    };
    let mut manifests = Manifests { skipped: charts, ..Manifests::default() };
    let mut definitions = Definitions::with_capacity(documents.len());
    let mut strange = Strange::default();
    for first in (0..documents.len()).step_by(TOGETHER) {
        let some = first..documents.len().min(first + TOGETHER);
        let all = documents.raw.par_iter().zip(&syntaxes).enumerate();
        let parsed: Vec<Parsed> = all.skip(some.start).take(some.len()).map(read_one).collect();
        for (document, parsed) in documents.raw[some].iter().zip(parsed) {
            found.append(strange.count(document.source, parsed.strange, parsed.diagnostics));
            definitions.extend(parsed.definitions);
            manifests.object_count += parsed.count;
            manifests.judged_count += parsed.judged;
            manifests.rule_starts.push(parsed.rules);
            manifests.foreign.extend(parsed.foreign);
            manifests.skipped.extend(parsed.skipped);
        }
    }
    strange.report(&mut found);
    (manifests.sources, manifests.documents) = (sources, documents);
    manifests.counted = skipped::report(&manifests.skipped, &manifests.sources, &manifests.documents, &mut found);
    let mut found = once_a_file(&manifests, found, options.substitutions.is_given());
    let of_files =
        [codes::UNREADABLE, codes::UNSUBSTITUTED, codes::SYNTAX, codes::NOT_TEXT, codes::LIMIT, codes::NOT_KUBERNETES];
    let all = diagnostics.findings().iter().chain(found.findings());
    manifests.has_unread = all.into_iter().any(|finding| of_files.contains(&finding.code));
    definitions.settle(&mut manifests, &mut found);
    manifests.close();
    diagnostics.append(lacking::complete(&manifests, found));
    manifests
}

/// The findings, those about variables once for each file, and for each variable where others were filled in.
fn once_a_file(manifests: &Manifests, found: Diagnostics, is_each: bool) -> Diagnostics {
    let mut told = HashSet::new();
    found.filtered(|finding| {
        let source = match &finding.location {
            Location::Bytes(source, _) => *source,
            Location::Field { document, .. } => manifests.documents[*document].source,
            Location::Source(_) | Location::Run | Location::Path(_) => return true,
        };
        ![codes::UNSUBSTITUTED, codes::VARIABLE_AS_TEXT].contains(&finding.code)
            || told.insert((source, finding.code.id(), finding.label.clone().filter(|_| is_each)))
    })
}

/// Cuts all files into documents; the parts of Helm charts give none, and are returned by themselves.
fn documents(sources: &SourceSet, found: &mut Diagnostics) -> (TiVec<DocumentId, Document>, Vec<Syntax>, Vec<Skipped>) {
    let charts = Chart::all(sources);
    let pieces: Vec<Vec<Piece>> = sources
        .sources
        .raw
        .par_iter()
        .map(|source| if charts.iter().any(|chart| chart.holds(source)) { Vec::new() } else { split(&source.text) })
        .collect();
    let (mut documents, mut syntaxes, mut parts) = (TiVec::new(), Vec::new(), Vec::new());
    for ((id, source), pieces) in sources.sources.iter_enumerated().zip(pieces) {
        if charts.iter().any(|chart| chart.holds(source)) {
            let head = charts.iter().find(|chart| chart.is_head(source)).map(|chart| {
                let message = format!("the Helm chart `{}` is skipped", chart.name());
                let help = format!("pipe in what it renders: `helm template {} | gwctl … -`", chart.name());
                Box::new((Sort::Helm, Finding::new(codes::SKIPPED, Location::Source(id), message).help(help)))
            });
            parts.push(Skipped { location: Location::Source(id), said: head });
        }
        // One that is named is told of where it is read.
        if source.found == Found::InDirectory && source.text.trim().is_empty() {
            let (message, location) = (format!("`{}` is empty", source.name), Location::Path(source.name.clone()));
            let finding = Finding::new(codes::SKIPPED, location.clone(), message);
            parts.push(Skipped { location, said: Some(Box::new((Sort::Other, finding))) });
        }
        if is_crowded(source, pieces.len()) {
            parts.extend(skip_crowded(id, source, pieces.len(), found));
            continue;
        }
        for Piece { range, line, syntax } in pieces {
            documents.push(Document { source: id, range, line });
            syntaxes.push(syntax);
        }
    }
    (documents, syntaxes, parts)
}

/// What one document gave.
#[derive(Default)]
struct Parsed {
    definitions: Vec<Definition>,
    /// The objects that gwctl does not translate.
    foreign: Vec<ForeignObject>,
    count: usize,
    /// How many of them are of Gateway API's groups.
    judged: usize,
    /// The document, where it is no object and is not meant to be one.
    skipped: Option<Skipped>,
    /// The byte of the document at which each rule begins.
    rules: Vec<Option<usize>>,
    /// How many things in it are no objects; only the first of them are told.
    strange: usize,
    diagnostics: Diagnostics,
}

/// One document while it is read.
struct Reading<'a, R> {
    id: DocumentId,
    document: &'a Document,
    source: &'a Source,
    text: &'a str,
    /// Whether a Kustomization names the file as no object.
    is_patch: bool,
    options: &'a ReadOptions,
    /// What was put in the place of variables.
    filled: Filled<'a>,
    read: &'a R,
    parsed: Parsed,
}

/// The names that say what an object is.
struct TypeMeta {
    version: String,
    kind: String,
}

impl<R> Reading<'_, R>
where
    R: Fn(Node, Position, &ReadOptions, &mut Diagnostics) -> Outcome,
{
    fn document(&mut self, syntax: Syntax) {
        let size = self.text.len();
        if size > MAX_DOCUMENT {
            let message = format!("the document has {size} bytes, and at most {MAX_DOCUMENT} are read");
            let start = self.document.range.start;
            let location = Location::Bytes(self.document.source, start..start);
            let help = "split it into several documents with `---`";
            self.parsed.diagnostics.report(Finding::new(codes::LIMIT, location, message).help(help));
            self.leave();
            return;
        }
        let decoded = match decode(self.text, syntax) {
            Ok(decoded) => decoded,
            Err(error) => return self.malformed(error),
        };
        if decoded.node == Node::Null {
            return;
        }
        if self.is_patch {
            return self.skip(Foreign::Patch);
        }
        if let Some(foreign) = skip::recognise(&decoded.node, &self.source.name) {
            return self.skip(foreign);
        }
        if self.source.found == Found::InDirectory && skip::has_placeholder(&decoded.node) {
            return self.skip(Foreign::Patch);
        }
        self.parsed.rules = decoded.rules;
        let template = skip::is_template(self.text).then(|| decoded.node.clone());
        let unsubstituted = variables(self.text, self.filled).next().is_some().then(|| decoded.node.clone());
        self.value(decoded.node, FieldPath::ROOT, None, &decoded.repeated);
        if let Some(root) = template {
            let mut found = self.parsed.diagnostics.findings().iter();
            if let Some(first) = found.find(|finding| skip::is_about_placeholder(&root, finding)) {
                let location = first.location.clone();
                return self.template(location);
            }
        }
        if let Some(root) = unsubstituted {
            self.unsubstituted(&root);
        }
        if !self.parsed.diagnostics.findings().is_empty() {
            let documents = std::mem::take(&mut self.parsed.diagnostics);
            self.parsed.diagnostics = unquoted::explain_numbers(documents, self.text);
        }
        if !decoded.words.is_empty() {
            let documents = std::mem::take(&mut self.parsed.diagnostics);
            self.parsed.diagnostics = unquoted::explain(documents, &decoded.words, self.text);
        }
    }

    /// Says one thing about variables that nothing was put in the place of, in place of what is wrong with each.
    fn unsubstituted(&mut self, root: &Node) {
        let (mut first, filled) = (None, self.filled);
        let documents = std::mem::take(&mut self.parsed.diagnostics);
        self.parsed.diagnostics = documents.filtered(|finding| {
            let is_about = unfilled::is_about_variable(root, finding, filled);
            if is_about && first.is_none() {
                first = Some(unfilled::unsubstituted(
                    finding.location.clone(),
                    unfilled::text_about(root, finding),
                    filled,
                ));
            }
            !is_about
        });
        if let Some(first) = first {
            self.parsed.diagnostics.report(first);
            self.parsed.definitions.iter_mut().for_each(Definition::forget);
        } else if self.parsed.judged > 0 {
            for (path, variable) in unfilled::in_texts(root, &FieldPath::ROOT, filled) {
                let message = "a variable of Flux stands in the file as text";
                let finding = Finding::new(codes::VARIABLE_AS_TEXT, self.at(&path), message);
                self.parsed.diagnostics.report(unfilled::about_variable(finding, &variable, filled));
            }
        }
    }

    fn malformed(&mut self, error: DecodeError) {
        let is_template = error.code == codes::SYNTAX && skip::is_broken_template(self.text, error.range.start);
        if self.source.found == Found::InDirectory && is_template {
            return self.skip(Foreign::Helm);
        }
        if self.source.found == Found::InDirectory && !skip::may_be_manifest(&self.source.text) {
            return self.skip(Foreign::Other);
        }
        let start = self.document.range.start;
        let range = start + error.range.start..start + error.range.end;
        if error.code == codes::SYNTAX && has_variables(line_of(self.text, error.range.start), self.filled) {
            let (location, line) =
                (Location::Bytes(self.document.source, range), line_of(self.text, error.range.start));
            self.parsed.diagnostics.report(unfilled::unsubstituted(location, Some(line), self.filled));
            return self.leave();
        }
        let mut finding = Finding::new(error.code, Location::Bytes(self.document.source, range), error.message);
        finding.help = match error.help {
            _ if is_template => Some(TEMPLATE_HELP.to_owned()),
            help => help,
        };
        self.parsed.diagnostics.report(finding);
        self.leave();
    }

    /// Notes that nobody knows what the document declares.
    fn leave(&mut self) {
        let location = self.at(&FieldPath::ROOT);
        self.parsed.diagnostics.leave(Unjudged { subject: Subject::Document, location, reason: Omission::Unreadable });
    }

    /// Notes that an object has no name, or is of a version that nobody knows: what it declares is not judged.
    fn leave_undecoded(&mut self, base: &FieldPath) {
        let named = self.parsed.diagnostics.findings().last().and_then(|finding| finding.object.clone());
        let subject = named.filter(|object| !object.name.is_empty()).map_or(Subject::Document, Subject::Object);
        let location = self.at(base);
        self.parsed.diagnostics.leave(Unjudged { subject, location, reason: Omission::Undecoded });
    }

    /// Says one thing about a document with placeholders, at the first of them, in place of what is wrong with each.
    fn template(&mut self, first: Location) {
        // What is whole YAML and no part of a chart is meant for the API server, which refuses it.
        if self.source.found == Found::InDirectory && skip::is_among_templates(&self.source.name) {
            self.parsed = Parsed::default();
            return self.skip(Foreign::Helm);
        }
        self.parsed = Parsed::default();
        let message = "the document is a template that has not been rendered";
        let finding = Finding::new(codes::NOT_KUBERNETES, first, message);
        self.parsed.diagnostics.report(finding.label("a placeholder").help(TEMPLATE_HELP));
        self.leave();
    }

    fn skip(&mut self, foreign: Foreign) {
        if let Some((message, help)) = foreign.words() {
            let finding = Finding::new(codes::SKIPPED, self.at(&FieldPath::ROOT), message).help(help);
            self.skip_with(foreign.sort(), finding);
        }
    }

    /// Skips the document with a note, which many of a sort share.
    fn skip_with(&mut self, sort: Option<Sort>, finding: Finding) {
        let location = self.at(&FieldPath::ROOT);
        let said = match sort {
            Some(sort) => Some(Box::new((sort, finding))),
            None => {
                self.parsed.diagnostics.report(finding);
                None
            }
        };
        self.parsed.skipped = Some(Skipped { location, said });
    }

    fn position(&self, base: FieldPath) -> Position {
        Position { document: self.id, base, context: self.source.context }
    }

    fn at(&self, path: &FieldPath) -> Location {
        Location::field(self.id, path.clone())
    }

    /// Reads an object, or each object of a list of them.
    ///
    /// `inherited` is what the items of a typed list are when they do not say.
    fn value(&mut self, node: Node, base: FieldPath, inherited: Option<&TypeMeta>, repeated: &[FieldPath]) {
        let Some(meta) = self.type_meta(&node, &base, inherited) else { return };
        match list::form(&node, &meta.version, &meta.kind) {
            Form::Single => {}
            Form::Known => {
                self.list_problems(list::problems(&node, &meta.kind), &base, !is_list(&node));
                let repeated_here = repeated::of_list(repeated, &base);
                let (position, found) = (self.position(base.clone()), &mut self.parsed.diagnostics);
                repeated::report(&repeated_here, &position, None, self.document, self.text, found);
                if repeated_here.contains(&path!["items"]) {
                    let (subject, reason) = (Subject::Document, Omission::Overwritten);
                    self.parsed.diagnostics.leave(Unjudged { subject, location: self.at(&base), reason });
                }
                return self.list(node, &base, meta, repeated);
            }
            Form::Foreign => return self.list(node, &base, meta, repeated),
            Form::Misnamed => {
                return self.list_problems([list::misnamed(&meta.kind)].into_iter().collect(), &base, true);
            }
        }
        let node = match inherited {
            Some(_) => with_type(node, &meta),
            None => node,
        };
        self.object(node, base, &meta, repeated);
    }

    fn list(&mut self, node: Node, base: &FieldPath, TypeMeta { version, kind }: TypeMeta, repeated: &[FieldPath]) {
        let kind = list::item_kind(&kind).map(str::to_owned);
        let inherited = kind.map(|kind| TypeMeta { version, kind });
        let Node::Map(entries) = node else { return };
        let list = entries.into_iter().find(|(key, _)| key == "items");
        let Some((_, Node::List(list))) = list else { return };
        for (at, item) in list.into_iter().enumerate() {
            self.value(item, base.with("items").with(at), inherited.as_ref(), repeated);
        }
    }

    /// Reports what is wrong with a list itself. A list has no name: the findings are about no object.
    fn list_problems(&mut self, problems: Problems, base: &FieldPath, is_lost: bool) {
        let position = self.position(base.clone());
        for problem in problems.into_told() {
            self.parsed.diagnostics.report(problem.into_nameless(&position));
        }
        if is_lost {
            self.leave();
        }
    }

    fn object(&mut self, node: Node, base: FieldPath, meta: &TypeMeta, repeated: &[FieldPath]) {
        let context = self.source.context;
        let position = self.position(base);
        let group = meta.version.split_once('/').map_or("", |(group, _)| group);
        if !context {
            self.parsed.count += 1;
            self.parsed.judged += usize::from(is_gateway_api(&meta.version));
        }
        let repeated = repeated::of_object(repeated, &position.base, group, &meta.kind);
        let subject =
            (!repeated.is_empty()).then(|| repeated::subject(&node, group, meta.kind.clone(), &self.options.namespace));
        let outcome = (self.read)(node, position.clone(), self.options, &mut self.parsed.diagnostics);
        let proof = subject.and_then(|subject| {
            repeated::report(
                &repeated,
                &position,
                Some(&subject),
                self.document,
                self.text,
                &mut self.parsed.diagnostics,
            )
        });
        if repeated::holds_two_objects(&repeated) {
            // The mark between them was forgotten, and the first may be of any kind.
            let (subject, location) = (Subject::Document, self.at(&position.base));
            self.parsed.diagnostics.leave(Unjudged { subject, location, reason: Omission::Overwritten });
        }
        let repeat = |mut object: AnyObject| {
            if let Some(proof) = proof {
                object.repeat(repeated.clone(), proof);
            }
            object
        };
        match outcome {
            Outcome::Foreign(object) => self.parsed.foreign.push(*object),
            Outcome::Ignored => {}
            Outcome::Read(object) => match proof {
                None => self.define(Definition::read(object, position)),
                Some(_) => self.define(Definition::refused(object.key(), position, Some(repeat(object)), None)),
            },
            Outcome::Refused { key: Some(key), proof: _, decoded, service } => {
                self.define(Definition::refused(key, position, decoded.map(repeat), service));
            }
            Outcome::Refused { key: None, .. } => self.leave_undecoded(&position.base),
        }
    }

    fn define(&mut self, definition: Definition) {
        // Nearly every document holds one object: a list that grows by itself begins with room for four.
        if self.parsed.definitions.is_empty() {
            self.parsed.definitions.reserve_exact(1);
        }
        self.parsed.definitions.push(definition);
    }

    /// `apiVersion` and `kind`, or a finding that says what is missing.
    fn type_meta(&mut self, node: &Node, base: &FieldPath, inherited: Option<&TypeMeta>) -> Option<TypeMeta> {
        let is_whole = base.0.is_empty() && self.source.found == Found::InDirectory;
        if is_whole && skip::is_of_other_tool(node) {
            self.skip(Foreign::Other);
            return None;
        }
        let field = |name: &'static str| match node.get(name) {
            None | Some(Node::Null) => Ok(None),
            Some(Node::String(text)) if text.is_empty() => Ok(None),
            Some(Node::String(text)) => Ok(Some(text.clone())),
            Some(other) => Err((name, other.type_name())),
        };
        let (version, kind) = match (field("apiVersion"), field("kind")) {
            (Ok(version), Ok(kind)) => (version, kind),
            (Err((name, found)), _) | (_, Err((name, found))) => {
                let message = format!("`{name}` must be a string, and is of type {found}");
                self.not_kubernetes((base, &base.with(name)), message, "");
                return None;
            }
        };
        match (version, kind, inherited) {
            (Some(version), Some(kind), _) => Some(TypeMeta { version, kind }),
            (version, kind, Some(items)) if matches!(node, Node::Map(_)) => Some(TypeMeta {
                version: version.unwrap_or_else(|| items.version.clone()),
                kind: kind.unwrap_or_else(|| items.kind.clone()),
            }),
            (Some(_), None, _) => {
                self.not_kubernetes(
                    (base, &base.with("apiVersion")),
                    "the object has an `apiVersion` and no `kind`".to_owned(),
                    "add the `kind`",
                );
                None
            }
            (None, Some(kind), _) => {
                let message = format!("the object has the kind `{kind}` and no `apiVersion`");
                self.not_kubernetes((base, &base.with("kind")), message, "add the `apiVersion`");
                None
            }
            (None, None, _) => {
                self.neither(node, base);
                None
            }
        }
    }

    fn not_kubernetes(&mut self, (base, path): (&FieldPath, &FieldPath), message: String, help: &str) {
        self.parsed.strange += 1;
        if self.parsed.strange <= MOST_STRANGE {
            let mut finding = Finding::new(codes::NOT_KUBERNETES, self.at(path), message);
            finding.help = (!help.is_empty()).then(|| help.to_owned());
            self.parsed.diagnostics.report(finding);
        }
        // Whatever it is meant to be: nobody knows what it declares.
        let location = self.at(base);
        self.parsed.diagnostics.leave(Unjudged { subject: Subject::Document, location, reason: Omission::Unreadable });
    }

    fn neither(&mut self, node: &Node, base: &FieldPath) {
        let what = match node {
            Node::Map(_) => "it has neither `apiVersion` nor `kind`".to_owned(),
            other => format!("it is of type {}", other.type_name()),
        };
        if base.0.is_empty() && self.source.found == Found::InDirectory && !holds_objects(node) {
            let message = format!("a document that is not a Kubernetes object is skipped: {what}");
            // In a file with manifests it may be one that lacks its head.
            let sort = (!skip::may_be_manifest(&self.source.text)).then_some(Sort::Other);
            return self.skip_with(sort, Finding::new(codes::SKIPPED, self.at(base), message));
        }
        let subject = if base.0.is_empty() { "the document" } else { "the item" };
        let help = if holds_objects(node) {
            "the objects of a list stand in a `kind: List` below `items`, or each in a document of its own"
        } else {
            "a manifest begins with `apiVersion` and `kind`"
        };
        self.not_kubernetes((base, base), format!("{subject} is not a Kubernetes object: {what}"), help);
    }
}

/// The line of a text on which a byte is.
fn line_of(text: &str, at: usize) -> &str {
    let start = text.get(..at).and_then(|before| before.rfind('\n')).map_or(0, |end| end + 1);
    text.get(start..).and_then(|rest| rest.lines().next()).unwrap_or_default()
}

/// Whether an `apiVersion` is one of Gateway API's groups, or such a group without its version.
fn is_gateway_api(version: &str) -> bool {
    let group = version.split_once('/').map_or(version, |(group, _)| group);
    matches!(group, GATEWAY_GROUP | EXPERIMENTAL_GROUP)
}

/// Whether the items of a list can be read.
fn is_list(node: &Node) -> bool {
    matches!(node.get("items"), Some(Node::List(_) | Node::Null))
}

/// The object with the type that its list gives it.
fn with_type(node: Node, meta: &TypeMeta) -> Node {
    let Node::Map(mut entries) = node else { return node };
    for (name, value) in [("apiVersion", &meta.version), ("kind", &meta.kind)] {
        entries.retain(|(key, present)| key != name || !matches!(present, Node::Null));
        if !entries.iter().any(|(key, _)| key == name) {
            entries.push((name.to_owned(), Node::String(value.clone())));
        }
    }
    Node::Map(entries)
}

/// Whether a list has items that are objects.
fn holds_objects(node: &Node) -> bool {
    let is_object = |item: &Node| {
        ["apiVersion", "kind"].iter().all(|field| item.get(field).and_then(Node::as_str).is_some())
            && item.get("metadata").is_some_and(|metadata| metadata.as_map().is_some())
    };
    node.as_list().is_some_and(|items| items.iter().any(is_object))
}

#[cfg(test)]
#[path = "parse_tests.rs"]
mod tests;

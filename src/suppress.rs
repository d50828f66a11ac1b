//! Findings that the user has allowed: by a comment on the object, or by
//! `--ignore` and `--select`.
//!
//! Input: the findings of a whole run. Output: those that are left, and what is
//! wrong with the comments themselves. An error is never left out: a comment
//! that names one has no effect, and a warning says so.

use std::ops::Range;

use crate::diagnostics::{Allowance, Code, Finding, LeftOut, Location, Part, Severity, codes};
use crate::options::Options;
use crate::parser::locate::Locator;
use crate::parser::manifests::{Manifests, ObjectHead};
use crate::parser::source::{DocumentId, SourceId};
use crate::path;
use crate::spelling::nearest;

/// What a comment begins with.
const MARK: &str = "gwctl:";
/// The one word that may follow.
const ALLOW: &str = "allow";

/// Leaves out of `findings` what comments and flags allow, and adds what is wrong with the comments. The result is what
/// is left out.
pub(crate) fn apply(manifests: &Manifests, options: &Options, findings: &mut Vec<Finding>) -> Vec<LeftOut> {
    let locator = Locator::new(manifests);
    let mut comments = read(manifests, &locator, findings);
    let mut left_out = Vec::new();
    for finding in std::mem::take(findings) {
        let is_error = finding.severity() == Severity::Error;
        let comment = if is_error { None } else { comment_on(&finding, manifests, &mut comments) };
        match comment {
            // What a flag leaves out it leaves out with the comment and without.
            Some(comment) => {
                let by = left_out_by(finding.code, options).unwrap_or(Allowance::Comment(comment));
                left_out.push(LeftOut { finding, by });
            }
            None => findings.push(finding),
        }
    }
    findings.extend(comments.iter().flat_map(Comment::unused));
    filter(options, findings, &mut left_out);
    findings.extend(unused_allowances(manifests, options));
    left_out
}

/// What is wrong with `--allow-unsupported`: kinds of which the input has no object, which most often are slips.
fn unused_allowances(manifests: &Manifests, options: &Options) -> Vec<Finding> {
    if !is_reported(codes::UNUSED_SUPPRESSION, options) {
        return Vec::new();
    }
    let is_there = |kind: &&String| {
        let is_option = |head: &&ObjectHead| {
            head.kind.is_option() && format!("{}.{}", head.kind.name(), head.kind.group()) == **kind
        };
        manifests.foreign.iter().any(|object| object.full_kind() == **kind) || manifests.heads().iter().any(is_option)
    };
    let unused = options.allow_unsupported.iter().filter(|kind| !is_there(kind));
    let finding = |kind: &String| {
        let message = format!("`--allow-unsupported {kind}` allows nothing: the input has no such object");
        Finding::new(codes::UNUSED_SUPPRESSION, Location::Run, message)
            .consequence("none: an object of another kind or group is not allowed by it")
            .help("write kind and group as the object has them, or remove the flag, or its entry in `gwctl.yaml`")
    };
    unused.map(finding).collect()
}

/// Whether the flags let a warning through.
fn is_reported(code: Code, options: &Options) -> bool {
    left_out_by(code, options).is_none()
}

/// The flag that leaves a warning out.
fn left_out_by(code: Code, options: &Options) -> Option<Allowance> {
    let is_selected = options.select.is_empty() || options.select.iter().any(|selected| selected == code.id());
    if options.ignore.iter().any(|ignored| ignored == code.id()) {
        Some(Allowance::Ignore)
    } else {
        (!is_selected).then_some(Allowance::Select)
    }
}

/// Applies `--ignore` and `--select`.
fn filter(options: &Options, findings: &mut Vec<Finding>, left_out: &mut Vec<LeftOut>) {
    let is_used = |id: &String| left_out.iter().any(|one| one.by == Allowance::Ignore && one.finding.code.id() == *id);
    let mut unused: Vec<&String> = options.ignore.iter().filter(|id| !is_used(id)).collect();
    for finding in std::mem::take(findings) {
        unused.retain(|ignored| *ignored != finding.code.id());
        match left_out_by(finding.code, options).filter(|_| finding.severity() != Severity::Error) {
            Some(by) => left_out.push(LeftOut { finding, by }),
            None => findings.push(finding),
        }
    }
    if !is_reported(codes::UNUSED_SUPPRESSION, options) {
        return;
    }
    findings.extend(unused.into_iter().map(|id| {
        Finding::new(codes::UNUSED_SUPPRESSION, Location::Run, format!("`--ignore {id}` leaves nothing out"))
            .consequence("none: there is no such finding in this input")
            .help("remove the flag, or its entry in `gwctl.yaml`")
    }));
}

/// A comment that allows findings of an object.
#[derive(Debug)]
struct Comment {
    source: SourceId,
    range: Range<usize>,
    document: DocumentId,
    /// The item of a list that the comment is about; `None` for the whole document.
    item: Option<usize>,
    /// The codes, and whether each has left something out.
    codes: Vec<(Code, bool)>,
}

impl Comment {
    fn covers(&self, document: DocumentId, item: Option<usize>) -> bool {
        self.document == document && (self.item.is_none() || self.item == item)
    }

    fn unused(&self) -> impl Iterator<Item = Finding> {
        self.codes.iter().filter(|(_, is_used)| !is_used).map(|(code, _)| {
            let message = format!("nothing on this object is reported as {} ({})", code.id(), code.name());
            Finding::new(codes::UNUSED_SUPPRESSION, Location::Bytes(self.source, self.range.clone()), message)
                .label("allows what does not occur")
                .consequence("none: the comment would hide the finding should it come back")
                .help("remove the code from the comment")
        })
    }
}

/// The place of the first comment on the finding's object that allows it; each that does is then used.
fn comment_on(finding: &Finding, manifests: &Manifests, comments: &mut [Comment]) -> Option<Location> {
    if comments.is_empty() {
        return None;
    }
    let (document, item) = object_of(&finding.location, manifests)?;
    let mut first = None;
    for comment in comments.iter_mut().filter(|comment| comment.covers(document, item)) {
        for (_, is_used) in comment.codes.iter_mut().filter(|(code, _)| *code == finding.code) {
            *is_used = true;
            first.get_or_insert_with(|| Location::Bytes(comment.source, comment.range.clone()));
        }
    }
    first
}

/// The document of a place, and the item when the document is a list.
fn object_of(location: &Location, manifests: &Manifests) -> Option<(DocumentId, Option<usize>)> {
    use crate::diagnostics::Segment;
    match location {
        Location::Run | Location::Path(_) | Location::Source(_) => None,
        Location::Field { document, path, .. } => {
            let item = match path.0.as_slice() {
                [Segment::Field(items), Segment::Index(index), ..] if items == "items" => Some(*index),
                _ => None,
            };
            Some((*document, item))
        }
        Location::Bytes(source, range) => {
            let is_here = |document: &crate::parser::source::Document| {
                document.source == *source && document.range.start <= range.start && range.start < document.range.end
            };
            let at = manifests.documents.iter().position(is_here)?;
            Some((DocumentId(at), None))
        }
    }
}

/// The comments of all judged documents; what is wrong with them is added to `findings`.
fn read(manifests: &Manifests, locator: &Locator<'_>, findings: &mut Vec<Finding>) -> Vec<Comment> {
    let mut comments = Vec::new();
    for (at, document) in manifests.documents.iter().enumerate() {
        let source = manifests.sources.get(document.source);
        let text = document.text(source);
        if source.context || !text.contains(MARK) {
            continue;
        }
        let id = DocumentId(at);
        // Without the tree a comment cannot be told from text; such a document has errors of its own.
        let Some(tree) = locator.tree(id) else { continue };
        for (start, comment) in marked(text).filter(|(start, _)| !tree.is_in_scalar(*start)) {
            let range = document.range.start + start..document.range.start + start + comment.len();
            let location = Location::Bytes(document.source, range.clone());
            let codes = understand(comment, &location, findings);
            if codes.is_empty() {
                continue;
            }
            let items = || (0..).map(|item| path!["items", item]).take_while(|path| tree.contains(path));
            let ends = items().filter_map(|path| Some(tree.find(&path, Part::Value)?.end));
            let item = ends.enumerate().find(|(_, end)| *end > start).map(|(item, _)| item);
            let codes = codes.into_iter().map(|code| (code, false)).collect();
            comments.push(Comment { source: document.source, range, document: id, item, codes });
        }
    }
    comments
}

/// The comments that are meant for gwctl, from the `#` to the end of the line.
fn marked(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.match_indices('#').filter_map(move |(at, _)| {
        let is_comment = text.get(..at)?.chars().next_back().is_none_or(char::is_whitespace);
        let line = text.get(at..)?.lines().next()?.trim_end();
        let is_marked = line.trim_start_matches('#').trim_start().starts_with(MARK);
        (is_comment && is_marked).then_some((at, line))
    })
}

/// The codes that a comment allows; a comment that cannot be taken at its word has no effect.
fn understand(comment: &str, location: &Location, findings: &mut Vec<Finding>) -> Vec<Code> {
    let mut refuse = |message: String, help: String| {
        findings.push(
            Finding::new(codes::INVALID_SUPPRESSION, location.clone(), message)
                .label("has no effect")
                .consequence("none: the findings of the object are reported as without the comment")
                .help(help),
        );
    };
    let form = "write `# gwctl: allow GW4002 REASON`";
    let words = comment.trim_start_matches('#').trim_start().strip_prefix(MARK).unwrap_or_default().trim();
    let (verb, rest) = words.split_once(char::is_whitespace).unwrap_or((words, ""));
    if verb != ALLOW {
        refuse(format!("`{verb}` is not a word for gwctl"), form.to_owned());
        return Vec::new();
    }
    let (names, reason) = rest.trim().split_once(char::is_whitespace).unwrap_or((rest.trim(), ""));
    if names.is_empty() {
        refuse("the comment names no code".to_owned(), form.to_owned());
        return Vec::new();
    }
    let mut allowed = Vec::new();
    for name in names.split(',').filter(|name| !name.is_empty()) {
        match Code::find(name) {
            None => refuse(format!("there is no code `{name}`"), meant(name)),
            Some(code) if code.severity() == Severity::Error => refuse(
                format!("{} ({}) is an error, and an error cannot be allowed", code.id(), code.name()),
                "mend what the error says, or leave the object out of the input".to_owned(),
            ),
            Some(_) if reason.trim().is_empty() => {
                refuse(format!("the comment does not say why {name} is allowed"), form.to_owned());
            }
            Some(code) => allowed.push(code),
        }
    }
    allowed
}

/// The advice for a code that does not exist.
pub(crate) fn meant(name: &str) -> String {
    let names = crate::diagnostics::REGISTRY.iter().flat_map(|code| [code.id(), code.name()]);
    match nearest(&name.to_ascii_lowercase(), names.clone()).or_else(|| nearest(&name.to_ascii_uppercase(), names)) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "`gwctl explain --list` lists all codes".to_owned(),
    }
}

#[cfg(test)]
#[path = "suppress_tests.rs"]
mod tests;

//! What allows some codes on one object, wherever it is written.

use std::collections::HashMap;

use crate::diagnostics::{Allowance, Code, Finding, Location, Segment, Severity, codes};
use crate::parser::locate::Locator;
use crate::parser::source::DocumentId;
use crate::spelling::nearest;

/// Where a permission stands.
#[derive(Clone, Copy, Debug)]
pub(super) enum Form {
    Comment,
    Annotation,
}

impl Form {
    fn word(self) -> &'static str {
        match self {
            Self::Comment => "comment",
            Self::Annotation => "annotation",
        }
    }

    /// What to write.
    pub(super) fn shape(self) -> &'static str {
        match self {
            Self::Comment => "write `# gwctl: allow GW4002 REASON`",
            Self::Annotation => "write `gwctl.dev/allow: \"GW4002 REASON\"`",
        }
    }
}

/// A comment or an annotation that allows findings of an object.
#[derive(Debug)]
pub(super) struct Permission {
    pub(super) form: Form,
    pub(super) location: Location,
    pub(super) document: DocumentId,
    /// The item of a list that it is about; `None` for the whole document.
    pub(super) item: Option<usize>,
    /// The codes, and whether each has left something out.
    pub(super) codes: Vec<(Code, bool)>,
}

impl Permission {
    fn allowance(&self) -> Allowance {
        match self.form {
            Form::Comment => Allowance::Comment(self.location.clone()),
            Form::Annotation => Allowance::Annotation(self.location.clone()),
        }
    }

    fn unused(&self) -> impl Iterator<Item = Finding> {
        let word = self.form.word();
        self.codes.iter().filter(|(_, is_used)| !is_used).map(move |(code, _)| {
            let message = format!("nothing on this object is reported as {} ({})", code.id(), code.name());
            Finding::new(codes::UNUSED_SUPPRESSION, self.location.clone(), message)
                .label("allows what does not occur")
                .consequence(format!("none: the {word} would hide the finding should it come back"))
                .help(format!("remove the code from the {word}"))
        })
    }
}

/// All permissions of an input, in the order in which they count.
#[derive(Debug)]
pub(super) struct Permissions {
    list: Vec<Permission>,
    by_object: HashMap<(DocumentId, Option<usize>), Vec<usize>>,
}

impl Permissions {
    pub(super) fn new(list: Vec<Permission>) -> Self {
        let mut by_object: HashMap<_, Vec<usize>> = HashMap::new();
        for (at, permission) in list.iter().enumerate() {
            by_object.entry((permission.document, permission.item)).or_default().push(at);
        }
        Self { list, by_object }
    }

    /// The first one on the finding's object that allows it; each that does is then used.
    pub(super) fn on(&mut self, finding: &Finding, locator: &Locator<'_>) -> Option<Allowance> {
        if self.list.is_empty() {
            return None;
        }
        let (document, item) = object_of(&finding.location, locator)?;
        let of_item = item.and_then(|item| self.by_object.get(&(document, Some(item))));
        let mut covering: Vec<usize> =
            self.by_object.get(&(document, None)).into_iter().chain(of_item).flatten().copied().collect();
        covering.sort_unstable();
        let mut first = None;
        for at in covering {
            let Some(permission) = self.list.get_mut(at) else { continue };
            let meant = permission.codes.iter_mut().filter(|(code, _)| *code == finding.code);
            if meant.map(|(_, is_used)| *is_used = true).count() > 0 {
                first.get_or_insert_with(|| permission.allowance());
            }
        }
        first
    }

    /// What is wrong with those that allow nothing.
    pub(super) fn unused(&self) -> impl Iterator<Item = Finding> {
        self.list.iter().flat_map(Permission::unused)
    }
}

/// The document of a place, and the item when the document is a list.
fn object_of(location: &Location, locator: &Locator<'_>) -> Option<(DocumentId, Option<usize>)> {
    let item = match location {
        Location::Field { path, .. } => match path.0.as_slice() {
            [Segment::Field(items), Segment::Index(index), ..] if items == "items" => Some(*index),
            _ => None,
        },
        _ => None,
    };
    Some((locator.document_of(location)?, item))
}

/// The codes that `CODE[,…] REASON` allows; what cannot be taken at its word has no effect.
pub(super) fn understand(words: &str, form: Form, location: &Location, findings: &mut Vec<Finding>) -> Vec<Code> {
    let word = form.word();
    let mut refuse = |message: String, help: String| findings.push(refused(form, location, message).help(help));
    let (names, reason) = words.trim().split_once(char::is_whitespace).unwrap_or((words.trim(), ""));
    if names.split(',').all(str::is_empty) {
        refuse(format!("the {word} names no code"), form.shape().to_owned());
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
                refuse(format!("the {word} does not say why {name} is allowed"), form.shape().to_owned());
            }
            Some(code) => allowed.push(code),
        }
    }
    allowed
}

/// A permission that cannot be taken at its word.
pub(super) fn refused(form: Form, location: &Location, message: String) -> Finding {
    let word = form.word();
    Finding::new(codes::INVALID_SUPPRESSION, location.clone(), message)
        .label("has no effect")
        .consequence(format!("none: the findings of the object are reported as without the {word}"))
}

/// The advice for a code that does not exist.
pub(crate) fn meant(name: &str) -> String {
    let names = crate::diagnostics::REGISTRY.iter().flat_map(|code| [code.id(), code.name()]);
    match nearest(&name.to_ascii_lowercase(), names.clone()).or_else(|| nearest(&name.to_ascii_uppercase(), names)) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "`gwctl explain --list` lists all codes".to_owned(),
    }
}

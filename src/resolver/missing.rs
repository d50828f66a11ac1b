//! A field of an option that is not translated, and what is said of it.

use crate::diagnostics::{FieldPath, Finding, ObjectPart, Segment, codes};
use crate::parser::manifests::ObjectHead;

/// A field that is not translated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    /// The field, from the options.
    pub path: FieldPath,
    /// What the field is for, as the end of a sentence that begins with "without it".
    pub loss: &'static str,
    /// Whether it keeps requests out: that is never left out.
    pub is_security: bool,
    /// Why it is not translated.
    pub why: &'static str,
}

/// Where nothing more is to be said of why a field is not translated.
pub(super) const NOT_TRANSLATED: &str = "gwctl does not translate it";

/// What is lost without most of the options that keep requests out.
pub(super) const NOT_KEPT_OUT: &str = "requests would pass that it keeps out";

impl Missing {
    /// What is said of the field; `is_left_out` where the configuration may be without it.
    pub(super) fn finding(&self, object: &ObjectHead, full_kind: &str, is_left_out: bool) -> Finding {
        let Self { path, loss, is_security, why } = self;
        let code = if is_left_out { codes::OPTION_LEFT_OUT } else { codes::UNSUPPORTED_OPTION };
        let kind = object.kind.name();
        let message = format!("`{path}` of {kind} `{}` is not translated", object.full_name());
        let at = ObjectPart::Whole.at(&object.kind.fields_of_policy().join(path));
        let finding = object.finding(code, at, message).label(*why);
        // What says something that is not translated is left out as a whole.
        let whole = match path.0.as_slice() {
            [Segment::Field(option), _, ..] => Some(option),
            _ => None,
        };
        if is_left_out {
            let served = match whole {
                None => format!("the rules that it applies to are served without it: {loss}"),
                Some(option) => {
                    format!(
                        "the rules that it applies to are served without all that `{option}` says, not without this alone"
                    )
                }
            };
            return finding.consequence(served).help("nothing needs to change: `--allow-unsupported` names the kind");
        }
        let help = if *is_security {
            "remove it where something else does the same; `--allow-unsupported` does not allow this".to_owned()
        } else {
            let lost = whole.map_or("it".to_owned(), |option| format!("all that `{option}` says"));
            format!("remove it, or pass `--allow-unsupported {full_kind}` to serve without {lost}")
        };
        let consequence = format!("all requests of the rules that it applies to get 500; without it {loss}");
        finding.consequence(consequence).help(help)
    }
}

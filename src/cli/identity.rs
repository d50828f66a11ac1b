//! What makes two findings the same one: the code, the object, the place in it and the words. Files, lines and order do
//! not count.

use std::borrow::Cow;
use std::path::Path;

use crate::diagnostics::{Finding, Locate, Series};

/// The message without the name of its file or directory: what a file is called is no difference.
pub(super) fn words<'f>(finding: &'f Finding, locator: &dyn Locate) -> Cow<'f, str> {
    let message = finding.message.as_str();
    // Only findings on files name them.
    if finding.code.series() != Series::Input {
        return message.into();
    }
    let Some(place) = locator.place(&finding.location) else { return message.into() };
    let names = Path::new(&place.file).ancestors().map(|name| format!("`{}`", name.display()));
    let named = names.into_iter().find(|name| name.len() > 2 && message.contains(name.as_str()));
    named.map_or(message.into(), |name| message.replace(&name, "the file").into())
}

/// A path or message without the positions in lists: what stands before an entry is no difference.
pub(super) fn without_positions(text: &str) -> String {
    let mut parts = text.split('[');
    let mut kept = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        kept.push('[');
        let digits = part.bytes().take_while(u8::is_ascii_digit).count();
        kept.push_str(if part[digits..].starts_with(']') { &part[digits..] } else { part });
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::without_positions;

    #[test]
    fn only_positions_go() {
        for (text, expected) in [
            ("spec.rules[12].matches[0]", "spec.rules[].matches[]"),
            ("a[b] [1 2] [3", "a[b] [1 2] [3"),
            ("metadata.annotations[x.y/z1]", "metadata.annotations[x.y/z1]"),
        ] {
            assert_eq!(without_positions(text), expected);
        }
    }
}

//! Manifests of a revision: files are read as git objects, so that nothing is
//! checked out. Arguments go to `git` as they are, never through a shell, and
//! the revision becomes an object id before anything else is done with it.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::parser::source::{Found, Source, SourceSet};

/// The extensions of manifests.
const EXTENSIONS: &[&str] = &["yaml", "yml", "json"];

/// Reads `REV[:PATH]` of the repository that the working directory is in.
///
/// # Errors
/// What `git` says.
pub(super) fn read(text: &str) -> Result<SourceSet, String> {
    let (revision, path) = text.split_once(':').unwrap_or((text, "."));
    if revision.is_empty() {
        return Err("a revision is missing: git:REV[:PATH]".to_owned());
    }
    let commit = git(&["rev-parse", "--verify", "--quiet", "--end-of-options", &format!("{revision}^{{commit}}")])
        .map_err(|_| format!("`{revision}` is no revision of this repository"))?;
    let commit = String::from_utf8_lossy(&commit).trim().to_owned();
    let path = if path.is_empty() { "." } else { path };
    let listed = git(&["ls-tree", "-r", "-z", &commit, "--", path])?;
    let mut entries: Vec<(String, String)> = Vec::new();
    for entry in listed.split(|byte| *byte == 0).filter(|entry| !entry.is_empty()) {
        entries.extend(parse_entry(&String::from_utf8_lossy(entry)));
    }
    if entries.is_empty() {
        return Err(format!("`{path}` is not in `{revision}`"));
    }
    let is_file = entries.len() == 1 && entries[0].0 == path;
    entries.retain(|(name, _)| is_file || is_manifest(name));
    entries.sort();
    let mut sources = Vec::new();
    for (name, id) in entries {
        let text = String::from_utf8(git(&["cat-file", "blob", &id])?)
            .map_err(|_| format!("`{revision}:{name}` is not text"))?;
        let text = text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text);
        let found = if is_file { Found::Named } else { Found::InDirectory };
        sources.push(Source { name: format!("git:{revision}:{name}"), text, found, context: false });
    }
    Ok(SourceSet { sources })
}

/// Path and object id of a line of `ls-tree` that is a plain file.
fn parse_entry(entry: &str) -> Option<(String, String)> {
    let (head, path) = entry.split_once('\t')?;
    let mut words = head.split(' ');
    let (mode, kind, id) = (words.next()?, words.next()?, words.next()?);
    (kind == "blob" && mode.starts_with("100")).then(|| (path.to_owned(), id.to_owned()))
}

/// Whether a directory scan would read the file: no hidden part, a known extension.
fn is_manifest(path: &str) -> bool {
    let is_hidden = path.split('/').any(|part| part.starts_with('.') && part != "." && part != "..");
    let extension = Path::new(path).extension().and_then(|extension| extension.to_str());
    !is_hidden && extension.is_some_and(|extension| EXTENSIONS.contains(&extension))
}

fn git(args: &[&str]) -> Result<Vec<u8>, String> {
    let output = Command::new("git")
        .args(["--no-pager", "--literal-pathspecs"])
        .args(args)
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("cannot run git: {error}"))?;
    if output.status.success() {
        Ok(output.stdout)
    } else {
        Err(format!("git: {}", String::from_utf8_lossy(&output.stderr).trim()))
    }
}

#[cfg(test)]
mod tests {
    use super::{is_manifest, parse_entry};

    #[test]
    fn only_plain_files_are_read() {
        let path = |entry| parse_entry(entry).map(|(path, _)| path);
        assert_eq!(path("100644 blob 12ab\ta b.yaml").as_deref(), Some("a b.yaml"));
        assert_eq!(path("120000 blob 12ab\tlink.yaml"), None);
        assert_eq!(path("160000 commit 12ab\tmodule"), None);
    }

    #[test]
    fn hidden_files_and_other_extensions_are_passed_over() {
        assert!(is_manifest("a/b.yaml") && is_manifest("../b.json") && is_manifest("./c.yml"));
        assert!(!is_manifest(".git/b.yaml") && !is_manifest("a/.b.yaml") && !is_manifest("README.md"));
    }
}

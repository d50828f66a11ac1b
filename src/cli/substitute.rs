//! The values of `--substitute`: from the environment, or from a file of lines, a ConfigMap or a Kustomization of Flux.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::diagnostics::escape::path_for_terminal;
use crate::parser::decode::decode;
use crate::parser::node::Node;
use crate::parser::source::SourceSet;
use crate::parser::split::split;
use crate::parser::substitution::{Variables, substitute};

/// The word for the environment in the place of a file.
const ENVIRONMENT: &str = "env";

/// Reads what `--substitute` names, each over what was named before it.
///
/// # Errors
/// A message for the user when a file cannot be read, or holds no variables.
pub(super) fn read(named: &[PathBuf]) -> Result<Variables, String> {
    let mut all = Variables::new();
    for path in named {
        if path.as_os_str() == ENVIRONMENT {
            all.extend(
                std::env::vars_os()
                    .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?))),
            );
        } else {
            all.extend(of_file(path).map_err(|why| format!("--substitute {}: {why}", path_for_terminal(path)))?);
        }
    }
    Ok(all)
}

/// Puts the values in the place of the variables of all files.
pub(super) fn apply(values: &Variables, sources: &mut SourceSet) {
    if values.is_empty() {
        return;
    }
    for source in &mut sources.sources {
        if source.text.contains("${") {
            source.text = substitute(&source.text, values);
        }
    }
}

fn of_file(path: &Path) -> Result<Variables, String> {
    let text = fs::read_to_string(path).map_err(|error| format!("the file cannot be read: {error}"))?;
    let pieces = split(&text);
    let documents =
        pieces.into_iter().filter_map(|piece| Some(decode(text.get(piece.range)?, piece.syntax).ok()?.node));
    let objects: Vec<Node> = documents.filter(|node| node.get("kind").is_some()).collect();
    if objects.is_empty() {
        return of_lines(&text);
    }
    let mut all = Variables::new();
    for object in &objects {
        let values = match object.get("kind").and_then(Node::as_str) {
            Some("ConfigMap") => object.get("data"),
            Some("Kustomization") => {
                ["spec", "postBuild", "substitute"].iter().try_fold(object, |node, key| node.get(key))
            }
            // Values of Secrets are shown nowhere, and what is put into manifests may be.
            Some("Secret") => return Err("values of a Secret are not put into manifests".to_owned()),
            _ => None,
        };
        let entries = values.and_then(Node::as_map).unwrap_or_default();
        all.extend(entries.iter().filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned()))));
    }
    if all.is_empty() {
        return Err(
            "there is neither a ConfigMap with `data` nor a Kustomization with `spec.postBuild.substitute` in it"
                .to_owned(),
        );
    }
    Ok(all)
}

/// `NAME=VALUE`, a line each, with `#` before comments and the value in quotes or not.
fn of_lines(text: &str) -> Result<Variables, String> {
    let mut all = BTreeMap::new();
    for (number, line) in text.lines().map(str::trim).enumerate() {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let Some((name, value)) = line.strip_prefix("export ").unwrap_or(line).split_once('=') else {
            return Err(format!("line {} is not `NAME=VALUE`", number + 1));
        };
        let value = value.trim();
        let quoted = ['"', '\''].into_iter().find_map(|sign| value.strip_prefix(sign)?.strip_suffix(sign));
        all.insert(name.trim().to_owned(), quoted.unwrap_or(value).to_owned());
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Result<Vec<(String, String)>, String> {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("values");
        fs::write(&file, text).unwrap();
        of_file(&file).map(|all| all.into_iter().collect())
    }

    #[test]
    fn files_of_lines_and_objects_have_values() {
        let expected = Ok(vec![("A".to_owned(), "1".to_owned()), ("B".to_owned(), "x y".to_owned())]);
        for text in [
            "# values\nA=1\n\nexport B=\"x y\"\n",
            "A = 1\nB='x y'",
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {A: '1', B: x y}\n",
            "kind: ConfigMap\ndata: {A: '0'}\n---\nkind: Kustomization\nspec: {postBuild: {substitute: {A: '1', B: x y}}}\n",
        ] {
            assert_eq!(of(text), expected, "{text}");
        }
    }

    #[test]
    fn what_holds_no_values_is_refused() {
        for text in ["a line", "kind: Secret\nstringData: {A: b}\n", "kind: Service\n"] {
            assert!(of(text).is_err(), "{text}");
        }
    }
}

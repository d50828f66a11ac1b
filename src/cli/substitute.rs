//! The values of `--substitute`: from the environment, or from a file of lines, a ConfigMap or a Kustomization of Flux.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::diagnostics::escape::path_for_terminal;
use crate::options::Substitutions;
use crate::parser::decode::decode;
use crate::parser::node::Node;
use crate::parser::source::SourceSet;
use crate::parser::split::{Syntax, split};
use crate::parser::substitution::{SWITCH, is_disabled, kept, substitute};

/// The word for the environment in the place of a file.
const ENVIRONMENT: &str = "env";

/// Values of variables.
type Values = BTreeMap<String, String>;

/// What one `--substitute` gives.
enum Given {
    Values(Values),
    Objects(Vec<Node>),
}

/// Reads what `--substitute` names, each over what was named before it.
///
/// # Errors
/// A message for the user when a file cannot be read, or holds no variables.
pub(super) fn read(named: &[PathBuf]) -> Result<Substitutions, String> {
    let given = named.iter().map(|path| {
        let of_file = || of_file(path).map_err(|why| format!("--substitute {}: {why}", path_for_terminal(path)));
        if path.as_os_str() == ENVIRONMENT { Ok(Given::Values(of_environment())) } else { of_file() }
    });
    let given: Vec<Given> = given.collect::<Result<_, String>>()?;
    let objects = given.iter().flat_map(|one| match one {
        Given::Values(_) => [].as_slice(),
        Given::Objects(objects) => objects,
    });
    let maps: Vec<&Node> = objects.filter(|object| text(object, &["kind"]) == Some("ConfigMap")).collect();
    let mut all = Substitutions::default();
    for (path, one) in named.iter().zip(&given) {
        match one {
            Given::Values(values) => all.values.extend(values.clone()),
            Given::Objects(objects) => {
                for object in objects {
                    add(&mut all, object, &maps)
                        .map_err(|why| format!("--substitute {}: {why}", path_for_terminal(path)))?;
                }
            }
        }
    }
    Ok(all)
}

/// Puts the values in the place of the variables of all files, but of the objects that ask to be left as they are.
pub(super) fn apply(given: &Substitutions, sources: &mut SourceSet) {
    if !given.is_given() {
        return;
    }
    for source in &mut sources.sources {
        if source.text.contains("${") || source.text.contains("$$") {
            source.kept = kept(&source.text, given);
            source.text = substituted(&source.text, given);
        }
    }
}

/// A file with the values of its variables.
fn substituted(text: &str, given: &Substitutions) -> String {
    if !text.contains(SWITCH) {
        return substitute(text, given);
    }
    let mut written = String::with_capacity(text.len());
    let mut at = 0;
    for piece in split(text) {
        let document = text.get(piece.range.start..piece.range.end).unwrap_or_default();
        written.push_str(text.get(at..piece.range.start).unwrap_or_default());
        at = piece.range.end;
        let filled = substitute(document, given);
        // Variables may keep a text from being YAML.
        let is_left = is_left(document, piece.syntax).or_else(|| is_left(&filled, piece.syntax)).unwrap_or_default();
        written.push_str(if is_left { document } else { &filled });
    }
    written.push_str(text.get(at..).unwrap_or_default());
    written
}

/// Whether a document is an object that asks to be left as it is, or a list with one: what is not put into the others is told
/// where it stands. Nothing where the document cannot be read.
fn is_left(document: &str, syntax: Syntax) -> Option<bool> {
    let root = decode(document, syntax).ok()?.node;
    let items = root.get("items").and_then(Node::as_list).unwrap_or_default();
    Some(is_disabled(&root) || items.iter().any(is_disabled))
}

fn of_environment() -> Values {
    let text = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
        Some((name.into_string().ok()?, value.into_string().ok()?))
    };
    std::env::vars_os().filter_map(text).collect()
}

fn of_file(path: &Path) -> Result<Given, String> {
    let text = fs::read_to_string(path).map_err(|error| format!("the file cannot be read: {error}"))?;
    let pieces = split(&text);
    let documents =
        pieces.into_iter().filter_map(|piece| Some(decode(text.get(piece.range)?, piece.syntax).ok()?.node));
    let objects: Vec<Node> = documents.filter(|node| node.get("kind").is_some()).collect();
    if objects.is_empty() {
        return of_lines(&text).map(Given::Values);
    }
    let has_values = |object: &Node| match self::text(object, &["kind"]) {
        Some("ConfigMap") => object.get("data").is_some(),
        Some("Kustomization") => {
            ["substitute", "substituteFrom"].iter().any(|key| at(object, &["spec", "postBuild", key]).is_some())
        }
        _ => false,
    };
    if let Some("Secret") =
        objects.iter().find_map(|object| self::text(object, &["kind"]).filter(|kind| *kind == "Secret"))
    {
        // Values of Secrets are shown nowhere, and what is put into manifests may be.
        return Err("values of a Secret are not put into manifests".to_owned());
    }
    if !objects.iter().any(has_values) {
        return Err(
            "there is neither a ConfigMap with `data` nor a Kustomization with `spec.postBuild.substitute` in it"
                .to_owned(),
        );
    }
    Ok(Given::Objects(objects))
}

/// Adds what an object gives: a ConfigMap its data; a Kustomization what it takes from ConfigMaps, and then its own values.
fn add(all: &mut Substitutions, object: &Node, maps: &[&Node]) -> Result<(), String> {
    match text(object, &["kind"]) {
        Some("ConfigMap") => all.values.extend(values(object.get("data"))?),
        Some("Kustomization") => {
            let from = at(object, &["spec", "postBuild", "substituteFrom"]).and_then(Node::as_list).unwrap_or_default();
            let namespace = text(object, &["metadata", "namespace"]);
            for source in from {
                let [kind, name] = ["kind", "name"].map(|key| text(source, &[key]).unwrap_or_default());
                let is_meant = |map: &&&Node| {
                    text(map, &["metadata", "name"]) == Some(name) && text(map, &["metadata", "namespace"]) == namespace
                };
                match maps.iter().find(is_meant).filter(|_| kind == "ConfigMap") {
                    Some(map) => all.values.extend(values(map.get("data"))?),
                    // What nobody sees goes before what was known so far.
                    None => {
                        all.values.clear();
                        all.unseen.push(format!("{kind} `{}/{name}`", namespace.unwrap_or("default")));
                    }
                }
            }
            all.values.extend(values(at(object, &["spec", "postBuild", "substitute"]))?);
        }
        _ => {}
    }
    Ok(())
}

/// The values of an object as Flux takes them: without line breaks, and all of them or none.
fn values(entries: Option<&Node>) -> Result<Values, String> {
    let mut all = Values::new();
    for (name, value) in entries.and_then(Node::as_map).unwrap_or_default() {
        let Some(value) = value.as_str() else { return Err(format!("the value of `{name}` is no text: quote it")) };
        check_name(name)?;
        all.insert(name.clone(), value.replace('\n', ""));
    }
    Ok(all)
}

/// Flux refuses all values beside one of another name.
fn check_name(name: &str) -> Result<(), String> {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let is_name = !name.is_empty() && name.bytes().all(is_part) && !name.as_bytes()[0].is_ascii_digit();
    match is_name {
        true => Ok(()),
        false => Err(format!("`{name}` is no name of a variable: letters, digits and `_`, and no digit first")),
    }
}

fn at<'n>(object: &'n Node, path: &[&str]) -> Option<&'n Node> {
    path.iter().try_fold(object, |node, key| node.get(key))
}

fn text<'n>(object: &'n Node, path: &[&str]) -> Option<&'n str> {
    at(object, path).and_then(Node::as_str)
}

/// `NAME=VALUE`, a line each, with `#` before comments and the value in quotes or not.
fn of_lines(text: &str) -> Result<Values, String> {
    let mut all = Values::new();
    for (number, line) in text.lines().map(str::trim).enumerate() {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let Some((name, value)) = line.strip_prefix("export ").unwrap_or(line).split_once('=') else {
            return Err(format!("line {} is not `NAME=VALUE`", number + 1));
        };
        let value = value.trim();
        let quoted = ['"', '\''].into_iter().find_map(|sign| value.strip_prefix(sign)?.strip_suffix(sign));
        check_name(name.trim()).map_err(|why| format!("line {}: {why}", number + 1))?;
        all.insert(name.trim().to_owned(), quoted.unwrap_or(value).to_owned());
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(files: &[&str]) -> Result<Substitutions, String> {
        let directory = tempfile::tempdir().unwrap();
        let paths: Vec<PathBuf> = (0..files.len()).map(|at| directory.path().join(format!("values-{at}"))).collect();
        for (path, text) in paths.iter().zip(files) {
            fs::write(path, text).unwrap();
        }
        read(&paths)
    }

    fn pairs(given: &Substitutions) -> Vec<(&str, &str)> {
        given.values.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
    }

    #[test]
    fn files_of_lines_and_objects_have_values() {
        for text in [
            "# values\nA=1\n\nexport B=\"x y\"\n",
            "A = 1\nB='x y'",
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {A: '1', B: \"x\\n y\\n\"}\n",
            "kind: ConfigMap\ndata: {A: '0'}\n---\nkind: Kustomization\nspec: {postBuild: {substitute: {A: '1', B: x y}}}\n",
        ] {
            assert_eq!(pairs(&given(&[text]).expect(text)), [("A", "1"), ("B", "x y")], "{text}");
        }
    }

    #[test]
    fn a_kustomization_takes_values_from_what_it_names() {
        let kustomization = "kind: Kustomization\nmetadata: {name: k, namespace: flux}\nspec: {postBuild: {substitute: {A: own}, \
             substituteFrom: [{kind: ConfigMap, name: m}]}}\n";
        let map = "kind: ConfigMap\nmetadata: {name: m, namespace: flux}\ndata: {A: other, B: map}\n";
        for files in [[map, kustomization], [kustomization, map.replace("A: other, ", "").leak()]] {
            let all = given(&files).unwrap();
            assert_eq!((pairs(&all), all.unseen.len()), (vec![("A", "own"), ("B", "map")], 0));
        }
        let all = given(&["B=known\n", kustomization]).unwrap();
        assert_eq!((pairs(&all), all.unseen.concat()), (vec![("A", "own")], "ConfigMap `flux/m`".to_owned()));
        let all = given(&[&kustomization.replace("ConfigMap", "Secret"), map, "C=1\n"]).unwrap();
        assert_eq!(all.unseen, ["Secret `flux/m`"]);
        assert_eq!(pairs(&all), [("A", "other"), ("B", "map"), ("C", "1")]);
    }

    #[test]
    fn what_holds_no_values_is_refused() {
        for text in [
            "a line",
            "kind: Secret\nstringData: {A: b}\n",
            "kind: Service\n",
            "kind: ConfigMap\ndata: {a-b: x}\n",
            "kind: Kustomization\nspec: {postBuild: {substitute: {A: 1}}}\n",
            "1A=x\n",
        ] {
            assert!(given(&[text]).is_err(), "{text}");
        }
    }

    #[test]
    fn objects_that_ask_for_it_are_left_as_they_are() {
        let given = given(&["A=x\n"]).unwrap();
        let text = "a: ${A}\n---\nmetadata: {labels: {kustomize.toolkit.fluxcd.io/substitute: disabled}}\na: ${A} $$\n---\na: ${A}\n";
        let expected = text.replacen("a: ${A}\n", "a: x\n", 1).replace("---\na: ${A}\n", "---\na: x\n");
        assert_eq!(substituted(text, &given), expected);
        let list = "items:\n- metadata: {labels: {kustomize.toolkit.fluxcd.io/substitute: disabled}}\n- a: ${A}\n";
        assert_eq!(substituted(list, &given), list);
    }
}

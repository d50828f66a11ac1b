//! `docs/gloo-fields.md`: every field of the kinds of Gloo Gateway with a case that declares it, or with the code that
//! refuses it, made from the schema and from what is said of the cases, and held to them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use gwctl::compile::compile;
use gwctl::diagnostics::{Diagnostics, FieldPath, Segment, Severity};
use gwctl::parser::schema::{Schema, Shape, Type, other_schemas};
use libtest_mimic::{Failed, Trial};
use serde_yaml::Value;

use crate::case::discover;
use crate::harness::Harness;
use crate::metamorphic::Input;

/// The document that is made.
const PAGE: &str = "docs/gloo-fields.md";

/// What stands above the tables.
const HEAD: &str = "# Fields of Gloo Gateway's kinds

Every field of the five kinds, made from the schema and the cases below `testdata`:
`GWCTL_UPDATE=1 cargo test --test suite -- option_fields` makes this page, and a test holds it to them. A field is *served* where a
case declares it and no error is at it; what it means, and what has no effect offline, [features.md](features.md) says. It is
*refused* where gwctl does not translate it: all of an option where the option is, which the field then has nothing to say about. A
field may be served and refused: some values of it are. Several options are read by the same rows of the schema: a case may declare
the field in another one of them. Of `[]` each item, of `{}` each value is meant.
";

/// The groups whose kinds are on the page.
const GROUPS: &[&str] = &["gateway.solo.io", "gloo.solo.io"];
/// What a controller writes.
const WRITTEN: &str = "namespacedStatuses";
/// The codes of what is not translated: an option, a part of an Upstream.
const REFUSED: &[&str] = &["GW7030", "GW7036"];

/// The code of what is not translated and may be missing: it is not served, and refused nowhere.
const LEFT_OUT: &str = "GW7031";

/// Fields that no case declares, by the kind.
type Undeclared = BTreeMap<&'static str, BTreeSet<String>>;

/// The tests of this file.
pub(crate) fn trials(harness: &Harness, root: &Path) -> Vec<Trial> {
    let (harness, path) = (harness.clone(), root.join(PAGE));
    vec![Trial::test("option_fields::every_field_has_a_case_or_a_code", move || {
        let text = page(&said(&harness));
        if std::env::var_os("INSTA_UPDATE").is_some() {
            return fs::write(&path, text).map_err(|error| format!("{PAGE}: {error}").into());
        }
        match fs::read_to_string(&path) {
            Ok(now) if now == text => Ok(()),
            _ => Err(Failed::from(format!("{PAGE} is stale; GWCTL_UPDATE=1 makes it anew"))),
        }
    })]
}

impl OfField {
    /// What a case says, with the code of the error that is at the field.
    fn add(&mut self, fault: Option<&'static str>, case: &str) {
        match fault {
            Some(code) if REFUSED.contains(&code) => {
                self.refused.get_or_insert((code, case.to_owned()));
            }
            // Something is wrong with the value.
            Some(_) => {}
            None => {
                self.served.get_or_insert(case.to_owned());
            }
        }
    }

    fn is_known(&self) -> bool {
        self.served.is_some() || self.refused.is_some()
    }
}

fn schemas() -> impl Iterator<Item = &'static Schema> {
    other_schemas().filter(|schema| GROUPS.contains(&schema.kind.group()))
}

/// What cases say of a field.
#[derive(Debug, Default)]
struct OfField {
    served: Option<String>,
    refused: Option<(&'static str, String)>,
}

/// What cases say of fields.
#[derive(Debug, Default)]
struct OfFields {
    /// By kind and path.
    by_path: BTreeMap<(String, String), OfField>,
    /// By the rows that hold a field, which several options share, and its name.
    by_row: BTreeMap<Row, OfField>,
}

/// A row: the rows that it is among, by where they are, and its name.
type Row = (usize, &'static str);

fn row_of(shape: &'static Shape, name: &'static str) -> Row {
    (std::ptr::from_ref(shape).addr(), name)
}

fn said(harness: &Harness) -> OfFields {
    let mut all = OfFields::default();
    for case in discover(&harness.testdata()).into_iter().filter_map(|(_, found)| found.ok()) {
        let Some(input) = Input::of(&case) else { continue };
        let Some(documents) = input.documents() else { continue };
        let is_one = |document: &Value| {
            let version = document["apiVersion"].as_str().unwrap_or_default();
            GROUPS.iter().any(|group| version.starts_with(group))
        };
        if !documents.iter().any(|(_, document)| is_one(document)) {
            continue;
        }
        let compiled = compile(input.set(), &input.options, Diagnostics::new());
        for (_, document) in documents.iter().filter(|(_, document)| is_one(document)) {
            let kind = document["kind"].as_str().unwrap_or_default();
            let name = document["metadata"]["name"].as_str().unwrap_or_default();
            let of_object = compiled.findings.iter().filter(|finding| {
                finding.object.as_ref().is_some_and(|object| object.kind == kind && object.name == *name)
            });
            let faults: Vec<(&'static str, String)> = of_object
                .filter(|finding| finding.code.severity() == Severity::Error || finding.code.id() == LEFT_OUT)
                .filter_map(|finding| Some((finding.code.id(), shown(finding.path.as_ref()?))))
                .collect();
            let mut declared = Declared::new();
            let schema = schemas().find(|schema| schema.kind.name() == kind);
            if let Some(schema) = schema {
                add_declared(&document["spec"], (&Type::Object(schema.spec), None), "spec", &mut declared);
            }
            for (path, row) in declared {
                let at = |fault: &&(&'static str, String)| is_within(&path, &fault.1) || is_within(&fault.1, &path);
                let fault = faults.iter().find(at);
                let fields = [
                    Some(all.by_path.entry((kind.to_owned(), path.clone())).or_default()),
                    row.map(|row| all.by_row.entry(row).or_default()),
                ];
                for field in fields.into_iter().flatten() {
                    field.add(fault.map(|(code, _)| *code), &case.name);
                }
            }
        }
    }
    all
}

/// A path without positions: `spec.options.upgrades[].connect`.
fn shown(path: &FieldPath) -> String {
    let mut text = String::new();
    for segment in &path.0 {
        match segment {
            Segment::Field(name) if text.is_empty() => text.push_str(name),
            Segment::Field(name) => {
                let _ = write!(text, ".{name}");
            }
            Segment::Index(_) => text.push_str("[]"),
        }
    }
    text
}

/// Whether a path is the other one, or below it. A place names the key of a map, where a row says `{}`.
fn is_within(path: &str, other: &str) -> bool {
    let segments = |text: &str| -> Vec<String> {
        text.replace("{}", ".{}").replace("[]", ".[]").split('.').map(str::to_owned).collect()
    };
    let (path, other) = (segments(path), segments(other));
    other.len() <= path.len()
        && path.iter().zip(&other).all(|(one, other)| one == other || one == "{}" || other == "{}")
}

/// The paths of everything that a value declares, of lists and maps too; what no row knows is left out.
fn add_declared(value: &Value, (ty, row): (&Type, Option<Row>), path: &str, all: &mut Declared) {
    match (value, ty) {
        (Value::Mapping(_), Type::Object(shape)) => {
            for field in shape.fields {
                if let Some(value) = value.get(field.name) {
                    let row = Some(row_of(shape, field.name));
                    add_declared(value, (&field.ty, row), &format!("{path}.{}", field.name), all);
                }
            }
        }
        (Value::Mapping(values), Type::Map(map)) => {
            values.values().for_each(|value| add_declared(value, (&map.values, None), &format!("{path}{{}}"), all));
        }
        (Value::Sequence(items), Type::List(list)) => {
            items.iter().for_each(|item| add_declared(item, (&list.items, None), &format!("{path}[]"), all));
        }
        _ => {}
    }
    all.push((path.to_owned(), row));
}

/// Paths with the row of each that is a field.
type Declared = Vec<(String, Option<Row>)>;

fn page(said: &OfFields) -> String {
    let mut text = HEAD.to_owned();
    let mut undeclared = Undeclared::new();
    for schema in schemas() {
        let kind = schema.kind.name();
        let _ = writeln!(text, "\n## {kind}\n\n| field | served | refused |\n|---|---|---|");
        let mut fields = Vec::new();
        add_shape(schema.spec, "spec", &mut fields);
        fields.retain(|(path, _)| !path.contains(WRITTEN));
        for (path, row) in fields {
            match cells(kind, (&path, row), said) {
                Cells::Of(cells) => {
                    let _ = writeln!(text, "| `{}` | {} |", path.trim_start_matches("spec."), cells);
                }
                Cells::Within => {}
                Cells::None => drop(undeclared.entry(kind).or_default().insert(path)),
            }
        }
    }
    let _ = writeln!(text, "\n## Fields that no case declares\n\nWhat they would be is told by no case here.\n");
    for (kind, paths) in &undeclared {
        let paths: Vec<_> = paths.iter().map(|path| format!("`{}`", path.trim_start_matches("spec."))).collect();
        let _ = writeln!(text, "- {kind}: {}", paths.join(", "));
    }
    text
}

/// What is said of a field in its row.
enum Cells {
    /// The cells behind its name.
    Of(String),
    /// It is below one that is refused as a whole, which has a row.
    Within,
    /// No case declares it.
    None,
}

fn cells(kind: &str, (path, row): (&str, Row), said: &OfFields) -> Cells {
    let of = |path: &str| said.by_path.get(&(kind.to_owned(), path.to_owned())).filter(|field| field.is_known());
    // What is refused and never served is refused as a whole.
    let is_refused = |field: &OfField| field.served.is_none() && field.refused.is_some();
    let above = path.char_indices().filter(|(_, c)| ['.', '[', '{'].contains(c)).map(|(at, _)| &path[..at]);
    if above.filter_map(of).any(is_refused) {
        return Cells::Within;
    }
    let shared = || said.by_row.get(&row).filter(|field| field.is_known());
    let Some(field) = of(path).or_else(shared) else { return Cells::None };
    let case = |name: &str| format!("[{name}](../testdata/{name})");
    let served = field.served.as_deref().map(case).unwrap_or_default();
    let refused = field.refused.as_ref();
    let refused = refused.map(|(code, name)| format!("[{code}](diagnostics/{code}.md): {}", case(name)));
    Cells::Of(format!("{served} | {}", refused.unwrap_or_default()))
}

fn add_shape(shape: &'static Shape, prefix: &str, paths: &mut Vec<(String, Row)>) {
    for field in shape.fields {
        let path = format!("{prefix}.{}", field.name);
        paths.push((path.clone(), row_of(shape, field.name)));
        add_below(&field.ty, &path, paths);
    }
}

/// The fields of the objects that a value is made of.
fn add_below(ty: &'static Type, path: &str, paths: &mut Vec<(String, Row)>) {
    match ty {
        Type::Object(shape) => add_shape(shape, path, paths),
        Type::List(list) => add_below(&list.items, &format!("{path}[]"), paths),
        Type::Map(map) => add_below(&map.values, &format!("{path}{{}}"), paths),
        Type::Text(_)
        | Type::Integer(_)
        | Type::Boolean
        | Type::Number
        | Type::IntOrText
        | Type::Quantity
        | Type::Any => {}
    }
}

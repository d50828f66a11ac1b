//! `docs/features.md`: every feature name of Gateway API and every field of its
//! kinds has a row that says how it is supported, with a case that shows it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use gwctl::parser::schema::{Shape, Type, schemas};
use libtest_mimic::{Failed, Trial};

use crate::case::discover;
use crate::harness::Harness;

/// The names of all features of v1.6 and of the main branch, as conformance profiles list them.
const FEATURES: &[&str] = &[
    "BackendTLSPolicy",
    "BackendTLSPolicySANValidation",
    "GRPCRoute",
    "GRPCRouteNamedRouteRule",
    "GRPCRouteRequestHeaderModifier",
    "Gateway",
    "GatewayAddressEmpty",
    "GatewayBackendClientCertificate",
    "GatewayFrontendClientCertificateValidation",
    "GatewayFrontendClientCertificateValidationInsecureFallback",
    "GatewayHTTPListenerIsolation",
    "GatewayHTTPSListenerDetectMisdirectedRequests",
    "GatewayInfrastructurePropagation",
    "GatewayPort8080",
    "GatewayStaticAddresses",
    "HTTPRoute",
    "HTTPRoute303RedirectStatusCode",
    "HTTPRoute307RedirectStatusCode",
    "HTTPRoute308RedirectStatusCode",
    "HTTPRouteBackendProtocolH2C",
    "HTTPRouteBackendProtocolWebSocket",
    "HTTPRouteBackendRequestHeaderModification",
    "HTTPRouteBackendRequestRedirect",
    "HTTPRouteBackendTimeout",
    "HTTPRouteBackendURLRewrite",
    "HTTPRouteCORS",
    "HTTPRouteDestinationPortMatching",
    "HTTPRouteExternalAuth",
    "HTTPRouteExternalAuthForwardBody",
    "HTTPRouteExternalAuthGRPC",
    "HTTPRouteExternalAuthHTTP",
    "HTTPRouteHostRewrite",
    "HTTPRouteMethodMatching",
    "HTTPRouteNamedRouteRule",
    "HTTPRouteParentRefPort",
    "HTTPRoutePathRedirect",
    "HTTPRoutePathRewrite",
    "HTTPRoutePortRedirect",
    "HTTPRouteQueryParamMatching",
    "HTTPRouteRequestMirror",
    "HTTPRouteRequestMultipleMirrors",
    "HTTPRouteRequestPercentageMirror",
    "HTTPRouteRequestTimeout",
    "HTTPRouteResponseHeaderModification",
    "HTTPRouteRetry",
    "HTTPRouteRetryBackendTimeout",
    "HTTPRouteRetryConnectionError",
    "HTTPRouteSchemeRedirect",
    "ListenerSet",
    "Mesh",
    "MeshClusterIPMatching",
    "MeshConsumerRoute",
    "MeshHTTPRouteBackendRequestHeaderModification",
    "MeshHTTPRouteNamedRouteRule",
    "MeshHTTPRouteQueryParamMatching",
    "MeshHTTPRouteRedirectPath",
    "MeshHTTPRouteRedirectPort",
    "MeshHTTPRouteRewritePath",
    "MeshHTTPRouteSchemeRedirect",
    "ReferenceGrant",
    "TCPRoute",
    "TLSRoute",
    "TLSRouteModeMixed",
    "TLSRouteModeTerminate",
    "UDPRoute",
];

/// The heading of the table of fields that several kinds have.
const SHARED: &str = "Fields of several kinds";

/// The tests of this file.
pub(crate) fn trials(harness: &Harness, root: &Path) -> Vec<Trial> {
    let (harness, root) = (harness.clone(), root.to_owned());
    vec![
        Trial::test("features::every_feature_and_field_has_a_row_with_a_case", move || {
            let text = fs::read_to_string(root.join("docs/features.md"))?;
            let cases = discover(&harness.testdata()).into_iter().map(|(name, _)| name).collect();
            match check(&text, &cases).as_slice() {
                [] => Ok(()),
                wrong => Err(Failed::from(wrong.join("\n"))),
            }
        }),
        Trial::test("features::rows_that_are_missing_or_empty_are_seen", gaps_are_seen),
    ]
}

fn check(text: &str, cases: &BTreeSet<String>) -> Vec<String> {
    let tables = tables(text);
    let mut wrong: Vec<String> = tables
        .iter()
        .flat_map(|(heading, rows)| rows.iter().filter_map(|row| check_row(heading, row, cases)))
        .collect();
    let names: Vec<&str> = tables.values().flatten().filter_map(|row| row.first().copied()).collect();
    let missing = FEATURES.iter().filter(|feature| !names.contains(feature));
    wrong.extend(missing.map(|feature| format!("the feature {feature} has no row")));
    let none = BTreeSet::new();
    let fields: BTreeMap<&str, BTreeSet<String>> = tables
        .iter()
        .map(|(heading, rows)| {
            (*heading, rows.iter().filter_map(|row| row.first()).flat_map(|cell| named(cell)).collect())
        })
        .collect();
    let shared = fields.get(SHARED).unwrap_or(&none);
    let mut used: BTreeSet<(&str, &str)> = BTreeSet::new();
    for (kind, paths) in leaves() {
        let own = fields.get(kind).unwrap_or(&none);
        for path in paths {
            let of_kind = find_row(own, &path).map(|field| (kind, field));
            let of_all = || find_row(shared, &path).map(|field| (SHARED, field));
            match of_kind.or_else(of_all) {
                Some(row) => {
                    used.insert(row);
                }
                None => wrong.push(format!("{kind}: the field `{path}` has no row")),
            }
        }
    }
    let kinds = leaves();
    for (heading, fields) in fields.iter().filter(|(heading, _)| **heading == SHARED || kinds.contains_key(**heading)) {
        let stray = fields.iter().filter(|field| !used.contains(&(*heading, field.as_str())));
        wrong.extend(stray.map(|field| format!("{heading}: there is no field `{field}`")));
    }
    wrong
}

/// The longest of `fields` that a path ends with.
fn find_row<'f>(fields: &'f BTreeSet<String>, path: &str) -> Option<&'f str> {
    fields.iter().filter(|field| ends_with(path, field)).max_by_key(|field| field.len()).map(String::as_str)
}

/// What is wrong with a row.
fn check_row(heading: &str, row: &[&str], cases: &BTreeSet<String>) -> Option<String> {
    let (Some(first), Some(last)) = (row.first(), row.last()) else { return None };
    let shown: Vec<_> = last.split('`').skip(1).step_by(2).collect();
    let unknown = shown.iter().find(|path| !path.strip_prefix("testdata/").is_some_and(|name| cases.contains(name)));
    if row.iter().any(|cell| cell.is_empty()) {
        Some(format!("{heading}: the row of {first} has an empty cell"))
    } else if shown.is_empty() {
        Some(format!("{heading}: no case shows {first}"))
    } else {
        unknown.map(|path| format!("{heading}: {first}: there is no case `{path}`"))
    }
}

/// The rows of every table by the heading above it, without those of the columns' names.
fn tables(text: &str) -> BTreeMap<&str, Vec<Vec<&str>>> {
    let mut tables: BTreeMap<&str, Vec<Vec<&str>>> = BTreeMap::new();
    let mut heading = "";
    let lines: Vec<&str> = text.lines().collect();
    for (position, line) in lines.iter().enumerate() {
        if line.starts_with('#') {
            heading = line.trim_start_matches('#').trim();
        }
        let is_header = lines.get(position + 1).is_some_and(|next| next.starts_with("|--"));
        let Some(inner) = line.strip_prefix('|').and_then(|line| line.strip_suffix('|')) else { continue };
        if !is_header && !line.starts_with("|--") {
            tables.entry(heading).or_default().push(inner.split(" | ").map(str::trim).collect());
        }
    }
    tables
}

/// The fields that a cell names in backticks; `a.{b,c}` is `a.b` and `a.c`.
fn named(cell: &str) -> Vec<String> {
    cell.split('`').skip(1).step_by(2).flat_map(expand).collect()
}

fn expand(path: &str) -> Vec<String> {
    match path.split_once('{').and_then(|(before, rest)| Some((before, rest.split_once('}')?))) {
        Some((before, (choices, after))) => {
            choices.split(',').flat_map(|choice| expand(&format!("{before}{}{after}", choice.trim()))).collect()
        }
        None => vec![path.to_owned()],
    }
}

/// Whether the last fields of a path are those of `end`.
fn ends_with(path: &str, end: &str) -> bool {
    path.strip_suffix(end).is_some_and(|before| before.is_empty() || before.ends_with('.'))
}

/// The fields of each kind that hold values, in all channels and versions: `rules[].retry.codes`.
fn leaves() -> BTreeMap<&'static str, BTreeSet<String>> {
    let mut kinds: BTreeMap<&'static str, BTreeSet<String>> = BTreeMap::new();
    for schema in schemas() {
        add_shape(schema.spec, "", kinds.entry(schema.kind.name()).or_default());
    }
    kinds
}

fn add_shape(shape: &Shape, prefix: &str, paths: &mut BTreeSet<String>) {
    for field in shape.fields {
        add_type(&field.ty, format!("{prefix}{}", field.name), paths);
    }
}

fn add_type(ty: &Type, path: String, paths: &mut BTreeSet<String>) {
    match ty {
        Type::Object(shape) => add_shape(shape, &format!("{path}."), paths),
        Type::List(list) => match &list.items {
            Type::Object(shape) => add_shape(shape, &format!("{path}[]."), paths),
            _ => {
                paths.insert(path);
            }
        },
        Type::Text(_)
        | Type::Integer(_)
        | Type::Boolean
        | Type::Number
        | Type::IntOrText
        | Type::Quantity
        | Type::Any
        | Type::Map(_) => {
            paths.insert(path);
        }
    }
}

fn gaps_are_seen() -> Result<(), Failed> {
    let cases = BTreeSet::from(["a/b".to_owned()]);
    let text = "## X\n| feature | support | shown by |\n|---|---|---|\n| F | yes | `testdata/a/b` |\n| G |  | `testdata/a/b` |\n| H | yes | `testdata/c` |\n| I | yes | none |\n";
    let found = tables(text).iter().flat_map(|(h, rows)| rows.iter().filter_map(|r| check_row(h, r, &cases))).count();
    let paths = named("`a[].{b,c.d}` and `e`");
    let suffixes = (ends_with("rules[].filters[].cors.maxAge", "filters[].cors.maxAge"), ends_with("ab", "b"));
    if found == 3 && paths == ["a[].b", "a[].c.d", "e"] && suffixes == (true, false) {
        Ok(())
    } else {
        Err(format!("{found} {paths:?} {suffixes:?}").into())
    }
}

//! Documents that are not Kubernetes objects and are not meant to be: what
//! they are, and what the user can do about them.

use std::path::Path;

use crate::diagnostics::{Finding, Location, Segment, Series};

use super::kind::Kind;
use super::node::Node;
use super::source::{Found, Source, SourceSet};

/// What a document without `kind` or of a tool's own kind is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Foreign {
    /// gwctl's own settings or request cases: nothing to say.
    Own,
    /// Settings in a file that is not called `gwctl.yaml`.
    Settings,
    /// A Kustomization.
    Kustomization,
    /// A patch, or whatever else a Kustomization reads as no object.
    Patch,
    /// A part of a Helm chart.
    Helm,
    /// A file of whatever else is in a repository.
    Other,
}

impl Foreign {
    /// What the document is, and what to do; nothing for our own files.
    pub(super) fn words(self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::Own => None,
            Self::Settings => Some((
                "settings in a file of this name are skipped",
                "settings are read from `gwctl.yaml` beside the manifests",
            )),
            Self::Kustomization => {
                Some(("a Kustomization is skipped", "pipe in what it builds: `kustomize build DIR | gwctl … -`"))
            }
            Self::Patch => Some((
                "a part of a Kustomization is skipped",
                "pipe in what the Kustomization builds: `kustomize build DIR | gwctl … -`",
            )),
            Self::Helm => Some((
                "a part of a Helm chart is skipped",
                "pipe in what it renders: `helm template CHART | gwctl … -`",
            )),
            Self::Other => Some((
                "a file that is no Kubernetes manifest is skipped",
                "nothing, when that is meant; a manifest has `apiVersion`, `kind` and `metadata`",
            )),
        }
    }
}

/// What a document is, from its content and, where that says nothing, the name of its file.
pub(super) fn recognise(root: &Node, file: &str) -> Option<Foreign> {
    let name = file_name(file);
    let text = |key: &str| root.get(key).and_then(Node::as_str).unwrap_or_default();
    let is_kustomize = text("apiVersion").starts_with("kustomize.config.k8s.io/");
    if is_kustomize && matches!(text("kind"), "Kustomization" | "Component") {
        return Some(Foreign::Kustomization);
    }
    if root.get("kind").is_some() {
        return None;
    }
    if is_chart(root) || name == "Chart.yaml" {
        return Some(Foreign::Helm);
    }
    if root.get("apiVersion").is_some() {
        return None;
    }
    match name {
        name if KUSTOMIZATIONS.contains(&name) => Some(Foreign::Kustomization),
        "values.yaml" | "values.yml" => Some(Foreign::Helm),
        "gwctl.yaml" | "gwctl.yml" => Some(Foreign::Own),
        _ if root.get("requests").and_then(Node::as_list).is_some() => Some(Foreign::Own),
        _ if is_baseline(root) => Some(Foreign::Own),
        _ if is_settings(root) => Some(Foreign::Settings),
        _ => None,
    }
}

/// Whether a file of a directory may be meant as a manifest, whatever is wrong with it.
pub(super) fn may_be_manifest(text: &str) -> bool {
    text.contains("apiVersion") || text.lines().any(|line| line.strip_prefix("kind:").is_some_and(is_known_kind))
}

/// Whether an object has the namespace `_`, or is it: a Kustomization replaces it, and none may be called so.
pub(super) fn has_placeholder(root: &Node) -> bool {
    let metadata = |key: &str| root.get("metadata").and_then(|data| data.get(key)).and_then(Node::as_str);
    let is_namespace = root.get("kind").and_then(Node::as_str) == Some("Namespace");
    metadata("namespace") == Some("_") || (is_namespace && metadata("name") == Some("_"))
}

/// Whether a document has one of `apiVersion` and `kind`, and neither the other nor anything else of an object.
pub(super) fn is_of_other_tool(root: &Node) -> bool {
    let text = |key: &str| root.get(key).and_then(Node::as_str).unwrap_or_default();
    let is_given = |key: &str| root.get(key).is_some_and(|value| *value != Node::Null && value.as_str() != Some(""));
    let keys = ["apiVersion", "kind"];
    keys.into_iter().any(is_given) && keys.into_iter().any(|key| text(key).is_empty()) && !is_meant_as_object(root)
}

/// Whether a document that lacks one of `apiVersion` and `kind` is meant as an object all the same.
fn is_meant_as_object(root: &Node) -> bool {
    let text = |key: &str| root.get(key).and_then(Node::as_str).unwrap_or_default();
    let group = text("apiVersion").split_once('/').map_or("", |(group, _)| group);
    let is_known_group = !group.is_empty() && Kind::ALL.iter().any(|kind| kind.group() == group);
    is_known_group || is_known_kind(text("kind")) || root.get("metadata").is_some_and(|data| data.as_map().is_some())
}

fn is_known_kind(word: &str) -> bool {
    let word = word.trim();
    Kind::ALL.iter().any(|kind| kind.name() == word || word.strip_suffix("List") == Some(kind.name()))
}

/// Whether a file is where charts keep their templates.
pub(super) fn is_among_templates(name: &str) -> bool {
    Path::new(name).parent().is_some_and(|folder| folder.iter().any(|part| part == "templates"))
}

/// Whether the text of a file that is not YAML is a template.
pub(super) fn is_template(text: &str) -> bool {
    text.contains("{{")
}

/// Whether a text that is no YAML from the byte `error` on is a template: a placeholder before it stands where YAML sees it,
/// and not in a comment or between quotes.
pub(super) fn is_broken_template(text: &str, error: usize) -> bool {
    let end = text.get(error..).and_then(|rest| rest.find('\n')).map_or(text.len(), |at| error + at);
    text.get(..end).unwrap_or_default().lines().any(has_bare_placeholder)
}

fn has_bare_placeholder(line: &str) -> bool {
    let is_bare = |before: &str| {
        let is_even = |quote: char| before.matches(quote).count().is_multiple_of(2);
        let is_comment = before.trim_start().starts_with('#') || before.contains(" #");
        is_even('"') && is_even('\'') && !is_comment
    };
    line.match_indices("{{").any(|(at, _)| line.get(..at).is_some_and(is_bare))
}

/// Whether what a finding is about, a value or its key, begins with a placeholder: the document is a template that is
/// YAML nevertheless, because its placeholders are quoted.
pub(super) fn is_about_placeholder(root: &Node, finding: &Finding) -> bool {
    let Location::Field { path, .. } = &finding.location else { return false };
    let is_placeholder = |text: &str| text.starts_with("{{");
    let is_key = matches!(path.0.last(), Some(Segment::Field(key)) if is_placeholder(key));
    let value = || root.at(&path.0).and_then(Node::as_str);
    finding.code.series() == Series::Schema && (is_key || value().is_some_and(is_placeholder))
}

fn is_chart(root: &Node) -> bool {
    matches!(root.get("apiVersion").and_then(Node::as_str), Some("v1" | "v2"))
        && root.get("name").is_some()
        && root.get("version").is_some()
}

/// What kustomize takes for a Kustomization
/// ([RecognizedKustomizationFileNames](https://pkg.go.dev/sigs.k8s.io/kustomize/api/konfig)).
pub(crate) const KUSTOMIZATIONS: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];
/// The long flags that a settings file may hold.
pub(crate) const SETTINGS: &[&str] = &[
    "access-log",
    "access-log-format",
    "admin-address",
    "allow-external-name",
    "allow-unsupported",
    "assume",
    "assume-services",
    "ca",
    "certificate",
    "channel",
    "cluster-domain",
    "context",
    "controller-name",
    "deny",
    "envoy-version",
    "exclude",
    "gateway",
    "gateway-class",
    "ignore",
    "listener-address",
    "local",
    "mesh-addresses",
    "mesh-capture",
    "mesh-for",
    "mesh-services",
    "mesh-unknown",
    "namespace",
    "naming",
    "no-admin",
    "no-gitignore",
    "partial",
    "port-map",
    "proxy-protocol",
    "resolve",
    "secrets-dir",
    "select",
    "system-ca",
    "tracing",
    "trusted-hops",
];

/// The key under which the settings about clients of Services may stand together, each without this word.
pub(crate) const MESH: &str = "mesh";

/// Whether a document is what `validate --write-baseline` writes.
fn is_baseline(root: &Node) -> bool {
    let findings = root.get("findings").and_then(Node::as_list);
    let is_finding = |one: &Node| ["code", "message", "count"].iter().all(|key| one.get(key).is_some());
    matches!(root.get("version"), Some(Node::Int(_)))
        && root.as_map().is_some_and(|entries| entries.len() == 2)
        && findings.is_some_and(|findings| findings.iter().all(is_finding))
}

fn is_settings(root: &Node) -> bool {
    root.as_map().is_some_and(|entries| {
        let is_setting = |key: &str| SETTINGS.contains(&kebab(key).as_str()) || key == MESH;
        !entries.is_empty() && entries.iter().all(|(key, _)| is_setting(key))
    })
}

/// `listenerAddress` and `listener_address` as `listener-address`.
pub(crate) fn kebab(key: &str) -> String {
    let mut kebab = String::with_capacity(key.len() + 2);
    for character in key.chars() {
        match character {
            '_' => kebab.push('-'),
            'A'..='Z' => kebab.extend(['-', character.to_ascii_lowercase()]),
            _ => kebab.push(character),
        }
    }
    kebab
}

/// A Helm chart among the files.
#[derive(Debug)]
pub(super) struct Chart {
    /// Its directory, with a slash at the end; empty for the working directory.
    directory: String,
}

impl Chart {
    /// The charts of the input, outermost ones only.
    pub(super) fn all(sources: &SourceSet) -> Vec<Self> {
        let charts = sources.sources.iter().filter(|source| {
            source.found == Found::InDirectory
                && file_name(&source.name) == "Chart.yaml"
                && !source.text.contains("\nkind:")
        });
        let mut directories: Vec<String> =
            charts.map(|source| source.name.strip_suffix("Chart.yaml").unwrap_or_default().to_owned()).collect();
        directories.sort();
        let mut outermost: Vec<Self> = Vec::new();
        for directory in directories {
            if !outermost.iter().any(|chart| directory.starts_with(&chart.directory)) {
                outermost.push(Self { directory });
            }
        }
        outermost
    }

    /// Whether the source is this chart's own `Chart.yaml`.
    pub(super) fn is_head(&self, source: &Source) -> bool {
        source.name.strip_prefix(&self.directory) == Some("Chart.yaml")
    }

    /// Whether a file that was found in a directory is a part of the chart.
    pub(super) fn holds(&self, source: &Source) -> bool {
        let Some(inside) = source.name.strip_prefix(&self.directory) else { return false };
        source.found == Found::InDirectory
            && (matches!(inside, "Chart.yaml" | "requirements.yaml")
                || ["templates/", "charts/", "ci/"].iter().any(|folder| inside.starts_with(folder))
                || (inside.starts_with("values") && !inside.contains('/')))
    }

    /// The directory as the user sees it.
    pub(super) fn name(&self) -> &str {
        match self.directory.trim_end_matches('/') {
            "" => ".",
            directory => directory,
        }
    }
}

fn file_name(name: &str) -> &str {
    Path::new(name).file_name().and_then(|name| name.to_str()).unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::{Foreign, is_broken_template, recognise};
    use crate::parser::decode::decode;
    use crate::parser::split::Syntax;

    #[test]
    fn a_broken_text_is_a_template_where_yaml_meets_a_placeholder() {
        let is_broken = |text: &str| {
            let error = decode(text, Syntax::Yaml).map(drop).unwrap_err();
            is_broken_template(text, error.range.start)
        };
        for text in ["a: {{ .Values.x }}\n", "{{- if x }}\na: 1\n{{- end }}\n", "a:\n{{ toYaml x | indent 2 }}\n"] {
            assert!(is_broken(text), "{text}");
        }
        for text in [
            "# {{ x }}\na: [b\n",
            "a: '{{ x }}'\nb: [c\n",
            "a: \"{{ x }}\"\nb: [c\n",
            "a: [b\n",
            "a: b # {{ x }}\nc: [\n",
        ] {
            assert!(!is_broken(text), "{text}");
        }
    }

    #[test]
    fn files_of_other_tools_are_recognised_by_content() {
        let cases = [
            ("requests: []\n", "cases.yaml", Some(Foreign::Own)),
            ("namespace: a\nlistenerAddress: 0.0.0.0\n", "x.yaml", Some(Foreign::Settings)),
            ("anything: 1\n", "dir/gwctl.yaml", Some(Foreign::Own)),
            ("{\"version\": 1, \"findings\": []}\n", "known.json", Some(Foreign::Own)),
            ("version: 1\nfindings: [{code: GW4002, message: a, count: 1}]\n", "known.yaml", Some(Foreign::Own)),
            ("version: 1\nfindings: [{code: GW4002}]\n", "known.yaml", None),
            ("resources: []\n", "kustomization.yaml", Some(Foreign::Kustomization)),
            ("resources: []\n", "x.yaml", None),
            (
                "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n",
                "x.yaml",
                Some(Foreign::Kustomization),
            ),
            ("apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\n", "x.yaml", None),
            ("apiVersion: v2\nname: a\nversion: 1.2.3\n", "Chart.yaml", Some(Foreign::Helm)),
            ("replicas: 1\n", "values.yaml", Some(Foreign::Helm)),
            ("apiVersion: v1\nkind: Service\n", "values.yaml", None),
            ("apiVersion: v1\n", "values.yaml", None),
            ("{}\n", "x.yaml", None),
        ];
        for (text, file, expected) in cases {
            let root = decode(text, Syntax::Yaml).expect(text).node;
            assert_eq!(recognise(&root, file), expected, "{text} {file}");
        }
    }
}

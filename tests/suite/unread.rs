//! What belongs to a side and is read by nobody: `gwctl diff` names it where it differs, and `validate` counts it. What
//! of the context is read by nobody: `gwctl route` and `gwctl test` do not answer past it.

use std::os::unix::fs::symlink;
use std::path::PathBuf;

use libtest_mimic::{Failed, Trial};
use serde_json::Value;

use crate::harness::Harness;
use crate::process::{self, Output};

const GATEWAY: &str = "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: edge}\nspec: {gatewayClassName: \
                       any, listeners: [{name: http, protocol: HTTP, port: 80}]}\n";
const ROUTE: &str = "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: r}\nspec: {parentRefs: [{name: \
                     edge}], rules: [{backendRefs: [{name: one, port: 80}]}]}\n";

/// A file of a side, with its content on the old side and on the new one; none is no file.
type File = (&'static str, Option<&'static str>, Option<&'static str>);

/// Files that differ, and how the command names the first of them; nothing where it is no difference.
const FILES: &[(&str, &[File], Option<&str>)] = &[
    (
        "settings_changed",
        &[("gwctl.yaml", Some("trusted-hops: 1\n"), Some("trusted-hops: 2\n"))],
        Some("the settings in `new/gwctl.yaml`"),
    ),
    (
        "settings_added",
        &[("gwctl.yaml", None, Some("resolve: ['default/one:80=10.6.6.6:80']\n"))],
        Some("the settings in `new/gwctl.yaml`"),
    ),
    ("settings_deleted", &[("gwctl.yaml", Some("trusted-hops: 1\n"), None)], Some("the settings in `old/gwctl.yaml`")),
    (
        "settings_in_other_words",
        &[("gwctl.yaml", Some("trusted-hops: 1\n"), Some("# the same\ntrustedHops: 1\n"))],
        None,
    ),
    ("settings_aside", &[("gwctl.yaml", None, Some("deny: warnings\n"))], None),
    (
        "kustomization_changed",
        &[("kustomization.yaml", Some("namePrefix: a-\n"), Some("namePrefix: b-\n"))],
        Some("a document of `new/kustomization.yaml`"),
    ),
    (
        "kustomization_added",
        &[("sub/kustomization.yaml", None, Some("namePrefix: b-\n"))],
        Some("a document of `new/sub/kustomization.yaml`"),
    ),
    (
        "kustomization_comment",
        &[("kustomization.yaml", Some("namePrefix: a-\n"), Some("# why\nnamePrefix: a-\n"))],
        None,
    ),
    (
        "kustomization_names_a_new_file",
        &[
            (
                "kustomization.yaml",
                Some("resources: [gateway.yaml, route.yaml]\n"),
                Some("resources: [gateway.yaml, ./more.yaml, route.yaml]\n"),
            ),
            ("more.yaml", None, Some("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n")),
        ],
        None,
    ),
    (
        "kustomization_lets_go_of_a_file",
        &[("kustomization.yaml", Some("resources: [gateway.yaml, route.yaml]\n"), Some("resources: [gateway.yaml]\n"))],
        Some("a document of `new/kustomization.yaml`"),
    ),
    (
        "chart_values",
        &[
            (
                "chart/Chart.yaml",
                Some("apiVersion: v2\nname: c\nversion: 1.0.0\n"),
                Some("apiVersion: v2\nname: c\nversion: 1.0.0\n"),
            ),
            ("chart/values.yaml", Some("backend: a\n"), Some("backend: b\n")),
        ],
        Some("a document of `new/chart/values.yaml`"),
    ),
    (
        "kustomization_without_extension",
        &[("Kustomization", Some("namespace: a\n"), Some("namespace: b\n"))],
        Some("a document of `new/Kustomization`"),
    ),
    (
        "patch_of_any_name",
        &[
            ("kustomization.yaml", Some("patches: [{path: p.txt}]\n"), Some("patches: [{path: p.txt}]\n")),
            ("p.txt", Some("a\n"), Some("b\n")),
        ],
        Some("what is read from `new/p.txt`"),
    ),
    (
        "hidden_file_of_a_generator",
        &[
            (
                "kustomization.yaml",
                Some("configMapGenerator: [{name: a, files: [ca=.ca]}]\n"),
                Some("configMapGenerator: [{name: a, files: [ca=.ca]}]\n"),
            ),
            (".ca", Some("a\n"), Some("b\n")),
        ],
        Some("what is read from `new/.ca`"),
    ),
    ("text_of_nobody", &[("p.txt", Some("a\n"), Some("b\n"))], None),
    (
        "chart_helpers",
        &[
            ("chart/Chart.yaml", Some(CHART), Some(CHART)),
            ("chart/templates/_h.tpl", Some("{{ define 1 }}"), Some("{{ define 2 }}")),
        ],
        Some("what is read from `new/chart/templates/_h.tpl`"),
    ),
    (
        "chart_moved",
        &[
            ("chart/Chart.yaml", Some(CHART), None),
            ("chart/templates/_h.tpl", Some("{{ define 1 }}"), None),
            ("helm/web/Chart.yaml", None, Some(CHART)),
            ("helm/web/templates/_h.tpl", None, Some("{{ define 1 }}")),
        ],
        None,
    ),
    (
        "chart_moved_and_changed",
        &[
            ("chart/Chart.yaml", Some(CHART), None),
            ("chart/templates/_h.tpl", Some("{{ define 1 }}"), None),
            ("helm/web/Chart.yaml", None, Some(CHART)),
            ("helm/web/templates/_h.tpl", None, Some("{{ define 2 }}")),
        ],
        Some("what is read from `new/helm/web/templates/_h.tpl`"),
    ),
    (
        "kustomization_moved",
        &[
            ("prod/kustomization.yaml", Some("namePrefix: a-\nresources: [c.yaml]\n"), None),
            ("prod/c.yaml", Some(CONFIG), None),
            ("eu/prod/kustomization.yaml", None, Some("namePrefix: a-\nresources: [c.yaml]\n")),
            ("eu/prod/c.yaml", None, Some(CONFIG)),
        ],
        None,
    ),
    (
        "kustomization_moved_without_its_files",
        &[
            ("prod/kustomization.yaml", Some("namePrefix: a-\nresources: [c.yaml]\n"), None),
            ("prod/c.yaml", Some(CONFIG), Some(CONFIG)),
            ("eu/kustomization.yaml", None, Some("namePrefix: a-\nresources: [c.yaml]\n")),
        ],
        Some("a document of `new/eu/kustomization.yaml`"),
    ),
    (
        "kustomization_that_leads_up_moved",
        &[
            ("prod/kustomization.yaml", Some("namePrefix: a-\nresources: [../base]\n"), None),
            ("eu/prod/kustomization.yaml", None, Some("namePrefix: a-\nresources: [../base]\n")),
        ],
        Some("a document of `new/eu/prod/kustomization.yaml`"),
    ),
    (
        "kustomization_moved_below_another",
        &[
            ("kustomization.yaml", Some("resources: [gateway.yaml]\n"), Some("resources: [gateway.yaml]\n")),
            ("a/kustomization.yaml", Some("namePrefix: a-\n"), None),
            ("b/kustomization.yaml", None, Some("namePrefix: a-\n")),
        ],
        Some("a document of `new/b/kustomization.yaml`"),
    ),
    (
        "documentation_of_a_chart",
        &[
            ("chart/Chart.yaml", Some(CHART), Some(CHART)),
            ("chart/README.md", Some("a"), Some("b")),
            ("chart/LICENSE", Some("a"), Some("b")),
        ],
        None,
    ),
    (
        "documentation_that_a_template_names",
        &[
            ("chart/Chart.yaml", Some(CHART), Some(CHART)),
            ("chart/templates/_h.tpl", Some("{{ .Files.Get \"README.md\" }}"), Some("{{ .Files.Get \"README.md\" }}")),
            ("chart/README.md", Some("a"), Some("b")),
        ],
        Some("what is read from `new/chart/README.md`"),
    ),
    ("template", &[("t.yaml", Some("a: {{ x }}\n"), Some("a: {{ y }}\n"))], Some("a document of `new/t.yaml`")),
    ("no_text", &[("n.yaml", Some("a: \0\n"), Some("b: \0\n"))], Some("the file `new/n.yaml`")),
    ("unknown_version", &[("v.yaml", Some(UNKNOWN), Some(UNKNOWN_TOO))], Some("HTTPRoute `default/v`")),
    ("no_version", &[("v.yaml", Some(NO_VERSION), Some(NO_VERSION_TOO))], Some("a document")),
    (
        "no_kind",
        &[("v.yaml", Some("apiVersion: v1\na: 1\n"), Some("apiVersion: v1\na: 2\n"))],
        Some("a document of `new/v.yaml`"),
    ),
    ("old_slice", &[("v.yaml", Some(SLICE), Some(SLICE_TOO))], Some("EndpointSlice `default/one-1`")),
    ("refused_service", &[("s.yaml", Some(REFUSED), Some(REFUSED_TOO))], Some("Service `default/one`")),
];
const CONFIG: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n";
const CHART: &str = "apiVersion: v2\nname: c\nversion: 1.0.0\n";
const UNKNOWN: &str =
    "apiVersion: gateway.networking.k8s.io/v9\nkind: HTTPRoute\nmetadata: {name: v}\nspec: {hostnames: [a.test]}\n";
const UNKNOWN_TOO: &str =
    "apiVersion: gateway.networking.k8s.io/v9\nkind: HTTPRoute\nmetadata: {name: v}\nspec: {hostnames: [b.test]}\n";
const NO_VERSION: &str = "kind: HTTPRoute\nmetadata: {name: v}\nspec: {hostnames: [a.test]}\n";
const NO_VERSION_TOO: &str = "kind: HTTPRoute\nmetadata: {name: v}\nspec: {hostnames: [b.test]}\n";
const SLICE: &str = "apiVersion: discovery.k8s.io/v1beta1\nkind: EndpointSlice\nmetadata: {name: one-1, labels: \
                     {kubernetes.io/service-name: one}}\nendpoints: [{addresses: [10.0.0.1]}]\n";
const SLICE_TOO: &str = "apiVersion: discovery.k8s.io/v1beta1\nkind: EndpointSlice\nmetadata: {name: one-1, labels: \
                         {kubernetes.io/service-name: one}}\nendpoints: [{addresses: [10.0.0.2]}]\n";
const REFUSED: &str =
    "apiVersion: v1\nkind: Service\nmetadata: {name: one}\nspec: {selector: {a: b}, ports: [{port: 80}, {port: 81}]}\n";
const REFUSED_TOO: &str =
    "apiVersion: v1\nkind: Service\nmetadata: {name: one}\nspec: {selector: {a: c}, ports: [{port: 80}, {port: 81}]}\n";

/// Documents of the context, and how `route` and `test` end that ask for `http://a.test/`.
const CONTEXTS: &[(&str, &str, i32)] = &[
    ("readable", "", 0),
    ("rule", "{parentRefs: [{name: edge}], rules: [{filters: [{type: Foo}]}]}", 2),
    ("rule_of_another_host", "{parentRefs: [{name: edge}], hostnames: [b.test], rules: [{filters: [{type: Foo}]}]}", 0),
    ("rule_of_the_host", "{parentRefs: [{name: edge}], hostnames: ['*.test'], rules: [{filters: [{type: Foo}]}]}", 2),
    ("rule_of_another_gateway", "{parentRefs: [{name: other, port: 81}], rules: [{filters: [{type: Foo}]}]}", 0),
    ("hostname", "{parentRefs: [{name: edge}], hostnames: [b.test, 5]}", 2),
    ("parent", "{parentRefs: [{name: other, port: 81}, {name: 5}]}", 2),
    ("parent_of_another_host", "{parentRefs: [{name: 5}], hostnames: [b.test]}", 0),
    ("parents", "{parentRefs: 5}", 2),
    ("no_version", "kind: HTTPRoute", 2),
    ("syntax", "a: [", 2),
    ("unknown_kind", "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRout\nmetadata: {name: x}\n", 2),
    ("unknown_version", "apiVersion: gateway.networking.k8s.io/v9\nkind: HTTPRoute\nmetadata: {name: x}\n", 2),
    ("old_core_kind", "apiVersion: v2\nkind: Service\nmetadata: {name: x}\n", 0),
    ("another_gateway", "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: x}\nspec: 5\n", 0),
];

/// The tests of this file.
pub(crate) fn trials(harness: &Harness) -> Vec<Trial> {
    let mut trials: Vec<Trial> = FILES
        .iter()
        .map(|(name, files, named)| {
            let harness = harness.clone();
            Trial::test(format!("unread::{name}"), move || compared(&Stage::new(&harness, name)?, files, *named))
        })
        .collect();
    trials.extend(CONTEXTS.iter().map(|(name, text, code)| {
        let harness = harness.clone();
        Trial::test(format!("unread::context::{name}"), move || {
            asked(&Stage::new(&harness, &format!("context/{name}"))?, text, *code)
        })
    }));
    let of_links = harness.clone();
    trials.push(Trial::test("unread::links_out_of_a_side", move || links(&Stage::new(&of_links, "links")?)));
    let of_bases = harness.clone();
    trials.push(Trial::test("unread::bases_outside_of_a_side", move || bases(&Stage::new(&of_bases, "bases")?)));
    for (name, text, folders) in BUILT {
        let harness = harness.clone();
        trials.push(Trial::test(format!("unread::built::{name}"), move || {
            built(&Stage::new(&harness, &format!("built/{name}"))?, text, folders)
        }));
    }
    let of_context = harness.clone();
    trials.push(Trial::test("unread::context_of_each_side", move || {
        context(&Stage::new(&of_context, "context-of-each-side")?)
    }));
    let harness = harness.clone();
    trials.push(Trial::test("unread::settings_that_do_not_count", move || {
        settings(&Stage::new(&harness, "settings-that-do-not-count")?)
    }));
    trials
}

struct Stage {
    folder: PathBuf,
    binary: PathBuf,
}

impl Stage {
    /// Both sides with a Gateway and a route.
    fn new(harness: &Harness, name: &str) -> Result<Self, String> {
        let folder = harness.work_directory(&format!("unread/{name}"))?;
        let stage = Self { folder, binary: harness.binary().to_owned() };
        for side in ["old", "new"] {
            stage.write(&format!("{side}/gateway.yaml"), GATEWAY)?;
            stage.write(&format!("{side}/route.yaml"), ROUTE)?;
        }
        Ok(stage)
    }

    fn write(&self, name: &str, text: &str) -> Result<(), String> {
        process::write_below(&self.folder, name, text)
    }

    fn run(&self, line: &str) -> Result<Output, String> {
        process::run_line(&self.binary, &self.folder, line)
    }

    /// The exit code of a comparison, and what could not be compared.
    fn diff(&self, flags: &str) -> Result<(Output, Vec<String>), String> {
        let output = self.run(&format!("diff old new --assume services --exit-code -o json {flags}"))?;
        let found: Value = serde_json::from_str(&output.stdout).map_err(|error| format!("{error}: {output:?}"))?;
        let uncompared = found["uncompared"].as_array().into_iter().flatten();
        let subjects = uncompared.filter_map(|one| one["subject"].as_str().map(str::to_owned)).collect();
        Ok((output, subjects))
    }
}

fn ensure(holds: bool, output: &Output) -> Result<(), Failed> {
    if holds { Ok(()) } else { Err(Failed::from(format!("{output:#?}"))) }
}

fn compared(stage: &Stage, files: &[File], named: Option<&str>) -> Result<(), Failed> {
    for (name, old, new) in files {
        for (side, text) in [("old", old), ("new", new)] {
            if let Some(text) = text {
                stage.write(&format!("{side}/{name}"), text)?;
            }
        }
    }
    let (output, subjects) = stage.diff("")?;
    match named {
        Some(named) => ensure(output.code == Some(2) && subjects.iter().any(|subject| subject == named), &output),
        None => ensure(subjects.is_empty() && output.code != Some(2), &output),
    }
}

fn asked(stage: &Stage, text: &str, code: i32) -> Result<(), Failed> {
    let is_spec = text.starts_with('{');
    let head = "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: x}\nspec: ";
    stage.write("context.yaml", &if is_spec { format!("{head}{text}\n") } else { format!("{text}\n") })?;
    stage.write(
        "cases.yaml",
        "requests: [{name: a, request: {url: 'http://a.test/'}, expect: {backend: 'default/one:80'}}]\n",
    )?;
    for command in ["route http://a.test/", "test cases.yaml"] {
        let output = stage.run(&format!("{command} -f old --assume services,namespaces --context context.yaml"))?;
        ensure(output.code == Some(code) && (code == 0 || output.stderr.contains("not judged: ")), &output)?;
    }
    Ok(())
}

fn links(stage: &Stage) -> Result<(), Failed> {
    let other = ROUTE.replace("name: one", "name: two").replace("{name: r}", "{name: linked}");
    stage.write("outside/old/linked.yaml", &other)?;
    stage.write("outside/new/linked.yaml", &other)?;
    for side in ["old", "new"] {
        symlink(format!("../outside/{side}/linked.yaml"), stage.folder.join(side).join("linked.yaml"))?;
        symlink(format!("../outside/{side}"), stage.folder.join(side).join("folder"))?;
    }
    // What is behind both links is the same.
    let (output, subjects) = stage.diff("")?;
    ensure(output.code == Some(0) && subjects.is_empty(), &output)?;
    stage.write("outside/new/linked.yaml", &other.replace("two", "three"))?;
    let (output, subjects) = stage.diff("")?;
    let is_named = |name: &str| subjects.iter().any(|subject| subject == name);
    ensure(
        output.code == Some(2) && is_named("the link `new/linked.yaml`") && is_named("the link `new/folder`"),
        &output,
    )?;
    // A file of the given directory that was not judged is counted and listed.
    let output = stage.run("validate old --assume services -o json")?;
    let found: Value = serde_json::from_str(&output.stdout)?;
    let left = found["unjudged"].as_array().into_iter().flatten();
    let is_listed = left.into_iter().any(|one| one["file"] == "old/linked.yaml");
    ensure(output.code == Some(0) && is_listed && output.stderr.contains("2 not judged"), &output)
}

/// Overlays of two checkouts that name a base and a chart beside them.
fn bases(stage: &Stage) -> Result<(), Failed> {
    for side in ["old", "new"] {
        let overlay = format!("{side}/overlays/prod");
        stage.write(&format!("{overlay}/gateway.yaml"), GATEWAY)?;
        stage.write(&format!("{overlay}/kustomization.yaml"), "resources: [gateway.yaml, ../../base]\n")?;
        stage.write(
            &format!("{overlay}/chart/Chart.yaml"),
            &format!("{CHART}dependencies: [{{name: l, repository: 'file://../../../lib'}}]\n"),
        )?;
        stage.write(&format!("{side}/base/kustomization.yaml"), "resources: [r.yaml, ../deeper]\n")?;
        stage.write(&format!("{side}/base/r.yaml"), ROUTE)?;
        stage.write(&format!("{side}/deeper/p.txt"), "a\n")?;
        stage.write(&format!("{side}/lib/Chart.yaml"), CHART)?;
    }
    let line = "diff old/overlays/prod new/overlays/prod --exit-code";
    let output = stage.run(line)?;
    ensure(output.code == Some(0), &output)?;
    for (file, text, named) in [
        ("base/r.yaml", ROUTE.replace("one", "two"), "new/overlays/prod/../../base`"),
        ("deeper/p.txt", "b\n".to_owned(), "base/../deeper`"),
        ("lib/Chart.yaml", CHART.replace("1.0.0", "2.0.0"), "lib`"),
    ] {
        let path = format!("new/{file}");
        let before = std::fs::read_to_string(stage.folder.join(&path))?;
        stage.write(&path, &text)?;
        let output = stage.run(line)?;
        ensure(output.code == Some(2) && output.stdout.contains(named), &output)?;
        stage.write(&path, &before)?;
    }
    // Without the base nobody can look.
    std::fs::remove_dir_all(stage.folder.join("new/base"))?;
    let output = stage.run(line)?;
    ensure(output.code == Some(2), &output)
}

/// Objects that have folders of the repository built, and the folders that count.
const BUILT: &[(&str, &str, &[&str])] = &[
    (
        "flux",
        "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: x}\nspec: {path: ./apps/shop, sourceRef: {kind: GitRepository, name: x}}\n",
        &["apps/shop"],
    ),
    (
        "flux_base",
        "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: x}\nspec: {path: apps/overlay/}\n",
        &["apps/shop"],
    ),
    (
        "flux_component",
        "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: x}\nspec: {path: apps/overlay, components: [../../extra]}\n",
        &["extra", "apps/shop"],
    ),
    (
        "flux_around_the_side",
        "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: x}\nspec: {path: ./clusters}\n",
        &["clusters/other"],
    ),
    (
        "flux_elsewhere",
        "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: x}\nspec: {path: ./apps/shop, sourceRef: {kind: OCIRepository, name: x}}\n",
        &[],
    ),
    (
        "release",
        "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: x}\nspec: {chart: {spec: {chart: ./charts/web, sourceRef: {kind: GitRepository, name: x}}}}\n",
        &["charts/web"],
    ),
    (
        "application",
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: x}\nspec: {source: {repoURL: 'https://git.test/r', path: apps/shop}}\n",
        &["apps/shop"],
    ),
    (
        "application_values",
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: x}\nspec: {sources: [{repoURL: 'https://git.test/r', ref: r}, {chart: c, helm: {valueFiles: [$r/extra/values.yaml]}}]}\n",
        &["extra"],
    ),
    (
        "application_set",
        "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {name: x}\nspec: {generators: [{matrix: {generators: [{git: {directories: [{path: 'apps/*'}]}}]}}], template: {spec: {source: {path: '{{path}}'}}}}\n",
        &["apps/shop"],
    ),
];

const BUILT_OBJECT: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n";

/// A folder of each side that only what the side holds has built.
fn built(stage: &Stage, text: &str, folders: &[&str]) -> Result<(), Failed> {
    for side in ["old", "new"] {
        stage.write(&format!("{side}/clusters/prod/gateway.yaml"), GATEWAY)?;
        stage.write(&format!("{side}/clusters/prod/route.yaml"), ROUTE)?;
        stage.write(&format!("{side}/clusters/prod/built.yaml"), text)?;
        stage.write(&format!("{side}/apps/overlay/kustomization.yaml"), "resources: [../shop]\n")?;
        for file in ["apps/shop/r.yaml", "charts/web/values.yaml", "extra/values.yaml", "clusters/other/r.yaml"] {
            stage.write(&format!("{side}/{file}"), BUILT_OBJECT)?;
        }
    }
    let line = "diff old/clusters/prod new/clusters/prod --exit-code";
    let output = stage.run(line)?;
    ensure(output.code == Some(0), &output)?;
    // A change of the side is no change of what is built beside it.
    stage.write("new/clusters/prod/route.yaml", &ROUTE.replace("one", "two"))?;
    let output = stage.run(line)?;
    ensure(output.code == Some(1), &output)?;
    for file in ["apps/shop/r.yaml", "charts/web/values.yaml", "extra/values.yaml", "clusters/other/r.yaml"] {
        stage.write(&format!("new/{file}"), &format!("# said otherwise\n{BUILT_OBJECT}"))?;
        let output = stage.run(line)?;
        ensure(output.code == Some(1), &output)?;
        stage.write(&format!("new/{file}"), &BUILT_OBJECT.replace("{name: a}", "{name: b}"))?;
        let output = stage.run(line)?;
        let is_named = folders.iter().any(|folder| file.starts_with(folder));
        ensure((output.code == Some(2)) == is_named, &output)?;
        stage.write(&format!("new/{file}"), BUILT_OBJECT)?;
    }
    Ok(())
}

/// The settings of each side name a context of its own.
fn context(stage: &Stage) -> Result<(), Failed> {
    for side in ["old", "new"] {
        stage.write(&format!("{side}/team/gwctl.yaml"), "context: [../platform]\n")?;
        stage.write(&format!("{side}/team/route.yaml"), ROUTE)?;
        stage.write(&format!("{side}/platform/gateway.yaml"), GATEWAY)?;
    }
    // The settings of a repository may lead no further than its root.
    for side in ["old", "new"] {
        stage.write(&format!("{side}/.git/HEAD"), "ref: refs/heads/main\n")?;
    }
    let line = "diff old/team new/team --assume services --exit-code";
    let output = stage.run(line)?;
    ensure(output.code == Some(0), &output)?;
    stage.write("new/platform/gateway.yaml", &GATEWAY.replace("port: 80", "port: 81"))?;
    let output = stage.run(line)?;
    ensure(output.code == Some(2) && output.stdout.contains("platform`"), &output)
}

fn settings(stage: &Stage) -> Result<(), Failed> {
    stage.write("new/gwctl.yaml", "trusted-hops: 2\n")?;
    stage.write("both.yaml", "trusted-hops: 1\n")?;
    for flags in ["--no-settings", "--settings both.yaml"] {
        let (output, subjects) = stage.diff(flags)?;
        ensure(output.code == Some(0) && subjects.is_empty(), &output)?;
    }
    Ok(())
}

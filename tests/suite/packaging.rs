//! What brings gwctl to pipelines: the hooks of pre-commit, the action, the jobs for GitLab and the page about them. What they
//! say is run as they say it, with inputs that nobody should be able to use.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use libtest_mimic::Trial;
use serde_yaml::Value;

use crate::commands::{GATEWAY, ROUTE};
use crate::harness::Harness;
use crate::process::{Output, fail, write_below};

/// The page about pipelines.
const PAGE: &str = "docs/ci.md";

/// What a shell would run, a test of a file would take apart, or a runner would obey.
const HOSTILE: &[&str] = &[
    "$(touch pwned)",
    "`touch pwned`",
    "a'; touch pwned; '",
    "\"; touch pwned #",
    "a\n::add-mask::b\n$(touch pwned)",
    "--exec=touch pwned",
];

/// The tests of this file.
pub(crate) fn trials(harness: &Harness) -> Vec<Trial> {
    vec![
        harness.trial("packaging::hooks_judge_the_tree", hooks),
        harness.trial("packaging::the_action_reports_and_comments", action),
        harness.trial("packaging::the_action_takes_no_input_for_a_script", hostile),
        harness.trial("packaging::jobs_for_gitlab_write_what_they_keep", gitlab),
        harness.trial("packaging::every_command_of_the_page_runs", page),
        harness.trial("packaging::an_archive_holds_pages_and_only_a_static_program_passes", archive),
        harness.trial("packaging::releases_run_programs_that_exist", releases),
        harness.trial("packaging::the_page_names_hooks_and_inputs_that_exist", named),
    ]
}

/// A repository with manifests, and the programs that a pipeline has.
struct Stage<'h> {
    harness: &'h Harness,
    folder: PathBuf,
    repository: PathBuf,
}

impl<'h> Stage<'h> {
    fn new(harness: &'h Harness, name: &str) -> Result<Self, String> {
        let folder = harness.work_directory(&format!("packaging-{name}"))?;
        let repository = folder.join("repository");
        let stage = Self { harness, folder, repository };
        for directory in ["bin", "runner", "repository"] {
            fs::create_dir_all(stage.folder.join(directory)).map_err(fail)?;
        }
        symlink(harness.binary(), stage.folder.join("bin/gwctl")).map_err(fail)?;
        write_below(&stage.repository, "manifests/gateway.yaml", GATEWAY)?;
        write_below(&stage.repository, "manifests/route.yaml", ROUTE)?;
        let begin = "git init -q && git add -A && git -c user.name=a -c user.email=a@b.test commit -qm a";
        stage.expect(0, &stage.shell(begin, &[])?)?;
        Ok(stage)
    }

    /// Runs a script in the repository.
    fn shell(&self, script: &str, environment: &[(String, String)]) -> Result<Output, String> {
        let path = format!("{}:/usr/local/bin:/usr/bin:/bin", self.folder.join("bin").display());
        let output = Command::new("bash")
            .args(["-euo", "pipefail", "-c", script])
            .current_dir(&self.repository)
            .env_clear()
            .env("PATH", path)
            .env("HOME", &self.folder)
            .envs(environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .output()
            .map_err(fail)?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Ok(Output { code: output.status.code(), stdout: text(&output.stdout), stderr: text(&output.stderr) })
    }

    fn expect(&self, code: i32, output: &Output) -> Result<(), String> {
        if output.code == Some(code) { Ok(()) } else { Err(format!("expected {code}: {output:#?}")) }
    }

    /// Changes the route so that it names no backend that is there.
    fn break_route(&self) -> Result<(), String> {
        write_below(&self.repository, "manifests/route.yaml", &ROUTE.replace("{name: b,", "{name: missing,"))
    }

    fn head(&self) -> Result<String, String> {
        Ok(self.shell("git rev-parse HEAD", &[])?.stdout.trim().to_owned())
    }

    /// A program on the PATH.
    fn program(&self, name: &str, text: &str) -> Result<(), String> {
        let path = self.folder.join("bin").join(name);
        let executable = fs::Permissions::from_mode(0o755);
        fs::write(&path, text).and_then(|()| fs::set_permissions(&path, executable)).map_err(fail)
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.folder.join(name)).unwrap_or_default()
    }

    /// A step of the action, by the script that it runs, with these inputs and the defaults of the others.
    fn step(&self, script: &str, inputs: &[(&str, &str)]) -> Result<Output, String> {
        let action = yaml(self.harness, "action.yml")?;
        let steps = action["runs"]["steps"].as_sequence().ok_or("the action has no steps")?;
        let is_it = |step: &&Value| step["run"].as_str().is_some_and(|run| run.ends_with(&format!("{script}.sh\"")));
        let step = steps.iter().find(is_it).ok_or_else(|| format!("no step runs {script}.sh"))?;
        let in_runner = |name: &str| self.folder.join("runner").join(name).display().to_string();
        let root = self.harness.testdata().with_file_name("");
        let mut environment = vec![
            ("GITHUB_ACTION_PATH".to_owned(), root.display().to_string()),
            ("GITHUB_REPOSITORY".to_owned(), "shop/web".to_owned()),
            ("GITHUB_OUTPUT".to_owned(), in_runner("output")),
            ("GITHUB_PATH".to_owned(), in_runner("path")),
            ("GITHUB_STEP_SUMMARY".to_owned(), in_runner("summary")),
            ("RUNNER_TEMP".to_owned(), self.folder.join("runner").display().to_string()),
        ];
        for (name, value) in step["env"].as_mapping().ok_or("a step without an environment")? {
            let (name, value) = (name.as_str().unwrap_or_default(), value.as_str().unwrap_or_default());
            let expression = value.trim_start_matches("${{").trim_end_matches("}}").trim();
            let value = match expression.strip_prefix("inputs.") {
                Some(input) => match inputs.iter().find(|(name, _)| *name == input) {
                    Some((_, value)) => (*value).to_owned(),
                    None => action["inputs"][input]["default"].as_str().unwrap_or_default().to_owned(),
                },
                None => self.output(expression.trim_start_matches("steps.diff.outputs.")),
            };
            environment.push((name.to_owned(), value));
        }
        self.shell(step["run"].as_str().unwrap_or_default(), &environment)
    }

    /// What the last step that says so has put out.
    fn output(&self, name: &str) -> String {
        let text = self.read("runner/output");
        let last = text.lines().rev().find_map(|line| line.strip_prefix(&format!("{name}=")));
        last.unwrap_or_default().to_owned()
    }
}

fn yaml(harness: &Harness, name: &str) -> Result<Value, String> {
    let path = harness.testdata().with_file_name(name);
    let text = fs::read_to_string(&path).map_err(|error| format!("{name}: {error}"))?;
    serde_yaml::from_str(&text).map_err(|error| format!("{name}: {error}"))
}

fn words(value: &Value) -> impl Iterator<Item = &str> {
    value.as_sequence().into_iter().flatten().filter_map(Value::as_str)
}

fn hooks(harness: &Harness) -> Result<(), String> {
    let hooks = yaml(harness, ".pre-commit-hooks.yaml")?;
    let hooks = hooks.as_sequence().filter(|hooks| !hooks.is_empty()).ok_or("there are no hooks")?;
    for hook in hooks {
        let id = hook["id"].as_str().ok_or("a hook without an id")?;
        let stage = Stage::new(harness, id)?;
        let entry = hook["entry"].as_str().unwrap_or_default();
        let line = format!("{entry} {}", words(&hook["args"]).collect::<Vec<_>>().join(" "));
        stage.expect(0, &stage.shell(&line, &[])?)?;
        stage.break_route()?;
        let output = stage.shell(&line, &[])?;
        stage.expect(1, &output)?;
        if hook["pass_filenames"] != Value::Bool(false) || !output.stdout.contains("manifests/route.yaml:") {
            return Err(format!("{id}: {output:#?}"));
        }
    }
    Ok(())
}

/// A stand-in for the program of GitHub: it keeps what it was told, and knows a comment when it was told of one.
const GH: &str = r#"#!/usr/bin/env bash
set -euo pipefail
printf '%s\n' "$@" >>"$HOME/asked"
[[ ! -e $HOME/fork ]] || exit 1
for word; do
  case $word in
  body=@*) cat "${word#body=@}" >"$HOME/comment" ;;
  --jq) [[ ! -e $HOME/comment ]] || printf '7\n8\n' ;;
  esac
done
"#;

/// A stand-in for what fetches archives.
const CURL: &str = r#"#!/usr/bin/env bash
while [[ $1 != --output ]]; do shift; done
cp "$HOME/archive" "$2"
"#;

fn action(harness: &Harness) -> Result<(), String> {
    let stage = Stage::new(harness, "action")?;
    stage.program("gh", GH)?;
    let base = stage.head()?;
    let inputs: &[(&str, &str)] = &[
        ("paths", "manifests\n"),
        ("compare", &base),
        ("pull-request", "12"),
        ("install", "path"),
        ("args", "--assume=configmaps\n\n--namespace=shop"),
        ("sarif", "the report.sarif"),
    ];
    stage.expect(0, &stage.step("install", inputs)?)?;
    stage.expect(0, &stage.step("diff", inputs)?)?;
    stage.expect(0, &stage.step("comment", inputs)?)?;
    if stage.output("differs") != "false" || stage.read("asked").contains("POST") {
        return Err(format!("a comment on nothing: {}", stage.read("asked")));
    }
    stage.expect(0, &stage.step("validate", inputs)?)?;
    stage.break_route()?;
    for (method, place) in
        [("POST", "repos/shop/web/issues/12/comments"), ("PATCH", "repos/shop/web/issues/comments/7")]
    {
        stage.expect(0, &stage.step("diff", inputs)?)?;
        let output = stage.step("comment", inputs)?;
        stage.expect(0, &output)?;
        let (asked, comment) = (stage.read("asked"), stage.read("comment"));
        let is_told = asked.contains(&format!("{method}\n{place}\n"));
        // The same place on both sides is told once.
        let holds = comment.starts_with("<!-- gwctl diff ")
            && comment.contains("| **retargeted** |")
            && comment.contains("<br>`manifests/route.yaml:12` |");
        if !is_told || !holds || stage.output("differs") != "true" {
            return Err(format!("{method}: {asked}\n{comment}\n{output:#?}"));
        }
    }
    fs::write(stage.folder.join("fork"), "").map_err(fail)?;
    let output = stage.step("comment", inputs)?;
    stage.expect(0, &output)?;
    if !output.stdout.starts_with("::warning title=gwctl::the comment cannot be written") {
        return Err(format!("{output:#?}"));
    }
    if !stage.read("runner/summary").contains("| **retargeted** |") {
        return Err("the summary does not say what changes".into());
    }
    let output = stage.step("validate", inputs)?;
    stage.expect(1, &output)?;
    let sarif = stage.read("repository/the report.sarif");
    let is_reported = output.stdout.starts_with("::error file=manifests/route.yaml,line=");
    if !is_reported || stage.output("exit-code") != "1" || !sarif.contains("\"2.1.0\"") {
        return Err(format!("{output:#?}"));
    }
    let baseline: &[(&str, &str)] = &[("paths", "manifests"), ("baseline", "known.json")];
    stage.expect(0, &stage.shell("gwctl validate manifests --baseline known.json --write-baseline", &[])?)?;
    stage.expect(0, &stage.step("validate", baseline)?)?;
    let denied: &[(&str, &str)] = &[("paths", "manifests"), ("deny", "no-such-code")];
    stage.expect(2, &stage.step("validate", denied)?)?;
    // A side that is not there is no "nothing changes".
    let gone: &[(&str, &str)] = &[("paths", "elsewhere"), ("compare", &base)];
    stage.expect(2, &stage.step("diff", gone)?)?;
    if !stage.read("runner/summary").contains("Could not be compared:\n\n    ") {
        return Err("the summary does not say that nothing was compared".into());
    }
    // An archive of a release, as it is fetched.
    let gwctl = harness.binary().display();
    let pack = format!(
        "mkdir $HOME/a && printf '#!/bin/sh\\nexec {gwctl} \"$@\"\\n' >$HOME/a/gwctl && chmod +x $HOME/a/gwctl \
         && tar -czf $HOME/archive -C $HOME/a . && sha256sum <$HOME/archive | cut -d ' ' -f 1"
    );
    let digest = stage.shell(&pack, &[])?.stdout.trim().to_owned();
    stage.program("curl", CURL)?;
    let address = ("install", "https://example.test/gwctl.tar.gz");
    stage.expect(0, &stage.step("install", &[address, ("sha256", &digest)])?)?;
    if !stage.read("runner/path").ends_with("/gwctl-bin\n") {
        return Err(format!("the archive is not on the PATH: {}", stage.read("runner/path")));
    }
    for wrong in [digest.replace(|digit: char| digit != '0', "0").as_str(), ""] {
        stage.expect(2, &stage.step("install", &[address, ("sha256", wrong)])?)?;
    }
    // Another program of the name.
    fs::remove_file(stage.folder.join("bin/gwctl")).map_err(fail)?;
    stage.program("gwctl", "#!/bin/sh\necho gwctl 0.1.0\n")?;
    stage.expect(2, &stage.step("install", inputs)?)
}

fn hostile(harness: &Harness) -> Result<(), String> {
    let action = yaml(harness, "action.yml")?;
    let inputs: Vec<&str> =
        action["inputs"].as_mapping().into_iter().flatten().filter_map(|(name, _)| name.as_str()).collect();
    let stage = Stage::new(harness, "hostile")?;
    stage.program("gh", GH)?;
    let base = stage.head()?;
    // What an input is called that may say anything: a directory is there under that name.
    for text in HOSTILE {
        let manifest = GATEWAY.replace("name: edge", &format!("name: {}", serde_json::Value::from(*text)));
        write_below(&stage.repository, &format!("{}/a.yaml", text.replace(['/', '\n'], "_")), &manifest)?;
    }
    for input in &inputs {
        for text in HOSTILE {
            let mut given =
                vec![("paths", "manifests"), ("compare", base.as_str()), ("pull-request", "1"), ("install", "path")];
            given.retain(|(name, _)| name != input);
            given.push((input, text));
            for script in ["install", "diff", "comment", "validate"] {
                let output = stage.step(script, &given)?;
                let is_obeyed = |line: &str| {
                    let line = line.trim_start();
                    line.starts_with("::")
                        && !["::error ", "::warning ", "::notice "].iter().any(|own| line.starts_with(own))
                };
                if stage.repository.join("pwned").exists()
                    || output.stdout.lines().chain(output.stderr.lines()).any(is_obeyed)
                {
                    return Err(format!("{script} with {input} = {text:?}: {output:#?}"));
                }
            }
        }
    }
    for (input, script) in [("compare", "diff"), ("pull-request", "comment"), ("install", "install")] {
        for text in HOSTILE {
            stage.expect(2, &stage.step(script, &[(input, text)])?)?;
        }
    }
    Ok(())
}

fn gitlab(harness: &Harness) -> Result<(), String> {
    let jobs = yaml(harness, "packaging/gitlab/gwctl.gitlab-ci.yml")?;
    let stage = Stage::new(harness, "gitlab")?;
    let base = stage.head()?;
    stage.break_route()?;
    stage.expect(0, &stage.shell("git remote add origin .", &[])?)?;
    let mut environment: Vec<(String, String)> = jobs["variables"]
        .as_mapping()
        .into_iter()
        .flatten()
        .filter_map(|(name, value)| Some((name.as_str()?.to_owned(), value.as_str()?.to_owned())))
        .collect();
    environment.push(("CI_MERGE_REQUEST_DIFF_BASE_SHA".to_owned(), base));
    for (job, code) in [("gwctl-validate", 1), ("gwctl-diff", 0)] {
        let script = words(&jobs[job]["script"]).collect::<Vec<_>>().join("\n");
        stage.expect(code, &stage.shell(&format!("set -f\n{script}"), &environment)?)?;
    }
    let quality = jobs["gwctl-validate"]["artifacts"]["reports"]["codequality"].as_str().unwrap_or_default();
    let report: serde_json::Value =
        serde_json::from_str(&stage.read(&format!("repository/{quality}"))).map_err(fail)?;
    let page = words(&jobs["gwctl-diff"]["artifacts"]["paths"]).next().unwrap_or_default();
    let is_told = stage.read(&format!("repository/{page}")).contains("| **retargeted** |");
    if report[0]["location"]["path"] == "manifests/route.yaml" && is_told {
        Ok(())
    } else {
        Err(format!("{report:#?}"))
    }
}

fn archive(harness: &Harness) -> Result<(), String> {
    const TARGET: &str = "x86_64-unknown-linux-gnu";
    let stage = Stage::new(harness, "archive")?;
    let built = stage.folder.join("target").join(TARGET).join("release");
    fs::create_dir_all(&built).map_err(fail)?;
    // What is built is too large to be packed for a trial; a script is no static program either.
    stage.program("built", &format!("#!/bin/sh\nexec {} \"$@\"\n", harness.binary().display()))?;
    fs::rename(stage.folder.join("bin/built"), built.join("gwctl")).map_err(fail)?;
    let environment = [("CARGO_TARGET_DIR".to_owned(), stage.folder.join("target").display().to_string())];
    let packaging = harness.testdata().with_file_name("packaging").display().to_string();
    stage.expect(0, &stage.shell(&format!("{packaging}/pack {TARGET} $HOME/dist"), &environment)?)?;
    let archive = format!("$HOME/dist/gwctl-{}-{TARGET}.tar.gz", env!("CARGO_PKG_VERSION"));
    let listed = stage.shell(&format!("tar -tzf {archive}"), &[])?;
    for file in ["gwctl", "LICENSE", "man/man1/gwctl.1", "man/man1/gwctl-run.1", "completions/gwctl.zsh"] {
        if !listed.stdout.lines().any(|line| line == format!("./{file}")) {
            return Err(format!("{file} is not in the archive: {listed:#?}"));
        }
    }
    let tried = stage.shell(&format!("{packaging}/try-archive {archive}"), &[])?;
    if tried.code == Some(0) { Err(format!("a program that is not static passes: {tried:#?}")) } else { Ok(()) }
}

fn releases(harness: &Harness) -> Result<(), String> {
    let root = harness.testdata().with_file_name("");
    let read = |name: &str| fs::read_to_string(root.join(name)).map_err(|error| format!("{name}: {error}"));
    let workflow = read(".github/workflows/release.yml")?;
    let mut named = 0;
    for text in [workflow.as_str(), &read(".ci/run")?, &read("action.yml")?] {
        for path in text.split(|c: char| !(c.is_ascii_alphanumeric() || "/._-".contains(c))) {
            let Some(at) = path.find("packaging/") else { continue };
            named += 1;
            if !root.join(&path[at..]).is_file() {
                return Err(format!("{path} does not exist"));
            }
        }
    }
    let uses: Vec<&str> = workflow.lines().filter_map(|line| line.split_once("uses: ")).map(|(_, uses)| uses).collect();
    let is_pinned = |uses: &&str| {
        let revision = uses.split_once('@').and_then(|(_, rest)| rest.split(' ').next()).unwrap_or_default();
        revision.len() == 40 && revision.bytes().all(|byte| byte.is_ascii_hexdigit())
    };
    let movable: Vec<&&str> = uses.iter().filter(|uses| !is_pinned(uses)).collect();
    let is_static = |text: &str| text.contains("-C target-feature=+crt-static");
    let are_static = is_static(&workflow) && is_static(&read("packaging/Containerfile")?);
    if named < 6 || uses.len() < 6 || !movable.is_empty() || !are_static {
        return Err(format!("{named} paths, {uses:?}, not pinned: {movable:?}, static: {are_static}"));
    }
    Ok(())
}

/// The blocks of code of the page in a language.
fn blocks(harness: &Harness, language: &str) -> Result<Vec<String>, String> {
    let text = fs::read_to_string(harness.testdata().with_file_name(PAGE)).map_err(fail)?;
    let start = format!("\n```{language}\n");
    let rest = text.split(&start).skip(1);
    Ok(rest.filter_map(|rest| rest.split("\n```").next()).map(str::to_owned).collect())
}

fn page(harness: &Harness) -> Result<(), String> {
    let stage = Stage::new(harness, "page")?;
    stage.break_route()?;
    stage.expect(0, &stage.shell("gwctl validate manifests --baseline known.json --write-baseline", &[])?)?;
    let blocks = blocks(harness, "sh")?;
    let lines: Vec<&str> = blocks.iter().flat_map(|block| block.lines()).collect();
    if lines.len() < 8 {
        return Err(format!("{PAGE} has few commands: {lines:?}"));
    }
    for line in lines {
        // What follows is not ours to run.
        let command = line.split(" | ").next().unwrap_or(line);
        let output = stage.shell(command, &[])?;
        let fails = command.starts_with("gwctl validate") && !command.contains("--baseline");
        stage.expect(i32::from(fails), &output)?;
        if command == "gwctl --version --verbose" {
            let text = fs::read_to_string(harness.testdata().with_file_name(PAGE)).map_err(fail)?;
            let shown = output.stdout.lines().take(4).map(|line| format!("    {line}\n")).collect::<String>();
            if !text.contains(&shown) {
                return Err(format!("{PAGE} shows another answer than {}", output.stdout));
            }
        }
    }
    Ok(())
}

fn named(harness: &Harness) -> Result<(), String> {
    let ids = yaml(harness, ".pre-commit-hooks.yaml")?;
    let ids: Vec<&str> = ids.as_sequence().into_iter().flatten().filter_map(|hook| hook["id"].as_str()).collect();
    let inputs = yaml(harness, "action.yml")?["inputs"].clone();
    let variables = yaml(harness, "packaging/gitlab/gwctl.gitlab-ci.yml")?["variables"].clone();
    let mut seen = BTreeMap::from([("hook", 0), ("input", 0), ("variable", 0)]);
    for block in blocks(harness, "yaml")? {
        let block: Value = serde_yaml::from_str(&block).map_err(fail)?;
        let mut unknown = Vec::new();
        let mut count = |kind: &'static str, name: &str, is_known: bool| {
            seen.entry(kind).and_modify(|count| *count += 1);
            if !is_known {
                unknown.push(format!("{kind} {name}"));
            }
        };
        for hook in block["repos"][0]["hooks"].as_sequence().into_iter().flatten() {
            let id = hook["id"].as_str().unwrap_or_default();
            count("hook", id, ids.contains(&id));
        }
        for step in block["jobs"]["gateway"]["steps"].as_sequence().into_iter().flatten() {
            let is_ours = step["uses"].as_str().is_some_and(|uses| uses.contains("/gwctl@"));
            for (name, _) in step["with"].as_mapping().filter(|_| is_ours).into_iter().flatten() {
                count("input", name.as_str().unwrap_or_default(), !inputs[name].is_null());
            }
        }
        for (name, _) in block["variables"].as_mapping().into_iter().flatten() {
            count("variable", name.as_str().unwrap_or_default(), !variables[name].is_null());
        }
        if !unknown.is_empty() {
            return Err(format!("{PAGE} names what is not there: {}", unknown.join(", ")));
        }
    }
    let table = fs::read_to_string(harness.testdata().with_file_name(PAGE)).map_err(fail)?;
    let untold: Vec<&str> = inputs
        .as_mapping()
        .into_iter()
        .flatten()
        .filter_map(|(name, _)| name.as_str())
        .filter(|name| !table.lines().any(|line| line.starts_with("| `") && line.contains(&format!("`{name}`"))))
        .collect();
    if seen.values().any(|count| *count == 0) || !untold.is_empty() {
        return Err(format!("{seen:?}, and {PAGE} does not tell {untold:?}"));
    }
    Ok(())
}

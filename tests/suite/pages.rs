//! The pages of `docs/` and the README: what they show is what is printed, and every command on them is one that gwctl knows.
//!
//! Each page has a directory of its own with copies of `docs/example` (also as `manifests`) and `testdata/patterns`. Its fenced
//! blocks are taken in the order of the page:
//!
//! - ` ```yaml file=shop/gateway.yaml ` (any language) is a file with this text.
//! - ` ```console ` is a terminal: what follows `$ ` is given to bash, and the lines behind it are all that it prints. What
//!   ends in ` &` runs until the page ends, and prints what is shown. It may fail with 1, as findings do, and not otherwise.
//! - `![gwctl validate shop](pictures/validate.svg)` is a picture of what that command prints on a terminal, or the picture that
//!   it prints. The page of `ui` is drawn in a browser (`browser`).
//!
//! `GWCTL_UPDATE=1 cargo test --test suite -- pages` writes what is printed, and the pictures, into the pages.
//!
//! Lines of other blocks that begin with `gwctl` are run too, unless they stay or write outside of the directory; of those
//! it is asked only whether their flags and values exist.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anstyle_svg::{Term, WIN10_CONSOLE};
use libtest_mimic::{Failed, Trial};
use regex::Regex;
use serde_json::Value;
use walkdir::WalkDir;

use crate::docs::documents;
use crate::harness::Harness;
use crate::process::{self, await_some, fail, write_below};
use crate::xds::free_ports;

/// Ports that pages name; each run of a page has others.
const PORTS: [&str; 3] = ["18080", "18443", "19900"];

/// What else pages name.
const FILES: &[(&str, &str)] = &[
    (
        "requests.yaml",
        "requests:\n- {name: old, request: {url: 'http://shop.example.com:8080/old'}, expect: {status: 301}}\n",
    ),
    (
        "cases.yaml",
        "requests:\n- {name: old, request: {url: 'http://shop.example.com:8080/old'}, expect: {status: 301}}\n",
    ),
    (
        "manifests/web.yaml",
        "{apiVersion: v1, kind: Service, metadata: {name: shop, namespace: web}, spec: {ports: [{port: 80}]}}\n",
    ),
    ("known.json", "{\"version\": 1, \"findings\": []}\n"),
];

/// The directory is one of git.
const REPOSITORY: &str = "git init -qb main && git add -A && git -c user.name=a -c user.email=a@b.test commit -qm a";

/// How wide a terminal is on a picture.
const COLUMNS: &str = "100";

/// The tests of this file.
pub(crate) fn trials(harness: &Harness, root: &Path) -> Vec<Trial> {
    let of_root = |name: &str, check: fn(&Path) -> Result<(), String>| {
        let root = root.to_owned();
        Trial::test(format!("pages::{name}"), move || check(&root).map_err(Failed::from))
    };
    let mut trials = vec![
        of_root("every_picture_is_on_a_page", unused_pictures),
        harness.trial("pages::the_task_of_an_editor_reads_findings", task),
        Trial::test("pages::parts_are_told_apart", || told_apart().map_err(Failed::from)),
    ];
    for path in documents(root) {
        let name = path.strip_prefix(root).unwrap_or(&path).with_extension("").display().to_string();
        let text = fs::read_to_string(&path).unwrap_or_default();
        if parts(&text).iter().all(|part| matches!(part, Part::Text(_))) {
            continue;
        }
        let (harness, root) = (harness.clone(), root.to_owned());
        trials.push(Trial::test(format!("pages::{}", name.replace('/', "::")), move || {
            check(&harness, &root, &path, &name).map_err(Failed::from)
        }));
    }
    trials
}

fn check(harness: &Harness, root: &Path, path: &Path, name: &str) -> Result<(), String> {
    let text = fs::read_to_string(path).map_err(fail)?;
    let mut stage = Stage::new(harness, root, path, &name.replace('/', "-"))?;
    let mut shown = String::new();
    let parts = parts(&text);
    for (at, part) in parts.iter().enumerate() {
        // A page may show a command that cannot run when it shows so.
        let asks = matches!(parts.get(at + 1), Some(Part::Command { line, .. }) if line.trim_end() == "$ echo $?");
        let codes = if asks { &[0, 1, 2] } else { &[0, 1][..] };
        stage.take(part, codes, &mut shown).map_err(|error| format!("{name}: {error}"))?;
    }
    if shown == text {
        return Ok(());
    }
    if is_update() {
        return fs::write(path, shown).map_err(fail);
    }
    Err(format!("{name} shows something else; GWCTL_UPDATE=1 accepts what is printed:\n{}", difference(&text, &shown)))
}

fn is_update() -> bool {
    std::env::var_os("INSTA_UPDATE").is_some()
}

/// The lines that are not the same, from the first one on.
fn difference(text: &str, shown: &str) -> String {
    let first = text.lines().zip(shown.lines()).take_while(|(left, right)| left == right).count();
    let some = |text: &str, sign: char| -> String {
        text.lines().skip(first).take(12).map(|line| format!("{sign} {line}\n")).collect()
    };
    format!("{}{}", some(text, '-'), some(shown, '+'))
}

/// What a page consists of. All parts together are the page.
#[derive(Debug, PartialEq)]
enum Part<'p> {
    /// Lines that nothing is done with.
    Text(&'p str),
    /// A fenced block that says which file it is: the block as it stands, the file's name and its text.
    File { block: &'p str, name: &'p str, text: &'p str },
    /// A command of a terminal, as it stands, and what is printed behind it.
    Command { line: &'p str, printed: &'p str },
    /// A command line of gwctl in another block, with what continues it.
    Line(&'p str),
    /// A line with a picture of what a command prints: the line, the command, the picture.
    Picture { line: &'p str, command: &'p str, picture: &'p str },
}

fn parts(text: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let mut rest = text;
    let mut language: Option<&str> = None;
    while !rest.is_empty() {
        let line = first_line(rest);
        let mut length = line.len();
        let fence = line.trim_start().strip_prefix("```");
        let part = match (fence, language) {
            (Some(info), None) => {
                let file = info.trim().split_once("file=").map(|(_, name)| name);
                let body = &rest[length..];
                match (file, body.find("\n```")) {
                    (Some(name), Some(end)) => {
                        length += end + 1 + first_line(&body[end + 1..]).len();
                        Part::File { block: &rest[..length], name, text: &body[..=end] }
                    }
                    _ => {
                        language = Some(info.trim());
                        Part::Text(line)
                    }
                }
            }
            (Some(_), Some(_)) => {
                language = None;
                Part::Text(line)
            }
            (None, Some("console")) if line.starts_with("$ ") => {
                let body = &rest[length..];
                let is_end = |line: &str| line.starts_with("$ ") || line.starts_with("```");
                let printed = body.split_inclusive('\n').take_while(|line| !is_end(line)).map(str::len).sum();
                length += printed;
                Part::Command { line, printed: &body[..printed] }
            }
            (None, language) if is_command(line, language) => {
                while rest[..length].ends_with("\\\n") {
                    length += first_line(&rest[length..]).len();
                }
                Part::Line(&rest[..length])
            }
            (None, None) => match picture(line) {
                Some((command, picture)) => Part::Picture { line, command, picture },
                None => Part::Text(line),
            },
            (None, Some(_)) => Part::Text(line),
        };
        parts.push(part);
        rest = &rest[length..];
    }
    parts
}

fn first_line(text: &str) -> &str {
    text.split_inclusive('\n').next().unwrap_or_default()
}

/// Whether a line of a block is a command: in one that is fenced, or in one that is indented.
fn is_command(line: &str, language: Option<&str>) -> bool {
    let line = match language {
        Some("" | "sh" | "bash") => line,
        Some(_) => return false,
        None => match line.strip_prefix("    ") {
            Some(line) => line,
            None => return false,
        },
    };
    let line = line.strip_prefix("$ ").unwrap_or(line);
    // The answer to `--version` begins with the name as well.
    line.starts_with("gwctl ") && !line.starts_with("gwctl 0.")
}

fn picture(line: &str) -> Option<(&str, &str)> {
    let (command, picture) = line.trim_end().strip_prefix("![")?.strip_suffix(")")?.split_once("](")?;
    (command.starts_with("gwctl ") && picture.ends_with(".svg")).then_some((command, picture))
}

/// The directory of a page.
struct Stage<'h> {
    page: &'h Path,
    folder: PathBuf,
    work: PathBuf,
    environment: Vec<(String, String)>,
    /// The ports of this run, by those on the page.
    ports: Vec<(&'static str, String)>,
    /// The code that the last command ended with.
    last: i32,
    running: Vec<Child>,
}

impl Drop for Stage<'_> {
    fn drop(&mut self) {
        for child in &mut self.running {
            // It may have ended by itself.
            let _ = Command::new("kill").arg(child.id().to_string()).status();
            let _ = child.wait();
        }
    }
}

impl<'h> Stage<'h> {
    fn new(harness: &Harness, root: &Path, page: &'h Path, name: &str) -> Result<Self, String> {
        let folder = harness.work_directory(&format!("pages/{name}"))?;
        let work = folder.join("work");
        for (from, to) in [
            ("docs/example", "docs/example"),
            ("docs/example", "manifests"),
            ("testdata/patterns", "testdata/patterns"),
        ] {
            copy(&root.join(from), &work.join(to))?;
        }
        for (name, text) in FILES {
            write_below(&work, name, text)?;
        }
        for folder in ["old", "new", "team", "platform"] {
            copy(&root.join("docs/example"), &work.join(folder))?;
        }
        let bin = folder.join("bin");
        fs::create_dir_all(&bin).map_err(fail)?;
        symlink(harness.binary(), bin.join("gwctl")).map_err(fail)?;
        let envoy = harness.envoy()?;
        symlink(envoy, bin.join("envoy")).map_err(fail)?;
        let environment = [
            ("PATH", format!("{}:/usr/local/bin:/usr/bin:/bin", bin.display())),
            ("HOME", folder.display().to_string()),
            ("GWCTL_ENVOY", envoy.display().to_string()),
            ("COLUMNS", COLUMNS.to_owned()),
        ];
        let environment = environment.map(|(name, value)| (name.to_owned(), value)).to_vec();
        let free: [u16; PORTS.len()] = free_ports()?;
        let ports = PORTS.iter().copied().zip(free.map(|port| port.to_string())).collect();
        let mut stage = Self { page, folder, work, environment, ports, last: 0, running: Vec::new() };
        stage.run(REPOSITORY, &[0]).map(|_| stage)
    }

    /// A text of the page with the ports of this run.
    fn here(&self, text: &str) -> String {
        self.ports.iter().fold(text.to_owned(), |text, (page, here)| text.replace(page, here))
    }

    /// The other way round.
    fn on_page(&self, text: &str) -> String {
        self.ports.iter().fold(text.to_owned(), |text, (page, here)| text.replace(here.as_str(), page))
    }

    /// Does what a part says, and adds the part as it should stand on the page.
    fn take(&mut self, part: &Part<'_>, codes: &[i32], page: &mut String) -> Result<(), String> {
        match part {
            Part::Text(text) => page.push_str(text),
            Part::File { block, name, text } => {
                write_below(&self.work, name, &self.here(text))?;
                page.push_str(block);
            }
            Part::Command { line, printed } => {
                let command = line.trim_start_matches("$ ").trim_end();
                let output = match command.strip_suffix(" &") {
                    Some(command) => self.begin(command, printed)?,
                    None => self.run(command, codes)?,
                };
                page.push_str(line);
                page.push_str(&self.on_page(&output));
            }
            Part::Line(line) => {
                self.know(line)?;
                page.push_str(line);
            }
            Part::Picture { line, command, picture } => {
                self.draw(command, picture)?;
                page.push_str(line);
            }
        }
        Ok(())
    }

    fn shell(&self, script: &str) -> Command {
        let mut command = Command::new("bash");
        command.args(["-c", script]).current_dir(&self.work).stdin(Stdio::null());
        command.env_clear().envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }

    /// What a command prints on both streams, which are one as on a terminal.
    fn run(&mut self, command: &str, codes: &[i32]) -> Result<String, String> {
        let command = self.here(command);
        let path = self.folder.join("printed");
        let file = File::create(&path).map_err(fail)?;
        let script = format!("(exit {})\n{command}", self.last);
        let status = self.shell(&script).stdout(file.try_clone().map_err(fail)?).stderr(file).status().map_err(fail)?;
        let mut printed = String::from_utf8_lossy(&fs::read(&path).map_err(fail)?).into_owned();
        self.last = status.code().unwrap_or(-1);
        if !codes.contains(&self.last) {
            return Err(format!("`{command}` ended with {}:\n{printed}", self.last));
        }
        if !printed.is_empty() && !printed.ends_with('\n') {
            printed.push('\n');
        }
        Ok(printed)
    }

    /// Begins what runs on, and waits until it has printed as many lines as the page shows.
    fn begin(&mut self, command: &str, shown: &str) -> Result<String, String> {
        let command = self.here(command);
        let path = self.folder.join(format!("printed-{}", self.running.len()));
        let file = File::create(&path).map_err(fail)?;
        // The shell becomes the program, which hears the signal that ends it.
        let child = self.shell(&format!("exec {command}")).stdout(file.try_clone().map_err(fail)?).stderr(file).spawn();
        self.running.push(child.map_err(fail)?);
        if is_update() {
            std::thread::sleep(std::time::Duration::from_secs(5));
            return fs::read_to_string(&path).map_err(fail);
        }
        let lines = shown.lines().count();
        await_some(&format!("output of `{command}` as shown"), || {
            let printed = fs::read_to_string(&path).ok()?;
            let is_whole = printed.ends_with('\n') && printed.lines().count() >= lines;
            is_whole.then_some(printed)
        })
    }

    /// Whether gwctl knows what a line asks for, and can do it.
    fn know(&mut self, line: &str) -> Result<(), String> {
        let line = line.trim().trim_start_matches("$ ").replace("\\\n", " ");
        // What follows is not ours to run.
        let end = [" | ", " > ", " && ", " #", ";"].iter().filter_map(|sign| line.find(sign)).min();
        let command = line[..end.unwrap_or(line.len())].trim();
        self.run(&format!("{command} --help >help"), &[0])?;
        let stays = command.starts_with("gwctl run") || command.starts_with("gwctl ui") || command.contains(" --watch");
        if stays || command.contains(" /etc/") || command.contains("=/etc/") || command.contains(" /var/") {
            return Ok(());
        }
        self.run(command, &[0, 1]).map(drop)
    }

    /// Draws what a command prints on a terminal with colours.
    fn draw(&mut self, command: &str, picture: &str) -> Result<(), String> {
        let printed = self.run(&format!("{command} --color always"), &[0, 1])?;
        let printed = self.on_page(&printed);
        let drawn = match command.ends_with(" -o svg") {
            true => printed.to_owned(),
            false => {
                Term::new().palette(WIN10_CONSOLE).min_width_px(900).render_svg(&format!("$ {command}\n{printed}"))
            }
        };
        let path = self.page.with_file_name("").join(picture);
        if is_update() {
            fs::create_dir_all(path.parent().unwrap_or(&path)).map_err(fail)?;
            return fs::write(&path, drawn).map_err(fail);
        }
        match fs::read_to_string(&path) {
            Ok(now) if now == drawn => Ok(()),
            _ => Err(format!("{picture} is not what `{command}` prints; GWCTL_UPDATE=1 draws it:\n{printed}")),
        }
    }
}

fn copy(from: &Path, to: &Path) -> Result<(), String> {
    for entry in WalkDir::new(from) {
        let entry = entry.map_err(fail)?;
        let target = to.join(entry.path().strip_prefix(from).map_err(fail)?);
        if entry.file_type().is_dir() {
            fs::create_dir_all(&target).map_err(fail)?;
        } else {
            fs::copy(entry.path(), &target).map_err(fail)?;
        }
    }
    Ok(())
}

fn unused_pictures(root: &Path) -> Result<(), String> {
    let pages: String = documents(root).iter().filter_map(|page| fs::read_to_string(page).ok()).collect();
    let mut unused = String::new();
    for entry in fs::read_dir(root.join("docs/pictures")).map_err(fail)? {
        let name = entry.map_err(fail)?.file_name().to_string_lossy().into_owned();
        if !pages.contains(&format!("pictures/{name})")) {
            // Writing to a string cannot fail.
            let _ = writeln!(unused, "docs/pictures/{name} is on no page");
        }
    }
    if unused.is_empty() { Ok(()) } else { Err(unused) }
}

/// The problem matcher of docs/editor.md finds in a report what the JSON report says.
fn task(harness: &Harness) -> Result<(), String> {
    let root = harness.testdata().with_file_name("");
    let text = fs::read_to_string(root.join("docs/editor.md")).map_err(fail)?;
    let file = parts(&text).into_iter().find_map(|part| match part {
        Part::File { name: ".vscode/tasks.json", text, .. } => Some(text),
        _ => None,
    });
    let tasks: Value = serde_json::from_str(file.ok_or("docs/editor.md has no tasks")?).map_err(fail)?;
    let task = &tasks["tasks"][0];
    let pattern = &task["problemMatcher"]["pattern"];
    let expression = Regex::new(pattern["regexp"].as_str().unwrap_or_default()).map_err(fail)?;
    let mut args: Vec<String> =
        task["args"].as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect();
    let work = harness.work_directory("pages/task")?;
    copy(&root.join("docs/example"), &work.join("shop"))?;
    let shop = work.join("shop/shop.yaml");
    let broken = fs::read_to_string(&shop)
        .map_err(fail)?
        .replace("- name: shop-v2\n      port: 80\n  - m", "- name: shop-v3\n      port: 80\n  - m");
    fs::write(&shop, broken.replace("value: /old", "value: /a//b")).map_err(fail)?;
    let report = process::run(harness.binary(), &work, &args, None)?;
    if let Some(format) = args.iter_mut().find(|arg| *arg == "github") {
        *format = "json".to_owned();
    }
    let json = process::run(harness.binary(), &work, &args, None)?;
    let json: Value = serde_json::from_str(&json.stdout).map_err(fail)?;
    let findings = json["findings"].as_array().ok_or("no findings")?;
    let wanted = ["severity", "file", "line", "endLine", "column", "endColumn", "code", "message"];
    let lines: Vec<&str> = report.stdout.lines().collect();
    if findings.len() < 2 || lines.len() != findings.len() {
        return Err(format!("{} findings in {lines:#?}", findings.len()));
    }
    for (line, finding) in lines.iter().zip(findings) {
        let captures = expression.captures(line).ok_or_else(|| format!("not read: {line}"))?;
        for key in wanted {
            let group = pattern[key].as_u64().and_then(|group| usize::try_from(group).ok()).unwrap_or_default();
            let read = captures.get(group).map_or("", |group| group.as_str());
            let said = match &finding[key] {
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            if read != said {
                return Err(format!("{key} is {said} and read as `{read}` in {line}"));
            }
        }
    }
    Ok(())
}

fn told_apart() -> Result<(), String> {
    let text = "a\n\n```yaml file=b/c.yaml\nd: 1\n```\n\n```console\n$ e\nf\n$ gwctl g &\n```\n\n    gwctl h \\\n      i\n\n\
                ```sh\ngwctl j   # k\n```\n![gwctl l](m/n.svg)\n![o](p.svg)\n```json\ngwctl q\n```\n";
    let parts = parts(text);
    let whole: String = parts
        .iter()
        .map(|part| match part {
            Part::Text(text) | Part::Line(text) => (*text).to_owned(),
            Part::File { block, .. } => (*block).to_owned(),
            Part::Command { line, printed } => format!("{line}{printed}"),
            Part::Picture { line, .. } => (*line).to_owned(),
        })
        .collect();
    let seen: Vec<&Part<'_>> = parts.iter().filter(|part| !matches!(part, Part::Text(_))).collect();
    let wanted = [
        Part::File { block: "```yaml file=b/c.yaml\nd: 1\n```\n", name: "b/c.yaml", text: "d: 1\n" },
        Part::Command { line: "$ e\n", printed: "f\n" },
        Part::Command { line: "$ gwctl g &\n", printed: "" },
        Part::Line("    gwctl h \\\n      i\n"),
        Part::Line("gwctl j   # k\n"),
        Part::Picture { line: "![gwctl l](m/n.svg)\n", command: "gwctl l", picture: "m/n.svg" },
    ];
    if whole == text && seen.iter().copied().eq(&wanted) { Ok(()) } else { Err(format!("{seen:#?}")) }
}

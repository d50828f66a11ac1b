use std::fs;
use std::io::Cursor;
use std::path::Path;

use super::{Disk, Exclude, Input, Loaded, load, load_from};
use crate::diagnostics::{Diagnostics, Finding};
use crate::parser::source::{Found, SourceId};

fn run(paths: &[&Path], context: &[&Path]) -> (Loaded, Vec<Finding>) {
    let inputs = |paths: &[&Path]| paths.iter().map(|path| Input::from(path.to_path_buf())).collect::<Vec<_>>();
    let mut diagnostics = Diagnostics::new();
    let loaded = load(&inputs(paths), &inputs(context), &mut Cursor::new(b"from: stdin\n".to_vec()), &mut diagnostics);
    (loaded, diagnostics.into_findings())
}

fn names(loaded: &Loaded, root: &Path) -> Vec<String> {
    let prefix = format!("{}/", root.display());
    loaded.sources.sources.iter().map(|source| source.name.replacen(&prefix, "", 1)).collect()
}

fn ids(findings: &[Finding]) -> Vec<&'static str> {
    findings.iter().map(|finding| finding.code.id()).collect()
}

#[test]
fn a_directory_is_read_in_the_order_of_names_without_hidden_entries() {
    let root = tempfile::tempdir().unwrap();
    for file in ["b/2.yml", "b/1.json", "a.yaml", "c.yaml", ".hidden.yaml", ".git/x.yaml", "notes.txt", "d.YAML"] {
        let path = root.path().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "a: 1\n").unwrap();
    }
    let (loaded, findings) = run(&[root.path()], &[]);
    assert_eq!(names(&loaded, root.path()), ["a.yaml", "b/1.json", "b/2.yml", "c.yaml"]);
    assert!(loaded.sources.sources.iter().all(|source| source.found == Found::InDirectory));
    assert_eq!(ids(&findings), [""; 0]);
}

#[test]
fn a_named_file_needs_no_extension_and_is_read_once() {
    let root = tempfile::tempdir().unwrap();
    let file = root.path().join("manifest.txt");
    fs::write(&file, "a: 1\n").unwrap();
    let other = root.path().join("z.yaml");
    fs::write(&other, "a: 1\n").unwrap();
    let detour = root.path().join("../").join(root.path().file_name().unwrap()).join("z.yaml");
    let stdin = Path::new("-");
    let (loaded, findings) = run(&[&other, &file, root.path(), &detour, stdin, stdin], &[root.path()]);
    assert_eq!(names(&loaded, root.path()), ["z.yaml", "manifest.txt", "-"]);
    assert_eq!(loaded.sources.sources[SourceId(2)].text, "from: stdin\n");
    assert!(loaded.sources.sources.iter().all(|source| source.found == Found::Named && !source.context));
    assert_eq!(ids(&findings), [""; 0]);
    assert!(!loaded.unreadable);
}

#[test]
fn context_is_read_after_the_judged_files() {
    let root = tempfile::tempdir().unwrap();
    fs::write(root.path().join("a.yaml"), "a: 1\n").unwrap();
    let judged = root.path().join("b.yaml");
    fs::write(&judged, "b: 1\n").unwrap();
    let (loaded, _) = run(&[&judged], &[root.path()]);
    assert_eq!(names(&loaded, root.path()), ["b.yaml", "a.yaml"]);
    assert_eq!(loaded.sources.sources.iter().map(|source| source.context).collect::<Vec<_>>(), [false, true]);
}

#[test]
fn what_cannot_be_read_is_one_finding_each() {
    let root = tempfile::tempdir().unwrap();
    let cases: &[(&str, &[u8], &str, &str)] = &[
        ("nul.yaml", b"a: 1\n\0\n", "GW8003", "byte 5, on line 2, is NUL"),
        ("latin.yaml", b"a: 1\nb: caf\xe9\n", "GW8003", "byte 11, on line 2"),
        ("cut.yaml", b"a: caf\xc3", "GW8003", "byte 6, on line 1"),
        ("utf16.yaml", b"\xff\xfea\0:\0", "GW8003", "UTF-16"),
        ("empty.yaml", b"", "GW8006", "is empty"),
        ("blank.yaml", b"\n  \n", "GW8006", "is empty"),
    ];
    for (name, bytes, id, words) in cases {
        let file = root.path().join(name);
        fs::write(&file, bytes).unwrap();
        let (loaded, findings) = run(&[&file], &[]);
        assert_eq!(ids(&findings), [*id], "{name}");
        assert!(findings[0].message.contains(words), "{name}: {}", findings[0].message);
        assert!(!loaded.unreadable, "{name}");
    }
    for missing in [root.path().join("absent.yaml"), root.path().join("nul.yaml/below")] {
        let (loaded, findings) = run(&[&missing], &[]);
        assert_eq!(ids(&findings), ["GW8001"]);
        assert!(loaded.unreadable && loaded.sources.sources.is_empty());
    }
}

#[test]
fn a_late_nul_and_a_character_across_chunks_are_told_apart() {
    let root = tempfile::tempdir().unwrap();
    let file = root.path().join("large.yaml");
    let mut text = "a".repeat(super::CHUNK - 1);
    text.push_str("é: 1\n");
    fs::write(&file, &text).unwrap();
    let (loaded, findings) = run(&[&file], &[]);
    assert_eq!(ids(&findings), [""; 0]);
    assert_eq!(loaded.sources.sources[SourceId(0)].text, text);
    fs::write(&file, [text.as_bytes(), b"\0"].concat()).unwrap();
    assert_eq!(ids(&run(&[&file], &[]).1), ["GW8003"]);
}

#[test]
fn a_byte_order_mark_is_removed_and_crlf_is_kept() {
    let root = tempfile::tempdir().unwrap();
    let file = root.path().join("bom.yaml");
    fs::write(&file, b"\xef\xbb\xbfa: 1\r\n").unwrap();
    let (loaded, _) = run(&[&file], &[]);
    assert_eq!(loaded.sources.sources[SourceId(0)].text, "a: 1\r\n");
}

#[test]
fn a_directory_without_manifests_is_noted() {
    let root = tempfile::tempdir().unwrap();
    fs::write(root.path().join("notes.txt"), "a").unwrap();
    assert_eq!(ids(&run(&[root.path()], &[]).1), ["GW8006"]);
}

#[cfg(unix)]
mod unix {
    use std::os::unix::fs::{PermissionsExt, symlink};
    use std::process::Command;
    use std::time::{Duration, Instant};

    use super::*;

    #[test]
    fn links_are_followed_inside_the_roots_only() {
        let root = tempfile::tempdir().unwrap();
        let outside = tempfile::tempdir().unwrap();
        fs::write(outside.path().join("out.yaml"), "a: 1\n").unwrap();
        fs::create_dir_all(root.path().join("..data/sub")).unwrap();
        fs::write(root.path().join("..data/real.yaml"), "a: 1\n").unwrap();
        fs::write(root.path().join("..data/sub/deep.yaml"), "a: 1\n").unwrap();
        symlink("..data/real.yaml", root.path().join("file.yaml")).unwrap();
        symlink("..data/sub", root.path().join("sub")).unwrap();
        symlink(".", root.path().join("loop")).unwrap();
        symlink("loop/loop", root.path().join("again.yaml")).unwrap();
        symlink(outside.path(), root.path().join("outside")).unwrap();
        symlink(outside.path().join("out.yaml"), root.path().join("out.yaml")).unwrap();
        symlink("nowhere", root.path().join("broken")).unwrap();
        let (loaded, findings) = run(&[root.path()], &[]);
        assert_eq!(names(&loaded, root.path()), ["file.yaml", "sub/deep.yaml"]);
        assert_eq!(ids(&findings), ["GW8006", "GW8006"]);
        assert!(findings.iter().all(|finding| finding.message.contains("outside the given directories")));
        let (loaded, findings) = run(&[root.path(), outside.path()], &[]);
        assert_eq!(names(&loaded, root.path()), ["file.yaml", "out.yaml", "sub/deep.yaml"]);
        assert_eq!(ids(&findings), [""; 0]);
    }

    #[test]
    fn a_broken_link_to_a_manifest_is_unreadable() {
        let root = tempfile::tempdir().unwrap();
        symlink("nowhere", root.path().join("broken.yaml")).unwrap();
        let (loaded, findings) = run(&[root.path()], &[]);
        assert_eq!(ids(&findings), ["GW8001"]);
        assert!(loaded.unreadable);
    }

    #[test]
    fn a_pipe_in_a_directory_does_not_block_and_a_named_one_is_read() {
        let root = tempfile::tempdir().unwrap();
        let pipe = root.path().join("pipe.yaml");
        assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let (loaded, findings) = run(&[root.path()], &[]);
        assert!(loaded.sources.sources.is_empty());
        assert!(findings[0].message.contains("is not a regular file"));
        let writer = pipe.clone();
        let thread = std::thread::spawn(move || fs::write(writer, "a: 1\n"));
        let (loaded, _) = run(&[&pipe], &[]);
        thread.join().unwrap().unwrap();
        assert_eq!(loaded.sources.sources[SourceId(0)].text, "a: 1\n");
    }

    #[test]
    fn an_endless_binary_device_is_noticed_at_once() {
        let start = Instant::now();
        let (_, findings) = run(&[Path::new("/dev/zero")], &[]);
        assert_eq!(ids(&findings), ["GW8003"]);
        assert!(start.elapsed() < Duration::from_secs(5));
    }

    #[test]
    fn a_file_without_permission_is_unreadable() {
        let root = tempfile::tempdir().unwrap();
        let file = root.path().join("secret.yaml");
        fs::write(&file, "a: 1\n").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o000)).unwrap();
        if fs::read(&file).is_ok() {
            return; // Permissions do not bind this user.
        }
        let (loaded, findings) = run(&[&file], &[]);
        assert!(loaded.unreadable && findings[0].message.contains("permission denied"));
    }
}

#[test]
fn what_is_excluded_is_counted_and_a_pattern_without_use_is_told() {
    let root = tempfile::tempdir().unwrap();
    for file in ["a.yaml", "b.json", "charts/c.yaml", "team/charts/d.yaml", "team/e.yaml", "notes.txt", "other/f.yaml"]
    {
        let path = root.path().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "a: 1\n").unwrap();
    }
    let real = fs::canonicalize(root.path()).unwrap();
    let run = |paths: &[&Path], globs: &[&str], base: Option<&Path>| {
        let globs: Vec<String> = globs.iter().map(|glob| (*glob).to_owned()).collect();
        let inputs: Vec<Input> = paths.iter().map(|path| Input::from(path.to_path_buf())).collect();
        let mut diagnostics = Diagnostics::new();
        let exclude = Exclude { globs: &globs, base, ..Exclude::default() };
        let loaded = load_from(&Disk, (&inputs, &[]), exclude, &mut Cursor::new(Vec::new()), &mut diagnostics);
        let left = diagnostics.unjudged().iter().map(|one| one.subject.to_string()).collect::<Vec<_>>();
        let left = left.iter().map(|name| name.replace(&format!("{}/", root.path().display()), "")).collect::<Vec<_>>();
        (names(&loaded, root.path()), left, diagnostics.into_findings())
    };
    let (read, left, findings) = run(&[root.path()], &["charts", "*.json", "other/**", "notes.txt"], None);
    assert_eq!(read, ["a.yaml", "team/e.yaml"]);
    assert_eq!(left, ["the file `b.json`", "the file `charts`", "the file `other/f.yaml`", "the file `team/charts`"]);
    // What is not read anyway is not left out.
    assert_eq!(ids(&findings), ["GW8012"]);
    assert!(findings[0].message.contains("`--exclude notes.txt`"));
    let team = root.path().join("team");
    assert_eq!(run(&[&team], &["team/charts"], None).0, ["team/charts/d.yaml", "team/e.yaml"]);
    assert_eq!(run(&[&team], &["team/charts"], Some(&real)).0, ["team/e.yaml"]);
    assert_eq!(run(&[&team], &["team"], None).0.len(), 2);
    assert_eq!(run(&[&root.path().join("a.yaml"), &team], &["a.yaml", "charts"], None).0, ["team/e.yaml"]);
    assert_eq!(ids(&run(&[&team], &["*"], None).2), [""; 0]);
}

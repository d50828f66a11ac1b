//! Manifests of a revision: what a checkout of the commit would hold, read as
//! git objects, so that nothing is checked out. The loader walks a revision as
//! it walks the file system. One git process lists the files and one reads all
//! of them, and as many for each submodule that is checked out. Arguments go to
//! `git` as they are, never through a shell, and the
//! revision becomes an object id before anything else is done with it.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::io::{self, BufRead as _, BufReader, Cursor, Read, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Mutex, PoisonError};

use crate::parser::load::{Disk, EntryKind, Tree};

/// How many symbolic links one path may lead through, as on Linux.
const MAX_LINKS: usize = 40;
/// How deep submodules may lie in each other.
const MAX_SUBMODULES: usize = 16;
/// The mode of a submodule.
const GITLINK: &str = "160000";

/// The revision and the path of `REV[:PATH]`, as it stands behind `git:`.
pub(super) fn name_and_path(text: &str) -> (&str, &str) {
    let (name, path) = text.split_once(':').unwrap_or((text, ""));
    (name, if path.is_empty() { "." } else { path })
}

/// The file system, with the revisions that paths like `git:REV:PATH` name.
#[derive(Default)]
pub(super) struct Revisions {
    opened: Vec<Revision>,
}

impl Revisions {
    /// Opens the revision of `REV[:PATH]`, as it stands behind `git:`. The result is the path that the loader takes.
    ///
    /// # Errors
    /// What is wrong with the revision or the path, in words.
    pub(super) fn open(&mut self, text: &str) -> Result<PathBuf, String> {
        let (name, path) = name_and_path(text);
        let prefix = format!("git:{name}:");
        let place = match self.opened.iter().position(|revision| revision.prefix == prefix) {
            Some(place) => place,
            None => {
                self.opened.push(Revision::open(name, prefix)?);
                self.opened.len() - 1
            }
        };
        let found =
            self.opened.get(place).map(|revision| (revision, PathBuf::from(format!("{}{path}", revision.prefix))));
        let (revision, path_of_tree) = found.ok_or_else(|| format!("`{name}` is no revision"))?;
        match revision.kind(&path_of_tree) {
            Ok(_) => Ok(path_of_tree),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(format!("`{path}` is not in `{name}`")),
            Err(error) => Err(format!("`{path}` of `{name}` cannot be read: {error}")),
        }
    }

    fn of(&self, path: &Path) -> Option<&Revision> {
        let text = path.to_str()?;
        self.opened.iter().find(|revision| text.starts_with(&revision.prefix))
    }

    /// The submodules below a place of which no content is at hand: their paths from there, and their commits.
    pub(super) fn submodules(&self, root: &Path) -> Vec<(String, String)> {
        match self.of(root) {
            Some(revision) => revision.submodules(root),
            None => checked_out(root),
        }
    }
}

/// The submodules of a working tree that are not checked out. The index knows their commits.
fn checked_out(root: &Path) -> Vec<(String, String)> {
    let has_submodules = |root: PathBuf| root.ancestors().any(|above| above.join(".gitmodules").is_file());
    if !root.is_dir() || !fs::canonicalize(root).is_ok_and(has_submodules) {
        return Vec::new();
    }
    let listed = run_git(Some(root), &["ls-files", "--stage", "-z"]).unwrap_or_default();
    let entries = listed.split(|byte| *byte == 0).filter_map(|entry| {
        let entry = String::from_utf8_lossy(entry);
        let (head, path) = entry.split_once('\t')?;
        let mut words = head.split(' ');
        let (mode, commit) = (words.next()?, words.next()?);
        let is_empty = mode == GITLINK && !root.join(path).join(".git").exists();
        is_empty.then(|| (path.to_owned(), commit.to_owned()))
    });
    entries.collect()
}

impl Tree for Revisions {
    fn canonicalize(&self, path: &Path) -> io::Result<PathBuf> {
        self.of(path).map_or_else(|| Disk.canonicalize(path), |revision| revision.canonicalize(path))
    }

    fn kind(&self, path: &Path) -> io::Result<EntryKind> {
        self.of(path).map_or_else(|| Disk.kind(path), |revision| revision.kind(path))
    }

    fn entries(&self, directory: &Path) -> io::Result<Vec<(OsString, EntryKind)>> {
        self.of(directory).map_or_else(|| Disk.entries(directory), |revision| revision.entries(directory))
    }

    fn open(&self, path: &Path) -> io::Result<(Box<dyn Read + '_>, u64)> {
        match self.of(path) {
            Some(revision) => revision.open_file(path),
            None => Disk.open(path),
        }
    }
}

/// The tree of one commit.
struct Revision {
    /// `git:REV:`, with which its paths begin. Behind it stands a path from the working directory, or from the root of
    /// the tree when it begins with `/`.
    prefix: String,
    root: Node,
    /// The working directory, from the root of the tree.
    base: Vec<String>,
    /// Where the tree is checked out; `None` in a bare repository.
    checkout: Option<PathBuf>,
    /// The repository itself, and the submodules that are checked out.
    stores: Vec<Store>,
}

/// Where objects are read.
struct Store {
    /// A submodule; `None` is the repository itself.
    directory: Option<PathBuf>,
    /// `None` until something is read.
    objects: Mutex<Option<Objects>>,
}

impl Store {
    fn new(directory: Option<PathBuf>) -> Self {
        Self { directory, objects: Mutex::new(None) }
    }

    fn read(&self, id: &str) -> io::Result<Vec<u8>> {
        let mut objects = self.objects.lock().unwrap_or_else(PoisonError::into_inner);
        let started = match objects.take() {
            Some(started) => started,
            None => Objects::start(self.directory.as_deref())?,
        };
        objects.insert(started).read(id)
    }
}

/// A file of a repository.
struct Blob {
    id: String,
    store: usize,
}

/// An entry of a tree.
enum Node {
    Directory(BTreeMap<String, Node>),
    File(Blob),
    Link(Blob),
    /// A submodule whose commit is not at hand: an empty directory, as a checkout leaves it.
    Submodule(String),
}

impl Node {
    fn kind(&self) -> EntryKind {
        match self {
            Self::Directory(_) | Self::Submodule(_) => EntryKind::Directory,
            Self::File(_) => EntryKind::File,
            Self::Link(_) => EntryKind::Link,
        }
    }

    fn insert(&mut self, path: &str, node: Self) {
        let Self::Directory(entries) = self else { return };
        match path.split_once('/') {
            None => {
                entries.insert(path.to_owned(), node);
            }
            Some((first, rest)) => {
                entries.entry(first.to_owned()).or_insert_with(|| Self::Directory(BTreeMap::new())).insert(rest, node);
            }
        }
    }

    fn at(&self, path: &[String]) -> Option<&Self> {
        path.iter().try_fold(self, |node, name| match node {
            Self::Directory(entries) => entries.get(name),
            Self::File(_) | Self::Link(_) | Self::Submodule(_) => None,
        })
    }

    /// Adds the submodules in it, by their paths.
    fn add_submodules(&self, path: &str, found: &mut Vec<(String, String)>) {
        match self {
            Self::Submodule(commit) => found.push((path.to_owned(), commit.clone())),
            Self::Directory(entries) => {
                for (name, node) in entries {
                    let path = if path.is_empty() { name.clone() } else { format!("{path}/{name}") };
                    node.add_submodules(&path, found);
                }
            }
            Self::File(_) | Self::Link(_) => {}
        }
    }
}

/// Where a path leads.
enum Resolved {
    /// To a place in the tree, by the names from its root.
    Inside(Vec<String>),
    /// Out of the tree, to a place of the file system.
    Outside(PathBuf),
}

impl Revision {
    fn open(name: &str, prefix: String) -> Result<Self, String> {
        if name.is_empty() {
            return Err("a revision is missing: git:REV[:PATH]".to_owned());
        }
        let commit = git(&["rev-parse", "--verify", "--quiet", "--end-of-options", &format!("{name}^{{commit}}")])
            .map_err(|error| match error {
                GitError::Missing(error) => error,
                GitError::Refused(_) => format!("`{name}` is no revision of this repository"),
            })?;
        let line = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).trim_end_matches(['\n', '\r']).to_owned();
        let commit = line(commit);
        let base = line(git(&["rev-parse", "--show-prefix"]).unwrap_or_default());
        let checkout = git(&["rev-parse", "--show-toplevel"]).ok().map(|path| PathBuf::from(line(path)));
        let base = base.split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect();
        let mut revision = Self { prefix, root: Node::Directory(BTreeMap::new()), base, checkout, stores: Vec::new() };
        revision.list(None, "", &commit, MAX_SUBMODULES).map_err(GitError::into_words)?;
        Ok(revision)
    }

    /// Lists a commit of the repository, or of a submodule that is checked out in `directory`, whose place in the tree is
    /// `below`.
    fn list(&mut self, directory: Option<&Path>, below: &str, commit: &str, depth: usize) -> Result<(), GitError> {
        let listed = run_git(directory, &["ls-tree", "-r", "-z", "--full-tree", commit])?;
        let store = self.stores.len();
        self.stores.push(Store::new(directory.map(Path::to_owned)));
        if !below.is_empty() {
            self.root.insert(below, Node::Directory(BTreeMap::new()));
        }
        // As in a checkout: a repository begins here.
        let repository = if below.is_empty() { ".git".to_owned() } else { format!("{below}/.git") };
        self.root.insert(&repository, Node::Directory(BTreeMap::new()));
        for entry in listed.split(|byte| *byte == 0).filter(|entry| !entry.is_empty()) {
            let Some((path, node)) = parse_entry(&String::from_utf8_lossy(entry), store) else { continue };
            let path = if below.is_empty() { path } else { format!("{below}/{path}") };
            let commit = match &node {
                Node::Submodule(commit) => Some(commit.clone()),
                Node::Directory(_) | Node::File(_) | Node::Link(_) => None,
            };
            self.root.insert(&path, node);
            let checked_out = self.checkout.as_ref().map(|checkout| checkout.join(&path));
            let checked_out = checked_out.filter(|directory| depth > 0 && directory.join(".git").exists());
            if let (Some(commit), Some(directory)) = (commit, checked_out) {
                // A commit that was not fetched leaves the submodule what it is.
                let _ = self.list(Some(&directory), &path, &commit, depth - 1);
            }
        }
        Ok(())
    }

    fn submodules(&self, root: &Path) -> Vec<(String, String)> {
        let mut found = Vec::new();
        if let Ok(node) = self.node(root) {
            node.add_submodules("", &mut found);
        }
        found
    }

    /// Follows all links of a path.
    fn resolve(&self, path: &Path) -> io::Result<Resolved> {
        let text = path.to_str().and_then(|text| text.strip_prefix(&self.prefix)).unwrap_or_default();
        let mut known: Vec<String> = if text.starts_with('/') { Vec::new() } else { self.base.clone() };
        // The names that are still to be taken, the next one last.
        let mut left: Vec<String> = text.split('/').rev().map(str::to_owned).collect();
        let mut links = 0;
        while let Some(name) = left.pop() {
            match name.as_str() {
                "" | "." => continue,
                ".." if known.pop().is_none() => return self.outside(&known, "..", &left),
                ".." => continue,
                _ => known.push(name),
            }
            match self.root.at(&known) {
                None => return Err(io::ErrorKind::NotFound.into()),
                Some(Node::Directory(_) | Node::Submodule(_)) => {}
                Some(Node::File(_)) if left.iter().all(|name| name.is_empty()) => {}
                Some(Node::File(_)) => return Err(io::ErrorKind::NotADirectory.into()),
                Some(Node::Link(blob)) => {
                    links += 1;
                    if links > MAX_LINKS {
                        return Err(io::Error::other("too many levels of symbolic links"));
                    }
                    let target = String::from_utf8_lossy(&self.read(blob)?).into_owned();
                    known.pop();
                    if target.starts_with('/') {
                        let Some(inside) = self.in_checkout(&target) else {
                            return self.outside(&[], &target, &left);
                        };
                        known.clear();
                        left.extend(inside.split('/').rev().map(str::to_owned));
                    } else {
                        left.extend(target.split('/').rev().map(str::to_owned));
                    }
                }
            }
        }
        Ok(Resolved::Inside(known))
    }

    /// The part of an absolute path behind the place where the tree is checked out.
    fn in_checkout<'t>(&self, target: &'t str) -> Option<&'t str> {
        let rest = target.strip_prefix(self.checkout.as_ref()?.to_str()?)?;
        (rest.is_empty() || rest.starts_with('/')).then_some(rest)
    }

    /// The place that a path leads to which leaves the tree, as if the tree were checked out.
    fn outside(&self, known: &[String], next: &str, left: &[String]) -> io::Result<Resolved> {
        let checkout = self.checkout.as_deref().ok_or(io::ErrorKind::NotFound)?;
        let names = known.iter().map(String::as_str).chain([next]).chain(left.iter().rev().map(String::as_str));
        let path: PathBuf = std::iter::once(checkout).chain(names.map(Path::new)).collect();
        Ok(Resolved::Outside(fs::canonicalize(path)?))
    }

    fn read(&self, Blob { id, store }: &Blob) -> io::Result<Vec<u8>> {
        self.stores.get(*store).ok_or(io::ErrorKind::NotFound)?.read(id)
    }

    fn node(&self, path: &Path) -> io::Result<&Node> {
        match self.resolve(path)? {
            Resolved::Inside(names) => self.root.at(&names).ok_or_else(|| io::ErrorKind::NotFound.into()),
            Resolved::Outside(_) => Err(io::ErrorKind::NotFound.into()),
        }
    }

    fn canonicalize(&self, path: &Path) -> io::Result<PathBuf> {
        Ok(match self.resolve(path)? {
            Resolved::Inside(names) => PathBuf::from(format!("{}/{}", self.prefix, names.join("/"))),
            Resolved::Outside(path) => path,
        })
    }

    fn kind(&self, path: &Path) -> io::Result<EntryKind> {
        match self.resolve(path)? {
            Resolved::Inside(names) => {
                self.root.at(&names).map(Node::kind).ok_or_else(|| io::ErrorKind::NotFound.into())
            }
            Resolved::Outside(path) => Disk.kind(&path),
        }
    }

    fn entries(&self, directory: &Path) -> io::Result<Vec<(OsString, EntryKind)>> {
        match self.node(directory)? {
            Node::Directory(entries) => {
                Ok(entries.iter().map(|(name, node)| (OsString::from(name), node.kind())).collect())
            }
            Node::Submodule(_) => Ok(Vec::new()),
            Node::File(_) | Node::Link(_) => Err(io::ErrorKind::NotADirectory.into()),
        }
    }

    fn open_file(&self, path: &Path) -> io::Result<(Box<dyn Read + '_>, u64)> {
        match self.node(path)? {
            Node::File(blob) => {
                let content = self.read(blob)?;
                let size = content.len() as u64;
                Ok((Box::new(Cursor::new(content)), size))
            }
            Node::Directory(_) | Node::Link(_) | Node::Submodule(_) => Err(io::ErrorKind::IsADirectory.into()),
        }
    }
}

/// Path and node of a line of `ls-tree`.
fn parse_entry(entry: &str, store: usize) -> Option<(String, Node)> {
    let (head, path) = entry.split_once('\t')?;
    let mut words = head.split(' ');
    let (mode, kind, id) = (words.next()?, words.next()?, words.next()?);
    let node = match (mode, kind) {
        ("120000", "blob") => Node::Link(Blob { id: id.to_owned(), store }),
        (_, "blob") => Node::File(Blob { id: id.to_owned(), store }),
        (GITLINK, "commit") => Node::Submodule(id.to_owned()),
        _ => return None,
    };
    Some((path.to_owned(), node))
}

/// The git process that reads all objects
/// ([git-cat-file](https://git-scm.com/docs/git-cat-file#_batch_output)).
struct Objects {
    child: Child,
    /// Where ids are asked for; `None` once it is closed.
    ask: Option<ChildStdin>,
    answer: BufReader<ChildStdout>,
}

impl Objects {
    fn start(directory: Option<&Path>) -> io::Result<Self> {
        let mut child = command(directory, &["cat-file", "--batch"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let (ask, answer) = (child.stdin.take(), child.stdout.take());
        let answer = answer.ok_or_else(|| io::Error::other("git has no output"))?;
        Ok(Self { child, ask, answer: BufReader::new(answer) })
    }

    /// The content of a blob.
    fn read(&mut self, id: &str) -> io::Result<Vec<u8>> {
        let ask = self.ask.as_mut().ok_or(io::ErrorKind::BrokenPipe)?;
        writeln!(ask, "{id}")?;
        ask.flush()?;
        let mut head = String::new();
        self.answer.read_line(&mut head)?;
        // `<id> blob <size>`, or `<id> missing`.
        let size = head.trim_end().split(' ').nth(2).and_then(|size| size.parse::<usize>().ok());
        let size = size.ok_or_else(|| io::Error::other(format!("git does not have the object {id}")))?;
        let mut content = Vec::new();
        content.try_reserve_exact(size)?;
        content.resize(size, 0);
        self.answer.read_exact(&mut content)?;
        let mut end = [0];
        self.answer.read_exact(&mut end)?;
        Ok(content)
    }
}

impl Drop for Objects {
    fn drop(&mut self) {
        // The end of its input ends the process.
        drop(self.ask.take());
        let _ = self.child.wait();
    }
}

/// Why git gave nothing.
enum GitError {
    /// It cannot be run.
    Missing(String),
    /// What it said.
    Refused(String),
}

impl GitError {
    fn into_words(self) -> String {
        match self {
            Self::Missing(error) => error,
            Self::Refused(said) => format!("git: {said}"),
        }
    }
}

/// The variables by which git tells its hooks which repository they are for.
const OF_HOOKS: [&str; 7] = [
    "GIT_COMMON_DIR",
    "GIT_DIR",
    "GIT_INDEX_FILE",
    "GIT_NAMESPACE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_PREFIX",
    "GIT_WORK_TREE",
];

/// A git command that fetches nothing and runs no program that a repository names, in a directory or the working directory.
fn command(directory: Option<&Path>, args: &[&str]) -> Command {
    let mut command = Command::new("git");
    if let Some(directory) = directory {
        command.arg("-C").arg(directory);
    }
    command
        .args(["--no-pager", "--literal-pathspecs", "-c", "core.fsmonitor=false"])
        .args(args)
        .env("GIT_NO_LAZY_FETCH", "1");
    command
}

fn git(args: &[&str]) -> Result<Vec<u8>, GitError> {
    run_git(None, args)
}

/// The names that a git command in a directory lists between NULs, whichever repository a hook is for; `None` where there is
/// no git or it refuses. Those that are not UTF-8 are left out.
pub(super) fn names_in(directory: &Path, args: &[&str]) -> Option<Vec<String>> {
    let mut command = command(Some(directory), args);
    OF_HOOKS.iter().for_each(|name| {
        command.env_remove(name);
    });
    let output = command.stdin(Stdio::null()).output().ok().filter(|output| output.status.success())?;
    let names = output.stdout.split(|byte| *byte == 0).filter_map(|name| std::str::from_utf8(name).ok());
    Some(names.filter(|name| !name.is_empty()).map(str::to_owned).collect())
}

fn run_git(directory: Option<&Path>, args: &[&str]) -> Result<Vec<u8>, GitError> {
    let output = command(directory, args)
        .stdin(Stdio::null())
        .output()
        .map_err(|error| GitError::Missing(format!("cannot run git: {error}")))?;
    if output.status.success() {
        Ok(output.stdout)
    } else {
        Err(GitError::Refused(String::from_utf8_lossy(&output.stderr).trim().to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::{Node, parse_entry};

    #[test]
    fn files_links_and_submodules_are_told_apart() {
        let read = |entry| match parse_entry(entry, 0) {
            Some((path, Node::File(_))) => format!("file {path}"),
            Some((path, Node::Link(_))) => format!("link {path}"),
            Some((path, Node::Directory(_))) => format!("directory {path}"),
            Some((path, Node::Submodule(commit))) => format!("submodule {path} {commit}"),
            None => "nothing".to_owned(),
        };
        assert_eq!(read("100644 blob 12ab\ta b.yaml"), "file a b.yaml");
        assert_eq!(read("100755 blob 12ab\ta.yaml"), "file a.yaml");
        assert_eq!(read("120000 blob 12ab\tlink.yaml"), "link link.yaml");
        assert_eq!(read("160000 commit 12ab\tmodule"), "submodule module 12ab");
        assert_eq!(read("040000 tree 12ab\tmodule"), "nothing");
    }
}

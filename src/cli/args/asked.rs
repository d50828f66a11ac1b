//! Which objects `get` and `describe` are asked for, and where the manifests are.

use std::path::{Path, PathBuf};

use clap::parser::ValueSource;
use clap::{ArgMatches, Args};

use super::InputPaths;
use crate::name::Namespace;

/// What a path of manifests ends with, so that it is no name.
const ENDINGS: [&str; 4] = ["/", ".yaml", ".yml", ".json"];

/// The objects and the manifests.
#[derive(Debug, Args)]
pub struct AskedArgs {
    /// A kind as cluster tools name it (`gateways`, `httproute`, `gc`, `svc`), several with commas between them, `routes`,
    /// `policies`, `backends` or `all`; or KIND/NAME.
    #[arg(value_name = "KIND")]
    pub what: String,
    /// The name of an object, `NAMESPACE/NAME` where several namespaces have it, and behind it files or directories with
    /// manifests, `-` for standard input. With --filename all of them are names.
    #[arg(value_name = "[NAME] PATHS")]
    words: Vec<PathBuf>,
    /// A file or a directory with manifests. Repeatable.
    #[arg(short, long, value_name = "PATH", help_heading = "Input")]
    filename: Vec<PathBuf>,
    /// Files or directories with objects that are known but not judged. Repeatable.
    #[arg(long, value_name = "PATH", help_heading = "Input")]
    pub context: Vec<PathBuf>,
    /// Show objects of all namespaces, which is also done where --namespace is not given.
    #[arg(short = 'A', long, help_heading = "Selection")]
    pub all_namespaces: bool,
    /// The namespace that the command line names: only its objects are shown.
    #[arg(skip)]
    pub namespace: Option<Namespace>,
    /// The names.
    #[arg(skip)]
    pub names: Vec<String>,
    /// The manifests.
    #[arg(skip)]
    pub paths: Vec<PathBuf>,
}

impl AskedArgs {
    /// Tells names from paths.
    ///
    /// # Errors
    /// A message for the user about a word that is no name.
    pub(super) fn complete(&mut self, matches: &ArgMatches, namespace: &Namespace) -> Result<(), String> {
        let is_own = matches.value_source("namespace") == Some(ValueSource::CommandLine);
        self.namespace = (is_own && !self.all_namespaces).then(|| namespace.clone());
        let mut words = std::mem::take(&mut self.words).into_iter().peekable();
        let has_name = !self.what.contains('/');
        let is_named = |word: &PathBuf| has_name && !is_path(word);
        if self.filename.is_empty() {
            let first = words.next_if(|word| is_named(word));
            self.paths = words.collect();
            match first {
                // A word alone is where the manifests are.
                Some(word) if self.paths.is_empty() => self.paths.push(word),
                Some(word) => self.names.push(text(word)?),
                None => {}
            }
        } else {
            self.names = words.map(text).collect::<Result<_, _>>()?;
            self.paths = std::mem::take(&mut self.filename);
        }
        Ok(())
    }

    /// Says that no manifests are named.
    ///
    /// # Errors
    /// A message for the user.
    pub fn check(&self) -> Result<(), String> {
        if self.paths.is_empty() {
            return Err(
                "where are the manifests? Name files or directories behind the kind, or with --filename".to_owned()
            );
        }
        Ok(())
    }

    /// The paths.
    pub fn paths(&self) -> InputPaths<'_> {
        InputPaths { paths: &self.paths, context: &self.context }
    }
}

fn text(word: PathBuf) -> Result<String, String> {
    let text = word.into_os_string().into_string();
    text.map_err(|word| format!("`{}` is no name of an object", word.to_string_lossy().escape_debug()))
}

/// Whether a word in the place of a name can only be a path.
fn is_path(word: &Path) -> bool {
    let text = word.to_string_lossy();
    text == "-" || text.starts_with(['.', '/', '~']) || ENDINGS.iter().any(|ending| text.ends_with(ending))
}

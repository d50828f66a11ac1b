//! The manifests on the command line, common to all commands that read some.

use std::path::PathBuf;

use clap::{ArgMatches, Args};

/// The manifests, where the positional arguments are something else.
#[derive(Debug, Args)]
pub struct FileArgs {
    /// Files or directories with manifests, `-` for standard input. Repeatable.
    #[arg(short, long, value_name = "PATH", required = true, help_heading = "Input")]
    pub(super) filename: Vec<PathBuf>,
    /// Files or directories with objects that are known but not judged. Repeatable.
    #[arg(long, value_name = "PATH", help_heading = "Input")]
    context: Vec<PathBuf>,
}

impl FileArgs {
    /// The same as positional paths.
    pub fn input(&self) -> InputArgs {
        InputArgs { paths: self.filename.clone(), filename: Vec::new(), context: self.context.clone() }
    }
}

impl InputArgs {
    /// One path, and what is known beside it.
    pub fn of(path: PathBuf, context: Vec<PathBuf>) -> Self {
        Self::of_all(vec![path], context)
    }

    /// Paths, and what is known beside them.
    pub fn of_all(paths: Vec<PathBuf>, context: Vec<PathBuf>) -> Self {
        Self { paths, filename: Vec::new(), context }
    }
}

/// The manifests.
#[derive(Debug, Args)]
pub struct InputArgs {
    /// Files or directories with manifests, `-` for standard input. Directories are searched for .yaml, .yml and .json
    /// files; hidden ones and symbolic links that lead out of them are left out.
    #[arg(value_name = "PATHS", required_unless_present = "filename")]
    pub paths: Vec<PathBuf>,
    /// The same as a path without the flag. Repeatable.
    #[arg(short, long, value_name = "PATH", help_heading = "Input")]
    pub(super) filename: Vec<PathBuf>,
    /// Files or directories with objects that are known but not judged: they are compiled like the others, and findings
    /// on them are left out. Repeatable.
    #[arg(long, value_name = "PATH", help_heading = "Input")]
    pub context: Vec<PathBuf>,
}

impl InputArgs {
    /// Merges the paths and the values of `--filename` in the order of the command line.
    pub(super) fn order_paths(&mut self, matches: &ArgMatches) {
        let indices = |name: &str| matches.indices_of(name).into_iter().flatten();
        let positional = indices("paths").zip(std::mem::take(&mut self.paths));
        let flagged = indices("filename").zip(std::mem::take(&mut self.filename));
        let mut all: Vec<(usize, PathBuf)> = positional.chain(flagged).collect();
        all.sort_by_key(|(index, _)| *index);
        self.paths = all.into_iter().map(|(_, path)| path).collect();
    }
}

//! The manifests on the command line, common to all commands that read some.

use std::path::PathBuf;

use clap::{ArgMatches, Args};

use crate::options::Options;

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
    /// The paths.
    pub fn paths(&self) -> InputPaths<'_> {
        InputPaths { paths: &self.filename, context: &self.context }
    }
}

/// What a command reads.
#[derive(Clone, Copy, Debug)]
pub struct InputPaths<'a> {
    /// The manifests.
    pub paths: &'a [PathBuf],
    /// What is known beside them.
    pub context: &'a [PathBuf],
}

/// Arguments for which one settings file holds, or none.
#[derive(Clone, Debug)]
pub struct TreeArgs {
    /// The arguments.
    pub paths: Vec<PathBuf>,
    /// What is known beside them.
    pub context: Vec<PathBuf>,
    /// What their compilation is told.
    pub options: Options,
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
    /// The arguments by the settings that hold for them, where those are not the same for all.
    #[arg(skip)]
    pub trees: Vec<TreeArgs>,
}

impl InputArgs {
    /// The paths.
    pub fn paths(&self) -> InputPaths<'_> {
        InputPaths { paths: &self.paths, context: &self.context }
    }

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

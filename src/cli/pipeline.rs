//! The seam between commands and the library: reading the input, compiling it,
//! writing the output. Commands call the library through this file only.

use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use super::args::{InputArgs, OutputFormat, Section};
use super::streams::Unwritten;
use crate::compile::{self, Compilation};
use crate::diagnostics::{Diagnostics, Finding, Locate, Location, Place, Span};
use crate::emit::{self, Comments, Format, NoComments};
use crate::options::Options;
use crate::parser::load::{Input, load};
use crate::parser::locate::Locator;
use crate::parser::manifests::Manifests;
use crate::parser::source::SourceId;

/// What to write, and how.
#[derive(Clone, Copy, Debug)]
pub(super) struct Emission {
    /// The format.
    pub(super) format: OutputFormat,
    /// Only this section.
    pub(super) section: Option<Section>,
    /// Comments in YAML that name the source of each part.
    pub(super) comments: bool,
}

/// A compilation of what the command line names.
#[derive(Debug, Default)]
pub(super) struct Compiled {
    /// The result of the library, the findings of reading the input before its own.
    pub(super) compilation: Compilation,
    /// A path could not be read.
    pub(super) is_input_unreadable: bool,
}

/// Reads what the arguments name and compiles it.
pub(super) fn compile(input: &InputArgs, options: &Options, stdin: &mut dyn Read) -> Compiled {
    let inputs = |paths: &[PathBuf]| -> Vec<Input> { paths.iter().cloned().map(Input::from).collect() };
    let mut diagnostics = Diagnostics::new();
    let loaded = load(&inputs(&input.paths), &inputs(&input.context), stdin, &mut diagnostics);
    let mut compilation = compile::compile(loaded.sources, options);
    compilation.findings.splice(0..0, diagnostics.into_findings());
    Compiled { compilation, is_input_unreadable: loaded.unreadable }
}

impl Compiled {
    /// Everything that was found.
    pub(super) fn findings(&self) -> &[Finding] {
        &self.compilation.findings
    }

    /// What turns symbolic locations into places.
    pub(super) fn locator(&self) -> impl Locate + '_ {
        Files { manifests: &self.compilation.manifests, locator: Locator::new(&self.compilation.manifests) }
    }

    /// How many files were read.
    pub(super) fn file_count(&self) -> usize {
        self.compilation.manifests.sources.sources.len()
    }

    /// How many objects were read.
    pub(super) fn object_count(&self) -> usize {
        self.compilation.manifests.object_count
    }

    /// Whether a path could not be read.
    pub(super) fn is_input_unreadable(&self) -> bool {
        self.is_input_unreadable
    }

    /// Whether there is a configuration to write.
    pub(super) fn has_output(&self) -> bool {
        self.compilation.bootstrap.is_some()
    }

    /// Whether the configuration holds a private key.
    pub(super) fn holds_private_key(&self) -> bool {
        self.compilation.holds_private_key
    }

    /// Writes the configuration, or a section of it.
    ///
    /// # Errors
    /// Those of `out`.
    pub(super) fn emit(&self, emission: &Emission, out: &mut dyn Write) -> io::Result<()> {
        let wire = self.compilation.bootstrap.as_deref().unwrap_or_default();
        let format = match emission.format {
            OutputFormat::Yaml => Format::Yaml,
            OutputFormat::Json => Format::Json,
            OutputFormat::Pb => Format::Pb,
        };
        let comments: &dyn Comments = if emission.comments { &self.compilation } else { &NoComments };
        match emission.section {
            None => emit::write(emit::BOOTSTRAP, wire, format, comments, out),
            Some(section) => emit::write_section(wire, resources(section), format, comments, out),
        }
    }
}

fn resources(section: Section) -> emit::Section {
    match section {
        Section::Listeners => emit::Section::Listeners,
        Section::Routes => emit::Section::Routes,
        Section::Clusters => emit::Section::Clusters,
        Section::Endpoints => emit::Section::Endpoints,
        Section::Secrets => emit::Section::Secrets,
    }
}

/// Replaces a file as a whole, or leaves it as it was. A file that holds a private key is for its owner only. A FIFO
/// whose reader goes away ends the writing quietly.
///
/// # Errors
/// What the system says when the file cannot be written.
pub(super) fn write_file(
    path: &Path,
    holds_private_key: bool,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), Unwritten> {
    let access = if holds_private_key { emit::file::Access::Private } else { emit::file::Access::Ordinary };
    match emit::file::write_file(path, access, write) {
        Ok(()) | Err(emit::file::FileError::BrokenPipe) => Ok(()),
        Err(error) => Err(Unwritten(error.to_string())),
    }
}

/// The places of an input.
struct Files<'a> {
    manifests: &'a Manifests,
    locator: Locator<'a>,
}

impl Locate for Files<'_> {
    fn source(&self, location: &Location) -> Option<SourceId> {
        match location {
            Location::Source(id) | Location::Bytes(id, _) => Some(*id),
            Location::Field { document, .. } => Some(self.manifests.documents.get(document.0 as usize)?.source),
            Location::Run | Location::Path(_) => None,
        }
    }

    fn place(&self, location: &Location) -> Option<Place> {
        let resolved = self.locator.resolve(location)?;
        let is_whole = matches!(location, Location::Source(_) | Location::Path(_));
        let span = (!is_whole).then_some(Span {
            range: resolved.range,
            line: resolved.line,
            column: resolved.column,
            end_line: resolved.end_line,
            end_column: resolved.end_column,
        });
        Some(Place { file: resolved.file, span })
    }

    fn text(&self, location: &Location) -> Option<&str> {
        let source = self.source(location)?;
        Some(&self.manifests.sources.sources.get(source.0 as usize)?.text)
    }
}

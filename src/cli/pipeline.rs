//! The seam between commands and the library: reading the input, compiling it,
//! writing the output. Commands call the library through this file only.

use std::fs;
use std::io::{self, Read, Write};
use std::path::Path;

use super::args::{InputArgs, OutputFormat, Section};
use super::streams::Unwritten;
use crate::compile::Compilation;
use crate::diagnostics::{Finding, Locate, Location, Place, Span, codes};
use crate::options::Options;
use crate::parser::manifests::Manifests;
use crate::parser::source::{Found, Source, SourceId};

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
    /// The result of the library.
    pub(super) compilation: Compilation,
    /// A path could not be read.
    pub(super) is_input_unreadable: bool,
}

/// Reads what the arguments name and compiles it.
pub(super) fn compile(input: &InputArgs, _options: &Options, stdin: &mut dyn Read) -> Compiled {
    let mut compiled = Compiled::default();
    for path in input.paths.iter().chain(&input.context) {
        let name = path.display().to_string();
        let text = match name.as_str() {
            "-" => io::read_to_string(&mut *stdin),
            _ => fs::read_to_string(path),
        };
        match text {
            Ok(text) => {
                let source = Source { name, text, found: Found::Named, context: false };
                compiled.compilation.manifests.sources.sources.push(source);
            }
            Err(error) => {
                compiled.is_input_unreadable = true;
                let finding = Finding::new(codes::UNREADABLE, Location::Path(name), format!("cannot be read: {error}"));
                compiled.compilation.findings.push(finding);
            }
        }
    }
    compiled
}

impl Compiled {
    /// Everything that was found.
    pub(super) fn findings(&self) -> &[Finding] {
        &self.compilation.findings
    }

    /// What turns symbolic locations into places.
    pub(super) fn locator(&self) -> impl Locate + '_ {
        Files(&self.compilation.manifests)
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
        let Emission { format: _, section: _, comments: _ } = emission;
        out.write_all(self.compilation.bootstrap.as_deref().unwrap_or_default())
    }
}

/// Replaces a file as a whole, or leaves it as it was. A file that holds a private key is for its owner only.
///
/// # Errors
/// What the system says when the file cannot be written.
pub(super) fn write_file(
    path: &Path,
    _holds_private_key: bool,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), Unwritten> {
    let directory = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let replace = || {
        let mut file = tempfile::NamedTempFile::new_in(directory)?;
        let mut buffered = io::BufWriter::new(file.as_file_mut());
        write(&mut buffered)?;
        buffered.flush()?;
        drop(buffered);
        file.persist(path).map(|_| ()).map_err(|failed| failed.error)
    };
    replace().map_err(|error| Unwritten(format!("cannot write `{}`: {error}", path.display())))
}

/// Places of whole files and of ranges of bytes.
struct Files<'a>(&'a Manifests);

impl Locate for Files<'_> {
    fn source(&self, location: &Location) -> Option<SourceId> {
        match location {
            Location::Source(id) | Location::Bytes(id, _) => Some(*id),
            Location::Field { document, .. } => Some(self.0.documents.get(document.0 as usize)?.source),
            Location::Run | Location::Path(_) => None,
        }
    }

    fn place(&self, location: &Location) -> Option<Place> {
        let source = self.0.sources.get(self.source(location)?);
        let range = match location {
            Location::Bytes(_, range) => Some(range.clone()),
            Location::Field { document, .. } => {
                self.0.documents.get(document.0 as usize).map(|found| found.range.clone())
            }
            _ => None,
        };
        let span = range.map(|range| Span::of(&source.text, range));
        Some(Place { file: source.name.clone(), span })
    }

    fn text(&self, location: &Location) -> Option<&str> {
        Some(&self.0.sources.get(self.source(location)?).text)
    }
}

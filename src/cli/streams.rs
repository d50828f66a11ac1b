//! Standard input, output and error of a run, and what is known about them.
//!
//! Commands write through this value only, so that a test can run one in
//! memory, and so that no text of the input can steer whoever reads the output.

use std::ffi::OsStr;
use std::io::{self, Read, Write};
use std::path::Path;

use super::args::ColorChoice;
use crate::diagnostics::escape::{Commands, Guard, guarded};

/// The streams of a run.
pub struct Streams<'a> {
    /// Where `-` is read from.
    pub stdin: &'a mut dyn Read,
    /// Where the product goes.
    pub stdout: &'a mut dyn Write,
    /// Where everything else goes.
    pub stderr: &'a mut dyn Write,
    /// Whether to colour what goes to standard output.
    pub color_stdout: bool,
    /// Whether to colour what goes to standard error.
    pub color_stderr: bool,
    /// Whether a person reads standard error.
    pub is_stderr_terminal: bool,
}

/// Why a product or a report is not where it should be, in words for the user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unwritten(pub String);

impl Streams<'_> {
    /// Whether a product is coloured that goes to a file or, without one, to standard output.
    pub fn is_product_colored(&self, file: Option<&Path>) -> bool {
        self.color_stdout && file.is_none_or(|file| file.as_os_str() == "-")
    }

    /// Writes a product that is text (for people, JSON, XML) to standard output, with whatever could steer its reader
    /// made visible. A reader that goes away early ends the writing quietly.
    ///
    /// # Errors
    /// What the system says when it cannot be written.
    pub fn product(
        &mut self,
        commands: Commands,
        write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<(), Unwritten> {
        let color = self.color_stdout;
        buffered(self.stdout, "standard output", |out| guard(out, color, commands, write))
    }

    /// Writes the bytes of a product as they are: a format that `emit` has escaped, or binary.
    ///
    /// # Errors
    /// What the system says when it cannot be written.
    pub fn raw_product(&mut self, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), Unwritten> {
        buffered(self.stdout, "standard output", write)
    }

    /// Writes findings to standard error, in the same way.
    ///
    /// # Errors
    /// What the system says when it cannot be written.
    pub fn findings(
        &mut self,
        commands: Commands,
        write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<(), Unwritten> {
        let color = self.color_stderr;
        buffered(self.stderr, "standard error", |out| guard(out, color, commands, write))
    }

    /// Tells the user something, a line for each line of the text. Nothing is left to be done when that fails.
    pub fn tell(&mut self, text: &str) {
        let _ = writeln!(self.stderr, "{}", guarded(text, self.color_stderr));
    }
}

/// Lets `write` write through a [`Guard`].
///
/// # Errors
/// Those of `write` and of the stream.
pub(super) fn guard(
    out: &mut dyn Write,
    color: bool,
    commands: Commands,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    let mut guard = Guard::new(out, color, commands);
    write(&mut guard)?;
    guard.finish()
}

fn buffered(
    stream: &mut dyn Write,
    name: &str,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), Unwritten> {
    let mut buffer = io::BufWriter::with_capacity(1 << 16, stream);
    let result = write(&mut buffer).and_then(|()| buffer.flush());
    // What is left in the buffer after an error must not be tried again when it is dropped.
    drop(buffer.into_parts());
    match result {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Unwritten(format!("cannot write to {name}: {error}")))
        }
        _ => Ok(()),
    }
}

/// Whether to use colours on a stream, from `--color`, the values of `NO_COLOR` and `TERM`, and whether it is a terminal.
pub fn wants_color(
    choice: ColorChoice,
    no_color: Option<&OsStr>,
    terminal_kind: Option<&OsStr>,
    is_terminal: bool,
) -> bool {
    match choice {
        ColorChoice::Always => true,
        ColorChoice::Never => false,
        ColorChoice::Auto => {
            let is_refused = no_color.is_some_and(|value| !value.is_empty());
            is_terminal && !is_refused && terminal_kind != Some(OsStr::new("dumb"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A stream that fails in one way.
    struct Failing(io::ErrorKind);

    impl Write for Failing {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_closed_pipe_is_quiet_and_a_full_disk_is_not() {
        let write = |kind, size: usize| buffered(&mut Failing(kind), "it", |out| out.write_all(&vec![b'x'; size]));
        for size in [1, 1 << 20] {
            assert!(write(io::ErrorKind::BrokenPipe, size).is_ok());
            let Unwritten(message) = write(io::ErrorKind::StorageFull, size).unwrap_err();
            assert!(message.starts_with("cannot write to it: "), "{message}");
        }
    }

    #[test]
    fn colours_need_a_terminal_without_no_color_unless_they_are_asked_for() {
        let set = Some(OsStr::new("1"));
        let empty = Some(OsStr::new(""));
        let dumb = Some(OsStr::new("dumb"));
        for (choice, no_color, kind, terminal, expected) in [
            (ColorChoice::Auto, None, None, true, true),
            (ColorChoice::Auto, None, None, false, false),
            (ColorChoice::Auto, set, None, true, false),
            (ColorChoice::Auto, empty, None, true, true),
            (ColorChoice::Auto, None, dumb, true, false),
            (ColorChoice::Always, set, dumb, false, true),
            (ColorChoice::Never, None, None, true, false),
        ] {
            let wanted = wants_color(choice, no_color, kind, terminal);
            assert_eq!(wanted, expected, "{choice:?} {no_color:?} {kind:?} {terminal}");
        }
    }
}

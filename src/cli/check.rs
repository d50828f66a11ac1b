//! `gwctl translate --check FILE`: whether a configuration, in a file or in a
//! running proxy, is what the manifests say today. Nothing is written.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::args::OutputFormat;
use super::exit::ExitStatus;
use super::made::Made;
use super::pipeline::{Compiled, Emission};
use super::running::{self, Running};
use super::streams::{Streams, Unwritten};
use crate::diagnostics::escape::{Commands, path_for_terminal};
use crate::emit::secret::{masked, without_credentials};
use crate::emit::{self, difference::differences};

/// What the top of a bootstrap may hold; one of them at least is there.
const SECTIONS: [&str; 5] = ["static_resources", "dynamic_resources", "admin", "node", "layered_runtime"];

/// The configuration that is checked.
#[derive(Debug)]
pub(super) struct Checked {
    path: PathBuf,
    format: OutputFormat,
    content: Content,
    /// What it says of how it was made.
    made: Option<Made>,
}

/// What is checked.
#[derive(Debug)]
enum Content {
    /// A bootstrap.
    Bootstrap(Value),
    /// What a proxy says of itself.
    Running(Running),
}

impl Checked {
    /// Reads a bootstrap as YAML, JSON or, by its extension, protobuf; or what a running proxy says, by a link to it or in a
    /// file.
    ///
    /// # Errors
    /// A message for the user when it cannot be read or is neither.
    pub(super) fn read(path: &Path) -> Result<Self, String> {
        if let Some(link) = path.to_str().and_then(running::link) {
            let (address, of_proxy) = link?;
            let content = Content::Running(Running::ask(address, &of_proxy)?);
            return Ok(Self { path: path.to_owned(), format: OutputFormat::Json, content, made: None });
        }
        let shown = path_for_terminal(path);
        let bytes = std::fs::read(path).map_err(|error| format!("cannot read `{shown}`: {error}"))?;
        let refuse = |why: String| format!("`{shown}` is not an Envoy bootstrap: {why}");
        let is_pb = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("pb"));
        let (format, mut content): (_, Value) = if is_pb {
            let mut json = Vec::new();
            emit::write_json(emit::BOOTSTRAP, &bytes, &mut json).map_err(|error| refuse(error.to_string()))?;
            (OutputFormat::Json, serde_json::from_slice(&json).map_err(|error| refuse(error.to_string()))?)
        } else if bytes.trim_ascii_start().starts_with(b"{") {
            let json = serde_json::from_slice(&bytes).map_err(|error| refuse(error.to_string()));
            (OutputFormat::Json, json.or_else(|error| serde_yaml::from_slice(&bytes).map_err(|_| error))?)
        } else {
            (OutputFormat::Yaml, serde_yaml::from_slice(&bytes).map_err(|error| refuse(error.to_string()))?)
        };
        if let Some(running) = Running::of(&mut content) {
            return Ok(Self { path: path.to_owned(), format, content: Content::Running(running), made: None });
        }
        let fields = content.as_object().ok_or_else(|| refuse("it is not a mapping".to_owned()))?;
        if !SECTIONS.iter().any(|section| fields.contains_key(*section)) {
            return Err(refuse(format!("it has none of {}", SECTIONS.map(|name| format!("`{name}`")).join(", "))));
        }
        let made = Made::read(&String::from_utf8_lossy(&bytes));
        Ok(Self { path: path.to_owned(), format, content: Content::Bootstrap(content), made })
    }

    /// Compares it with the output of a compilation, and prints what differs to standard output.
    ///
    /// # Errors
    /// When standard output cannot be written.
    pub(super) fn compare(
        &self,
        compiled: &Compiled,
        made_today: &Made,
        streams: &mut Streams<'_>,
    ) -> Result<ExitStatus, Unwritten> {
        let path = path_for_terminal(&self.path);
        let failed = |error: String| Unwritten(format!("cannot compare with `{path}`: {error}"));
        let names = compiled.compilation.emitted().config.names_of_secret_headers();
        let found = match &self.content {
            Content::Bootstrap(content) => {
                let today = self.today(compiled).map_err(failed)?;
                // What is secret is compared and shown by its digest.
                differences(&masked(content, &names), &masked(&today, &names))
            }
            Content::Running(running) => {
                if running.hides() {
                    streams.tell("note: private keys are not compared: a proxy does not show them");
                }
                let (content, today) = running.both(compiled).map_err(|error| failed(error.to_string()))?;
                differences(&without_credentials(&content, &names), &without_credentials(&today, &names))
            }
        };
        let lacks_endpoints = matches!(&self.content, Content::Running(running) if running.lacks_endpoints(compiled));
        if lacks_endpoints {
            let words = "endpoints are not compared: the dump leaves them out; take it with `/config_dump?include_eds`";
            streams.tell(&format!("{}: {words}", if found.is_empty() { "error" } else { "note" }));
        }
        if found.is_empty() {
            return Ok(if lacks_endpoints { ExitStatus::CouldNotRun } else { ExitStatus::Success });
        }
        streams.product(Commands::Refused, |out| {
            writeln!(out, "`{path}` is stale: `-` is what it has, `+` is what the manifests say")?;
            let made = self.made.as_ref().map(|made| made.differences(made_today)).unwrap_or_default();
            made.iter().try_for_each(|line| writeln!(out, "{line}"))?;
            found.iter().try_for_each(|difference| writeln!(out, "{difference}"))
        })?;
        Ok(ExitStatus::Findings)
    }

    /// The bootstrap of the manifests, read back in the same format.
    fn today(&self, compiled: &Compiled) -> Result<Value, String> {
        let mut bytes = Vec::new();
        let emission = Emission { format: self.format, section: None, comments: false, made: Made::default() };
        compiled.emit(&emission, &mut bytes).map_err(|error| error.to_string())?;
        match self.format {
            OutputFormat::Yaml => serde_yaml::from_slice(&bytes).map_err(|error| error.to_string()),
            _ => serde_json::from_slice(&bytes).map_err(|error| error.to_string()),
        }
    }
}

//! `gwctl graph`: a picture of what leads from Gateways to endpoints (docs/graph.md).

mod cards;
mod paths;

pub(in crate::cli) use cards::note_of;

use super::args::{GraphArgs, LevelName, PictureFormat, ScreenArgs};
use super::exit::ExitStatus;
use super::failure::Failure;
use super::pipeline;
use super::streams::Streams;
use super::told::{self, Told};
use super::view::View;
use crate::compile;
use crate::diagnostics::escape::Commands;
use crate::graph::{self, Graph, Level, form};
use crate::ir::{GatewayName, RouteName};
use crate::options::Options;
use crate::parser::manifests::ObjectKey;
use paths::Paths;
use pipeline::Compiled;

/// Compiles the input and draws it.
///
/// # Errors
/// Wrong usage, or an output that could not be written.
pub(super) fn run(args: &GraphArgs, screen: ScreenArgs, streams: &mut Streams<'_>) -> Result<ExitStatus, Failure> {
    let Some(told) = told::tell(args.input.paths(), &args.compile, &args.findings, screen, streams)? else {
        return Ok(ExitStatus::CouldNotRun);
    };
    let Told { options, compiled, .. } = &told;
    let whole = draw(compiled, options);
    let about = match &args.about {
        None => Some(whole),
        Some(object) => whole.about(object),
    };
    let Some(about) = about else {
        let object = args.about.as_ref().map(|key| key.to_ref().to_string()).unwrap_or_default();
        streams.tell(&format!("error: the picture has no {object}: `gwctl get all` lists what the input has"));
        return Ok(ExitStatus::Findings);
    };
    let (shown, level) = match args.level {
        Some(level) => (about.at(level_of(level)), level_of(level)),
        None => graph::fitting(&about),
    };
    if args.level.is_none() && level != Level::Endpoints && !screen.quiet {
        let (left, all) = (shown.nodes.len(), about.nodes.len());
        streams.tell(&format!(
            "note: the picture shows {left} of {all} things, down to {}; --level and --for choose others",
            word(level)
        ));
    }
    let notes = match args.format() {
        PictureFormat::Html => notes(compiled, options, &shown),
        _ => form::html::Notes::default(),
    };
    pipeline::write_product(args.output_file.as_deref(), streams, Commands::Refused, |out| match args.format() {
        PictureFormat::Dot => form::write_dot(&shown, out),
        PictureFormat::Mermaid => form::write_mermaid(&shown, out),
        PictureFormat::Svg => form::write_svg(&shown, out),
        PictureFormat::Html => form::write_html(&shown, &notes, out),
    })?;
    Ok(told.end(args.partial))
}

/// A page, and the picture on it.
pub(super) struct Page {
    pub(super) graph: Graph,
    pub(super) text: Vec<u8>,
}

/// Draws the page of an input that is followed.
///
/// # Errors
/// That the picture has no such object.
pub(super) fn page(
    compiled: &Compiled,
    options: &Options,
    (about, level): (Option<&ObjectKey>, Option<LevelName>),
    live: form::html::Live,
) -> Result<Page, String> {
    let whole = draw(compiled, options);
    let about = match about {
        None => whole,
        Some(object) => whole.about(object).ok_or_else(|| format!("the picture has no {}", object.to_ref()))?,
    };
    let graph = match level {
        Some(level) => about.at(level_of(level)),
        None => graph::fitting(&about).0,
    };
    let notes = form::html::Notes { live: Some(live), ..notes(compiled, options, &graph) };
    let mut text = Vec::new();
    form::write_html(&graph, &notes, &mut text).map_err(|error| error.to_string())?;
    Ok(Page { graph, text })
}

/// The way of a request at a Gateway through a picture: the numbers of its nodes.
pub(super) fn way(graph: &Graph, gateway: &GatewayName, route: &RouteName) -> Vec<usize> {
    Paths::new(graph).of_route(gateway, route)
}

/// The picture of an input.
fn draw(compiled: &Compiled, options: &Options) -> Graph {
    let compilation = &compiled.compilation;
    compile::look(compilation, options, |resolved| graph::build(resolved, &compilation.findings))
}

/// What a page knows beside the picture.
fn notes(compiled: &Compiled, options: &Options, shown: &Graph) -> form::html::Notes {
    let locator = compiled.locator();
    compile::look(&compiled.compilation, options, |resolved| {
        cards::of(&View::new(&compiled.compilation, resolved, &locator, options), shown)
    })
}

fn level_of(level: LevelName) -> Level {
    match level {
        LevelName::Gateways => Level::Gateways,
        LevelName::Routes => Level::Routes,
        LevelName::Services => Level::Services,
        LevelName::Rules => Level::Rules,
        LevelName::Endpoints => Level::Endpoints,
    }
}

fn word(level: Level) -> &'static str {
    match level {
        Level::Gateways => "gateways",
        Level::Routes => "routes",
        Level::Services => "services",
        Level::Rules => "rules",
        Level::Endpoints => "endpoints",
    }
}

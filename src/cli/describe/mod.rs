//! `gwctl describe`: all that is known of an object (docs/describe.md).

mod backend;
mod gateway;
mod order;
mod policy;
mod rest;
mod route;
mod tables;
mod text;
mod value;

use super::args::{DescribeArgs, DescribeFormat, ScreenArgs};
use super::exit::ExitStatus;
use super::failure::Failure;
use super::streams::Streams;
use super::table::Table;
use super::told;
use super::view::View;
use crate::diagnostics::style::Style;
use crate::diagnostics::{Severity, Subject, Unjudged};
use crate::emit;
use crate::parser::manifests::{Kind, ObjectHead};
use crate::parser::shown::shown;
use text::Section;

/// Where `kubectl apply` keeps a copy of the whole object.
const COPY: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// Compiles the input and describes what is asked for.
///
/// # Errors
/// Wrong usage, or an output that could not be written.
pub(super) fn run(args: &DescribeArgs, screen: ScreenArgs, streams: &mut Streams<'_>) -> Result<ExitStatus, Failure> {
    told::show(&args.show, screen, streams, |view, selection, is_colored, out| {
        let sections: Vec<Section> = selection.heads.iter().map(|head| describe(view, head)).collect();
        match args.format() {
            DescribeFormat::Text => sections.iter().enumerate().try_for_each(|(position, section)| {
                if position > 0 {
                    writeln!(out, "\n")?;
                }
                section.write(0, is_colored, out)
            }),
            DescribeFormat::Json => emit::write_json_value(&value::of_all(&sections), out),
            DescribeFormat::Yaml => emit::write_yaml_value(&value::of_all(&sections), out),
        }
    })
}

/// All that is known of an object.
fn describe(view: &View<'_, '_>, head: &ObjectHead) -> Section {
    let mut section = Section::default();
    section.line("Name", head.metadata.name.as_str());
    if head.kind.is_namespaced() {
        section.line("Namespace", head.metadata.namespace.as_str());
    }
    section.pairs("Labels", head.metadata.labels.iter());
    // Those of a Secret may say what is in it.
    if head.kind != Kind::Secret {
        let annotations = annotations(view, head);
        section.pairs("Annotations", annotations.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    }
    let api_version = match head.kind.group() {
        "" => head.version.to_owned(),
        group => format!("{group}/{}", head.version),
    };
    section.line("API Version", api_version);
    section.line("Kind", head.kind.name());
    section.line("Source", view.place(head));
    if head.position.context {
        section.line("Judged", "no: it is of --context");
    } else if head.refusal.is_some() {
        section.line("Judged", "as far as it can be read: the API server would refuse it");
    }
    match head.kind {
        Kind::GatewayClass | Kind::XMesh => gateway::describe_class(view, head, &mut section),
        Kind::Gateway | Kind::ListenerSet => gateway::describe(view, head, &mut section),
        Kind::HTTPRoute | Kind::GRPCRoute | Kind::TLSRoute | Kind::TCPRoute | Kind::UDPRoute => {
            route::describe(view, head, &mut section);
        }
        Kind::Service | Kind::XBackend | Kind::Upstream | Kind::Backend => backend::describe(view, head, &mut section),
        kind if kind.is_policy() => policy::describe(view, head, &mut section),
        _ => rest::describe(view, head, &mut section),
    }
    add_analysis(view, head, &mut section);
    section
}

/// The annotations of an object, without what is secret in them.
fn annotations(view: &View<'_, '_>, head: &ObjectHead) -> Vec<(String, String)> {
    let object = shown(&view.compilation.manifests, &view.locator, head);
    let shown = object.as_ref().and_then(|object| object.pointer("/metadata/annotations")?.as_object());
    let shown = shown.into_iter().flatten().filter(|(name, _)| name.as_str() != COPY);
    let text = |value: &serde_json::Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    shown.map(|(name, value)| (name.to_owned(), text(value))).collect()
}

/// The findings on an object, and what of it nobody judged.
fn add_analysis(view: &View<'_, '_>, head: &ObjectHead, section: &mut Section) {
    let mut table = Table::new(&["CODE", "SEVERITY", "PLACE", "MESSAGE"]);
    for finding in view.findings(&head.key()) {
        let place = view.locate.place(&finding.location);
        let place = place.map_or_else(String::new, |place| match &place.span {
            Some(span) => format!("{}:{}:{}", place.file, span.line, span.column),
            None => place.file,
        });
        let (severity, style) = match finding.severity() {
            Severity::Error => ("error", Style::Red),
            Severity::Warning => ("warning", Style::Yellow),
            Severity::Note => ("note", Style::Blue),
        };
        let severity = super::table::Cell { text: severity.to_owned(), style: Some(style) };
        table.push(vec![finding.code.id().into(), severity, place.into(), finding.message.as_str().into()]);
    }
    section.table("Analysis", table);
    let object = head.key().to_ref();
    let own = |one: &&Unjudged| match &one.subject {
        Subject::Object(own) | Subject::Part(own, _) => *own == object,
        Subject::Document | Subject::File(_) => false,
    };
    let unjudged: Vec<String> =
        view.compilation.unjudged.iter().filter(own).map(|one| format!("{}: {}", one.subject, one.reason)).collect();
    if !unjudged.is_empty() {
        section.lines("Not judged", unjudged);
    }
}

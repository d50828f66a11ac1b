//! `extProc` and its kin of rules and listeners: whose requests are handed to the listener's servers, and what of them.

use crate::diagnostics::{FieldPath, Finding};
use crate::http::HeaderName;
use crate::ir::{
    HeaderValue, Processed, ProcessedBody, ProcessedParts, ProcessorOverrides, ProcessorStage, ToldMetadata,
};
use crate::parser::api::{
    GlooEnum, OptionProcessing, OptionProcessingMode, OptionProcessingOverrides, RouteOption, VirtualHostOption,
};
use crate::parser::manifests::ObjectKey;
use crate::path;
use crate::resolver::{Effective, ResolvedRule};

use super::faults::Faults;
use super::part::{Part, Place};
use super::processor_told::{lower_authority, lower_greeting};

/// What is said of one of the servers of a listener.
#[derive(Clone, Debug)]
pub(super) enum Processing {
    /// It gets nothing.
    Off,
    /// It gets what it gets, but for this.
    On(Box<Changed>),
}

/// What is said in place of what a listener says.
#[derive(Clone, Debug)]
pub(super) struct Changed {
    /// What the server gets.
    pub(super) changes: ProcessorOverrides,
    /// The server.
    pub(super) server: Option<NamedServer>,
}

/// A server that an option names.
#[derive(Clone, Debug)]
pub(super) struct NamedServer {
    /// Whose option.
    pub(super) object: ObjectKey,
    /// Which.
    pub(super) field: &'static str,
    /// The host that it is called by.
    pub(super) authority: Option<String>,
    /// The headers that a stream begins with.
    pub(super) greeting: Vec<(HeaderName, HeaderValue)>,
}

/// What is said of the servers of a listener.
#[derive(Clone, Debug, Default)]
pub(in crate::translator::lower) struct ProcessingSaid(Vec<(ProcessorStage, Processing)>);

impl ProcessingSaid {
    /// What a rule says.
    pub(in crate::translator::lower) fn of_rule(rule: &ResolvedRule<'_>) -> Self {
        let mut own = Self::default();
        for Effective { value, source } in &rule.options.fields {
            if let RouteOption::ExtProc(said) | RouteOption::ExtProcEarly(said) | RouteOption::ExtProcLate(said) = value
            {
                own.add(Place { source, field: value.field() }, said);
            }
        }
        own
    }

    /// Adds what an option says.
    pub(super) fn add(&mut self, place: Place<'_>, said: &OptionProcessing) {
        let OptionProcessing { disabled, overrides } = said;
        // What is wrong with it was told, and keeps requests out.
        let mut unheard = Faults::new(place);
        let processing = match overrides {
            None if *disabled == Some(true) => Processing::Off,
            None => return,
            Some(overrides) => Processing::On(Box::new(lower_overrides(overrides, place, &mut unheard))),
        };
        self.0.push((stage_of(place.field), processing));
    }

    /// What is said of one of them.
    pub(super) fn of(&self, stage: ProcessorStage) -> Option<&Processing> {
        self.0.iter().find_map(|(own, said)| (*own == stage).then_some(said))
    }

    /// The servers that something is asked of.
    pub(super) fn asked(&self) -> impl Iterator<Item = ProcessorStage> {
        self.0.iter().filter(|(_, said)| matches!(said, Processing::On(_))).map(|(stage, _)| *stage)
    }
}

/// Which of the servers of a listener an option is about.
pub(super) fn stage_of(field: &str) -> ProcessorStage {
    match field {
        "extProcEarly" => ProcessorStage::Early,
        "extProcLate" => ProcessorStage::Late,
        _ => ProcessorStage::Regular,
    }
}

/// Whether an option of a listener has requests handed on.
pub(super) fn is_on_of_host(option: &VirtualHostOption, field: &str) -> Option<bool> {
    match option {
        VirtualHostOption::ExtProc(said)
        | VirtualHostOption::ExtProcEarly(said)
        | VirtualHostOption::ExtProcLate(said)
            if option.field() == field =>
        {
            Some(said.overrides.is_some())
        }
        _ => None,
    }
}

/// Whether an option of a rule has requests handed on.
pub(super) fn is_on_of_rule(option: &RouteOption, field: &str) -> Option<bool> {
    match option {
        RouteOption::ExtProc(said) | RouteOption::ExtProcEarly(said) | RouteOption::ExtProcLate(said)
            if option.field() == field =>
        {
            Some(said.overrides.is_some())
        }
        _ => None,
    }
}

/// Says what of an option cannot be honoured.
pub(super) fn lower(place: Place<'_>, said: &OptionProcessing) -> Result<Part, Box<Finding>> {
    let OptionProcessing { disabled, overrides } = said;
    let mut faults = Faults::new(place);
    match (disabled, overrides) {
        (Some(_), Some(_)) => {
            faults.add(&path!["disabled"], "`disabled` stands beside `overrides`", "keep one of the two")
        }
        (Some(false), None) => {
            faults.add(&path!["disabled"], "`false` says nothing", "write `true`, or remove the option");
        }
        (None, None) => faults.add(&path![], "it says nothing", "write `disabled: true` or `overrides`"),
        (Some(true), None) | (None, Some(_)) => {}
    }
    if let Some(overrides) = overrides {
        // Of what is only checked nothing is kept.
        let _ = lower_overrides(overrides, place, &mut faults);
    }
    faults.found().into_iter().next().map_or(Ok(Part::Nothing), |first| Err(Box::new(first)))
}

fn lower_overrides(
    said: &OptionProcessingOverrides,
    Place { source, field }: Place<'_>,
    faults: &mut Faults<'_>,
) -> Changed {
    let OptionProcessingOverrides {
        // The resolver hands on no overrides with one of these.
        async_mode: _,
        request_attributes: _,
        response_attributes: _,
        grpc_service,
        metadata_context_namespaces,
        processing_mode,
        typed_metadata_context_namespaces,
    } = said;
    let at = path!["overrides"];
    let changes = ProcessorOverrides {
        parts: processing_mode.as_ref().map(|mode| lower_mode(mode, &at.with("processingMode"), faults)),
        told: ToldMetadata {
            fields: metadata_context_namespaces.to_vec(),
            messages: typed_metadata_context_namespaces.to_vec(),
        },
        server: None,
    };
    let at = at.with("grpcService");
    let server = grpc_service.as_ref().map(|service| {
        if service.ext_proc_server_ref.is_none() {
            let help = "name an Upstream in `extProcServerRef`";
            faults.add(&at, "no server is named that could be asked", help);
        }
        NamedServer {
            object: source.key(),
            field,
            authority: lower_authority(Some(service), &at, faults),
            greeting: lower_greeting(Some(service), &at, faults),
        }
    });
    Changed { changes, server }
}

/// What a server gets.
pub(super) fn lower_mode(said: &OptionProcessingMode, at: &FieldPath, faults: &mut Faults<'_>) -> ProcessedParts {
    let OptionProcessingMode {
        request_body_mode,
        request_header_mode,
        request_trailer_mode,
        response_body_mode,
        response_header_mode,
        response_trailer_mode,
    } = said;
    let mut sent = |field: &'static str, said: &Option<GlooEnum>, default: bool| match said
        .as_ref()
        .map(|GlooEnum(word)| word.as_str())
    {
        None | Some("" | "0" | "DEFAULT") => default,
        Some("1" | "SEND") => true,
        Some("2" | "SKIP") => false,
        Some(other) => {
            let message = format!("`{other}` is no way to get it");
            faults.add(&at.with(field), message, "write `SEND` or `SKIP`");
            default
        }
    };
    let ProcessedParts { request, response } = ProcessedParts::default();
    let (request, response) = (
        Processed {
            headers: sent("requestHeaderMode", request_header_mode, request.headers),
            trailers: sent("requestTrailerMode", request_trailer_mode, request.trailers),
            ..request
        },
        Processed {
            headers: sent("responseHeaderMode", response_header_mode, response.headers),
            trailers: sent("responseTrailerMode", response_trailer_mode, response.trailers),
            ..response
        },
    );
    let mut body =
        |field: &'static str, said: &Option<GlooEnum>| match said.as_ref().map(|GlooEnum(word)| word.as_str()) {
            None | Some("" | "0" | "NONE") => ProcessedBody::None,
            Some("1" | "STREAMED") => ProcessedBody::Streamed,
            Some("2" | "BUFFERED") => ProcessedBody::Buffered,
            Some("3" | "BUFFERED_PARTIAL") => ProcessedBody::Beginning,
            Some(other) => {
                let message = format!("`{other}` is no way to get a body");
                let help = "write `NONE`, `STREAMED`, `BUFFERED` or `BUFFERED_PARTIAL`";
                faults.add(&at.with(field), message, help);
                ProcessedBody::None
            }
        };
    ProcessedParts {
        request: Processed { body: body("requestBodyMode", request_body_mode), ..request },
        response: Processed { body: body("responseBodyMode", response_body_mode), ..response },
    }
}

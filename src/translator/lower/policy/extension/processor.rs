//! `extProc` ([ExtProc](https://gateway.envoyproxy.io/docs/api/extension_types/#extproc)): servers that requests and
//! responses are handed to.

use std::sync::Arc;

use crate::diagnostics::FieldPath;
use crate::ir::{
    PolicyPart, Processed, ProcessedBody, ProcessedParts, ProcessorOverrides, ProcessorPlace, ProcessorSettings,
    ProcessorStage, RequestProcessor, ToldAttributes, ToldMetadata,
};
use crate::parser::api::{ExtensionMetadata, ExtensionProcessed, ExtensionProcessing, ExtensionProcessor};
use crate::resolver::BackendRefOutcome;
use crate::translator::lower::cluster::{Clusters, RouteProtocol, Sent};
use crate::translator::lower::option::faults::Faults;
use crate::translator::lower::option::processor_told::check_attributes;
use crate::translator::lower::option::processors::LONGEST;

/// A server, and how it is asked.
#[derive(Clone, Debug)]
pub(super) struct ProcessorPart {
    /// Where it is said.
    pub(super) part: PolicyPart,
    settings: Arc<ProcessorSettings>,
    backend: BackendRefOutcome,
}

impl ProcessorPart {
    /// The server with its cluster; `None` where it cannot be asked.
    pub(super) fn asked(&self, clusters: &mut Clusters<'_>) -> Option<RequestProcessor> {
        let Self { part, settings, backend } = self;
        let cluster = clusters.intern(backend.ok()?, Sent::once(RouteProtocol::Grpc), None)?;
        Some(RequestProcessor {
            stage: ProcessorStage::Regular,
            part: Some(part.to_owned()),
            place: ProcessorPlace::BehindAuthorization,
            cluster,
            settings: Arc::clone(settings),
            overrides: ProcessorOverrides::default(),
        })
    }
}

/// The servers, in their order.
pub(super) fn lower(
    said: &[ExtensionProcessor],
    servers: &[BackendRefOutcome],
    faults: &mut Faults<'_>,
) -> Vec<ProcessorPart> {
    // Of those that name nobody there is no outcome.
    let mut servers = servers.iter();
    let parts = said.iter().enumerate().filter_map(|(index, server)| {
        let at = FieldPath::ROOT.with(index);
        let settings = Arc::new(lower_settings(server, &at, faults));
        if server.backend_refs.is_empty() {
            faults.add(
                &at.with("backendRefs"),
                "no server is named that could be asked",
                "name a Service or a Backend",
            );
            return None;
        }
        let part = PolicyPart { of: String::new(), index };
        Some(ProcessorPart { part, settings, backend: *servers.next()? })
    });
    parts.collect()
}

fn lower_settings(said: &ExtensionProcessor, at: &FieldPath, faults: &mut Faults<'_>) -> ProcessorSettings {
    // The resolver hands on none with settings of clusters, and no shadow.
    let ExtensionProcessor {
        backend_ref: _,
        backend_refs: _,
        backend_settings: _,
        fail_open,
        message_timeout,
        metadata,
        processing_mode,
        shadow_mode: _,
        status_on_error,
    } = said;
    let timeout = message_timeout.map(|timeout| timeout.0);
    if timeout.is_some_and(|timeout| timeout.is_zero() || timeout > LONGEST) {
        faults.add(
            &at.with("messageTimeout"),
            "Envoy waits for no such time",
            "write a time above zero, of an hour at most",
        );
    }
    let ExtensionProcessing { allow_mode_override, request, response } = processing_mode.as_ref().unwrap_or(&NOTHING);
    let at = at.with("processingMode");
    let mut attributes = |side: &'static str, said: &Option<ExtensionProcessed>| {
        let names = said.as_ref().map(|said| said.attributes.as_slice()).unwrap_or_default();
        check_attributes(names, &at.with(side).with("attributes"), faults);
        names.to_vec()
    };
    let attributes =
        ToldAttributes { request: attributes("request", request), response: attributes("response", response) };
    let told = metadata.iter().flat_map(|ExtensionMetadata { accessible_namespaces, writable_namespaces: _ }| {
        accessible_namespaces.iter().map(String::to_owned)
    });
    ProcessorSettings {
        lets_pass: *fail_open,
        failure: *status_on_error,
        parts: ProcessedParts { request: lower_part(request.as_ref()), response: lower_part(response.as_ref()) },
        timeout,
        chooses_parts: *allow_mode_override == Some(true),
        told: ToldMetadata { fields: told.collect(), messages: Vec::new() },
        attributes,
        ..ProcessorSettings::default()
    }
}

/// What is said where nothing is: a server gets nothing then.
const NOTHING: ExtensionProcessing = ExtensionProcessing { allow_mode_override: None, request: None, response: None };

fn lower_part(said: Option<&ExtensionProcessed>) -> Processed {
    let body = match said.and_then(|said| said.body.as_deref()) {
        Some("Streamed") => ProcessedBody::Streamed,
        Some("Buffered") => ProcessedBody::Buffered,
        Some("BufferedPartial") => ProcessedBody::Beginning,
        // The resolver hands on no other word.
        Some(_) | None => ProcessedBody::None,
    };
    Processed { headers: said.is_some(), body, trailers: false }
}

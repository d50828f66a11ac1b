//! `grpcJsonTranscoder` of an HttpListenerOption: requests in JSON that become calls of gRPC.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::ir::{HttpSettings, Transcoder, WrittenMessages};
use crate::parser::api::{OptionPrinting, OptionTranscoder};
use crate::path;
use crate::transcoding;

use super::faults::Faults;

/// `None` where something of it cannot be honoured.
pub(super) fn lower(said: OptionTranscoder, faults: &mut Faults<'_>) -> Option<Transcoder> {
    let known = faults.count();
    let descriptors = descriptors(&said, faults)?;
    let OptionTranscoder {
        auto_mapping,
        convert_grpc_status,
        ignore_unknown_query_parameters,
        ignored_query_parameters,
        match_incoming_request_route,
        print_options,
        proto_descriptor: _,
        proto_descriptor_bin: _,
        proto_descriptor_config_map: _,
        services,
    } = said;
    if services.is_empty() {
        faults.add(&path!["services"], "no request becomes a call of no service", "name the services");
    }
    let bindings = transcoding::read(&descriptors, &services, auto_mapping).unwrap_or_else(|wrong| {
        for transcoding::Unusable { service, message } in wrong {
            let (at, help) = match service {
                None => (path!["protoDescriptorBin"], "make it with `protoc --include_imports --descriptor_set_out`"),
                Some(index) => {
                    (path!["services", index], "Envoy does not start with it: change the service or its name")
                }
            };
            faults.add(&at, message, help);
        }
        Vec::new()
    });
    let OptionPrinting {
        add_whitespace,
        always_print_enums_as_ints,
        always_print_primitive_fields,
        preserve_proto_field_names,
    } = print_options.unwrap_or_default();
    (faults.count() == known).then_some(Transcoder {
        descriptors,
        services,
        bindings,
        maps_all: auto_mapping,
        keeps_rule: match_incoming_request_route,
        ignored_parameters: ignored_query_parameters,
        ignores_unknown_parameters: ignore_unknown_query_parameters,
        tells_status: convert_grpc_status,
        written: WrittenMessages {
            spaced: add_whitespace,
            whole: always_print_primitive_fields,
            numbered: always_print_enums_as_ints,
            as_declared: preserve_proto_field_names,
        },
    })
}

/// Calls of gRPC-Web have the paths of calls: they would be read as JSON, which they are not.
pub(super) fn check_web_calls(settings: &HttpSettings, faults: &mut Faults<'_>) {
    if settings.web_calls && settings.transcoder.is_some() {
        let message = "calls of gRPC-Web would be read as JSON";
        faults.add(
            &path![],
            message,
            "keep one of `grpcJsonTranscoder` and `grpcWeb`, or give each a listener of its own",
        );
    }
}

/// The bytes of the descriptors, which have to stand in the option itself.
fn descriptors(said: &OptionTranscoder, faults: &mut Faults<'_>) -> Option<Vec<u8>> {
    let given = [
        ("protoDescriptor", said.proto_descriptor.is_some()),
        ("protoDescriptorConfigMap", said.proto_descriptor_config_map.is_some()),
        ("protoDescriptorBin", said.proto_descriptor_bin.is_some()),
    ];
    let help = "write the descriptors into `protoDescriptorBin`, in Base64";
    let mut given = given.iter().filter(|(_, is_given)| *is_given).map(|(field, _)| *field);
    let field = match (given.next(), given.next()) {
        (Some(field), None) => field,
        (None, _) => {
            faults.add(&path![], "no descriptors say what the services are", help);
            return None;
        }
        (Some(first), Some(second)) => {
            faults.add(&path![second], format!("descriptors stand in `{first}` already"), "keep one of them");
            return None;
        }
    };
    let why = match field {
        "protoDescriptor" => {
            "it names a file of the machine that Envoy runs on, and Envoy does not start with one that it refuses"
        }
        "protoDescriptorConfigMap" => "descriptors in a ConfigMap are not read",
        _ => "",
    };
    if !why.is_empty() {
        faults.add(&path![field], why, help);
        return None;
    }
    let bytes = said.proto_descriptor_bin.as_deref().map(|text| STANDARD.decode(text));
    match bytes {
        Some(Ok(bytes)) => Some(bytes),
        Some(Err(_)) | None => {
            faults.add(&path!["protoDescriptorBin"], "what it holds is no Base64", help);
            None
        }
    }
}

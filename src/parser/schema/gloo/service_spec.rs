//! Rows of what Upstreams say of the services behind them.

use super::super::table::{ANY_TEXT, List, Map, Shape, Type, field, integer};
use super::shared::{EMPTY, U32_MAX};

pub(super) static GRPC_SERVICE: Shape = Shape {
    fields: &[
        field("functionNames", Type::List(&List::of(ANY_TEXT))),
        field("packageName", ANY_TEXT),
        field("serviceName", ANY_TEXT),
    ],
    rules: &[],
};

pub(super) static GRPC: Shape = Shape {
    fields: &[
        field("descriptors", ANY_TEXT),
        field("grpcServices", Type::List(&List::of(Type::Object(&GRPC_SERVICE)))),
    ],
    rules: &[],
};

pub(super) static PRINT_OPTIONS: Shape = Shape {
    fields: &[
        field("addWhitespace", Type::Boolean),
        field("alwaysPrintEnumsAsInts", Type::Boolean),
        field("alwaysPrintPrimitiveFields", Type::Boolean),
        field("preserveProtoFieldNames", Type::Boolean),
    ],
    rules: &[],
};

pub(super) static CONFIG_MAP_REF: Shape =
    Shape { fields: &[field("name", ANY_TEXT), field("namespace", ANY_TEXT)], rules: &[] };

pub(super) static PROTO_DESCRIPTOR_CONFIG_MAP: Shape =
    Shape { fields: &[field("configMapRef", Type::Object(&CONFIG_MAP_REF)), field("key", ANY_TEXT)], rules: &[] };

pub(super) static GRPC_JSON_TRANSCODER: Shape = Shape {
    fields: &[
        field("autoMapping", Type::Boolean),
        field("convertGrpcStatus", Type::Boolean),
        field("ignoreUnknownQueryParameters", Type::Boolean),
        field("ignoredQueryParameters", Type::List(&List::of(ANY_TEXT))),
        field("matchIncomingRequestRoute", Type::Boolean),
        field("printOptions", Type::Object(&PRINT_OPTIONS)),
        field("protoDescriptor", ANY_TEXT),
        field("protoDescriptorBin", ANY_TEXT),
        field("protoDescriptorConfigMap", Type::Object(&PROTO_DESCRIPTOR_CONFIG_MAP)),
        field("services", Type::List(&List::of(ANY_TEXT))),
    ],
    rules: &[],
};

pub(super) static SWAGGER_INFO: Shape =
    Shape { fields: &[field("inline", ANY_TEXT), field("url", ANY_TEXT)], rules: &[] };

pub(super) static BODY: Shape = Shape { fields: &[field("text", ANY_TEXT)], rules: &[] };

pub(super) static DYNAMIC_METADATA_VALUE: Shape = Shape {
    fields: &[
        field("jsonToProto", Type::Boolean),
        field("key", ANY_TEXT),
        field("metadataNamespace", ANY_TEXT),
        field("value", Type::Object(&BODY)),
    ],
    rules: &[],
};

pub(super) static EXTRACTORS: Shape = Shape {
    fields: &[
        field("body", Type::Object(&EMPTY)),
        field("header", ANY_TEXT),
        field("mode", Type::IntOrText),
        field("regex", ANY_TEXT),
        field("replacementText", ANY_TEXT),
        field("subgroup", integer(0, U32_MAX)),
    ],
    rules: &[],
};

pub(super) static HEADERS_TO_APPEND: Shape =
    Shape { fields: &[field("key", ANY_TEXT), field("value", Type::Object(&BODY))], rules: &[] };

pub(super) static JSON_KEYS: Shape =
    Shape { fields: &[field("overrideEmpty", Type::Boolean), field("tmpl", Type::Object(&BODY))], rules: &[] };

pub(super) static MERGE_JSON_KEYS: Shape =
    Shape { fields: &[field("jsonKeys", Type::Map(&Map { values: Type::Object(&JSON_KEYS), max: None }))], rules: &[] };

pub(super) static SPAN_TRANSFORMER: Shape = Shape { fields: &[field("name", Type::Object(&BODY))], rules: &[] };

pub(super) static TRANSFORMATIONS: Shape = Shape {
    fields: &[
        field("advancedTemplates", Type::Boolean),
        field("body", Type::Object(&BODY)),
        field("dynamicMetadataValues", Type::List(&List::of(Type::Object(&DYNAMIC_METADATA_VALUE)))),
        field("escapeCharacters", Type::Boolean),
        field("extractors", Type::Map(&Map { values: Type::Object(&EXTRACTORS), max: None })),
        field("headers", Type::Map(&Map { values: Type::Object(&BODY), max: None })),
        field("headersToAppend", Type::List(&List::of(Type::Object(&HEADERS_TO_APPEND)))),
        field("headersToRemove", Type::List(&List::of(ANY_TEXT))),
        field("ignoreErrorOnParse", Type::Boolean),
        field("mergeExtractorsToBody", Type::Object(&EMPTY)),
        field("mergeJsonKeys", Type::Object(&MERGE_JSON_KEYS)),
        field("parseBodyBehavior", Type::IntOrText),
        field("passthrough", Type::Object(&EMPTY)),
        field("spanTransformer", Type::Object(&SPAN_TRANSFORMER)),
    ],
    rules: &[],
};

pub(super) static REST: Shape = Shape {
    fields: &[
        field("swaggerInfo", Type::Object(&SWAGGER_INFO)),
        field("transformations", Type::Map(&Map { values: Type::Object(&TRANSFORMATIONS), max: None })),
    ],
    rules: &[],
};

pub(super) static SERVICE_SPEC: Shape = Shape {
    fields: &[
        field("grpc", Type::Object(&GRPC)),
        field("grpcJsonTranscoder", Type::Object(&GRPC_JSON_TRANSCODER)),
        field("rest", Type::Object(&REST)),
    ],
    rules: &[],
};

pub(super) static DEFAULT_SUBSET: Shape =
    Shape { fields: &[field("values", Type::Map(&Map { values: ANY_TEXT, max: None }))], rules: &[] };

pub(super) static SELECTOR: Shape = Shape {
    fields: &[field("keys", Type::List(&List::of(ANY_TEXT))), field("singleHostPerSubset", Type::Boolean)],
    rules: &[],
};

pub(super) static SUBSET_SPEC: Shape = Shape {
    fields: &[
        field("defaultSubset", Type::Object(&DEFAULT_SUBSET)),
        field("fallbackPolicy", Type::IntOrText),
        field("selectors", Type::List(&List::of(Type::Object(&SELECTOR)))),
    ],
    rules: &[],
};

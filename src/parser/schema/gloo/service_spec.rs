//! Rows of what Upstreams say of the services behind them.

use super::super::table::{ANY_TEXT, List, Map, Shape, Type, field};
use super::transformation::TRANSFORMATION_TEMPLATE;

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

pub(super) static REST: Shape = Shape {
    fields: &[
        field("swaggerInfo", Type::Object(&SWAGGER_INFO)),
        field("transformations", Type::Map(&Map { values: Type::Object(&TRANSFORMATION_TEMPLATE), max: None })),
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

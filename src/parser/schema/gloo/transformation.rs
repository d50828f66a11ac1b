//! Rows of the options for transformations of Gloo's own proxy.

use super::super::table::{ANY_TEXT, List, Map, Shape, Type, field, integer};
use super::shared::{EMPTY, U32_MAX};

pub(super) static MATCHER_HEADER: Shape = Shape {
    fields: &[
        field("invertMatch", Type::Boolean),
        field("name", ANY_TEXT),
        field("regex", Type::Boolean),
        field("value", ANY_TEXT),
    ],
    rules: &[],
};

pub(super) static QUERY_PARAMETER: Shape =
    Shape { fields: &[field("name", ANY_TEXT), field("regex", Type::Boolean), field("value", ANY_TEXT)], rules: &[] };

pub(super) static MATCHER: Shape = Shape {
    fields: &[
        field("caseSensitive", Type::Boolean),
        field("connectMatcher", Type::Object(&EMPTY)),
        field("exact", ANY_TEXT),
        field("headers", Type::List(&List::of(Type::Object(&MATCHER_HEADER)))),
        field("methods", Type::List(&List::of(ANY_TEXT))),
        field("prefix", ANY_TEXT),
        field("queryParameters", Type::List(&List::of(Type::Object(&QUERY_PARAMETER)))),
        field("regex", ANY_TEXT),
    ],
    rules: &[],
};

pub(super) static HEADER_BODY_TRANSFORM: Shape =
    Shape { fields: &[field("addRequestMetadata", Type::Boolean)], rules: &[] };

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

pub(super) static TRANSFORMATION_TEMPLATE: Shape = Shape {
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

pub(super) static REQUEST_TRANSFORMATION: Shape = Shape {
    fields: &[
        field("headerBodyTransform", Type::Object(&HEADER_BODY_TRANSFORM)),
        field("logRequestResponseInfo", Type::Boolean),
        field("transformationTemplate", Type::Object(&TRANSFORMATION_TEMPLATE)),
    ],
    rules: &[],
};

pub(super) static REQUEST_TRANSFORM: Shape = Shape {
    fields: &[
        field("clearRouteCache", Type::Boolean),
        field("matcher", Type::Object(&MATCHER)),
        field("requestTransformation", Type::Object(&REQUEST_TRANSFORMATION)),
        field("responseTransformation", Type::Object(&REQUEST_TRANSFORMATION)),
    ],
    rules: &[],
};

pub(super) static RESPONSE_TRANSFORM: Shape = Shape {
    fields: &[
        field("matchers", Type::List(&List::of(Type::Object(&MATCHER_HEADER)))),
        field("responseCodeDetails", ANY_TEXT),
        field("responseTransformation", Type::Object(&REQUEST_TRANSFORMATION)),
    ],
    rules: &[],
};

pub(super) static EARLY: Shape = Shape {
    fields: &[
        field("requestTransforms", Type::List(&List::of(Type::Object(&REQUEST_TRANSFORM)))),
        field("responseTransforms", Type::List(&List::of(Type::Object(&RESPONSE_TRANSFORM)))),
    ],
    rules: &[],
};

pub(super) static STAGED_TRANSFORMATIONS: Shape = Shape {
    fields: &[
        field("early", Type::Object(&EARLY)),
        field("escapeCharacters", Type::Boolean),
        field("inheritTransformation", Type::Boolean),
        field("logRequestResponseInfo", Type::Boolean),
        field("postRouting", Type::Object(&EARLY)),
        field("regular", Type::Object(&EARLY)),
    ],
    rules: &[],
};

pub(super) static TRANSFORMATIONS: Shape = Shape {
    fields: &[
        field("clearRouteCache", Type::Boolean),
        field("requestTransformation", Type::Object(&REQUEST_TRANSFORMATION)),
        field("responseTransformation", Type::Object(&REQUEST_TRANSFORMATION)),
    ],
    rules: &[],
};

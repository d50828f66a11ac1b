//! Rows of what a BackendTrafficPolicy adds to spans and statistics.

use super::super::shared::FRACTION;
use super::super::table::{ANY_TEXT, Map, Shape, Type, Value, field, one_of};

/// What is told of requests to backends.
pub(super) static TELEMETRY: Shape =
    Shape { fields: &[field("metrics", Type::Object(&METRICS)), field("tracing", Type::Object(&TRACING))], rules: &[] };

static METRICS: Shape = Shape { fields: &[field("routeStatName", ANY_TEXT)], rules: &[] };

static TRACING: Shape = Shape {
    fields: &[
        field("clientSamplingFraction", Type::Object(&FRACTION)),
        field("customTags", Type::Map(&Map { values: Type::Object(&CUSTOM_TAG), max: None })),
        field("overallSamplingFraction", Type::Object(&FRACTION)),
        field("samplingFraction", Type::Object(&FRACTION)),
        field("spanName", Type::Object(&SPAN_NAME)),
        field("tags", Type::Map(&Map { values: ANY_TEXT, max: None })),
    ],
    rules: &[],
};

static CUSTOM_TAG: Shape = Shape {
    fields: &[
        field("environment", Type::Object(&TAG_SOURCE)),
        field("literal", Type::Object(&TAG_LITERAL)),
        field("requestHeader", Type::Object(&TAG_SOURCE)),
        field("type", one_of(&["Literal", "Environment", "RequestHeader"])).default(Value::Text("Literal")).required(),
    ],
    rules: &[],
};

static TAG_SOURCE: Shape =
    Shape { fields: &[field("defaultValue", ANY_TEXT), field("name", ANY_TEXT).required()], rules: &[] };

static TAG_LITERAL: Shape = Shape { fields: &[field("value", ANY_TEXT).required()], rules: &[] };

static SPAN_NAME: Shape =
    Shape { fields: &[field("client", ANY_TEXT).required(), field("server", ANY_TEXT).required()], rules: &[] };

//! Rows of the options for AI gateways.

use super::super::table::{ANY_TEXT, List, Shape, Type, field, integer};
use super::shared::{EMPTY, HEADER_SECRET_REF, U32_MAX};

pub(super) static DEFAULT: Shape = Shape {
    fields: &[field("field", ANY_TEXT), field("override", Type::Boolean), field("value", Type::Any)],
    rules: &[],
};

pub(super) static APPEND: Shape = Shape { fields: &[field("content", ANY_TEXT), field("role", ANY_TEXT)], rules: &[] };

pub(super) static PROMPT_ENRICHMENT: Shape = Shape {
    fields: &[
        field("append", Type::List(&List::of(Type::Object(&APPEND)))),
        field("prepend", Type::List(&List::of(Type::Object(&APPEND)))),
    ],
    rules: &[],
};

pub(super) static CUSTOM_RESPONSE: Shape =
    Shape { fields: &[field("message", ANY_TEXT), field("statusCode", integer(0, U32_MAX))], rules: &[] };

pub(super) static AUTH_TOKEN: Shape = Shape {
    fields: &[
        field("inline", ANY_TEXT),
        field("passthrough", Type::Object(&EMPTY)),
        field("secretRef", Type::Object(&HEADER_SECRET_REF)),
    ],
    rules: &[],
};

pub(super) static OPENAI: Shape =
    Shape { fields: &[field("authToken", Type::Object(&AUTH_TOKEN)), field("model", ANY_TEXT)], rules: &[] };

pub(super) static MODERATION: Shape = Shape { fields: &[field("openai", Type::Object(&OPENAI))], rules: &[] };

pub(super) static MATCHE: Shape = Shape { fields: &[field("name", ANY_TEXT), field("pattern", ANY_TEXT)], rules: &[] };

pub(super) static REGEX: Shape = Shape {
    fields: &[
        field("action", Type::IntOrText),
        field("builtins", Type::List(&List::of(Type::IntOrText))),
        field("matches", Type::List(&List::of(Type::Object(&MATCHE)))),
    ],
    rules: &[],
};

pub(super) static FORWARD_HEADER: Shape =
    Shape { fields: &[field("key", ANY_TEXT), field("matchType", Type::IntOrText)], rules: &[] };

pub(super) static WEBHOOK: Shape = Shape {
    fields: &[
        field("forwardHeaders", Type::List(&List::of(Type::Object(&FORWARD_HEADER)))),
        field("host", ANY_TEXT),
        field("port", integer(0, U32_MAX)),
    ],
    rules: &[],
};

pub(super) static REQUEST: Shape = Shape {
    fields: &[
        field("customResponse", Type::Object(&CUSTOM_RESPONSE)),
        field("moderation", Type::Object(&MODERATION)),
        field("regex", Type::Object(&REGEX)),
        field("webhook", Type::Object(&WEBHOOK)),
    ],
    rules: &[],
};

pub(super) static RESPONSE: Shape =
    Shape { fields: &[field("regex", Type::Object(&REGEX)), field("webhook", Type::Object(&WEBHOOK))], rules: &[] };

pub(super) static PROMPT_GUARD: Shape = Shape {
    fields: &[field("request", Type::Object(&REQUEST)), field("response", Type::Object(&RESPONSE))],
    rules: &[],
};

pub(super) static POSTGRES: Shape =
    Shape { fields: &[field("collectionName", ANY_TEXT), field("connectionString", ANY_TEXT)], rules: &[] };

pub(super) static DATASTORE: Shape = Shape { fields: &[field("postgres", Type::Object(&POSTGRES))], rules: &[] };

pub(super) static AZURE_OPENAI: Shape = Shape {
    fields: &[
        field("apiVersion", ANY_TEXT),
        field("authToken", Type::Object(&AUTH_TOKEN)),
        field("deploymentName", ANY_TEXT),
        field("endpoint", ANY_TEXT),
    ],
    rules: &[],
};

pub(super) static EMBEDDING_OPENAI: Shape =
    Shape { fields: &[field("authToken", Type::Object(&AUTH_TOKEN))], rules: &[] };

pub(super) static EMBEDDING: Shape = Shape {
    fields: &[field("azureOpenai", Type::Object(&AZURE_OPENAI)), field("openai", Type::Object(&EMBEDDING_OPENAI))],
    rules: &[],
};

pub(super) static RAG: Shape = Shape {
    fields: &[
        field("datastore", Type::Object(&DATASTORE)),
        field("embedding", Type::Object(&EMBEDDING)),
        field("promptTemplate", ANY_TEXT),
    ],
    rules: &[],
};

pub(super) static REDIS: Shape =
    Shape { fields: &[field("connectionString", ANY_TEXT), field("scoreThreshold", Type::Number)], rules: &[] };

pub(super) static WEAVIATE: Shape = Shape {
    fields: &[
        field("grpcPort", integer(0, U32_MAX)),
        field("host", ANY_TEXT),
        field("httpPort", integer(0, U32_MAX)),
        field("insecure", Type::Boolean),
    ],
    rules: &[],
};

pub(super) static SEMANTIC_CACHE_DATASTORE: Shape =
    Shape { fields: &[field("redis", Type::Object(&REDIS)), field("weaviate", Type::Object(&WEAVIATE))], rules: &[] };

pub(super) static SEMANTIC_CACHE: Shape = Shape {
    fields: &[
        field("datastore", Type::Object(&SEMANTIC_CACHE_DATASTORE)),
        field("distanceThreshold", Type::Number),
        field("embedding", Type::Object(&EMBEDDING)),
        field("mode", Type::IntOrText),
        field("ttl", integer(0, U32_MAX)),
    ],
    rules: &[],
};

pub(super) static AI: Shape = Shape {
    fields: &[
        field("defaults", Type::List(&List::of(Type::Object(&DEFAULT)))),
        field("promptEnrichment", Type::Object(&PROMPT_ENRICHMENT)),
        field("promptGuard", Type::Object(&PROMPT_GUARD)),
        field("rag", Type::Object(&RAG)),
        field("routeType", Type::IntOrText),
        field("semanticCache", Type::Object(&SEMANTIC_CACHE)),
    ],
    rules: &[],
};

//! Rows of Upstreams for models.

use super::super::table::{ANY_TEXT, List, Shape, Type, field, integer};
use super::service_spec::CONFIG_MAP_REF;
use super::shared::{EMPTY, U32_MAX};

pub(super) static AUTH_TOKEN: Shape = Shape {
    fields: &[
        field("inline", ANY_TEXT),
        field("passthrough", Type::Object(&EMPTY)),
        field("secretRef", Type::Object(&CONFIG_MAP_REF)),
    ],
    rules: &[],
};

pub(super) static PATH_OVERRIDE: Shape =
    Shape { fields: &[field("basePath", ANY_TEXT), field("fullPath", ANY_TEXT)], rules: &[] };

pub(super) static CUSTOM_HOST: Shape = Shape {
    fields: &[
        field("host", ANY_TEXT),
        field("hostname", ANY_TEXT),
        field("pathOverride", Type::Object(&PATH_OVERRIDE)),
        field("port", integer(0, U32_MAX)),
    ],
    rules: &[],
};

pub(super) static ANTHROPIC: Shape = Shape {
    fields: &[
        field("authToken", Type::Object(&AUTH_TOKEN)),
        field("customHost", Type::Object(&CUSTOM_HOST)),
        field("model", ANY_TEXT),
        field("version", ANY_TEXT),
    ],
    rules: &[],
};

pub(super) static AZURE_OPENAI: Shape = Shape {
    fields: &[
        field("apiVersion", ANY_TEXT),
        field("authToken", Type::Object(&AUTH_TOKEN)),
        field("customHost", Type::Object(&CUSTOM_HOST)),
        field("deploymentName", ANY_TEXT),
        field("endpoint", ANY_TEXT),
    ],
    rules: &[],
};

pub(super) static INLINE: Shape = Shape {
    fields: &[field("accessKeyId", ANY_TEXT), field("secretAccessKey", ANY_TEXT), field("sessionToken", ANY_TEXT)],
    rules: &[],
};

pub(super) static CREDENTIAL_PROVIDER: Shape = Shape {
    fields: &[field("inline", Type::Object(&INLINE)), field("secretRef", Type::Object(&CONFIG_MAP_REF))],
    rules: &[],
};

pub(super) static BEDROCK: Shape = Shape {
    fields: &[
        field("credentialProvider", Type::Object(&CREDENTIAL_PROVIDER)),
        field("customHost", Type::Object(&CUSTOM_HOST)),
        field("model", ANY_TEXT),
        field("region", ANY_TEXT),
    ],
    rules: &[],
};

pub(super) static GEMINI: Shape = Shape {
    fields: &[
        field("apiVersion", ANY_TEXT),
        field("authToken", Type::Object(&AUTH_TOKEN)),
        field("customHost", Type::Object(&CUSTOM_HOST)),
        field("model", ANY_TEXT),
    ],
    rules: &[],
};

pub(super) static MISTRAL: Shape = Shape {
    fields: &[
        field("authToken", Type::Object(&AUTH_TOKEN)),
        field("customHost", Type::Object(&CUSTOM_HOST)),
        field("model", ANY_TEXT),
    ],
    rules: &[],
};

pub(super) static VERTEX_AI: Shape = Shape {
    fields: &[
        field("apiVersion", ANY_TEXT),
        field("authToken", Type::Object(&AUTH_TOKEN)),
        field("customHost", Type::Object(&CUSTOM_HOST)),
        field("jsonSchema", Type::IntOrText),
        field("location", ANY_TEXT),
        field("model", ANY_TEXT),
        field("modelPath", ANY_TEXT),
        field("projectId", ANY_TEXT),
        field("publisher", Type::IntOrText),
    ],
    rules: &[],
};

pub(super) static POOL: Shape = Shape {
    fields: &[
        field("anthropic", Type::Object(&ANTHROPIC)),
        field("azureOpenai", Type::Object(&AZURE_OPENAI)),
        field("bedrock", Type::Object(&BEDROCK)),
        field("gemini", Type::Object(&GEMINI)),
        field("mistral", Type::Object(&MISTRAL)),
        field("openai", Type::Object(&MISTRAL)),
        field("vertexAi", Type::Object(&VERTEX_AI)),
    ],
    rules: &[],
};

pub(super) static PRIORITIE: Shape =
    Shape { fields: &[field("pool", Type::List(&List::of(Type::Object(&POOL))))], rules: &[] };

pub(super) static MULTI: Shape =
    Shape { fields: &[field("priorities", Type::List(&List::of(Type::Object(&PRIORITIE))))], rules: &[] };

pub(super) static AI: Shape = Shape {
    fields: &[
        field("anthropic", Type::Object(&ANTHROPIC)),
        field("azureOpenai", Type::Object(&AZURE_OPENAI)),
        field("bedrock", Type::Object(&BEDROCK)),
        field("gemini", Type::Object(&GEMINI)),
        field("mistral", Type::Object(&MISTRAL)),
        field("multi", Type::Object(&MULTI)),
        field("openai", Type::Object(&MISTRAL)),
        field("vertexAi", Type::Object(&VERTEX_AI)),
    ],
    rules: &[],
};

//! Rows of ListenerOption: what is done with the connections of a listener before any byte of them is read.

use super::super::table::{ANY_TEXT, List, Shape, Type, field, integer};
use super::access::EXTENSIONS;
use super::access_log::ACCESS_LOGGING_SERVICE;
use super::listener_rules::{KNOWN_SOCKET_STATE, ONE_SOCKET_VALUE, SOCKET_NUMBERS};
use super::shared::{EMPTY, LISTENER_TARGET, NAMESPACED_STATUSES, U32_MAX};

/// The spec of a ListenerOption.
pub(in crate::parser::schema) static LISTENER_OPTION: Shape = Shape {
    fields: &[
        field("namespacedStatuses", NAMESPACED_STATUSES),
        field("options", Type::Object(&LISTENER_OPTIONS)),
        field("targetRefs", Type::List(&List::of(Type::Object(&LISTENER_TARGET)))),
    ],
    rules: &[],
};

static LISTENER_OPTIONS: Shape = Shape {
    fields: &[
        field("accessLoggingService", Type::Object(&ACCESS_LOGGING_SERVICE)),
        field("connectionBalanceConfig", Type::Object(&CONNECTION_BALANCE_CONFIG)),
        field("extensions", Type::Object(&EXTENSIONS)),
        field("listenerAccessLoggingService", Type::Object(&ACCESS_LOGGING_SERVICE)),
        field("perConnectionBufferLimitBytes", integer(0, U32_MAX)),
        field("proxyProtocol", Type::Object(&PROXY_PROTOCOL)),
        field("socketOptions", Type::List(&List::of(Type::Object(&SOCKET_OPTION)))),
        field("tcpStats", Type::Boolean),
    ],
    rules: &[],
};

static CONNECTION_BALANCE_CONFIG: Shape = Shape { fields: &[field("exactBalance", Type::Object(&EMPTY))], rules: &[] };

static PROXY_PROTOCOL: Shape = Shape {
    fields: &[
        field("allowRequestsWithoutProxyProtocol", Type::Boolean),
        field("rules", Type::List(&List::of(Type::Object(&TLV_RULE)))),
    ],
    rules: &[],
};

static TLV_RULE: Shape = Shape {
    fields: &[field("onTlvPresent", Type::Object(&TLV_METADATA)), field("tlvType", integer(0, U32_MAX))],
    rules: &[],
};

static TLV_METADATA: Shape =
    Shape { fields: &[field("key", ANY_TEXT), field("metadataNamespace", ANY_TEXT)], rules: &[] };

static SOCKET_OPTION: Shape = Shape {
    fields: &[
        field("bufValue", ANY_TEXT),
        field("description", ANY_TEXT),
        field("intValue", Type::IntOrText),
        field("level", Type::IntOrText),
        field("name", Type::IntOrText),
        field("state", Type::IntOrText),
    ],
    rules: &[ONE_SOCKET_VALUE, SOCKET_NUMBERS, KNOWN_SOCKET_STATE],
};

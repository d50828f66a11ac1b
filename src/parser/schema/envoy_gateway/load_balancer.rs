//! Rows of load balancers.

use super::super::pattern;
use super::super::rules::union;
use super::super::shared::DURATION;
use super::super::table::{
    ANY_TEXT, List, Map, PORT, Shape, Type, Value, field, formed, int32, integer, one_of, rule, text,
};
use super::rules::balancer;
use super::shared::{INT32, INTEGER};

/// How an endpoint is chosen.
pub(super) static LOAD_BALANCER: Shape = Shape {
    fields: &[
        field("backendUtilization", Type::Object(&BACKEND_UTILIZATION)),
        field("consistentHash", Type::Object(&CONSISTENT_HASH)),
        field("dynamicModule", Type::Object(&DYNAMIC_MODULE)),
        field("endpointOverride", Type::Object(&ENDPOINT_OVERRIDE)),
        field("slowStart", Type::Object(&SLOW_START)),
        field(
            "type",
            one_of(&["ConsistentHash", "LeastRequest", "Random", "RoundRobin", "BackendUtilization", "DynamicModule"]),
        )
        .required(),
        field("zoneAware", Type::Object(&ZONE_AWARE)),
    ],
    rules: &[
        rule("`consistentHash` is of the type `ConsistentHash`", |balancer, breaks| {
            union::member_fits(balancer, ("type", "ConsistentHash"), "consistentHash", breaks)
        }),
        rule("`backendUtilization` is of the type `BackendUtilization`", |balancer, breaks| {
            union::member_fits(balancer, ("type", "BackendUtilization"), "backendUtilization", breaks)
        }),
        rule("`dynamicModule` is of the type `DynamicModule`", |balancer, breaks| {
            union::member_fits(balancer, ("type", "DynamicModule"), "dynamicModule", breaks)
        }),
        rule("endpoints start slowly only under some types", |balancer, breaks| {
            union::only_where(
                balancer,
                ("type", &["LeastRequest", "RoundRobin", "BackendUtilization"]),
                "slowStart",
                breaks,
            )
        }),
        rule(
            "`preferLocal` is not for the types `ConsistentHash` and `BackendUtilization`",
            balancer::zone_is_preferred_by_its_type,
        ),
        rule("zones are known to all types but `DynamicModule`", |balancer, breaks| {
            union::only_where(
                balancer,
                ("type", &["ConsistentHash", "LeastRequest", "Random", "RoundRobin", "BackendUtilization"]),
                "zoneAware",
                breaks,
            )
        }),
        rule("a zone is preferred or weighted", balancer::zones_are_used_in_one_way),
        rule("an endpoint is named under all types but `DynamicModule`", |balancer, breaks| {
            union::only_where(
                balancer,
                ("type", &["ConsistentHash", "LeastRequest", "Random", "RoundRobin", "BackendUtilization"]),
                "endpointOverride",
                breaks,
            )
        }),
    ],
};

static BACKEND_UTILIZATION: Shape = Shape {
    fields: &[
        field("blackoutPeriod", DURATION),
        field("errorUtilizationPenaltyPercent", int32(0, i64::MAX)),
        field("keepResponseHeaders", Type::Boolean).default(Value::Boolean(false)),
        field("metricNamesForComputingUtilization", Type::List(&List::of(ANY_TEXT))),
        field("outOfBand", Type::Object(&OUT_OF_BAND)),
        field("weightExpirationPeriod", DURATION),
        field("weightUpdatePeriod", DURATION),
    ],
    rules: &[],
};

static OUT_OF_BAND: Shape = Shape {
    fields: &[
        field("authority", formed(1, 259, &pattern::ONE_LINE)),
        field("port", PORT),
        field("reportingPeriod", DURATION),
    ],
    rules: &[rule("`reportingPeriod` is more than `0s`", balancer::reports_are_apart)],
};

static CONSISTENT_HASH: Shape = Shape {
    fields: &[
        field("cookie", Type::Object(&HASHED_COOKIE)),
        field("header", Type::Object(&HASHED_NAME)),
        field("headers", Type::List(&List::of(Type::Object(&HASHED_NAME)))),
        field("queryParams", Type::List(&List::of(Type::Object(&HASHED_NAME)))),
        field("tableSize", integer(2, 5000011)).default(Value::Integer(65537)),
        field("type", one_of(&["SourceIP", "Header", "Headers", "Cookie", "QueryParams"])).required(),
    ],
    rules: &[
        rule("`header` is of the type `Header`", |hash, breaks| {
            union::member_fits(hash, ("type", "Header"), "header", breaks)
        }),
        rule("`headers` is of the type `Headers`", |hash, breaks| {
            union::member_fits(hash, ("type", "Headers"), "headers", breaks)
        }),
        rule("`cookie` is of the type `Cookie`", |hash, breaks| {
            union::member_fits(hash, ("type", "Cookie"), "cookie", breaks)
        }),
        rule("`queryParams` is of the type `QueryParams`", |hash, breaks| {
            union::member_fits(hash, ("type", "QueryParams"), "queryParams", breaks)
        }),
    ],
};

static HASHED_COOKIE: Shape = Shape {
    fields: &[
        field("attributes", Type::Map(&Map { values: ANY_TEXT, max: None })),
        field("name", ANY_TEXT).required(),
        field("ttl", DURATION),
    ],
    rules: &[],
};

static HASHED_NAME: Shape = Shape { fields: &[field("name", ANY_TEXT).required()], rules: &[] };

static DYNAMIC_MODULE: Shape = Shape {
    fields: &[
        field("config", Type::Any),
        field("lbPolicyName", text(1, 253)).required(),
        field("name", formed(1, 253, &pattern::MODULE_NAME)).required(),
    ],
    rules: &[],
};

static ENDPOINT_OVERRIDE: Shape = Shape {
    fields: &[field("extractFrom", Type::List(&List::of(Type::Object(&OVERRIDE_SOURCE)).len(1, 10))).required()],
    rules: &[],
};

static OVERRIDE_SOURCE: Shape = Shape { fields: &[field("header", ANY_TEXT)], rules: &[] };

static SLOW_START: Shape = Shape { fields: &[field("window", DURATION).required()], rules: &[] };

static ZONE_AWARE: Shape = Shape {
    fields: &[
        field("preferLocal", Type::Object(&PREFER_LOCAL)),
        field("weightedZones", Type::List(&List::of(Type::Object(&WEIGHTED_ZONE)).keys(&["zone"]))),
    ],
    rules: &[],
};

static PREFER_LOCAL: Shape = Shape {
    fields: &[
        field("force", Type::Object(&FORCE_LOCAL)),
        field("minEndpointsThreshold", INTEGER),
        field("percentageEnabled", int32(0, 100)),
    ],
    rules: &[],
};

static FORCE_LOCAL: Shape = Shape { fields: &[field("minEndpointsInZoneThreshold", INT32)], rules: &[] };

static WEIGHTED_ZONE: Shape =
    Shape { fields: &[field("weight", INT32).required(), field("zone", ANY_TEXT).required()], rules: &[] };

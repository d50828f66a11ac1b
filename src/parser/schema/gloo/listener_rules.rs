//! What Gloo's decoder refuses in options of listeners.

use super::super::rules::union::{at_most_one, exactly_one};
use super::rules::known_word;
use crate::parser::node::Node;
use crate::parser::schema::problem::quote;
use crate::parser::schema::table::{Breaks, Rule, rule};
use crate::path;

/// When an option of a socket is set, by number.
const SOCKET_STATES: [&str; 3] = ["STATE_PREBIND", "STATE_BOUND", "STATE_LISTENING"];

/// How numbers are compared, by number.
const COMPARISONS: [&str; 3] = ["EQ", "GE", "LE"];

/// What a log may be restricted by.
const LOG_FILTERS: [&str; 10] = [
    "statusCodeFilter",
    "durationFilter",
    "notHealthCheckFilter",
    "traceableFilter",
    "runtimeFilter",
    "andFilter",
    "orFilter",
    "headerFilter",
    "responseFlagFilter",
    "grpcStatusFilter",
];

pub(super) const ONE_SOCKET_VALUE: Rule = rule("an option of a socket has one value", |option, breaks| {
    exactly_one(option, &["intValue", "bufValue"], breaks);
})
.of_controller();
pub(super) const SOCKET_NUMBERS: Rule =
    rule("level, name and value of an option of a socket are numbers", numbers_are_readable).of_controller();
pub(super) const KNOWN_SOCKET_STATE: Rule = rule("an option of a socket is set at a known time", |option, breaks| {
    known_word(option, ("state", &SOCKET_STATES), "there is no such state of a socket", breaks);
})
.of_controller();
pub(super) const ONE_SINK: Rule = rule("a log goes to one place", |log, breaks| {
    exactly_one(log, &["fileSink", "grpcService", "openTelemetryService"], breaks);
})
.of_controller();
pub(super) const ONE_LOG_FORMAT: Rule = rule("a log has one format", |sink, breaks| {
    at_most_one(sink, &["stringFormat", "jsonFormat"], breaks);
})
.of_controller();
pub(super) const ONE_LOG_FILTER: Rule =
    rule("a filter of a log looks at one thing", |filter, breaks| exactly_one(filter, &LOG_FILTERS, breaks))
        .of_controller();
pub(super) const KNOWN_COMPARISON: Rule = rule("numbers are compared in a known way", |comparison, breaks| {
    known_word(comparison, ("op", &COMPARISONS), "there is no such comparison", breaks);
})
.of_controller();

/// A number of 64 bits may be written as text, as protobuf's JSON does.
fn numbers_are_readable(option: &Node, breaks: &mut Breaks) {
    for name in ["level", "name", "intValue"] {
        let is_number = |text: &str| text.parse::<i64>().is_ok();
        let text = match option.get(name) {
            Some(Node::String(text)) => text.clone(),
            Some(Node::Int(number)) => number.to_string(),
            _ => continue,
        };
        if !is_number(&text) {
            breaks.say(path![name], format!("{} is no number of 64 bits", quote(&text)), "write a whole number");
        }
    }
}

//! Rules about connections of both sides.

use crate::parser::node::Node;
use crate::parser::schema::rules::duration;
use crate::parser::schema::table::Breaks;
use crate::path;

pub(in crate::parser::schema) fn timeout_is_less_than_interval(keepalive: &Node, breaks: &mut Breaks) {
    let times = duration(keepalive, "timeout").zip(duration(keepalive, "interval"));
    if times.is_some_and(|(timeout, interval)| timeout.0 >= interval.0) {
        breaks.at(path!["timeout"], "write a duration that is shorter than `interval`");
    }
}

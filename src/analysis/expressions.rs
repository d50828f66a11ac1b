//! What the regular expressions of a configuration cost Envoy: their programs are known before Envoy makes them.
//!
//! Measured with Envoy 1.40: a million instructions take 0.2 to 0.5 seconds and 10 to 50 MiB to load, and up to 2 seconds
//! for 100,000 of one expression whose alternatives repeat; a value of 8 KiB is matched in 33 ms by an expression of 2,000,
//! and longer ones take longer in proportion (docs/performance.md).

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};

use crate::diagnostics::{Diagnostics, codes};
use crate::ir::{Config, Origin};
use crate::re2;

use super::objects::Objects;
use super::reach::hosts;

/// From how many instructions on one expression is told.
const LARGE: u64 = 10_000;

/// From how many instructions on all of them together are told, each as often as the configuration has it.
const LARGE_TOGETHER: u64 = 1_000_000;

/// Reports expressions that are large, each once, and all of them where their sum is. `told` has those that were told.
pub(super) fn report<'c>(
    config: &'c Config,
    objects: &Objects<'_>,
    told: &mut HashSet<&'c str>,
    diagnostics: &mut Diagnostics,
) {
    let found = Found::of(config);
    let of_pattern = |pattern: &str, bound: u64| if bound < LARGE { bound } else { re2::instructions(pattern) };
    let mut large: Vec<(&str, Origin, u64)> = found
        .places
        .iter()
        .map(|(pattern, place)| (*pattern, place.origin, of_pattern(pattern, place.bound)))
        .filter(|(_, _, size)| *size >= LARGE)
        .collect();
    large.sort_unstable_by_key(|(pattern, origin, _)| (*origin, *pattern));
    for (pattern, origin, size) in large.into_iter().filter(|(pattern, _, _)| told.insert(pattern)) {
        let message = format!("a regular expression compiles to {size} instructions");
        let Some(finding) = objects.finding(codes::COSTLY_REGEX, origin, false, message) else { continue };
        diagnostics.report(
            finding
                .label(format!("has `{}`", beginning(pattern)))
                .consequence(format!("a value of 8 KiB is matched in up to {} ms", size * MILLISECONDS / INSTRUCTIONS))
                .help("lower the bounds of repetitions, or write prefixes, exact values and several matches"),
        );
    }
    if found.most() >= LARGE_TOGETHER {
        report_sum(&found, objects, diagnostics);
    }
}

/// An expression, or what it begins with.
fn beginning(pattern: &str) -> String {
    match pattern.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &pattern[..end]),
        None => pattern.to_owned(),
    }
}

/// How many characters of an expression are shown.
const SHOWN: usize = 60;

/// The time that a value of 8 KiB took with an expression of [`INSTRUCTIONS`].
const MILLISECONDS: u64 = 33;
const INSTRUCTIONS: u64 = 2_000;

/// Reports all expressions together, at the match whose expression costs the most.
fn report_sum(found: &Found<'_>, objects: &Objects<'_>, diagnostics: &mut Diagnostics) {
    let size = |(pattern, place): (&&str, &Place)| re2::instructions(pattern).saturating_mul(place.times);
    let mut costs: Vec<(u64, Origin, u64)> =
        found.places.iter().map(|entry| (size(entry), entry.1.origin, entry.1.times)).collect();
    costs.sort_unstable_by_key(|(size, origin, _)| (Reverse(*size), *origin));
    let sum = costs.iter().fold(0, |sum: u64, (size, _, _)| sum.saturating_add(*size));
    let Some((most, origin, times)) = costs.first().filter(|_| sum >= LARGE_TOGETHER) else { return };
    let all = found.times();
    let message = format!("the {all} regular expressions of the configuration compile to {sum} instructions");
    let Some(finding) = objects.finding(codes::COSTLY_REGEX, *origin, false, message) else { return };
    diagnostics.report(
        finding
            .label(format!("{most} of them: the configuration has this expression {times} times"))
            .consequence(format!(
                "Envoy takes about {:.1} seconds and {} MiB more to load the configuration",
                sum as f64 / 3e6,
                sum / 30_000
            ))
            .help(
                "write prefixes and exact values where no expression is needed, and fewer hosts for routes that need some",
            ),
    );
}

/// One expression.
struct Place {
    /// The first match that has it.
    origin: Origin,
    /// How often the configuration has it.
    times: u64,
    /// The most instructions that it may have.
    bound: u64,
}

/// The expressions of a configuration.
struct Found<'c> {
    places: HashMap<&'c str, Place>,
}

impl<'c> Found<'c> {
    fn of(config: &'c Config) -> Self {
        let mut found = Self { places: HashMap::new() };
        for at in hosts(config) {
            let counters = at.host.counters.iter().map(|counter| (counter.path.as_str(), at.host.origin));
            counters.for_each(|(pattern, origin)| found.add(pattern, origin));
            for route in &at.host.routes {
                route.expressions().for_each(|expression| found.add(expression, route.origin));
            }
        }
        found
    }

    fn add(&mut self, pattern: &'c str, origin: Origin) {
        let place = || Place { origin, times: 0, bound: re2::most_instructions(pattern) };
        let found = self.places.entry(pattern).or_insert_with(place);
        found.times += 1;
        found.origin = found.origin.min(origin);
    }

    /// The most instructions of all of them.
    fn most(&self) -> u64 {
        let each = self.places.values().map(|place| place.bound.saturating_mul(place.times));
        each.fold(0, u64::saturating_add)
    }

    /// How many expressions the configuration has.
    fn times(&self) -> u64 {
        self.places.values().map(|place| place.times).sum()
    }
}

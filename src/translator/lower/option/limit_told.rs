//! What a server that counts requests is told of them: what rules and listeners say of it.

use crate::diagnostics::{FieldPath, Finding};
use crate::ir::{Descriptor, DescriptorPart, HeaderTest, TextIs};
use crate::parser::api::{
    GlooEnum, OptionGenericKey, OptionHeaderValueMatch, OptionLimitAction, OptionLimitHeader, OptionRateLimit,
    OptionRateLimits, OptionRequestHeaders, RouteOption, VirtualHostOption,
};
use crate::path;
use crate::resolver::{Effective, ResolvedRule};

use super::faults::Faults;
use super::guards;
use super::limit_metadata;
use super::log_filter::to_range;
use super::part::{Part, Place};

/// What servers are told, by when they are.
#[derive(Clone, Debug, Default)]
pub(in crate::translator::lower) struct Told {
    early: Vec<Descriptor>,
    /// When the server says.
    either: Vec<Descriptor>,
    late: Vec<Descriptor>,
    /// Whether what the listener says counts as well.
    includes: bool,
}

impl Told {
    pub(super) fn is_empty(&self) -> bool {
        self.early.is_empty() && self.either.is_empty() && self.late.is_empty()
    }

    /// Adds what an option says.
    pub(super) fn add(&mut self, field: &'static str, said: &OptionRateLimits) {
        let list = match field {
            "ratelimitEarly" => &mut self.early,
            "ratelimitRegular" => &mut self.late,
            _ => &mut self.either,
        };
        list.extend(
            said.rate_limits.iter().map(|limit| Descriptor(limit.actions.iter().filter_map(part_of).collect())),
        );
    }

    /// What a rule says.
    pub(in crate::translator::lower) fn of_rule(rule: &ResolvedRule<'_>) -> Self {
        let mut told = Self::default();
        for Effective { value, source: _ } in &rule.options.fields {
            if let RouteOption::Ratelimit(said)
            | RouteOption::RatelimitEarly(said)
            | RouteOption::RatelimitRegular(said) = value
            {
                told.add(value.field(), &said.limits);
                told.includes |= said.include_vh_rate_limits;
            }
        }
        told
    }

    /// What servers are told of a rule's requests, before anybody else is asked and behind that.
    pub(super) fn together(&self, host: &Self, is_early: bool) -> [Vec<Descriptor>; 2] {
        let is_own = !self.is_empty();
        let sources = match (is_own, self.includes) {
            (false, _) => [Some(host), None],
            (true, false) => [Some(self), None],
            (true, true) => [Some(self), Some(host)],
        };
        let of = |pick: fn(&Self) -> &Vec<Descriptor>| {
            sources.iter().flatten().flat_map(|told| pick(told).iter().cloned()).collect::<Vec<_>>()
        };
        let (mut early, mut late) = (of(|told| &told.early), of(|told| &told.late));
        let either = of(|told| &told.either);
        if is_early {
            early.extend(either)
        } else {
            late.extend(either)
        }
        [early, late]
    }
}

/// Says what of the limits of an option cannot be honoured.
pub(super) fn lower(place: Place<'_>, said: &OptionRateLimits) -> Result<Part, Box<Finding>> {
    let OptionRateLimits { local_ratelimit, rate_limits } = said;
    let mut faults = Faults::new(place);
    let own = local_ratelimit.and_then(|said| guards::lower_bucket(&path!["localRatelimit"], said, &mut faults));
    if rate_limits.is_empty() && local_ratelimit.is_none() {
        faults.add(&path![], "it is not said what a server is told of requests", "add an entry to `rateLimits`");
    }
    for (index, OptionRateLimit { actions, .. }) in rate_limits.iter().enumerate() {
        let at = path!["rateLimits", index, "actions"];
        if actions.is_empty() {
            faults.add(&at, "a server would be told nothing", "add an action");
        }
        for (index, action) in actions.iter().enumerate() {
            check_action(action, &at.with(index), &mut faults);
        }
    }
    let part = own.map_or(Part::Nothing, Part::Rate);
    faults.found().into_iter().next().map_or(Ok(part), |first| Err(Box::new(first)))
}

fn check_action(action: &OptionLimitAction, at: &FieldPath, faults: &mut Faults<'_>) {
    let OptionLimitAction {
        // The resolver hands on no action with one of these.
        cel: _,
        destination_cluster: _,
        source_cluster: _,
        metadata,
        generic_key,
        header_value_match,
        remote_address,
        request_headers,
    } = action;
    let forms = [
        generic_key.is_some(),
        header_value_match.is_some(),
        metadata.is_some(),
        remote_address.is_some(),
        request_headers.is_some(),
    ];
    if forms.into_iter().filter(|is_set| *is_set).count() != 1 {
        let help = "write one of `genericKey`, `headerValueMatch`, `metadata`, `remoteAddress` and `requestHeaders`";
        faults.add(at, "an action is not one thing", help);
    }
    if let Some(said) = metadata {
        limit_metadata::check(said, &at.with("metadata"), faults);
        return;
    }
    let mut text = |at: FieldPath, text: &str| {
        if text.is_empty() {
            faults.add(&at, "a server would be told nothing", "write a text");
        }
    };
    if let Some(OptionGenericKey { descriptor_value }) = generic_key {
        text(at.with("genericKey").with("descriptorValue"), descriptor_value);
    }
    if let Some(OptionRequestHeaders { descriptor_key, header_name }) = request_headers {
        let at = at.with("requestHeaders");
        text(at.with("descriptorKey"), descriptor_key);
        if !header_name.is_token() {
            faults.add(&at.with("headerName"), "this is no header", "write the name of a header");
        }
    }
    if let Some(OptionHeaderValueMatch { descriptor_value, expect_match: _, headers }) = header_value_match {
        let at = at.with("headerValueMatch");
        if descriptor_value.is_empty() {
            faults.add(&at.with("descriptorValue"), "a server would be told nothing", "write a text");
        }
        if headers.is_empty() {
            faults.add(&at.with("headers"), "no header is looked at", "add a header");
        }
        for (index, header) in headers.iter().enumerate() {
            check_header(header, &at.with("headers").with(index), faults);
        }
    }
}

fn check_header(header: &OptionLimitHeader, at: &FieldPath, faults: &mut Faults<'_>) {
    let OptionLimitHeader {
        exact_match,
        invert_match: _,
        name,
        prefix_match,
        present_match,
        range_match,
        regex_match,
        suffix_match,
    } = header;
    let pseudo = [":method", ":path", ":authority", ":scheme"];
    if !name.is_token() && !name.lower().is_among(&pseudo) {
        faults.add(&at.with("name"), "this is no header", "write the name of a header");
    }
    let texts = [exact_match, prefix_match, suffix_match, regex_match];
    let is_empty = texts.iter().skip(1).any(|text| text.as_ref().is_some_and(String::is_empty));
    let others = usize::from(present_match.is_some()) + usize::from(range_match.is_some());
    let count = texts.iter().filter(|text| text.is_some()).count() + others;
    if count > 1 || is_empty {
        let help =
            "write one of `exactMatch`, `prefixMatch`, `suffixMatch`, `regexMatch`, `rangeMatch` and `presentMatch`";
        faults.add(at, "it is not one thing that the header has to be", help);
    }
    if let Some(range) = range_match {
        let (start, end) = to_range(&at.with("rangeMatch"), range, faults);
        if start >= end {
            faults.add(&at.with("rangeMatch"), "no number is in it", "write an `end` above its `start`");
        }
    }
    if let Some(pattern) = regex_match {
        faults.expression(&at.with("regexMatch"), pattern);
    }
}

/// A part of what a server is told, of an action that can be honoured.
fn part_of(action: &OptionLimitAction) -> Option<DescriptorPart> {
    if let Some(OptionGenericKey { descriptor_value }) = &action.generic_key {
        return Some(DescriptorPart::Text(descriptor_value.to_owned()));
    }
    if let Some(OptionRequestHeaders { descriptor_key, header_name }) = &action.request_headers {
        return Some(DescriptorPart::Header(header_name.lower(), descriptor_key.to_owned()));
    }
    if let Some(OptionHeaderValueMatch { descriptor_value, expect_match, headers }) = &action.header_value_match {
        return Some(DescriptorPart::Headers {
            text: descriptor_value.to_owned(),
            expected: expect_match.unwrap_or(true),
            tests: headers.iter().map(test_of).collect(),
        });
    }
    if let Some(said) = &action.metadata {
        return Some(limit_metadata::part_of(said));
    }
    action.remote_address.map(|_| DescriptorPart::Address)
}

fn test_of(header: &OptionLimitHeader) -> HeaderTest {
    let text = |said: &Option<String>, is: fn(String) -> TextIs| said.as_ref().map(|text| is(text.to_owned()));
    let is = text(&header.exact_match, TextIs::Exact)
        .or_else(|| text(&header.prefix_match, TextIs::Prefix))
        .or_else(|| text(&header.suffix_match, TextIs::Suffix))
        .or_else(|| text(&header.regex_match, TextIs::Regex));
    // That it must not be there is the opposite of that it must.
    let is_absent = is.is_none() && header.present_match == Some(false);
    let number = |said: &Option<GlooEnum>| said.as_ref().and_then(|GlooEnum(text)| text.parse::<i64>().ok());
    let within = header.range_match.as_ref();
    let within = within.map(|range| (number(&range.start).unwrap_or_default(), number(&range.end).unwrap_or_default()));
    HeaderTest { name: header.name.lower(), is, within, inverted: header.invert_match != is_absent }
}

/// Whether an option of a listener asks a server for limits.
pub(super) fn is_host_limit(option: &VirtualHostOption) -> bool {
    use VirtualHostOption as Of;
    match option {
        Of::Ratelimit(said) | Of::RatelimitEarly(said) | Of::RatelimitRegular(said) => is_told(said),
        _ => false,
    }
}

/// Whether a server is told something; what has no limits of any kind meant it.
fn is_told(OptionRateLimits { local_ratelimit, rate_limits }: &OptionRateLimits) -> bool {
    !rate_limits.is_empty() || local_ratelimit.is_none()
}

/// Whether an option of a rule asks a server for limits.
pub(super) fn is_limit(option: &RouteOption) -> bool {
    use RouteOption as Of;
    match option {
        Of::Ratelimit(said) | Of::RatelimitEarly(said) | Of::RatelimitRegular(said) => is_told(&said.limits),
        _ => false,
    }
}

/// Whether an option of a rule, or of a listener, has limits of its own beside those of another.
pub(super) fn report_two_limits(place: Place<'_>) -> Box<Finding> {
    let message = "there is a limit without a server already, and Gloo Gateway takes one alone";
    place.refuse(&path!["localRatelimit"], message, "keep `localRatelimit` in one of `ratelimit` and `ratelimitEarly`")
}

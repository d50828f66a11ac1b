//! Traces for people.

use std::io::{self, Write};
use std::time::Duration;

use crate::cli::effective::PolicyPart;
use crate::diagnostics::style::Style;

use super::copies::CopyView;
use super::limits::{LimitView, ProcessorView, RateView};
use super::{CandidateView, Clients, CountingRoutes, Explanation, OutcomeView, Trace, Unattached, at};

/// The first status that tells a client of an error.
const FIRST_ERROR: u16 = 400;

impl Trace {
    /// Writes the trace for people.
    ///
    /// # Errors
    /// Those of `out`.
    pub(in super::super) fn write(&self, color: bool, out: &mut dyn Write) -> io::Result<()> {
        let request = format!("{} {}", self.request.method, self.request.url);
        writeln!(out, "{}", Style::Bold.paint(request.trim_start(), color))?;
        match &self.listener {
            Some(spot) if self.clients.is_some() => {
                writeln!(out, "  service   {} {}  {}", spot.object(), spot.path, spot.place())?;
            }
            Some(spot) => writeln!(out, "  listener  {} {}  {}", spot.object(), spot.path, spot.place())?,
            None => writeln!(out, "  listener  {}", Style::Red.paint("none", color))?,
        }
        if let Some(Clients { from, service: _, routes }) = &self.clients {
            let counting = match routes {
                CountingRoutes::Consumer => "routes of that namespace count, and no others",
                CountingRoutes::Producer => "routes of the Service's namespace count",
                CountingRoutes::None => "no route counts: what arrives goes on as it is",
            };
            writeln!(out, "  client    in namespace {from}: {counting}")?;
        }
        if self.client_certificate.is_some() {
            writeln!(
                out,
                "  client    shows a certificate that the listener accepts; without one the connection is closed"
            )?;
        }
        if let Some(host) = &self.host {
            writeln!(out, "  host      {host}")?;
        }
        if let Some(call) = &self.call {
            let becomes = "if it can be read as its message, which is not known here; else it gets 400";
            writeln!(out, "  call      {call}, {becomes}")?;
        }
        if let Some(rule) = &self.rule {
            writeln!(out, "  rule      {}  {}", rule.title(), rule.place())?;
        }
        for outcome in &self.outcomes {
            outcome.write(color, out)?;
        }
        for RateView { requests, milliseconds, of } in &self.rates {
            match requests {
                None => writeln!(out, "  counted   requests {of}; none is refused")?,
                Some(requests) => {
                    let time = Duration::from_millis(*milliseconds);
                    let known = "how many came before is not known here, and what is too many gets 429";
                    writeln!(out, "  limit     {requests} requests in {time:?} {of}; {known}")?;
                }
            }
        }
        for LimitView { server, unanswered } in &self.limits {
            let counts = "counts such requests, and refuses with 429 what is too many";
            writeln!(out, "  limits    {server} {counts}; without its answer {unanswered}")?;
        }
        for ProcessorView { server, unanswered } in &self.processors {
            let may = "gets such requests, and may change and answer them, which is not known here";
            writeln!(out, "  processed {server} {may}; without its answer {unanswered}")?;
        }
        for script in &self.scripts {
            writeln!(
                out,
                "  scripted  script {script} gets such requests, and may change and answer them, which is not known here"
            )?;
        }
        for copy in &self.copies {
            let CopyView { backend, percent: share, host, endpoints, .. } = copy;
            writeln!(out, "  copies    {} %  {backend}{}, for host {host}", percent(*share), listed(endpoints))?;
        }
        match &self.explanation {
            Some(explanation) => explanation.write(color, out),
            None => Ok(()),
        }
    }
}

/// The endpoints of a backend, behind its name.
fn listed(endpoints: &[String]) -> String {
    match endpoints {
        [] => String::new(),
        endpoints => format!(" ({})", endpoints.join(", ")),
    }
}

/// A share with two decimals at most.
fn percent(share: f64) -> String {
    let share = format!("{share:.2}");
    share.trim_end_matches('0').trim_end_matches('.').to_owned()
}

impl OutcomeView {
    pub(super) fn write(&self, color: bool, out: &mut dyn Write) -> io::Result<()> {
        let place = self.spot.as_ref().map(|spot| format!("  {}", spot.place())).unwrap_or_default();
        let share = percent(self.percent);
        let reason = self.reason.unwrap_or_default();
        for (service, end) in self.asked.iter().zip(&self.unanswered) {
            writeln!(out, "  asks      {service}, which is assumed to agree; without its answer {end}")?;
        }
        match (&self.backend, self.status) {
            (Some(backend), _) => {
                let endpoints = listed(&self.endpoints);
                let backend = Style::Green.paint(backend, color);
                writeln!(out, "  backend   {share} %  {backend}{endpoints}{place}")?;
            }
            (None, Some(status)) => {
                let target = self.redirect.as_ref().map(|to| format!(" to {to}")).unwrap_or_default();
                let style = if status < FIRST_ERROR { Style::Green } else { Style::Red };
                let status = style.paint(&status.to_string(), color);
                writeln!(out, "  answer    {share} %  {status}{target}: {reason}{place}")?;
            }
            (None, None) => {
                let closed = Style::Red.paint("closed", color);
                writeln!(out, "  {closed}    {share} %  {reason}{place}")?;
            }
        }
        for (name, value) in &self.response_headers {
            writeln!(out, "            {name}: {value}")?;
        }
        let Some(upstream) = &self.upstream else { return Ok(()) };
        writeln!(out, "  upstream  {} {}", upstream.method, upstream.path)?;
        writeln!(out, "            host: {}", upstream.host)?;
        for (name, value) in &upstream.headers {
            writeln!(out, "            {name}: {value}")?;
        }
        if !upstream.generated.is_empty() {
            writeln!(out, "            and {}", upstream.generated.join(", "))?;
        }
        if let Some(unproven) = self.upgrade {
            writeln!(out, "  upgrade   {unproven}")?;
        }
        if !self.changed_response_headers.is_empty() {
            writeln!(out, "  response  changes {}", self.changed_response_headers.join(", "))?;
        }
        for (name, value) in &self.session {
            writeln!(out, "  session   {name}: {value}")?;
        }
        Ok(())
    }
}

impl Explanation {
    pub(super) fn write(&self, color: bool, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "\nroutes of this host, the nearest first:")?;
        for candidate in &self.candidates {
            let CandidateView { rule, verdict, why } = candidate;
            let style = match *verdict {
                "chosen" => Style::Green,
                "outranked" => Style::Yellow,
                _ => Style::Dim,
            };
            let verdict = style.paint(&format!("{verdict:<9}"), color);
            writeln!(out, "  {verdict} {}  {}", rule.title(), rule.place())?;
            writeln!(out, "            {why}")?;
        }
        if self.further > 0 {
            writeln!(out, "  and {} more that do not match", self.further)?;
        }
        if let Some(parts) = &self.policies {
            writeln!(out, "\npolicies that count at the rule:{}", if parts.is_empty() { " none" } else { "" })?;
            for PolicyPart { field, from, at } in parts {
                writeln!(out, "  {field}  of {from}  ({at})")?;
            }
        }
        if !self.unattached.is_empty() {
            writeln!(out, "\nroutes that are not attached:")?;
        }
        for Unattached { code, message, file, line } in &self.unattached {
            writeln!(out, "  {code}  {message}  {}", at(file.as_deref(), *line))?;
        }
        Ok(())
    }
}

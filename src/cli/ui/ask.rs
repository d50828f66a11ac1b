//! A request that somebody types into the page, as `gwctl route` takes it, and what becomes of it.

use std::ffi::OsString;

use clap::error::ErrorKind;
use serde::Serialize;

use super::super::args::{Cli, Command, RouteArgs};
use super::super::graph::{self, Page};
use super::super::pipeline::Compiled;
use super::super::route;
use crate::options::Options;
use crate::simulate::Simulator;

/// What may stand behind the URL. Whatever else `gwctl route` takes is about files and formats.
const FLAGS: [&str; 9] = ["-X", "--method", "-H", "--header", "--sni", "--address", "--http2", "--from", "--explain"];

/// What is said of a line without a URL.
const NO_URL: &str =
    "a request has a URL, such as `http://shop.example/cart`; a method may stand before it and flags behind it";

/// What is shown, and what answers are made of.
pub(super) struct Asked {
    pub(super) version: u64,
    pub(super) page: Page,
    pub(super) compiled: Compiled,
    pub(super) options: Options,
}

/// What the page gets.
#[derive(Debug, Default, Serialize)]
pub(super) struct Answered {
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    answers: Vec<Answer>,
}

#[derive(Debug, Serialize)]
struct Answer {
    lines: Vec<String>,
    nodes: Vec<usize>,
}

impl Answered {
    /// Why there is no answer.
    pub(super) fn refused(error: impl Into<String>) -> Self {
        Self { error: Some(error.into()), answers: Vec::new() }
    }
}

impl Asked {
    /// What becomes of a request.
    pub(super) fn answer(&self, line: &str) -> Answered {
        match self.answers(line) {
            Ok(answers) => Answered { error: None, answers },
            Err(error) => Answered::refused(error),
        }
    }

    fn answers(&self, line: &str) -> Result<Vec<Answer>, String> {
        let args = parsed(line)?;
        let request = route::request(&args)?;
        let compilation = &self.compiled.compilation;
        let traces = route::answers(compilation, &args, &request, &self.options)?;
        let config = compilation.lowered.judged();
        let gateways = match args.from {
            Some(_) => Vec::new(),
            None => Simulator::gateways_of(config, &request.connection),
        };
        let answer = |(position, trace): (usize, &super::super::trace::Trace)| {
            let mut text = Vec::new();
            // Memory takes whatever is written.
            let _ = trace.write(false, &mut text);
            let mut lines: Vec<String> =
                String::from_utf8_lossy(&text).lines().skip(1).map(|line| line.trim().to_owned()).collect();
            let Some(gateway) = gateways.get(position) else { return Answer { lines, nodes: Vec::new() } };
            if gateways.len() > 1 {
                lines.insert(0, format!("Gateway {gateway}"));
            }
            let simulator = Simulator::of_gateway(config, gateway);
            let route = simulator.decide(&request).route;
            let nodes = route.map(|route| graph::way(&self.page.graph, gateway, &route.name)).unwrap_or_default();
            Answer { lines, nodes }
        };
        Ok(traces.iter().enumerate().map(answer).collect())
    }
}

/// The request of a line: `[METHOD] URL [FLAGS]`.
fn parsed(line: &str) -> Result<Box<RouteArgs>, String> {
    let mut words = words(line)?;
    let is_method = |word: &String| !word.is_empty() && word.chars().all(|letter| letter.is_ascii_uppercase());
    let method = words.first().is_some_and(is_method).then(|| words.remove(0));
    for word in words.iter().filter(|word| word.starts_with('-')) {
        let name =
            if word.starts_with("--") { word.split('=').next().unwrap_or(word) } else { word.get(..2).unwrap_or(word) };
        if !FLAGS.contains(&name) {
            return Err(format!("`{name}` says nothing of a request: {} do", FLAGS.join(", ")));
        }
    }
    let line = ["gwctl", "route", "-f", "-"].map(str::to_owned).into_iter();
    let line = line.chain(method.into_iter().flat_map(|method| ["-X".to_owned(), method])).chain(words);
    let cli = Cli::parse_line(line.map(OsString::from)).map_err(|error| {
        if error.kind() == ErrorKind::MissingRequiredArgument {
            return NO_URL.to_owned();
        }
        let text = error.to_string();
        let first = text.lines().next().unwrap_or_default();
        first.strip_prefix("error: ").unwrap_or(first).to_owned()
    })?;
    match cli.command {
        Command::Route(args) => Ok(args),
        _ => Err("this is no request".to_owned()),
    }
}

/// The words of a line; quotes of either kind hold several together.
fn words(line: &str) -> Result<Vec<String>, String> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    for letter in line.chars() {
        match (quote, letter) {
            (Some(open), letter) if letter == open => quote = None,
            (None, '\'' | '"') => {
                quote = Some(letter);
                word.get_or_insert_default();
            }
            (None, letter) if letter.is_whitespace() => words.extend(word.take()),
            (_, letter) => word.get_or_insert_default().push(letter),
        }
    }
    if quote.is_some() {
        return Err("a quote is not closed".to_owned());
    }
    words.extend(word);
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::{NO_URL, parsed, words};

    #[test]
    fn a_line_is_a_request_and_nothing_else() {
        assert_eq!(words("GET http://a -H 'x: a b' \"\"").unwrap(), ["GET", "http://a", "-H", "x: a b", ""]);
        let args = parsed("POST http://a/b -H 'x: a b' --http2").unwrap();
        assert_eq!((args.method.as_str(), args.http2), ("POST", true));
        assert_eq!(args.header, [("x".to_owned(), "a b".to_owned())]);
        for line in ["", "  ", "GET", "-H 'x: a'"] {
            assert_eq!(parsed(line).expect_err(line), NO_URL, "{line}");
        }
        for line in [
            "",
            "GET",
            "http://a -f /etc/passwd",
            "http://a --output-file x",
            "http://a --report=json=x",
            "http://a 'b",
            "--help",
            "-oX",
        ] {
            assert!(parsed(line).is_err(), "{line}");
        }
    }
}

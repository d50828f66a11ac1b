//! The picture as one page: search, what is known of each object, and requests with the way that each takes.
//!
//! The page needs no network and may use none: its policy forbids whatever is not in it, and runs no script but the one
//! whose digest it names. What comes from the input stands in the picture, which is XML, and in a block of JSON in which
//! nothing looks like markup; the script makes text of it and nothing else.

use std::io::{self, Write};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;

use super::label::{lines, number};
use super::svg::{STYLE, picture};
use crate::diagnostics::escape::is_unsafe;
use crate::diagnostics::xml::Xml;
use crate::graph::{Graph, Node, NodeId};

const CSS: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// What the page knows besides the picture.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Notes {
    /// What is known of each object.
    pub cards: Vec<Card>,
    /// Requests, each with the way that it takes.
    pub requests: Vec<Way>,
    /// What a page has that somebody serves.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub live: Option<Live>,
}

/// What a page has that is served and follows its input.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Live {
    /// Which page it is; whoever serves it has another number when there is another one.
    pub version: u64,
    /// All findings.
    pub findings: Vec<Note>,
    /// What it is compared with, where that is asked for.
    pub against: Option<String>,
    /// What changes for traffic, a line each.
    pub changes: Vec<String>,
}

/// What is known of an object.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Card {
    /// The nodes of the object.
    pub nodes: Vec<usize>,
    /// Kind, namespace and name.
    pub title: String,
    /// `FILE:LINE`.
    pub place: String,
    /// The object as it is written, without what is secret.
    pub manifest: String,
    /// What a controller would say, a line each.
    pub conditions: Vec<String>,
    /// The findings on it.
    pub findings: Vec<Note>,
}

/// A finding.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Note {
    /// The code.
    pub code: String,
    /// `error`, `warning` or `note`.
    pub severity: String,
    /// `FILE:LINE`.
    pub place: String,
    /// What is wrong.
    pub message: String,
    /// What traffic does.
    pub consequence: String,
    /// What to do.
    pub help: String,
}

/// A request and what becomes of it.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Way {
    /// The method.
    pub method: String,
    /// The URL.
    pub url: String,
    /// The headers, `NAME: VALUE`.
    pub headers: Vec<String>,
    /// What becomes of it, a line each.
    pub answer: Vec<String>,
    /// The nodes that it comes to.
    pub nodes: Vec<usize>,
}

/// The number by which the notes name a node.
pub fn node_number(id: NodeId) -> usize {
    number(id)
}

/// What the script is given.
#[derive(Serialize)]
struct Data<'n> {
    nodes: Vec<String>,
    #[serde(flatten)]
    notes: &'n Notes,
}

/// What a node is found by: its words, and a part of an object by the name of that too.
fn searched(node: &Node) -> String {
    format!("{} {} {}", node.namespace(), node.name(), lines(node).join(" "))
}

/// Writes the page.
///
/// # Errors
/// Those of `out`.
pub fn write(graph: &Graph, notes: &Notes, out: &mut dyn Write) -> io::Result<()> {
    let digest = STANDARD.encode(ring::digest::digest(&ring::digest::SHA256, SCRIPT.as_bytes()));
    // A page that is served may ask whoever serves it.
    let connect = if notes.live.is_some() { "connect-src 'self'; " } else { "" };
    let nodes = graph.nodes.iter().map(searched).collect();
    let data = in_script(&serde_json::to_string(&Data { nodes, notes })?);
    let mut drawn = Vec::new();
    Xml::document(&mut drawn, |xml| picture(graph, None, xml))?;
    // What declares a document is none inside of another one.
    let drawn = String::from_utf8_lossy(&drawn);
    let drawn = drawn.split_once("?>").map_or(&*drawn, |(_, rest)| rest);
    let page = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; \
         script-src 'sha256-{digest}'; {connect}base-uri 'none'; form-action 'none'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<title>gwctl graph</title>\n\
         <style>\n{STYLE}\n{CSS}</style>\n</head>\n<body>\n{BODY}<main id=\"picture\">{}</main>\n\
         <aside id=\"card\" aria-live=\"polite\" tabindex=\"-1\"></aside>\n\
         <script type=\"application/json\" id=\"data\">{data}</script>\n<script>{SCRIPT}</script>\n</body>\n</html>\n",
        drawn.trim()
    );
    out.write_all(page.as_bytes())
}

/// What stands above the picture.
const BODY: &str = "<header>\n<label>Search <input id=\"search\" type=\"search\" autocomplete=\"off\" \
placeholder=\"name, kind, code (press /)\"></label>\n\
<label>Request <input id=\"request\" list=\"requests\" autocomplete=\"off\" placeholder=\"GET http://…\"></label>\n\
<datalist id=\"requests\"></datalist>\n<span id=\"count\" role=\"status\"></span>\n\
<button id=\"findings\" type=\"button\" hidden>findings</button>\n\
<button id=\"changes\" type=\"button\" hidden>changes</button>\n\
<button id=\"smaller\" type=\"button\" aria-label=\"smaller\">−</button>\n\
<button id=\"larger\" type=\"button\" aria-label=\"larger\">+</button>\n\
<button id=\"fit\" type=\"button\">fit</button>\n</header>\n";

/// JSON in which nothing ends a script, begins a comment or a command, or steers whoever reads the page's source.
fn in_script(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for character in json.chars() {
        let is_kept = !matches!(character, '<' | '>' | '&' | '#') && !is_unsafe(character);
        if is_kept {
            text.push(character);
        } else {
            let mut units = [0; 2];
            for unit in character.encode_utf16(&mut units) {
                text.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    text
}

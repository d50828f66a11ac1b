//! The picture as a flow chart of [Mermaid](https://mermaid.js.org/syntax/flowchart.html), which pages of Markdown show.
//!
//! Names are numbers. Text stands in quoted labels alone. A renderer takes what is in them for HTML, for Markdown or for
//! icons, so that every character but letters, digits and a few signs is written as a numeric entity.

use std::io::{self, Write};

use super::label::{Class, by_namespace, lines, number, on_edge};
use crate::diagnostics::escape::for_terminal;
use crate::graph::{Edge, Graph, Link, Mark, Presence};

/// Whether an edge is drawn in a style.
type Picks = fn(&Edge) -> bool;

/// Writes the picture.
///
/// # Errors
/// Those of `out`.
pub fn write(graph: &Graph, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "flowchart LR")?;
    for (position, (namespace, nodes)) in by_namespace(graph).into_iter().enumerate() {
        writeln!(out, "  subgraph s{position}[{}]", quoted(&[namespace]))?;
        for (id, node) in nodes {
            let (word, _) = Class::of(node).word();
            let state = match (node.mark, node.presence, node.is_wrong, node.is_shadowed) {
                (Mark::Added, ..) => "added",
                (Mark::Removed, ..) => "removed",
                (Mark::Changed(_), ..) => "changed",
                (Mark::Same, Presence::Missing, _, _) => "missing",
                (Mark::Same, _, true, _) => "wrong",
                (Mark::Same, _, _, true) => "shadowed",
                (Mark::Same, ..) => word,
            };
            writeln!(out, "    n{}[{}]:::{state}", number(id), quoted(&lines(node)))?;
        }
        writeln!(out, "  end")?;
    }
    for edge in &graph.edges {
        let arrow = match edge.link {
            _ if edge.is_broken => "-.->",
            Link::Applies | Link::Allows | Link::Joins => "-.->",
            _ => "-->",
        };
        let label = on_edge(edge);
        let label = if label.is_empty() { String::new() } else { format!("|{}|", quoted(&[label])) };
        writeln!(out, "  n{} {arrow}{label} n{}", number(edge.from), number(edge.to))?;
    }
    for class in Class::ALL {
        let (word, fill) = class.word();
        writeln!(out, "  classDef {word} fill:{fill},stroke:#606060,color:#202020")?;
    }
    writeln!(out, "  classDef wrong fill:#ffe0e0,stroke:#c00000,stroke-width:2px,color:#202020")?;
    writeln!(out, "  classDef missing fill:#ffffff,stroke:#c00000,stroke-dasharray:4,color:#c00000")?;
    writeln!(out, "  classDef shadowed fill:#f5f5f5,stroke:#b0b0b0,color:#707070")?;
    if graph.nodes.iter().any(|node| node.mark != Mark::Same) {
        writeln!(out, "  classDef added fill:#dafbe1,stroke:#1a7f37,stroke-width:3px,color:#202020")?;
        writeln!(
            out,
            "  classDef removed fill:#ffebe9,stroke:#cf222e,stroke-width:3px,stroke-dasharray:4,color:#202020"
        )?;
        writeln!(out, "  classDef changed fill:#fff8c5,stroke:#9a6700,stroke-width:3px,color:#202020")?;
    }
    let styles: [(&str, Picks); 5] = [
        ("stroke:#c00000,color:#c00000", |edge| edge.is_broken && edge.mark == Mark::Same),
        ("stroke:#b0b0b0", |edge| edge.is_shadowed && !edge.is_broken && edge.mark == Mark::Same),
        ("stroke:#1a7f37,stroke-width:3px", |edge| edge.mark == Mark::Added),
        ("stroke:#cf222e,stroke-width:3px,stroke-dasharray:4", |edge| edge.mark == Mark::Removed),
        ("stroke:#9a6700,stroke-width:3px", |edge| matches!(edge.mark, Mark::Changed(_))),
    ];
    for (style, is_meant) in styles {
        let edges = graph.edges.iter().enumerate().filter(|(_, edge)| is_meant(edge));
        let numbers: Vec<String> = edges.map(|(position, _)| position.to_string()).collect();
        if !numbers.is_empty() {
            writeln!(out, "  linkStyle {} {style}", numbers.join(","))?;
        }
    }
    Ok(())
}

/// Lines as a quoted label.
fn quoted<S: AsRef<str>>(lines: &[S]) -> String {
    let lines: Vec<String> = lines.iter().map(|line| entities(line.as_ref())).collect();
    format!("\"{}\"", lines.join("<br/>"))
}

fn entities(line: &str) -> String {
    let mut text = String::new();
    for character in for_terminal(line).chars() {
        let is_plain = character.is_alphanumeric() || matches!(character, ' ' | '-' | '/' | ',' | '=');
        // What begins a list or a heading does so in the first place alone; a dot or a colon may be part of a link.
        if is_plain && !(text.is_empty() && character == '-') {
            text.push(character);
        } else {
            text.push_str(&format!("#{};", u32::from(character)));
        }
    }
    text
}

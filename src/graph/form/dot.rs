//! The picture in the language of Graphviz ([DOT](https://graphviz.org/doc/info/lang.html)).
//!
//! Names are numbers. Text stands in quoted strings alone, in which a quote and a backslash are escaped: the latter because
//! labels have escapes of their own ([escString](https://graphviz.org/docs/attr-types/escString/)).

use std::io::{self, Write};

use super::label::{Class, by_namespace, lines, number, on_edge};
use crate::diagnostics::escape::for_terminal;
use crate::graph::{Graph, Link, Presence};

/// Writes the picture.
///
/// # Errors
/// Those of `out`.
pub fn write(graph: &Graph, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "digraph gwctl {{")?;
    writeln!(out, "  rankdir=LR; compound=true; fontname=\"sans-serif\";")?;
    writeln!(out, "  node [shape=box, style=\"filled,rounded\", fontname=\"sans-serif\", fontsize=11];")?;
    writeln!(out, "  edge [fontname=\"sans-serif\", fontsize=10];")?;
    for (position, (namespace, nodes)) in by_namespace(graph).into_iter().enumerate() {
        writeln!(out, "  subgraph cluster_{position} {{")?;
        writeln!(out, "    label={}; style=\"rounded,dashed\"; color=\"#808080\";", quoted(&[namespace]))?;
        for (id, node) in nodes {
            let (_, fill) = Class::of(node).word();
            let mut attributes = format!("label={}, fillcolor=\"{fill}\"", quoted(&lines(node)));
            if node.is_wrong {
                attributes.push_str(", color=\"#c00000\", penwidth=2");
            }
            match (node.presence, node.is_shadowed) {
                (Presence::Missing, _) => {
                    attributes.push_str(", style=\"filled,rounded,dashed\", color=\"#c00000\", fontcolor=\"#c00000\"");
                }
                (_, true) => attributes.push_str(", color=\"#b0b0b0\", fontcolor=\"#909090\", fillcolor=\"#f5f5f5\""),
                _ => {}
            }
            writeln!(out, "    n{} [{attributes}];", number(id))?;
        }
        writeln!(out, "  }}")?;
    }
    for edge in &graph.edges {
        let mut attributes = format!("label={}", quoted(&[on_edge(edge)]));
        if edge.is_broken {
            attributes.push_str(", color=\"#c00000\", fontcolor=\"#c00000\", style=dashed");
        } else if edge.is_shadowed {
            attributes.push_str(", color=\"#b0b0b0\"");
        } else if matches!(edge.link, Link::Applies | Link::Allows | Link::Joins) {
            attributes.push_str(", color=\"#7a4fa3\", style=dotted");
        }
        writeln!(out, "  n{} -> n{} [{attributes}];", number(edge.from), number(edge.to))?;
    }
    writeln!(out, "}}")
}

/// Lines as a quoted string.
fn quoted<S: AsRef<str>>(lines: &[S]) -> String {
    let mut text = String::from("\"");
    for (position, line) in lines.iter().enumerate() {
        if position > 0 {
            text.push_str("\\n");
        }
        for character in for_terminal(line.as_ref()).chars() {
            if matches!(character, '"' | '\\') {
                text.push('\\');
            }
            text.push(character);
        }
    }
    text.push('"');
    text
}

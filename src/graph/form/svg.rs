//! The picture as SVG, by itself or as a part of a page.
//!
//! Every text passes the escapes of XML. There is no script, no link and no reference in it, and whatever is styled is so
//! by classes of ours.

use std::io::{self, Write};

use super::label::{Class, lines, number, on_edge};
use super::layout::{LINE, LONGEST, Page, Point, place};
use crate::diagnostics::escape::for_terminal;
use crate::diagnostics::xml::Xml;
use crate::graph::{Edge, Graph, Link, Node, Presence};

/// The colours, on light and on dark pages.
pub(super) const STYLE: &str = "svg{background:#fff;font:11px sans-serif}.box{fill:none;stroke:#888;stroke-dasharray:5}\
.boxname{fill:#666;font-weight:bold}text{fill:#222}.n rect{stroke:#667;rx:5px}.gateway rect{fill:#d6e4ff}\
.listener rect{fill:#e8f0ff}.route rect{fill:#d9f2d9}.rule rect{fill:#eefaee}.backend rect{fill:#fff0cc}\
.endpoints rect{fill:#fff9e6}.policy rect{fill:#ecdff7}.wrong rect{stroke:#c00000;stroke-width:2px}\
.missing rect{fill:#fff;stroke:#c00000;stroke-dasharray:4}.missing text{fill:#c00000}.shadowed{opacity:.45}\
.e path{fill:none;stroke:#667;marker-end:url(#a)}.e.about path{stroke:#7a4fa3;stroke-dasharray:2 3}\
.e.broken path{stroke:#c00000;stroke-dasharray:6 3}.e.broken text{fill:#c00000}\
.e text{paint-order:stroke;stroke:#fff;stroke-width:3px}\
@media (prefers-color-scheme:dark){svg{background:#1b1d21}text{fill:#e6e6e6}.boxname{fill:#aaa}.n rect{stroke:#9aa}\
.gateway rect{fill:#23375f}.listener rect{fill:#1d2b47}.route rect{fill:#1f4423}.rule rect{fill:#1a331d}\
.backend rect{fill:#564413}.endpoints rect{fill:#3d3312}.policy rect{fill:#41295a}.wrong rect{stroke:#ff6b6b}\
.e text{stroke:#1b1d21}.missing rect{fill:#1b1d21;stroke:#ff6b6b}.missing text,.e.broken text{fill:#ff8f8f}.e path{stroke:#9aa}\
.e.about path{stroke:#b795d8}.e.broken path{stroke:#ff6b6b}}";

/// Writes the picture as a document.
///
/// # Errors
/// Those of `out`.
pub fn write(graph: &Graph, out: &mut dyn Write) -> io::Result<()> {
    Xml::document(out, |xml| picture(graph, Some(STYLE), xml))
}

/// Writes the picture as an element; its style only where the page around it has none.
pub(super) fn picture(graph: &Graph, style: Option<&str>, xml: &mut Xml<'_>) -> io::Result<()> {
    let page = place(graph);
    let (width, height) = (page.width.to_string(), page.height.to_string());
    let view = format!("0 0 {width} {height}");
    let attributes = [
        ("xmlns", "http://www.w3.org/2000/svg"),
        ("viewBox", view.as_str()),
        ("width", width.as_str()),
        ("height", height.as_str()),
        ("role", "img"),
        ("aria-label", "what leads from Gateways to endpoints"),
    ];
    xml.around("svg", &attributes, |xml| {
        if let Some(style) = style {
            xml.text("style", &[], style)?;
        }
        let marker = [
            ("id", "a"),
            ("viewBox", "0 0 10 10"),
            ("refX", "9"),
            ("refY", "5"),
            ("markerWidth", "7"),
            ("markerHeight", "7"),
            // As large on a thick line.
            ("markerUnits", "userSpaceOnUse"),
            ("orient", "auto-start-reverse"),
        ];
        xml.around("defs", &[], |xml| {
            xml.around("marker", &marker, |xml| xml.empty("path", &[("d", "M0 0L10 5L0 10z"), ("fill", "#778")]))
        })?;
        for (name, area) in &page.boxes {
            if name.is_empty() {
                continue;
            }
            rectangle(xml, ("class", "box"), (area.x, area.y, area.width, area.height))?;
            let (x, y) = ((area.x + 6.0).to_string(), (area.y + LINE - 2.0).to_string());
            xml.text("text", &[("class", "boxname"), ("x", &x), ("y", &y)], &for_terminal(name))?;
        }
        for (position, edge) in graph.edges.iter().enumerate() {
            draw_edge(xml, edge, &page, position)?;
        }
        graph.nodes.iter_enumerated().try_for_each(|(id, node)| draw_node(xml, node, number(id), &page))
    })
}

fn rectangle(xml: &mut Xml<'_>, class: (&str, &str), (x, y, width, height): (f64, f64, f64, f64)) -> io::Result<()> {
    let [x, y, width, height] = [x, y, width, height].map(|value| value.to_string());
    xml.empty("rect", &[class, ("x", &x), ("y", &y), ("width", &width), ("height", &height)])
}

fn draw_node(xml: &mut Xml<'_>, node: &Node, number: usize, page: &Page) -> io::Result<()> {
    let Some(area) = page.nodes.get(crate::graph::NodeId::from(number)).copied() else { return Ok(()) };
    let (word, _) = Class::of(node).word();
    let mut class = format!("n {word}");
    let states =
        [(node.is_wrong, " wrong"), (node.is_shadowed, " shadowed"), (node.presence == Presence::Missing, " missing")];
    states.iter().filter(|(is, _)| *is).for_each(|(_, state)| class.push_str(state));
    let (id, number) = (format!("n{number}"), number.to_string());
    xml.around("g", &[("class", &class), ("id", &id), ("data-node", &number)], |xml| {
        let text = lines(node);
        xml.text("title", &[], &for_terminal(&text.join(" ")))?;
        rectangle(xml, ("rx", "5"), (area.x, area.y, area.width, area.height))?;
        let x = (area.x + 8.0).to_string();
        for (position, line) in text.iter().enumerate() {
            let row = u32::try_from(position).map_or(0.0, f64::from);
            let y = (area.y + LINE * (row + 1.0)).to_string();
            xml.text("text", &[("x", &x), ("y", &y)], &cut(&for_terminal(line)))?;
        }
        Ok(())
    })
}

fn draw_edge(xml: &mut Xml<'_>, edge: &Edge, page: &Page, position: usize) -> io::Result<()> {
    let Some((points, place)) = page.edges.get(position) else { return Ok(()) };
    let about = matches!(edge.link, Link::Applies | Link::Allows | Link::Joins);
    let mut class = "e".to_owned();
    let states = [(edge.is_broken, " broken"), (edge.is_shadowed, " shadowed"), (about, " about")];
    states.iter().filter(|(is, _)| *is).for_each(|(_, state)| class.push_str(state));
    let (from, to) = (number(edge.from).to_string(), number(edge.to).to_string());
    xml.around("g", &[("class", &class), ("data-from", &from), ("data-to", &to)], |xml| {
        xml.empty("path", &[("d", &curve(points))])?;
        let label = on_edge(edge);
        match place.filter(|_| !label.is_empty()) {
            None => Ok(()),
            Some((x, y)) => {
                let (x, y) = (x.to_string(), (y + 4.0).to_string());
                xml.text("text", &[("x", &x), ("y", &y), ("text-anchor", "middle")], &for_terminal(&label))
            }
        }
    })
}

/// A line through points that bends between them.
fn curve(points: &[Point]) -> String {
    let Some(((x, y), rest)) = points.split_first() else { return String::new() };
    let mut path = format!("M{x} {y}");
    let (mut before, mut rest) = ((*x, *y), rest);
    while let Some((point, behind)) = rest.split_first() {
        let middle = (before.0 + point.0) / 2.0;
        path.push_str(&format!("C{middle} {} {middle} {} {} {}", before.1, point.1, point.0, point.1));
        (before, rest) = (*point, behind);
    }
    path
}

/// A line that fits on its node; the title of the node has all of it.
fn cut(line: &str) -> String {
    match line.chars().count() > LONGEST {
        true => line.chars().take(LONGEST - 1).chain(['…']).collect(),
        false => line.to_owned(),
    }
}

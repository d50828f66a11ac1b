//! XML documents: quick-xml writes their structure, and every text in them is one that no runner of a CI job obeys
//! ([`super::escape::for_xml`]).

use std::fmt;
use std::io::{self, Write};

use quick_xml::Writer;
use quick_xml::events::attributes::Attr;
use quick_xml::events::{BytesDecl, BytesStart, BytesText, Event};

use super::escape::for_xml;

/// The attributes of an element, in their order: names, and values as they are.
pub type Attributes<'a> = &'a [(&'a str, &'a str)];

/// A document that is being written.
pub struct Xml<'o>(Writer<&'o mut dyn Write>);

impl fmt::Debug for Xml<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Xml")
    }
}

impl<'o> Xml<'o> {
    /// Writes a whole document, whose elements `content` writes.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn document(out: &'o mut dyn Write, content: impl FnOnce(&mut Self) -> io::Result<()>) -> io::Result<()> {
        let mut xml = Self(Writer::new_with_indent(out, b' ', 2));
        xml.0.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
        content(&mut xml)?;
        xml.0.get_mut().write_all(b"\n")
    }

    /// An element with nothing in it.
    ///
    /// # Errors
    /// Those of the document's `out`.
    pub fn empty(&mut self, name: &str, attributes: Attributes<'_>) -> io::Result<()> {
        self.0.write_event(Event::Empty(start(name, attributes)))
    }

    /// An element with a text in it.
    ///
    /// # Errors
    /// Those of the document's `out`.
    pub fn text(&mut self, name: &str, attributes: Attributes<'_>, text: &str) -> io::Result<()> {
        let text = BytesText::from_escaped(for_xml(text));
        self.around(name, attributes, |xml| xml.0.write_event(Event::Text(text)))
    }

    /// An element with others in it, which `content` writes.
    ///
    /// # Errors
    /// Those of the document's `out`.
    pub fn around(
        &mut self,
        name: &str,
        attributes: Attributes<'_>,
        content: impl FnOnce(&mut Self) -> io::Result<()>,
    ) -> io::Result<()> {
        let start = start(name, attributes);
        let end = start.to_end().into_owned();
        self.0.write_event(Event::Start(start))?;
        content(self)?;
        self.0.write_event(Event::End(end))
    }
}

fn start<'n>(name: &'n str, attributes: Attributes<'_>) -> BytesStart<'n> {
    let mut start = BytesStart::new(name);
    for (key, value) in attributes {
        // The crate's own escapes leave `##`, which begins a command in some logs.
        start.push_attribute(Attr::DoubleQ(*key, for_xml(value).as_str()));
    }
    start
}

#[cfg(test)]
mod tests {
    use quick_xml::events::Event;

    use super::Xml;

    const TEXT: &str = "a <b> & \"c\" 'd'\n::error::e\t##vso[f] \u{1b}[31m";

    #[test]
    fn readers_get_the_text_and_runners_of_jobs_no_command() {
        let mut out = Vec::new();
        Xml::document(&mut out, |xml| {
            xml.around("a", &[("name", TEXT)], |xml| {
                xml.text("b", &[], TEXT)?;
                xml.empty("c", &[("n", "1")])
            })
        })
        .unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(!text.contains("##") && !text.lines().any(|line| line.trim_start().starts_with("::")), "{text}");
        assert!(text.ends_with("\n  <c n=\"1\"/>\n</a>\n"), "{text}");
        assert_eq!(read(&text), [TEXT, TEXT].map(|text| text.replace('\u{1b}', "\u{fffd}")));
    }

    /// The attribute of the first element, and the text of the one in it that has text.
    fn read(document: &str) -> Vec<String> {
        let mut reader = quick_xml::Reader::from_str(document);
        let (mut name, mut text, mut is_inside) = (None, String::new(), false);
        loop {
            match reader.read_event().unwrap() {
                Event::Start(start) if name.is_none() => {
                    let attribute = start.attributes().next().unwrap().unwrap();
                    name = Some(quick_xml::escape::unescape(&attribute.value).unwrap().into_owned());
                }
                Event::Start(_) => is_inside = true,
                Event::End(_) => is_inside = false,
                Event::Text(part) if is_inside => text.push_str(&part),
                Event::GeneralRef(entity) => {
                    text.push_str(&quick_xml::escape::unescape(&format!("&{};", &*entity)).unwrap());
                }
                Event::Eof => return name.into_iter().chain([text]).collect(),
                _ => {}
            }
        }
    }
}

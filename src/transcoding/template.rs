//! Paths of requests with variables
//! ([path templates](https://github.com/googleapis/googleapis/blob/master/google/api/http.proto)), as Envoy reads them,
//! which is laxer than the grammar. Measured with Envoy 1.40.

use std::fmt;
use std::str::Chars;

/// A path of requests.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Template {
    segments: Vec<Segment>,
    verb: Option<String>,
}

/// What stands between slashes.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Segment {
    Literal(String),
    One,
    Many,
}

impl fmt::Display for Template {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { segments, verb } = self;
        for segment in segments {
            formatter.write_str("/")?;
            formatter.write_str(match segment {
                Segment::Literal(text) => text,
                Segment::One => "*",
                Segment::Many => "**",
            })?;
        }
        if segments.is_empty() {
            formatter.write_str("/")?;
        }
        verb.iter().try_for_each(|verb| write!(formatter, ":{verb}"))
    }
}

impl Template {
    /// What a text says; `None` where Envoy does not understand it.
    pub(super) fn parse(text: &str) -> Option<Self> {
        if text == "/" {
            return Some(Self::default());
        }
        let mut reader = Reader { rest: text.chars(), segments: Vec::new() };
        reader.takes('/').then_some(())?;
        reader.segments(false)?;
        let verb = if reader.takes(':') { Some(reader.literal()?) } else { None };
        let Reader { rest, segments } = reader;
        let is_whole = rest.as_str().is_empty();
        let mut behind = segments.iter().skip_while(|segment| **segment != Segment::Many).skip(1);
        let is_open = behind.any(|segment| matches!(segment, Segment::One | Segment::Many));
        (is_whole && !is_open).then_some(Self { segments, verb })
    }

    pub(super) fn verb(&self) -> Option<&str> {
        self.verb.as_deref()
    }

    /// Whether a path is one of these; it is given in parts.
    pub(super) fn takes(&self, parts: &[&str]) -> bool {
        let verb = self.verb.as_deref();
        let parts = match (verb, parts) {
            (None, parts) => parts,
            (Some(verb), [before @ .., last]) if *last == verb => before,
            (Some(_), _) => return false,
        };
        fits(&self.segments, parts)
    }

    /// What comes before other paths is smaller.
    pub(super) fn rank(&self) -> impl Ord {
        let kind = |segment: &Segment| match segment {
            Segment::Literal(_) => 0,
            Segment::One => 1,
            Segment::Many => 2,
        };
        self.segments.iter().map(kind).collect::<Vec<_>>()
    }
}

fn fits(segments: &[Segment], parts: &[&str]) -> bool {
    match (segments, parts) {
        ([], parts) => parts.is_empty(),
        ([Segment::Many, rest @ ..], parts) => (0..=parts.len()).any(|taken| fits(rest, &parts[taken..])),
        (_, []) => false,
        ([Segment::One, rest @ ..], [_, others @ ..]) => fits(rest, others),
        ([Segment::Literal(text), rest @ ..], [part, others @ ..]) => text == part && fits(rest, others),
    }
}

/// The parts of a path, without those at its end that are empty; what stands behind a last colon is one where it is a
/// verb.
pub(super) fn parts(path: &str, is_verb: impl Fn(&str) -> bool) -> Vec<&str> {
    let path = path.strip_prefix('/').unwrap_or(path);
    let (path, verb) = match path.rsplit_once(':') {
        Some((path, verb)) if !verb.contains('/') && is_verb(verb) => (path, Some(verb)),
        _ => (path, None),
    };
    let mut parts: Vec<&str> = path.split('/').chain(verb).collect();
    while parts.last().is_some_and(|part| part.is_empty()) {
        parts.pop();
    }
    parts
}

struct Reader<'t> {
    rest: Chars<'t>,
    segments: Vec<Segment>,
}

impl Reader<'_> {
    fn next(&self) -> Option<char> {
        self.rest.clone().next()
    }

    fn takes(&mut self, wanted: char) -> bool {
        let is_next = self.next() == Some(wanted);
        if is_next {
            self.rest.next();
        }
        is_next
    }

    fn segments(&mut self, in_variable: bool) -> Option<()> {
        loop {
            self.segment(in_variable)?;
            if !self.takes('/') {
                return Some(());
            }
        }
    }

    fn segment(&mut self, in_variable: bool) -> Option<()> {
        match self.next()? {
            '*' => {
                self.rest.next();
                let is_many = self.takes('*');
                self.segments.push(if is_many { Segment::Many } else { Segment::One });
            }
            '{' if in_variable => return None,
            '{' => {
                self.rest.next();
                self.variable()?;
            }
            _ => {
                let literal = self.literal()?;
                self.segments.push(Segment::Literal(literal));
            }
        }
        Some(())
    }

    fn variable(&mut self) -> Option<()> {
        loop {
            self.until(&['.', '}', '='])?;
            if !self.takes('.') {
                break;
            }
        }
        match self.takes('=') {
            true => self.segments(true)?,
            false => self.segments.push(Segment::One),
        }
        self.takes('}').then_some(())
    }

    fn literal(&mut self) -> Option<String> {
        self.until(&['/', ':', '}'])
    }

    /// What stands before one of these; `None` for nothing.
    fn until(&mut self, ends: &[char]) -> Option<String> {
        let mut text = String::new();
        while let Some(next) = self.next().filter(|next| !ends.contains(next)) {
            text.push(next);
            self.rest.next();
        }
        (!text.is_empty()).then_some(text)
    }
}

//! Lists and mappings, in blocks and in flows, and the scalars in them.

use std::borrow::Cow;
use std::collections::HashSet;
use std::ops::Range;

use saphyr_parser::ScalarStyle;

use super::super::decode_error::MAX_DEPTH;
use super::super::node::Node;
use super::super::scalar;
use super::cursor::{Cursor, Unsure, is_blank_or_end};
use super::plain::{Context, Plain};
use super::tree::{Key, Tree};

/// So long may a key be, with what stands before its colon: readers look no further.
const MAX_KEY: usize = 1000;
/// From so many keys on, a mapping is searched for repeated ones through a set.
const MANY_KEYS: usize = 24;

/// Reads one document.
pub(super) struct Reader<'r, 't, T: Tree<'t>> {
    cursor: Cursor<'t>,
    tree: &'r mut T,
    /// How many collections are open.
    depth: usize,
    /// Where the last value ended.
    end: usize,
    /// What is known of the open mappings.
    entries: Vec<(Key<'t>, T::Node)>,
    /// What is known of the open lists.
    items: Vec<T::Node>,
}

/// A value of a block, and the column of the token behind it, where the cursor is; `None` at the end of the text.
type Read<N> = (N, Option<usize>);

impl<'r, 't, T: Tree<'t>> Reader<'r, 't, T> {
    pub(super) fn new(cursor: Cursor<'t>, tree: &'r mut T) -> Self {
        Self { cursor, tree, depth: 0, end: 0, entries: Vec::new(), items: Vec::new() }
    }

    /// The document, which is a collection.
    pub(super) fn document(mut self) -> Result<T::Node, Unsure> {
        let first = self.cursor.next_token()?;
        let is_flow = matches!(first, b'[' | b'{');
        let column = self.cursor.column();
        let (node, next) = match first {
            0 => return Err(Unsure),
            _ if is_flow => self.value(0)?,
            _ if self.cursor.is_at_dash() => self.block_list(column, false)?,
            _ => {
                let key = self.next_key(Context::Block)?;
                self.block_map(column, key)?
            }
        };
        if next.is_none() { Ok(node) } else { Err(Unsure) }
    }

    fn open(&mut self) -> Result<(), Unsure> {
        self.depth += 1;
        if self.depth >= MAX_DEPTH { Err(Unsure) } else { Ok(()) }
    }

    /// The value at the present token, all of whose lines begin at the column `least` or behind it.
    fn block_node(&mut self, least: usize) -> Result<Read<T::Node>, Unsure> {
        let column = self.cursor.column();
        let start = self.cursor.at;
        match self.cursor.peek() {
            _ if self.cursor.is_at_dash() => self.block_list(column, false),
            b'[' | b'{' | b'|' | b'>' => self.value(least),
            b'"' | b'\'' => {
                let line = self.cursor.line;
                let text = self.cursor.quoted()?;
                let range = start..self.cursor.at;
                self.cursor.skip_spaces();
                if self.cursor.peek() == b':' {
                    let key = self.quoted_key(text, range, line)?;
                    return self.block_map(column, key);
                }
                self.cursor.at = range.end;
                let style = quoted(self.cursor.byte(start));
                self.text(text, style, range)
            }
            _ => {
                let first = self.cursor.plain_on_line(Context::Block)?;
                if self.cursor.peek() == b':' {
                    let key = self.plain_key(first)?;
                    return self.block_map(column, key);
                }
                self.plain(first, least)
            }
        }
    }

    /// The value at the present token, which is neither a list nor a mapping in a block.
    #[inline]
    fn value(&mut self, least: usize) -> Result<Read<T::Node>, Unsure> {
        match self.cursor.peek() {
            b'[' | b'{' => {
                let node = self.flow_node()?;
                Ok((node, self.cursor.next_line()?))
            }
            b'|' | b'>' => {
                let style = if self.cursor.peek() == b'>' { ScalarStyle::Folded } else { ScalarStyle::Literal };
                let (text, range) = self.cursor.block_scalar(least)?;
                self.text(Cow::Owned(text), style, range)
            }
            b'"' | b'\'' => {
                let start = self.cursor.at;
                let style = quoted(self.cursor.peek());
                let text = self.cursor.quoted()?;
                self.text(text, style, start..self.cursor.at)
            }
            _ => {
                let first = self.cursor.plain_on_line(Context::Block)?;
                self.plain(first, least)
            }
        }
    }

    fn text(&mut self, text: Cow<'t, str>, style: ScalarStyle, range: Range<usize>) -> Result<Read<T::Node>, Unsure> {
        self.end = range.end;
        Ok((self.tree.text(text, style, range), self.cursor.next_line()?))
    }

    #[inline]
    fn plain(&mut self, first: Range<usize>, least: usize) -> Result<Read<T::Node>, Unsure> {
        if self.cursor.peek() == b':' {
            return Err(Unsure);
        }
        let node = match self.cursor.plain_from(first, least)? {
            Plain::Line(text, range) => {
                self.end = range.end;
                self.tree.plain(text, range)?
            }
            Plain::Lines(text, range) => {
                self.end = range.end;
                self.tree.text(Cow::Owned(text), ScalarStyle::Plain, range)
            }
        };
        Ok((node, self.cursor.next_line()?))
    }

    /// A mapping in a block whose keys stand in a column; the cursor is behind the first.
    fn block_map(&mut self, column: usize, first: Key<'t>) -> Result<Read<T::Node>, Unsure> {
        self.open()?;
        let (base, start) = (self.entries.len(), first.range.start);
        let mut key = first;
        let next = loop {
            self.tree.enter_value(self.depth - 1, &key);
            let (node, next) = self.block_value(column)?;
            self.tree.leave_value(self.depth - 1, &key);
            self.entries.push((key, node));
            match next {
                Some(next) if next == column => key = self.next_key(Context::Block)?,
                Some(next) if next > column => return Err(Unsure),
                next => break next,
            }
        };
        Ok((self.close_map(base, start)?, next))
    }

    fn close_map(&mut self, base: usize, start: usize) -> Result<T::Node, Unsure> {
        self.depth -= 1;
        if !are_distinct(self.entries.get(base..).unwrap_or_default()) {
            return Err(Unsure);
        }
        Ok(self.tree.map(self.entries.drain(base..), start..self.end))
    }

    /// The key at the present token, up to its colon.
    #[inline]
    fn next_key(&mut self, context: Context) -> Result<Key<'t>, Unsure> {
        let (start, line) = (self.cursor.at, self.cursor.line);
        match self.cursor.peek() {
            b'"' | b'\'' => {
                let text = self.cursor.quoted()?;
                let range = start..self.cursor.at;
                self.cursor.skip_spaces();
                self.quoted_key(text, range, line)
            }
            _ => {
                let range = self.cursor.plain_on_line(context)?;
                self.plain_key(range)
            }
        }
    }

    /// A key in quotes, whose colon comes next. `line` is the line on which it began.
    fn quoted_key(&self, text: Cow<'t, str>, range: Range<usize>, line: usize) -> Result<Key<'t>, Unsure> {
        let is_simple = matches!(text, Cow::Borrowed(_)) && self.cursor.line == line;
        if is_simple { self.key(text, range) } else { Err(Unsure) }
    }

    /// A key without quotes, whose colon comes next.
    #[inline]
    fn plain_key(&self, range: Range<usize>) -> Result<Key<'t>, Unsure> {
        let text = self.cursor.slice(range.clone())?;
        if text == "<<" {
            return Err(Unsure);
        }
        let name = if scalar::is_text(text) {
            Cow::Borrowed(text)
        } else {
            match scalar::read_plain(text) {
                Node::Float(_) => return Err(Unsure),
                Node::String(_) if scalar::may_be_long(text) => return Err(Unsure),
                value => Cow::Owned(scalar::key_text(value).ok_or(Unsure)?),
            }
        };
        self.key(name, range)
    }

    #[inline]
    fn key(&self, name: Cow<'t, str>, range: Range<usize>) -> Result<Key<'t>, Unsure> {
        let is_short = self.cursor.at - range.start <= MAX_KEY;
        if self.cursor.peek() == b':' && is_short { Ok(Key { name, range }) } else { Err(Unsure) }
    }

    /// The value of a key in a block, from its colon on.
    #[inline]
    fn block_value(&mut self, column: usize) -> Result<Read<T::Node>, Unsure> {
        self.cursor.at += 1;
        let colon = self.cursor.at;
        if !is_blank_or_end(self.cursor.peek()) {
            return Err(Unsure);
        }
        self.cursor.skip_spaces();
        if !self.cursor.is_at_line_end() {
            return if self.cursor.is_at_dash() { Err(Unsure) } else { self.value(column + 1) };
        }
        self.cursor.at = colon;
        match self.cursor.next_line()? {
            Some(next) if next > column => self.block_node(column + 1),
            Some(next) if next == column && self.cursor.is_at_dash() => self.block_list(column, true),
            next => {
                self.end = colon;
                Ok((self.tree.empty(colon), next))
            }
        }
    }

    /// A list in a block whose dashes stand in a column, from its first dash on. `is_flush`: in that of its key.
    fn block_list(&mut self, column: usize, is_flush: bool) -> Result<Read<T::Node>, Unsure> {
        self.open()?;
        let base = self.items.len();
        // A list in the column of its key begins with its first item, as other readers have it.
        let mut start = self.cursor;
        if is_flush {
            start.at += 1;
            start.next_token()?;
        }
        let tells_items = self.tree.enter_list();
        let next = loop {
            if tells_items {
                self.tree.enter_item();
            }
            let (node, next) = self.block_item(column)?;
            if tells_items {
                self.tree.leave_item();
            }
            self.items.push(node);
            match next {
                Some(next) if next == column && self.cursor.is_at_dash() => {}
                Some(next) if next > column || (next == column && !is_flush) => return Err(Unsure),
                next => break next,
            }
        };
        self.depth -= 1;
        Ok((self.tree.list(self.items.drain(base..), start.at.min(self.end)..self.end), next))
    }

    /// An item of a list in a block, from its dash on.
    fn block_item(&mut self, column: usize) -> Result<Read<T::Node>, Unsure> {
        self.cursor.at += 1;
        let dash = self.cursor.at;
        self.cursor.skip_spaces();
        if !self.cursor.is_at_line_end() {
            return self.block_node(column + 1);
        }
        self.cursor.at = dash;
        match self.cursor.next_line()? {
            Some(next) if next > column => self.block_node(column + 1),
            next => {
                self.end = dash;
                Ok((self.tree.empty(dash), next))
            }
        }
    }

    /// The value at the present token of a flow.
    fn flow_node(&mut self) -> Result<T::Node, Unsure> {
        let start = self.cursor.at;
        let node = match self.cursor.peek() {
            b'[' => self.flow_list()?,
            b'{' => self.flow_map()?,
            b'"' | b'\'' => {
                let style = quoted(self.cursor.peek());
                let text = self.cursor.quoted()?;
                self.tree.text(text, style, start..self.cursor.at)
            }
            _ => {
                let range = self.cursor.plain_on_line(Context::Flow)?;
                self.cursor.at = range.end;
                self.tree.plain(self.cursor.slice(range.clone())?, range)?
            }
        };
        self.end = self.cursor.at;
        Ok(node)
    }

    fn flow_list(&mut self) -> Result<T::Node, Unsure> {
        self.open()?;
        let (base, start) = (self.items.len(), self.cursor.at);
        self.cursor.at += 1;
        let tells_items = self.tree.enter_list();
        while self.cursor.next_token()? != b']' {
            if tells_items {
                self.tree.enter_item();
            }
            let node = self.flow_node()?;
            if tells_items {
                self.tree.leave_item();
            }
            self.items.push(node);
            self.flow_comma(b']')?;
        }
        self.cursor.at += 1;
        self.depth -= 1;
        Ok(self.tree.list(self.items.drain(base..), start..self.cursor.at))
    }

    fn flow_map(&mut self) -> Result<T::Node, Unsure> {
        self.open()?;
        let (base, start) = (self.entries.len(), self.cursor.at);
        self.cursor.at += 1;
        while self.cursor.next_token()? != b'}' {
            let key = self.next_key(Context::Flow)?;
            self.cursor.at += 1;
            self.tree.enter_value(self.depth - 1, &key);
            let node = match self.cursor.next_token()? {
                b',' | b'}' => self.tree.empty(self.cursor.at),
                _ => self.flow_node()?,
            };
            self.tree.leave_value(self.depth - 1, &key);
            self.entries.push((key, node));
            self.flow_comma(b'}')?;
        }
        self.cursor.at += 1;
        self.end = self.cursor.at;
        self.close_map(base, start)
    }

    /// Behind the comma that comes next, or before the bracket that ends the collection.
    fn flow_comma(&mut self, bracket: u8) -> Result<(), Unsure> {
        match self.cursor.next_token()? {
            b',' => self.cursor.at += 1,
            next if next == bracket => {}
            _ => return Err(Unsure),
        }
        Ok(())
    }
}

/// The style of a scalar that begins with this quote.
fn quoted(quote: u8) -> ScalarStyle {
    if quote == b'"' { ScalarStyle::DoubleQuoted } else { ScalarStyle::SingleQuoted }
}

/// Whether no two keys of a mapping are the same.
fn are_distinct<N>(entries: &[(Key<'_>, N)]) -> bool {
    if entries.len() < MANY_KEYS {
        let mut rest = entries;
        while let Some(((first, _), others)) = rest.split_first() {
            if others.iter().any(|(key, _)| key.name == first.name) {
                return false;
            }
            rest = others;
        }
        return true;
    }
    let mut seen = HashSet::with_capacity(entries.len());
    entries.iter().all(|(key, _)| seen.insert(&*key.name))
}

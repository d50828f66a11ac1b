//! A page of the documentation as a terminal shows it: headings, code and
//! tables without the marks of Markdown, lines of at most the terminal's width.
//!
//! Only what the pages use is known: headings, paragraphs, lists, fenced code,
//! tables, and inside of lines code, bold words and links. A test holds that
//! nothing of it is left over in any page.

use crate::diagnostics::style::{RESET, Style};

/// How a page is shown.
#[derive(Clone, Copy, Debug)]
pub(super) struct Look {
    /// The longest line of text, in characters. Code is never broken.
    pub(super) width: usize,
    /// Whether to use colours.
    pub(super) color: bool,
}

/// How far code stands in.
const CODE_INDENT: &str = "    ";

/// Renders a page.
pub(super) fn render(page: &str, look: Look) -> String {
    let mut writer = Writer { look, out: String::new() };
    let mut lines = page.lines().peekable();
    while let Some(line) = lines.next() {
        if line.starts_with("```") {
            for code in lines.by_ref().take_while(|code| !code.starts_with("```")) {
                writer.code(code);
            }
        } else if let Some(heading) = heading(line) {
            writer.heading(heading);
        } else if line.starts_with('|') {
            let mut rows = vec![line];
            while let Some(row) = lines.next_if(|next| next.starts_with('|')) {
                rows.push(row);
            }
            writer.table(&rows);
        } else if line.trim().is_empty() {
            writer.out.push('\n');
        } else {
            let mut text = line.to_owned();
            while let Some(more) = lines.next_if(|next| goes_on(next)) {
                text.push(' ');
                text.push_str(more.trim());
            }
            writer.paragraph(&text);
        }
    }
    writer.out
}

fn heading(line: &str) -> Option<&str> {
    let text = line.trim_start_matches('#');
    (text.len() < line.len()).then(|| text.trim())
}

/// Whether a line belongs to the paragraph or the item of the line before it.
fn goes_on(line: &str) -> bool {
    let is_new = ["```", "|", "#", "- ", "* "].into_iter().any(|mark| line.starts_with(mark));
    !line.trim().is_empty() && !is_new
}

struct Writer {
    look: Look,
    out: String,
}

impl Writer {
    fn line(&mut self, text: &str) {
        self.out.push_str(text.trim_end());
        self.out.push('\n');
    }

    /// A whole line in one style.
    fn styled(&mut self, style: Style, text: &str) {
        self.line(&style.paint(text, self.look.color));
    }

    fn heading(&mut self, text: &str) {
        let plain: String = words(text, false).concat_plain();
        self.styled(Style::Bold, &plain);
    }

    fn code(&mut self, line: &str) {
        match line.is_empty() {
            true => self.out.push('\n'),
            false => self.styled(Style::Cyan, &format!("{CODE_INDENT}{line}")),
        }
    }

    fn paragraph(&mut self, text: &str) {
        match text.strip_prefix("- ").or_else(|| text.strip_prefix("* ")) {
            Some(item) => self.wrap(item, "- ", "  "),
            None => self.wrap(text, "", ""),
        }
    }

    /// Each row as a paragraph: its first cell, then the others, those with a heading after it.
    fn table(&mut self, rows: &[&str]) {
        let cells = |row: &str| -> Vec<String> {
            let inner = row.trim().trim_start_matches('|').trim_end_matches('|').replace("\\|", "\u{1}");
            inner.split('|').map(|cell| cell.trim().replace('\u{1}', "|")).collect()
        };
        let Some((head, body)) = rows.split_first() else { return };
        let head = cells(head);
        for row in body.iter().filter(|row| row.chars().any(|character| !matches!(character, '|' | '-' | ':' | ' '))) {
            let mut line = String::new();
            for (index, cell) in cells(row).iter().enumerate().filter(|(_, cell)| !cell.is_empty()) {
                match head.get(index).filter(|name| index > 0 && !name.is_empty()) {
                    Some(name) => line.push_str(&format!("; {name}: {cell}")),
                    None => line.push_str(cell),
                }
            }
            self.wrap(&line, "- ", "  ");
        }
    }

    fn wrap(&mut self, text: &str, first: &str, rest: &str) {
        let mut line = first.to_owned();
        let mut length = first.chars().count();
        let mut is_empty = true;
        for word in &words(text, self.look.color).0 {
            if !is_empty && length + 1 + word.width > self.look.width {
                self.line(&line);
                line = rest.to_owned();
                length = rest.chars().count();
                is_empty = true;
            }
            if !is_empty {
                line.push(' ');
                length += 1;
            }
            line.push_str(&word.text);
            length += word.width;
            is_empty = false;
        }
        self.line(&line);
    }
}

/// A word with the marks of its style, and the characters that are seen of it.
struct Word {
    text: String,
    width: usize,
}

struct Words(Vec<Word>);

impl Words {
    fn concat_plain(&self) -> String {
        self.0.iter().map(|word| word.text.as_str()).collect::<Vec<_>>().join(" ")
    }
}

/// The words of a line. Code between backticks is coloured, or keeps them; a link is followed by its address.
fn words(text: &str, color: bool) -> Words {
    let mut found = Vec::new();
    let mut is_code = false;
    for word in links(text).split_whitespace() {
        let mut shown = String::new();
        let mut width = 0;
        if is_code && color {
            shown.push_str(Style::Cyan.sequence());
        }
        for character in word.chars() {
            match character {
                '`' => {
                    is_code = !is_code;
                    match (color, is_code) {
                        (true, true) => shown.push_str(Style::Cyan.sequence()),
                        (true, false) => shown.push_str(RESET),
                        (false, _) => {
                            shown.push('`');
                            width += 1;
                        }
                    }
                }
                '*' if !is_code && word.contains("**") => {}
                _ => {
                    shown.push(character);
                    width += 1;
                }
            }
        }
        if is_code && color {
            shown.push_str(RESET);
        }
        if color && word.starts_with("<http") {
            shown = Style::Dim.paint(&shown, color);
        }
        found.push(Word { text: shown, width });
    }
    Words(found)
}

/// `[text](address)` as `text <address>`; an address inside of the documentation has no place in a terminal.
fn links(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find('[') {
        let (before, link) = rest.split_at(start);
        out.push_str(before);
        let parsed = link.split_once("](").and_then(|(name, tail)| {
            let (address, after) = tail.split_once(')')?;
            let name = name.strip_prefix('[')?;
            (!name.contains(['[', ']', '`'])).then_some((name, address, after))
        });
        let Some((name, address, after)) = parsed else {
            out.push('[');
            rest = &link[1..];
            continue;
        };
        out.push_str(name);
        if address.contains("://") {
            out.push_str(&format!(" <{address}>"));
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostics::REGISTRY;

    const PLAIN: Look = Look { width: 40, color: false };

    #[test]
    fn headings_code_lists_links_and_tables_lose_their_marks() {
        let page = "# A: b\n\nSome `code x` and a [link](https://a.example/b).\n\n```yaml\na:\n\n  b: 1\n```\n\n- one\n  more\n\
                    | k | v | w |\n|---|---|---|\n| `a\\|b` | 1 | two |\n";
        let expected = "A: b\n\nSome `code x` and a link\n<https://a.example/b>.\n\n    a:\n\n      b: 1\n\n- one more\n\
                        - `a|b`; v: 1; w: two\n";
        assert_eq!(render(page, PLAIN), expected);
    }

    #[test]
    fn colours_change_no_visible_character_but_the_backticks() {
        let page = "# A\n\nSome `code of two` words.\n\n```\na: b\n```\n";
        let colored = render(page, Look { color: true, ..PLAIN });
        let bare = [Style::Bold.sequence(), Style::Cyan.sequence(), Style::Dim.sequence(), RESET]
            .iter()
            .fold(colored.clone(), |text, code| text.replace(code, ""));
        assert_eq!(bare, render(page, PLAIN).replace('`', ""));
        assert!(
            colored.contains(&Style::Bold.paint("A", true)) && colored.contains(&Style::Cyan.paint("code", true)),
            "{colored:?}"
        );
    }

    #[test]
    fn no_page_has_marks_left_or_lines_that_are_too_long() {
        for code in REGISTRY {
            let look = Look { width: 80, color: false };
            for line in render(code.page(), look).lines().filter(|line| !line.starts_with(CODE_INDENT)) {
                let is_left = line.starts_with(['#', '|']) || line.contains("](") || line.starts_with("```");
                assert!(!is_left, "{code:?}: {line}");
                // A word that is longer than a line, such as an address, has a line of its own.
                let is_one_word = line.trim_start_matches("- ").split_whitespace().count() == 1;
                assert!(line.chars().count() <= 80 || is_one_word, "{code:?}: {line}");
            }
        }
    }
}

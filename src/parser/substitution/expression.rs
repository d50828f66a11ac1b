//! What stands between `${` and `}`: a name, and what is done with its value
//! ([the forms that Flux knows](https://github.com/fluxcd/pkg/tree/main/envsubst)).
//!
//! | form | value |
//! |---|---|
//! | `NAME` | the value |
//! | `NAME:=text`, `NAME:-text`, `NAME=text`, `NAME:?text`, `NAME:+text` | the value, and the text where it is empty or not given |
//! | `#NAME` | its length in bytes |
//! | `NAME:from`, `NAME:from:length` | a part of it |
//! | `NAME^`, `NAME^^`, `NAME,`, `NAME,,` | with the first letter or all letters in upper or lower case |
//! | `NAME/old/new`, `NAME//old/new`, `NAME/#old/new`, `NAME/%old/new` | with the first, every, the leading or the trailing text replaced |
//! | `NAME#glob`, `NAME##glob`, `NAME%glob`, `NAME%%glob` | without the shortest or longest start or end |

use crate::options::Substitutions;

/// The operators whose argument stands for a value that is empty or not given.
const DEFAULTS: [&str; 5] = [":=", ":-", ":?", ":+", "="];

/// What a variable asks for.
#[derive(Debug)]
pub(super) struct Expression<'t> {
    pub(super) name: &'t str,
    /// What is done with the value; empty for the value itself.
    operator: &'t str,
    arguments: Vec<Argument<'t>>,
}

#[derive(Debug)]
enum Argument<'t> {
    Text(String),
    Variable(Expression<'t>),
}

impl<'t> Expression<'t> {
    /// Reads what stands behind `${`, on one line, with the bytes up to and with its `}`.
    pub(super) fn read(text: &'t str) -> Option<(Self, usize)> {
        let line = text.split('\n').next().unwrap_or_default();
        let mut reader = Reader { rest: line };
        let expression = reader.expression()?;
        Some((expression, line.len() - reader.rest.len()))
    }

    /// Its value; none where a variable is not given.
    pub(super) fn value(&self, given: &Substitutions) -> Option<String> {
        let value = given.values.get(self.name).map(String::as_str);
        let arguments = || self.arguments.iter().map(|one| one.value(given)).collect::<Option<Vec<String>>>();
        if DEFAULTS.contains(&self.operator) {
            return match value {
                Some(value) if !value.is_empty() => Some(value.to_owned()),
                // Another source may have a value.
                None if !given.unseen.is_empty() => None,
                _ => Some(arguments()?.concat()),
            };
        }
        changed(value?, self.operator, &arguments()?)
    }
}

impl Argument<'_> {
    fn value(&self, given: &Substitutions) -> Option<String> {
        match self {
            Self::Text(text) => Some(text.clone()),
            Self::Variable(expression) => expression.value(given),
        }
    }
}

struct Reader<'t> {
    rest: &'t str,
}

impl<'t> Reader<'t> {
    fn expression(&mut self) -> Option<Expression<'t>> {
        if let Some(operator) = self.one_of(&["#"]) {
            let name = self.name()?;
            return self.close(Expression { name, operator, arguments: Vec::new() });
        }
        let name = self.name()?;
        let operators = [&DEFAULTS[..], &["//", "/#", "/%", "/", "##", "#", "%%", "%", ":"]].concat();
        let operator = self.one_of(&operators).or_else(|| self.case()).unwrap_or_default();
        let arguments = match operator {
            operator if DEFAULTS.contains(&operator) => self.defaults()?,
            ":" => self.part()?,
            "//" | "/#" | "/%" | "/" => self.replacement()?,
            "##" | "#" | "%%" | "%" => vec![self.argument(&['}'], false)?],
            _ => Vec::new(),
        };
        self.close(Expression { name, operator, arguments })
    }

    fn take(&mut self, length: usize) -> &'t str {
        let (taken, rest) = self.rest.split_at_checked(length).unwrap_or((self.rest, ""));
        self.rest = rest;
        taken
    }

    fn one_of(&mut self, words: &[&str]) -> Option<&'t str> {
        let word = words.iter().find(|word| self.rest.starts_with(**word))?;
        Some(self.take(word.len()))
    }

    fn name(&mut self) -> Option<&'t str> {
        let is_part = |character: char| character.is_alphanumeric() || character == '_';
        let length = self.rest.find(|character| !is_part(character))?;
        (length > 0).then(|| self.take(length))
    }

    /// One or two signs for the case of letters.
    fn case(&mut self) -> Option<&'t str> {
        let length = self.rest.bytes().take(2).take_while(|byte| b",^".contains(byte)).count();
        (length > 0).then(|| self.take(length))
    }

    fn close(&mut self, expression: Expression<'t>) -> Option<Expression<'t>> {
        self.one_of(&["}"])?;
        Some(expression)
    }

    fn defaults(&mut self) -> Option<Vec<Argument<'t>>> {
        let mut arguments = Vec::new();
        while !self.rest.starts_with('}') {
            arguments.push(self.argument(&['}'], false)?);
        }
        Some(arguments)
    }

    fn part(&mut self) -> Option<Vec<Argument<'t>>> {
        let mut arguments = vec![self.argument(&[':', '}'], false)?];
        if !self.rest.starts_with('}') {
            self.skip(':')?;
            arguments.push(self.argument(&['}'], false)?);
        }
        Some(arguments)
    }

    fn replacement(&mut self) -> Option<Vec<Argument<'t>>> {
        let old = match self.rest.starts_with('/') {
            true => Argument::Text(String::new()),
            false => self.argument(&['/'], true)?,
        };
        self.skip('/')?;
        let mut arguments = vec![old];
        if !self.rest.starts_with('}') {
            arguments.push(self.argument(&['}'], true)?);
        }
        Some(arguments)
    }

    /// Skips a sign, also where it is repeated.
    fn skip(&mut self, sign: char) -> Option<()> {
        let rest = self.rest.trim_start_matches(sign);
        let is_there = rest.len() < self.rest.len();
        self.rest = rest;
        is_there.then_some(())
    }

    /// A variable, or a text up to one or to a sign; with escapes `\/`, `\\` and `$$` stand for their second sign.
    fn argument(&mut self, ends: &[char], has_escapes: bool) -> Option<Argument<'t>> {
        if self.one_of(&["${"]).is_some() {
            return self.expression().map(Argument::Variable);
        }
        let mut text = String::new();
        while let Some(first) = self.rest.chars().next() {
            if self.rest.starts_with("${") {
                break;
            }
            let is_escape = has_escapes && ["\\/", "\\\\", "$$"].iter().any(|escape| self.rest.starts_with(escape));
            if is_escape {
                text.extend(self.take(2).chars().nth(1));
            } else if ends.contains(&first) {
                break;
            } else {
                text.push_str(self.take(first.len_utf8()));
            }
        }
        (!text.is_empty()).then_some(Argument::Text(text))
    }
}

/// A value changed by an operator; none where what is left would be no text.
fn changed(value: &str, operator: &str, arguments: &[String]) -> Option<String> {
    let first = arguments.first().map(String::as_str).unwrap_or_default();
    let second = arguments.get(1).map(String::as_str);
    let new = second.unwrap_or_default();
    let reversed = |text: &str| text.chars().rev().collect::<String>();
    Some(match operator {
        "#" if arguments.is_empty() => value.len().to_string(),
        ":" => return part(value, first, second),
        "^^" => value.to_uppercase(),
        ",," => value.to_lowercase(),
        "^" | "," => with_first(value, operator == "^"),
        "/" => value.replacen(first, new, 1),
        "//" => value.replace(first, new),
        // Without a new text the value stays.
        "/#" if second.is_some() && value.starts_with(first) => value.replacen(first, new, 1),
        "/%" if second.is_some() => value.strip_suffix(first).map_or(value.to_owned(), |rest| format!("{rest}{new}")),
        "#" | "##" => trimmed(value, first, operator == "##").to_owned(),
        "%" | "%%" => reversed(trimmed(&reversed(value), &reversed(first), operator == "%%")),
        _ => value.to_owned(),
    })
}

fn with_first(value: &str, is_upper: bool) -> String {
    let mut characters = value.chars();
    let first = characters.next().map(String::from).unwrap_or_default();
    let first = if is_upper { first.to_uppercase() } else { first.to_lowercase() };
    format!("{first}{}", characters.as_str())
}

/// A part by its first byte and its length, either counted from the end where it is negative. What is no number changes nothing.
fn part(value: &str, from: &str, length: Option<&str>) -> Option<String> {
    let size = i64::try_from(value.len()).ok()?;
    let Ok(from) = from.parse::<i64>() else { return Some(value.to_owned()) };
    let from = if from < 0 { size.saturating_add(from).max(0) } else { from };
    let end = match length.map(str::parse::<i64>) {
        Some(Err(_)) => return Some(value.to_owned()),
        None => size,
        Some(Ok(length)) if length < 0 => size.saturating_add(length),
        Some(Ok(length)) => from.saturating_add(length).min(size),
    };
    if end < from {
        return Some(String::new());
    }
    value.get(usize::try_from(from).ok()?..usize::try_from(end).ok()?).map(str::to_owned)
}

/// A value without its shortest or longest start that a glob matches. What is no glob changes nothing.
fn trimmed<'v>(value: &'v str, glob: &str, is_longest: bool) -> &'v str {
    let Some(glob) = glob_of(glob) else { return value };
    let ends = value.char_indices().map(|(at, character)| at + character.len_utf8());
    let mut matching = ends.filter(|end| value.get(..*end).is_some_and(|start| is_match(&glob, start)));
    let end = if is_longest { matching.next_back() } else { matching.next() };
    end.and_then(|end| value.get(end..)).unwrap_or(value)
}

/// A part of a glob.
enum Sign {
    Any,
    One,
    Exact(char),
    /// One of these ranges, or none of them.
    Class(bool, Vec<(char, char)>),
}

/// The signs of a glob, in which `*` also stands for slashes.
fn glob_of(glob: &str) -> Option<Vec<Sign>> {
    let mut characters = glob.chars().peekable();
    let mut signs = Vec::new();
    while let Some(character) = characters.next() {
        signs.push(match character {
            '*' => Sign::Any,
            '?' => Sign::One,
            '\\' => Sign::Exact(characters.next()?),
            '[' => {
                let is_negated = characters.next_if_eq(&'^').is_some();
                let mut ranges = Vec::new();
                while ranges.is_empty() || characters.peek() != Some(&']') {
                    let low = member(&mut characters)?;
                    let has_high = characters.next_if_eq(&'-').is_some();
                    ranges.push((low, if has_high { member(&mut characters)? } else { low }));
                }
                characters.next();
                Sign::Class(is_negated, ranges)
            }
            other => Sign::Exact(other),
        });
    }
    Some(signs)
}

fn member(characters: &mut impl Iterator<Item = char>) -> Option<char> {
    match characters.next()? {
        '\\' => characters.next(),
        '-' | ']' => None,
        other => Some(other),
    }
}

/// Whether a glob matches all of a text.
fn is_match(glob: &[Sign], text: &str) -> bool {
    let mut reached = vec![false; glob.len() + 1];
    let skip_any = |reached: &mut Vec<bool>| {
        for (at, sign) in glob.iter().enumerate() {
            if matches!(sign, Sign::Any) && reached[at] {
                reached[at + 1] = true;
            }
        }
    };
    reached[0] = true;
    skip_any(&mut reached);
    for character in text.chars() {
        let mut next = vec![false; glob.len() + 1];
        for (at, sign) in glob.iter().enumerate().filter(|(at, _)| reached[*at]) {
            match sign {
                Sign::Any => next[at] = true,
                sign => next[at + 1] |= takes(sign, character),
            }
        }
        reached = next;
        skip_any(&mut reached);
    }
    reached.last().copied().unwrap_or_default()
}

fn takes(sign: &Sign, character: char) -> bool {
    match sign {
        Sign::Any | Sign::One => true,
        Sign::Exact(exact) => *exact == character,
        Sign::Class(is_negated, ranges) => {
            ranges.iter().any(|(low, high)| (*low..=*high).contains(&character)) != *is_negated
        }
    }
}

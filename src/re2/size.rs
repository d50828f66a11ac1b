//! How large RE2's program of an expression is, before Envoy compiles it.
//!
//! Envoy reads the number of instructions as the
//! [cost of an expression](https://www.envoyproxy.io/docs/envoy/v1.40.0/api-v3/type/matcher/v3/regex.proto):
//! what it takes to load it and to match it grows with it. They are counted
//! as RE2 makes them: one for each byte, each range of a class and each optional
//! part, two for a group, repetitions written out, and alternatives that begin
//! alike with their beginning once.

use regex_syntax::hir::{Class, ClassBytes, ClassBytesRange, Hir, HirKind, Look, Repetition};

use super::{Parser, rewrite};

/// What every program has: its ends, and the loop that looks for a beginning.
const FRAME: u64 = 4;

/// The same where the expression says that it begins with the text.
const ANCHORED_FRAME: u64 = 2;

/// The most instructions that an expression may compile to: a bound that is quickly known, and 0 for what RE2 refuses.
pub(crate) fn most_instructions(pattern: &str) -> u64 {
    Parser::new(pattern.as_bytes()).parse().map_or(0, |size| size.saturating_add(FRAME))
}

/// How many instructions an expression that RE2 takes compiles to.
pub(crate) fn instructions(pattern: &str) -> u64 {
    expression(pattern).map_or_else(
        || most_instructions(pattern),
        |hir| {
            let frame = if begins_with_text(&hir) { ANCHORED_FRAME } else { FRAME };
            of(&hir).saturating_add(frame)
        },
    )
}

/// The expression as a tree; `None` where it is nested too deep.
fn expression(pattern: &str) -> Option<Hir> {
    let translated = rewrite(pattern.as_bytes(), "(")?;
    regex_syntax::ParserBuilder::new().unicode(false).utf8(false).build().parse(&translated).ok()
}

/// The text that everything begins with which meets an expression as a whole.
pub(crate) fn beginning(pattern: &str) -> String {
    fn literal(hir: &Hir) -> &[u8] {
        match hir.kind() {
            HirKind::Literal(literal) => &literal.0,
            HirKind::Capture(capture) => literal(&capture.sub),
            HirKind::Concat(list) => {
                let mut list = list.iter().filter(|part| !matches!(part.kind(), HirKind::Look(Look::Start)));
                list.next().map_or(&[], literal)
            }
            _ => &[],
        }
    }
    let Some(hir) = expression(pattern) else { return String::new() };
    let bytes = literal(&hir);
    let end = std::str::from_utf8(bytes).map_or_else(|error| error.valid_up_to(), str::len);
    String::from_utf8_lossy(&bytes[..end]).into_owned()
}

fn begins_with_text(hir: &Hir) -> bool {
    let first = match hir.kind() {
        HirKind::Concat(list) => list.first().unwrap_or(hir),
        _ => hir,
    };
    matches!(first.kind(), HirKind::Look(Look::Start))
}

fn of(hir: &Hir) -> u64 {
    match hir.kind() {
        HirKind::Empty => 0,
        // Where the text begins and ends is no instruction at the ends of an expression.
        HirKind::Look(Look::Start | Look::End) => 0,
        HirKind::Look(_) => 1,
        HirKind::Literal(literal) => literal.0.len() as u64,
        HirKind::Class(class) => ranges(class),
        HirKind::Capture(capture) => of(&capture.sub).saturating_add(2),
        HirKind::Repetition(repetition) => repeated(of(&repetition.sub), repetition.min, repetition.max),
        HirKind::Concat(list) => sequence(list),
        HirKind::Alternation(list) => {
            let branches: Vec<Branch<'_>> = list.iter().map(Branch::of).collect();
            alternatives(&branches)
        }
    }
}

/// The instructions of what is repeated at least and at most so often.
fn repeated(once: u64, least: u32, most: Option<u32>) -> u64 {
    let least = u64::from(least);
    match most.map(u64::from) {
        None => once.saturating_mul(least.max(1)).saturating_add(u64::from(least > 0)),
        Some(most) => once.saturating_mul(most).saturating_add(most.saturating_sub(least)),
    }
}

/// The instructions of parts one behind the other. Repetitions of one byte, or of one class, that follow each other are
/// one repetition, also with the byte or class itself behind them.
fn sequence(parts: &[Hir]) -> u64 {
    let mut total: u64 = 0;
    let mut open: Option<Repetition> = None;
    let size = |of_one: &Repetition| repeated(of(&of_one.sub), of_one.min, of_one.max);
    for part in parts {
        let joined = open.as_mut().map(|before| join(before, part));
        match joined {
            Some(Joined::Whole) => {}
            Some(Joined::Bytes(rest)) => total = total.saturating_add(rest),
            Some(Joined::Nothing) | None => {
                total = total.saturating_add(open.take().as_ref().map_or(0, size));
                match part.kind() {
                    HirKind::Repetition(repetition) if is_one_byte(&repetition.sub) => open = Some(repetition.clone()),
                    _ => total = total.saturating_add(of(part)),
                }
            }
        }
    }
    total.saturating_add(open.as_ref().map_or(0, size))
}

/// Whether it takes one byte, whichever that is.
fn is_one_byte(hir: &Hir) -> bool {
    match hir.kind() {
        HirKind::Class(_) => true,
        HirKind::Literal(literal) => literal.0.len() == 1,
        _ => false,
    }
}

/// What of a part goes into the repetition before it.
enum Joined {
    Nothing,
    Whole,
    /// The first bytes of a text, and so many are left.
    Bytes(u64),
}

fn join(before: &mut Repetition, part: &Hir) -> Joined {
    let (least, most, joined) = match (part.kind(), before.sub.kind()) {
        (HirKind::Repetition(next), _) if next.sub == before.sub && next.greedy == before.greedy => {
            (next.min, next.max, Joined::Whole)
        }
        (HirKind::Literal(text), HirKind::Literal(byte)) => {
            let alike = text.0.iter().take_while(|other| byte.0.first() == Some(other)).count();
            let Ok(count @ 1..) = u32::try_from(alike) else { return Joined::Nothing };
            (count, Some(count), Joined::Bytes((text.0.len() - alike) as u64))
        }
        _ if *part == *before.sub => (1, Some(1), Joined::Whole),
        _ => return Joined::Nothing,
    };
    before.min = before.min.saturating_add(least);
    before.max = before.max.zip(most).map(|(one, other)| one.saturating_add(other));
    joined
}

/// One of several alternatives: the parts that are left of it.
#[derive(Clone, Debug)]
struct Branch<'h> {
    /// What is left of the text that comes first.
    text: &'h [u8],
    rest: &'h [Hir],
}

impl<'h> Branch<'h> {
    fn of(hir: &'h Hir) -> Self {
        let parts = match hir.kind() {
            HirKind::Concat(list) => list.as_slice(),
            _ => std::slice::from_ref(hir),
        };
        Self { text: &[], rest: parts }.normal()
    }

    /// The same with its first text in front.
    fn normal(self) -> Self {
        match self {
            Branch { text: [], rest: [first, rest @ ..] } if let HirKind::Literal(literal) = first.kind() => {
                Branch { text: &literal.0, rest }
            }
            branch => branch,
        }
    }

    /// The bytes that it takes one of, where it is nothing more.
    fn one_byte(&self) -> Option<ClassBytes> {
        match (self.text, self.rest) {
            ([byte], []) => Some(ClassBytes::new([ClassBytesRange::new(*byte, *byte)])),
            ([], [class]) if let HirKind::Class(Class::Bytes(class)) = class.kind() => Some(class.clone()),
            _ => None,
        }
    }

    fn without_byte(&self) -> Self {
        Self { text: self.text.get(1..).unwrap_or_default(), rest: self.rest }.normal()
    }

    fn is_empty(&self) -> bool {
        self.text.is_empty() && self.rest.is_empty()
    }

    fn size(&self) -> u64 {
        let loops = |first: &Hir| matches!(first.kind(), HirKind::Repetition(repetition) if repetition.max.is_none());
        let entry = u64::from(self.text.is_empty() && self.rest.first().is_some_and(loops));
        sequence(self.rest).saturating_add(self.text.len() as u64).saturating_add(entry)
    }
}

/// The instructions of alternatives: neighbours that begin with one byte, or with one class, have it once.
fn alternatives(branches: &[Branch<'_>]) -> u64 {
    let mut total: u64 = 0;
    let mut at = 0;
    while let Some(first) = branches.get(at) {
        let bytes: Vec<ClassBytes> = branches[at..].iter().map_while(Branch::one_byte).collect();
        if bytes.len() > 1 {
            let all = bytes.iter().flat_map(|class| class.ranges().iter().copied());
            total = total.saturating_add(ranges(&Class::Bytes(ClassBytes::new(all))));
            at += bytes.len();
            continue;
        }
        let alike = branches[at..].iter().take_while(|other| begin_alike(first, other)).count().max(1);
        total = total.saturating_add(match (alike, first.text.first()) {
            (1, _) => first.size(),
            (_, Some(_)) => together(&branches[at..at + alike], 1, Branch::without_byte),
            (_, None) => together(&branches[at..at + alike], first.rest.first().map_or(0, of), |branch| {
                Branch { text: &[], rest: branch.rest.get(1..).unwrap_or_default() }.normal()
            }),
        });
        at += alike;
    }
    total
}

/// Alternatives with one beginning of so many instructions.
fn together<'h>(branches: &[Branch<'h>], beginning: u64, without: impl Fn(&Branch<'h>) -> Branch<'h>) -> u64 {
    let rest: Vec<Branch<'h>> = branches.iter().map(without).collect();
    // One that is over goes on to what follows.
    let over = u64::from(rest.iter().any(Branch::is_empty));
    let left: Vec<Branch<'h>> = rest.into_iter().filter(|branch| !branch.is_empty()).collect();
    beginning.saturating_add(over).saturating_add(alternatives(&left))
}

fn begin_alike(one: &Branch<'_>, other: &Branch<'_>) -> bool {
    match (one.text.first(), other.text.first()) {
        (Some(byte), Some(same)) => byte == same,
        (None, None) => match (one.rest.first(), other.rest.first()) {
            (Some(first), Some(same)) => matches!(first.kind(), HirKind::Class(_)) && first == same,
            _ => false,
        },
        _ => false,
    }
}

/// The ranges of a class. Capital letters are the same instructions as small ones where both are in it.
fn ranges(class: &Class) -> u64 {
    let ranges: Vec<(u32, u32)> = match class {
        Class::Bytes(class) => class.ranges().iter().map(|r| (u32::from(r.start()), u32::from(r.end()))).collect(),
        Class::Unicode(class) => class.ranges().iter().map(|r| (u32::from(r.start()), u32::from(r.end()))).collect(),
    };
    let has = |code: u8| ranges.iter().any(|(low, high)| (*low..=*high).contains(&u32::from(code)));
    let folds = (b'A'..=b'Z').all(|capital| has(capital) == has(capital.to_ascii_lowercase()));
    let is_capital = |(low, high): &(u32, u32)| *low >= u32::from(b'A') && *high <= u32::from(b'Z');
    ranges.iter().filter(|range| !folds || !is_capital(range)).count() as u64
}

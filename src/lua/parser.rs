//! The grammar of a script.

use std::collections::HashSet;

use super::flaw::Flaw;
use super::functions::Functions;
use super::lexer::{Lexer, Word};

/// How deep a script may go; LuaJIT itself goes to 200.
const DEEPEST: usize = 150;

/// The operators between two values, weakest first, each with what is to its right where that is as strong as itself.
const BINARY: [(&str, u8, u8); 15] = [
    ("or", 1, 1),
    ("and", 2, 2),
    ("<", 3, 3),
    (">", 3, 3),
    ("<=", 3, 3),
    (">=", 3, 3),
    ("~=", 3, 3),
    ("==", 3, 3),
    ("..", 5, 4),
    ("+", 6, 6),
    ("-", 6, 6),
    ("*", 7, 7),
    ("/", 7, 7),
    ("%", 7, 7),
    ("^", 10, 9),
];

/// Names by which a script reaches files, processes and code of the machine that runs it. Manifests may come from anywhere,
/// and be run where they are tried.
const REACHING: [&str; 14] = [
    "_G",
    "debug",
    "dofile",
    "ffi",
    "getfenv",
    "io",
    "jit",
    "load",
    "loadfile",
    "loadstring",
    "module",
    "os",
    "package",
    "require",
];

/// What a script may have of `os`.
const CLOCKS: [&str; 4] = ["clock", "date", "difftime", "time"];

/// How strongly operators before a value bind.
const UNARY: u8 = 8;

/// What a value is, as far as it matters where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Value<'s> {
    /// What can be assigned to: a name.
    Name(&'s str),
    /// What can be assigned to: a part of a table.
    Part,
    /// What can stand by itself.
    Call,
    /// A table that is written here.
    Table,
    /// Anything else.
    Other,
}

/// Reads a script.
#[derive(Debug)]
struct Parser<'s> {
    lexer: Lexer<'s>,
    word: Word<'s>,
    /// The line of `word`.
    line: usize,
    depth: usize,
    functions: Functions<'s>,
    /// The local names of the script that certainly are tables.
    tables: HashSet<&'s str>,
}

type Read<T = ()> = Result<T, Flaw>;

/// Reads a script to its end.
///
/// # Errors
/// The first flaw.
pub(super) fn parse(script: &str) -> Read {
    let mut functions = Functions::default();
    functions.enter(true);
    let mut parser =
        Parser { lexer: Lexer::new(script), word: Word::End, line: 1, depth: 0, functions, tables: HashSet::new() };
    parser.step()?;
    parser.block()?;
    if parser.word == Word::End { Ok(()) } else { Err(parser.unexpected()) }
}

impl<'s> Parser<'s> {
    fn step(&mut self) -> Read<Word<'s>> {
        let next = self.lexer.next()?;
        self.line = self.lexer.line;
        self.within(Functions::word)?;
        Ok(std::mem::replace(&mut self.word, next))
    }

    fn flaw(&self, message: impl Into<String>) -> Flaw {
        Flaw { line: self.line, message: message.into() }
    }

    fn unexpected(&self) -> Flaw {
        match self.word {
            Word::End => self.flaw("the script ends where more is expected"),
            Word::Name(name) => self.flaw(format!("`{}` stands where it means nothing", name.escape_debug())),
            Word::Sign(sign) => self.flaw(format!("`{sign}` stands where it means nothing")),
            Word::Number => self.flaw("a number stands where it means nothing"),
            Word::Text => self.flaw("a text stands where it means nothing"),
        }
    }

    fn is(&self, sign: &str) -> bool {
        matches!(self.word, Word::Sign(own) if own == sign)
    }

    fn takes(&mut self, sign: &str) -> Read<bool> {
        let is_there = self.is(sign);
        if is_there {
            self.step()?;
        }
        Ok(is_there)
    }

    fn expect(&mut self, sign: &str) -> Read {
        if self.takes(sign)? { Ok(()) } else { Err(self.unexpected()) }
    }

    fn name(&mut self) -> Read<&'s str> {
        let Word::Name(name) = self.word else { return Err(self.unexpected()) };
        self.step()?;
        Ok(name)
    }

    /// Whether Envoy runs what is read while it loads the script.
    fn is_run(&self) -> bool {
        self.functions.is_outermost()
    }

    /// Refuses what may fail where it is run at once.
    fn may_fail(&self) -> Read {
        if self.is_run() {
            let message = "this is done while Envoy loads the script, outside of its functions, and may fail there";
            return Err(self.flaw(message));
        }
        Ok(())
    }

    fn deeper<T>(&mut self, read: impl FnOnce(&mut Self) -> Read<T>) -> Read<T> {
        if self.depth >= DEEPEST {
            return Err(self.flaw("the script is too deep"));
        }
        self.depth += 1;
        let found = read(self);
        self.depth -= 1;
        found
    }

    /// Counts something that LuaJIT takes so many of.
    fn within(&mut self, count: impl FnOnce(&mut Functions<'s>) -> Result<(), String>) -> Read {
        count(&mut self.functions).map_err(|message| self.flaw(message))
    }

    /// Reads what is needed with `count` values that are not used before.
    fn holding<T>(&mut self, count: usize, read: impl FnOnce(&mut Self) -> Read<T>) -> Read<T> {
        self.within(|functions| functions.hold(count))?;
        let found = read(self);
        self.functions.release(count);
        found
    }

    /// Reads what has variables of its own.
    fn scope<T>(&mut self, read: impl FnOnce(&mut Self) -> Read<T>) -> Read<T> {
        let locals = self.functions.locals();
        let found = read(self);
        self.functions.forget(locals);
        found
    }

    fn declare(&mut self, name: &'s str, is_table: bool) -> Read {
        self.within(|functions| functions.declare(name))?;
        if self.is_run() && is_table && self.depth <= 1 {
            self.tables.insert(name);
        } else {
            self.tables.remove(name);
        }
        Ok(())
    }

    fn block(&mut self) -> Read {
        self.scope(Self::statements)
    }

    fn statements(&mut self) -> Read {
        self.deeper(|own| {
            loop {
                match own.word {
                    Word::End | Word::Sign("end" | "else" | "elseif" | "until") => return Ok(()),
                    Word::Sign("return") => return own.last(),
                    _ => own.statement()?,
                }
            }
        })
    }

    fn last(&mut self) -> Read {
        self.step()?;
        let is_empty = matches!(self.word, Word::End | Word::Sign("end" | "else" | "elseif" | "until" | ";"));
        if !is_empty {
            self.values()?;
        }
        self.takes(";")?;
        match self.word {
            Word::End | Word::Sign("end" | "else" | "elseif" | "until") => Ok(()),
            _ => Err(self.unexpected()),
        }
    }

    fn statement(&mut self) -> Read {
        let Word::Sign(sign) = self.word else { return self.assignment_or_call() };
        match sign {
            ";" => self.step().map(|_| ()),
            "if" => self.choice(),
            "while" => {
                self.may_fail()?;
                self.step()?;
                self.value(0)?;
                self.expect("do")?;
                self.scope(|own| own.body_of_loop("end"))
            }
            "do" => {
                self.step()?;
                self.block()?;
                self.expect("end")
            }
            "for" => self.count(),
            "repeat" => {
                self.may_fail()?;
                self.step()?;
                // What ends it names what is in it.
                self.scope(|own| {
                    own.body_of_loop("until")?;
                    own.value(0).map(|_| ())
                })
            }
            "function" => self.named_function(),
            "local" => self.local(),
            "break" => {
                if self.functions.last().is_none_or(|function| function.loops == 0) {
                    return Err(self.flaw("`break` stands in no loop"));
                }
                self.step().map(|_| ())
            }
            "goto" | "::" => Err(self.flaw("whether Envoy loads a script with labels is not known here")),
            "(" => self.assignment_or_call(),
            _ => Err(self.unexpected()),
        }
    }

    fn body_of_loop(&mut self, end: &'static str) -> Read {
        if let Some(function) = self.functions.last_mut() {
            function.loops += 1;
        }
        self.statements()?;
        if let Some(function) = self.functions.last_mut() {
            function.loops -= 1;
        }
        self.expect(end)
    }

    fn choice(&mut self) -> Read {
        loop {
            self.step()?;
            self.value(0)?;
            self.expect("then")?;
            self.block()?;
            if !self.is("elseif") {
                break;
            }
        }
        if self.takes("else")? {
            self.block()?;
        }
        self.expect("end")
    }

    fn count(&mut self) -> Read {
        self.may_fail()?;
        self.step()?;
        let mut names = vec![self.name()?];
        if self.takes("=")? {
            self.value(0)?;
            self.expect(",")?;
            self.holding(1, |own| own.value(0))?;
            if self.takes(",")? {
                self.holding(2, |own| own.value(0))?;
            }
        } else {
            while self.takes(",")? {
                names.push(self.name()?);
            }
            self.expect("in")?;
            self.values()?;
        }
        self.expect("do")?;
        self.scope(|own| {
            // It has three variables more, without names.
            [""; 3].into_iter().chain(names).try_for_each(|name| own.declare(name, false))?;
            own.body_of_loop("end")
        })
    }

    fn named_function(&mut self) -> Read {
        self.step()?;
        let name = self.name()?;
        self.within(|functions| functions.refer(name))?;
        let is_table = self.tables.contains(name);
        let mut is_method = false;
        let mut parts = 0;
        while self.takes(".")? {
            self.name()?;
            parts += 1;
        }
        if self.takes(":")? {
            self.name()?;
            is_method = true;
            parts += 1;
        }
        match parts {
            0 => drop(self.tables.remove(name)),
            1 if is_table => {}
            _ => self.may_fail()?,
        }
        self.function(is_method)
    }

    fn local(&mut self) -> Read {
        self.step()?;
        if self.takes("function")? {
            let name = self.name()?;
            self.declare(name, false)?;
            return self.function(false);
        }
        let mut names = vec![self.name()?];
        while self.takes(",")? {
            names.push(self.name()?);
        }
        let is_table = self.takes("=")? && self.values()? == Value::Table && names.len() == 1;
        names.into_iter().try_for_each(|name| self.declare(name, is_table))
    }

    fn assignment_or_call(&mut self) -> Read {
        let first = self.suffixed(true)?;
        if first == Value::Call {
            return Ok(());
        }
        let mut targets = vec![first];
        while self.takes(",")? {
            if self.depth + targets.len() >= DEEPEST {
                return Err(self.flaw("too much is assigned at once"));
            }
            targets.push(self.holding(2 * targets.len(), |own| own.suffixed(true))?);
        }
        if !self.is("=") || targets.iter().any(|target| !matches!(target, Value::Name(_) | Value::Part)) {
            return Err(self.unexpected());
        }
        self.step()?;
        self.holding(2 * targets.len(), Self::values)?;
        for target in targets {
            if let Value::Name(name) = target {
                self.tables.remove(name);
            }
        }
        Ok(())
    }

    /// Reads one value or more, and says what the first is where it is the only one.
    fn values(&mut self) -> Read<Value<'s>> {
        let mut only = self.value(0)?;
        let mut before = 0;
        while self.takes(",")? {
            before += 1;
            self.holding(before, |own| own.value(0))?;
            only = Value::Other;
        }
        Ok(only)
    }

    /// Reads a value with the operators that bind more strongly than `limit`.
    fn value(&mut self, limit: u8) -> Read<Value<'s>> {
        self.deeper(|own| own.operators(limit))
    }

    fn operators(&mut self, limit: u8) -> Read<Value<'s>> {
        let mut found = match self.word {
            Word::Sign(sign @ ("not" | "-" | "#")) => {
                self.step()?;
                let is_number = sign == "-" && self.word == Word::Number;
                if sign != "not" && !is_number {
                    self.may_fail()?;
                }
                self.value(UNARY)?;
                Value::Other
            }
            _ => self.simple()?,
        };
        loop {
            let Word::Sign(sign) = self.word else { return Ok(found) };
            let Some((_, left, right)) = BINARY.into_iter().find(|(own, ..)| *own == sign) else { return Ok(found) };
            if left <= limit {
                return Ok(found);
            }
            if !matches!(sign, "and" | "or" | "==" | "~=") {
                self.may_fail()?;
            }
            self.step()?;
            self.holding(1, |own| own.value(right))?;
            found = Value::Other;
        }
    }

    fn simple(&mut self) -> Read<Value<'s>> {
        match self.word {
            Word::Number | Word::Text | Word::Sign("nil" | "true" | "false") => {
                self.step()?;
                Ok(Value::Other)
            }
            Word::Sign("...") => {
                if !self.functions.last().is_some_and(|function| function.takes_any) {
                    return Err(self.flaw("`...` stands in a function that takes none"));
                }
                self.step()?;
                Ok(Value::Other)
            }
            Word::Sign("{") => self.table().map(|()| Value::Table),
            Word::Sign("function") => {
                self.step()?;
                self.function(false).map(|()| Value::Other)
            }
            _ => self.suffixed(false),
        }
    }

    /// Reads a name or what stands in parentheses, with what follows. `is_target` where something may be assigned to it.
    fn suffixed(&mut self, is_target: bool) -> Read<Value<'s>> {
        let mut found = match self.word {
            Word::Name(name) => {
                self.step()?;
                self.reach(name)?
            }
            Word::Sign("(") => {
                self.step()?;
                self.value(0)?;
                self.expect(")")?;
                Value::Other
            }
            _ => return Err(self.unexpected()),
        };
        loop {
            let is_table = matches!(found, Value::Name(name) if is_target && self.tables.contains(name));
            found = match self.word {
                Word::Sign(".") => {
                    self.step()?;
                    self.name()?;
                    Value::Part
                }
                Word::Sign("[") => {
                    self.step()?;
                    self.holding(1, Self::key)?;
                    Value::Part
                }
                Word::Sign(":") => {
                    self.step()?;
                    self.name()?;
                    self.arguments()?;
                    Value::Call
                }
                Word::Sign("(" | "{") | Word::Text => {
                    self.arguments()?;
                    Value::Call
                }
                _ => return Ok(found),
            };
            if !(is_table
                && found == Value::Part
                && !matches!(self.word, Word::Sign("." | "[" | ":" | "(" | "{") | Word::Text))
            {
                self.may_fail()?;
            }
        }
    }

    /// What a name is that has been read. One that reaches beyond requests is refused.
    fn reach(&mut self, name: &'s str) -> Read<Value<'s>> {
        self.within(|functions| functions.refer(name))?;
        if !REACHING.contains(&name) {
            return Ok(Value::Name(name));
        }
        if name == "os" && self.takes(".")? && matches!(self.word, Word::Name(part) if CLOCKS.contains(&part)) {
            self.may_fail()?;
            self.step()?;
            return Ok(Value::Part);
        }
        Err(self
            .flaw(format!("`{name}` reaches files, processes or other code of the machine, and not requests alone")))
    }

    /// Reads a key to its `]`. One that is nil cannot be set.
    fn key(&mut self) -> Read {
        let is_certain = matches!(self.word, Word::Number | Word::Text);
        self.value(0)?;
        if !is_certain {
            self.may_fail()?;
        }
        self.expect("]")
    }

    /// Reads what a function gets, which is held with it.
    fn arguments(&mut self) -> Read {
        self.holding(3, Self::arguments_alone)
    }

    fn arguments_alone(&mut self) -> Read {
        match self.word {
            Word::Text => self.step().map(|_| ()),
            Word::Sign("{") => self.table(),
            Word::Sign("(") => {
                self.step()?;
                if !self.is(")") {
                    self.values()?;
                }
                self.expect(")")
            }
            _ => Err(self.unexpected()),
        }
    }

    fn table(&mut self) -> Read {
        self.holding(2, |own| own.deeper(Self::items))
    }

    fn items(&mut self) -> Read {
        self.step()?;
        while !self.is("}") {
            if self.takes("[")? {
                self.key()?;
                self.expect("=")?;
                self.value(0)?;
            } else if matches!(self.value(0)?, Value::Name(_)) && self.takes("=")? {
                self.value(0)?;
            }
            if !self.takes(",")? && !self.takes(";")? {
                break;
            }
        }
        self.expect("}")
    }

    /// Reads a function behind its name. A method has one variable more.
    fn function(&mut self, is_method: bool) -> Read {
        self.functions.enter(false);
        if is_method {
            self.within(|functions| functions.declare("self"))?;
        }
        self.expect("(")?;
        while !self.is(")") {
            if self.takes("...")? {
                if let Some(function) = self.functions.last_mut() {
                    function.takes_any = true;
                }
                break;
            }
            let name = self.name()?;
            self.within(|functions| functions.declare(name))?;
            if !self.is(")") {
                self.expect(",")?;
                if self.is(")") {
                    return Err(self.unexpected());
                }
            }
        }
        self.expect(")")?;
        self.block()?;
        self.functions.leave();
        self.expect("end")
    }
}

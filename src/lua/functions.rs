//! What the functions of a script hold, and how much of it LuaJIT takes
//! ([limits](https://github.com/LuaJIT/LuaJIT/blob/v2.1/src/lj_def.h), measured against Envoy 1.40).

use std::collections::HashSet;

/// How many values a function may hold at a time. LuaJIT takes 200 variables, and 250 values with what is not used yet.
const MOST_HELD: usize = 180;

/// How many variables a function may share with those around it.
const MOST_SHARED: usize = 60;

/// How long a function may be. LuaJIT jumps over 32,767 instructions, and a word makes three at most.
const MOST_WORDS: usize = 10_000;

/// How long a script may be. LuaJIT knows 65,476 names at a time.
const MOST_WORDS_IN_ALL: usize = 60_000;

/// A function that is being read.
#[derive(Debug, Default)]
pub(super) struct Function<'s> {
    pub(super) takes_any: bool,
    pub(super) loops: usize,
    /// The variables that can be named here, the inner ones last.
    locals: Vec<&'s str>,
    /// Values that are not used yet.
    held: usize,
    /// Variables of functions around it: which function, and which of its variables.
    shared: HashSet<(usize, usize)>,
    words: usize,
}

/// The functions that are being read, the inner ones last.
#[derive(Debug, Default)]
pub(super) struct Functions<'s> {
    open: Vec<Function<'s>>,
    words: usize,
}

/// What passes a limit.
type Passed = Result<(), String>;

impl<'s> Functions<'s> {
    /// Whether the script itself is read, and no function in it.
    pub(super) fn is_outermost(&self) -> bool {
        self.open.len() <= 1
    }

    pub(super) fn last(&self) -> Option<&Function<'s>> {
        self.open.last()
    }

    pub(super) fn last_mut(&mut self) -> Option<&mut Function<'s>> {
        self.open.last_mut()
    }

    pub(super) fn enter(&mut self, takes_any: bool) {
        self.open.push(Function { takes_any, ..Function::default() });
    }

    pub(super) fn leave(&mut self) {
        self.open.pop();
    }

    /// How many variables can be named.
    pub(super) fn locals(&self) -> usize {
        self.open.last().map_or(0, |function| function.locals.len())
    }

    /// Leaves those that could be named before.
    pub(super) fn forget(&mut self, locals: usize) {
        if let Some(function) = self.open.last_mut() {
            function.locals.truncate(locals);
        }
    }

    /// Counts a word.
    pub(super) fn word(&mut self) -> Passed {
        self.words += 1;
        if self.words > MOST_WORDS_IN_ALL {
            return Err(format!("the script has more than {MOST_WORDS_IN_ALL} words and signs"));
        }
        let Some(function) = self.open.last_mut() else { return Ok(()) };
        function.words += 1;
        if function.words > MOST_WORDS {
            return Err(format!("a function, or what is outside of all, has more than {MOST_WORDS} words and signs"));
        }
        Ok(())
    }

    /// Counts a variable. One that has no name cannot be named.
    pub(super) fn declare(&mut self, name: &'s str) -> Passed {
        if let Some(function) = self.open.last_mut() {
            function.locals.push(name);
        }
        self.hold(0)
    }

    /// Counts values that are needed while more is read.
    pub(super) fn hold(&mut self, count: usize) -> Passed {
        let Some(function) = self.open.last_mut() else { return Ok(()) };
        function.held += count;
        if function.locals.len() + function.held > MOST_HELD {
            return Err(format!(
                "a function holds more than {MOST_HELD} values at a time: its variables, and what it hands over, returns or \
                 has yet to use"
            ));
        }
        Ok(())
    }

    pub(super) fn release(&mut self, count: usize) {
        if let Some(function) = self.open.last_mut() {
            function.held = function.held.saturating_sub(count);
        }
    }

    /// Counts a variable that is named, for each function that shares it with one around it.
    pub(super) fn refer(&mut self, name: &str) -> Passed {
        let place = self.open.iter().enumerate().rev().find_map(|(index, function)| {
            function.locals.iter().rposition(|local| *local == name).map(|local| (index, local))
        });
        let Some((owner, local)) = place else { return Ok(()) };
        for function in self.open.iter_mut().skip(owner + 1) {
            function.shared.insert((owner, local));
            if function.shared.len() > MOST_SHARED {
                return Err(format!("a function names more than {MOST_SHARED} variables of those around it"));
            }
        }
        Ok(())
    }
}

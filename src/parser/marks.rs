//! The places that decoding a document gives away: where each rule of a route begins.
//!
//! Comments in the output name the line of every rule. The reader hands out
//! keys as parts of the text, so that their places are known without the second
//! reading that `spans` makes of a document.

/// Gathers the places while a document is decoded.
#[derive(Debug, Default)]
pub(super) struct Marks {
    /// The last key that is a part of the text.
    key: Option<usize>,
    /// The first key of the rule that is decoded.
    rule: Option<usize>,
    /// Whether the next value is that of a `rules` key.
    is_due: bool,
    /// The items of the last such value.
    starts: Vec<Option<usize>>,
    /// Those of `spec`.
    rules: Vec<Option<usize>>,
}

/// How deeply the keys stand: `spec`, `rules` and what each rule begins with.
const SPEC: usize = 0;
const RULES: usize = 1;
const RULE: usize = 3;

impl Marks {
    /// A key that is a part of the text, at this byte.
    pub(super) fn key_at(&mut self, offset: usize) {
        self.key = Some(offset);
    }

    /// The value of `key`, in a mapping at `depth`, comes next.
    pub(super) fn enter_value(&mut self, depth: usize, key: &str) {
        let at = self.key.take();
        if depth == RULE && self.rule.is_none() {
            self.rule = at;
        }
        if depth == SPEC {
            self.starts.clear();
        }
        self.is_due = depth == RULES && key == "rules";
    }

    /// The value of `key`, in a mapping at `depth`, is complete.
    pub(super) fn leave_value(&mut self, depth: usize, key: &str) {
        if depth == SPEC && key == "spec" {
            self.rules = std::mem::take(&mut self.starts);
        }
    }

    /// A list begins; returns whether its items are rules.
    pub(super) fn enter_list(&mut self) -> bool {
        let is_rules = std::mem::take(&mut self.is_due);
        if is_rules {
            self.starts.clear();
        }
        is_rules
    }

    /// A rule begins.
    pub(super) fn enter_rule(&mut self) {
        self.rule = None;
    }

    /// A rule is complete.
    pub(super) fn leave_rule(&mut self) {
        self.starts.push(self.rule);
    }

    /// The byte at which each item of `spec.rules` begins; `None` for one whose first key is not a part of the text.
    pub(super) fn into_rules(self) -> Vec<Option<usize>> {
        self.rules
    }
}

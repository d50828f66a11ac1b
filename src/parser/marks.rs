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

#[cfg(test)]
mod tests {
    use crate::diagnostics::Part;
    use crate::parser::decode::decode;
    use crate::parser::spans::SpanTree;
    use crate::parser::split::Syntax;
    use crate::path;

    /// The line on which each rule begins, as decoding knows it; and as the second reading finds it.
    fn lines(text: &str, syntax: Syntax) -> (Vec<Option<usize>>, Vec<Option<usize>>) {
        let line = |at: usize| text[..at].matches('\n').count() + 1;
        let rules = decode(text, syntax).unwrap().rules;
        let tree = SpanTree::read(text).unwrap();
        let read = |rule| tree.find(&path!["spec", "rules", rule], Part::Value).map(|range| line(range.start));
        let found = (0..rules.len()).map(read).collect();
        (rules.into_iter().map(|start| start.map(line)).collect(), found)
    }

    #[test]
    fn the_lines_of_rules_are_those_of_the_second_reading() {
        let cases = [
            ("spec:\n  rules:\n  - matches: []\n    name: a\n  - name: b\n", 2),
            (
                "# é 🦀\nspec:\n    rules:\n\n    -\n      # first\n      name: a\n    - {name: b,\n       matches: []}\n",
                2,
            ),
            ("spec: {rules: [{name: a}, {\"name\": b},\n {name: c}]}\n", 3),
            (
                "metadata:\n  rules: [{a: b}]\nspec:\n  rules:\n  - 'name': |\n      - name: x\n    matches:\n    - path: {}\n",
                1,
            ),
            ("x: &r\n- name: a\n- name: b\nspec:\n  rules: *r\n", 2),
            ("spec:\n  rules:\n  - name: a\nstatus:\n  rules:\n  - name: b\n  - name: c\n", 1),
            ("spec: {rules: []}\n", 0),
            ("metadata:\n  rules: [{a: b}]\nspec: {}\n", 0),
        ];
        for (text, count) in cases {
            let (known, found) = lines(text, Syntax::Yaml);
            assert_eq!((known.len(), &known), (count, &found), "{text}");
        }
        let (known, found) = lines("{\"spec\": {\n\"rules\": [\n{\"name\": \"a\"}]}}", Syntax::Json);
        assert_eq!((known.as_slice(), known.as_slice()), ([Some(3)].as_slice(), found.as_slice()));
    }

    #[test]
    fn what_is_not_certain_is_left_to_the_second_reading() {
        let (known, _) = lines("spec:\n  rules:\n  - {}\n  - \"n\\x61me\": a\n  - x\n", Syntax::Yaml);
        assert_eq!(known, [None, None, None]);
        let renamed = "a: &a {b: c}\nd: &a {e: f}\nspec:\n  rules:\n  - name: *a\n";
        assert_eq!(decode(renamed, Syntax::Yaml).unwrap().rules, []);
    }
}

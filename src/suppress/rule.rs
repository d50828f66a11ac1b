//! Permissions in the settings: some codes, in some files, on some objects, and why.

use crate::diagnostics::{Allowance, Finding, Location, ObjectRef, codes};
use crate::options::IgnoreRule;
use crate::parser::locate::Locator;
use crate::parser::manifests::Manifests;

/// The rules of a run, and which of them have left something out.
pub(super) struct Rules<'o> {
    rules: Vec<(&'o IgnoreRule, bool)>,
    manifests: &'o Manifests,
    locator: &'o Locator<'o>,
}

impl<'o> Rules<'o> {
    pub(super) fn new(rules: &'o [IgnoreRule], manifests: &'o Manifests, locator: &'o Locator<'o>) -> Self {
        Self { rules: rules.iter().map(|rule| (rule, false)).collect(), manifests, locator }
    }

    /// The first rule that allows a finding; each that does is then used.
    pub(super) fn on(&mut self, finding: &Finding) -> Option<Allowance> {
        if self.rules.is_empty() {
            return None;
        }
        let file = match &finding.location {
            Location::Path(name) => Some(name),
            other => self.locator.source_of(other).map(|source| &self.manifests.sources.get(source).name),
        };
        let mut first = None;
        for (rule, is_used) in &mut self.rules {
            let is_there = rule.path.is_none() || file.is_some_and(|file| rule.files.contains(file));
            let is_about =
                rule.object.as_ref().is_none_or(|object| finding.object.as_ref().is_some_and(|own| object.is_met(own)));
            if is_there && is_about && rule.codes.contains(&finding.code) {
                *is_used = true;
                first.get_or_insert_with(|| Allowance::Rule(rule.reason.clone()));
            }
        }
        first
    }

    /// What is wrong with rules that have left nothing out. One whose files or objects are no part of the input is not
    /// known to be useless.
    pub(super) fn unused(&self) -> Vec<Finding> {
        let unused = self.rules.iter().filter(|(rule, is_used)| !is_used && self.is_looked_at(rule));
        let finding = |(rule, _): &(&IgnoreRule, bool)| {
            let message = format!("the rule at `{}` leaves nothing out", rule.place);
            Finding::new(codes::UNUSED_SUPPRESSION, Location::Run, message)
                .consequence("none: the rule would hide the finding should it come back")
                .help("remove it from the settings")
        };
        unused.map(finding).collect()
    }

    /// Whether the input has what a rule is about.
    fn is_looked_at(&self, rule: &IgnoreRule) -> bool {
        let judged = self.manifests.sources.sources.iter().filter(|source| !source.context);
        let has_files = rule.path.is_none() || judged.into_iter().any(|one| rule.files.contains(&one.name));
        let is_met = |object: ObjectRef| rule.object.as_ref().is_none_or(|pattern| pattern.is_met(&object));
        has_files && (rule.object.is_none() || self.objects().into_iter().any(is_met))
    }

    /// The judged objects.
    fn objects(&self) -> Vec<ObjectRef> {
        let heads = self.manifests.heads();
        let own = heads.iter().filter(|head| !head.position.context).map(|head| head.key().to_ref());
        own.chain(self.manifests.foreign.iter().map(|object| object.identity.clone())).collect()
    }
}

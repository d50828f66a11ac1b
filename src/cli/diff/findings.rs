//! Which findings came and which went. Files, lines and order do not count.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::super::findings::TRANSLATE_ONLY;
use super::super::identity::words;
use super::change::{FindingChanges, FindingView};
use crate::compile::Compilation;
use crate::diagnostics::{Finding, LeftOut, Locate, Location, Place};
use crate::name::{Name, Namespace};
use crate::parser::locate::Locator;

/// The findings of one side that are told apart by nothing, those that are reported first.
type Alike<'c> = Vec<(usize, Judged<'c>)>;

/// What a finding is told apart by: code, object, path and words.
type Key<'f> = (&'static str, Option<(&'f str, &'f Namespace, &'f Name)>, Option<String>, Cow<'f, str>);

/// Compares the findings of both sides.
pub(super) fn compare(old: &Compilation, new: &Compilation) -> FindingChanges {
    let [before, after] = [old, new].map(|side| Locator::new(&side.manifests));
    fn key<'f>(finding: &'f Finding, locator: &Locator<'_>) -> Key<'f> {
        let object = finding.object.as_ref().map(|object| (object.kind.as_str(), &object.namespace, &object.name));
        (finding.code.id(), object, finding.path.as_ref().map(ToString::to_string), words(finding, locator))
    }
    let mut alike: BTreeMap<_, [Alike<'_>; 2]> = BTreeMap::new();
    for (side, (compilation, locator)) in [(old, &before), (new, &after)].into_iter().enumerate() {
        for (at, one) in judged(compilation).enumerate() {
            if let Some(list) = alike.entry(key(one.finding, locator)).or_default().get_mut(side) {
                list.push((at, one));
            }
        }
    }
    let (mut introduced, mut fixed, mut silenced) = (Vec::new(), Vec::new(), Vec::new());
    for [gone, come] in alike.into_values() {
        let on_both = gone.len().min(come.len());
        for ((_, was), one) in gone.iter().zip(&come) {
            if was.comment.is_none() && one.1.comment.is_some() {
                silenced.push(*one);
            }
        }
        introduced.extend(come.into_iter().skip(on_both));
        fixed.extend(gone.into_iter().skip(on_both));
    }
    let views = |mut list: Alike<'_>, locator: &Locator<'_>| -> Vec<FindingView> {
        list.sort_by_key(|(at, _)| *at);
        list.into_iter().map(|(_, one)| view(one, locator)).collect()
    };
    let fixed = views(fixed, &before).into_iter().map(|view| FindingView { allowed: None, ..view });
    FindingChanges { introduced: views(introduced, &after), fixed: fixed.collect(), silenced: views(silenced, &after) }
}

fn view(Judged { finding, comment }: Judged<'_>, locator: &Locator<'_>) -> FindingView {
    let place = |location: &Location| Locate::place(locator, location).map(Place::line);
    FindingView {
        code: finding.code.id(),
        severity: finding.severity().as_str(),
        message: finding.message.clone(),
        place: place(&finding.location),
        allowed: comment.and_then(place),
    }
}

/// A finding, with the comment that allows it.
#[derive(Clone, Copy)]
struct Judged<'c> {
    finding: &'c Finding,
    comment: Option<&'c Location>,
}

/// What is found of the manifests, and not of the configuration that nobody writes here. A comment that allows a finding
/// mends nothing; what a flag leaves out it leaves out on both sides.
fn judged(compilation: &Compilation) -> impl Iterator<Item = Judged<'_>> {
    let reported = compilation.findings.iter().map(|finding| Judged { finding, comment: None });
    let allowed = compilation.left_out.iter().filter(|one| one.by.place().is_some());
    let allowed = allowed.map(|LeftOut { finding, by }| Judged { finding, comment: by.place() });
    reported.chain(allowed).filter(|one| !TRANSLATE_ONLY.contains(&one.finding.code))
}

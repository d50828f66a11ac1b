//! The ledger of `gwctl validate -v`: what each case asks to be judged is
//! judged, or named as left out with a reason.

use libtest_mimic::{Failed, Trial};

use crate::case::{Case, discover};
use crate::harness::Harness;

/// What the ledger says of a subject that no judgement has looked at. A new way to leave something out needs a reason
/// of its own.
pub(crate) const GAP: &str = "no judgement has looked at it";
/// The subjects of the ledger's line, each with the paths of those that are left out.
const SUBJECTS: [(&str, &[&str]); 5] = [
    ("listeners", &["spec.listeners["]),
    ("parents of routes", &["spec.parentRefs[", "spec.useDefaultGateways"]),
    ("rules", &["spec.rules["]),
    ("targets of policies", &["spec.targetRefs["]),
    ("hostnames with certificates", &["spec.hostnames[", "].hostname: "]),
];

/// The tests of this file.
pub(crate) fn trials(harness: &Harness) -> Vec<Trial> {
    let harness = harness.clone();
    vec![
        Trial::test("accounts::every_subject_of_every_case_has_a_judgement_or_a_reason", move || {
            let cases = discover(&harness.testdata()).into_iter().filter_map(|(_, found)| found.ok());
            let wrong: Vec<String> = cases.filter_map(|case| check(&harness, &case).err()).collect();
            if wrong.is_empty() { Ok(()) } else { Err(Failed::from(wrong.join("\n"))) }
        }),
        Trial::test("accounts::what_is_missing_is_seen", what_is_missing_is_seen),
    ]
}

fn check(harness: &Harness, case: &Case) -> Result<(), String> {
    let work = harness.work_directory(&format!("accounts/{}", case.name))?;
    // What is left out of the context is not listed.
    let has_context = case.args.iter().any(|argument| argument == "--context");
    let mut args = case.args.clone();
    args.push("-v".to_owned());
    let output = harness.gwctl("validate", case, &args, &work)?;
    balance(&output.stderr, has_context).map_err(|why| format!("{}: {why}", case.name))
}

/// Whether what was not judged is what the lines behind the counts name.
fn balance(lines: &str, has_context: bool) -> Result<(), String> {
    if let Some(line) = lines.lines().find(|line| line.contains(GAP)) {
        return Err(line.to_owned());
    }
    let Some(counts) = lines.lines().find_map(|line| line.strip_prefix("judged: ")) else {
        return Err(format!("there is no line of what was judged: {lines}"));
    };
    let left: Vec<&str> = lines.lines().filter(|line| line.starts_with("not judged: ")).collect();
    if counts.split(", ").count() != SUBJECTS.len() {
        return Err(format!("not every subject is known: {counts}"));
    }
    for (part, (subject, paths)) in counts.split(", ").zip(SUBJECTS) {
        let numbers: Vec<usize> = part.split(' ').filter_map(|word| word.parse().ok()).collect();
        let [judged, asked] = numbers.as_slice() else { return Err(format!("`{part}` has no two numbers")) };
        if !part.ends_with(subject) {
            return Err(format!("`{part}` is not about {subject}"));
        }
        let named = left.iter().filter(|line| paths.iter().any(|path| line.contains(path))).count();
        // A part of an object that nobody serves is named too, and not asked about.
        if asked - judged > named && !has_context {
            return Err(format!("{part} were judged, and {named} are named as left out"));
        }
    }
    Ok(())
}

fn what_is_missing_is_seen() -> Result<(), Failed> {
    let counts = "judged: 1 of 2 listeners, 1 of 1 parents of routes, 0 of 0 rules, 0 of 0 targets of policies, \
                  0 of 0 hostnames with certificates\n";
    let left = "not judged: Gateway `a/b`, spec.listeners[1]: its protocol is unknown  a.yaml:1:1\n";
    let gap = format!("not judged: Gateway `a/b`, spec.listeners[1]: {GAP}\n");
    let short = "judged: 1 of 1 listeners, 1 of 1 parents of routes, 0 of 0 rules\n".to_owned();
    let seen = [format!("{counts}{left}"), counts.to_owned(), format!("{counts}{gap}"), left.to_owned(), short];
    match seen.map(|lines| balance(&lines, false).is_ok()) {
        [true, false, false, false, false] => Ok(()),
        other => Err(format!("{other:?}").into()),
    }
}

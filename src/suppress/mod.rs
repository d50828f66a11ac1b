//! Findings that the user has allowed: by a comment or an annotation on the
//! object, by a rule of the settings, or by `--ignore` and `--select`.
//!
//! Input: the findings of a whole run. Output: those that are left, and what is
//! wrong with the permissions themselves. An error is never left out: a permission
//! that names one has no effect, and a warning says so.

mod annotation;
mod comment;
mod permission;
mod rule;

use crate::diagnostics::{Allowance, Code, Finding, LeftOut, Location, Severity, codes};
use crate::options::Options;
use crate::parser::locate::Locator;
use crate::parser::manifests::{Manifests, ObjectHead};

use permission::Permissions;
pub(crate) use permission::meant;
use rule::Rules;

/// Leaves out of `findings` what permissions and flags allow, and adds what is wrong with the permissions. The result is
/// what is left out.
pub(crate) fn apply(manifests: &Manifests, options: &Options, findings: &mut Vec<Finding>) -> Vec<LeftOut> {
    let locator = Locator::new(manifests);
    let comments = comment::read(manifests, &locator, findings);
    let annotations = annotation::read(manifests, findings);
    let mut permissions = Permissions::new(comments.into_iter().chain(annotations).collect());
    let mut rules = Rules::new(&options.ignore_rules, manifests, &locator);
    let mut left_out = Vec::new();
    for finding in std::mem::take(findings) {
        let is_error = finding.severity() == Severity::Error;
        let permission = if is_error { None } else { permissions.on(&finding, &locator) };
        let rule = if is_error { None } else { rules.on(&finding) };
        match permission.or(rule) {
            // What a flag leaves out it leaves out with the permission and without.
            Some(by) => {
                let by = left_out_by(finding.code, options).unwrap_or(by);
                left_out.push(LeftOut { finding, by });
            }
            None => findings.push(finding),
        }
    }
    findings.extend(permissions.unused());
    findings.extend(rules.unused());
    filter(options, findings, &mut left_out);
    findings.extend(unused_allowances(manifests, options));
    left_out
}

/// What is wrong with `--allow-unsupported`: kinds of which the input has no object, which most often are slips.
fn unused_allowances(manifests: &Manifests, options: &Options) -> Vec<Finding> {
    if !is_reported(codes::UNUSED_SUPPRESSION, options) {
        return Vec::new();
    }
    let is_there = |kind: &&String| {
        let is_option = |head: &&ObjectHead| {
            (head.kind.is_option() || head.kind.is_of_envoy_gateway())
                && format!("{}.{}", head.kind.name(), head.kind.group()) == **kind
        };
        manifests.foreign.iter().any(|object| object.full_kind() == **kind) || manifests.heads().iter().any(is_option)
    };
    let unused = options.allow_unsupported.iter().filter(|kind| !is_there(kind));
    let finding = |kind: &String| {
        let message = format!("`--allow-unsupported {kind}` allows nothing: the input has no such object");
        Finding::new(codes::UNUSED_SUPPRESSION, Location::Run, message)
            .consequence("none: an object of another kind or group is not allowed by it")
            .help("write kind and group as the object has them, or remove the flag, or its entry in `gwctl.yaml`")
    };
    unused.map(finding).collect()
}

/// Whether the flags let a warning through.
fn is_reported(code: Code, options: &Options) -> bool {
    left_out_by(code, options).is_none()
}

/// The flag that leaves a warning out.
fn left_out_by(code: Code, options: &Options) -> Option<Allowance> {
    let is_selected = options.select.is_empty() || options.select.iter().any(|selected| selected == code.id());
    if options.ignore.iter().any(|ignored| ignored == code.id()) {
        Some(Allowance::Ignore)
    } else {
        (!is_selected).then_some(Allowance::Select)
    }
}

/// Applies `--ignore` and `--select`.
fn filter(options: &Options, findings: &mut Vec<Finding>, left_out: &mut Vec<LeftOut>) {
    let is_used = |id: &String| left_out.iter().any(|one| one.by == Allowance::Ignore && one.finding.code.id() == *id);
    let mut unused: Vec<&String> = options.ignore.iter().filter(|id| !is_used(id)).collect();
    for finding in std::mem::take(findings) {
        unused.retain(|ignored| *ignored != finding.code.id());
        match left_out_by(finding.code, options).filter(|_| finding.severity() != Severity::Error) {
            Some(by) => left_out.push(LeftOut { finding, by }),
            None => findings.push(finding),
        }
    }
    if !is_reported(codes::UNUSED_SUPPRESSION, options) {
        return;
    }
    findings.extend(unused.into_iter().map(|id| {
        Finding::new(codes::UNUSED_SUPPRESSION, Location::Run, format!("`--ignore {id}` leaves nothing out"))
            .consequence("none: there is no such finding in this input")
            .help("remove the flag, or its entry in `gwctl.yaml`")
    }));
}

#[cfg(test)]
mod tests;

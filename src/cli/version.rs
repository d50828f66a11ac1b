//! `gwctl --version --verbose`: what this build is for, and which program of this name it is.

use std::ffi::{OsStr, OsString};

use clap::error::ErrorKind;

use super::value::ENVOY_MINORS;
use crate::options::Options;
use crate::parser::schema::RELEASE;

/// What is told besides the version, for an answer to `--version` on a command line with `--verbose`. Whether the program is
/// static knows who links it.
pub fn details(answer: &clap::Error, line: impl IntoIterator<Item = OsString>, is_static: bool) -> Option<String> {
    let is_asked = answer.kind() == ErrorKind::DisplayVersion && line.into_iter().any(|word| is_verbose(&word));
    is_asked.then(|| text(is_static))
}

/// Whether a word is `--verbose`, or `-v` alone or beside `-V`: clap stops at the version and takes nothing else apart.
fn is_verbose(word: &OsStr) -> bool {
    let Some(word) = word.to_str() else { return false };
    let flags = word.strip_prefix('-').filter(|flags| flags.chars().all(|flag| matches!(flag, 'v' | 'V')));
    word == "--verbose" || flags.is_some_and(|flags| flags.contains('v'))
}

fn text(is_static: bool) -> String {
    let (first, last) = (ENVOY_MINORS.start(), ENVOY_MINORS.end());
    let default = Options::default().envoy_version.0;
    let linked = if is_static { ", static" } else { "" };
    format!(
        "offline compiler from Gateway API manifests to Envoy; not the viewer of clusters of kubernetes-sigs\n\
         Gateway API {RELEASE}, both channels\n\
         Envoy 1.{first} to 1.{last} (default 1.{default})\n\
         built for {}{linked}\n",
        env!("GWCTL_TARGET"),
    )
}

#[cfg(test)]
mod tests {
    use super::super::args::Cli;
    use super::*;

    #[test]
    fn only_a_version_with_verbose_has_details() {
        let details_of = |line: &str| {
            let line = line.split(' ').map(OsString::from);
            details(&Cli::parse_line(line.clone()).unwrap_err(), line, false)
        };
        for line in ["gwctl --version -v", "gwctl -vV", "gwctl -Vv", "gwctl validate --verbose --version"] {
            let details = details_of(line).unwrap();
            assert!(details.contains(&format!("Gateway API {RELEASE}, both channels\n")), "{details}");
            assert!(details.contains("Envoy 1.36 to 1.40 (default 1.40)\n"), "{details}");
        }
        for line in ["gwctl --version", "gwctl -V", "gwctl --help -v", "gwctl validate -v --unknown"] {
            assert_eq!(details_of(line), None, "{line}");
        }
    }
}

//! The flags of a command line as they were written, for the first comment of an output.

use clap::parser::ValueSource;
use clap::{ArgAction, ArgMatches, Command};

/// Flags that say nothing of what the output holds.
const ASIDE: [&str; 14] = [
    "check",
    "color",
    "context",
    "deny",
    "ignore",
    "no-comments",
    "no-settings",
    "output-file",
    "quiet",
    "report",
    "select",
    "settings",
    "verbose",
    "watch",
];

/// The flags of a command line that say what the output holds, in the order of the help text.
pub(in crate::cli) fn flags_of(command: &Command, matches: &ArgMatches) -> Vec<String> {
    let mut flags = Vec::new();
    for arg in command.get_arguments() {
        let id = arg.get_id().as_str();
        let Some(name) = arg.get_long().filter(|name| !ASIDE.contains(name)) else { continue };
        if matches.value_source(id) != Some(ValueSource::CommandLine) {
            continue;
        }
        if matches!(arg.get_action(), ArgAction::SetTrue) {
            flags.push(format!("--{name}"));
            continue;
        }
        let values = matches.get_raw(id).into_iter().flatten();
        flags.extend(values.map(|value| format!("--{name}={}", quoted(&value.to_string_lossy()))));
    }
    flags
}

/// A value as a shell reads it.
fn quoted(value: &str) -> String {
    let is_plain = |character: char| character.is_alphanumeric() || "-_./:=,@%+*[]".contains(character);
    if value.chars().all(is_plain) { value.to_owned() } else { format!("'{}'", value.replace('\'', "'\\''")) }
}

#[cfg(test)]
mod tests {
    use super::super::{Cli, Command};
    use super::*;

    fn flags(line: &str) -> Vec<String> {
        let line = format!("gwctl translate m {line}");
        match Cli::parse_line(line.split_whitespace().map(Into::into)).unwrap().command {
            Command::Translate(args) => args.flags,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn flags_stand_in_one_order_and_those_that_say_nothing_of_the_output_are_left_out() {
        assert_eq!(flags("-q --output-file out.yaml --deny warnings --report json=r.json"), [""; 0]);
        let expected =
            ["--namespace=shop", "--assume=services", "--assume=secrets", "--port-map=80=10080", "--partial"];
        assert_eq!(flags("--partial --port-map 80=10080 --assume services,secrets -n shop"), expected);
        assert_eq!(flags("-n shop --assume=services --assume=secrets --port-map=80=10080 --partial"), expected);
        assert_eq!(quoted("a b'c"), "'a b'\\''c'");
        assert_eq!(quoted("infra/web=a,b"), "infra/web=a,b");
    }
}

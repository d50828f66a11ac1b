//! How long a request may take to be compared with the expressions of a configuration, known before it is.
//!
//! No engine is faster in the worst case than one step for each instruction and byte: RE2 in Envoy is not, and neither is
//! Rust's here. Where that many steps are too many, nobody is told anything in place of an answer that takes minutes.

use crate::ir::{Config, Listener};
use crate::re2;

use super::request::Request;

/// The most steps that are taken for one request: below a second on a machine of today, at 7 ns each.
const MOST_STEPS: u64 = 100_000_000;

/// How many steps it takes to compile an instruction.
const STEPS_TO_COMPILE: u64 = 16;

/// The instructions of the expressions that one request may be compared with.
#[derive(Clone, Copy, Debug)]
pub struct Expressions {
    /// Those of the virtual host that has the most.
    most: u64,
}

impl Expressions {
    /// Those of a configuration.
    pub fn of(config: &Config) -> Self {
        let connections = config.listeners.iter().flat_map(Listener::http_connections);
        let hosts = connections.flat_map(|connection| &connection.virtual_hosts);
        let instructions = hosts.map(|host| {
            host.routes.iter().flat_map(|route| route.expressions()).map(of_expression).fold(0, u64::saturating_add)
        });
        Self { most: instructions.max().unwrap_or_default() }
    }

    /// Why a request is not compared with them; `None` where it is soon done.
    pub fn refuse(self, request: &Request) -> Option<String> {
        let longest = request.headers.iter().map(|(_, value)| value.len()).chain([request.target.len()]).max();
        let bytes = longest.unwrap_or_default() as u64;
        let steps = self.most.saturating_mul(bytes.saturating_add(STEPS_TO_COMPILE));
        (steps > MOST_STEPS).then(|| {
            format!(
                "the regular expressions of a host have up to {} instructions, and a value of the request has {bytes} \
                 bytes: to compare them may take longer than a second, here and in Envoy",
                self.most
            )
        })
    }
}

/// The instructions of an expression: a bound where that is low, which takes no time to know.
fn of_expression(pattern: &str) -> u64 {
    match re2::most_instructions(pattern) {
        few @ ..WORTH_COUNTING => few,
        _ => re2::instructions(pattern),
    }
}

/// From how many instructions on they are counted exactly.
const WORTH_COUNTING: u64 = 1_000;

#[cfg(test)]
mod tests {
    use super::{Expressions, MOST_STEPS};
    use crate::simulate::Request;

    #[test]
    fn what_would_take_minutes_is_refused_and_the_rest_is_not() {
        let request = |bytes: usize| Request::get(crate::port::Port::HTTP, "a.example.com", &"/".repeat(bytes));
        let expressions = Expressions { most: 60_000 };
        assert_eq!(expressions.refuse(&request(1_000)), None);
        let why = expressions.refuse(&request(2_000)).unwrap();
        assert!(why.contains("60000 instructions") && why.contains("2000 bytes"), "{why}");
        let mut long_header = request(1);
        long_header.headers.push(("x".to_owned(), "a".repeat(2_000)));
        assert!(expressions.refuse(&long_header).is_some());
        assert_eq!(Expressions { most: 0 }.refuse(&request(60_000)), None);
        assert!(Expressions { most: MOST_STEPS }.refuse(&request(1)).is_some());
    }
}

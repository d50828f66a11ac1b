//! The hand-written matchers against the API's regular expressions.

use proptest::prelude::*;
use regex::Regex;

use crate::parser::schema::pattern::PATTERNS;

/// Strings near the borders of all patterns.
const SAMPLES: &[&str] = &[
    "",
    "a",
    "1.2.3.4",
    "1.2.3.256",
    "001.2.3.4",
    "0001.2.3.4",
    "1.2.3",
    "::",
    ":::",
    "::1",
    ":1",
    ":1:2",
    ":1:2:3",
    "1:",
    "1::2",
    "1:2:3:4:5::6:7",
    "1:2:3:4:5:6::7",
    "1:2:3:4:5:6:7:8",
    "1:2:3:4:5:6:7:8:9",
    "1::2::3",
    "12345:1",
    "g:1",
    "1::2:3:4",
    "a.b.",
    "a..",
    "A",
    "0",
    "-",
    ".",
    "*",
    "*.",
    "*.a",
    "a.",
    ".a",
    "a.b",
    "a..b",
    "a-.b",
    "a-b.c",
    "a_b",
    "Hostname",
    "xHostname",
    "IPAddress",
    "xIPAddressx",
    "NamedAddress",
    "a/b",
    "/b",
    "a/",
    "A/b",
    "-/b",
    "a/b/c",
    "a-/b",
    "é/b",
    "a/é",
    "System",
    "system",
    "a/System",
    "a/-",
    "http://a",
    "https://*",
    "https://*.a",
    "http://a:1",
    "http://a:",
    "http://a:123456",
    "http://a/",
    "http://*a",
    "http://a.*.b",
    "http://",
    "spiffe://x",
    "a:/b",
    "://b",
    "1s",
    "1",
    "1h30m10s20ms",
    "1h30m10s20ms50h",
    "99999h",
    "100000h",
    "1.5h",
    "-1s",
    "0",
    "a b",
    "a  b",
    " a",
    "a ",
    "a\tb",
    "a\nb",
    "%20",
    "%2",
    "%zz",
    "/a?b",
    "/a#b",
    "a.b.C",
    "a.1b",
    ".a.b",
    "_a",
    "1a",
    "a\n",
    "\u{7f}",
    "tcp/UDP1",
    "example.com/foo_bar",
    "example.com/foo~bar%",
    "a:b",
    "HTTP",
    "x.y/z",
    "A.b/c",
    "x.y/z-",
    "x.y/-z",
];

#[test]
fn matchers_agree_with_their_expressions_on_border_cases() {
    let long = ["a".repeat(63), "a".repeat(64), format!("x/{}", "a".repeat(63)), format!("x/{}", "a".repeat(64))];
    for pattern in PATTERNS {
        let regex = Regex::new(pattern.regex).unwrap();
        for sample in SAMPLES.iter().copied().chain(long.iter().map(String::as_str)) {
            assert_eq!((pattern.matches)(sample), regex.is_match(sample), "{} and {sample:?}", pattern.noun);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 4000,
        failure_persistence: None,
        rng_seed: proptest::test_runner::RngSeed::Fixed(1),
        ..ProptestConfig::default()
    })]

    #[test]
    fn matchers_agree_with_their_expressions(sample in "[aZ0.*/:_%\\-~ \t\u{e9}hms1]{0,9}") {
        for pattern in PATTERNS {
            // Compiling is slow, and done once per process.
            static REGEXES: std::sync::LazyLock<Vec<Regex>> =
                std::sync::LazyLock::new(|| PATTERNS.iter().map(|pattern| Regex::new(pattern.regex).unwrap()).collect());
            let index = PATTERNS.iter().position(|other| std::ptr::eq(*other, *pattern)).unwrap();
            prop_assert_eq!((pattern.matches)(&sample), REGEXES[index].is_match(&sample), "{}", pattern.noun);
        }
    }
}

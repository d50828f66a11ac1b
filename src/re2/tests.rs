//! What Envoy 1.40 was measured to accept and to refuse (`--mode validate`),
//! by hand-written patterns; some 5,000 generated ones agreed as well.

use super::check;

/// Patterns that Envoy loads, also where other dialects differ.
const ACCEPTED: &[&str] = &[
    "a",
    "/api/v[0-9]+/.*",
    "^/a$",
    "^$",
    "$^",
    "|",
    "a|",
    "|a",
    "a||b",
    "()",
    "(?:)",
    "(a)",
    "((a)(b))",
    "a*?",
    "a+?",
    "a??",
    "a{2}?",
    "a{",
    "a{1",
    "a{1,",
    "a{,3}",
    "a{01}",
    "a{1,02}",
    "a{99999999999}",
    "a{}",
    "a{ 1}",
    "a{-1}",
    "{",
    "{2",
    "}",
    "]",
    "a{0}",
    "a{1000}",
    "(a{0}){2}",
    "(a{10}){100}",
    "(?:a{500}){2}",
    "(?:a{1000})*",
    "(?:a{1000})?",
    "(?:a{1000}){0,1}",
    "((a{10}){10}){10}",
    "(?:x{1000}|y)z{1000}",
    "^*",
    "$*",
    r"\b+",
    "a(?i)*",
    "a*(?i)*",
    "(?i:a)*",
    "(?i-s:a)",
    "(?-i)a",
    "(?ims)a",
    "(?U)a",
    "(?)a",
    "(?<n>a)",
    "(?P<n>a)",
    "(?P<n>a)(?P<n>b)",
    "(?P<1>c)",
    "(?P<ê>a)",
    r"\Qa*\E+",
    r"\Qabc",
    r"a\Q\E*",
    r"\z",
    r"\A",
    r"\C+",
    r"\pN",
    r"\PN",
    r"\p{Greek}",
    r"\p{^Greek}",
    r"\P{^Lu}",
    r"\p{Any}",
    r"[\pL\d]",
    "[[:alpha:]]",
    "[[:^alpha:]]",
    "[[:word:]]",
    "[[:alpha]]",
    "[[:]]",
    "[:alpha:]",
    "[a&&b]",
    "[]a]",
    "[^]a]",
    "[a-]",
    "[-a]",
    "[a-z-9]",
    "[[]",
    r"[\n-\r]",
    r"[\w-z]",
    r"[\x41-\x5a]",
    r"\x41",
    r"\x{41}",
    r"\x{000000ff}",
    r"\0",
    r"\012",
    r"\377",
    r"\12",
    r"\_",
    r"\-",
    r"\/",
    r"\a\f\v",
    "é*",
    "é{2}",
    "[é]",
    "[ü-à]",
    "😀",
];

/// Patterns that Envoy does not load, with the byte at which gwctl says so.
const REFUSED: &[(&str, usize)] = &[
    ("", 0),
    ("(?=a)", 0),
    ("a(?!b)", 1),
    ("(?<=a)b", 0),
    ("(?<!a)b", 0),
    ("(?>a)", 0),
    ("(?#c)", 0),
    ("(?x)a", 0),
    ("(?-u)a", 0),
    ("(?i-)a", 0),
    ("(?P=n)", 0),
    ("(?P<a-b>c)", 0),
    ("(?P<>a)", 0),
    ("(?P<n", 0),
    ("(?P<é>a)", 0),
    ("(?<", 0),
    ("(?i", 0),
    ("(?|a)", 0),
    ("(?R)", 0),
    (r"(a)\1", 3),
    (r"[\1]", 1),
    ("a++", 2),
    ("a*+", 2),
    ("a**", 2),
    ("a{2}{3}", 4),
    ("a{2}??", 5),
    ("*", 0),
    ("+a", 0),
    ("a|*", 2),
    ("(*)", 1),
    ("(?i)*", 4),
    (r"\Q\E*", 4),
    ("{2}", 0),
    ("a{3,2}", 1),
    ("a{1001}", 1),
    ("a{1001,}", 1),
    ("(?:a{501}){2}", 10),
    ("((a{10}){10}){11}", 13),
    ("(?:a{100,}){11}", 11),
    ("(a{2}|b{4}){251}", 11),
    (r"\Z", 0),
    (r"\h", 0),
    (r"\R", 0),
    (r"\K", 0),
    (r"a\E", 1),
    (r"\cA", 0),
    (r"\u0041", 0),
    (r"\x4", 0),
    (r"\x{}", 0),
    (r"\x{100}", 0),
    (r"\400", 0),
    (r"\8", 0),
    (r"\é", 0),
    ("é\\", 2),
    ("[", 0),
    ("a[b", 1),
    ("[]", 0),
    ("[a", 0),
    (r"[a-\d]", 3),
    (r"[\b]", 1),
    (r"[\z]", 1),
    ("[z-a]", 1),
    ("[é-z]", 1),
    ("[[:foo:]]", 1),
    (r"\p", 0),
    (r"\p{", 0),
    (r"\p{}", 0),
    (r"\p{greek}", 0),
    (r"\p{Nope}", 0),
    ("(a", 0),
    ("((a)", 0),
    ("a)", 1),
];

#[test]
fn what_envoy_loads_is_accepted() {
    for pattern in ACCEPTED {
        assert_eq!(check(pattern), Ok(()), "{pattern}");
    }
}

#[test]
fn what_envoy_refuses_is_refused_at_its_place() {
    for (pattern, offset) in REFUSED {
        let bad = check(pattern).expect_err(pattern);
        assert_eq!(bad.offset, Some(*offset), "{pattern}: {}", bad.message);
        assert!(pattern.is_char_boundary(*offset) && !bad.message.is_empty(), "{pattern}");
    }
}

#[test]
fn a_pattern_is_too_large_by_the_instructions_of_its_program() {
    let repeated = |count: usize| format!("(?:{}){{1000}}", "a".repeat(count));
    assert_eq!(check(&repeated(99)), Ok(()));
    let bad = check(&repeated(101)).expect_err("101,004 instructions");
    assert_eq!((bad.offset, bad.message.contains("101004")), (None, true), "{}", bad.message);
    assert!(check(&format!("(?:{}){{1000}}", "[adgj]".repeat(25))).is_err());
    // Alternatives that begin alike have their beginning once.
    let words: Vec<String> = (0..20_000).map(|word| format!("word{word:05}")).collect();
    assert_eq!(check(&words.join("|")), Ok(()));
}

#[test]
fn deep_nesting_needs_no_stack() {
    let depth = 40_000;
    assert_eq!(check(&format!("{}a{}", "(".repeat(depth), ")".repeat(depth))), Ok(()));
}

/// What Envoy 1.40 said of its programs (`re2.max_program_size.warn_level`).
#[test]
fn instructions_are_those_of_envoys_programs() {
    for (pattern, expected) in [
        ("a", 5),
        ("/a/.*", 9),
        ("[a-z]+", 6),
        ("a|b", 5),
        ("abc|abd", 7),
        ("(a)", 7),
        ("a?", 6),
        ("a*", 5),
        ("a{2,5}", 12),
        ("(ab){3}", 16),
        ("(?:ab){0,3}", 13),
        (".{3}", 10),
        (r"\w", 7),
        ("(?i)abc", 7),
        ("[é]", 6),
        ("é", 6),
        ("^/a$", 4),
        (r"\d{3}", 7),
        ("[a-zA-Z0-9_-]{1,63}", 318),
        ("/([a-z]{1,100}[0-9]?){9}/.*", 1835),
        ("(a?){1000}", 4004),
        (r"\pL", 11),
    ] {
        assert_eq!(super::instructions(pattern), expected, "{pattern}");
        assert!(super::most_instructions(pattern) >= expected || pattern.starts_with('^'), "{pattern}");
    }
}

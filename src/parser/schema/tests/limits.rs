//! For every row of the table values that it accepts and values that it
//! refuses, at the edges of each limit: lengths, bounds, counts, enumerations,
//! forms, types, identities, requirement and default. The forms have examples
//! written by hand.

use crate::diagnostics::FieldPath;
use crate::options::Channel;
use crate::parser::node::Node;
use crate::parser::schema::pattern::{PATTERNS, QUANTITY};
use crate::parser::schema::tests::policies::SPECS;
use crate::parser::schema::{Checker, Field, Identity, Integer, List, Map, Shape, Step, Text, Type, schemas};

/// A form by its noun, a start of strings that have it (which go on with any number of `a`), strings that have it, and
/// strings that do not.
type Form = (&'static str, &'static str, &'static [&'static str], &'static [&'static str]);

#[rustfmt::skip]
const FORMS: &[Form] = &[
    ("a DNS name", "", &["a", "0", "a-b.c", "1.2.3.4"], &["", "A", "*.a", "a.", ".a", "a..b", "-a", "a-", "a_b", "a b", "é", "a\n"]),
    ("a hostname", "", &["a", "*.a", "a.b", "1.2.3.4"], &["", "*", "*a", "*.", "*.*.a", "a.*", "A.b", "http://a", "a:80", "a/b"]),
    ("an API group", "", &["", "a", "a.b"], &["A", "*", "a/b", "-"]),
    ("a kind", "", &["a", "A", "Ab-1"], &["", "1a", "a-", "a.b", "*", "a_b"]),
    ("a namespace", "", &["a", "0-1"], &["", "A", "a.b", "-a", "a-"]),
    ("a DNS name with or without its last dot", "", &["a", "a.", "a-b.c.", "1.2.3.4"], &["", ".", "A", "*.a", "a..", ".a", "a b"]),
    ("an IP address", "", &["1.2.3.4", "001.2.3.4", "255.255.255.255", "::", ":1", "a::b", "1:2:3:4:5:6:7:8", "2001:db8:0::1"],
        &["", "a", "1.2.3", "1.2.3.256", "0001.2.3.4", "1.2.3.4.", ":::", "::1", "a:", "g::1", "12345::1", "1::2::3", "1:2:3:4:5:6:7:8:9"]),
    ("text of one line", "", &["", "a b", "é", "a\tb"], &["\n", "a\r", "\0"]),
    ("a label value", "", &["", "a", "A_b.c-1"], &["/b", "-a", "a-", "a b", "a/b"]),
    ("a header name", "", &["a", "X-Y", "!#$%&'*+-.^_`|~"], &["", "a b", "a:", "magic/", "é", "(a)", "a\t"]),
    ("a header value", "", &["a", "a b", "a\tb", "\"{}\""], &["", " a", "a ", "a  b", "a\nb", "é", "a\r\nb"]),
    ("a path", "", &["a", "/", "/a%20b", "~!$&'()*+,;=:@"], &["", "/[]", "/^", "%2", "%zz", "/a?b", "/a#b", "/a b"]),
    ("a duration", "", &["1h", "30m", "10s", "500ms", "0s", "1h30m10s20ms", "10s30m1h", "100ms200ms300ms", "99999h"],
        &["", "1", "1m1", "1d", "1h30m10s20ms50h", "999999h", "1.5h", "-15m", "100us", "500ns", "1 s", "s"]),
    ("a controller name", "a/", &["a/b", "a.b/c/d", "example.com/x~%!$&'()*+,;=:"], &["", "example", "/b", "a/", "A/b", "a/b c", "a/é"]),
    ("an address type", "a/", &["Hostname", "IPAddress", "NamedAddress", "a.b/c", "HostnameX", "xIPAddress"], &["", "hostname", "xHostname", "a", "/a", "a/", "A/b"]),
    ("a protocol", "", &["HTTP", "TCP", "a-b", "a.b/c"], &["", "-", "a_b", "a.b", "a/", "/a", "a/b-c"]),
    ("an absolute URI", "a://", &["a://b", "spiffe://a/b", "a://", "https://a?b#c"], &["", "a", "a:b", "://a", "/a://b", "a:/b"]),
    ("an origin", "http://", &["*", "http://a", "https://*", "https://*.a.b", "http://a:1", "http://A-b.c:65536"],
        &["", "a", "http://", "http://*a", "http://a*", "http://a.*.b", "http://a:", "http://a:111111", "http://a:x", "http://a/b", "spiffe://a", "a/http://b"]),
    ("a set of certificate authorities", "a/", &["System", "a.b/c"], &["", "system", "a", "/a", "a/", "a/b/c", "A/b", "a/-b"]),
    ("a qualified name", "", &["a", "a.b/c", "A_b.c-1"], &["", "/a", "a/", "a/b/c", "A/b", "-a", "a-", "*.a/b"]),
    ("a gRPC service name", "", &["a", ".a", "a.B.c_1", "_a", "\u{17f}", "\u{212a}ey"], &["", ".", "a.", "1a", "a.1", "a-b", "a/b", "é"]),
    ("a range of addresses", "1.2.3.4/5", &["10.0.0.0/8", "01.2.3.4/999", "x1.2.3.4/5", "1::/16", "::/0", "x::1/128", "1:2:3:4:5:6:7:8/9", "fe80::1%eth0/64", "fe80:%0/1", "::ffff:1.2.3.4/5", "a/1.2.3.4/5"],
        &["", "1.2.3.4", "1.2.3.4/", "1.2.3.4/x", "1.2.3/8", "1.2.3.256/8", "1.2..4/8", "1:2/8", "1:/8", ":/8", "1:2:3:4:5:6:7/8", ":::1:2:3:4:5:6:7:8g/9", "fe80::1%/64", "fe80::1%a-b/64", "fe90::1%eth0/64", "x/8"]),
    ("an origin with its scheme", "a://", &["*", "http://a", "https://*.a.b", "app+1.2-3://a_b", "http://*", "http://a:12345", "http://*:1"],
        &["", "a", "://a", "1a://b", "a_b://c", "http://", "http://a.*", "http://*a", "http://a.", "http://a..b", "http://a:", "http://a:123456", "http://a/b", "http://é"]),
    ("a size", "1", &["1", "10", "32Ki", "5k", "1E", "1Ei", "100M"], &["", "0", "01", "-1", "1.5", "1K", "1ki", "1Mii", "Mi", "1 M", "1m", "1e3"]),
    ("bytes in base64", "", &["aaaa", "aa==", "aaa=", "+/09", "aaaaaa=="], &["", "a", "aaa", "a===", "aa=a", "====", "aaaa=", "aa aa", "aa_a", "éé"]),
    ("a plain name", "", &["a", "X-Y-1", "-"], &["", "a_b", "a.b", "a b", "é", "a\n"]),
    ("the code of a country", "a", &["DE", "us", "aB"], &["", "a", "abc", "D1", "é"]),
    ("the name of a module", "", &["a", "a-b.c", "0..1"], &["", "-a", "a.", "A", "a_b", "é"]),
    ("the name of an attribute", "request.", &["request.", "source.address", "xds.route_name", "connection.a_1"],
        &["", "request", "request.A", "request.a0", "xds.cluster_name", "a.request.b", "request.a.b", "metadata.a", "request.a\n"]),
    ("a gRPC method name", "", &["a", "_", "Get_1"], &["", "1a", "a.b", "a-b", "é", "\u{17f}"]),
];

#[test]
fn no_form_lacks_examples() {
    let nouns: Vec<&str> = FORMS.iter().map(|(noun, ..)| *noun).collect();
    assert_eq!(nouns, PATTERNS.iter().map(|pattern| pattern.noun).collect::<Vec<_>>());
    for ((noun, start, good, bad), pattern) in FORMS.iter().zip(PATTERNS) {
        let regex = regex::Regex::new(pattern.regex).unwrap();
        let long = format!("{start}{}", "a".repeat(40));
        let has_long = !["a duration", "an IP address", "a size", "the code of a country"].contains(noun);
        for (samples, is_good) in [(*good, true), (&[long.as_str()], has_long), (*bad, false)] {
            for sample in samples {
                assert_eq!((pattern.matches)(sample), is_good, "{noun} {sample:?}");
                assert_eq!(regex.is_match(sample), is_good, "{noun} {sample:?}, by the expression of the API");
            }
        }
    }
}

/// Values of one type, and those with the code that refuses them.
#[derive(Default)]
struct Samples {
    good: Vec<Node>,
    bad: Vec<(Node, &'static str)>,
}

fn word(text: impl Into<String>) -> Node {
    Node::String(text.into())
}

impl Samples {
    fn of(ty: &Type, channel: Channel) -> Self {
        let mut samples = Self::default();
        match ty {
            Type::Text(text) => samples.text(text),
            Type::Integer(integer) => samples.integer(integer),
            Type::Boolean => samples.good.extend([true, false].map(Node::Bool)),
            Type::Number | Type::Any => samples.good.extend([Node::Int(1), Node::Float(1.5)]),
            Type::IntOrText => samples.good.extend([Node::Int(1), word("x")]),
            Type::Quantity => samples.quantity(),
            Type::List(list) => samples.list(list, channel),
            Type::Map(map) => samples.map(map, channel),
            Type::Object(_) => samples.good.extend(smallest(ty, 0, channel)),
        }
        samples.wrong_types(ty);
        samples
    }

    fn text(&mut self, Text { min, max, pattern, values }: &Text) {
        let form = pattern.and_then(|pattern| FORMS.iter().find(|(noun, ..)| *noun == pattern.noun));
        let has_length = |text: &&&str| (*min..=max.unwrap_or(usize::MAX)).contains(&text.chars().count());
        if let Some((_, start, good, bad)) = form {
            self.good.extend(good.iter().filter(has_length).copied().map(word));
            self.bad.extend(bad.iter().filter(has_length).map(|text| (word(*text), "GW1007")));
            let of_length = |length: usize| format!("{start}{}", "a".repeat(length - start.len()));
            if let Some(max) = *max {
                self.bad.push((word(of_length(max + 1)), "GW1006"));
                // Of some forms no string has the greatest length.
                let longest = Some(of_length(max)).filter(|text| pattern.is_some_and(|form| (form.matches)(text)));
                self.good.extend(longest.map(word));
            }
        } else if values.is_empty() {
            self.good.extend([*min, max.unwrap_or(10_000)].map(|length| word("é".repeat(length))));
            self.bad.extend(max.map(|max| (word("é".repeat(max + 1)), "GW1006")));
        } else {
            self.good.extend(values.iter().map(|value| word(*value)));
            let wrong =
                values.iter().map(|value| value.to_lowercase()).filter(|lower| !values.contains(&lower.as_str()));
            self.bad.extend(wrong.chain(["Unknown".to_owned(), String::new()]).map(|text| (word(text), "GW1005")));
        }
        if *min > 0 {
            self.bad.push((word(""), "GW1006"));
        }
    }

    fn quantity(&mut self) {
        let (_, _, good, bad) = FORMS.iter().find(|(noun, ..)| *noun == QUANTITY.noun).unwrap();
        self.good.extend(good.iter().copied().map(word));
        self.good.extend([i64::MIN, 0, i64::MAX].map(Node::Int));
        self.bad.extend(bad.iter().map(|text| (word(*text), "GW1007")));
    }

    fn integer(&mut self, Integer { min, max, is_32_bit, values }: &Integer) {
        if !values.is_empty() {
            self.good.extend(values.iter().copied().map(Node::Int));
            self.bad.extend([0, 200, i64::MAX].map(|number| (Node::Int(number), "GW1005")));
            return;
        }
        let (min, max) =
            if *is_32_bit { ((*min).max(i64::from(i32::MIN)), (*max).min(i64::from(i32::MAX))) } else { (*min, *max) };
        self.good.extend([min, max].map(Node::Int));
        let beyond = [min.checked_sub(1), max.checked_add(1)].into_iter().flatten();
        self.bad.extend(beyond.map(|number| (Node::Int(number), "GW1006")));
    }

    fn list(&mut self, list: &List, channel: Channel) {
        // Rules may forbid what the list itself allows: they are shown elsewhere.
        let List { items, min, max, identity, rules: _ } = list;
        let distinct = |count: usize| -> Option<Node> {
            let items: Option<Vec<Node>> = (0..count).map(|number| smallest(items, number, channel)).collect();
            Some(Node::List(items?))
        };
        self.good.extend(distinct(*min));
        self.good.extend(max.and_then(distinct));
        self.bad.extend(max.and_then(|max| distinct(max + 1)).map(|list| (list, "GW1006")));
        self.bad.extend(min.checked_sub(1).and_then(distinct).map(|list| (list, "GW1006")));
        let twice = || smallest(items, 0, channel).map(|item| Node::List(vec![item.clone(), item]));
        match identity {
            Identity::Atomic if *max == Some(1) => {}
            Identity::Atomic => self.good.extend(twice()),
            Identity::Set | Identity::Keys(_) => self.bad.extend(twice().map(|list| (list, "GW1008"))),
        }
        self.bad.push((Node::List(vec![Node::Null]), "GW1003"));
    }

    fn map(&mut self, Map { values, max }: &Map, channel: Channel) {
        let entries = |count: usize| -> Option<Node> {
            let value = smallest(values, 0, channel)?;
            Some(Node::Map((0..count).map(|number| (format!("k{number}"), value.clone())).collect()))
        };
        self.good.extend(entries(0));
        self.good.extend(entries(max.unwrap_or(100)));
        self.bad.extend(max.and_then(|max| entries(max + 1)).map(|map| (map, "GW1006")));
        for (value, code) in Self::of(values, channel).bad {
            if value != Node::Null {
                self.bad.push((Node::Map(vec![("k".to_owned(), value)]), code));
            }
        }
    }

    fn wrong_types(&mut self, ty: &Type) {
        let wrong = [
            word("x"),
            Node::Int(1),
            Node::Float(1.5),
            Node::Bool(true),
            Node::List(Vec::new()),
            Node::Map(Vec::new()),
        ];
        for node in wrong {
            let code = match (ty, &node) {
                (Type::Text(_), Node::String(_))
                | (Type::Integer(_), Node::Int(_))
                | (Type::Boolean, Node::Bool(_))
                | (Type::Number, Node::Int(_) | Node::Float(_))
                | (Type::IntOrText | Type::Quantity, Node::Int(_) | Node::String(_))
                | (Type::Any, _)
                | (Type::List(_), Node::List(_))
                | (Type::Map(_) | Type::Object(_), Node::Map(_)) => continue,
                (Type::Text(_), Node::Bool(_)) => "GW1011",
                _ => "GW1003",
            };
            self.bad.push((node, code));
        }
    }
}

/// A small value of a type; those of different `number` are told apart where the type allows it.
fn smallest(ty: &Type, number: usize, channel: Channel) -> Option<Node> {
    Some(match ty {
        Type::Text(Text { values, .. }) if !values.is_empty() => word(*values.get(number)?),
        Type::Text(Text { pattern, .. }) => match pattern.map(|pattern| pattern.noun) {
            Some("a duration") => word(format!("{}s", number + 1)),
            Some(noun) => {
                let (_, start, ..) = FORMS.iter().find(|(known, ..)| *known == noun)?;
                word(format!("{start}a{}", "b".repeat(number.min(200))))
            }
            None => word(format!("x{number}")),
        },
        Type::Integer(Integer { values, .. }) if !values.is_empty() => Node::Int(*values.get(number)?),
        Type::Integer(Integer { min, .. }) => Node::Int((*min).max(0) + i64::try_from(number).ok()?),
        Type::Boolean => Node::Bool(true),
        Type::Number | Type::IntOrText | Type::Quantity | Type::Any => Node::Int(1),
        Type::List(List { items, min, .. }) => {
            Node::List((0..*min).map(|inner| smallest(items, inner, channel)).collect::<Option<_>>()?)
        }
        Type::Map(_) => Node::Map(Vec::new()),
        Type::Object(shape) => {
            let needed = shape.fields.iter().filter(|field| field.required && field.presence.is_in(channel));
            let mut entries: Vec<(String, Node)> = needed
                .map(|field| Some((field.name.to_owned(), smallest(&field.ty, number, channel)?)))
                .collect::<Option<_>>()?;
            complete(shape, number, &mut entries);
            Node::Map(entries)
        }
    })
}

/// What the rules of some shapes want beside the required fields.
fn complete(shape: &Shape, number: usize, entries: &mut Vec<(String, Node)>) {
    let has = |name: &str| shape.fields.iter().any(|field| field.name == name);
    let mut put = |name: &str, value: Node| {
        entries.retain(|(known, _)| known != name);
        entries.push((name.to_owned(), value));
    };
    if has("clientCertificateRef") && has("mode") {
        put("mode", word("None"));
    }
    if has("certificateRefs") {
        put("mode", word("Passthrough"));
    }
    if has("extensionRef") && (has("cors") || has("requestMirror")) {
        put("type", word("ExtensionRef"));
        let reference = ["group", "kind", "name"].map(|name| (name.to_owned(), word("a")));
        put("extensionRef", Node::Map(reference.into()));
    }
    if has("wellKnownCACertificates") {
        put("wellKnownCACertificates", word("System"));
    }
    if has("subjectAltNames") || has("numerator") {
        return;
    }
    if has("uri") && has("hostname") {
        put("type", word("Hostname"));
        put("hostname", word("a"));
    }
    if has("replaceFullPath") {
        put("type", word("ReplaceFullPath"));
        put("replaceFullPath", word("/"));
    }
    if has("protocol") && has("grpc") {
        put("protocol", word("GRPC"));
        put("grpc", Node::Map(Vec::new()));
    }
    if has("service") {
        put("service", word("a"));
    }
    if (has("weight") && has("kind")) || (has("port") && has("kind") && !has("sectionName")) {
        put("port", Node::Int(i64::try_from(number).unwrap() + 1));
    }
    if has("externalHostname") {
        put("externalHostname", Node::Map(vec![("hostname".to_owned(), word("a"))]));
    }
}

/// The codes at `path` that are not about rules.
fn codes_at(value: &Node, ty: &Type, channel: Channel) -> Vec<(String, FieldPath)> {
    let mut checker = Checker::new(channel);
    let mut value = value.clone();
    checker.value(&mut value, ty, &Step::Root.field("x"));
    let found = checker.finish().into_told().filter(|problem| problem.code.id() != "GW1009");
    found.map(|problem| (problem.code.id().to_owned(), problem.path)).collect()
}

/// Calls `visit` with every shape of the table.
fn shapes(visit: &mut dyn FnMut(&'static Shape)) {
    fn walk(ty: &'static Type, seen: &mut Vec<*const Shape>, visit: &mut dyn FnMut(&'static Shape)) {
        match ty {
            Type::List(list) => walk(&list.items, seen, visit),
            Type::Map(map) => walk(&map.values, seen, visit),
            Type::Object(shape) => {
                if !seen.contains(&std::ptr::from_ref(*shape)) {
                    seen.push(std::ptr::from_ref(*shape));
                    visit(shape);
                    shape.fields.iter().for_each(|field| walk(&field.ty, seen, visit));
                }
            }
            Type::Text(_)
            | Type::Integer(_)
            | Type::Boolean
            | Type::Number
            | Type::IntOrText
            | Type::Quantity
            | Type::Any => {}
        }
    }
    let mut seen = Vec::new();
    for spec in schemas().iter().map(|schema| schema.spec).chain(SPECS.map(|(_, spec)| spec)) {
        visit(spec);
        spec.fields.iter().for_each(|field| walk(&field.ty, &mut seen, visit));
    }
}

#[test]
fn every_row_accepts_and_refuses_at_the_edges_of_its_limits() {
    let (mut accepted, mut refused) = (0, 0);
    shapes(&mut |shape| {
        for channel in [Channel::Standard, Channel::Experimental] {
            for field in shape.fields.iter().filter(|field| field.presence.is_in(channel)) {
                let samples = Samples::of(&field.ty, channel);
                let has_bad = !samples.bad.is_empty() || matches!(field.ty, Type::Any);
                assert!(!samples.good.is_empty() && has_bad, "`{}` lacks an example", field.name);
                for good in &samples.good {
                    assert_eq!(codes_at(good, &field.ty, channel), [], "{}: {good:?}", field.name);
                }
                for (bad, code) in &samples.bad {
                    let found = codes_at(bad, &field.ty, channel);
                    assert!(found.iter().any(|(id, _)| id == code), "{}: {bad:?}: {found:?}", field.name);
                }
                accepted += samples.good.len();
                refused += samples.bad.len();
            }
        }
    });
    assert!(accepted > 1000 && refused > 2000, "{accepted} accepted, {refused} refused");
}

#[test]
fn every_row_is_required_or_has_its_default_or_may_be_left_out() {
    shapes(&mut |shape| {
        for channel in [Channel::Standard, Channel::Experimental] {
            let Some(Node::Map(entries)) = smallest(&Type::Object(shape), 0, channel) else { continue };
            for field in shape.fields.iter().filter(|field| field.presence.is_in(channel)) {
                let without: Vec<_> = entries.iter().filter(|(name, _)| name != field.name).cloned().collect();
                for is_null in [false, true] {
                    let mut entries = without.clone();
                    if is_null {
                        entries.push((field.name.to_owned(), Node::Null));
                    }
                    let mut checker = Checker::new(channel);
                    let mut value = Node::Map(entries);
                    checker.value(&mut value, &Type::Object(shape), &Step::Root);
                    let codes: Vec<&str> = checker.finish().iter().map(|problem| problem.code.id()).collect();
                    judge_absent(field, &value, &codes);
                }
            }
        }
    });
}

fn judge_absent(field: &Field, value: &Node, codes: &[&str]) {
    let Field { name, ty: _, required, default, presence: _ } = field;
    assert_eq!(codes.contains(&"GW1004"), *required && default.is_none(), "`{name}`: {codes:?}");
    match default {
        Some(default) => {
            // The default is completed like a value of the user's.
            let filled = value.get(name);
            let given = default.to_node();
            let is_kept = |filled: &Node| match &given {
                Node::Map(entries) => entries.iter().all(|(key, value)| filled.get(key) == Some(value)),
                given => filled == given || matches!(given, Node::List(_)),
            };
            assert!(filled.is_some_and(is_kept), "`{name}`: {filled:?} in place of {given:?}");
        }
        None => assert_eq!(value.get(name), None, "`{name}`"),
    }
}

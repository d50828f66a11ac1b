use std::path::Path;
use std::time::Duration;

use super::{CaseFile, FormatError, HttpVersion, Mirrors};
use crate::proving::Scheme;

const HEAD: &str = "requests:\n- name: one\n";

fn case(rest: &str) -> Result<CaseFile, FormatError> {
    CaseFile::parse(&format!("{HEAD}{rest}"))
}

#[test]
fn the_documented_example_is_read() {
    let file = case(
        "  gateway: infra/edge
  request:
    method: POST
    url: http://api.example.com:8080/api//httpbin/%2f?x=1
    headers: {version: v2, n: 1, accept: [a, b]}
    http: 2
    host: API.example.com.
  expect:
    status: 200
    backend: httpbin/httpbin:8000
    upstream: {path: /delay/1?x=1, host: api.example.com, headers: {authorization: Bearer k}, absent: [x-debug]}
    response: {headers: {x-served-by: edge}, absent: [server-timing]}
    redirect: https://www.example.com/new
    mirrors: [shop/audit:80]
    within: {min: 500ms, max: 1.5s}
",
    )
    .expect("the example");
    let case = &file.requests[0];
    let url = &case.request.url;
    assert_eq!((url.scheme, url.host.as_str(), url.port), (Scheme::Http, "api.example.com", 8080));
    assert_eq!(url.path, "/api//httpbin/%2f?x=1");
    assert_eq!(case.request.http, HttpVersion::Http2);
    let lines: Vec<_> = case.request.headers.0.iter().map(|(name, lines)| (name.as_str(), lines.join("|"))).collect();
    assert_eq!(lines, [("version", "v2".to_owned()), ("n", "1".to_owned()), ("accept", "a|b".to_owned())]);
    let window = case.expect.within.expect("a window");
    assert_eq!((window.min, window.max), (Duration::from_millis(500), Duration::from_millis(1500)));
    assert_eq!(case.expect.mirrors, Some(Mirrors::All(vec!["shop/audit:80".to_owned()])));
}

#[test]
fn a_url_without_port_or_path_gets_the_defaults() {
    let file = case("  request: {url: 'http://a.test?x'}\n  expect: {status: 404}\n").expect("a case");
    let url = &file.requests[0].request.url;
    assert_eq!((url.port, url.path.as_str()), (80, "/?x"));
    let file = case("  request: {url: 'http://[::1]/'}\n  expect: {status: 404}\n").expect("a case");
    assert_eq!(file.requests[0].request.url.host, "[::1]");
}

#[test]
fn every_mistake_is_refused_at_its_place() {
    let url = "  request: {url: 'http://a.test/'}\n";
    for (text, line, words) in [
        ("  request:\n    url: ftp://a.test/\n  expect: {status: 200}\n", 4, "http://"),
        ("  request:\n    url: http://a.test:99999/\n  expect: {status: 200}\n", 4, "`99999` is not a port"),
        ("  request:\n    url: 'http://a.test/#x'\n  expect: {status: 200}\n", 4, "fragment"),
        ("  request:\n    url: http:///x\n  expect: {status: 200}\n", 4, "no host"),
        (&format!("{url}  expect:\n    stauts: 200\n"), 5, "unknown field `stauts`"),
        (&format!("{url}  expect: {{}}\n"), 4, "empty"),
        (&format!("{url}  expect:\n    backends: {{a: 50, b: 60}}\n"), 5, "110 percent"),
        (&format!("{url}  expect:\n    backends: {{a: 50, a: 50}}\n"), 5, "twice"),
        (&format!("{url}  expect:\n    within: 2m\n"), 5, "`2m`"),
        (&format!("{url}  expect:\n    response:\n      headers:\n        'a b': c\n"), 7, "header name"),
        (&format!("{url}  expect:\n    response:\n      headers:\n        a: 1.10\n"), 7, "quote"),
        (&format!("{url}  expect:\n    response:\n      headers:\n        a: x\n        A: y\n"), 7, "twice"),
        (&format!("{url}  expect:\n    backend: a\n    backends: {{b: 100}}\n"), 5, "exclude"),
    ] {
        let error = case(text).expect_err(text);
        assert!(error.message.contains(words), "{text}: {error}");
        // The format's reader knows the place of a scalar, and of the mapping around a whole.
        assert!((line - 1..=line + 1).contains(&error.line), "{text}: {error}");
    }
}

#[test]
fn two_cases_of_one_name_are_refused() {
    let one = "  request: {url: 'http://a.test/'}\n  expect: {status: 404}\n";
    let error = case(&format!("{one}- name: one\n{one}")).expect_err("twins");
    assert!(error.message.contains("`one`"), "{error}");
}

#[test]
fn case_files_are_recognised_by_content() {
    assert!(CaseFile::recognises("# c\nrequests:\n- name: x\n"));
    assert!(!CaseFile::recognises("kind: Gateway\nrequests: 1\n"));
    assert!(!CaseFile::recognises("spec:\n  requests: []\n"));
}

#[test]
fn what_would_test_something_else_is_refused() {
    let file = |head: &str, repeat: &str| {
        format!(
            "{head}\nrequests:\n- {{name: a, {repeat}request: {{url: 'http://a.test/'}}, expect: {{status: 200}}}}\n"
        )
    };
    assert!(CaseFile::parse(&file("down: [shop/a:80]", "repeat: 1, ")).is_ok());
    for (head, repeat, words) in [
        ("", "repeat: 0, ", "`repeat` is 1 at least"),
        ("down: [nonsense]", "", "`down`: `nonsense` is no Service port"),
        ("unresolved: [a/b]", "", "`unresolved`: `a/b` is no Service port"),
        ("backendTls: {'a/b:0': {certificate: x}}", "", "`backendTls`: `a/b:0` is no Service port"),
        ("down: ['127.0.0.1:80']", "", "`down`: `127.0.0.1:80` is no Service port"),
    ] {
        let error = CaseFile::parse(&file(head, repeat)).unwrap_err();
        assert!(error.message.contains(words), "{head}: {error}");
    }
    let kept = CaseFile::parse(&file("keepEndpoints: true\ndown: ['127.0.0.1:80', shop/a:80]", "")).unwrap();
    assert_eq!(kept.service_ports().collect::<Vec<_>>(), [("down", "shop/a:80")]);
}

#[test]
fn a_file_that_does_not_exist_is_named() {
    let missing = |head: &str, tls: &str| {
        let text = format!(
            "{head}\nrequests:\n- {{name: a, request: {{url: 'https://a.test/'{tls}}}, expect: {{status: 200}}}}\n"
        );
        CaseFile::parse(&text).unwrap().in_folder(Path::new("src")).missing_file()
    };
    assert_eq!(missing("", ""), None);
    assert_eq!(missing("", ", tls: {ca: lib.rs}"), None);
    assert_eq!(missing("", ", tls: {ca: gone.crt}"), Some("src/gone.crt".into()));
    assert_eq!(missing("pki: gone", ""), Some("src/gone".into()));
    assert_eq!(missing("backendTls: {'a/b:80': {certificate: gone.crt}}", ""), Some("src/gone.crt".into()));
}

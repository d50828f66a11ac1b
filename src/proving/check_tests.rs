use std::sync::Arc;
use std::time::Duration;

use super::{Outcome, bounds, check};
use crate::proving::cases::{CaseFile, RequestCase};
use crate::proving::client::Reply;
use crate::proving::journal::Received;

fn case(expect: &str) -> RequestCase {
    let text = format!("requests:\n- name: x\n  request: {{url: 'http://a.test/'}}\n  expect: {expect}\n");
    // Short names are read here, which `CaseFile::parse` refuses.
    serde_yaml::from_str::<CaseFile>(&text).expect("a case").requests.remove(0)
}

fn received(backend: &str) -> Arc<Received> {
    Arc::new(Received {
        backend: backend.to_owned(),
        method: "GET".to_owned(),
        path: "//x?y".to_owned(),
        version: "HTTP/1.1".to_owned(),
        host: Some("a.test".to_owned()),
        headers: vec![("k".to_owned(), "1".to_owned()), ("k".to_owned(), "2".to_owned())],
        body_length: 0,
        body: String::new(),
        tls: None,
        tunnel: None,
        order: 0,
    })
}

fn outcome(status: u16, backend: Option<&str>, reached: &[&str]) -> Outcome {
    let mut headers = vec![("location".to_owned(), "http://b.test/".to_owned())];
    headers.extend(backend.map(|name| ("x-echo-backend".to_owned(), name.to_owned())));
    let reply = Reply {
        status,
        headers,
        body: b"hi".to_vec(),
        truncated: false,
        trailers: Default::default(),
        elapsed: Duration::from_secs(1),
        tls: None,
    };
    Outcome {
        reply: Ok(reply),
        received: reached.iter().map(|name| received(name)).collect(),
        asked: Vec::new(),
        strayed: Vec::new(),
    }
}

#[test]
fn what_is_as_expected_raises_nothing() {
    let expect = "{status: 302, backend: a, upstream: {path: //x?y, host: a.test, method: GET, http: 1.1,
        headers: {k: [1, 2]}, absent: [z]}, redirect: http://b.test/, mirrors: [m], attempts: 2, body: hi, within: 2s,
        response: {absent: [server]}}";
    assert_eq!(check(&case(expect), &[outcome(302, Some("a"), &["a", "m", "a"])]), []);
}

#[test]
fn every_field_can_fail() {
    for (expect, subject) in [
        ("{status: 200}", "status"),
        ("{backend: b}", "backend"),
        ("{upstream: {path: /x?y}}", "upstream path"),
        ("{upstream: {host: b.test}}", "upstream host"),
        ("{upstream: {method: PUT}}", "upstream method"),
        ("{upstream: {http: 2}}", "upstream http"),
        ("{upstream: {body: x}}", "upstream body"),
        ("{upstream: {headers: {k: 1}}}", "upstream header k"),
        ("{upstream: {absent: [K]}}", "upstream header K"),
        ("{response: {headers: {location: x}}}", "response header location"),
        ("{response: {absent: [location]}}", "response header location"),
        ("{redirect: 'http://c.test/'}", "location"),
        ("{mirrors: []}", "mirrors"),
        ("{mirrors: [m, n]}", "mirrors"),
        ("{attempts: 1}", "attempts"),
        ("{body: ho}", "body"),
        ("{truncated: true}", "body"),
        ("{within: 500ms}", "time"),
        ("{within: {min: 1500ms, max: 2s}}", "time"),
    ] {
        let mismatches = check(&case(expect), &[outcome(302, Some("a"), &["a", "m", "a"])]);
        let subjects: Vec<_> = mismatches.iter().map(|mismatch| mismatch.subject.as_str()).collect();
        assert_eq!(subjects, [subject], "{expect}");
    }
}

#[test]
fn no_answer_is_a_mismatch_whatever_is_expected() {
    let outcome = Outcome {
        reply: Err("closed".to_owned().into()),
        received: Vec::new(),
        asked: Vec::new(),
        strayed: Vec::new(),
    };
    let mismatches = check(&case("{status: 200}"), &[outcome]);
    assert_eq!((mismatches[0].subject.as_str(), mismatches[0].actual.as_str()), ("answer", "closed"));
}

#[test]
fn a_copy_to_the_backend_that_answers_is_seen() {
    assert_eq!(check(&case("{mirrors: [a]}"), &[outcome(200, Some("a"), &["a", "a"])]), []);
    assert_eq!(check(&case("{mirrors: [a]}"), &[outcome(200, Some("a"), &["a"])]).len(), 1);
}

#[test]
fn shares_are_judged_by_five_deviations() {
    assert_eq!(bounds(0.5, 2000), (889, 1111));
    assert_eq!(bounds(0.0, 2000), (0, 0));
    assert_eq!(bounds(1.0, 2000), (2000, 2000));
    let answers = |a: usize, errors: usize| -> Vec<Outcome> {
        let first = (0..a).map(|_| outcome(200, Some("a"), &["a"]));
        first.chain((0..errors).map(|_| outcome(500, None, &[]))).collect()
    };
    let case = case("{backends: {a: 50, 'status:500': 50}}");
    assert_eq!(check(&case, &answers(1050, 950)), []);
    assert_eq!(check(&case, &answers(1120, 880)).len(), 2);
    let mut stray = answers(1000, 999);
    stray.push(outcome(404, None, &[]));
    let mismatches = check(&case, &stray);
    assert_eq!((mismatches.len(), mismatches[0].subject.as_str()), (1, "share of status:404"));
}

#[test]
fn mirror_percentages_are_judged_over_all_requests() {
    let half: Vec<_> =
        (0..2000).map(|n| outcome(200, Some("a"), if n % 2 == 0 { &["a", "m"] } else { &["a"] })).collect();
    assert_eq!(check(&case("{mirrors: {m: 50}}"), &half), []);
    assert_eq!(check(&case("{mirrors: {m: 30}}"), &half).len(), 1);
}

#[test]
fn a_share_is_tied_to_what_came_with_it() {
    let answers = |a: usize, errors: usize| -> Vec<Outcome> {
        let first = (0..a).map(|_| outcome(200, Some("a"), &["a"]));
        first.chain((0..errors).map(|_| outcome(500, None, &[]))).collect()
    };
    let expect = |upstream: &str| {
        case(&format!(
            "{{outcomes: [{{percent: 70, backend: a, upstream: {upstream}}}, {{percent: 30, status: 500}}]}}"
        ))
    };
    assert_eq!(check(&expect("{}"), &answers(1400, 600)), []);
    let mismatches = check(&expect("{path: /never}"), &answers(1400, 600));
    let subjects: Vec<_> = mismatches.iter().map(|mismatch| mismatch.subject.as_str()).collect();
    assert_eq!(subjects, ["outcome of 1 (a)", "outcome of another kind, such as a"]);
}

#[test]
fn attempts_are_counted_for_each_request_and_for_all() {
    let twice = || outcome(200, Some("a/b:80"), &["a/b:80", "a/b:80"]);
    let once = || outcome(200, Some("a/b:80"), &["a/b:80", "a/mirror:80"]);
    for (expect, holds) in [
        ("{attempts: 2}", false),
        ("{attempts: {min: 1, max: 2}}", true),
        ("{totalAttempts: 3}", true),
        ("{totalAttempts: {min: 4}}", false),
    ] {
        let mismatches = check(&case(expect), &[twice(), once()]);
        assert_eq!(mismatches.is_empty(), holds, "{expect}: {mismatches:?}");
    }
}

#[test]
fn the_order_of_those_reached_counts_and_patterns_match_whole_lines() {
    let outcomes = [outcome(200, Some("a/b:80"), &["a/auth:80", "a/b:80"])];
    for (expect, holds) in [
        ("{reached: ['a/auth:80', 'a/b:80']}", true),
        ("{reached: ['a/b:80', 'a/auth:80']}", false),
        ("{response: {matching: {location: 'http://[a-z.]+/'}}}", true),
        ("{response: {matching: {location: 'http:'}}}", false),
        ("{response: {matching: {x-none: '.*'}}}", false),
        ("{upstream: {matching: {k: '[2]'}}}", true),
    ] {
        let mismatches = check(&case(expect), &outcomes);
        assert_eq!(mismatches.is_empty(), holds, "{expect}: {mismatches:?}");
    }
}

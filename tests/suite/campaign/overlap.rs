//! Rules that take some requests together, and edits that change which of them goes first.

use serde_json::{Value, json};

use super::random::Random;

/// Two conditions of one rank, with a request that meets both: its target and its headers.
pub(crate) struct Overlap {
    conditions: [&'static str; 2],
    pub(crate) target: &'static str,
    pub(crate) headers: &'static [(&'static str, &'static str)],
}

pub(crate) const OVERLAPS: &[Overlap] = &[
    Overlap {
        conditions: [
            r#"{"headers": [{"name": "cookie", "type": "RegularExpression", "value": ".*a=1.*"}]}"#,
            r#"{"headers": [{"name": "cookie", "type": "RegularExpression", "value": ".*b=2.*"}]}"#,
        ],
        target: "/",
        headers: &[("cookie", "a=1; b=2")],
    },
    Overlap {
        conditions: [
            r#"{"headers": [{"name": "user-agent", "type": "RegularExpression", "value": ".*iPhone.*"}]}"#,
            r#"{"headers": [{"name": "user-agent", "type": "RegularExpression", "value": ".*Safari.*"}]}"#,
        ],
        target: "/a",
        headers: &[("user-agent", "iPhone Safari")],
    },
    Overlap {
        conditions: [
            r#"{"path": {"type": "RegularExpression", "value": "/a.*"}}"#,
            r#"{"path": {"type": "RegularExpression", "value": "/.*b"}}"#,
        ],
        target: "/ab",
        headers: &[],
    },
    Overlap {
        conditions: [
            r#"{"path": {"type": "RegularExpression", "value": "/[^/]+/x.*"}}"#,
            r#"{"path": {"type": "RegularExpression", "value": "/y/[^/]+.*"}}"#,
        ],
        target: "/y/xx",
        headers: &[],
    },
    Overlap {
        conditions: [r#"{"headers": [{"name": "x", "value": "1"}]}"#, r#"{"headers": [{"name": "yy", "value": "1"}]}"#],
        target: "/",
        headers: &[("x", "1"), ("yy", "1")],
    },
    Overlap {
        conditions: [
            r#"{"queryParams": [{"name": "q", "value": "1"}]}"#,
            r#"{"queryParams": [{"name": "r", "type": "RegularExpression", "value": "[0-9]+"}]}"#,
        ],
        target: "/?q=1&r=1",
        headers: &[],
    },
    // These two have no request in common.
    Overlap {
        conditions: [
            r#"{"path": {"type": "RegularExpression", "value": "/c.*"}}"#,
            r#"{"path": {"type": "RegularExpression", "value": "/d.*"}}"#,
        ],
        target: "/c",
        headers: &[],
    },
];

/// Puts two rules that overlap into a route of the documents, or one of them into a copy of it with another name.
pub(crate) fn add(documents: &mut Vec<Value>, random: &mut Random) {
    let Some(place) = pick(documents, random) else { return };
    let Overlap { conditions, .. } = &OVERLAPS[random.below(OVERLAPS.len())];
    let rule = |conditions: &str, service: &str| {
        let conditions: Value = serde_json::from_str(conditions).unwrap_or_default();
        json!({"matches": [conditions], "backendRefs": [{"name": service, "port": 80}]})
    };
    let [one, other] = [rule(conditions[0], "s1"), rule(conditions[1], "s2")];
    let Some(rules) = documents[place]["spec"]["rules"].as_array_mut() else { return };
    rules.insert(0, one);
    if random.once_in(2) {
        rules.insert(1, other);
        return;
    }
    let mut copy = documents[place].clone();
    copy["metadata"]["name"] = json!(format!("mm{}", documents.len()));
    copy["spec"]["rules"] = json!([other]);
    documents.push(copy);
}

/// Changes which rules go first, and nothing else: another name or namespace order of a route, a rule that moves to a route
/// of its own, or two rules that change places.
pub(crate) fn exchange(documents: &mut Vec<Value>, random: &mut Random) {
    let Some(place) = pick(documents, random) else { return };
    let route = &mut documents[place];
    let name = format!("{}{}", random.pick(&["a-", "zz-"]), route["metadata"]["name"].as_str().unwrap_or_default());
    match random.below(4) {
        0 => route["metadata"]["name"] = json!(name),
        1 => {
            route["metadata"]["creationTimestamp"] =
                json!(random.pick(&["2020-01-01T00:00:00Z", "2021-01-01T00:00:00Z"]))
        }
        2 => {
            let mut copy = route.clone();
            let Some(rules) = route["spec"]["rules"].as_array_mut().filter(|rules| rules.len() > 1) else { return };
            let moved = rules.remove(random.below(rules.len()));
            copy["metadata"]["name"] = json!(name);
            copy["spec"]["rules"] = json!([moved]);
            documents.push(copy);
        }
        _ => {
            let Some(rules) = route["spec"]["rules"].as_array_mut().filter(|rules| rules.len() > 1) else { return };
            let (one, other) = (random.below(rules.len()), random.below(rules.len()));
            rules.swap(one, other);
        }
    }
}

/// A random HTTPRoute.
fn pick(documents: &[Value], random: &mut Random) -> Option<usize> {
    let routes: Vec<usize> = documents
        .iter()
        .enumerate()
        .filter(|(_, document)| document["kind"] == "HTTPRoute")
        .map(|(place, _)| place)
        .collect();
    (!routes.is_empty()).then(|| random.pick(&routes))
}

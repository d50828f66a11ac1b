//! What is left of an object that the API server would refuse, so that one
//! mistake does not keep everything else from being judged.
//!
//! Input: the spec of a Gateway, a class, a ListenerSet, a route or a policy, checked as far as it
//! goes, with its problems. Output: the spec without what is wrong with it, and
//! the parts that are missing from it. What else has a number in a list keeps
//! it. A part that is missing must not make others look wrong: a rule or a
//! parentRef is left out as a whole, and a listener without its hostname, its TLS settings or
//! whom it admits takes whatever comes. One without its port or its protocol keeps its place in
//! the list, where it is in nobody's way. Of a policy it stays known what it is about. An unknown field costs nothing else.

use crate::diagnostics::{FieldPath, Segment, codes};
use crate::options::Channel;
use crate::parser::manifests::Kind;
use crate::parser::node::Node;
use crate::parser::schema::{Checker, Problem, Problems, Schema, Step, Type};
use crate::path;

/// The fields of a spec without which nothing of it can be judged.
const CONTENT: [&str; 4] = ["rules", "listeners", "hostnames", "parentRefs"];

/// From which port on a listener that cannot be decoded has one that no other listener of its object is likely to have.
const NOBODYS_PORTS: usize = 61_000;

/// Completes a spec without its mistakes; the parts that are left out, or nothing where too little is left.
pub(super) fn recover(
    spec: &mut Node,
    schema: &'static Schema,
    problems: &Problems,
    channel: Channel,
) -> Option<Vec<FieldPath>> {
    // Of a mistake that was only counted nobody knows what it is about.
    if problems.hide(|problem| problem.is_error() && problem.code != codes::UNKNOWN_FIELD) {
        return None;
    }
    let mut missing = Vec::new();
    for problem in problems.iter().filter(|problem| problem.is_error()) {
        let Some((Segment::Field(top), below)) = problem.path.0.split_first() else { return None };
        // The check takes unknown fields away; what is wrong with the metadata is none of the spec's.
        if top != "spec" || problem.code == codes::UNKNOWN_FIELD {
            continue;
        }
        if let Some(part) = leave_out(spec, schema.kind, below, problem)?
            && !missing.contains(&part)
        {
            missing.push(part);
        }
    }
    // Defaults are due where something was put in the place of another.
    let mut checker = Checker::new(channel);
    checker.value(spec, &Type::Object(schema.spec), &Step::Root.field("spec"));
    Some(missing)
}

/// Takes one mistake away: the part that is missing now, `Some(None)` where nothing is, `None` where nothing can be
/// done.
fn leave_out(spec: &mut Node, kind: Kind, below: &[Segment], problem: &Problem) -> Option<Option<FieldPath>> {
    if kind.is_policy() {
        return leave_out_of_policy(spec, kind, below, problem);
    }
    if kind == Kind::GatewayClass {
        return leave_out_of_class(spec, below, problem);
    }
    let is_route = kind.name().ends_with("Route");
    let has_listeners = matches!(kind, Kind::Gateway | Kind::ListenerSet);
    if !is_route && !has_listeners {
        return None;
    }
    match below {
        // How many there are, or how they go together, keeps nobody from reading each.
        [] => (problem.code == codes::BROKEN_RULE).then_some(None),
        [Segment::Field(_)] if is_about_count(problem) => Some(None),
        [Segment::Field(list), Segment::Index(at), ..] if is_route && list == "rules" => {
            *item(spec, "rules", *at)? = Node::Map(content_of_rule(kind));
            Some(Some(path!["spec", "rules", *at]))
        }
        // How the references go together keeps nobody from following each.
        [Segment::Field(list), Segment::Index(_)] if list == "parentRefs" && problem.code == codes::BROKEN_RULE => {
            Some(None)
        }
        [Segment::Field(list), Segment::Index(at), ..] if is_route && list == "parentRefs" => {
            *item(spec, "parentRefs", *at)? = nobody();
            Some(Some(path!["spec", "parentRefs", *at]))
        }
        [Segment::Field(list), Segment::Index(at), ..] if is_route && list == "hostnames" => {
            replace_hostname(spec, *at)?;
            Some(Some(path!["spec", "hostnames", *at]))
        }
        [Segment::Field(list), Segment::Index(at), field @ ..] if has_listeners && list == "listeners" => {
            relax_listener(item(spec, "listeners", *at)?, *at, field)?;
            Some(Some(path!["spec", "listeners", *at]))
        }
        [Segment::Field(field), ..] if !CONTENT.contains(&&**field) => {
            remove(spec, field)?;
            if field == "allowedListeners" {
                set(spec, field, vec![("namespaces".to_owned(), everywhere())])?;
            }
            if field == "gatewayClassName" {
                put(spec, field, Node::String(String::new()))?;
            }
            Some(Some(path!["spec", field.to_string()]))
        }
        _ => None,
    }
}

/// The same of a policy. What it sets is not known then, and what it is about is.
fn leave_out_of_policy(spec: &mut Node, kind: Kind, below: &[Segment], problem: &Problem) -> Option<Option<FieldPath>> {
    match below {
        // Of a kind that needs no field something is left of whatever is written: that it is there.
        [] if kind.is_option() => {
            *spec = Node::Map(Vec::new());
            Some(Some(path!["spec"]))
        }
        [] => (problem.code == codes::BROKEN_RULE).then_some(None),
        [Segment::Field(_)] if is_about_count(problem) => Some(None),
        [Segment::Field(list), Segment::Index(_)] if list == "targetRefs" && problem.code == codes::BROKEN_RULE => {
            Some(None)
        }
        [Segment::Field(list), Segment::Index(at), ..] if list == "targetRefs" => {
            *item(spec, "targetRefs", *at)? = nobody();
            Some(Some(path!["spec", "targetRefs", *at]))
        }
        [Segment::Field(list), ..] if list == "targetRefs" && !kind.is_option() => None,
        [Segment::Field(field), ..] => {
            remove(spec, field)?;
            if field == "validation" {
                let entry = |name: &str, value: &str| (name.to_owned(), Node::String(value.to_owned()));
                let words = vec![entry("hostname", "unreadable"), entry("wellKnownCACertificates", "unreadable")];
                put(spec, field, Node::Map(words))?;
            }
            Some(Some(path!["spec", field.to_string()]))
        }
        [Segment::Index(_), ..] => None,
    }
}

/// The same of a class.
fn leave_out_of_class(spec: &mut Node, below: &[Segment], problem: &Problem) -> Option<Option<FieldPath>> {
    match below {
        [] => (problem.code == codes::BROKEN_RULE).then_some(None),
        [Segment::Field(field), ..] => {
            remove(spec, field)?;
            if field == "controllerName" {
                put(spec, field, Node::String(String::new()))?;
            }
            Some(Some(path!["spec", field.to_string()]))
        }
        [Segment::Index(_), ..] => None,
    }
}

/// Whether the items of a list are read, and there are too many, too few or two of a kind.
fn is_about_count(problem: &Problem) -> bool {
    problem.code == codes::OUT_OF_BOUNDS || problem.code == codes::BROKEN_RULE
}

/// Lets a listener take whatever comes where it says whom it takes.
fn relax_listener(listener: &mut Node, at: usize, field: &[Segment]) -> Option<()> {
    if !matches!(listener, Node::Map(_)) {
        *listener = Node::Map(Vec::new());
        return ["name", "port", "protocol"].iter().try_for_each(|field| replace_in_listener(listener, at, field));
    }
    match field.first() {
        // Two of a name, or a rule about the whole.
        None => Some(()),
        Some(Segment::Field(field)) if field == "hostname" || field == "tls" => remove(listener, field),
        Some(Segment::Field(field)) if field == "allowedRoutes" => {
            remove(listener, field)?;
            set(listener, field, vec![("namespaces".to_owned(), everywhere())])
        }
        Some(Segment::Field(field)) => replace_in_listener(listener, at, field),
        Some(Segment::Index(_)) => None,
    }
}

/// Says something that is in nobody's way where a listener does not say what it has to.
fn replace_in_listener(listener: &mut Node, at: usize, field: &str) -> Option<()> {
    let value = match field {
        "name" if listener.get("name").and_then(Node::as_str).is_some() => return Some(()),
        // Nobody can have named it.
        "name" => Node::String(String::new()),
        "port" => Node::Int(i64::try_from(NOBODYS_PORTS + at).ok()?),
        "protocol" => {
            let ends_tls = listener.get("tls").is_some();
            Node::String(if ends_tls { "HTTPS" } else { "HTTP" }.to_owned())
        }
        _ => return None,
    };
    remove(listener, field)?;
    put(listener, field, value)
}

/// Says another hostname of the route twice; without one the route would be for every host.
fn replace_hostname(spec: &mut Node, at: usize) -> Option<()> {
    let is_hostname = |text: &&str| crate::parser::schema::pattern::is_subdomain(text.trim_start_matches("*."));
    let list = spec.get("hostnames")?.as_list()?;
    let other = list.iter().filter_map(Node::as_str).find(is_hostname)?.to_owned();
    *item(spec, "hostnames", at)? = Node::String(other);
    Some(())
}

fn item<'n>(spec: &'n mut Node, list: &str, at: usize) -> Option<&'n mut Node> {
    let Node::Map(entries) = spec else { return None };
    let (_, list) = entries.iter_mut().find(|(name, _)| name == list)?;
    let Node::List(items) = list else { return None };
    items.get_mut(at)
}

/// What a rule cannot be decoded without.
fn content_of_rule(kind: Kind) -> Vec<(String, Node)> {
    match kind {
        Kind::TLSRoute | Kind::TCPRoute | Kind::UDPRoute => vec![("backendRefs".to_owned(), Node::List(Vec::new()))],
        _ => Vec::new(),
    }
}

/// A parent that attaches nothing, in place of one that cannot be read: without any, a route would be one that nobody
/// has ever attached.
fn nobody() -> Node {
    let entry = |name: &str, value: &str| (name.to_owned(), Node::String(value.to_owned()));
    Node::Map(vec![entry("group", "gwctl.dev"), entry("kind", "Unreadable"), entry("name", "unreadable")])
}

/// Every namespace.
fn everywhere() -> Node {
    Node::Map(vec![("from".to_owned(), Node::String("All".to_owned()))])
}

fn set(node: &mut Node, field: &str, entries: Vec<(String, Node)>) -> Option<()> {
    put(node, field, Node::Map(entries))
}

fn put(node: &mut Node, field: &str, value: Node) -> Option<()> {
    let Node::Map(all) = node else { return None };
    all.push((field.to_owned(), value));
    Some(())
}

fn remove(node: &mut Node, field: &str) -> Option<()> {
    let Node::Map(entries) = node else { return None };
    entries.retain(|(name, _)| name != field);
    Some(())
}

use std::sync::Arc;

use proptest::prelude::*;

use super::{FEWEST_IN_TREE, MOST_COPIES, RouteTree};
use crate::ir::{Action, HeaderMatch, ObjectName, Origin, PathMatch, Route, RouteMatch, RouteName, ValuePattern};
use crate::re2;

fn route(path: PathMatch, header: Option<&str>) -> Arc<Route> {
    let object = ObjectName { kind: "httproute", namespace: "a".into(), name: "b".into() };
    let header = header.map(|value| HeaderMatch { name: "x".into(), value: ValuePattern::Exact(value.to_owned()) });
    let matches =
        RouteMatch { path, method: None, headers: header.into_iter().collect(), query: Vec::new(), grpc: false };
    let name = RouteName { route: Arc::new(object), rule: 0, index: 0 };
    Arc::new(Route { name, matches: Arc::new(matches), action: Arc::new(Action::Respond(200)), origin: Origin(0) })
}

/// Whether a request takes a route, as Envoy compares the two.
fn takes(route: &Route, target: &str, header: &str) -> bool {
    let path = target.split('?').next().unwrap_or_default();
    let is_path = match &route.matches.path {
        PathMatch::Exact(exact) => path == exact,
        PathMatch::Prefix(prefix) if prefix.is_empty() => path.starts_with('/'),
        PathMatch::Prefix(prefix) => {
            path.strip_prefix(prefix.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        }
        PathMatch::Regex(pattern) => {
            let pattern = re2::translate(pattern.as_bytes()).unwrap();
            regex::bytes::RegexBuilder::new(&format!("^(?:{pattern})$"))
                .unicode(false)
                .build()
                .unwrap()
                .is_match(path.as_bytes())
        }
    };
    let is_header = route.matches.headers.iter().all(|one| one.value == ValuePattern::Exact(header.to_owned()));
    is_path && is_header
}

/// The position of the route that takes a request: of a list, and of the tree.
fn both(routes: &[Arc<Route>], tree: &RouteTree, target: &str, header: &str) -> (Option<usize>, Option<usize>) {
    let keys = tree.branches.iter().filter(|(key, _)| target.starts_with(key.as_str()));
    let list = keys.max_by_key(|(key, _)| key.len()).map_or(&tree.rest, |(_, list)| list);
    let in_tree = list.iter().copied().find(|position| takes(&routes[*position], target, header));
    (routes.iter().position(|route| takes(route, target, header)), in_tree)
}

fn path() -> impl Strategy<Value = PathMatch> {
    let segments = || proptest::collection::vec("a|b|ab|abc|c", 1..4).prop_map(|all| format!("/{}", all.join("/")));
    prop_oneof![
        4 => segments().prop_map(PathMatch::Prefix),
        3 => segments().prop_map(PathMatch::Exact),
        1 => segments().prop_map(|text| PathMatch::Regex(format!("{text}[a-c]*(/.*)?"))),
    ]
}

/// Paths, of which few are for whatever begins with anything.
fn routes() -> impl Strategy<Value = Vec<Arc<Route>>> {
    let own =
        (path(), proptest::option::weighted(0.3, "1|2")).prop_map(|(path, header)| route(path, header.as_deref()));
    let any = prop_oneof![
        Just(PathMatch::Prefix(String::new())),
        Just(PathMatch::Regex("(?i)/AB.*".to_owned())),
        Just(PathMatch::Regex("/(a|b)/?.*|/c".to_owned())),
    ];
    let any = (any, proptest::option::weighted(0.7, "1|2")).prop_map(|(path, header)| route(path, header.as_deref()));
    let all = (proptest::collection::vec(own, FEWEST_IN_TREE), proptest::collection::vec(any, 0..3));
    all.prop_map(|(own, any)| [own, any].concat()).prop_shuffle()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_tree_answers_like_the_list(
        routes in routes(),
        targets in proptest::collection::vec(("(/(a|b|ab|abc|c|ABc|)){1,4}(\\?/a)?", "1|2|3"), 1..40),
    ) {
        let Some(tree) = RouteTree::of(&routes) else { return Err(TestCaseError::reject("a list")) };
        for (target, header) in targets {
            let (list, tree) = both(&routes, &tree, &target, &header);
            prop_assert_eq!(list, tree, "{} {}", target, header);
        }
    }
}

#[test]
fn short_lists_and_those_for_any_path_stay_lists() {
    let own = |count| (0..count).map(|number| route(PathMatch::Exact(format!("/{number:03}")), None));
    let any = |count| (0..count).map(|_| route(PathMatch::Prefix(String::new()), Some("1")));
    let tree = |own: &mut dyn Iterator<Item = Arc<Route>>, more| {
        let routes: Vec<_> = own.chain(any(more)).collect();
        RouteTree::of(&routes)
    };
    assert_eq!(tree(&mut own(FEWEST_IN_TREE - 1), 0), None);
    assert_eq!(tree(&mut own(FEWEST_IN_TREE), MOST_COPIES), None);
    let tree = tree(&mut own(FEWEST_IN_TREE), 2).unwrap();
    assert_eq!((tree.branches.len(), tree.longest(), tree.rest), (FEWEST_IN_TREE, 3, vec![100, 101]));
    assert_eq!(tree.branches[7], ("/007".to_owned(), vec![7, 100, 101]));
}

#[test]
fn what_an_expression_begins_with() {
    let begin = |pattern| re2::beginning(pattern);
    assert_eq!(begin("/api/v[0-9]+/x"), "/api/v");
    assert_eq!(begin("^/api$"), "/api");
    assert_eq!(begin("(/api)/.*"), "/api");
    assert_eq!(begin("/api?"), "/ap");
    assert_eq!((begin("(?i)/api"), begin("/a|/b"), begin(".*")), ("/".to_owned(), String::new(), String::new()));
    // Of a character of several bytes that varies the beginning is none of a text.
    assert_eq!(begin("/\\xc3[\\xa0-\\xbf]"), "/");
}

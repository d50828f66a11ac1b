//! Generated Gateways, routes and requests, and smaller versions of them.

use std::fmt::Write as _;

use gwctl::simulate::Request;

use super::random::Random;

const HOSTS: &[&str] = &["", "*.example.com", "a.example.com", "*.b.example.com", "other.test"];
const EXACT: &[&str] = &["/", "/a", "/a/", "/a/b", "/a.b", "/b%20c", "/A"];
const PREFIX: &[&str] = &["/", "/a", "/a/", "/a/b", "/b", "/a.b"];
const PATTERN: &[&str] = &["/a/[0-9]+", "/(a|b)/.*", "/a.b", "/[^/]+/b", "/a|/b", "(?i)/A/B", "/[[:alpha:]]{1,2}"];
const VALUES: &[&str] = &["'1'", "'2'", "'a,b'", "x y"];
const VALUE_PATTERNS: &[&str] = &["'[0-9]+'", "'a.*'", "'[^1]'", "'1|2'"];
const SERVICES: &[&str] = &["s1", "s2", "s3"];

/// A configuration; every part of it can be left out.
#[derive(Clone)]
pub(crate) struct Plan {
    listeners: Vec<(u16, String)>,
    routes: Vec<Route>,
}

#[derive(Clone)]
struct Route {
    hostnames: Vec<String>,
    rules: Vec<Rule>,
}

#[derive(Clone)]
struct Rule {
    /// Each match in flow style.
    matches: Vec<String>,
    /// Each filter in flow style.
    filters: Vec<String>,
    /// Each backendRef in flow style.
    backends: Vec<String>,
}

impl Plan {
    pub(crate) fn generate(random: &mut Random) -> Self {
        let mut listeners: Vec<(u16, String)> = Vec::new();
        for _ in 0..=random.below(4) {
            let listener = (random.pick(&[8080, 8081, 80]), random.pick(HOSTS).to_owned());
            if !listeners.contains(&listener) {
                listeners.push(listener);
            }
        }
        let routes = (0..=random.below(6)).map(|_| Route::generate(random)).collect();
        Self { listeners, routes }
    }

    /// The manifests.
    pub(crate) fn yaml(&self) -> String {
        let mut text = String::from(
            "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: edge}\nspec:\n  gatewayClassName: any\n  listeners:\n",
        );
        for (index, (port, host)) in self.listeners.iter().enumerate() {
            let hostname = if host.is_empty() { String::new() } else { format!(", hostname: '{host}'") };
            let _ = writeln!(text, "  - {{name: l{index}, protocol: HTTP, port: {port}{hostname}}}");
        }
        for service in SERVICES {
            let _ = write!(
                text,
                "---\napiVersion: v1\nkind: Service\nmetadata: {{name: {service}}}\nspec: {{ports: [{{port: 80}}]}}\n"
            );
        }
        for (index, Route { hostnames, rules }) in self.routes.iter().enumerate() {
            let _ = write!(
                text,
                "---\napiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {{name: r{index}}}\nspec:\n  parentRefs: [{{name: edge}}]\n"
            );
            if !hostnames.is_empty() {
                let _ = writeln!(text, "  hostnames: ['{}']", hostnames.join("', '"));
            }
            text.push_str("  rules:\n");
            for Rule { matches, filters, backends } in rules {
                let _ = writeln!(text, "  - matches: [{}]", matches.join(", "));
                if !filters.is_empty() {
                    let _ = writeln!(text, "    filters: [{}]", filters.join(", "));
                }
                if !backends.is_empty() {
                    let _ = writeln!(text, "    backendRefs: [{}]", backends.join(", "));
                }
            }
        }
        text
    }

    /// The plan without its part number `place`; `None` when it has no more parts.
    pub(crate) fn without(&self, place: usize) -> Option<Self> {
        let mut plan = self.clone();
        let mut left = place;
        if remove(&mut plan.routes, &mut left, 1) {
            return Some(plan);
        }
        for route in &mut plan.routes {
            if remove(&mut route.rules, &mut left, 1) {
                return Some(plan);
            }
            for rule in &mut route.rules {
                let removed = remove(&mut rule.matches, &mut left, 1)
                    || remove(&mut rule.filters, &mut left, 0)
                    || remove(&mut rule.backends, &mut left, 1);
                if removed {
                    return Some(plan);
                }
            }
            if remove(&mut route.hostnames, &mut left, 0) {
                return Some(plan);
            }
        }
        remove(&mut plan.listeners, &mut left, 1).then_some(plan)
    }

    /// A request that has a good chance to meet something.
    pub(crate) fn request(&self, random: &mut Random) -> Request {
        let (port, _) = random.pick(&self.listeners);
        let hosts =
            ["a.example.com", "x.example.com", "y.b.example.com", "b.example.com", "other.test", "example.com", "zz"];
        let mut host = random.pick(&hosts).to_owned();
        match random.below(10) {
            0 => host.make_ascii_uppercase(),
            1 => host.push('.'),
            2 => host.push_str(":8080"),
            3 => host.push_str(":80"),
            _ => {}
        }
        let mut path =
            random.pick(&[EXACT, PREFIX, &["/a/12", "/b/x", "/c/b", "/axb", "/a/b/c", "/ab"]].concat()).to_owned();
        match random.below(12) {
            0 => path.push_str("/x"),
            1 => path.push('/'),
            2 => path = path.replace('/', "//"),
            3 => path.push_str("/../b"),
            4 => path = path.replacen("/b", "%2Fb", 1),
            5 => path = path.replace('a', "%61"),
            6 => path.push_str("/./%2e"),
            7 => path.push_str(";p=1"),
            _ => {}
        }
        if !path.starts_with('/') {
            path.insert(0, '/');
        }
        let query = random.some(&["q=1", "q=2", "r=1", "q", "r=a,b", "q=%31", "r=x%20y"], 3);
        if !query.is_empty() {
            path.push('?');
            path.push_str(&query.join("&"));
        }
        let mut request = Request::get(port, &host, &path);
        request.method = random.pick(&["GET", "GET", "GET", "POST", "PUT", "HEAD"]).to_owned();
        for line in random.some(
            &[
                ("x-v", "1"),
                ("x-v", "2"),
                ("X-W", "a,b"),
                ("x-w", "x y"),
                ("x-v", "abc"),
                ("x-set", "own"),
                ("x-add", "own"),
            ],
            4,
        ) {
            request.headers.push((line.0.to_owned(), line.1.to_owned()));
        }
        if random.once_in(3) {
            request.headers.push(("x-echo-header".to_owned(), "x-r1=backend".to_owned()));
        }
        if random.once_in(25) {
            request.headers.push(("x_under".to_owned(), "1".to_owned()));
        }
        request
    }
}

/// Removes the item that `left` counts down to, unless the list would get shorter than `least`.
fn remove<T>(list: &mut Vec<T>, left: &mut usize, least: usize) -> bool {
    if list.len() <= least {
        return false;
    }
    if *left < list.len() {
        list.remove(*left);
        return true;
    }
    *left -= list.len();
    false
}

impl Route {
    fn generate(random: &mut Random) -> Self {
        let mut hostnames: Vec<String> = random.some(&HOSTS[1..], 2).into_iter().map(str::to_owned).collect();
        hostnames.sort();
        hostnames.dedup();
        let rules = (0..=random.below(3)).map(|_| Rule::generate(random)).collect();
        Self { hostnames, rules }
    }
}

impl Rule {
    fn generate(random: &mut Random) -> Self {
        let mut matches = Vec::new();
        let mut prefix = None;
        for _ in 0..=random.below(2) {
            let (text, own) = generate_match(random);
            matches.push(text);
            prefix = own;
        }
        let may_replace_prefix = matches.len() == 1 && prefix.is_some();
        let (mut filters, mut backends) = (Vec::new(), Vec::new());
        if random.once_in(5) {
            filters.push(redirect(random, may_replace_prefix));
        } else {
            for _ in 0..=random.below(3) {
                backends.push(backend(random));
            }
            if random.once_in(3) {
                filters.push(rewrite(random, may_replace_prefix));
            }
            if random.once_in(3) {
                filters.push(headers(random, "RequestHeaderModifier", &["x-set", "x-add", "x-v"]));
            }
        }
        if random.once_in(3) {
            filters.push(headers(random, "ResponseHeaderModifier", &["x-r1", "x-r2"]));
        }
        Self { matches, filters, backends }
    }
}

/// A match, and whether it is one on a prefix.
fn generate_match(random: &mut Random) -> (String, Option<()>) {
    let (kind, value) = match random.below(4) {
        0 => ("Exact", random.pick(EXACT)),
        1 => ("RegularExpression", random.pick(PATTERN)),
        _ => ("PathPrefix", random.pick(PREFIX)),
    };
    let mut text = format!("{{path: {{type: {kind}, value: '{value}'}}");
    if random.once_in(5) {
        let _ = write!(text, ", method: {}", random.pick(&["GET", "POST"]));
    }
    for (list, names) in [("headers", ["x-v", "X-W"]), ("queryParams", ["q", "r"])] {
        if random.once_in(3) {
            let used = if random.once_in(3) { 2 } else { 1 };
            let values: Vec<String> = names.iter().take(used).map(|name| value_match(random, name)).collect();
            let _ = write!(text, ", {list}: [{}]", values.join(", "));
        }
    }
    text.push('}');
    (text, (kind == "PathPrefix").then_some(()))
}

fn value_match(random: &mut Random, name: &str) -> String {
    if random.once_in(3) {
        format!("{{type: RegularExpression, name: {name}, value: {}}}", random.pick(VALUE_PATTERNS))
    } else {
        format!("{{name: {name}, value: {}}}", random.pick(VALUES))
    }
}

fn backend(random: &mut Random) -> String {
    let name = if random.once_in(6) { "gone".to_owned() } else { random.pick(SERVICES).to_owned() };
    let weight = random.pick(&[1, 1, 2, 3, 0, 10]);
    let filters = if random.once_in(4) {
        let name = random.pick(&["RequestHeaderModifier", "ResponseHeaderModifier"]);
        let names: &[&str] = if name.starts_with("Request") { &["x-set", "x-add"] } else { &["x-r1", "x-r2"] };
        format!(", filters: [{}]", headers(random, name, names))
    } else {
        String::new()
    };
    format!("{{name: {name}, port: 80, weight: {weight}{filters}}}")
}

fn headers(random: &mut Random, kind: &str, names: &[&str]) -> String {
    let member = format!("{}{}", kind[..1].to_lowercase(), &kind[1..]);
    let (name, other) = (random.pick(names), names[0]);
    let change = match random.below(4) {
        0 => format!("set: [{{name: {name}, value: 'set 50 %'}}]"),
        1 => format!("add: [{{name: {name}, value: added}}]"),
        2 => format!("remove: [{name}]"),
        _ if name != other => format!("remove: [{other}], add: [{{name: {name}, value: more}}]"),
        _ => format!("set: [{{name: {name}, value: one}}]"),
    };
    format!("{{type: {kind}, {member}: {{{change}}}}}")
}

fn path(random: &mut Random, may_replace_prefix: bool) -> String {
    if may_replace_prefix && random.once_in(2) {
        let value = random.pick(&["/", "/new", "/new/", "/v2/x"]);
        format!("path: {{type: ReplacePrefixMatch, replacePrefixMatch: '{value}'}}")
    } else {
        format!("path: {{type: ReplaceFullPath, replaceFullPath: '{}'}}", random.pick(&["/full", "/", "/full/path"]))
    }
}

fn rewrite(random: &mut Random, may_replace_prefix: bool) -> String {
    let path = path(random, may_replace_prefix);
    match random.below(3) {
        0 => "{type: URLRewrite, urlRewrite: {hostname: new.test}}".to_owned(),
        1 => format!("{{type: URLRewrite, urlRewrite: {{{path}}}}}"),
        _ => format!("{{type: URLRewrite, urlRewrite: {{hostname: new.test, {path}}}}}"),
    }
}

fn redirect(random: &mut Random, may_replace_prefix: bool) -> String {
    let mut parts = vec![format!("statusCode: {}", random.pick(&[301, 302, 303, 307, 308]))];
    if random.once_in(2) {
        parts.push(format!("scheme: {}", random.pick(&["http", "https"])));
    }
    if random.once_in(3) {
        parts.push("hostname: to.test".to_owned());
    }
    if random.once_in(3) {
        parts.push(format!("port: {}", random.pick(&[80, 443, 8443])));
    }
    if random.once_in(2) {
        parts.push(path(random, may_replace_prefix));
    }
    format!("{{type: RequestRedirect, requestRedirect: {{{}}}}}", parts.join(", "))
}

//! Generated filters.

use serde_json::{Value, json};

use super::gateway::MIRRORS;
use super::random::Random;

/// The origins that filters allow and requests come from.
pub(crate) const ORIGINS: &[&str] = &["https://www.foo.com", "http://x.bar.com:8080", "https://deep.x.bar.com"];

/// Changes to the headers of requests or of responses.
pub(crate) fn headers(random: &mut Random, kind: &str, names: &[&str]) -> Value {
    let member = format!("{}{}", kind[..1].to_lowercase(), &kind[1..]);
    let (name, other) = (random.pick(names), names[0]);
    let change = match random.below(4) {
        0 => json!({"set": [{"name": name, "value": "set 50 %"}]}),
        1 => json!({"add": [{"name": name, "value": "added"}]}),
        2 => json!({"remove": [name]}),
        _ if name != other => json!({"remove": [other], "add": [{"name": name, "value": "more"}]}),
        _ => json!({"set": [{"name": name, "value": "one"}]}),
    };
    json!({"type": kind, member: change})
}

fn path(random: &mut Random, may_replace_prefix: bool) -> Value {
    if may_replace_prefix && random.once_in(2) {
        let value = random.pick(&["/", "/new", "/new/", "/v2/x", ""]);
        json!({"type": "ReplacePrefixMatch", "replacePrefixMatch": value})
    } else {
        json!({"type": "ReplaceFullPath", "replaceFullPath": random.pick(&["/full", "/", "/full/path"])})
    }
}

/// Another host or path for the backend.
pub(crate) fn rewrite(random: &mut Random, may_replace_prefix: bool) -> Value {
    let path = path(random, may_replace_prefix);
    let rewrite = match random.below(3) {
        0 => json!({"hostname": "new.test"}),
        1 => json!({"path": path}),
        _ => json!({"hostname": "new.test", "path": path}),
    };
    json!({"type": "URLRewrite", "urlRewrite": rewrite})
}

/// An answer that sends the client elsewhere.
pub(crate) fn redirect(random: &mut Random, may_replace_prefix: bool) -> Value {
    let mut redirect = json!({"statusCode": random.pick(&[301, 302, 303, 307, 308])});
    if random.once_in(2) {
        redirect["scheme"] = json!(random.pick(&["http", "https"]));
    }
    if random.once_in(3) {
        redirect["hostname"] = json!("to.test");
    }
    if random.once_in(3) {
        redirect["port"] = json!(random.pick(&[80, 443, 8443]));
    }
    if random.once_in(2) {
        redirect["path"] = path(random, may_replace_prefix);
    }
    json!({"type": "RequestRedirect", "requestRedirect": redirect})
}

/// A copy to another Service.
pub(crate) fn mirror(random: &mut Random) -> Value {
    let mut mirror = json!({"backendRef": {"name": random.pick(MIRRORS), "port": 80}});
    match random.below(4) {
        0 => mirror["percent"] = json!(random.pick(&[50, 0, 25])),
        1 => mirror["fraction"] = json!({"numerator": 1, "denominator": random.pick(&[2, 3])}),
        _ => {}
    }
    json!({"type": "RequestMirror", "requestMirror": mirror})
}

/// What other origins may do.
pub(crate) fn cors(random: &mut Random) -> Value {
    let origins = random.pick(&[
        json!(["https://www.foo.com"]),
        json!(["*"]),
        json!(["http://*.bar.com:8080", "https://*.bar.com"]),
        json!(["https://www.foo.com", "https://*.x.bar.com"]),
    ]);
    let mut cors = json!({"allowOrigins": origins});
    if random.once_in(2) {
        cors["allowMethods"] = random.pick(&[json!(["GET", "PUT"]), json!(["*"]), json!(["POST"])]);
    }
    if random.once_in(2) {
        cors["allowHeaders"] = random.pick(&[json!(["x-one", "x-two"]), json!(["*"])]);
    }
    if random.once_in(2) {
        cors["exposeHeaders"] = random.pick(&[json!(["x-r1", "x-r2"]), json!(["*"])]);
    }
    if random.once_in(3) {
        cors["allowCredentials"] = json!(true);
    }
    if random.once_in(3) {
        cors["maxAge"] = json!(random.pick(&[1, 3600]));
    }
    json!({"type": "CORS", "cors": cors})
}

/// A service that is asked first.
pub(crate) fn authorization(random: &mut Random) -> Value {
    let service = json!({"name": random.pick(&["m1", "m1", "m2", "gone"]), "port": 80});
    let mut auth = json!({"protocol": "HTTP", "backendRef": service, "http": {}});
    if random.once_in(2) {
        auth["http"]["path"] = json!("/check");
    }
    if random.once_in(2) {
        auth["http"]["allowedHeaders"] = json!(["x-v", "x-set"]);
    }
    if random.once_in(2) {
        auth["http"]["allowedResponseHeaders"] = json!(["x-add"]);
    }
    json!({"type": "ExternalAuth", "externalAuth": auth})
}

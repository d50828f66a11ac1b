//! `lua` ([Lua](https://gateway.envoyproxy.io/docs/api/extension_types/#lua)): scripts that requests and responses are
//! handed to.

use std::borrow::Cow;
use std::sync::Arc;

use serde_json::{Map, Value};

use crate::diagnostics::FieldPath;
use crate::ir::{Metadata, Script};
use crate::lua::{Flaw, flaw};
use crate::parser::api::{ConfigMap, ExtensionScript};
use crate::parser::manifests::ObjectHead;
use crate::resolver::CertificateIndex;
use crate::translator::lower::option::faults::Faults;
use crate::translator::lower::option::metadata::{find_inexact, inexact};

/// The key of a ConfigMap that has a script, where it has several.
const SCRIPT: &str = "lua";

/// The scripts, in their order.
pub(super) fn lower(
    said: &[ExtensionScript],
    (source, objects): (&ObjectHead, &CertificateIndex<'_>),
    faults: &mut Faults<'_>,
) -> Vec<Arc<Script>> {
    let scripts = said.iter().enumerate().filter_map(|(index, script)| {
        let at = FieldPath::ROOT.with(index);
        let ExtensionScript { filter_context, inline: _, script_type: _, value_ref: _ } = script;
        let context = lower_context(filter_context.as_ref(), &at.with("filterContext"), faults);
        let (code, at) = text(script, &at, (source, objects), faults)?;
        if let Some(Flaw { line, message }) = flaw(&code) {
            let message = format!("line {line} of the script: {message}");
            faults.add(
                &at,
                message,
                "correct the script: Envoy refuses a whole configuration for one that it cannot load",
            );
        }
        Some(Arc::new(Script { of: String::new(), index, code: code.into_owned(), context }))
    });
    scripts.collect()
}

/// The text of a script, and where it is named.
fn text<'s>(
    ExtensionScript { inline, value_ref, filter_context: _, script_type: _ }: &'s ExtensionScript,
    at: &FieldPath,
    (source, objects): (&ObjectHead, &'s CertificateIndex<'_>),
    faults: &mut Faults<'_>,
) -> Option<(Cow<'s, str>, FieldPath)> {
    if let Some(inline) = inline {
        return Some((Cow::Borrowed(inline), at.with("inline")));
    }
    let reference = value_ref.as_ref()?;
    let at = at.with("valueRef").with("name");
    // Of one that is not there the resolver said so.
    let ConfigMap { data } = objects.policy_config_map(source, reference)?;
    let found = data.get(SCRIPT).or_else(|| data.values().next().filter(|_| data.len() == 1));
    let text = found.map(|found| std::str::from_utf8(found));
    match text {
        Some(Ok(text)) => return Some((Cow::Borrowed(text), at)),
        Some(Err(_)) => {
            let message = format!("ConfigMap `{}` has a script that is no text", reference.name);
            faults.add(&at, message, "write the script in UTF-8");
        }
        None => {
            let message = format!("ConfigMap `{}` has no key `{SCRIPT}`, nor one key alone", reference.name);
            faults.add(&at, message, "put the script into that key");
        }
    }
    None
}

fn lower_context(said: Option<&Value>, at: &FieldPath, faults: &mut Faults<'_>) -> Metadata {
    let fields = match said {
        None => return Metadata::default(),
        Some(Value::Object(fields)) => fields,
        Some(_) => {
            faults.add(at, "what a script is told is no list of fields", "write fields with their values");
            return Metadata::default();
        }
    };
    for (name, value) in fields {
        if let Some((tail, number)) = find_inexact(value) {
            faults.add(&at.with(name.to_owned()).join(&tail), inexact(&number), "write the number as a text");
        }
    }
    Arc::new(Map::clone(fields))
}

//! Permissions in annotations, which tools that write manifests keep: `gwctl.dev/allow: "GW4002 REASON"`, one on each
//! line.

use crate::diagnostics::{FieldPath, Finding, Location, Part};
use crate::parser::decode::decode;
use crate::parser::manifests::Manifests;
use crate::parser::node::Node;
use crate::parser::source::DocumentId;
use crate::parser::split::Syntax;
use crate::path;

use super::permission::{Form, Permission, refused, understand};

/// The annotation.
const ALLOW: &str = "gwctl.dev/allow";

/// The annotations of all judged objects, whatever their kind; what is wrong with them is added to `findings`.
pub(super) fn read(manifests: &Manifests, findings: &mut Vec<Finding>) -> Vec<Permission> {
    let mut permissions = Vec::new();
    for (at, document) in manifests.documents.iter().enumerate() {
        let source = manifests.sources.get(document.source);
        let text = document.text(source);
        if source.context || !text.contains(ALLOW) {
            continue;
        }
        // What cannot be read has errors of its own.
        let decoded = decode(text, Syntax::Yaml).or_else(|_| decode(text, Syntax::Json));
        let Ok(node) = decoded.map(|decoded| decoded.node) else { continue };
        for (item, object) in objects(&node) {
            let Some(value) = ["metadata", "annotations", ALLOW].into_iter().try_fold(object, Node::get) else {
                continue;
            };
            let document = DocumentId(at);
            let base = item.map_or(FieldPath::ROOT, |item| path!["items", item]);
            let path = base.join(&path!["metadata", "annotations", ALLOW]);
            let location = Location::Field { document, path, part: Part::Value };
            let Node::String(text) = value else {
                let finding = refused(Form::Annotation, &location, format!("`{ALLOW}` is not text"));
                findings.push(finding.help(Form::Annotation.shape()));
                continue;
            };
            let mut lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
            if lines.is_empty() {
                lines.push(text);
            }
            let codes: Vec<_> =
                lines.iter().flat_map(|line| understand(line, Form::Annotation, &location, findings)).collect();
            let codes = codes.into_iter().map(|code| (code, false)).collect();
            permissions.push(Permission { form: Form::Annotation, location, document, item, codes });
        }
    }
    permissions
}

/// The objects of a document, with their positions in a list.
fn objects(node: &Node) -> impl Iterator<Item = (Option<usize>, &Node)> {
    let items = node.get("items").and_then(Node::as_list).unwrap_or_default();
    std::iter::once((None, node)).chain(items.iter().enumerate().map(|(at, item)| (Some(at), item)))
}

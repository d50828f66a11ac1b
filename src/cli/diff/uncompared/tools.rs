//! Labels and annotations that tools write for themselves into what they apply.

/// Prefixes of annotations that say nothing to who serves traffic: those of tools that apply manifests. What has no prefix
/// is private to its user
/// ([annotations](https://kubernetes.io/docs/concepts/overview/working-with-objects/annotations/#syntax-and-character-set)).
const HARMLESS: [&str; 9] = [
    "app.kubernetes.io",
    "argocd.argoproj.io",
    "config.kubernetes.io",
    "gwctl.dev",
    "helm.sh",
    "helm.toolkit.fluxcd.io",
    "kubectl.kubernetes.io",
    "kustomize.toolkit.fluxcd.io",
    "meta.helm.sh",
];
/// Annotations of such tools that decide whether they apply an object at all, or what they put into it.
const DECIDING: [&str; 5] = [
    "argocd.argoproj.io/hook",
    "config.kubernetes.io/local-config",
    "helm.sh/hook",
    "kustomize.toolkit.fluxcd.io/reconcile",
    "kustomize.toolkit.fluxcd.io/substitute",
];
/// Labels that say which tool, and which of its versions, an object comes from.
const LABELS: [&str; 4] =
    ["app.kubernetes.io/managed-by", "app.kubernetes.io/version", "argocd.argoproj.io/instance", "helm.sh/chart"];

/// Whether a controller may read an annotation.
pub(in super::super) fn may_be_read(key: &str) -> bool {
    let is_harmless = |prefix: &str| HARMLESS.contains(&prefix) && !DECIDING.contains(&key);
    key.split_once('/').is_some_and(|(prefix, _)| !is_harmless(prefix))
}

/// Whether a label is one that a tool writes for itself.
pub(super) fn is_of_tool(key: &str) -> bool {
    let of_flux = ["helm.toolkit.fluxcd.io", "kustomize.toolkit.fluxcd.io"];
    LABELS.contains(&key) || key.split_once('/').is_some_and(|(prefix, _)| of_flux.contains(&prefix))
}

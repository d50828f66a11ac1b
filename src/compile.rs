//! The whole compilation in memory: no file system, no printing, no globals.

mod clients;

use std::collections::{HashMap, HashSet};

use crate::analysis::{self, OfServices};
use crate::context;
use crate::diagnostics::{
    Allowance, Diagnostics, Finding, Ledger, LeftOut, Location, ObjectPart, Omission, Segment, Unjudged, codes,
};
use crate::emit;
use crate::ir;
use crate::options::{Naming, Options, SettingsFile};
use crate::parser;
use crate::parser::hidden::scrub;
use crate::parser::manifests::{Kind, Manifests, ObjectKey};
use crate::parser::part;
use crate::parser::source::{DocumentId, SourceSet};
use crate::resolver::{self, Frontends, Resolved, StandIns};
use crate::status::{self, ObjectStatus};
use crate::suppress;
use crate::translator::lower::Lowered;
use crate::translator::{envoy, lower};

pub use clients::{
    ClientView, RoutedServices, ServiceParents, parents_of_services, routed_services, view_of_clients, view_of_ports,
};

/// What a compilation leaves behind.
#[derive(Debug, Default)]
pub struct Compilation {
    /// The input, read.
    pub manifests: Manifests,
    /// Everything that was found, those on context objects left out.
    pub findings: Vec<Finding>,
    /// What was found on context objects and nothing that is judged has caused.
    pub context_findings: Vec<Finding>,
    /// What comments on the objects and flags leave out of the findings.
    pub left_out: Vec<LeftOut>,
    /// What is declared and no judgement is about, those of the context included, but for what is not selected of it.
    pub unjudged: Vec<Unjudged>,
    /// How much of what is declared was judged, that of the context included.
    pub ledger: Ledger,
    /// The intermediate representations of what is judged and of what is emitted, with their origins.
    pub lowered: Lowered,
    /// What is emitted where that is not what is judged: without objects that the API server would refuse, or for clients
    /// of Services.
    pub admitted: Option<Box<Lowered>>,
    /// The Gateways that are named and missing, in whose place others are judged.
    pub missing_gateways: Vec<ObjectKey>,
    /// The Secrets and ConfigMaps that are named for certificates or authorities, and of which nobody can tell what they
    /// would hold: they are missing, encrypted or broken.
    pub unknown_content: Vec<ObjectKey>,
    /// The encoded Envoy bootstrap; `None` when there is nothing to serve.
    pub bootstrap: Option<Vec<u8>>,
    /// Whether the bootstrap holds a private key.
    pub holds_private_key: bool,
    /// The status of every judged object, when it was asked for.
    pub status: Vec<ObjectStatus>,
}

/// Compiles `sources`. `diagnostics` holds what reading them found already.
pub fn compile(sources: SourceSet, options: &Options, diagnostics: Diagnostics) -> Compilation {
    compile_for(sources, options, diagnostics, status::Scope::Found)
}

/// Compiles `sources`, and computes the status of every object as well.
pub fn compile_with_status(sources: SourceSet, options: &Options, diagnostics: Diagnostics) -> Compilation {
    compile_for(sources, options, diagnostics, status::Scope::All)
}

fn compile_for(
    sources: SourceSet,
    options: &Options,
    mut diagnostics: Diagnostics,
    scope: status::Scope,
) -> Compilation {
    let mut manifests = parser::parse::parse_with(sources, options, &mut diagnostics, parser::object::read);
    let of_parser = diagnostics.findings().len();
    let mut of_mesh = Diagnostics::new();
    let admitted = match &options.mesh {
        Some(mesh) => Some(Box::new(clients::serve_clients(&manifests, mesh, options, &mut of_mesh))),
        None => (!manifests.decoded.is_empty()).then(|| Box::new(lower_admitted(&manifests, options))),
    };
    manifests.admit_decoded();
    let (lowered, status, (missing_gateways, unknown_content), ledger, unserved) = {
        let stand_ins = StandIns::new(&manifests, options);
        let resolved = resolver::resolve(&manifests, &stand_ins, options, &mut diagnostics);
        let lowered = lower::lower(&resolved, options, &mut diagnostics);
        let frontends = Frontends::of_everybody(&manifests, &resolved.mesh_parents.held);
        let of_services = (!frontends.is_empty()).then(|| clients::view_of_everybody(&manifests, &frontends, options));
        let of_services = of_services.as_ref().map(|(resolved, lowered)| OfServices {
            frontends: &frontends,
            resolved,
            lowered,
            domain: &options.cluster_domain,
            assumes: options.assume.services,
        });
        let ledger = analysis::analyse(&resolved, &lowered, of_services, options, &mut diagnostics);
        debug_assert_eq!(diagnostics.findings().iter().find(|finding| !names_its_part(finding)), None);
        scrub(&manifests, diagnostics.findings_mut());
        let status = tell_status(&resolved, scope, options, &mut diagnostics);
        let emitted = admitted.as_deref().unwrap_or(&lowered);
        let unserved = match options.mesh {
            // What a configuration for Gateways would lack is nobody's loss where another one is written.
            Some(_) => Vec::new(),
            None => context::find_unserved(&manifests, &resolved, emitted),
        };
        let unknown = (stand_ins.gateways().cloned().collect(), resolved.certificates.unknown_content());
        (lowered, status, unknown, ledger, unserved)
    };
    let (mut lowered, mut admitted) = (lowered, admitted);
    // Comparisons are about what is named, and both sides may name it in different ways.
    if options.naming == Naming::Gloo && !options.is_compared {
        let configs = lowered.configs_mut().chain(admitted.iter_mut().flat_map(|admitted| admitted.configs_mut()));
        configs.for_each(envoy::gloo_name::give);
    }
    of_mesh.into_findings().into_iter().for_each(|finding| diagnostics.report(finding));
    let emitted = admitted.as_deref().unwrap_or(&lowered);
    let bootstrap = (!emitted.config.listeners.is_empty()).then(|| encode(emitted));
    let inline = |pair: &ir::KeyPair| matches!(pair.key, ir::Material::Inline(_));
    let has_headers = !emitted.config.secret_headers().is_empty();
    let has_credentials = !emitted.config.credentials().is_empty();
    let has_keys = emitted.config.certificates.iter().any(inline);
    let holds_private_key = has_headers || has_keys || has_credentials;
    if holds_private_key && bootstrap.is_some() {
        diagnostics.report(private_key_finding(has_keys, has_headers, has_credentials));
    }
    if manifests.object_count > 0 && manifests.judged_count == 0 {
        diagnostics.report(nothing_judged());
    }
    let mut unjudged = diagnostics.take_unjudged();
    let mut findings = diagnostics.into_findings();
    leave_out_missing(&manifests, of_parser, &mut findings);
    // Nothing is written for Gateways that would need a place for their files.
    findings.retain(|finding| options.mesh.is_none() || !clients::is_of_gateways(finding));
    let mut findings: Vec<Finding> = findings.into_iter().map(Finding::completed).collect();
    let context_findings = context::take(&manifests, options, &unserved, &mut findings);
    findings.extend(settings_findings(options));
    let mut left_out = suppress::apply(&manifests, options, &mut findings);
    let counted = manifests.counted.iter().cloned().map(Finding::completed);
    left_out.extend(counted.map(|finding| LeftOut { finding, by: Allowance::Counted }));
    if !options.select.is_empty() && !options.ignore.iter().any(|id| id == codes::SETTINGS_READ.id()) {
        // What a settings file selects must not hide that it was read.
        findings.retain(|finding| finding.code != codes::SETTINGS_READ);
        findings.extend(settings_findings(options));
        left_out.retain(|one| one.finding.code != codes::SETTINGS_READ);
    }
    unjudged.retain(|one| one.reason != Omission::NotSelected || !context::is_on_context(&manifests, &one.location));
    Compilation {
        manifests,
        findings,
        context_findings,
        left_out,
        unjudged,
        ledger,
        lowered,
        admitted,
        missing_gateways,
        unknown_content,
        bootstrap,
        holds_private_key,
        status,
    }
}

impl Compilation {
    /// The intermediate representation that is emitted, with its origins.
    pub fn emitted(&self) -> &Lowered {
        self.admitted.as_deref().unwrap_or(&self.lowered)
    }

    /// Judges what is emitted from now on: what a cluster would admit, and what one proxy then does with it.
    pub fn narrow(&mut self) {
        if let Some(admitted) = self.admitted.take() {
            self.lowered = *admitted;
        }
        self.lowered.narrow();
    }
}

/// Lets somebody look at the input with its references looked up: a compilation does not keep that. What is wrong with
/// them the compilation has told.
pub fn look<R>(compilation: &Compilation, options: &Options, look: impl FnOnce(&Resolved<'_>) -> R) -> R {
    let stand_ins = StandIns::new(&compilation.manifests, options);
    look(&resolver::resolve(&compilation.manifests, &stand_ins, options, &mut Diagnostics::new()))
}

/// What a configuration is made of where some objects are judged only: the input without them. What is found on the
/// way is found again, and more of it, where all are judged.
fn lower_admitted(manifests: &Manifests, options: &Options) -> Lowered {
    let mut unheard = Diagnostics::new();
    let stand_ins = StandIns::new(manifests, options);
    let resolved = resolver::resolve(manifests, &stand_ins, options, &mut unheard);
    lower::lower(&resolved, options, &mut unheard)
}

/// Leaves out what was found on parts that are missing from decoded objects, but for what the parser says of them:
/// whatever stands there in their place is none of the input.
fn leave_out_missing(manifests: &Manifests, of_parser: usize, findings: &mut Vec<Finding>) {
    let parts = manifests.missing_parts();
    if parts.is_empty() {
        return;
    }
    let mut missing: HashMap<DocumentId, HashSet<Vec<Segment>>> = HashMap::new();
    for (_, _, part) in parts {
        if let Location::Field { document, path, part: _ } = part {
            missing.entry(document).or_default().insert(path.0);
        }
    }
    let is_missing = |location: &Location| {
        let Location::Field { document, path, part: _ } = location else { return false };
        let is_part = |parts: &HashSet<Vec<Segment>>| (0..=path.0.len()).any(|end| parts.contains(&path.0[..end]));
        missing.get(document).is_some_and(is_part)
    };
    let mut position = 0;
    findings.retain(|finding| {
        position += 1;
        position <= of_parser || !is_missing(&finding.location)
    });
}

/// Whether a finding on an object of ours is about the part that its field is in, or about one that holds it: what is
/// said of an object as a whole is said of no field of a part.
fn names_its_part(finding: &Finding) -> bool {
    let (Some(object), Some(path)) = (&finding.object, &finding.path) else { return true };
    let is_ours = [Kind::HTTPRoute, Kind::XBackend].iter().any(|kind| kind.group() == object.group);
    !is_ours || finding.part != ObjectPart::Whole || part::within(path.clone()).part() == ObjectPart::Whole
}

/// What was read beside the manifests and counts as if it were said by whoever runs gwctl.
fn settings_findings(options: &Options) -> impl Iterator<Item = Finding> {
    options.settings.iter().map(|SettingsFile { path, in_effect }| {
        let settings = in_effect.iter().map(|setting| format!("`{setting}`")).collect::<Vec<_>>().join(", ");
        let words = if settings.is_empty() { "none of its settings counts".to_owned() } else { settings };
        let message = format!("the settings in `{path}` are read: {words}");
        Finding::new(codes::SETTINGS_READ, Location::Path(path.clone()), message).completed()
    })
}

/// Computes the status and tells the findings what it says of them; without findings that speak of it only where it is
/// asked for. What context objects and suppressed findings say counts too.
fn tell_status(
    resolved: &Resolved<'_>,
    scope: status::Scope,
    options: &Options,
    diagnostics: &mut Diagnostics,
) -> Vec<ObjectStatus> {
    let is_wanted = scope == status::Scope::All;
    if !is_wanted && diagnostics.findings().iter().all(|finding| finding.claim.is_none()) {
        return Vec::new();
    }
    let statuses = status::compute(resolved, diagnostics.findings(), scope, options);
    status::state(&statuses, diagnostics.findings_mut());
    if is_wanted { statuses } else { Vec::new() }
}

/// For whoever prints the configuration; writing it to a file of its owner's is safe.
fn private_key_finding(has_keys: bool, has_headers: bool, has_credentials: bool) -> Finding {
    let parts = [
        (has_keys, "a private key"),
        (has_headers, "headers of Secrets"),
        (has_credentials, "keys or passwords of Secrets"),
    ];
    let held: Vec<&str> = parts.into_iter().filter(|(is_held, _)| *is_held).map(|(_, words)| words).collect();
    let held = held.join(" and ");
    // Envoy reads no header from a file.
    let help = match has_keys {
        true => {
            "write a file with `--output-file FILE`, or keep keys out of the configuration with `--secrets-dir DIR`"
        }
        false => "write a file with `--output-file FILE`, which only its owner may read",
    };
    let message = format!("the configuration holds {held}, and goes to standard output");
    let finding = Finding::new(codes::KEY_ON_STDOUT, Location::Run, message);
    finding.consequence("terminals, pipes and logs may keep it").help(help)
}

/// For whoever would take a look at nothing for a good result.
fn nothing_judged() -> Finding {
    Finding::new(codes::NOTHING_JUDGED, Location::Run, "no object of the input is of Gateway API: nothing was judged")
        .help("name the files or directories that hold the Gateways and routes")
}

fn encode(lowered: &Lowered) -> Vec<u8> {
    let mut wire = envoy::encode_bootstrap(&lowered.config);
    // Map entries are hashed in memory; the same configuration gives the same bytes.
    let sorted = emit::sort_map_entries(emit::BOOTSTRAP, &mut wire);
    debug_assert!(sorted.is_ok(), "{sorted:?}");
    wire
}

#[cfg(test)]
mod tests {
    use super::{compile, compile_with_status};
    use crate::diagnostics::{Diagnostics, codes};
    use crate::options::Options;
    use crate::parser::source::{Found, Source, SourceSet};

    /// Some routes for all hosts with many matches, and others for many exact hosts.
    fn multiplying(hosts: usize, last: &str) -> String {
        use std::fmt::Write as _;
        let mut text = "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: edge}\n\
                        spec: {gatewayClassName: any, listeners: [{name: http, protocol: HTTP, port: 80}]}\n\
                        ---\napiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {ports: [{port: 80}]}\n"
            .to_owned();
        let head = "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute";
        for route in 0..2 {
            let _ = write!(
                text,
                "---\n{head}\nmetadata: {{name: all-{route}}}\nspec:\n  parentRefs: [{{name: edge}}]\n  rules:\n"
            );
            for rule in 0..15 {
                let path = |m| format!("{{path: {{value: /{route}/{rule}/{m}}}}}");
                let matches: Vec<_> = (0..8).map(path).collect();
                let _ =
                    writeln!(text, "  - {{matches: [{}], backendRefs: [{{name: a, port: 80}}]}}", matches.join(", "));
            }
        }
        for host in 0..hosts {
            let _ = write!(
                text,
                "---\n{head}\nmetadata: {{name: own-{host}}}\nspec:\n  parentRefs: [{{name: edge}}]\n  \
                 hostnames: [h{host}.example.com]\n  rules: [{{matches: [{{path: {{value: {last}}}}}], \
                 backendRefs: [{{name: a, port: 80}}]}}]\n"
            );
        }
        text
    }

    fn warned(text: String) -> bool {
        let source = Source { name: "m.yaml".to_owned(), text, found: Found::Named, context: false, kept: Vec::new() };
        let found = compile(SourceSet { sources: vec![source].into() }, &Options::default(), Diagnostics::new());
        assert!(found.bootstrap.is_some(), "{:?}", found.findings);
        found.findings.iter().any(|finding| finding.code == codes::ROUTES_MULTIPLY)
    }

    #[test]
    fn copies_that_multiply_the_output_are_reported() {
        assert!(warned(multiplying(90, "/own")));
    }

    #[test]
    fn a_route_that_takes_every_request_keeps_the_output_small() {
        assert!(!warned(multiplying(90, "/")));
        assert!(!warned(multiplying(5, "/own")));
    }

    /// Objects of every part that a status speaks of, the documents in either order.
    fn documents(reversed: bool) -> SourceSet {
        let mut documents = [
            "kind: GatewayClass\nmetadata: {name: c}\nspec: {controllerName: a.example/b}",
            "kind: Gateway\nmetadata: {name: g, generation: 4}\nspec:\n  gatewayClassName: c\n  listeners:\n  \
             - {name: a, protocol: HTTP, port: 80}\n  - {name: b, protocol: TCP, port: 80}\n  \
             - {name: c, protocol: HTTP, port: 81}",
            "kind: HTTPRoute\nmetadata: {name: r}\nspec:\n  parentRefs: [{name: g}]\n  rules:\n  \
             - backendRefs: [{name: gone, port: 80}, {name: lost, port: 80}]",
            "kind: TCPRoute\nmetadata: {name: r}\nspec:\n  parentRefs: [{name: g}]\n  rules:\n  \
             - backendRefs: [{name: gone, port: 80}]",
        ];
        if reversed {
            documents.reverse();
        }
        let documents = documents.iter().map(|text| format!("apiVersion: gateway.networking.k8s.io/v1\n{text}\n"));
        let text = documents.collect::<Vec<_>>().join("---\n");
        SourceSet {
            sources: vec![Source {
                name: "m.yaml".to_owned(),
                text,
                found: Found::Named,
                context: false,
                kept: Vec::new(),
            }]
            .into(),
        }
    }

    #[test]
    fn status_is_computed_only_when_it_is_asked_for() {
        assert!(compile(documents(false), &Options::default(), Diagnostics::new()).status.is_empty());
        let found = compile_with_status(documents(false), &Options::default(), Diagnostics::new());
        let kinds: Vec<_> = found.status.iter().map(|status| status.key.kind.name()).collect();
        assert_eq!(kinds, ["GatewayClass", "Gateway", "HTTPRoute", "TCPRoute"]);
        assert_eq!(found.status[1].generation, 4);
    }

    #[test]
    fn status_does_not_depend_on_the_order_of_documents() {
        let status =
            |reversed| compile_with_status(documents(reversed), &Options::default(), Diagnostics::new()).status;
        assert_eq!(status(false), status(true));
    }
}

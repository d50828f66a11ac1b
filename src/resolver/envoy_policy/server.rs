//! The servers that policies name: Services and Backends, of other namespaces with a ReferenceGrant, and hosts of URLs.

use std::collections::HashMap;
use std::sync::Arc;

use crate::diagnostics::{Diagnostics, ObjectPart, Reported, codes};
use crate::parser::route::RouteKind;
use crate::path;
use crate::resolver::backend::{BackendIndex, BackendRefOutcome, BackendReferrer, BackendTls};
use crate::resolver::consequence::Consequence;
use crate::resolver::reference_grant::Grants;

use super::kind::{EnvoyPolicyKind, NamedServer};
use super::table::PoliciesOfKind;

/// What happens where a server cannot be used.
const FAILS: &str = "all requests of the rules that it applies to get 500";

impl<'m, T: EnvoyPolicyKind> PoliciesOfKind<'m, T> {
    /// Looks up the servers that policies name. One with a server that cannot be used makes its rules fail.
    pub(super) fn resolve_servers(
        mut self,
        (backends, grants): (&mut BackendIndex<'m>, &Grants<'m>),
        diagnostics: &mut Diagnostics,
    ) -> Self {
        // A field that counts alone and in what is merged is looked at once.
        let mut known: HashMap<*const T, Vec<BackendRefOutcome>> = HashMap::new();
        for applied in self.applied_mut() {
            for field in &mut applied.fields {
                let source = field.source;
                let value = Arc::clone(&field.value);
                let found = known.entry(Arc::as_ptr(&field.value)).or_insert_with(|| {
                    let look_up = |(index, (at, server))| {
                        let from = BackendReferrer {
                            through: None,
                            object: source,
                            kind: RouteKind::Http,
                            path: ObjectPart::Whole.at(&path!["spec", value.field()].join(&at)),
                            consequence: Consequence::Fixed(FAILS),
                        };
                        let reference = match server {
                            NamedServer::Backend(reference) => reference,
                            NamedServer::Url(url) => return backends.resolve_url((source, &from), url, diagnostics),
                        };
                        let found = backends.resolve(&from, reference, grants, diagnostics)?;
                        if value.asks_for_tls(index) && matches!(backends.get(found).tls, BackendTls::Plain) {
                            return Err(report_plain(&from, value.field(), diagnostics));
                        }
                        Ok(found)
                    };
                    value.servers().into_iter().enumerate().map(look_up).collect()
                });
                applied.failed = applied.failed.or(found.iter().find_map(|outcome| outcome.err()));
                field.servers = found.to_vec();
            }
        }
        self
    }
}

/// A server that is asked for something over TLS, and has none.
fn report_plain(from: &BackendReferrer<'_>, field: &str, diagnostics: &mut Diagnostics) -> Reported {
    let message = "what the URL begins with `https:` for would come in plain text: the server has no TLS";
    let finding = from.object.finding(codes::UNUSABLE_OPTION, from.path.with("name"), message);
    let finding = finding.label("without TLS").consequence(FAILS);
    let help = "give the server TLS by a BackendTLSPolicy or the `tls` of a Backend";
    // Passwords are sent over TLS alone.
    let help = if field == "oidc" { help.to_owned() } else { format!("{help}, or write `http:`") };
    diagnostics.error(finding.help(help))
}

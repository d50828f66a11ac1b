//! The endpoints of a Service that an Upstream means.
//!
//! EndpointSlices say which Pod is behind an endpoint, and Pods which labels they have. What the Service itself selects by
//! need not be looked up. Where nobody can tell, no endpoint is taken for one that is meant.

use std::net::SocketAddr;

use crate::diagnostics::{Diagnostics, Reported, codes};
use crate::ir::BackendName;
use crate::parser::api::{Service, ServicePort, ServiceType, UpstreamSpec};
use crate::parser::manifests::Object;
use crate::whole;

use super::chosen_pods::ChosenPods;
use super::index::BackendIndex;
use super::refused::{Refused, unusable};
use super::service::ready_endpoints;
use super::upstream::{Says, report};

impl BackendIndex<'_> {
    /// The endpoints of a port of a Service that an Upstream means; `None` for all that it has. Why nobody knows is told.
    pub(super) fn choose(
        &self,
        object: &Object<UpstreamSpec>,
        says: &Says,
        (service, port): (&BackendName, Option<&ServicePort>),
        diagnostics: &mut Diagnostics,
    ) -> Result<Option<Vec<SocketAddr>>, Reported> {
        let [first, ..] = says.chosen.as_slice() else { return Ok(None) };
        let chosen = self.chosen_endpoints(&says.chosen, service, port);
        let known = chosen.map_err(|refused| report(object, [refused], diagnostics));
        let found = match known {
            Ok(found) => found,
            Err(Some(proof)) => return Err(proof),
            Err(None) => return Ok(Some(Vec::new())),
        };
        if found.as_ref().is_some_and(Vec::is_empty) {
            let BackendName { namespace, name, port: _, site: _ } = service;
            let fields: Vec<String> = says.chosen.iter().map(|one| format!("`{}`", one.path)).collect();
            let fields = fields.join(" and of ");
            let message = format!("no ready endpoint of Service `{namespace}/{name}` has the labels of {fields}");
            let at = whole!["spec"].join(&first.path);
            let mut finding = object.finding(codes::NO_READY_ENDPOINTS, at, message);
            (finding.claim, finding.condition) = (None, None);
            let finding = finding.label("no Pod of the input is meant").consequence(match says.settings.failover {
                Some(_) => "what is sent to this backend goes to the hosts of its failover",
                None => "requests for this backend get 503",
            });
            diagnostics.report(finding.help("write labels that Pods of the Service have"));
        }
        Ok(found)
    }

    fn chosen_endpoints(
        &self,
        chosen: &[ChosenPods],
        name: &BackendName,
        port: Option<&ServicePort>,
    ) -> Result<Option<Vec<SocketAddr>>, Refused> {
        let key = (&name.namespace, &name.name);
        let full = format!("{}/{}", name.namespace, name.name);
        let service = self.services.get(&key).map(|service| &service.spec);
        let by_itself = |one: &&ChosenPods| !service.is_some_and(|service| one.is_implied(&service.selector));
        let open = chosen.iter().find(by_itself);
        let is_given = self.is_resolved(name);
        let is_name = |service: &Service| service.service_type == ServiceType::ExternalName;
        let slices = self.slices.get(&key).filter(|_| !is_given && !service.is_some_and(is_name));
        let (Some(slices), Some(port)) = (slices, port) else {
            let Some(open) = open.filter(|one| !one.labels.is_empty()) else { return Ok(None) };
            let why = match is_given {
                true => format!("chooses among Pods, and `--resolve` says where Service `{full}` is"),
                false => format!("chooses among Pods, and no EndpointSlice says which Service `{full}` has"),
            };
            return Err(unknown(open, &why));
        };
        let mut found = Vec::new();
        for (endpoint, address) in ready_endpoints(slices, port) {
            let pod = self.pods.behind(&name.namespace, endpoint, address.ip());
            let is_meant = match (pod, open) {
                (Some(pod), _) => chosen.iter().all(|one| one.has(pod)),
                (None, None) => true,
                (None, Some(open)) => {
                    let pod = match &endpoint.pod {
                        Some(pod) => format!("Pod `{}/{pod}` is not in the input", name.namespace),
                        None => format!("no Pod of the input has the address {}", address.ip()),
                    };
                    return Err(unknown(open, &format!("chooses among Pods, and {pod}")));
                }
            };
            if is_meant {
                found.push(address);
            }
        }
        found.sort_unstable();
        found.dedup();
        Ok(Some(found))
    }
}

fn unknown(open: &ChosenPods, why: &str) -> Refused {
    let help = "add the EndpointSlices of the Service and its Pods, or say where the Upstream is with `--resolve`";
    unusable(open.path.to_owned(), why, help)
}

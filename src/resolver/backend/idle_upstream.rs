//! Upstreams that nothing names: what they say is judged as that of others, since a typing mistake in one is one whether
//! it is used today or tomorrow. Nothing is looked up for them that a run would count as used.

use crate::diagnostics::{Diagnostics, Finding, codes};
use crate::ir::{BackendName, Site, UpstreamProtocol};
use crate::name::NamespacedName;
use crate::parser::api::{Service, ServicePort, ServiceType, UpstreamSpec};
use crate::parser::manifests::{IS_REFUSED, Kind, Object, ObjectHead};
use crate::parser::route::RouteKind;
use crate::path;
use crate::whole;

use super::super::consequence::Consequence;
use super::index::{BackendIndex, BackendReferrer, BackendTls, Unusable};
use super::service::{find_port, upstream_protocol};
use super::upstream::{Meant, Place, Says, meant, report};
use super::upstream_backend::report_two;
use super::upstream_checks;
use super::{lacks_parts, service};

impl<'m> BackendIndex<'m> {
    /// Judges the Upstreams that nothing has asked for, and says which nothing names.
    pub(in super::super) fn judge_idle_upstreams(&mut self, diagnostics: &mut Diagnostics) {
        let manifests = self.manifests;
        for object in &manifests.upstreams {
            let key = object.metadata.sort_key();
            if !self.meant.contains_key(&key) {
                let known = meant(object, &self.upstream_secrets, diagnostics);
                if let Ok(Meant { place: Place::Service(service), says }) = &known {
                    self.judge_behind(object, service, says, diagnostics);
                }
                self.meant.insert(key, known);
            }
            if !self.named_upstreams.contains(&key) && !object.position.context {
                let message = format!("nothing refers to Upstream `{}`", object.full_name());
                let finding = object.finding(codes::UPSTREAM_UNUSED, whole!["metadata", "name"], message);
                diagnostics.report(finding.label("no route and no option names it"));
            }
        }
    }

    /// What an Upstream says of a port of a Service, where no reference has led there.
    fn judge_behind(
        &self,
        object: &Object<UpstreamSpec>,
        name: &BackendName,
        says: &Says,
        diagnostics: &mut Diagnostics,
    ) {
        let port = match self.behind(name) {
            Ok(port) => port,
            Err(why) => {
                diagnostics.report(self.leads_nowhere(object, name, why));
                return;
            }
        };
        let (namespace, called) = (object.metadata.namespace.clone(), object.metadata.name.clone());
        let own = BackendName { namespace, name: called, port: name.port, site: Site::Upstream };
        if !self.is_resolved(&own) {
            // What is wrong with it is told, and nothing is sent to it.
            let _ = self.choose(object, says, (name, port), diagnostics);
        }
        let Some(port) = port else { return };
        let section = Some(port.name.as_str()).filter(|name| !name.is_empty());
        let policy = self.policies.of(Kind::Service, &name.namespace, &name.name, section);
        if let Some(policy) = policy.filter(|_| says.tls.is_some()) {
            let policy = &self.policies.get(policy).object.head;
            report_two(object, name, Some(policy), diagnostics);
        }
        // A handshake may agree on HTTP/2.
        let has_tls = policy.is_some() || says.tls.as_ref().is_some_and(|tls| *tls != BackendTls::Plain);
        let protocol = says.protocol.or(upstream_protocol(port));
        if !protocol.map_or(has_tls, |protocol| protocol == UpstreamProtocol::Http2) {
            report(object, upstream_checks::over_http2(&says.settings.health_checks), diagnostics);
        }
    }

    /// The port of a Service that an Upstream names; `None` where it is assumed.
    fn behind(&self, name: &BackendName) -> Result<Option<&'m ServicePort>, Unusable> {
        let BackendName { namespace, name: called, port, site: _ } = name;
        let Some(service) = self.services.get(&(namespace, called)).copied() else {
            let is_given = self
                .resolve
                .iter()
                .any(|one| (&one.namespace, &one.name, one.port, one.stands_in) == (namespace, called, *port, false));
            let missing = self.no_service(name);
            let is_refused = matches!(missing, Unusable::NoService { refused: true, .. });
            return if !is_refused && (is_given || self.settings.assume_services) { Ok(None) } else { Err(missing) };
        };
        if lacks_parts(service) {
            return Err(Unusable::NoService { likely: None, refused: true });
        }
        let Service { service_type, external_name, .. } = &service.spec;
        if *service_type == ServiceType::ExternalName && !self.settings.allow_external_name {
            return Err(Unusable::ExternalName { target: external_name.clone().unwrap_or_default() });
        }
        // Which of the two it carries is for those to say who refer to the Upstream.
        let tcp = find_port(&service.spec, *port, RouteKind::Http);
        tcp.or_else(|why| find_port(&service.spec, *port, RouteKind::Udp).map_err(|_| why)).map(Some)
    }

    /// The finding about an Upstream for a Service or a port that cannot be used, told on the Upstream itself.
    fn leads_nowhere(&self, object: &ObjectHead, name: &BackendName, why: Unusable) -> Finding {
        let field = service::field_of(&why);
        let from = BackendReferrer {
            object,
            kind: RouteKind::Http,
            path: whole!["spec", "kube"],
            consequence: Consequence::Fixed("requests for this backend get 500"),
            through: None,
        };
        let told = self.unusable(&from, name, why);
        let finding = object.finding(told.code, whole!["spec", "kube", field], told.message);
        let finding = Finding { label: told.label, help: told.help, consequence: told.consequence, ..finding };
        Finding { related: told.related, claim: None, condition: None, ..finding }
    }

    /// Notes that the port of a Service which an Upstream names cannot be used, and why.
    pub(super) fn note_nowhere(&mut self, key: NamespacedName<'m>, service: &BackendName, is_udp: bool) {
        let full = format!("{}/{}", service.namespace, service.name);
        let why = match self.by_name.get(&(service.clone(), is_udp)) {
            Some(Err(Unusable::NoService { refused: true, .. }) | Ok(_)) => format!("Service `{full}` {IS_REFUSED}"),
            Some(Err(Unusable::NoService { .. })) => format!("Service `{full}` is not in the input"),
            Some(Err(Unusable::NoPort { .. })) => format!("Service `{full}` has no port {}", service.port),
            Some(Err(Unusable::ExternalName { .. })) => format!("Service `{full}` is an ExternalName"),
            Some(Err(Unusable::UnknownTargetPort { name })) => {
                format!("port {} of headless Service `{full}` targets the container port `{name}`", service.port)
            }
            // It depends on who refers to the Upstream.
            _ => return,
        };
        let field = match self.by_name.get(&(service.clone(), is_udp)) {
            Some(Err(why)) => service::field_of(why),
            _ => "serviceName",
        };
        self.nowhere.entry(key).or_insert_with(|| format!("{}: {why}", path!["spec", "kube", field]));
    }

    /// Why an Upstream that something refers to leads to nothing, which is told where it is referred to.
    pub fn why_nowhere<'s>(&'s self, key: NamespacedName<'s>) -> Option<&'s str> {
        self.nowhere.get(&key).map(String::as_str)
    }
}

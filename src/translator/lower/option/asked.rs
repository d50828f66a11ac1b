//! Servers that listeners have and rules have asked: who is asked about which requests, and what is said where a server is
//! asked about none, where there is none to be asked, and where requests pass that it does not answer.
//!
//! Each family of servers is one entry of [`FAMILIES`].

use std::collections::HashSet;

use crate::diagnostics::{Diagnostics, FieldPath, Finding, ObjectPart, codes};
use crate::parser::api::{HttpListenerOption, RouteOption, VirtualHostOption};
use crate::parser::manifests::ObjectHead;
use crate::path;
use crate::resolver::{Effective, ListenerId, ListenerOptionsId, Resolved, ResolvedRule};

use super::super::socket::{Demultiplexing, Socket};
use super::auth_switch::AuthSwitch;
use super::http::{HttpParts, options_of};
use super::limit_told::{is_host_limit, is_limit};
use super::part::Place;
use super::processor_said::{is_on_of_host, is_on_of_rule};
use super::processors;

/// What an option says of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asks {
    /// It is not asked.
    Nobody,
    /// It is asked.
    Server,
    /// It is asked what the listener says as well.
    Besides,
}

/// A family of servers that an HttpListenerOption names.
struct Family {
    /// The option that names one.
    field: &'static str,
    /// Whether requests pass that it does not answer, where an option names one of the family.
    server: fn(&HttpListenerOption) -> Option<bool>,
    /// What an option of a listener says.
    host: fn(&VirtualHostOption, &str) -> Option<Asks>,
    /// What an option of a rule says.
    rule: fn(&RouteOption, &str) -> Option<Asks>,
    /// Whether it is asked where nothing is said.
    unbidden: bool,
    words: Words,
}

/// What is said of a family.
struct Words {
    /// Below an option, what has the server asked; nothing for all of it.
    asks_at: Option<&'static str>,
    /// How the option names a server.
    named_by: &'static str,
    /// What lets requests pass: the field below the option, why, and what is better.
    open: (Option<&'static str>, &'static str, Option<&'static str>),
    /// What a server is that is asked about no request: what it does, why, and what is better.
    idle: [&'static str; 3],
}

const FAMILIES: [Family; 5] = [
    processors("extProcEarly"),
    processors("extProc"),
    processors("extProcLate"),
    Family {
        field: "extauth",
        server: |option| match option {
            HttpListenerOption::Extauth(said) => Some(said.failure_mode_allow),
            _ => None,
        },
        host: |option, _| match option {
            VirtualHostOption::Extauth(said) => AuthSwitch::is_on(said).map(asks),
            _ => None,
        },
        rule: |option, _| match option {
            RouteOption::Extauth(said) => AuthSwitch::is_on(said).map(asks),
            _ => None,
        },
        unbidden: false,
        words: Words {
            asks_at: Some("customAuth"),
            named_by: "extauthzServerRef",
            open: (Some("failureModeAllow"), "whoever stops the server may do everything", None),
            idle: [
                "asks about no request",
                "nothing says whose requests",
                "add `extauth: {customAuth: {}}` to a VirtualHostOption or a RouteOption",
            ],
        },
    },
    Family {
        field: "ratelimitServer",
        server: |option| match option {
            HttpListenerOption::RatelimitServer(said) => Some(!said.deny_on_fail),
            _ => None,
        },
        host: |option, _| is_host_limit(option).then_some(Asks::Server),
        rule: |option, _| match option {
            RouteOption::Ratelimit(said) | RouteOption::RatelimitEarly(said) | RouteOption::RatelimitRegular(said)
                if is_limit(option) =>
            {
                Some(if said.include_vh_rate_limits { Asks::Besides } else { Asks::Server })
            }
            _ => None,
        },
        unbidden: false,
        words: Words {
            asks_at: None,
            named_by: "ratelimitServerRef",
            open: (None, "`denyOnFail` is not set", Some("write `denyOnFail: true`: such requests get 500 then")),
            idle: [
                "is asked about no request",
                "nothing says what it is told",
                "add `ratelimit` with `rateLimits` to a VirtualHostOption or a RouteOption",
            ],
        },
    },
];

/// One of the servers that requests are handed to.
const fn processors(field: &'static str) -> Family {
    Family {
        field,
        server: |option| processors::said_by(option).map(|said| said.failure_mode_allow),
        host: |option, field| is_on_of_host(option, field).map(asks),
        rule: |option, field| is_on_of_rule(option, field).map(asks),
        unbidden: true,
        words: Words {
            asks_at: Some("overrides"),
            named_by: "grpcService.extProcServerRef",
            open: (
                Some("failureModeAllow"),
                "whoever stops the server may do what it would refuse",
                Some("remove it: requests get 500 without an answer"),
            ),
            idle: [
                "gets no request",
                "no rule's requests are handed to it",
                "remove `disabled` where requests are to be handed to it, or remove the server",
            ],
        },
    }
}

fn asks(is_on: bool) -> Asks {
    if is_on { Asks::Server } else { Asks::Nobody }
}

/// Who says that a server is asked: the object, and its option.
type Asker<'r> = (&'r ObjectHead, &'static str);

/// Says which options ask nobody, which servers nobody asks, and which let requests pass that nobody answered for.
pub(in crate::translator::lower) fn report(
    resolved: &Resolved<'_>,
    parts: &HttpParts,
    sockets: &[Socket],
    diagnostics: &mut Diagnostics,
) {
    for family in &FAMILIES {
        let mut told = HashSet::new();
        let mut servers: Vec<(&ObjectHead, bool)> = Vec::new();
        let mut without = Vec::new();
        for (id, ids) in sockets.iter().flat_map(|(_, ids)| ids.iter().map(move |id| (id, ids))) {
            let options = options_of(resolved, parts, *id, sharing(resolved, id, ids));
            // What it says that cannot be honoured was told, and lets no request pass.
            if options.is_some_and(|set| parts[set].is_err()) {
                continue;
            }
            let askers = family.askers_at(resolved, *id);
            let own = options.and_then(|set| family.server_of(resolved, set));
            let Some((source, lets_pass)) = own else {
                without.extend(askers.into_iter().map(|asker| (asker, Some(*id))));
                continue;
            };
            let is_asked = !askers.is_empty() || family.unbidden && family.is_asked_unbidden(resolved, *id);
            match servers.iter_mut().find(|(known, _)| std::ptr::eq(*known, source)) {
                Some((_, is_known)) => *is_known |= is_asked,
                None => servers.push((source, is_asked)),
            }
            if lets_pass && is_asked && told.insert((source.key(), family.field)) {
                diagnostics.report(family.fails_open(source));
            }
        }
        let of_clients = resolved.rules_of_clients().flat_map(|rule| family.askers_of(rule, &[]));
        without.extend(of_clients.map(|asker| (asker, None)));
        for ((source, field), listener) in without {
            if told.insert((source.key(), field)) {
                let place = Place { source, field };
                diagnostics.report(family.has_no_server(place, listener.map(|id| &*resolved.listener(id).spec.name)));
            }
        }
        let idle = servers.into_iter().filter(|(_, is_asked)| !is_asked);
        idle.for_each(|(source, _)| diagnostics.report(family.is_idle(source)));
    }
}

/// The listeners that have their connections together with one.
pub(super) fn sharing<'i>(resolved: &Resolved<'_>, id: &'i ListenerId, ids: &'i [ListenerId]) -> &'i [ListenerId] {
    let is_shared = Demultiplexing::of(resolved.listener(*id).protocol) == Demultiplexing::Http;
    if is_shared { ids } else { std::slice::from_ref(id) }
}

impl Family {
    /// The server of what applies to a listener, and whether requests pass that it does not answer.
    fn server_of<'r>(&self, resolved: &'r Resolved<'_>, set: ListenerOptionsId) -> Option<(&'r ObjectHead, bool)> {
        let mut fields = resolved.http_listener_options.get(set).fields.iter();
        fields.find_map(|field| {
            (field.value.field() == self.field).then_some((field.source, (self.server)(field.value)?))
        })
    }

    /// Who says that the server is asked about requests to a listener, each once.
    fn askers_at<'r>(&self, resolved: &'r Resolved<'_>, id: ListenerId) -> Vec<Asker<'r>> {
        let set = resolved.virtual_host_options.of(id);
        let host = set.map(|set| resolved.virtual_host_options.get(set).fields.as_slice()).unwrap_or_default();
        let rules = resolved.listener(id).attached.iter().flat_map(|route| &resolved.routes.get(*route).rules);
        let mut askers: Vec<Asker<'r>> = Vec::new();
        for (source, field) in rules.flat_map(|rule| self.askers_of(rule, host)) {
            if !askers.iter().any(|(known, own)| std::ptr::eq(*known, source) && *own == field) {
                askers.push((source, field));
            }
        }
        askers
    }

    /// Whether the server is asked about the requests of some rule of a listener, although nobody says so.
    fn is_asked_unbidden(&self, resolved: &Resolved<'_>, id: ListenerId) -> bool {
        let set = resolved.virtual_host_options.of(id);
        let mut host = set.into_iter().flat_map(|set| &resolved.virtual_host_options.get(set).fields);
        let of_host = host.find_map(|field| (self.host)(field.value, self.field));
        let mut rules = resolved.listener(id).attached.iter().flat_map(|route| &resolved.routes.get(*route).rules);
        rules.any(|rule| {
            let own = rule.options.fields.iter().find_map(|field| (self.rule)(field.value, self.field));
            own.or(of_host) != Some(Asks::Nobody)
        })
    }

    /// Who says that the server is asked about the requests of a rule, on a listener with these options.
    fn askers_of<'r>(
        &self,
        rule: &'r ResolvedRule<'_>,
        host: &'r [Effective<'_, VirtualHostOption>],
    ) -> Vec<Asker<'r>> {
        let own = rule.options.fields.iter();
        let own: Vec<(Asks, Asker<'r>)> = own
            .filter_map(|field| Some(((self.rule)(field.value, self.field)?, (field.source, field.value.field()))))
            .collect();
        let is_host_asked = own.is_empty() || own.iter().any(|(asks, _)| *asks == Asks::Besides);
        let host = host.iter().filter(|_| is_host_asked);
        let host =
            host.filter_map(|field| Some(((self.host)(field.value, self.field)?, (field.source, field.value.field()))));
        let all = host.chain(own.iter().copied()).filter(|(asks, _)| *asks != Asks::Nobody);
        all.map(|(_, asker)| asker).collect()
    }

    fn fails_open(&self, source: &ObjectHead) -> Finding {
        let (below, label, help) = self.words.open;
        let at = path!["spec", "options", self.field].join(&below.map_or(path![], |below| path![below]));
        let (kind, name) = (source.kind.name(), source.full_name());
        let message = format!("{kind} `{name}` lets requests pass that its server does not answer");
        let finding = source.finding(codes::AUTH_FAILS_OPEN, ObjectPart::Whole.at(&at), message).label(label);
        match help {
            Some(help) => finding.help(help),
            None => finding,
        }
    }

    /// `listener` is `None` for clients of Services, to whom no option says which server is asked.
    fn has_no_server(&self, place: Place<'_>, listener: Option<&str>) -> Finding {
        let at: FieldPath = self.words.asks_at.map_or(path![], |below| path![below]);
        let (message, help) = match listener {
            Some(name) => (
                format!("listener `{name}` has no server that could be asked"),
                format!("add an HttpListenerOption with `{}.{}` for the Gateway", self.field, self.words.named_by),
            ),
            None => (
                "clients of Services have no server that could be asked".to_owned(),
                "take it out, or attach the route to a Gateway alone: an HttpListenerOption names the server for its listeners"
                    .to_owned(),
            ),
        };
        *place.refuse(&at, message, help)
    }

    fn is_idle(&self, source: &ObjectHead) -> Finding {
        let [what, why, help] = self.words.idle;
        let at = ObjectPart::Whole.at(&path!["spec", "options", self.field]);
        let message = format!("`{}` of {} `{}` {what}", self.field, source.kind.name(), source.full_name());
        let finding = source.finding(codes::OPTION_UNUSED, at, message).label(why);
        finding.consequence("requests pass without the server being asked").help(help)
    }
}

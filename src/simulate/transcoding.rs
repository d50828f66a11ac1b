//! Requests in JSON that become calls of gRPC: by which method and path they are looked for. Whether one can be read as the
//! message of its call, and what is answered, only a run shows
//! ([gRPC-JSON transcoder](https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/grpc_json_transcoder_filter)).

use crate::ir::HttpSettings;
use crate::transcoding::Binding;

use super::admitted::Admitted;
use super::header::set;

/// A request as its rule sees it.
pub(super) struct Sought<'c> {
    /// What is done with it.
    pub(super) admitted: Admitted,
    /// What a rule is looked for by, where that is something else.
    pub(super) by: Option<Box<Admitted>>,
    /// The path of the call that it became.
    pub(super) call: Option<&'c str>,
}

impl<'c> Sought<'c> {
    pub(super) fn of(settings: &'c HttpSettings, admitted: Admitted) -> Self {
        let transcoder = settings.transcoder.as_deref().filter(|_| !admitted.is_grpc && !admitted.target.is_empty());
        let found = transcoder.and_then(|transcoder| {
            let binding = Binding::of(&transcoder.bindings, &admitted.method, admitted.path())?;
            Some((transcoder.keeps_rule, binding))
        });
        match found {
            None => Self { admitted, by: None, call: None },
            Some((keeps_rule, binding)) => {
                let by = keeps_rule.then(|| Box::new(admitted.clone()));
                Self { admitted: to_call(admitted, &binding.call), by, call: Some(&binding.call) }
            }
        }
    }

    /// What a rule is looked for by.
    pub(super) fn subject(&self) -> &Admitted {
        self.by.as_deref().unwrap_or(&self.admitted)
    }
}

fn to_call(mut request: Admitted, call: &str) -> Admitted {
    request.headers.retain(|(name, _)| name != "content-length");
    set(&mut request.headers, "x-envoy-original-path", &request.target);
    set(&mut request.headers, "x-envoy-original-method", &request.method);
    set(&mut request.headers, "content-type", "application/grpc");
    set(&mut request.headers, "te", "trailers");
    Admitted { method: "POST".to_owned(), target: call.to_owned(), is_grpc: true, ..request }
}

//! Requests in JSON that become calls of gRPC: which ones, by what descriptors say of services, which are read as
//! strictly as Envoy reads them, since it does not start with what it refuses
//! ([gRPC-JSON transcoder](https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/grpc_json_transcoder_filter)).

mod field;
mod kind;
mod messages;
mod strict;
mod template;

use prost::Message;
use prost_reflect::{DescriptorError, DescriptorPool, FileDescriptor, MethodDescriptor, ServiceDescriptor};
use prost_types::FileDescriptorSet;
use serde::{Serialize, Serializer};

use messages::{File, FileSet, HttpRule, Method, Pattern};

pub use template::Template;

/// A request in JSON that is a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    /// Its method; `*` for any.
    pub method: String,
    /// Its path.
    pub path: Template,
    /// The path of the call.
    pub call: String,
}

impl Serialize for Binding {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { method, path, call } = self;
        serializer.collect_str(&format_args!("{method} {path} is {call}"))
    }
}

impl Binding {
    /// The binding for a request, the one with the most literal path where several are.
    pub fn of<'b>(bindings: &'b [Self], method: &str, path: &str) -> Option<&'b Self> {
        let parts = template::parts(path, |verb| bindings.iter().any(|one| one.path.verb() == Some(verb)));
        let those = bindings.iter().filter(|one| one.method == method || one.method == "*");
        those.filter(|one| one.path.takes(&parts)).min_by_key(|one| one.path.rank())
    }
}

/// Why Envoy does not take descriptors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unusable {
    /// The position of the service that is to blame; `None` for the set as a whole.
    pub service: Option<usize>,
    /// What is wrong, in words.
    pub message: String,
}

/// The requests that become calls of these services; with `maps_all` those for the paths of methods that say nothing of
/// requests too.
///
/// # Errors
/// Everything for which Envoy would not start.
pub fn read(set: &[u8], services: &[String], maps_all: bool) -> Result<Vec<Binding>, Vec<Unusable>> {
    let whole = |message: String| vec![Unusable { service: None, message }];
    let (pool, files) = pool(set).map_err(whole)?;
    let (mut bindings, mut wrong) = (Vec::new(), Vec::new());
    for (index, name) in services.iter().enumerate() {
        let bound = match pool.get_service_by_name(name).filter(|found| found.full_name() == name) {
            Some(service) => bind(&service, &files, maps_all),
            None => Err(format!("the descriptors have no service `{}`", name.escape_debug())),
        };
        match bound {
            Ok(bound) => bindings.extend(bound),
            Err(message) => wrong.push(Unusable { service: Some(index), message }),
        }
    }
    if wrong.is_empty() { Ok(bindings) } else { Err(wrong) }
}

/// The descriptors as one pool, each file behind those that it imports, and what they say of requests.
fn pool(bytes: &[u8]) -> Result<(DescriptorPool, Vec<File>), String> {
    let unreadable = |error: prost::DecodeError| format!("what it holds is no FileDescriptorSet: {error}");
    let set = FileDescriptorSet::decode(bytes).map_err(unreadable)?;
    let FileSet { file: files } = FileSet::decode(bytes).map_err(unreadable)?;
    let mut pool = DescriptorPool::new();
    for file in set.file {
        strict::check(&file)?;
        let name = file.name().to_owned();
        if let Some(missing) = file.dependency.iter().find(|other| pool.get_file_by_name(other).is_none()) {
            let what = format!("`{}` imports `{}`", name.escape_debug(), missing.escape_debug());
            return Err(format!("{what}, which does not stand before it"));
        }
        let wrong = |error: DescriptorError| format!("`{}` is refused: {error}", name.escape_debug());
        let is_other = |known: FileDescriptor| known.file_descriptor_proto() != &file;
        if pool.get_file_by_name(&name).is_some_and(is_other) {
            return Err(format!("`{}` stands there twice, and not with the same words", name.escape_debug()));
        }
        let named = kind::named(&file);
        pool.add_file_descriptor_proto(file).map_err(wrong)?;
        kind::check(&pool, &named)?;
    }
    Ok((pool, files))
}

fn bind(service: &ServiceDescriptor, files: &[File], maps_all: bool) -> Result<Vec<Binding>, String> {
    let mut bindings = Vec::new();
    for method in service.methods() {
        let call = format!("/{}/{}", service.full_name(), method.name());
        let said = said(files, service, method.name()).and_then(|method| method.options.as_ref()?.http.as_ref());
        match said {
            Some(rule) => register(rule, &method, (&call, true), &mut bindings)?,
            None if maps_all => {
                let path = Template::parse(&call).ok_or_else(|| format!("`{call}` is the path of no request"))?;
                bindings.push(Binding { method: "POST".to_owned(), path, call });
            }
            None => {}
        }
    }
    Ok(bindings)
}

fn said<'f>(files: &'f [File], service: &ServiceDescriptor, method: &str) -> Option<&'f Method> {
    let of_package = files.iter().filter(|file| file.package() == service.package_name());
    let services = of_package.flat_map(|file| &file.service).filter(|one| one.name() == service.name());
    services.flat_map(|one| &one.method).find(|one| one.name() == method)
}

/// Adds what a rule binds, and the rules in it; `is_outer` for the first, whose fields alone Envoy looks at.
fn register(
    rule: &HttpRule,
    method: &MethodDescriptor,
    (call, is_outer): (&str, bool),
    bindings: &mut Vec<Binding>,
) -> Result<(), String> {
    let HttpRule { pattern, body, response_body, additional_bindings } = rule;
    if is_outer {
        let wrong = |message: String| format!("`{}`: {message}", method.full_name());
        field::check_body(&method.input(), body).map_err(wrong)?;
        field::check_response(&method.output(), response_body).map_err(wrong)?;
    }
    if let Some((name, path)) = pattern.as_ref().map(Pattern::parts) {
        let wrong = || format!("`{}`: `{}` is no path of requests", method.full_name(), path.escape_debug());
        let path = Template::parse(path).ok_or_else(wrong)?;
        bindings.push(Binding { method: name.to_owned(), path, call: call.to_owned() });
    }
    additional_bindings.iter().try_for_each(|rule| register(rule, method, (call, false), bindings))
}

#[cfg(test)]
mod tests;

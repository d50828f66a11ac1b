//! `headerManipulation`: what is removed goes first, then headers are added in their order.

use crate::diagnostics::{FieldPath, Finding, ObjectPart, codes};
use crate::http::HeaderName;
use crate::ir::{Existing, HeaderMutations, HeaderValue, LONGEST_HEADER_TEXT, MOST_SET_HEADERS, unread_headers};
use crate::parser::api::{
    GlooResourceRef, HeaderManipulation, HeaderOption, OptionEarlyHeaders, RequestHeaderOption, ResponseHeaderOption,
};
use crate::path;
use crate::resolver::{CertificateIndex, HeaderSecret, NoHeaders};

use super::super::header::{bad_header, bad_removed_name};
use super::super::operator::find_operator;
use super::super::scope::Scope;
use super::part::{Part, Place};

/// The Secrets that headers may come from, and whether what they hold has to be known.
#[derive(Clone, Copy, Debug)]
pub(in crate::translator::lower) struct HeaderSecrets<'m> {
    pub(in crate::translator::lower) index: &'m CertificateIndex<'m>,
    pub(in crate::translator::lower) scope: Scope,
}

/// One side of the option.
struct Side<'o> {
    /// Where the lists stand in the option.
    at: FieldPath,
    add: &'static str,
    remove: &'static str,
    added: Vec<(Given, bool)>,
    removed: &'o [HeaderName],
    is_request: bool,
    /// Whether rules look at what it makes of requests.
    is_early: bool,
}

/// Where the headers of an entry come from.
enum Given {
    Manifest(Option<HeaderOption>),
    Secret(GlooResourceRef),
}

/// Who says nothing of it adds to the values that are there.
fn of_request(RequestHeaderOption { header, header_secret_ref, append }: RequestHeaderOption) -> (Given, bool) {
    let given = match header_secret_ref {
        Some(reference) => Given::Secret(reference),
        None => Given::Manifest(header),
    };
    (given, append.unwrap_or(true))
}

/// What the option says, and what is said of Secrets that cannot be read: judgements know that there are headers of
/// theirs, and no configuration does without.
pub(super) fn lower(
    place: Place<'_>,
    option: HeaderManipulation,
    secrets: HeaderSecrets<'_>,
) -> Result<(Part, Vec<Finding>), Box<Finding>> {
    let HeaderManipulation {
        request_headers_to_add,
        request_headers_to_remove,
        response_headers_to_add,
        response_headers_to_remove,
    } = option;
    fn of_response(ResponseHeaderOption { header, append }: ResponseHeaderOption) -> (Given, bool) {
        (Given::Manifest(header), append.unwrap_or(true))
    }
    let request = Side {
        at: path![],
        add: "requestHeadersToAdd",
        remove: "requestHeadersToRemove",
        added: request_headers_to_add.into_iter().map(of_request).collect(),
        removed: &request_headers_to_remove,
        is_request: true,
        is_early: false,
    };
    let response = Side {
        at: path![],
        add: "responseHeadersToAdd",
        remove: "responseHeadersToRemove",
        added: response_headers_to_add.into_iter().map(of_response).collect(),
        removed: &response_headers_to_remove,
        is_request: false,
        is_early: false,
    };
    let mut unread = Vec::new();
    let request = request.lower(place, secrets, &mut unread)?;
    Ok((Part::Headers(request, response.lower(place, secrets, &mut unread)?), unread))
}

/// `earlyHeaderManipulation` of a listener's connections. Rules may match such headers: where nobody knows those of a Secret
/// nobody knows which rule takes a request, and nothing is judged without them.
pub(super) fn lower_early(
    place: Place<'_>,
    option: OptionEarlyHeaders,
    index: &CertificateIndex<'_>,
) -> Result<HeaderMutations, Box<Finding>> {
    let OptionEarlyHeaders { headers_to_add, headers_to_remove } = option;
    let early = Side {
        at: path!["earlyHeaderManipulation"],
        add: "headersToAdd",
        remove: "headersToRemove",
        added: headers_to_add.into_iter().map(of_request).collect(),
        removed: &headers_to_remove,
        is_request: true,
        is_early: true,
    };
    early.lower(place, HeaderSecrets { index, scope: Scope::Emitted }, &mut Vec::new())
}

/// Adds a header behind the values that are there, or in their place.
fn add(mutations: &mut HeaderMutations, (key, value): (HeaderName, HeaderValue), appends: bool) {
    let mutation = mutations.entry(&key);
    if appends {
        mutation.added.push(value);
    } else {
        mutation.existing = Existing::Replaced(value);
        mutation.added.clear();
    }
}

impl Side<'_> {
    fn lower(
        mut self,
        place: Place<'_>,
        secrets: HeaderSecrets<'_>,
        unread: &mut Vec<Finding>,
    ) -> Result<HeaderMutations, Box<Finding>> {
        let mut mutations = self.removals(place)?;
        let mut count = 0;
        for (index, (given, appends)) in std::mem::take(&mut self.added).into_iter().enumerate() {
            let headers = match given {
                Given::Manifest(header) => vec![self.of_manifest(place, index, header)?],
                Given::Secret(reference) => self.of_secret(place, index, &reference, secrets, unread)?,
            };
            count += headers.len();
            headers.into_iter().for_each(|header| add(&mut mutations, header, appends));
        }
        self.check_count(place, count)?;
        Ok(mutations)
    }

    /// What is removed.
    fn removals(&self, place: Place<'_>) -> Result<HeaderMutations, Box<Finding>> {
        let mut mutations = HeaderMutations::default();
        for (index, name) in self.removed.iter().enumerate() {
            if let Some((message, help)) = bad_removed_name(name) {
                return Err(self.refuse(place, &path![self.remove, index], message, help));
            }
            mutations.entry(name).existing = Existing::Removed;
        }
        Ok(mutations)
    }

    fn check_count(&self, place: Place<'_>, count: usize) -> Result<(), Box<Finding>> {
        if count > MOST_SET_HEADERS {
            let help = "write 1000 headers at most";
            return Err(self.refuse(place, &path![self.add], "there are more headers than Envoy takes", help));
        }
        Ok(())
    }

    fn refuse(
        &self,
        place: Place<'_>,
        below: &FieldPath,
        message: impl Into<String>,
        help: impl Into<String>,
    ) -> Box<Finding> {
        place.refuse(&self.at.join(below), message, help)
    }

    /// A header as it is written.
    fn of_manifest(
        &self,
        place: Place<'_>,
        index: usize,
        header: Option<HeaderOption>,
    ) -> Result<(HeaderName, HeaderValue), Box<Finding>> {
        let Some(HeaderOption { key, value }) = header else {
            return Err(self.refuse(place, &path![self.add, index], "the entry has no header", "add `header`"));
        };
        let value = self.value(place, index, &value)?;
        if let Some(found) = bad_header(&key, &value, self.is_request) {
            let field = if found.field == "value" { "value" } else { "key" };
            let is_evaluated = found.code == codes::EVALUATED_VALUE;
            let help = if is_evaluated { "write the value without this operator of Envoy's" } else { found.help };
            return Err(self.refuse(place, &path![self.add, index, "header", field], found.message, help));
        }
        for (field, text) in [("key", key.as_str()), ("value", &value)] {
            if text.len() > LONGEST_HEADER_TEXT {
                let message = format!("the {field} of the header is longer than Envoy takes");
                let help = "write 16384 bytes at most";
                return Err(self.refuse(place, &path![self.add, index, "header", field], message, help));
            }
        }
        Ok((key, value.into()))
    }

    /// The headers of a Secret. Nothing that is said of them has a value in it.
    fn of_secret(
        &self,
        place: Place<'_>,
        index: usize,
        reference: &GlooResourceRef,
        HeaderSecrets { index: secrets, scope }: HeaderSecrets<'_>,
        unread: &mut Vec<Finding>,
    ) -> Result<Vec<(HeaderName, HeaderValue)>, Box<Finding>> {
        let at = self.at.join(&path![self.add, index, "headerSecretRef"]);
        let headers = match secrets.header_secret(reference) {
            Ok(HeaderSecret::Known(headers)) => headers,
            Ok(HeaderSecret::Unread(why)) if self.is_early => {
                let message = format!("{why}, and rules look at its headers");
                return Err(place.refuse(&at.with("name"), message, "add the Secret to the input"));
            }
            Ok(HeaderSecret::Unread(why)) => {
                let at = ObjectPart::Whole.at(&path!["spec", "options", place.field].join(&at).with("name"));
                let message = format!("{why}, and its headers have no place");
                let finding = place.source.finding(codes::ASSUMED_WITHOUT_DIRECTORY, at, message);
                let finding = finding
                    .label("its content is not in the input")
                    .consequence("with `--partial`, all requests of the rules that it applies to get 500")
                    .help("add the Secret to the input: Envoy reads no header from a file");
                if scope == Scope::Emitted {
                    return Err(Box::new(finding));
                }
                unread.push(finding);
                return Ok(vec![unread_headers(&reference.namespace, &reference.name)]);
            }
            Err(NoHeaders { field, why, help, is_missing }) => {
                let at = match field {
                    Some(field) => at.with(field),
                    None => at,
                };
                let last = field.unwrap_or("headerSecretRef");
                let assume = if is_missing && !self.is_early {
                    ", or pass `--assume secrets` where nothing is written"
                } else {
                    ""
                };
                return Err(place.refuse(&at, format!("`{last}` {why}"), format!("{help}{assume}")));
            }
        };
        for (name, value) in &headers {
            if let Some(found) = bad_header(name, value.sent(), self.is_request) {
                let GlooResourceRef { name: secret, namespace } = reference;
                let message = match found.field {
                    "value" => format!("Envoy would evaluate the value of `{name}` in Secret `{namespace}/{secret}`"),
                    _ => format!("Secret `{namespace}/{secret}`: {}", found.message),
                };
                return Err(place.refuse(&at, message, found.help));
            }
        }
        Ok(headers)
    }

    /// The value that is sent. Envoy evaluates what stands between percent signs, and two of them are one
    /// ([command operators](https://www.envoyproxy.io/docs/envoy/latest/configuration/observability/access_log/usage#command-operators)).
    fn value(&self, place: Place<'_>, index: usize, value: &str) -> Result<String, Box<Finding>> {
        let literal = value.replace("%%", "");
        if !literal.contains('%') {
            return Ok(value.replace("%%", "%"));
        }
        let at = path![self.add, index, "header", "value"];
        Err(match find_operator(&literal) {
            Some(operator) => {
                let message = format!("`{operator}` differs from request to request, which is not translated");
                self.refuse(place, &at, message, "write the value itself")
            }
            None => {
                self.refuse(place, &at, "a single `%` begins an operator of Envoy's", "write `%%` for a percent sign")
            }
        })
    }
}

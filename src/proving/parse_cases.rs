//! From a text to request cases, whatever is wrong with them refused.

use std::collections::HashSet;

use hyper::Method;

use super::cases::{CaseFile, FormatError, RequestCase, RequestSpec};
use super::named::misnamed;
use super::values::{HttpVersion, is_service_port};

impl CaseFile {
    /// Reads a file of cases.
    ///
    /// # Errors
    ///
    /// When the text is not YAML, or not of the format.
    pub fn parse(text: &str) -> Result<Self, FormatError> {
        let mut file: Self = serde_yaml::from_str(text).map_err(|error| {
            let (line, column) = error.location().map_or((1, 1), |place| (place.line(), place.column()));
            let message = error.to_string();
            // The place is printed once, by `Display`, and not again inside the message.
            let message = message.split(" at line ").next().unwrap_or_default().to_owned();
            FormatError { line, column, message }
        })?;
        if let Some(case) = file.requests.iter().find(|case| case.request.contradicts_call()) {
            let message = format!("case `{}`: a `grpc` call has its own method, path and body", case.name);
            return Err(FormatError { line: 1, column: 1, message });
        }
        for case in &mut file.requests {
            case.request.write_body().map_err(|why| FormatError {
                line: 1,
                column: 1,
                message: format!("case `{}`: {why}", case.name),
            })?;
        }
        if let Some(case) = file.requests.iter().find(|case| case.repeat == Some(0)) {
            let message = format!("case `{}`: `repeat` is 1 at least", case.name);
            return Err(FormatError { line: 1, column: 1, message });
        }
        let without_follow_ups = |case: &&RequestCase| case.session.as_ref().is_some_and(|one| one.follow_ups == 0);
        if let Some(case) = file.requests.iter().find(without_follow_ups) {
            let message = format!("case `{}`: `followUps` is 1 at least", case.name);
            return Err(FormatError { line: 1, column: 1, message });
        }
        if let Some(message) = misnamed(&file) {
            return Err(FormatError { line: 1, column: 1, message });
        }
        if let Some((field, name)) = file.service_ports().find(|(_, name)| !is_service_port(name)) {
            let message = format!("`{field}`: `{name}` is no Service port, NAMESPACE/NAME:PORT");
            return Err(FormatError { line: 1, column: 1, message });
        }
        let is_pathless = |case: &&RequestCase| {
            let RequestSpec { method, raw_path, .. } = &case.request;
            let is_path = raw_path.as_ref().is_none_or(|path| path.starts_with('/'));
            case.request.version() == HttpVersion::Http2 && *method != Method::CONNECT && !is_path
        };
        if let Some(case) = file.requests.iter().find(is_pathless) {
            let message = format!("case `{}`: `rawPath` begins with `/` over HTTP/2", case.name);
            return Err(FormatError { line: 1, column: 1, message });
        }
        let mut names = HashSet::new();
        match file.requests.iter().find(|case| !names.insert(case.name.as_str())) {
            Some(case) => {
                let message = format!("two cases are called `{}`", case.name);
                Err(FormatError { line: 1, column: 1, message })
            }
            None => Ok(file),
        }
    }
}

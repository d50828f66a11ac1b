//! The later requests of a session: a client that keeps what it was given.

use std::collections::BTreeMap;
use std::time::Duration;

use hyper::header::HeaderName;

use super::cases::{RequestCase, RequestSpec, SessionSpec};
use super::check::Outcome;
use super::client::{Connection, NoAnswer, Reply};

/// Sends the later requests of a session with what the answers set, as a
/// client does that keeps every cookie. Names those who answered in place of
/// the first one's backend.
pub(super) async fn follow_up(
    case: &RequestCase,
    session: &SessionSpec,
    first: &Outcome,
    connection: &mut Connection,
    id: &str,
    limit: Duration,
) -> Vec<String> {
    let home = first.share_key();
    let mut kept = Kept::default();
    kept.keep(session, &first.reply);
    let mut strayed = Vec::new();
    for number in 0..session.follow_ups {
        let mut request = case.request.clone();
        kept.send(session, &mut request);
        let reply = connection.exchange(&request, &format!("{id}-{number}"), limit).await;
        kept.keep(session, &reply);
        let outcome = Outcome { reply, received: Vec::new(), asked: Vec::new(), strayed: Vec::new() };
        let backend = outcome.share_key();
        if backend != home {
            strayed.push(backend);
        }
    }
    strayed
}

/// What a client keeps of a session.
#[derive(Debug, Default)]
struct Kept {
    cookies: BTreeMap<String, String>,
    header: Option<String>,
}

impl Kept {
    fn keep(&mut self, session: &SessionSpec, reply: &Result<Reply, NoAnswer>) {
        let Ok(reply) = reply else { return };
        if let Some(name) = &session.header {
            self.header = reply.header_lines(name).first().map(|value| (*value).to_owned()).or(self.header.take());
        }
        for line in reply.header_lines("set-cookie") {
            let pair = line.split(';').next().and_then(|pair| pair.split_once('='));
            self.cookies.extend(pair.map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned())));
        }
    }

    fn send(&self, session: &SessionSpec, request: &mut RequestSpec) {
        let (name, value) = match &session.header {
            Some(name) => (name.clone(), self.header.clone()),
            None => {
                let cookies: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
                ("cookie".to_owned(), Some(cookies.join("; ")).filter(|line| !line.is_empty()))
            }
        };
        if let (Ok(name), Some(value)) = (HeaderName::try_from(name), value) {
            request.headers.0.retain(|(other, _)| *other != name);
            request.headers.0.push((name, vec![value]));
        }
    }
}

//! Request targets as a case writes them. The HTTP library takes a target apart and writes it anew, so that `http://h?x`
//! would go out as `http://h/?x`: a target that it would alter is sent as a path of the same length, and its bytes are
//! replaced on the way out.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use hyper::Uri;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// What the next request of a connection has in place of its target.
#[derive(Clone, Debug, Default)]
pub(super) struct NextTarget(Arc<Mutex<Option<Substitute>>>);

#[derive(Debug)]
struct Substitute {
    /// How many bytes stand before the target.
    before: usize,
    target: Vec<u8>,
    /// How many bytes of the request have gone out.
    written: usize,
}

impl NextTarget {
    /// The target to build a request with, which goes out as `raw`.
    ///
    /// # Errors
    /// What is wrong with a target that would not be one.
    pub(super) fn replace(&self, method: &str, raw: &str) -> Result<Uri, String> {
        let refused = |why: &str| format!("`{}` cannot be requested: {why}", raw.escape_debug());
        if raw.is_empty() || raw.bytes().any(|byte| byte <= b' ' || byte == 0x7f) {
            return Err(refused("a target has no white space and no control characters"));
        }
        let placeholder: Uri =
            format!("/{}", "g".repeat(raw.len() - 1)).parse().map_err(|_| refused("it is too long"))?;
        let substitute = Substitute { before: method.len() + 1, target: raw.as_bytes().to_vec(), written: 0 };
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(substitute);
        Ok(placeholder)
    }
}

/// Whether the HTTP library would write a target as it is.
pub(super) fn is_kept(raw: &str) -> bool {
    // Two addresses are equal whatever the case of their hosts; here every letter counts.
    raw.parse::<Uri>().map(|uri| uri.to_string()).is_ok_and(|written| written == raw)
}

/// A stream on which targets are replaced.
#[derive(Debug)]
pub(super) struct Replacing<S> {
    pub(super) stream: S,
    pub(super) next: NextTarget,
}

impl<S: AsyncRead + Unpin> AsyncRead for Replacing<S> {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Replacing<S> {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &[u8]) -> Poll<io::Result<usize>> {
        let Self { stream, next } = self.get_mut();
        let mut slot = next.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(Substitute { before, target, written }) = slot.as_mut() else {
            return Pin::new(stream).poll_write(context, buffer);
        };
        let mut bytes = buffer.to_vec();
        for (offset, byte) in bytes.iter_mut().enumerate() {
            let place = (*written + offset).checked_sub(*before);
            if let Some(other) = place.and_then(|place| target.get(place)) {
                *byte = *other;
            }
        }
        let count = ready!(Pin::new(stream).poll_write(context, &bytes))?;
        *written += count;
        if *written >= *before + target.len() {
            *slot = None;
        }
        Poll::Ready(Ok(count))
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncWriteExt as _;

    use super::*;

    #[tokio::test]
    async fn a_target_goes_out_as_it_is_written() {
        for raw in ["http://h?x", "/%%41f", "/é"] {
            let next = NextTarget::default();
            let uri = next.replace("GET", raw).unwrap();
            let mut stream = Replacing { stream: Vec::new(), next };
            for part in format!("GET {uri} HTTP/1.1\r\n\r\nGET {uri}").as_bytes().chunks(3) {
                stream.write_all(part).await.unwrap();
            }
            let sent = String::from_utf8(stream.stream).unwrap();
            assert_eq!(sent, format!("GET {raw} HTTP/1.1\r\n\r\nGET {uri}"));
        }
    }

    #[test]
    fn what_would_be_altered_is_known() {
        assert!(is_kept("/a?b") && is_kept("http://h/x") && is_kept("*"));
        assert!(!is_kept("http://h?x") && !is_kept("http://h") && !is_kept("HTTP://h/"));
        assert!(NextTarget::default().replace("GET", "/a b").is_err());
    }
}

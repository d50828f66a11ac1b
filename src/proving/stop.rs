//! The wish of the user that a run ends.

use super::error::Error;

/// Listens for Ctrl-C and SIGTERM, or for nothing.
#[derive(Debug)]
pub(super) struct Stop {
    #[cfg(unix)]
    signals: Option<[tokio::signal::unix::Signal; 2]>,
    #[cfg(not(unix))]
    heeds: bool,
}

impl Stop {
    /// From now on a signal does not end the process. Must be called inside a tokio runtime.
    #[cfg(unix)]
    pub(super) fn new(heeds: bool) -> Result<Self, Error> {
        use tokio::signal::unix::{SignalKind, signal};
        let listen = || Ok([signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?]);
        let signals = if heeds { Some(listen().map_err(Error::system("listen for signals"))?) } else { None };
        Ok(Self { signals })
    }

    /// Where there is no SIGTERM, only Ctrl-C counts.
    #[cfg(not(unix))]
    pub(super) fn new(heeds: bool) -> Result<Self, Error> {
        Ok(Self { heeds })
    }

    /// Ends when a signal came, also one that came before the call.
    #[cfg(unix)]
    pub(super) async fn asked(&mut self) {
        match &mut self.signals {
            Some([interrupt, terminate]) => {
                tokio::select! {
                    _ = interrupt.recv() => {}
                    _ = terminate.recv() => {}
                }
            }
            None => std::future::pending().await,
        }
    }

    /// Ends when Ctrl-C was pressed.
    #[cfg(not(unix))]
    pub(super) async fn asked(&mut self) {
        if self.heeds {
            // Without a handler there is nothing to wait for.
            let _ = tokio::signal::ctrl_c().await;
        } else {
            std::future::pending::<()>().await;
        }
    }
}

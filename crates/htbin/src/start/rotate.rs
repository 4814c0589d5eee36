//! SIGUSR1: whoever rotates log files has renamed them, and wants new ones.

use std::sync::Arc;

use tokio::signal::unix::{SignalKind, signal};

use crate::log::AccessLog;

/// Opens the log files again at each SIGUSR1, as long as the runtime lives. Without log files the signal ends nothing.
pub(super) fn reopen_on_request(access: &Arc<AccessLog>) -> std::io::Result<()> {
    let mut requests = signal(SignalKind::user_defined1())?;
    let access = Arc::clone(access);
    tokio::spawn(async move {
        while requests.recv().await.is_some() {
            let access = Arc::clone(&access);
            // One after the other: the disk may be slow, and two must not change places.
            _ = tokio::task::spawn_blocking(move || access.reopen()).await;
        }
    });
    Ok(())
}

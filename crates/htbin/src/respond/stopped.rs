//! The end of the server before the end of its exchanges: whatever they wait for, they hear of it.

use std::sync::Arc;

use tokio::sync::watch;

/// Tells exchanges that the server waits for them no longer. A clone tells, and hears, the same.
#[derive(Debug, Clone)]
pub struct Stopped(Arc<watch::Sender<bool>>);

impl Default for Stopped {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(false)))
    }
}

impl Stopped {
    /// What is not answered yet is now answered 503, what is being sent is cut.
    pub fn tell(&self) {
        self.0.send_replace(true);
    }

    pub(super) fn is_told(&self) -> bool {
        *self.0.borrow()
    }

    /// Done when it is told. Costs nothing until it is polled.
    pub(super) async fn told(&self) {
        // Fails only without a sender, and here is one.
        _ = self.0.subscribe().wait_for(|is_told| *is_told).await;
    }
}

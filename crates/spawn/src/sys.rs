//! Every `unsafe` block of htbin lies below this room, each with the reason why it is sound.

pub(crate) mod clone;
pub(crate) mod inherited;
pub(crate) mod landlock;
pub(crate) mod mount;
pub(crate) mod namespace;
pub(crate) mod signals;
pub(crate) mod wait;
pub(crate) mod watch;

//! How htbin starts, limits and ends a script. This crate knows processes, not HTTP. The server hands a launch
//! [`Order`] to the [`Launcher`] and gets a [`Script`]; the launcher is a process of its own, so the server never
//! forks, however large it grows. Every `unsafe` of the project lies under `sys/`.

mod child;
mod datagram;
mod descendants;
mod first_line;
mod launch;
pub mod launcher;
mod limits;
pub mod owner;
mod process;
pub mod sandbox;
mod script;
mod sys;
mod terms;
pub mod warm;

pub use child::Stage;
pub use descendants::Descendants;
pub use first_line::FirstLine;
pub use launch::{EarlyLauncher, LaunchError, Launcher, Order};
pub use launcher::policy::{Policy, Users};
pub use limits::Limits;
pub use process::{Ender, Exit, Process};
pub use sandbox::{Confinement, Kernel, Level, Network};
pub use script::{Parts, Script, Stdin};
pub use sys::inherited::copies as inherited;
pub use sys::wait::Usage;
pub use terms::{Identity, Terms};
pub use warm::{Start, Starter};

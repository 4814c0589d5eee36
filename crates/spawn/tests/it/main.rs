//! The real launcher and real programs: what terms, policies and confinement do, and that nobody gets out.

mod case;
mod escape;
mod policy;
mod server;
mod standard;
mod terms;
mod warm;

use htbin_spawn::launcher;
use std::process::ExitCode;

fn main() -> ExitCode {
    if launcher::is_asked_for() {
        launcher::run();
        return ExitCode::SUCCESS;
    }
    case::main([escape::CASES, policy::CASES, server::CASES, standard::CASES, terms::CASES, warm::CASES].concat())
}

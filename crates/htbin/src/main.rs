//! htbin: the launcher first, then rights, then the runtime.
#![forbid(unsafe_code)]

use std::process::ExitCode;

use htbin_spawn::launcher;

fn main() -> ExitCode {
    // The same binary is the launcher's process; that one has nothing else to do.
    if launcher::is_asked_for() {
        launcher::run();
        return ExitCode::SUCCESS;
    }
    htbin::start::run()
}

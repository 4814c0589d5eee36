//! What may be executed and is no script: the server would try to run it.

use std::path::Path;

use crate::diagnosis::{Code, Diagnosis, quoted};

/// A page, a picture or a module with the execute bit.
pub fn stray(file: &Path, what: &str) -> Diagnosis {
    let shown = quoted(file);
    let cause = format!("{shown} has the execute bit, but is {what}: whoever asks for it gets an error");
    let fix = "take the execute bit away; what shall be sent belongs outside of the script directory";
    Diagnosis::new(Code::NoFirstLine, cause, fix).with_command(format!("chmod a-x {shown}"))
}

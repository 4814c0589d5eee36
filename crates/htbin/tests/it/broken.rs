//! The folder of broken scripts, tests/broken: one for each code that a request can show.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{peers::Machine, process::run_ok};

/// A script that fails, or what lies beside one.
#[derive(Debug, Clone)]
pub(crate) struct Broken {
    /// Its file in the folder.
    pub(crate) file: String,
    /// What is wrong with it; none of a file that only lies beside one.
    pub(crate) code: Option<String>,
    /// Where it lies among the scripts.
    pub(crate) place: String,
    /// What htbin is started with.
    pub(crate) flags: Vec<String>,
    mode: u32,
}

/// All that the manifest lists, in its order.
pub(crate) fn all() -> Vec<Broken> {
    let manifest = fs::read_to_string(Path::new(FOLDER).join("manifest")).unwrap();
    let lines = manifest.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(Broken::read).collect()
}

/// Lays them all out on a machine.
pub(crate) fn lay_out(machine: &Machine) {
    for one in all() {
        one.lay_out(machine);
    }
    // An interpreter at home, and scripts where only their owner may go.
    fs::create_dir_all(machine.path("home")).unwrap();
    std::os::unix::fs::symlink("/usr/bin/python3", machine.path("home/python3")).unwrap();
    machine.mode("home", 0o700);
    machine.mode("lib/cgi-bin/closed", 0o700);
}

impl Broken {
    fn read(line: &str) -> Self {
        let mut words = line.split_whitespace().map(str::to_owned);
        let mut word = || words.next().unwrap_or_else(|| panic!("the manifest lacks a word: {line}"));
        let (file, mode, place) = (word(), word(), word());
        let code = (file.matches('.').count() == 1).then(|| file.split('.').next().unwrap().to_owned());
        let mode = u32::from_str_radix(&mode, 8).unwrap();
        Self { file, code, place, flags: words.collect(), mode }
    }

    /// The path of its URL.
    pub(crate) fn url_path(&self) -> String {
        format!("/{}", self.place)
    }

    /// The file as it is in the folder.
    pub(crate) fn source(&self) -> PathBuf {
        Path::new(FOLDER).join(&self.file)
    }

    fn lay_out(&self, machine: &Machine) {
        let place = format!("lib/{}", self.place);
        if self.source().extension().is_some_and(|extension| extension == "c") {
            let mut compiler = Command::new("cc");
            if self.file.starts_with("loader-missing") {
                compiler.arg("-Wl,--dynamic-linker=/lib/ld-none.so.1");
            }
            run_ok(compiler.arg("-w").arg("-o").arg(machine.path(&place)).arg(self.source()));
            return machine.mode(&place, self.mode);
        }
        let content = fs::read(self.source()).unwrap();
        let content = match String::from_utf8(content) {
            Ok(text) => machine.filled(&text).into_bytes(),
            Err(binary) => binary.into_bytes(),
        };
        machine.file(&place, content, self.mode);
    }
}

/// Where they lie.
pub(crate) const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/broken");

//! The splits of a path: both parts together are the path.
#![no_main]

use htbin_cgi::script_uri::splits;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|path: &[u8]| {
    for split in splits(path) {
        assert!(!split.script_path.is_empty() && !split.script_path.ends_with(b"/"));
        assert!(split.extra_path.is_empty() || split.extra_path.starts_with(b"/"));
        assert_eq!([split.script_path, split.extra_path].concat(), path);
    }
});

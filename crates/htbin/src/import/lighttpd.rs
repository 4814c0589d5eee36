//! lighttpd.
use super::{Error, model::Model, source::Files};
use std::path::Path;
pub(super) fn read(_file: &Path, _files: &mut Files, _model: &mut Model) -> Result<(), Error> {
    Ok(())
}

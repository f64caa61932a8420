//! Files a setting names: a certificate that cannot be read is told now, not at the first connection.

use crate::config::reader::Field;
use std::fs::File;
use std::path::PathBuf;

/// The path, if a file stands there that this process may read. Relative to the working directory.
pub fn readable(field: &Field<'_>) -> Option<PathBuf> {
    let path = PathBuf::from(field.text()?);
    let file = File::open(&path).and_then(|file| file.metadata());
    match file {
        Ok(file) if file.is_file() => Some(path),
        Ok(_) => {
            field.refuse(format!("must be a file, found {}, which is none", field.shown()));
            None
        }
        Err(error) => {
            field.refuse(format!("must be a readable file, found {}: {error}", field.shown()));
            None
        }
    }
}

//! Where the configuration file is.

use std::io;
use std::path::Path;

/// The YAML file as read.
#[derive(Clone, Debug)]
pub struct Source {
    /// As problems name it.
    pub name: String,
    pub text: String,
}

/// Looked for in this order when nobody names a file.
const USUAL: [&str; 2] = ["tollgate.yaml", "/etc/tollgate/tollgate.yaml"];

/// The file that was named, else the first usual one, else `None`: the environment alone will do.
///
/// # Errors
/// A file that was named or is there, but cannot be read; the error names it.
pub fn find(explicit: Option<&Path>) -> io::Result<Option<Source>> {
    if let Some(path) = explicit {
        return read(path).map(Some);
    }
    for path in USUAL {
        match read(Path::new(path)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            read => return read.map(Some),
        }
    }
    Ok(None)
}

fn read(path: &Path) -> io::Result<Source> {
    let name = path.display().to_string();
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Source { name, text }),
        Err(error) => Err(io::Error::new(error.kind(), format!("cannot read `{name}`: {error}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_was_named_is_read_or_told_by_name() {
        assert!(find(Some(Path::new("Cargo.toml"))).unwrap().unwrap().text.contains("tollgate"));
        let error = find(Some(Path::new("no/such/file.yaml"))).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
        assert!(error.to_string().starts_with("cannot read `no/such/file.yaml`: "), "{error}");
    }
}

//! What `make test` installs: where it is, and how programs find it.

use std::ffi::OsString;
use std::path::Path;
use std::path::PathBuf;

/// A file of the project that a make target puts there; panics with that target's name when it is missing.
pub fn installed(path: &str, by: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    assert!(path.exists(), "`{}` is not there; `{by}` installs what this test needs", path.display());
    path
}

/// A `PATH` on which the Node that `make test` may have installed comes before the machine's own.
pub fn path_with_venv() -> OsString {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join(".venv/bin");
    let machine = std::env::var_os("PATH").unwrap_or_default();
    std::env::join_paths(std::iter::once(own).chain(std::env::split_paths(&machine))).unwrap()
}

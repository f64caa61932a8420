//! Files of a folder: which one a path means, and nothing that is not below the folder.

use crate::config::edge::Files;
use crate::edge::fresh::Version;
use crate::edge::path::Path as Plain;
use http::HeaderValue;
use mime_guess::mime;
use std::fs::File;
use std::io;
use std::path::Path;

/// The one hidden folder that is there to be seen (RFC 8615).
const WELL_KNOWN: &str = ".well-known";

/// What a path means.
#[derive(Debug)]
pub enum Found {
    File(Opened),
    /// A folder with an index, without the slash that relative links in it need.
    Folder,
    Nothing,
}

/// A file, ready to be read.
#[derive(Debug)]
pub struct Opened {
    pub file: File,
    pub version: Version,
    pub kind: HeaderValue,
}

/// Finds a file; `path` as it would be sent on, `is_slashed` whether the client's own path ends with a slash. What is
/// not there is the fallback, where there is one.
///
/// # Errors
/// What is there and cannot be read.
pub async fn find(files: &Files, path: &str, is_slashed: bool) -> io::Result<Found> {
    let (files, path) = (files.clone(), path.to_owned());
    tokio::task::spawn_blocking(move || look(&files, &path, is_slashed)).await?
}

fn look(files: &Files, path: &str, is_slashed: bool) -> io::Result<Found> {
    let Ok(path) = Plain::read(path) else { return Ok(Found::Nothing) };
    match (at(files, &path.plain, is_slashed)?, &files.fallback) {
        (Found::Nothing, Some(fallback)) => match at(files, fallback, fallback.ends_with('/'))? {
            found @ Found::File(_) => Ok(found),
            Found::Folder | Found::Nothing => Ok(Found::Nothing),
        },
        (found, _) => Ok(found),
    }
}

fn at(files: &Files, path: &str, is_slashed: bool) -> io::Result<Found> {
    match walk(files, path, is_slashed) {
        Err(error) if is_absence(&error) => Ok(Found::Nothing),
        found => found,
    }
}

/// Links are followed to their end before anything is opened: a link may lead about the folder, and not out of it.
fn walk(files: &Files, path: &str, is_slashed: bool) -> io::Result<Found> {
    if path.split('/').any(|name| name.starts_with('.') && name != WELL_KNOWN) {
        return Ok(Found::Nothing);
    }
    let root = files.root.canonicalize()?;
    let mut named = root.join(path.trim_matches('/'));
    let is_folder = named.canonicalize()?.is_dir();
    if is_folder {
        named.push(&files.index);
    }
    let there = named.canonicalize()?;
    // Pipes and devices would be waited for.
    if !there.starts_with(&root) || !there.is_file() {
        return Ok(Found::Nothing);
    }
    match (is_folder, path.ends_with('/')) {
        (true, _) if !is_slashed => Ok(Found::Folder),
        (false, true) => Ok(Found::Nothing),
        (true, _) | (false, false) => open(&there, &named).map(Found::File),
    }
}

fn open(there: &Path, named: &Path) -> io::Result<Opened> {
    let file = File::open(there)?;
    let facts = file.metadata()?;
    let version = Version::new(facts.len(), facts.modified().ok());
    Ok(Opened { file, version, kind: kind(named) })
}

/// By its ending. Nobody writes texts in anything but UTF-8 any more.
fn kind(named: &Path) -> HeaderValue {
    let guess = mime_guess::from_path(named).first_or_octet_stream();
    let text = match guess.type_() == mime::TEXT {
        true => format!("{}; charset=utf-8", guess.essence_str()),
        false => guess.essence_str().to_owned(),
    };
    HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static("application/octet-stream"))
}

/// Who must not read a file need not know that it is there.
fn is_absence(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound
            | io::ErrorKind::NotADirectory
            | io::ErrorKind::PermissionDenied
            | io::ErrorKind::InvalidFilename
            | io::ErrorKind::InvalidInput
    ) || error.raw_os_error() == Some(TOO_MANY_LINKS)
}

/// `ELOOP` on Linux, for which the standard library has no name yet.
const TOO_MANY_LINKS: i32 = 40;

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::io::Read;
    use std::os::unix::fs::symlink;

    fn folder() -> (tempfile::TempDir, Files) {
        let home = tempfile::tempdir().unwrap();
        let root = home.path().join("root");
        for folder in ["sub", "bare", ".git", ".well-known", "..data"] {
            fs::create_dir_all(root.join(folder)).unwrap();
        }
        for file in [
            "index.html",
            "a.txt",
            "sub/index.html",
            "sub/b.js",
            ".git/config",
            ".well-known/x",
            "..data/c.css",
        ] {
            fs::write(root.join(file), file).unwrap();
        }
        fs::write(root.join("100% of ü.txt"), "odd").unwrap();
        fs::write(home.path().join("secret.txt"), "secret").unwrap();
        symlink("../secret.txt", root.join("out.txt")).unwrap();
        symlink("..", root.join("up")).unwrap();
        symlink("a.txt", root.join("same.txt")).unwrap();
        symlink("..data/c.css", root.join("c.css")).unwrap();
        symlink("loop", root.join("loop")).unwrap();
        symlink("/dev/zero", root.join("zero")).unwrap();
        (home, Files { root, index: "index.html".to_owned(), fallback: None })
    }

    fn told(files: &Files, path: &str) -> String {
        match look(files, path, path.ends_with('/')).unwrap() {
            Found::Nothing => "nothing".to_owned(),
            Found::Folder => "folder".to_owned(),
            Found::File(mut opened) => {
                let mut text = String::new();
                opened.file.read_to_string(&mut text).unwrap();
                assert_eq!(opened.version.size, text.len() as u64);
                format!("{text} {}", opened.kind.to_str().unwrap())
            }
        }
    }

    #[test]
    fn a_path_means_a_file_below_the_folder_or_nothing() {
        let (_home, files) = folder();
        for (path, meant) in [
            ("/", "index.html text/html; charset=utf-8"),
            ("/a.txt", "a.txt text/plain; charset=utf-8"),
            ("/same.txt", "a.txt text/plain; charset=utf-8"),
            ("/sub/b.js", "sub/b.js text/javascript; charset=utf-8"),
            ("/sub//b.js", "sub/b.js text/javascript; charset=utf-8"),
            ("/sub/", "sub/index.html text/html; charset=utf-8"),
            ("/sub", "folder"),
            ("/.well-known/x", ".well-known/x application/octet-stream"),
            ("/c.css", "..data/c.css text/css; charset=utf-8"),
            ("/100%25%20of%20%C3%BC.txt", "odd text/plain; charset=utf-8"),
        ] {
            assert_eq!(told(&files, path), meant, "{path}");
        }
        let long = format!("/{}", "x".repeat(5000));
        for path in [
            "/none",
            "/a.txt/",
            "/a.txt/x",
            "/bare",
            "/bare/",
            "/.git/config",
            "/..data/c.css",
            "/out.txt",
            "/up/secret.txt",
            "/up",
            "/../secret.txt",
            "/%2e%2e/secret.txt",
            "/..%5csecret.txt",
            "/%252e%252e/secret.txt",
            "/loop",
            "/zero",
            "/a.txt%00",
            "//etc/passwd",
            "/%2fetc/passwd",
            &long,
        ] {
            assert_eq!(told(&files, path), "nothing", "{path}");
        }
    }

    #[test]
    fn what_is_not_there_is_the_fallback() {
        let (_home, mut files) = folder();
        files.fallback = Some("/index.html".to_owned());
        for path in ["/none", "/some/page", "/.git/config", "/out.txt"] {
            assert!(told(&files, path).starts_with("index.html"), "{path}");
        }
        for (fallback, meant) in [("/", true), ("/sub", false)] {
            files.fallback = Some(fallback.to_owned());
            assert_eq!(told(&files, "/none") != "nothing", meant, "{fallback}");
        }
        for fallback in ["/none.html", "/../secret.txt"] {
            files.fallback = Some(fallback.to_owned());
            assert_eq!(told(&files, "/none"), "nothing", "{fallback}");
        }
    }

    #[test]
    fn a_path_that_was_rewritten_is_redirected_once_at_most() {
        let (_home, files) = folder();
        assert!(matches!(look(&files, "/sub", true).unwrap(), Found::File(_)));
        assert!(matches!(look(&files, "/a.txt", true).unwrap(), Found::File(_)));
        assert!(matches!(look(&files, "/", false).unwrap(), Found::Folder));
    }

    #[test]
    fn a_folder_that_is_not_there_has_nothing() {
        let files = Files { root: "/nowhere/at/all".into(), index: "index.html".to_owned(), fallback: None };
        assert_eq!(told(&files, "/"), "nothing");
    }
}

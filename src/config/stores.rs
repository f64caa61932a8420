//! `store` and `state`: where rows are kept for good, and where replicas share their counters.

use crate::config::environment::Variables;
use crate::config::reader::Field;
use crate::config::reader::Section;
use crate::secret::Secret;
use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;

/// Where rows are kept for good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreUrl {
    /// A file of SQLite's.
    Sqlite(PathBuf),
    /// The whole URL: it may hold a password.
    Postgres(Secret),
}

/// Where counters live, and what replicas share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StateUrl {
    /// In this process alone.
    Memory,
    /// The whole URL: it may hold a password.
    Redis(Secret),
}

/// Far more than a Redis next door needs, and nothing a client would notice.
pub const WITHIN: Duration = Duration::from_millis(5);

/// The store below `data_dir` unless told otherwise.
const FILE: &str = "tollgate.db";

/// `DATABASE_URL`, else `store`, else SQLite in the data directory.
pub fn store(root: &Section<'_>, variables: &Variables<'_>, data_dir: &Path) -> StoreUrl {
    let written = root.field("store").and_then(|field| read(&field, store_url));
    let of_environment = variables.field("DATABASE_URL").and_then(|field| read(&field, store_url));
    of_environment.or(written).unwrap_or_else(|| StoreUrl::Sqlite(data_dir.join(FILE)))
}

/// `REDIS_URL`, else `state`, else memory.
pub fn state(root: &Section<'_>, variables: &Variables<'_>) -> StateUrl {
    let written = root.field("state").and_then(|field| read(&field, state_url));
    let of_environment = variables.field("REDIS_URL").and_then(|field| read(&field, redis_url));
    of_environment.or(written).unwrap_or(StateUrl::Memory)
}

/// Reads an address. It is never shown in a problem: it may carry a password.
fn read<T>(field: &Field<'_>, url: fn(&str) -> Result<T, &'static str>) -> Option<T> {
    let text = field.text()?;
    url(&text).map_err(|must| field.refuse(must)).ok()
}

fn store_url(text: &str) -> Result<StoreUrl, &'static str> {
    let (scheme, rest) = text.split_once(':').ok_or(STORE)?;
    match scheme {
        "sqlite" => sqlite(rest.strip_prefix("//").unwrap_or(rest)),
        "postgres" | "postgresql" => server(text, rest).map(StoreUrl::Postgres),
        _ => Err(STORE),
    }
}

const STORE: &str = "must be `sqlite://<file>` or `postgres://<user>:<password>@<host>/<database>`";
const STATE: &str = "must be `memory`, `redis://<host>` or `rediss://<host>`";

fn sqlite(path: &str) -> Result<StoreUrl, &'static str> {
    match path {
        "" | ":memory:" => {
            Err("must name a file behind `sqlite://`: what is stored has to outlive a restart")
        }
        path if path.contains('?') => Err("must end with the name of the file; SQLite is given no options"),
        path => Ok(StoreUrl::Sqlite(PathBuf::from(path))),
    }
}

fn state_url(text: &str) -> Result<StateUrl, &'static str> {
    match text {
        "memory" => Ok(StateUrl::Memory),
        other => redis_url(other),
    }
}

fn redis_url(text: &str) -> Result<StateUrl, &'static str> {
    let (scheme, rest) = text.split_once(':').ok_or(STATE)?;
    match scheme {
        "redis" | "rediss" => server(text, rest).map(StateUrl::Redis),
        _ => Err(STATE),
    }
}

/// An address of a server: somebody may be there.
fn server(text: &str, rest: &str) -> Result<Secret, &'static str> {
    let authority = rest.strip_prefix("//").ok_or("must have `//` behind its scheme")?;
    let host = authority.split(['/', '?']).next().and_then(|part| part.rsplit('@').next());
    // PostgreSQL takes a folder with a socket as `?host=`.
    if host.is_none_or(str::is_empty) && !authority.contains("?host=") {
        return Err("must name a host");
    }
    match text.bytes().all(|sign| sign.is_ascii_graphic()) {
        true => Ok(Secret::new(text)),
        false => {
            Err("must be ASCII without spaces; other signs in a password are written as `%20` and so on")
        }
    }
}

impl StoreUrl {
    /// As it may be shown: without its password.
    pub fn masked(&self) -> String {
        match self {
            StoreUrl::Sqlite(path) => format!("sqlite://{}", path.display()),
            StoreUrl::Postgres(url) => masked(url.expose()),
        }
    }
}

impl StateUrl {
    /// As it may be shown: without its password.
    pub fn masked(&self) -> String {
        match self {
            StateUrl::Memory => "memory".to_owned(),
            StateUrl::Redis(url) => masked(url.expose()),
        }
    }
}

/// An address with `***` for its password and for whatever its parameters say.
fn masked(url: &str) -> String {
    let (place, parameters) = url.split_once('?').map_or((url, None), |(p, q)| (p, Some(q)));
    let shown = match (place.split_once("://"), place.rsplit_once('@')) {
        (Some((scheme, _)), Some((who, host))) => match who[scheme.len() + 3..].split_once(':') {
            Some((user, _)) => format!("{scheme}://{user}:***@{host}"),
            None => place.to_owned(),
        },
        _ => place.to_owned(),
    };
    match parameters {
        Some(_) => format!("{shown}?***"),
        None => shown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stores_are_told_apart_by_their_scheme() {
        let file = |path: &str| Ok(StoreUrl::Sqlite(PathBuf::from(path)));
        assert_eq!(store_url("sqlite://data/t.db"), file("data/t.db"));
        assert_eq!(store_url("sqlite:///var/t.db"), file("/var/t.db"));
        assert_eq!(store_url("sqlite:t.db"), file("t.db"));
        for text in ["postgres://u:p@h/d", "postgresql://h", "postgres:///d?host=/run/pg"] {
            assert!(matches!(store_url(text), Ok(StoreUrl::Postgres(_))), "{text}");
        }
        for text in
            ["", "data/t.db", "sqlite://", "sqlite::memory:", "sqlite://f?mode=ro", "mysql://h", "postgres:h"]
        {
            assert!(store_url(text).is_err(), "{text}");
        }
    }

    #[test]
    fn counters_are_in_memory_or_in_redis() {
        assert_eq!(state_url("memory"), Ok(StateUrl::Memory));
        for text in ["redis://h", "rediss://u:p@h:6380/2", "redis://:p@h"] {
            assert!(matches!(state_url(text), Ok(StateUrl::Redis(_))), "{text}");
        }
        for text in ["redis", "redis://", "redis://:p@", "valkey://h", "redis://a b"] {
            assert!(state_url(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_password_is_never_shown() {
        for (url, shown) in [
            ("redis://h:6379/0", "redis://h:6379/0"),
            ("redis://:hush@h", "redis://:***@h"),
            ("postgres://me:hu@sh@h:5432/d?password=hush", "postgres://me:***@h:5432/d?***"),
            ("postgres://me@h/d", "postgres://me@h/d"),
        ] {
            assert_eq!(masked(url), shown);
        }
    }
}

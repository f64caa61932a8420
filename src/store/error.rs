//! What can go wrong with the store, so told that an outage is not taken for a mistake.

/// Never holds the store's address, which may carry a password.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum StoreError {
    /// Not to be had now: the same call may succeed later.
    #[error("the store is away: {why}")]
    Away { why: String },
    #[error(
        "the store has schema {found}, and this program knows {known} at most; \
         start the newer program again, or restore the store as it was before the update"
    )]
    Newer { found: u64, known: u64 },
    /// The change contradicts what is stored.
    #[error("{what}")]
    Conflict { what: String },
    #[error("there is no {what}")]
    NotFound { what: String },
    /// It will not help to try again.
    #[error("the store cannot be used: {why}")]
    Broken { why: String },
}

/// SQLSTATE classes and codes of a server that cannot now, but may soon: connection lost, out of resources,
/// shut down or starting, cancelled, read-only while another one takes over, deadlocks.
const AWAY: &[&str] = &["08", "53", "57", "58", "25006", "40001", "40P01", "55P03"];

/// Primary codes of SQLite: busy, locked, read-only, failed I/O, full, cannot open.
const BUSY: &[i32] = &[5, 6, 8, 10, 13, 14];

impl StoreError {
    pub(super) fn away(why: impl Into<String>) -> StoreError {
        StoreError::Away { why: why.into() }
    }

    pub(super) fn broken(why: impl Into<String>) -> StoreError {
        StoreError::Broken { why: why.into() }
    }

    pub(super) fn conflict(what: impl Into<String>) -> StoreError {
        StoreError::Conflict { what: what.into() }
    }

    pub(super) fn not_found(what: impl Into<String>) -> StoreError {
        StoreError::NotFound { what: what.into() }
    }

    /// Whether the same call may succeed later.
    pub fn is_away(&self) -> bool {
        matches!(self, StoreError::Away { .. })
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> StoreError {
        match error {
            sqlx::Error::Io(why) => StoreError::away(why.to_string()),
            sqlx::Error::Tls(why) => StoreError::broken(format!("no TLS connection: {why}")),
            sqlx::Error::PoolTimedOut => StoreError::away("no connection in time"),
            sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed => StoreError::away("it was closed"),
            // A server that stops in the middle of an answer.
            sqlx::Error::Protocol(why) => StoreError::away(why),
            sqlx::Error::Database(error) => of_database(error.as_ref()),
            // The text may quote the address.
            sqlx::Error::Configuration(_) => StoreError::broken("its address cannot be read"),
            other => StoreError::broken(other.to_string()),
        }
    }
}

fn of_database(error: &dyn sqlx::error::DatabaseError) -> StoreError {
    let code = error.code().unwrap_or_default();
    if error.is_unique_violation() {
        return StoreError::conflict(format!("that is taken already: {}", error.message()));
    }
    match is_away(&code) {
        true => StoreError::away(error.message()),
        false => StoreError::broken(error.message()),
    }
}

/// SQLSTATEs have five signs; SQLite's codes are numbers, the kind in their lowest byte.
fn is_away(code: &str) -> bool {
    match code.parse::<i32>() {
        Ok(number) if code.len() < 5 => BUSY.contains(&(number & 0xff)),
        _ => AWAY.iter().any(|away| code.starts_with(away)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outage_is_told_from_a_mistake() {
        for code in ["5", "6", "261", "517", "13", "522", "14", "57P01", "57P03", "08006", "53300", "40P01"] {
            assert!(is_away(code), "{code}");
        }
        for code in ["1", "11", "26", "787", "2067", "42601", "28P01", "23505", "22021", "3D000", ""] {
            assert!(!is_away(code), "{code}");
        }
    }
}

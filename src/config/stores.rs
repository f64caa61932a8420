//! `store`: where rows are kept for good.

use crate::secret::Secret;
use std::path::PathBuf;

/// Where rows are kept for good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreUrl {
    /// A file of SQLite's.
    Sqlite(PathBuf),
    /// The whole URL: it may hold a password.
    Postgres(Secret),
}

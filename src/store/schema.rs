//! The schema and its versions: every change of it is a file that is run once.

use crate::store::error::StoreError;
use crate::store::pools::Flavour;
use crate::store::pools::Pools;
use crate::store::pools::Tx;
use crate::store::values::from_stored;
use crate::store::values::to_stored;
use sqlx::AssertSqlSafe;
use sqlx::Row;

/// In order; the first one leads to version 1. What has been released is never changed, only added to.
const MIGRATIONS: &[&str] = &[include_str!("migrations/0001.sql")];

/// Replicas that start together wait for each other. The number only has to be ours.
const LOCK: &str = "SET LOCAL client_min_messages = warning; SELECT pg_advisory_xact_lock(8455374120611);";

/// Runs what is missing, in one transaction.
///
/// # Errors
/// [`StoreError::Newer`] when the store knows more than this program.
pub(super) async fn bring_up_to_date(pools: &Pools) -> Result<(), StoreError> {
    let mut tx = pools.begin().await?;
    if pools.flavour == Flavour::Postgres {
        sqlx::raw_sql(LOCK).execute(&mut *tx).await?;
        speaks_utf8(&mut tx).await?;
    }
    let (found, known) = (version(&mut tx).await?, MIGRATIONS.len());
    let missing = usize::try_from(found).ok().and_then(|found| MIGRATIONS.get(found..));
    let missing = missing.ok_or(StoreError::Newer { found, known: known as u64 })?;
    for (number, migration) in missing.iter().enumerate() {
        run(&mut tx, pools.flavour, migration).await?;
        let version = found + 1 + number as u64;
        let insert = sqlx::query("INSERT INTO schema_version (version) VALUES ($1)").bind(to_stored(version));
        insert.execute(&mut *tx).await?;
    }
    Ok(tx.commit().await?)
}

async fn version(tx: &mut Tx) -> Result<u64, StoreError> {
    let create = "CREATE TABLE IF NOT EXISTS schema_version (version BIGINT NOT NULL PRIMARY KEY)";
    sqlx::raw_sql(create).execute(&mut **tx).await?;
    let row = sqlx::query("SELECT MAX(version) FROM schema_version").fetch_one(&mut **tx).await?;
    Ok(row.try_get::<Option<i64>, _>(0)?.map_or(0, from_stored))
}

async fn run(tx: &mut Tx, flavour: Flavour, migration: &str) -> Result<(), StoreError> {
    let text = match flavour {
        Flavour::Sqlite => migration.to_owned(),
        // Both sort and compare by bytes then, whatever the language of the server.
        Flavour::Postgres => migration.replace(" TEXT", " TEXT COLLATE \"C\"").replace(" BLOB", " BYTEA"),
    };
    sqlx::raw_sql(AssertSqlSafe(text)).execute(&mut **tx).await?;
    Ok(())
}

/// Names in other writings could not be stored, and the ledger would stand still at the first of them.
async fn speaks_utf8(tx: &mut Tx) -> Result<(), StoreError> {
    let encoding: String = sqlx::query("SHOW server_encoding").fetch_one(&mut **tx).await?.try_get(0)?;
    match encoding.as_str() {
        "UTF8" | "SQL_ASCII" => Ok(()),
        other => Err(StoreError::broken(format!(
            "its encoding is {other}; create the database with `ENCODING 'UTF8'`"
        ))),
    }
}

//! Connections: how they are made, how many there are, and how a writing transaction begins.

use crate::config::StoreUrl;
use crate::secret::Secret;
use crate::store::error::StoreError;
use crate::store::file;
use sqlx::Any;
use sqlx::AnyConnection;
use sqlx::AnyPool;
use sqlx::ConnectOptions;
use sqlx::Connection;
use sqlx::Transaction;
use sqlx::any::AnyConnectOptions;
use sqlx::any::AnyPoolOptions;
use std::path::Path;
use std::str::FromStr;
use std::time::Duration;
use std::time::Instant;
use tracing::log::LevelFilter;

/// PostgreSQL has 100 connections in all by default, and replicas share them.
const MOST: u32 = 8;
/// A connection to a server that is there takes milliseconds.
const CONNECT: Duration = Duration::from_secs(5);
/// Readers of a file of SQLite's do not wait for the writer, but each has a thread and a page cache.
pub(super) const READERS: u32 = 4;
/// Longest wait for another process that writes to the same file.
const BUSY: Duration = Duration::from_secs(10);
/// Longest time for one call: a network that swallows packets must not hold a caller for ever.
const LONGEST: Duration = Duration::from_secs(30);
/// Pause between tries where SQLite does not wait by itself.
const PAUSE: Duration = Duration::from_millis(20);

/// What may stand behind the `?` of an address.
const PARAMETERS: [&str; 13] = [
    "application_name",
    "dbname",
    "host",
    "hostaddr",
    "options",
    "password",
    "port",
    "sslcert",
    "sslkey",
    "sslmode",
    "sslrootcert",
    "statement-cache-capacity",
    "user",
];

/// A transaction; it is undone when dropped.
pub(super) type Tx = Transaction<'static, Any>;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flavour {
    Sqlite,
    Postgres,
}

#[derive(Debug)]
pub(super) struct Pools {
    pub flavour: Flavour,
    /// One connection with SQLite, where a second writer would only wait for the first.
    write: AnyPool,
    read: AnyPool,
}

impl Pools {
    /// `readers` bounds those of SQLite's.
    pub async fn connect(url: &StoreUrl, readers: u32) -> Result<Pools, StoreError> {
        sqlx::any::install_default_drivers();
        match url {
            StoreUrl::Sqlite(path) => sqlite(path, readers).await,
            StoreUrl::Postgres(url) => postgres(url),
        }
    }

    /// Begins a transaction that will write.
    pub async fn begin(&self) -> Result<Tx, StoreError> {
        let begun = match self.flavour {
            // One that begins by reading could not go on once somebody else has written.
            Flavour::Sqlite => self.write.begin_with("BEGIN IMMEDIATE").await,
            Flavour::Postgres => self.write.begin().await,
        };
        Ok(begun?)
    }

    /// For single statements that write nothing.
    pub fn reader(&self) -> &AnyPool {
        &self.read
    }

    /// For single statements that write.
    pub fn writer(&self) -> &AnyPool {
        &self.write
    }

    pub async fn close(&self) {
        self.read.close().await;
        self.write.close().await;
    }
}

/// Gives up after 30 s; what was begun is undone.
pub(super) async fn in_time<T>(call: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
    let late = || StoreError::away(format!("no answer within {} s", LONGEST.as_secs()));
    tokio::time::timeout(LONGEST, call).await.unwrap_or_else(|_| Err(late()))
}

fn postgres(url: &Secret) -> Result<Pools, StoreError> {
    let options = AnyPoolOptions::new().max_connections(MOST).acquire_timeout(CONNECT);
    let address = quiet(url.expose())?;
    known_parameters(&address)?;
    let pool = options.connect_lazy_with(address);
    Ok(Pools { flavour: Flavour::Postgres, write: pool.clone(), read: pool })
}

/// One that the driver does not know would be logged with its value, which may be a password.
fn known_parameters(address: &AnyConnectOptions) -> Result<(), StoreError> {
    let is_known = |name: &str| PARAMETERS.contains(&name) || name.starts_with("options[");
    let mut names = address.database_url.query_pairs().map(|(name, _)| name);
    let Some(unknown) = names.find(|name| !is_known(name)) else { return Ok(()) };
    Err(StoreError::broken(format!("its address has `{unknown}`; use some of {}", PARAMETERS.join(", "))))
}

async fn sqlite(path: &Path, readers: u32) -> Result<Pools, StoreError> {
    file::make(path)?;
    let address = quiet(&file::url(path)?)?;
    write_ahead(&address).await?;
    let pool = |most| {
        AnyPoolOptions::new()
            .max_connections(most)
            .acquire_timeout(BUSY)
            // A file does not go away: there is nothing to ask before a connection is used.
            .test_before_acquire(false)
            .after_connect(|connection, _| Box::pin(async move { set_up(connection).await }))
            .connect_lazy_with(address.clone())
    };
    Ok(Pools { flavour: Flavour::Sqlite, write: pool(1), read: pool(readers) })
}

async fn set_up(connection: &mut AnyConnection) -> Result<(), sqlx::Error> {
    // In WAL mode NORMAL keeps every commit through a kill of the process; a power cut may cost the last ones.
    let settings = format!(
        "PRAGMA busy_timeout = {}; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON;",
        BUSY.as_millis()
    );
    sqlx::raw_sql(sqlx::AssertSqlSafe(settings)).execute(connection).await.map(|_| ())
}

/// Readers and the writer do not stand in each other's way. The mode stays with the file.
///
/// This connection is not of a pool, which would take a file that is no database for one that is not there yet.
async fn write_ahead(address: &AnyConnectOptions) -> Result<(), StoreError> {
    let mut connection = AnyConnection::connect_with(address).await?;
    set_up(&mut connection).await?;
    let deadline = Instant::now() + BUSY;
    loop {
        let set = sqlx::raw_sql("PRAGMA journal_mode = WAL").execute(&mut connection).await;
        match set.map_err(StoreError::from) {
            // Two processes that change the mode at once would wait for each other; SQLite refuses one of them.
            Err(error) if error.is_away() && Instant::now() < deadline => tokio::time::sleep(PAUSE).await,
            Err(error) => return Err(error),
            Ok(_) => return Ok(connection.close().await?),
        }
    }
}

/// Statements are not logged: they are ours, and they are many.
fn quiet(url: &str) -> Result<AnyConnectOptions, StoreError> {
    let options = AnyConnectOptions::from_str(url)?.log_statements(LevelFilter::Off);
    Ok(options.log_slow_statements(LevelFilter::Off, LONGEST))
}

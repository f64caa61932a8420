//! Durable rows: tenants, keys, admins, the ledger and jobs, in SQLite or PostgreSQL.
//!
//! Nothing a client waits for asks here, but for jobs. Every call is bounded in time and says [`StoreError::Away`] when the
//! store cannot be had; the next call tries again by itself.

mod account;
mod admins;
mod aggregates;
mod audit;
mod bulk;
mod change;
mod entries;
mod entry;
mod error;
mod file;
mod job_runs;
mod jobs;
mod keys;
mod ledger;
mod page;
mod pools;
mod report;
mod retention;
mod rows;
mod schema;
mod sums;
mod tenants;
mod values;
mod walk;
mod windows;
pub mod written;

pub use account::AccountColumn;
pub use account::Used;
pub use audit::AuditPage;
pub use entries::EntriesPage;
pub use entry::Counted;
pub use entry::Entry;
pub use entry::EntryId;
pub use entry::Kind;
pub use entry::NotAnId;
pub use entry::PriceState;
pub use error::StoreError;
pub use job_runs::ClaimedJob;
pub use job_runs::JobRun;
pub use jobs::JobMessage;
pub use jobs::JobRoom;
pub use jobs::JobRow;
pub use jobs::JobState;
pub use jobs::NewJob;
pub use ledger::Brought;
pub use report::Filter;
pub use report::Group;
pub use report::Order;
pub use report::ReportQuery;
pub use report::ReportRow;
pub use retention::Removed;
pub use rows::AdminChange;
pub use rows::AdminRow;
pub use rows::AuditRow;
pub use rows::By;
pub use rows::KeyChange;
pub use rows::KeyRow;
pub use rows::NewAdmin;
pub use rows::NewHash;
pub use rows::NewKey;
pub use rows::NewTenant;
pub use rows::Role;
pub use rows::TenantChange;
pub use rows::TenantRow;
pub use sums::Sums;
pub use windows::UserUse;

use crate::config::StoreUrl;
use crate::store::ledger::Inserts;
use crate::store::pools::Pools;
use crate::store::pools::READERS;
use crate::store::pools::in_time;

/// The store of one installation; replicas share it where it is PostgreSQL. Calls may run at the same time.
#[derive(Debug)]
pub struct Store {
    pools: Pools,
    inserts: Inserts,
}

impl Store {
    /// Opens it, makes it if need be, and brings its schema up to date; several processes may do so at once.
    ///
    /// # Errors
    /// [`StoreError::Newer`] when a newer program has used it; `Away` and `Broken` else.
    pub async fn open(url: &StoreUrl) -> Result<Store, StoreError> {
        Store::with(url, READERS).await
    }

    /// Like [`Store::open`], for who asks one thing after the other. sqlx gives a connection back in a task, so that
    /// the next question finds the pool empty, and would start one more reader of SQLite's for itself.
    ///
    /// # Errors
    /// Likewise.
    pub async fn open_for_one(url: &StoreUrl) -> Result<Store, StoreError> {
        Store::with(url, 1).await
    }

    async fn with(url: &StoreUrl, readers: u32) -> Result<Store, StoreError> {
        let pools = Pools::connect(url, readers).await?;
        in_time(schema::bring_up_to_date(&pools)).await?;
        let inserts = Inserts::new(pools.flavour);
        Ok(Store { pools, inserts })
    }

    /// Waits for what is under way and closes all connections. Later calls find the store away.
    pub async fn close(&self) {
        self.pools.close().await;
    }
}

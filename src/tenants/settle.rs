//! The first keys and the store brought together: what the data folder has is taken in, what is missing is made.

use crate::secret::KeyHash;
use crate::store::AdminRow;
use crate::store::By;
use crate::store::KeyRow;
use crate::store::NewAdmin;
use crate::store::NewKey;
use crate::store::Role;
use crate::store::Store;
use crate::store::StoreError;
use crate::tenants::first_keys::FirstKeys;
use crate::tenants::first_keys::Fresh;
use crate::tenants::fresh;
use crate::tenants::in_force::FIRST;
use crate::tenants::registry::Rows;
use std::time::Duration;

/// How often others may be quicker: each time they leave less to do.
const TRIES: usize = 4;
/// The settings of a key that has none.
const UNBOUND: &str = "{}";

/// What is to be made where the store has none in force.
#[derive(Clone, Copy, Debug)]
pub struct Wants {
    pub client: bool,
    pub admin: bool,
}

impl Wants {
    pub const NOTHING: Wants = Wants { client: false, admin: false };
}

/// What came of it.
#[derive(Debug)]
pub struct Settled {
    pub rows: Rows,
    /// What the data folder should have from now on.
    pub kept: FirstKeys,
    pub fresh: Fresh,
}

/// Brings both together. Several replicas may do so at once; one of them makes the keys.
///
/// # Errors
/// Those of the store.
pub async fn settle(store: &Store, kept: &FirstKeys, wants: Wants, by: &By) -> Result<Settled, StoreError> {
    let mut tries = 1;
    loop {
        match attempt(store, kept, wants, by).await {
            Err(StoreError::Conflict { .. }) if tries < TRIES => tries += 1,
            done => return done,
        }
    }
}

async fn attempt(store: &Store, kept: &FirstKeys, wants: Wants, by: &By) -> Result<Settled, StoreError> {
    let mut rows = Rows::load(store).await?;
    if !kept.stored {
        take_in(store, &rows, kept, by).await?;
        rows = Rows::load(store).await?;
    }
    let (mut fresh, mut hashes) = (Fresh::default(), (kept.client, kept.admin));
    // Where all are disabled somebody has shut the door.
    if wants.client && rows.keys.is_empty() {
        let made = fresh::key();
        add_key(store, &rows, made.hash, made.shown, by).await?;
        (fresh.client, hashes.0) = (Some(made.key), Some(made.hash));
    }
    if wants.admin && !rows.admins.iter().any(|row| row.role == Role::Owner && !row.disabled) {
        let made = fresh::admin_token();
        add_admin(store, &rows, made.hash, by).await?;
        (fresh.admin, hashes.1) = (Some(made.key), Some(made.hash));
    }
    if !fresh.is_empty() {
        rows = Rows::load(store).await?;
    }
    let seen = Some(Duration::from_millis(by.at_ms));
    let kept = FirstKeys { client: hashes.0, admin: hashes.1, stored: true, seen };
    Ok(Settled { kept: still_good(&kept, &rows), rows, fresh })
}

/// The first keys of which the store says that they are good.
pub fn still_good(kept: &FirstKeys, rows: &Rows) -> FirstKeys {
    // The folder knows nothing of settings and roles: whoever has been given less must not have more without the store.
    let free = |row: &KeyRow| !row.disabled && row.expires_ms.is_none() && row.settings == UNBOUND;
    let key = |hash: &KeyHash| rows.keys.iter().any(|row| row.hash == *hash && free(row));
    let owner = |row: &AdminRow| !row.disabled && row.role == Role::Owner;
    let admin = |hash: &KeyHash| rows.admins.iter().any(|row| row.hash == *hash && owner(row));
    FirstKeys { client: kept.client.filter(key), admin: kept.admin.filter(admin), ..kept.clone() }
}

/// Takes the first keys out of the store.
///
/// # Errors
/// Those of the store.
pub async fn forget(store: &Store, kept: &FirstKeys, by: &By) -> Result<(), StoreError> {
    let rows = Rows::load(store).await?;
    for key in
        rows.keys.iter().filter(|row| row.tenant.is_empty() && is_first(&row.name, row.hash, kept.client))
    {
        store.delete_key(&key.id, by).await?;
    }
    for admin in rows.admins.iter().filter(|row| is_first(&row.name, row.hash, kept.admin)) {
        store.delete_admin(&admin.id, by).await?;
    }
    Ok(())
}

fn is_first(name: &str, hash: KeyHash, kept: Option<KeyHash>) -> bool {
    name == FIRST || kept == Some(hash)
}

/// What the data folder has from before there was a store, or from a start without it.
async fn take_in(store: &Store, rows: &Rows, kept: &FirstKeys, by: &By) -> Result<(), StoreError> {
    let is_old = |row: &KeyRow, hash| row.hash == hash || row.old_hash == Some(hash);
    if let Some(hash) = kept.client.filter(|hash| !rows.keys.iter().any(|row| is_old(row, *hash))) {
        add_key(store, rows, hash, String::new(), by).await?;
    }
    if let Some(hash) = kept.admin.filter(|hash| !rows.admins.iter().any(|row| row.hash == *hash)) {
        add_admin(store, rows, hash, by).await?;
    }
    Ok(())
}

async fn add_key(
    store: &Store,
    rows: &Rows,
    hash: KeyHash,
    shown: String,
    by: &By,
) -> Result<(), StoreError> {
    let nobodys = rows.keys.iter().filter(|row| row.tenant.is_empty());
    let name = free_name(nobodys.map(|row| row.name.as_str()));
    let settings = UNBOUND.to_owned();
    let new = NewKey { tenant: String::new(), name, shown, hash, settings, expires_ms: None };
    store.add_key(&new, by).await.map(drop)
}

async fn add_admin(store: &Store, rows: &Rows, hash: KeyHash, by: &By) -> Result<(), StoreError> {
    let name = free_name(rows.admins.iter().map(|row| row.name.as_str()));
    store.add_admin(&NewAdmin { name, role: Role::Owner, hash }, by).await.map(drop)
}

/// `first`, else `first-2` and so on: a replica with a data folder of its own may have made some as well.
fn free_name<'a>(taken: impl Iterator<Item = &'a str>) -> String {
    let taken: Vec<&str> = taken.collect();
    let mut name = FIRST.to_owned();
    for number in 2.. {
        if !taken.contains(&name.as_str()) {
            break;
        }
        name = format!("{FIRST}-{number}");
    }
    name
}

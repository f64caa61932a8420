//! Keys in the store.

use crate::id;
use crate::secret::KeyHash;
use crate::store::Store;
use crate::store::change::Change;
use crate::store::change::as_json;
use crate::store::change::difference;
use crate::store::change::still;
use crate::store::error::StoreError;
use crate::store::pools::in_time;
use crate::store::rows::By;
use crate::store::rows::KeyChange;
use crate::store::rows::KeyRow;
use crate::store::rows::NewHash;
use crate::store::rows::NewKey;
use crate::store::values::Columns;
use crate::store::values::bounded;
use crate::store::values::to_stored;
use serde_json::Value;
use serde_json::json;
use sqlx::AssertSqlSafe;
use sqlx::any::AnyRow;

const COLUMNS: &str = "id, tenant, name, shown, hash, old_hash, old_until_ms, settings, expires_ms, disabled, \
                       created_ms, updated_ms";

impl Store {
    /// Those of one tenant (empty: of nobody), or all; by tenant and name.
    pub async fn keys(&self, tenant: Option<&str>) -> Result<Vec<KeyRow>, StoreError> {
        let condition = tenant.map_or("$1 = ''", |_| "COALESCE(tenant, '') = $1");
        let text =
            format!("SELECT {COLUMNS} FROM keys WHERE {condition} ORDER BY COALESCE(tenant, ''), name");
        let query = sqlx::query(AssertSqlSafe(text)).bind(bounded(tenant.unwrap_or_default()));
        in_time(async { query.fetch_all(self.pools.reader()).await?.iter().map(read).collect() }).await
    }

    pub async fn key(&self, id: &str) -> Result<KeyRow, StoreError> {
        in_time(async {
            let query = sqlx::query(AssertSqlSafe(one())).bind(bounded(id));
            let row = query.fetch_optional(self.pools.reader()).await?;
            read(&row.ok_or_else(|| missing(id))?)
        })
        .await
    }

    /// # Errors
    /// [`StoreError::NotFound`] without its tenant; [`StoreError::Conflict`] when name or hash are taken.
    pub async fn add_key(&self, new: &NewKey, by: &By) -> Result<KeyRow, StoreError> {
        in_time(async {
            let mut change = self.change(by).await?;
            let key = made(new, by);
            of_somebody(&mut change, &key.tenant).await?;
            free(&mut change, &key).await?;
            unused(&mut change, &key.hash).await?;
            write(&mut change, &insert_text(), &key).await?;
            change.done("key.add", &key.id, &shown(&key)).await?;
            Ok(key)
        })
        .await
    }

    /// # Errors
    /// [`StoreError::NotFound`]; [`StoreError::Conflict`] when the new name is taken; [`StoreError::Overtaken`].
    pub async fn change_key(&self, id: &str, to: &KeyChange, by: &By) -> Result<KeyRow, StoreError> {
        in_time(async {
            let mut change = self.change(by).await?;
            let now = locked(&mut change, id).await?;
            still(&now.settings, to.was.as_ref())?;
            let before = shown(&now);
            let key = changed(now, to, by);
            free(&mut change, &key).await?;
            write(&mut change, &update_text(), &key).await?;
            let details = difference(&before, &shown(&key));
            change.done("key.change", id, &details).await?;
            Ok(key)
        })
        .await
    }

    /// Another key takes the place of this one; what is counted for it goes on.
    ///
    /// # Errors
    /// [`StoreError::NotFound`]; [`StoreError::Conflict`] when the hash is taken.
    pub async fn rotate_key(&self, id: &str, to: &NewHash, by: &By) -> Result<KeyRow, StoreError> {
        in_time(async {
            let mut change = self.change(by).await?;
            let old = locked(&mut change, id).await?;
            let before = shown(&old);
            unused(&mut change, &to.hash).await?;
            let key = KeyRow {
                shown: to.shown.clone(),
                hash: to.hash,
                old_hash: to.old_until_ms.map(|_| old.hash),
                old_until_ms: to.old_until_ms,
                updated_ms: by.at_ms,
                ..old
            };
            write(&mut change, &update_text(), &key).await?;
            let details = difference(&before, &shown(&key));
            change.done("key.rotate", id, &details).await?;
            Ok(key)
        })
        .await
    }

    /// What it used stays in the ledger.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn delete_key(&self, id: &str, by: &By) -> Result<(), StoreError> {
        in_time(async {
            let mut change = self.change(by).await?;
            let key = locked(&mut change, id).await?;
            sqlx::query("DELETE FROM keys WHERE id = $1").bind(bounded(id)).execute(&mut *change.tx).await?;
            change.done("key.delete", id, &shown(&key)).await
        })
        .await
    }
}

fn read(row: &AnyRow) -> Result<KeyRow, StoreError> {
    let row = Columns(row);
    let old_hash = match row.maybe_text("old_hash")? {
        Some(_) => Some(row.parsed("old_hash", KeyHash::from_hex)?),
        None => None,
    };
    Ok(KeyRow {
        id: row.text("id")?,
        tenant: row.text_or_empty("tenant")?,
        name: row.text("name")?,
        shown: row.text("shown")?,
        hash: row.parsed("hash", KeyHash::from_hex)?,
        old_hash,
        old_until_ms: row.maybe_number("old_until_ms")?,
        settings: row.text("settings")?,
        expires_ms: row.maybe_number("expires_ms")?,
        disabled: row.flag("disabled")?,
        created_ms: row.number("created_ms")?,
        updated_ms: row.number("updated_ms")?,
    })
}

fn made(new: &NewKey, by: &By) -> KeyRow {
    KeyRow {
        id: id::random("key_"),
        tenant: new.tenant.clone(),
        name: new.name.clone(),
        shown: new.shown.clone(),
        hash: new.hash,
        old_hash: None,
        old_until_ms: None,
        settings: new.settings.clone(),
        expires_ms: new.expires_ms,
        disabled: false,
        created_ms: by.at_ms,
        updated_ms: by.at_ms,
    }
}

fn changed(now: KeyRow, to: &KeyChange, by: &By) -> KeyRow {
    KeyRow {
        name: to.name.clone().unwrap_or(now.name),
        settings: to.settings.clone().unwrap_or(now.settings),
        expires_ms: to.expires_ms.unwrap_or(now.expires_ms),
        disabled: to.disabled.unwrap_or(now.disabled),
        updated_ms: by.at_ms,
        ..now
    }
}

/// As the audit log has it.
fn shown(key: &KeyRow) -> Value {
    json!({
        "tenant": key.tenant, "name": key.name, "shown": key.shown, "settings": as_json(&key.settings),
        "expires_ms": key.expires_ms, "old_until_ms": key.old_until_ms, "disabled": key.disabled,
    })
}

fn missing(id: &str) -> StoreError {
    StoreError::not_found(format!("key `{id}`"))
}

fn one() -> String {
    format!("SELECT {COLUMNS} FROM keys WHERE id = $1")
}

/// The key as it is, and stays until the change is done.
async fn locked(change: &mut Change<'_>, id: &str) -> Result<KeyRow, StoreError> {
    let row = sqlx::query(AssertSqlSafe(one())).bind(bounded(id)).fetch_optional(&mut *change.tx).await?;
    read(&row.ok_or_else(|| missing(id))?)
}

async fn of_somebody(change: &mut Change<'_>, tenant: &str) -> Result<(), StoreError> {
    let found = change.find("SELECT id FROM tenants WHERE id = $1", tenant).await?;
    match tenant.is_empty() || found.is_some() {
        true => Ok(()),
        false => Err(StoreError::not_found(format!("tenant `{tenant}`"))),
    }
}

async fn free(change: &mut Change<'_>, key: &KeyRow) -> Result<(), StoreError> {
    let text = "SELECT id FROM keys WHERE COALESCE(tenant, '') = $1 AND name = $2 AND id <> $3";
    let query = sqlx::query(text).bind(key.tenant.as_str()).bind(key.name.as_str()).bind(key.id.as_str());
    match query.fetch_optional(&mut *change.tx).await? {
        None => Ok(()),
        Some(_) => {
            Err(StoreError::conflict(format!("a key `{}` is there already; choose another name", key.name)))
        }
    }
}

/// No two keys may have the same hash, be it the old one of another: nobody would know whose it is.
async fn unused(change: &mut Change<'_>, hash: &KeyHash) -> Result<(), StoreError> {
    let text = "SELECT id FROM keys WHERE hash = $1 OR old_hash = $1";
    match change.find(text, &hash.to_hex()).await? {
        None => Ok(()),
        Some(id) => Err(StoreError::conflict(format!("this key is stored already, as `{id}`"))),
    }
}

fn insert_text() -> String {
    format!("INSERT INTO keys ({COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)")
}

/// Everything but the id, whose place is the first.
fn update_text() -> String {
    let (places, columns) = (2.., COLUMNS.split(", ").skip(1));
    let set = columns.zip(places).map(|(column, place): (&str, usize)| format!("{column} = ${place}"));
    format!("UPDATE keys SET {} WHERE id = $1", set.collect::<Vec<_>>().join(", "))
}

async fn write(change: &mut Change<'_>, text: &str, key: &KeyRow) -> Result<(), StoreError> {
    let tenant = Some(key.tenant.as_str()).filter(|tenant| !tenant.is_empty());
    let query = sqlx::query(AssertSqlSafe(text.to_owned()))
        .bind(key.id.as_str())
        .bind(tenant)
        .bind(key.name.as_str())
        .bind(key.shown.as_str())
        .bind(key.hash.to_hex())
        .bind(key.old_hash.map(KeyHash::to_hex))
        .bind(key.old_until_ms.map(to_stored))
        .bind(key.settings.as_str())
        .bind(key.expires_ms.map(to_stored))
        .bind(i64::from(key.disabled))
        .bind(to_stored(key.created_ms))
        .bind(to_stored(key.updated_ms));
    query.execute(&mut *change.tx).await?;
    Ok(())
}

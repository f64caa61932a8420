//! Tenants in the store.

use crate::id;
use crate::store::Store;
use crate::store::change::Change;
use crate::store::change::as_json;
use crate::store::change::difference;
use crate::store::change::still;
use crate::store::error::StoreError;
use crate::store::pools::in_time;
use crate::store::rows::By;
use crate::store::rows::NewTenant;
use crate::store::rows::TenantChange;
use crate::store::rows::TenantRow;
use crate::store::values::Columns;
use crate::store::values::bounded;
use crate::store::values::to_stored;
use serde_json::Value;
use serde_json::json;
use sqlx::any::AnyRow;

const ALL: &str = "SELECT id, name, settings, disabled, created_ms, updated_ms FROM tenants ORDER BY name";
const ONE: &str = "SELECT id, name, settings, disabled, created_ms, updated_ms FROM tenants WHERE id = $1";

impl Store {
    /// All of them by name.
    pub async fn tenants(&self) -> Result<Vec<TenantRow>, StoreError> {
        in_time(async { sqlx::query(ALL).fetch_all(self.pools.reader()).await?.iter().map(read).collect() })
            .await
    }

    pub async fn tenant(&self, id: &str) -> Result<TenantRow, StoreError> {
        in_time(async {
            let row = sqlx::query(ONE).bind(bounded(id)).fetch_optional(self.pools.reader()).await?;
            read(&row.ok_or_else(|| missing(id))?)
        })
        .await
    }

    /// # Errors
    /// [`StoreError::Conflict`] when the name is taken.
    pub async fn add_tenant(&self, new: &NewTenant, by: &By) -> Result<TenantRow, StoreError> {
        in_time(async {
            let mut change = self.change(by).await?;
            let tenant = TenantRow {
                id: id::random("tn_"),
                name: new.name.clone(),
                settings: new.settings.clone(),
                disabled: false,
                created_ms: by.at_ms,
                updated_ms: by.at_ms,
            };
            free(&mut change, &tenant).await?;
            insert(&mut change, &tenant).await?;
            change.done("tenant.add", &tenant.id, &shown(&tenant)).await?;
            Ok(tenant)
        })
        .await
    }

    /// # Errors
    /// [`StoreError::NotFound`]; [`StoreError::Conflict`] when the new name is taken; [`StoreError::Overtaken`].
    pub async fn change_tenant(&self, id: &str, to: &TenantChange, by: &By) -> Result<TenantRow, StoreError> {
        in_time(async {
            let mut change = self.change(by).await?;
            let now = locked(&mut change, id).await?;
            still(&now.settings, to.was.as_ref())?;
            let before = shown(&now);
            let tenant = changed(now, to, by);
            free(&mut change, &tenant).await?;
            update(&mut change, &tenant).await?;
            let details = difference(&before, &shown(&tenant));
            change.done("tenant.change", id, &details).await?;
            Ok(tenant)
        })
        .await
    }

    /// # Errors
    /// [`StoreError::NotFound`]; [`StoreError::Conflict`] while it has keys.
    pub async fn delete_tenant(&self, id: &str, by: &By) -> Result<(), StoreError> {
        in_time(async {
            let mut change = self.change(by).await?;
            let tenant = locked(&mut change, id).await?;
            without_keys(&mut change, &tenant).await?;
            sqlx::query("DELETE FROM tenants WHERE id = $1")
                .bind(bounded(id))
                .execute(&mut *change.tx)
                .await?;
            change.done("tenant.delete", id, &shown(&tenant)).await
        })
        .await
    }
}

fn read(row: &AnyRow) -> Result<TenantRow, StoreError> {
    let row = Columns(row);
    Ok(TenantRow {
        id: row.text("id")?,
        name: row.text("name")?,
        settings: row.text("settings")?,
        disabled: row.flag("disabled")?,
        created_ms: row.number("created_ms")?,
        updated_ms: row.number("updated_ms")?,
    })
}

fn changed(now: TenantRow, to: &TenantChange, by: &By) -> TenantRow {
    TenantRow {
        name: to.name.clone().unwrap_or(now.name),
        settings: to.settings.clone().unwrap_or(now.settings),
        disabled: to.disabled.unwrap_or(now.disabled),
        updated_ms: by.at_ms,
        ..now
    }
}

/// As the audit log has it.
fn shown(tenant: &TenantRow) -> Value {
    json!({ "name": tenant.name, "settings": as_json(&tenant.settings), "disabled": tenant.disabled })
}

fn missing(id: &str) -> StoreError {
    StoreError::not_found(format!("tenant `{id}`"))
}

/// The tenant as it is, and stays until the change is done.
async fn locked(change: &mut Change<'_>, id: &str) -> Result<TenantRow, StoreError> {
    let row = sqlx::query(ONE).bind(bounded(id)).fetch_optional(&mut *change.tx).await?;
    read(&row.ok_or_else(|| missing(id))?)
}

async fn free(change: &mut Change<'_>, tenant: &TenantRow) -> Result<(), StoreError> {
    let found = change.find("SELECT id FROM tenants WHERE name = $1", &tenant.name).await?;
    match found.is_none_or(|id| id == tenant.id) {
        true => Ok(()),
        false => Err(StoreError::conflict(format!(
            "a tenant `{}` is there already; choose another name",
            tenant.name
        ))),
    }
}

async fn without_keys(change: &mut Change<'_>, tenant: &TenantRow) -> Result<(), StoreError> {
    let text = "SELECT COUNT(*) AS keys FROM keys WHERE tenant = $1";
    let row = sqlx::query(text).bind(tenant.id.as_str()).fetch_one(&mut *change.tx).await?;
    match Columns(&row).number("keys")? {
        0 => Ok(()),
        keys => Err(StoreError::conflict(format!(
            "tenant `{}` has {keys} keys; delete these first, or disable the tenant",
            tenant.name
        ))),
    }
}

async fn insert(change: &mut Change<'_>, tenant: &TenantRow) -> Result<(), StoreError> {
    let text = "INSERT INTO tenants (id, name, settings, disabled, created_ms, updated_ms) \
                VALUES ($1, $2, $3, $4, $5, $6)";
    let query = sqlx::query(text)
        .bind(tenant.id.as_str())
        .bind(tenant.name.as_str())
        .bind(tenant.settings.as_str())
        .bind(i64::from(tenant.disabled))
        .bind(to_stored(tenant.created_ms))
        .bind(to_stored(tenant.updated_ms));
    query.execute(&mut *change.tx).await?;
    Ok(())
}

async fn update(change: &mut Change<'_>, tenant: &TenantRow) -> Result<(), StoreError> {
    let text = "UPDATE tenants SET name = $2, settings = $3, disabled = $4, updated_ms = $5 WHERE id = $1";
    let query = sqlx::query(text)
        .bind(tenant.id.as_str())
        .bind(tenant.name.as_str())
        .bind(tenant.settings.as_str())
        .bind(i64::from(tenant.disabled))
        .bind(to_stored(tenant.updated_ms));
    query.execute(&mut *change.tx).await?;
    Ok(())
}

//! Admins in the store.

use crate::id;
use crate::secret::KeyHash;
use crate::store::Store;
use crate::store::change::Change;
use crate::store::change::difference;
use crate::store::error::StoreError;
use crate::store::pools::in_time;
use crate::store::rows::AdminChange;
use crate::store::rows::AdminRow;
use crate::store::rows::By;
use crate::store::rows::NewAdmin;
use crate::store::rows::Role;
use crate::store::values::Columns;
use crate::store::values::bounded;
use crate::store::values::to_stored;
use serde_json::Value;
use serde_json::json;
use sqlx::any::AnyRow;

const ALL: &str = "SELECT id, name, role, hash, disabled, created_ms, updated_ms FROM admins ORDER BY name";
const ONE: &str = "SELECT id, name, role, hash, disabled, created_ms, updated_ms FROM admins WHERE id = $1";

impl Store {
    /// All of them by name.
    pub async fn admins(&self) -> Result<Vec<AdminRow>, StoreError> {
        in_time(async { sqlx::query(ALL).fetch_all(self.pools.reader()).await?.iter().map(read).collect() })
            .await
    }

    pub async fn admin(&self, id: &str) -> Result<AdminRow, StoreError> {
        in_time(async {
            let row = sqlx::query(ONE).bind(bounded(id)).fetch_optional(self.pools.reader()).await?;
            read(&row.ok_or_else(|| missing(id))?)
        })
        .await
    }

    /// # Errors
    /// [`StoreError::Conflict`] when name or hash are taken.
    pub async fn add_admin(&self, new: &NewAdmin, by: &By) -> Result<AdminRow, StoreError> {
        in_time(async {
            let mut change = self.change(by).await?;
            let admin = AdminRow {
                id: id::random("adm_"),
                name: new.name.clone(),
                role: new.role,
                hash: new.hash,
                disabled: false,
                created_ms: by.at_ms,
                updated_ms: by.at_ms,
            };
            free(&mut change, &admin).await?;
            insert(&mut change, &admin).await?;
            change.done("admin.add", &admin.id, &shown(&admin)).await?;
            Ok(admin)
        })
        .await
    }

    /// # Errors
    /// [`StoreError::NotFound`]; [`StoreError::Conflict`] when the new name or hash are taken, or when no owner
    /// would be left.
    pub async fn change_admin(&self, id: &str, to: &AdminChange, by: &By) -> Result<AdminRow, StoreError> {
        in_time(async {
            let mut change = self.change(by).await?;
            let before = locked(&mut change, id).await?;
            let admin = changed(before.clone(), to, by);
            if rules(&before) && !rules(&admin) {
                another_owner(&mut change, id).await?;
            }
            free(&mut change, &admin).await?;
            update(&mut change, &admin).await?;
            let mut details = difference(&shown(&before), &shown(&admin));
            if to.hash.is_some() {
                details["rotated"] = true.into();
            }
            change.done("admin.change", id, &details).await?;
            Ok(admin)
        })
        .await
    }

    /// Like [`Store::dismiss_admin`], but the last owner may go as well: somebody has to make a new one.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn delete_admin(&self, id: &str, by: &By) -> Result<(), StoreError> {
        in_time(async {
            let mut change = self.change(by).await?;
            let admin = locked(&mut change, id).await?;
            deleted(change, &admin).await
        })
        .await
    }

    /// # Errors
    /// [`StoreError::NotFound`]; [`StoreError::Conflict`] when no owner would be left.
    pub async fn dismiss_admin(&self, id: &str, by: &By) -> Result<(), StoreError> {
        in_time(async {
            let mut change = self.change(by).await?;
            let admin = locked(&mut change, id).await?;
            if rules(&admin) {
                another_owner(&mut change, id).await?;
            }
            deleted(change, &admin).await
        })
        .await
    }
}

fn read(row: &AnyRow) -> Result<AdminRow, StoreError> {
    let row = Columns(row);
    Ok(AdminRow {
        id: row.text("id")?,
        name: row.text("name")?,
        role: row.parsed("role", Role::from_word)?,
        hash: row.parsed("hash", KeyHash::from_hex)?,
        disabled: row.flag("disabled")?,
        created_ms: row.number("created_ms")?,
        updated_ms: row.number("updated_ms")?,
    })
}

fn changed(now: AdminRow, to: &AdminChange, by: &By) -> AdminRow {
    AdminRow {
        name: to.name.clone().unwrap_or(now.name),
        role: to.role.unwrap_or(now.role),
        hash: to.hash.unwrap_or(now.hash),
        disabled: to.disabled.unwrap_or(now.disabled),
        updated_ms: by.at_ms,
        ..now
    }
}

/// Whether this admin can let others in again.
fn rules(admin: &AdminRow) -> bool {
    admin.role == Role::Owner && !admin.disabled
}

/// Changes wait for each other, so of two owners who leave at once the second one finds this.
async fn another_owner(change: &mut Change<'_>, id: &str) -> Result<(), StoreError> {
    let text = "SELECT id FROM admins WHERE role = 'owner' AND disabled = 0 AND id <> $1";
    match change.find(text, id).await? {
        Some(_) => Ok(()),
        None => Err(StoreError::conflict("this is the last owner in force; make another one first")),
    }
}

async fn deleted(mut change: Change<'_>, admin: &AdminRow) -> Result<(), StoreError> {
    let id = admin.id.as_str();
    sqlx::query("DELETE FROM admins WHERE id = $1").bind(bounded(id)).execute(&mut *change.tx).await?;
    change.done("admin.delete", id, &shown(admin)).await
}

/// As the audit log has it.
fn shown(admin: &AdminRow) -> Value {
    json!({ "name": admin.name, "role": admin.role.word(), "disabled": admin.disabled })
}

fn missing(id: &str) -> StoreError {
    StoreError::not_found(format!("admin `{id}`"))
}

/// The admin as it is, and stays until the change is done.
async fn locked(change: &mut Change<'_>, id: &str) -> Result<AdminRow, StoreError> {
    let row = sqlx::query(ONE).bind(bounded(id)).fetch_optional(&mut *change.tx).await?;
    read(&row.ok_or_else(|| missing(id))?)
}

async fn free(change: &mut Change<'_>, admin: &AdminRow) -> Result<(), StoreError> {
    let named = change.find("SELECT id FROM admins WHERE name = $1", &admin.name).await?;
    if named.is_some_and(|id| id != admin.id) {
        let name = &admin.name;
        return Err(StoreError::conflict(format!("an admin `{name}` is there already; choose another name")));
    }
    let hashed = change.find("SELECT id FROM admins WHERE hash = $1", &admin.hash.to_hex()).await?;
    match hashed.filter(|id| *id != admin.id) {
        None => Ok(()),
        Some(id) => Err(StoreError::conflict(format!("this token is stored already, as `{id}`"))),
    }
}

async fn insert(change: &mut Change<'_>, admin: &AdminRow) -> Result<(), StoreError> {
    let text = "INSERT INTO admins (id, name, role, hash, disabled, created_ms, updated_ms) \
                VALUES ($1, $2, $3, $4, $5, $6, $7)";
    let query = sqlx::query(text)
        .bind(admin.id.as_str())
        .bind(admin.name.as_str())
        .bind(admin.role.word())
        .bind(admin.hash.to_hex())
        .bind(i64::from(admin.disabled))
        .bind(to_stored(admin.created_ms))
        .bind(to_stored(admin.updated_ms));
    query.execute(&mut *change.tx).await?;
    Ok(())
}

async fn update(change: &mut Change<'_>, admin: &AdminRow) -> Result<(), StoreError> {
    let text =
        "UPDATE admins SET name = $2, role = $3, hash = $4, disabled = $5, updated_ms = $6 WHERE id = $1";
    let query = sqlx::query(text)
        .bind(admin.id.as_str())
        .bind(admin.name.as_str())
        .bind(admin.role.word())
        .bind(admin.hash.to_hex())
        .bind(i64::from(admin.disabled))
        .bind(to_stored(admin.updated_ms));
    query.execute(&mut *change.tx).await?;
    Ok(())
}

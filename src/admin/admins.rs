//! Admins in the admin API. A token is shown once, when it is made; the last owner cannot go.

use crate::admin::ask::Ask;
use crate::admin::ask::Reply;
use crate::admin::fields::Fields;
use crate::admin::pages::page;
use crate::admin::refuse::Refusal;
use crate::admin::times::shown;
use crate::store::AdminChange;
use crate::store::AdminRow;
use crate::store::NewAdmin;
use crate::store::Role;
use crate::tenants::fresh;
use serde_json::Value;
use serde_json::json;

pub async fn list(ask: Ask) -> Result<Reply, Refusal> {
    let rows = ask.store().await?.admins().await?;
    page(&ask, rows, |row| &row.id, show).map(Reply::Json)
}

pub async fn read(ask: Ask) -> Result<Reply, Refusal> {
    let row = ask.store().await?.admin(&ask.id).await?;
    Ok(Reply::Json(show(&row)))
}

pub async fn create(ask: Ask) -> Result<Reply, Refusal> {
    let mut fields = Fields::read(&ask.body)?;
    let name = fields.required_name()?;
    let role = role(&mut fields)?.ok_or_else(|| Refusal::field("role", ROLE.to_owned()))?;
    fields.nothing_else()?;
    let made = fresh::admin_token();
    let row = ask.store().await?.add_admin(&NewAdmin { name, role, hash: made.hash }, &ask.by()).await?;
    ask.changed().await;
    Ok(Reply::Json(show_with(&row, made.key.expose())))
}

pub async fn change(ask: Ask) -> Result<Reply, Refusal> {
    let mut fields = Fields::read(&ask.body)?;
    let (name, role) = (fields.name()?, role(&mut fields)?);
    fields.nothing_else()?;
    changed(&ask, AdminChange { name, role, ..AdminChange::default() })
        .await
        .map(|row| Reply::Json(show(&row)))
}

/// The token before ends now.
pub async fn rotate(ask: Ask) -> Result<Reply, Refusal> {
    Fields::read(&ask.body)?.nothing_else()?;
    let made = fresh::admin_token();
    let row = changed(&ask, AdminChange { hash: Some(made.hash), ..AdminChange::default() }).await?;
    Ok(Reply::Json(show_with(&row, made.key.expose())))
}

/// Disables or enables.
pub async fn switch<const DISABLED: bool>(ask: Ask) -> Result<Reply, Refusal> {
    Fields::read(&ask.body)?.nothing_else()?;
    let change = AdminChange { disabled: Some(DISABLED), ..AdminChange::default() };
    changed(&ask, change).await.map(|row| Reply::Json(show(&row)))
}

pub async fn delete(ask: Ask) -> Result<Reply, Refusal> {
    ask.store().await?.dismiss_admin(&ask.id, &ask.by()).await?;
    ask.changed().await;
    Ok(Reply::Empty)
}

async fn changed(ask: &Ask, change: AdminChange) -> Result<AdminRow, Refusal> {
    let row = ask.store().await?.change_admin(&ask.id, &change, &ask.by()).await?;
    ask.changed().await;
    Ok(row)
}

const ROLE: &str = "must be `owner`, `operator` or `viewer`";

fn role(fields: &mut Fields) -> Result<Option<Role>, Refusal> {
    let Some(word) = fields.text("role")? else { return Ok(None) };
    Role::from_word(&word).map(Some).ok_or_else(|| Refusal::field("role", ROLE.to_owned()))
}

fn show(row: &AdminRow) -> Value {
    json!({
        "id": row.id,
        "name": row.name,
        "role": row.role.word(),
        "disabled": row.disabled,
        "created_at": shown(row.created_ms),
        "updated_at": shown(row.updated_ms),
    })
}

fn show_with(row: &AdminRow, token: &str) -> Value {
    let mut shown = show(row);
    shown["token"] = token.into();
    shown
}

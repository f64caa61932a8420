//! Tenants in the admin API.

use crate::admin::ask::Ask;
use crate::admin::ask::Reply;
use crate::admin::fields::Fields;
use crate::admin::merge;
use crate::admin::pages::page;
use crate::admin::refuse::Refusal;
use crate::admin::times::shown;
use crate::store::NewTenant;
use crate::store::StoreError;
use crate::store::TenantChange;
use crate::store::TenantRow;
use crate::tenants::settings;
use serde_json::Map;
use serde_json::Value;
use serde_json::json;

/// How often a change is made again that met another one.
const TRIES: usize = 8;

pub async fn list(ask: Ask) -> Result<Reply, Refusal> {
    let rows = ask.store().await?.tenants().await?;
    page(&ask, rows, |row| &row.id, show).map(Reply::Json)
}

pub async fn read(ask: Ask) -> Result<Reply, Refusal> {
    let row = ask.store().await?.tenant(&ask.id).await?;
    Ok(Reply::Json(show(&row)))
}

pub async fn create(ask: Ask) -> Result<Reply, Refusal> {
    let mut fields = Fields::read(&ask.body)?;
    let name = fields.required_name()?;
    let settings = merge::fresh(&fields.rest());
    sound(&ask, &settings)?;
    let row = ask.store().await?.add_tenant(&NewTenant { name, settings }, &ask.by()).await?;
    ask.changed().await;
    Ok(Reply::Json(show(&row)))
}

pub async fn change(ask: Ask) -> Result<Reply, Refusal> {
    let mut fields = Fields::read(&ask.body)?;
    let name = fields.name()?;
    let row = changed(&ask, name, &fields.rest()).await?;
    Ok(Reply::Json(show(&row)))
}

/// Disables or enables.
pub async fn switch<const DISABLED: bool>(ask: Ask) -> Result<Reply, Refusal> {
    Fields::read(&ask.body)?.nothing_else()?;
    let change = TenantChange { disabled: Some(DISABLED), ..TenantChange::default() };
    let row = ask.store().await?.change_tenant(&ask.id, &change, &ask.by()).await?;
    ask.changed().await;
    Ok(Reply::Json(show(&row)))
}

pub async fn delete(ask: Ask) -> Result<Reply, Refusal> {
    ask.store().await?.delete_tenant(&ask.id, &ask.by()).await?;
    ask.changed().await;
    Ok(Reply::Empty)
}

/// Two changes at once are made one after the other: the second one begins with what the first one left.
async fn changed(ask: &Ask, name: Option<String>, given: &Map<String, Value>) -> Result<TenantRow, Refusal> {
    let store = ask.store().await?;
    let mut tries = 1;
    loop {
        let was = store.tenant(&ask.id).await?.settings;
        let settings = merge::merged(&was, given);
        sound(ask, &settings)?;
        let (settings, was) = (Some(settings), Some(was));
        let change = TenantChange { name: name.clone(), settings, was, disabled: None };
        match store.change_tenant(&ask.id, &change, &ask.by()).await {
            Err(StoreError::Overtaken) if tries < TRIES => tries += 1,
            done => {
                let row = done?;
                ask.changed().await;
                return Ok(row);
            }
        }
    }
}

fn sound(ask: &Ask, json: &str) -> Result<(), Refusal> {
    let config = (ask.office.config)();
    settings::tenant(json, &config.limits.per_tenant)
        .map(drop)
        .map_err(|problems| Refusal::settings(&problems))
}

pub fn show(row: &TenantRow) -> Value {
    let fields = json!({
        "id": row.id,
        "name": row.name,
        "disabled": row.disabled,
        "created_at": shown(row.created_ms),
        "updated_at": shown(row.updated_ms),
    });
    merge::beside(fields, &row.settings)
}

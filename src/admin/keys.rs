//! Keys in the admin API. A key itself is shown once, when it is made.

use crate::admin::ask::Ask;
use crate::admin::ask::Reply;
use crate::admin::ask::now_ms;
use crate::admin::fields::Fields;
use crate::admin::merge;
use crate::admin::pages::page;
use crate::admin::refuse::Refusal;
use crate::admin::times;
use crate::admin::times::shown;
use crate::clock;
use crate::config;
use crate::store::KeyChange;
use crate::store::KeyRow;
use crate::store::NewHash;
use crate::store::NewKey;
use crate::store::StoreError;
use crate::tenants::fresh;
use crate::tenants::settings;
use serde_json::Value;
use serde_json::json;

/// How often a change is made again that met another one.
const TRIES: usize = 8;

pub async fn list(ask: Ask) -> Result<Reply, Refusal> {
    let rows = ask.store().await?.keys(ask.parameter("tenant")).await?;
    page(&ask, rows, |row| &row.id, show).map(Reply::Json)
}

pub async fn read(ask: Ask) -> Result<Reply, Refusal> {
    let row = ask.store().await?.key(&ask.id).await?;
    Ok(Reply::Json(show(&row)))
}

pub async fn create(ask: Ask) -> Result<Reply, Refusal> {
    let mut fields = Fields::read(&ask.body)?;
    let name = fields.required_name()?;
    let tenant = fields.text("tenant")?.unwrap_or_default();
    let expires_ms = expiry(&mut fields)?.flatten();
    let settings = merge::fresh(&fields.rest());
    sound(&ask, &settings)?;
    let made = fresh::key();
    let new = NewKey { tenant, name, shown: made.shown, hash: made.hash, settings, expires_ms };
    let row = ask.store().await?.add_key(&new, &ask.by()).await?;
    ask.changed().await;
    Ok(Reply::Json(show_with(&row, made.key.expose())))
}

pub async fn change(ask: Ask) -> Result<Reply, Refusal> {
    let mut fields = Fields::read(&ask.body)?;
    let (name, expires_ms) = (fields.name()?, expiry(&mut fields)?);
    let given = fields.rest();
    let store = ask.store().await?;
    let mut tries = 1;
    loop {
        let was = store.key(&ask.id).await?.settings;
        let settings = merge::merged(&was, &given);
        sound(&ask, &settings)?;
        let (settings, was) = (Some(settings), Some(was));
        let change = KeyChange { name: name.clone(), settings, was, expires_ms, disabled: None };
        match store.change_key(&ask.id, &change, &ask.by()).await {
            Err(StoreError::Overtaken) if tries < TRIES => tries += 1,
            done => {
                let row = done?;
                ask.changed().await;
                return Ok(Reply::Json(show(&row)));
            }
        }
    }
}

/// `{ "grace": "24h" }`: so long the key before stays good. Without it, it ends now.
pub async fn rotate(ask: Ask) -> Result<Reply, Refusal> {
    let mut fields = Fields::read(&ask.body)?;
    let grace = match fields.text("grace")? {
        Some(text) => config::read_duration(&text).map_err(|must| Refusal::field("grace", must))?,
        None => std::time::Duration::ZERO,
    };
    fields.nothing_else()?;
    let grace_ms = clock::millis(grace);
    let old_until_ms = (grace_ms > 0).then(|| now_ms().saturating_add(grace_ms));
    let made = fresh::key();
    let new = NewHash { shown: made.shown, hash: made.hash, old_until_ms };
    let row = ask.store().await?.rotate_key(&ask.id, &new, &ask.by()).await?;
    ask.changed().await;
    Ok(Reply::Json(show_with(&row, made.key.expose())))
}

/// Disables or enables.
pub async fn switch<const DISABLED: bool>(ask: Ask) -> Result<Reply, Refusal> {
    Fields::read(&ask.body)?.nothing_else()?;
    let change = KeyChange { disabled: Some(DISABLED), ..KeyChange::default() };
    let row = ask.store().await?.change_key(&ask.id, &change, &ask.by()).await?;
    ask.changed().await;
    Ok(Reply::Json(show(&row)))
}

pub async fn delete(ask: Ask) -> Result<Reply, Refusal> {
    ask.store().await?.delete_key(&ask.id, &ask.by()).await?;
    ask.changed().await;
    Ok(Reply::Empty)
}

/// `null` lifts it; `None` where nothing is said.
fn expiry(fields: &mut Fields) -> Result<Option<Option<u64>>, Refusal> {
    match fields.take("expires") {
        None => Ok(None),
        Some(Value::Null) => Ok(Some(None)),
        Some(Value::String(text)) => {
            let read = times::future(&text, now_ms()).map_err(|must| Refusal::field("expires", must))?;
            Ok(Some(Some(read)))
        }
        Some(_) => Err(Refusal::field("expires", "must be a string or null".to_owned())),
    }
}

fn sound(ask: &Ask, json: &str) -> Result<(), Refusal> {
    let config = (ask.office.config)();
    settings::key(json, &config.limits.per_key).map(drop).map_err(|problems| Refusal::settings(&problems))
}

pub fn show(row: &KeyRow) -> Value {
    let tenant = Some(row.tenant.as_str()).filter(|tenant| !tenant.is_empty());
    let fields = json!({
        "id": row.id,
        "tenant": tenant,
        "name": row.name,
        "shown": row.shown,
        "disabled": row.disabled,
        "expires": row.expires_ms.map(shown),
        "old_key_until": row.old_until_ms.map(shown),
        "created_at": shown(row.created_ms),
        "updated_at": shown(row.updated_ms),
    });
    merge::beside(fields, &row.settings)
}

fn show_with(row: &KeyRow, key: &str) -> Value {
    let mut shown = show(row);
    shown["key"] = key.into();
    shown
}

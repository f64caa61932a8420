//! What only a running gateway knows or can do: its providers, limits and configuration.

use crate::admin::ask::Ask;
use crate::admin::ask::Reply;
use crate::admin::fields::Fields;
use crate::admin::office::KeyStanding;
use crate::admin::office::ProviderStanding;
use crate::admin::office::Reload;
use crate::admin::office::Running;
use crate::admin::office::Whose;
use crate::admin::refuse::Refusal;
use crate::config;
use crate::edge::cluster::Standing;
use serde_json::Value;
use serde_json::json;
use std::sync::Arc;

pub async fn providers(ask: Ask) -> Result<Reply, Refusal> {
    let data: Vec<Value> = (running(&ask)?.providers)().iter().map(show).collect();
    Ok(Reply::Json(json!({ "data": data })))
}

pub async fn clusters(ask: Ask) -> Result<Reply, Refusal> {
    let data: Vec<Value> = (running(&ask)?.clusters)().iter().map(Standing::shown).collect();
    Ok(Reply::Json(json!({ "data": data })))
}

pub async fn limits(ask: Ask) -> Result<Reply, Refusal> {
    let whose = match (ask.owned("key"), ask.owned("tenant")) {
        (Some(key), None) => Whose::Key(key),
        (None, Some(tenant)) => Whose::Tenant(tenant),
        _ => return Err(Refusal::field("key", "or `tenant` is needed, one of them".to_owned())),
    };
    let standing = (running(&ask)?.limits)(&whose);
    let missing = || match &whose {
        Whose::Key(id) => Refusal::missing(format!("no key `{}` is in force", id.escape_debug())),
        Whose::Tenant(id) => Refusal::missing(format!("no tenant `{}` is in force", id.escape_debug())),
    };
    standing.map(Reply::Json).ok_or_else(missing)
}

pub async fn config(ask: Ask) -> Result<Reply, Refusal> {
    let yaml = config::print(&(ask.office.config)());
    Ok(Reply::Json(json!({ "yaml": yaml })))
}

pub async fn check(ask: Ask) -> Result<Reply, Refusal> {
    let running = running(&ask)?;
    let not_text = |_| Refusal::malformed("the body must be YAML in UTF-8".to_owned());
    let text = std::str::from_utf8(&ask.body).map_err(not_text)?;
    let shown = match (running.check)(text) {
        Ok(notes) => json!({ "valid": true, "notes": notes, "problems": [] }),
        Err(problems) => json!({ "valid": false, "notes": [], "problems": problems }),
    };
    Ok(Reply::Json(shown))
}

pub async fn reload(ask: Ask) -> Result<Reply, Refusal> {
    let reload = running(&ask)?.reload.clone();
    Fields::read(&ask.body)?.nothing_else()?;
    let summary = reloaded(reload).await?;
    note(&ask, &summary).await;
    Ok(Reply::Json(json!({ "status": "reloaded", "summary": summary })))
}

/// Reads the configuration again and puts it in force.
pub async fn reloaded(reload: Arc<Reload>) -> Result<String, Refusal> {
    match tokio::task::spawn_blocking(move || reload()).await {
        Ok(outcome) => outcome.map_err(Refusal::configuration),
        Err(crash) => {
            tracing::error!(%crash, "reload crashed");
            Err(Refusal::CRASHED)
        }
    }
}

/// The configuration is in force whether or not the store hears of it.
pub async fn note(ask: &Ask, summary: &str) {
    let noted = match ask.store().await {
        Ok(store) => store.note(&ask.by(), "config.reload", "", &json!({ "summary": summary })).await,
        Err(_) => return tracing::warn!("reload not in the audit log: the store is away"),
    };
    if let Err(error) = noted {
        tracing::warn!(%error, "reload not in the audit log");
    }
}

fn running(ask: &Ask) -> Result<&Running, Refusal> {
    ask.office.running.as_ref().ok_or(Refusal::NOT_RUNNING)
}

fn show(provider: &ProviderStanding) -> Value {
    json!({
        "name": provider.name,
        "kind": provider.kind,
        "tier": provider.tier,
        "standing": provider.standing,
        "models_listed": provider.models,
        "keys": provider.keys.iter().map(show_key).collect::<Vec<_>>(),
    })
}

fn show_key(key: &KeyStanding) -> Value {
    json!({ "number": key.number, "state": key.state, "usable_in_seconds": key.seconds })
}

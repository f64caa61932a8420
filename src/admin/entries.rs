//! Lines of the ledger in the admin API, the newest first.

use crate::admin::ask::Ask;
use crate::admin::ask::Reply;
use crate::admin::refuse::Refusal;
use crate::admin::times::shown;
use crate::money::Money;
use crate::store::EntriesPage;
use crate::store::Entry;
use crate::store::EntryId;
use serde_json::Value;
use serde_json::json;

pub async fn list(ask: Ask) -> Result<Reply, Refusal> {
    let limit = ask.limit()?;
    let page = EntriesPage {
        tenant: ask.owned("tenant"),
        key: ask.owned("key"),
        since_ms: ask.time("from", 0)?,
        until_ms: ask.time("to", i64::MAX as u64)?,
        after: after(&ask)?,
        limit,
    };
    let rows = ask.store().await?.entries(&page).await?;
    let full = rows.len() == limit as usize;
    let next = rows.last().filter(|_| full).map(|last| format!("{}-{}", last.at, last.id));
    let data: Vec<Value> = rows.iter().map(show).collect();
    Ok(Reply::Json(json!({ "data": data, "next": next })))
}

fn after(ask: &Ask) -> Result<Option<(u64, EntryId)>, Refusal> {
    let Some(text) = ask.parameter("after") else { return Ok(None) };
    let read = |text: &str| {
        let (at, id) = text.split_once('-')?;
        Some((at.parse().ok()?, id.parse().ok()?))
    };
    let must = || Refusal::field("after", "must be `next` of the page before".to_owned());
    read(text).map(Some).ok_or_else(must)
}

fn show(entry: &Entry) -> Value {
    json!({
        "id": entry.id.to_string(),
        "kind": entry.kind.word(),
        "at": shown(entry.at),
        "request_id": entry.request_id,
        "tenant": entry.tenant,
        "key": entry.key,
        "end_user": entry.end_user,
        "operation": entry.operation,
        "provider": entry.provider,
        "model_asked": entry.model_asked,
        "model_served": entry.model_served,
        "stream": entry.stream,
        "status": entry.status,
        "error": entry.error,
        "input_tokens": entry.input,
        "cached_tokens": entry.cached,
        "cache_write_tokens": entry.cache_write,
        "output_tokens": entry.output,
        "reasoning_tokens": entry.reasoning,
        "counted": entry.counted.word(),
        "cost_usd": Money(entry.cost).to_string(),
        "cost_nano_usd": entry.cost,
        "price": entry.price.word(),
        "latency_us": entry.latency_us,
        "ttft_us": entry.ttft_us,
        "cache": entry.cache,
        "attempts": entry.attempts,
    })
}

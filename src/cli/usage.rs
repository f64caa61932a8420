//! `tollgate usage`: what was used and what it cost.

use crate::cli::reach::Ask;
use crate::cli::reach::Reach;
use crate::cli::reach::ReachArgs;
use crate::cli::reach::Said;
use crate::cli::rows;
use crate::cli::rows::KEYS;
use crate::cli::rows::Kind;
use crate::cli::rows::TENANTS;
use crate::cli::table::table;
use serde_json::Value;
use std::process::ExitCode;

#[derive(Debug, clap::Args)]
pub struct Wanted {
    /// Any of day, hour, tenant, key, provider, model, separated by commas
    #[arg(long, default_value = "day")]
    by: String,
    /// Since when: a date, a time (UTC), or a duration ago; 30 days ago without it
    #[arg(long)]
    from: Option<String>,
    /// Until just before when; now without it
    #[arg(long)]
    to: Option<String>,
    /// Only of this tenant (id or name)
    #[arg(long)]
    tenant: Option<String>,
    /// Only of this key (id or name)
    #[arg(long)]
    key: Option<String>,
    #[arg(long)]
    provider: Option<String>,
    #[arg(long)]
    model: Option<String>,
    /// How many rows at most
    #[arg(long)]
    limit: Option<u32>,
    /// The dearest first
    #[arg(long)]
    dearest: bool,
    /// As CSV
    #[arg(long, conflicts_with = "json")]
    csv: bool,
}

/// What a table for people shows of the sums.
const SUMS: [&str; 7] =
    ["requests", "errors", "cache_hits", "input_tokens", "output_tokens", "cost_usd", "unpriced"];

/// Carries the command out.
pub fn run(args: &ReachArgs, wanted: Wanted) -> ExitCode {
    rows::run(args, async |reach: &Reach| done(reach, wanted, args.json).await)
}

async fn done(reach: &Reach, wanted: Wanted, json: bool) -> Result<String, String> {
    let ask = Ask::new("GET", "/usage")
        .with("by", Some(wanted.by))
        .with("from", wanted.from)
        .with("to", wanted.to)
        .with("tenant", id(&TENANTS, reach, wanted.tenant).await?)
        .with("key", id(&KEYS, reach, wanted.key).await?)
        .with("provider", wanted.provider)
        .with("model", wanted.model)
        .with("limit", wanted.limit)
        .with("order", wanted.dearest.then_some("cost"))
        .with("format", wanted.csv.then_some("csv"));
    match reach.ask(ask).await? {
        Said::Json(report) if json => Ok(rows::in_json(&report)),
        Said::Json(report) => Ok(shown(&report)),
        Said::Text(text) => Ok(text),
        Said::Nothing => Ok(String::new()),
    }
}

/// Keys of the configuration are counted under ids of their own, which are taken as they are.
async fn id(kind: &Kind, reach: &Reach, named: Option<String>) -> Result<Option<String>, String> {
    match named {
        Some(named) if named.contains(':') || named == "first" || named == "anyone" => Ok(Some(named)),
        Some(named) => kind.id_of(reach, &named).await.map(Some),
        None => Ok(None),
    }
}

fn shown(report: &Value) -> String {
    let groups: Vec<&str> = report["by"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let columns: Vec<&str> = groups.iter().flat_map(|group| columns_of(group)).chain(SUMS).collect();
    let mut rows = report["data"].as_array().cloned().unwrap_or_default();
    let mut total = report["total"].clone();
    if let Some(first) = columns.first().filter(|_| !groups.is_empty()) {
        total[*first] = "total".into();
        rows.push(total);
    } else {
        rows = vec![total];
    }
    let more = if report["more"] == true { "more rows are left out; `--limit` shows them\n" } else { "" };
    table(&columns, &rows) + more
}

fn columns_of(group: &str) -> Vec<&str> {
    match group {
        "tenant" => vec!["tenant_name", "tenant"],
        "key" => vec!["key_name", "key"],
        other => vec![other],
    }
}

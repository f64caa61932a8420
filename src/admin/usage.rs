//! What was used and what it cost, summed up as asked for, as JSON or CSV.

use crate::admin::ask::Ask;
use crate::admin::ask::Reply;
use crate::admin::ask::now_ms;
use crate::admin::csv;
use crate::admin::refuse::Refusal;
use crate::admin::times;
use crate::admin::usage::columns::Names;
use crate::store::Filter;
use crate::store::Group;
use crate::store::Order;
use crate::store::ReportQuery;
use crate::store::ReportRow;
use crate::store::Sums;
use serde_json::Value;
use serde_json::json;

mod columns;

/// Most rows of a report.
const MOST: u32 = 9_999;
const USUAL: u32 = 1000;
/// What is reported where nobody says since when: 30 days.
const USUAL_SPAN: u64 = 30 * DAY;
const DAY: u64 = 86_400_000;

const GROUPS: [(&str, Group); 6] = [
    ("day", Group::Day),
    ("hour", Group::Hour),
    ("tenant", Group::Tenant),
    ("key", Group::Key),
    ("provider", Group::Provider),
    ("model", Group::Model),
];

pub async fn report(ask: Ask) -> Result<Reply, Refusal> {
    let csv = wants_csv(&ask)?;
    let query = query(&ask, if csv { MOST } else { USUAL })?;
    let store = ask.store().await?;
    let mut rows = store.report(&ReportQuery { limit: query.limit + 1, ..query.clone() }).await?;
    let more = rows.len() > query.limit as usize;
    rows.truncate(query.limit as usize);
    let names = Names::of(&store, &query.groups).await?;
    if csv {
        return match more {
            true => Err(Refusal::field("limit", "leaves rows out; ask for less at a time".to_owned())),
            false => Ok(Reply::Csv(written(&query.groups, &rows, &names))),
        };
    }
    let total = store.report(&ReportQuery { groups: Vec::new(), limit: 1, ..query.clone() }).await?;
    let total = total.first().map(|row| row.sums).unwrap_or_default();
    let data: Vec<Value> = rows.iter().map(|row| shown(&query.groups, row, &names)).collect();
    Ok(Reply::Json(json!({
        "from": times::shown(query.since_ms),
        "to": times::shown(query.until_ms),
        "by": asked_groups(&query.groups),
        "data": data,
        "total": object(columns::of_sums(&total)),
        "more": more,
    })))
}

fn wants_csv(ask: &Ask) -> Result<bool, Refusal> {
    match ask.parameter("format") {
        None => Ok(ask.csv),
        Some("csv") => Ok(true),
        Some("json") => Ok(false),
        Some(_) => Err(Refusal::field("format", "must be `json` or `csv`".to_owned())),
    }
}

/// Without hours, whole days are asked for: these are known for ever.
fn query(ask: &Ask, usual: u32) -> Result<ReportQuery, Refusal> {
    let now = now_ms();
    let (since_ms, until_ms) = (ask.time("from", now.saturating_sub(USUAL_SPAN))?, ask.time("to", now)?);
    if since_ms > until_ms {
        return Err(Refusal::field("from", "must be before `to`".to_owned()));
    }
    let groups = groups(ask.parameter("by").unwrap_or_default())?;
    let width = if groups.contains(&Group::Hour) { DAY / 24 } else { DAY };
    let order = match ask.parameter("order") {
        None | Some("group") => Order::Groups,
        Some("cost") => Order::Cost,
        Some(_) => return Err(Refusal::field("order", "must be `group` or `cost`".to_owned())),
    };
    Ok(ReportQuery {
        since_ms: since_ms - since_ms % width,
        until_ms: until_ms.div_ceil(width).saturating_mul(width),
        groups,
        filter: Filter {
            tenant: ask.owned("tenant"),
            key: ask.owned("key"),
            provider: ask.owned("provider"),
            model: ask.owned("model"),
        },
        order,
        limit: ask.limit_of(usual, MOST)?,
    })
}

fn groups(by: &str) -> Result<Vec<Group>, Refusal> {
    let mut groups = Vec::new();
    for word in by.split(',').map(str::trim).filter(|word| !word.is_empty()) {
        let found = GROUPS.iter().find(|(name, _)| *name == word);
        let must = || {
            Refusal::field("by", "must be of `day`, `hour`, `tenant`, `key`, `provider`, `model`".to_owned())
        };
        let (_, group) = found.ok_or_else(must)?;
        if !groups.contains(group) {
            groups.push(*group);
        }
    }
    if groups.contains(&Group::Hour) {
        groups.retain(|group| *group != Group::Day);
    }
    Ok(groups)
}

fn asked_groups(groups: &[Group]) -> Vec<&'static str> {
    let word = |group: &Group| GROUPS.iter().find(|(_, other)| other == group).map(|(word, _)| *word);
    groups.iter().filter_map(word).collect()
}

fn shown(groups: &[Group], row: &ReportRow, names: &Names) -> Value {
    let cells =
        columns::of_groups(groups, row, names).into_iter().map(|(name, text)| (name, Value::from(text)));
    object(cells.chain(columns::of_sums(&row.sums)))
}

fn object(cells: impl IntoIterator<Item = (&'static str, Value)>) -> Value {
    cells.into_iter().map(|(name, value)| (name.to_owned(), value)).collect::<serde_json::Map<_, _>>().into()
}

fn written(groups: &[Group], rows: &[ReportRow], names: &Names) -> String {
    let row_of = |row: &ReportRow| {
        let groups = columns::of_groups(groups, row, names).into_iter().map(|(_, text)| text);
        let sums = columns::of_sums(&row.sums).into_iter().map(|(_, value)| plain(&value));
        groups.chain(sums).collect::<Vec<_>>()
    };
    let empty = ReportRow::default();
    let columns: Vec<&str> = columns::of_groups(groups, &empty, names)
        .into_iter()
        .map(|(name, _)| name)
        .chain(columns::of_sums(&Sums::default()).into_iter().map(|(name, _)| name))
        .collect();
    csv::written(&columns, &rows.iter().map(row_of).collect::<Vec<_>>())
}

fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

//! Lists, page by page: ordered by id, so that a page goes on where the last one ended whatever came or went.

use crate::admin::ask::Ask;
use crate::admin::refuse::Refusal;
use serde_json::Value;
use serde_json::json;

/// A page of rows, each with its id, as `{ "data": […], "next": … }`.
pub fn page<T>(
    ask: &Ask,
    mut rows: Vec<T>,
    id: impl Fn(&T) -> &str,
    show: impl Fn(&T) -> Value,
) -> Result<Value, Refusal> {
    let limit = ask.limit()? as usize;
    let after = ask.parameter("after").unwrap_or_default();
    rows.retain(|row| id(row) > after);
    rows.sort_by(|one, other| id(one).cmp(id(other)));
    let next = if rows.len() > limit { rows.get(limit - 1).map(|row| id(row).to_owned()) } else { None };
    let data: Vec<Value> = rows.iter().take(limit).map(show).collect();
    Ok(json!({ "data": data, "next": next }))
}

//! The columns of a report: what its rows are told apart by, then the sums.

use crate::admin::times;
use crate::money::Money;
use crate::store::Group;
use crate::store::ReportRow;
use crate::store::Store;
use crate::store::StoreError;
use crate::store::Sums;
use serde_json::Value;
use std::collections::HashMap;

/// What tenants and keys are called now; of one that was deleted only the id is left.
pub struct Names(HashMap<String, String>);

impl Names {
    pub async fn of(store: &Store, groups: &[Group]) -> Result<Names, StoreError> {
        let mut names = HashMap::new();
        if groups.contains(&Group::Tenant) {
            names.extend(store.tenants().await?.into_iter().map(|row| (row.id, row.name)));
        }
        if groups.contains(&Group::Key) {
            names.extend(store.keys(None).await?.into_iter().map(|row| (row.id, row.name)));
        }
        Ok(Names(names))
    }

    /// Those of the configuration carry their name in their id.
    fn name(&self, id: &str) -> String {
        let written = || id.strip_prefix("key:").or_else(|| id.strip_prefix("tenant:")).unwrap_or_default();
        self.0.get(id).cloned().unwrap_or_else(|| written().to_owned())
    }
}

pub fn of_groups(groups: &[Group], row: &ReportRow, names: &Names) -> Vec<(&'static str, String)> {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let at = row.at.unwrap_or_default();
    let mut cells = Vec::new();
    for group in groups {
        match group {
            Group::Day => cells.push(("day", times::day(at))),
            Group::Hour => cells.push(("hour", times::shown(at))),
            Group::Tenant => {
                let id = text(&row.tenant);
                cells.extend([("tenant_name", names.name(&id)), ("tenant", id)]);
            }
            Group::Key => {
                let id = text(&row.key);
                cells.extend([("key_name", names.name(&id)), ("key", id)]);
            }
            Group::Provider => cells.push(("provider", text(&row.provider))),
            Group::Model => cells.push(("model", text(&row.model))),
        }
    }
    cells
}

/// `unpriced` counts what cost something nobody knows the price of: it is in no cost.
pub fn of_sums(sums: &Sums) -> Vec<(&'static str, Value)> {
    vec![
        ("requests", sums.requests.into()),
        ("attempts", sums.attempts.into()),
        ("errors", sums.errors.into()),
        ("cache_hits", sums.hits.into()),
        ("input_tokens", sums.input.into()),
        ("cached_tokens", sums.cached.into()),
        ("cache_write_tokens", sums.cache_write.into()),
        ("output_tokens", sums.output.into()),
        ("reasoning_tokens", sums.reasoning.into()),
        ("cost_usd", Money(sums.cost).to_string().into()),
        ("cost_nano_usd", sums.cost.into()),
        ("unpriced", sums.unpriced.into()),
        ("mean_latency_us", mean(sums.latency_us, sums.requests)),
        ("mean_ttft_us", mean(sums.ttft_us, sums.ttft_count)),
    ]
}

fn mean(sum: u64, count: u64) -> Value {
    sum.checked_div(count).map_or(Value::Null, Value::from)
}

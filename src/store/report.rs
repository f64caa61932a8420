//! Reports: the aggregates, summed up by what is asked for.

use crate::store::Store;
use crate::store::aggregates::DAY;
use crate::store::aggregates::HOUR;
use crate::store::error::StoreError;
use crate::store::pools::in_time;
use crate::store::sums::SUMS;
use crate::store::sums::Sums;
use crate::store::sums::total;
use crate::store::values::Columns;
use crate::store::values::bounded;
use crate::store::values::to_stored;
use sqlx::AssertSqlSafe;
use sqlx::any::AnyRow;

/// Most rows of a report.
const MOST: u32 = 10_000;

/// What rows are told apart by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    Day,
    Hour,
    Tenant,
    Key,
    Provider,
    Model,
}

/// Which rows come first, and stay when there are too many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// As the groups are named, each ascending.
    #[default]
    Groups,
    /// The dearest first.
    Cost,
}

/// What is summed up: ids of tenants and keys, names of the rest; `None` is all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    pub tenant: Option<String>,
    pub key: Option<String>,
    pub provider: Option<String>,
    pub model: Option<String>,
}

/// A question to the aggregates.
///
/// Its bounds are widened to whole hours. Days that begin and end at midnight (UTC) and are not asked for by the
/// hour are known for ever; hours as long as they are retained.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReportQuery {
    pub since_ms: u64,
    /// Just before this.
    pub until_ms: u64,
    /// None: one row with the sums of all.
    pub groups: Vec<Group>,
    pub filter: Filter,
    pub order: Order,
    /// 10,000 at most.
    pub limit: u32,
}

/// One row: its groups, and the sums of what is in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReportRow {
    /// Begin of the hour or the day, in milliseconds since 1970.
    pub at: Option<u64>,
    pub tenant: Option<String>,
    pub key: Option<String>,
    pub provider: Option<String>,
    /// As the provider calls it; as it was asked for where no provider answered.
    pub model: Option<String>,
    pub sums: Sums,
}

impl Store {
    /// Sums by any groups. Without anything that fits there are no rows.
    pub async fn report(&self, query: &ReportQuery) -> Result<Vec<ReportRow>, StoreError> {
        let groups = groups(&query.groups);
        let filter = query.filter.given();
        let (since, until) = (query.since_ms, query.until_ms);
        let statement = sqlx::query(AssertSqlSafe(text(query, &groups, &filter)))
            .bind(to_stored(since - since % HOUR))
            .bind(to_stored(until.div_ceil(HOUR).saturating_mul(HOUR)))
            .bind(i64::from(query.limit.min(MOST)));
        let statement = filter.into_iter().fold(statement, |query, (_, name)| query.bind(bounded(name)));
        in_time(async {
            let rows = statement.fetch_all(self.pools.reader()).await?;
            rows.iter().map(|row| read(row, &groups)).collect()
        })
        .await
    }
}

impl Filter {
    fn given(&self) -> Vec<(&'static str, &str)> {
        let all = [
            ("tenant", &self.tenant),
            ("key_id", &self.key),
            ("provider", &self.provider),
            ("model", &self.model),
        ];
        all.into_iter().filter_map(|(column, name)| Some((column, name.as_deref()?))).collect()
    }
}

impl Group {
    fn column(self) -> &'static str {
        match self {
            Group::Day | Group::Hour => "at",
            Group::Tenant => "tenant",
            Group::Key => "key_id",
            Group::Provider => "provider",
            Group::Model => "model",
        }
    }

    fn expression(self) -> &'static str {
        match self {
            Group::Day => "at - at % 86400000",
            Group::Hour | Group::Tenant | Group::Key | Group::Provider | Group::Model => self.column(),
        }
    }
}

/// Each once; an hour tells its day.
fn groups(asked: &[Group]) -> Vec<Group> {
    let by_hour = asked.contains(&Group::Hour);
    let mut groups = Vec::new();
    for group in asked.iter().map(|group| if by_hour && *group == Group::Day { Group::Hour } else { *group })
    {
        if !groups.contains(&group) {
            groups.push(group);
        }
    }
    groups
}

fn text(query: &ReportQuery, groups: &[Group], filter: &[(&str, &str)]) -> String {
    let whole_days = query.since_ms.is_multiple_of(DAY) && query.until_ms.is_multiple_of(DAY);
    let table = if whole_days && !groups.contains(&Group::Hour) { "days" } else { "hours" };
    let expressions: Vec<&str> = groups.iter().map(|group| group.expression()).collect();
    let named = groups.iter().map(|group| format!("{} AS g_{}", group.expression(), group.column()));
    let sums = SUMS.iter().map(|sum| format!("{} AS s_{sum}", total(sum)));
    let columns: Vec<String> = named.chain(sums).collect();
    let conditions =
        filter.iter().enumerate().map(|(index, (column, _))| format!(" AND {column} = ${}", index + 4));
    // The number of rows is not 0: without groups there would be a row for nothing.
    let grouped = match expressions.is_empty() {
        true => "HAVING COUNT(*) > 0".to_owned(),
        false => format!("GROUP BY {}", expressions.join(", ")),
    };
    let mut order: Vec<String> = groups.iter().map(|group| format!("g_{}", group.column())).collect();
    if query.order == Order::Cost || order.is_empty() {
        order.insert(0, "s_cost DESC".to_owned());
    }
    format!(
        "SELECT {} FROM {table} WHERE at >= $1 AND at < $2{} {grouped} ORDER BY {} LIMIT $3",
        columns.join(", "),
        conditions.collect::<String>(),
        order.join(", "),
    )
}

fn read(row: &AnyRow, groups: &[Group]) -> Result<ReportRow, StoreError> {
    let row = Columns(row);
    let mut numbers = [0; SUMS.len()];
    for (number, column) in numbers.iter_mut().zip(SUMS) {
        *number = row.number(&format!("s_{column}"))?;
    }
    let mut report = ReportRow { sums: Sums::from_numbers(numbers), ..ReportRow::default() };
    for group in groups {
        let column = format!("g_{}", group.column());
        match group {
            Group::Day | Group::Hour => report.at = Some(row.number(&column)?),
            Group::Tenant => report.tenant = Some(row.text(&column)?),
            Group::Key => report.key = Some(row.text(&column)?),
            Group::Provider => report.provider = Some(row.text(&column)?),
            Group::Model => report.model = Some(row.text(&column)?),
        }
    }
    Ok(report)
}

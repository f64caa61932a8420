//! A change of tenants, keys or admins: one transaction with its line in the audit log and its edition.

use crate::store::Store;
use crate::store::error::StoreError;
use crate::store::pools::Tx;
use crate::store::pools::in_time;
use crate::store::rows::By;
use crate::store::values::Columns;
use crate::store::values::bounded;
use crate::store::values::to_stored;
use serde_json::Map;
use serde_json::Value;
use serde_json::json;

/// A change under way; it is undone when dropped. Changes wait for each other, so what one has read holds.
pub(super) struct Change<'b> {
    pub tx: Tx,
    pub by: &'b By,
    edition: u64,
}

impl Store {
    /// A number that has grown when tenants, keys or admins have changed.
    ///
    /// Ask for it first and for the rows then: what changes in between is found with the next number.
    pub async fn edition(&self) -> Result<u64, StoreError> {
        in_time(async {
            let row = sqlx::query("SELECT number FROM edition").fetch_one(self.pools.reader()).await?;
            Columns(&row).number("number")
        })
        .await
    }

    /// Writes a line into the audit log about something that is not stored here.
    pub async fn note(
        &self,
        by: &By,
        action: &str,
        subject: &str,
        details: &Value,
    ) -> Result<(), StoreError> {
        in_time(async { self.change(by).await?.done(action, subject, details).await }).await
    }

    pub(super) async fn change<'b>(&self, by: &'b By) -> Result<Change<'b>, StoreError> {
        let mut tx = self.pools.begin().await?;
        let update = sqlx::query("UPDATE edition SET number = number + 1 RETURNING number");
        let row = update.fetch_one(&mut *tx).await?;
        let edition = Columns(&row).number("number")?;
        Ok(Change { tx, by, edition })
    }
}

impl Change<'_> {
    /// When it happens.
    pub fn now(&self) -> i64 {
        to_stored(self.by.at_ms)
    }

    /// Whether a row has this value; names of tables and columns are ours.
    pub async fn find(&mut self, text: &'static str, value: &str) -> Result<Option<String>, StoreError> {
        let row = sqlx::query(text).bind(bounded(value)).fetch_optional(&mut *self.tx).await?;
        row.map(|row| Columns(&row).text("id")).transpose()
    }

    /// Writes the line and makes it all true.
    pub async fn done(mut self, action: &str, subject: &str, details: &Value) -> Result<(), StoreError> {
        let text =
            "INSERT INTO audit (edition, at, who, action, subject, details) VALUES ($1, $2, $3, $4, $5, $6)";
        let insert = sqlx::query(text)
            .bind(to_stored(self.edition))
            .bind(self.now())
            .bind(self.by.who.as_str())
            .bind(action)
            .bind(subject)
            .bind(details.to_string());
        insert.execute(&mut *self.tx).await?;
        Ok(self.tx.commit().await?)
    }
}

/// What has changed between two rows as they are shown.
pub(super) fn difference(before: &Value, after: &Value) -> Value {
    let differing = |one: &Value, other: &Value| {
        let fields = one.as_object().into_iter().flatten();
        fields
            .filter(|(name, value)| other.get(name) != Some(value))
            .map(|(n, v)| (n.clone(), v.clone()))
            .collect()
    };
    let (before, after): (Map<_, _>, Map<_, _>) = (differing(before, after), differing(after, before));
    json!({ "before": before, "after": after })
}

/// Settings as they were when a change of them was made up.
pub(super) fn still(settings: &str, was: Option<&String>) -> Result<(), StoreError> {
    match was.is_none_or(|was| was == settings) {
        true => Ok(()),
        false => Err(StoreError::Overtaken),
    }
}

/// Settings as a part of the details.
pub(super) fn as_json(settings: &str) -> Value {
    serde_json::from_str(settings).unwrap_or_else(|_| Value::from(settings))
}

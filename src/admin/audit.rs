//! The audit log in the admin API: who changed what, the newest first.

use crate::admin::ask::Ask;
use crate::admin::ask::MOST;
use crate::admin::ask::Reply;
use crate::admin::refuse::Refusal;
use crate::admin::times::shown;
use crate::store::AuditPage;
use crate::store::AuditRow;
use serde_json::Value;
use serde_json::json;

/// Which lines are wanted.
struct Wanted {
    who: Option<String>,
    action: Option<String>,
    subject: Option<String>,
    from_ms: u64,
    to_ms: u64,
}

pub async fn list(ask: Ask) -> Result<Reply, Refusal> {
    let wanted = Wanted {
        who: ask.owned("who"),
        action: ask.owned("action"),
        subject: ask.owned("subject"),
        from_ms: ask.time("from", 0)?,
        to_ms: ask.time("to", u64::MAX)?,
    };
    let (store, limit) = (ask.store().await?, ask.limit()? as usize);
    let mut page = AuditPage { after: after(&ask)?, limit: MOST };
    let mut found: Vec<AuditRow> = Vec::new();
    loop {
        let rows = store.audit(&page).await?;
        page.after = rows.last().map(|row| row.edition);
        let last = rows.len() < MOST as usize;
        found.extend(rows.into_iter().filter(|row| wanted.fits(row)));
        if last || found.len() > limit {
            break;
        }
    }
    let next =
        if found.len() > limit { found.get(limit - 1).map(|row| row.edition.to_string()) } else { None };
    let data: Vec<Value> = found.iter().take(limit).map(show).collect();
    Ok(Reply::Json(json!({ "data": data, "next": next })))
}

impl Wanted {
    fn fits(&self, row: &AuditRow) -> bool {
        let same =
            |wanted: &Option<String>, found: &str| wanted.as_deref().is_none_or(|wanted| wanted == found);
        same(&self.who, &row.who)
            && same(&self.action, &row.action)
            && same(&self.subject, &row.subject)
            && (self.from_ms..self.to_ms).contains(&row.at_ms)
    }
}

fn after(ask: &Ask) -> Result<Option<u64>, Refusal> {
    let Some(text) = ask.parameter("after") else { return Ok(None) };
    text.parse()
        .map(Some)
        .map_err(|_| Refusal::field("after", "must be `next` of the page before".to_owned()))
}

fn show(row: &AuditRow) -> Value {
    let details: Value = serde_json::from_str(&row.details).unwrap_or(Value::Null);
    json!({
        "edition": row.edition,
        "at": shown(row.at_ms),
        "who": row.who,
        "action": row.action,
        "subject": row.subject,
        "details": details,
    })
}

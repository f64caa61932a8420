//! One question to the admin API, past the doors: who asks, about what, and with which words.

use crate::admin::office::Caller;
use crate::admin::office::Office;
use crate::admin::refuse::Refusal;
use crate::admin::times;
use crate::clock;
use crate::store::By;
use crate::store::Store;
use bytes::Bytes;
use std::sync::Arc;

/// Rows of a page where nobody says how many.
const USUAL: u32 = 100;
/// Most rows of a page.
pub const MOST: u32 = 1000;

/// Everything an operation gets.
pub struct Ask {
    pub office: Office,
    pub caller: Caller,
    /// What stands for `{id}` in the path; empty where nothing does.
    pub id: String,
    pub query: Vec<(String, String)>,
    pub body: Bytes,
    /// Whether the answer is wanted as CSV.
    pub csv: bool,
}

/// What an operation answers.
#[derive(Debug)]
pub enum Reply {
    Json(serde_json::Value),
    Csv(String),
    /// Nothing is left to say.
    Empty,
}

impl Ask {
    /// # Errors
    /// While the store has not been reached.
    pub async fn store(&self) -> Result<Arc<Store>, Refusal> {
        (self.office.store)().await.ok_or_else(Refusal::away)
    }

    /// What the audit log says of this change.
    pub fn by(&self) -> By {
        By { who: self.caller.id.clone(), at_ms: now_ms() }
    }

    /// A parameter of the query; an empty one is none.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        let found = self.query.iter().rev().find(|(given, _)| given == name);
        found.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }

    pub fn owned(&self, name: &str) -> Option<String> {
        self.parameter(name).map(str::to_owned)
    }

    /// How many rows a page may have.
    pub fn limit(&self) -> Result<u32, Refusal> {
        self.limit_of(USUAL, MOST)
    }

    pub fn limit_of(&self, usual: u32, most: u32) -> Result<u32, Refusal> {
        let Some(text) = self.parameter("limit") else { return Ok(usual) };
        let number = text.parse::<u32>().ok().filter(|number| (1..=most).contains(number));
        number.ok_or_else(|| Refusal::field("limit", format!("must be a number from 1 to {most}")))
    }

    /// A time of the query, in milliseconds since 1970. A duration is that long ago.
    pub fn time(&self, name: &'static str, otherwise: u64) -> Result<u64, Refusal> {
        let Some(text) = self.parameter(name) else { return Ok(otherwise) };
        times::past(text, now_ms()).map_err(|must| Refusal::field(name, must))
    }

    /// Puts a change in force here; other replicas follow within two seconds.
    pub async fn changed(&self) {
        (self.office.changed)().await;
    }
}

pub fn now_ms() -> u64 {
    clock::millis(clock::since_epoch())
}

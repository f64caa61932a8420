//! How a simulated provider behaves: its pace, its size, and what goes wrong.

use crate::config::read_duration;
use crate::config::write_duration;
use crate::secret::Secret;
use serde::Deserialize;
use serde::Deserializer;
use serde::Serialize;
use serde::Serializer;
use serde::de::Error as _;
use serde_json::Map;
use serde_json::Value;
use std::ops::RangeInclusive;
use std::str::FromStr;
use std::time::Duration;

/// Statuses an answer may have on purpose; below stand those that are not answers.
const STATUSES: RangeInclusive<u16> = 200..=599;

/// One simulated provider. The default is fast and healthy.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Behaviour {
    /// What it calls itself in its answers.
    pub name: String,
    /// Before every response head.
    #[serde(serialize_with = "written", deserialize_with = "length")]
    pub latency: Duration,
    /// Pace of generation; 0 is as fast as possible.
    pub tokens_per_second: u32,
    /// Length of an answer, in tokens of four characters each, and so in events with content.
    pub reply_tokens: usize,
    /// Share of questions (not of model lists) that fail with `error_status`, from 0 to 1.
    pub error_rate: f64,
    pub error_status: u16,
    /// Seconds, sent with every failure made on purpose.
    pub retry_after: Option<u64>,
    /// Answers everything with this status: an outage.
    pub status: Option<u16>,
    /// Silence before the first event of a stream, or before the head of a plain answer.
    pub stall: Option<Stall>,
    /// Drops the connection after so many events of a stream, or half-way through a plain answer.
    pub cut_after: Option<usize>,
    /// Answers with status 200 and an error inside.
    pub error_event: bool,
    /// Sends the bytes of events in odd pieces, even within a character.
    pub split: bool,
    /// The only bearer token that is let in; `None` lets everyone in.
    #[serde(skip_serializing, deserialize_with = "secret")]
    pub require_key: Option<Secret>,
    /// The only models that are offered. Empty: any name is answered to, and `mock` is listed.
    pub models: Vec<String>,
    /// Makes the failures of `error_rate` fall on the same questions in every run.
    pub seed: Option<u64>,
}

/// A silence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Stall {
    /// Until the caller leaves.
    Forever,
    For(Duration),
}

/// A behaviour that makes no sense.
#[derive(Debug, thiserror::Error)]
pub enum Nonsense {
    #[error("not a behaviour: {0}; the fields are named like the options of `tollgate mock`")]
    Field(#[from] serde_json::Error),
    #[error("`{field}` must be from 200 to 599, found {found}")]
    Status { field: &'static str, found: u16 },
    #[error("`error_rate` must be from 0 to 1, found {0}")]
    Rate(f64),
}

impl Default for Behaviour {
    fn default() -> Behaviour {
        Behaviour {
            name: "mock".to_owned(),
            latency: Duration::ZERO,
            tokens_per_second: 0,
            reply_tokens: 32,
            error_rate: 0.0,
            error_status: 500,
            retry_after: None,
            status: None,
            stall: None,
            cut_after: None,
            error_event: false,
            split: false,
            require_key: None,
            models: Vec::new(),
            seed: None,
        }
    }
}

impl Behaviour {
    /// The same behaviour where its numbers make sense.
    pub fn checked(self) -> Result<Behaviour, Nonsense> {
        let statuses = [("status", self.status), ("error_status", Some(self.error_status))];
        for (field, status) in statuses {
            if let Some(found) = status.filter(|status| !STATUSES.contains(status)) {
                return Err(Nonsense::Status { field, found });
            }
        }
        if !(0.0..=1.0).contains(&self.error_rate) {
            return Err(Nonsense::Rate(self.error_rate));
        }
        Ok(self)
    }

    /// The models it lists.
    pub fn offered(&self) -> Vec<String> {
        match self.models.is_empty() {
            true => vec!["mock".to_owned()],
            false => self.models.clone(),
        }
    }

    /// This behaviour with the fields of `change` in place of its own; `null` takes an option back.
    pub fn changed(&self, change: Map<String, Value>) -> Result<Behaviour, Nonsense> {
        let keeps_key = !change.contains_key("require_key");
        let mut fields = serde_json::from_value::<Map<_, _>>(serde_json::to_value(self)?)?;
        fields.extend(change);
        let mut next: Behaviour = serde_json::from_value(Value::Object(fields))?;
        if keeps_key {
            next.require_key = self.require_key.clone();
        }
        next.checked()
    }

    /// The status a question fails with, if it fails; `roll` is at least 0 and below 1.
    pub fn failure(&self, roll: f64) -> Option<u16> {
        (roll < self.error_rate).then_some(self.error_status)
    }

    pub fn offers(&self, model: &str) -> bool {
        self.models.is_empty() || self.models.iter().any(|offered| offered == model)
    }

    /// How long the model takes to say so many tokens.
    pub fn speaking(&self, tokens: usize) -> Duration {
        match self.tokens_per_second {
            0 => Duration::ZERO,
            pace => Duration::from_micros(tokens as u64 * 1_000_000 / u64::from(pace)),
        }
    }
}

fn secret<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Secret>, D::Error> {
    Ok(Option::<String>::deserialize(from)?.map(Secret::new))
}

fn written<S: Serializer>(length: &Duration, out: S) -> Result<S::Ok, S::Error> {
    out.serialize_str(&write_duration(*length))
}

fn length<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
    read(&String::deserialize(from)?).map_err(D::Error::custom)
}

fn read(text: &str) -> Result<Duration, String> {
    read_duration(text).map_err(|must| format!("`{text}` {must}"))
}

impl FromStr for Stall {
    type Err = String;

    fn from_str(text: &str) -> Result<Stall, Self::Err> {
        match text {
            "forever" => Ok(Stall::Forever),
            length => read(length).map(Stall::For),
        }
    }
}

impl TryFrom<String> for Stall {
    type Error = String;

    fn try_from(text: String) -> Result<Stall, Self::Error> {
        text.parse()
    }
}

impl From<Stall> for String {
    fn from(stall: Stall) -> String {
        match stall {
            Stall::Forever => "forever".to_owned(),
            Stall::For(length) => write_duration(length),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn change(behaviour: &Behaviour, fields: Value) -> Result<Behaviour, Nonsense> {
        behaviour.changed(fields.as_object().cloned().unwrap_or_default())
    }

    #[test]
    fn a_change_leaves_the_other_fields_alone() {
        let before = Behaviour {
            name: "west".to_owned(),
            require_key: Some(Secret::new("k")),
            stall: Some(Stall::Forever),
            latency: Duration::from_millis(5),
            ..Behaviour::default()
        };
        let after = change(&before, json!({ "status": 503 })).unwrap();
        assert_eq!((after.status, after.name.as_str()), (Some(503), "west"));
        assert_eq!((after.require_key, after.latency), (before.require_key, before.latency));
        assert_eq!(after.stall, Some(Stall::Forever));
    }

    #[test]
    fn null_takes_an_option_back() {
        let before =
            Behaviour { status: Some(503), require_key: Some(Secret::new("k")), ..Behaviour::default() };
        let after = change(&before, json!({ "status": null, "require_key": null })).unwrap();
        assert_eq!((after.status, after.require_key), (None, None));
    }

    #[test]
    fn a_change_that_makes_no_sense_says_why() {
        let cases = [
            (json!({ "statsu": 1 }), "unknown field `statsu`"),
            (json!({ "status": 99 }), "`status` must be from 200 to 599, found 99"),
            (json!({ "error_rate": 1.5 }), "`error_rate` must be from 0 to 1, found 1.5"),
            (json!({ "stall": "long" }), "`long` must be a duration"),
        ];
        for (fields, expected) in cases {
            let error = change(&Behaviour::default(), fields).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }

    #[test]
    fn the_key_is_not_written_down() {
        let behaviour = Behaviour { require_key: Some(Secret::new("k-1")), ..Behaviour::default() };
        assert!(!serde_json::to_string(&behaviour).unwrap().contains("k-1"));
    }
}

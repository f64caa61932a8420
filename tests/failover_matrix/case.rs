//! One cell of the matrix: a fault, the kind of request, and whether another provider stands behind.

use crate::Stage;
use crate::faults::LeadsTo;
use crate::faults::Place;
use crate::faults::Row;
use crate::faults::rows;
use crate::support::Answer;
use crate::support::Reply;
use crate::support::ask_with;
use crate::support::chat_body;
use serde_json::Value;
use std::fmt::Debug;
use std::sync::Arc;

/// Starts the key of every failing provider.
pub const SECRET: &str = "sk-provider-secret";

pub struct Case {
    pub row: Arc<Row>,
    pub stream: bool,
    pub followed: bool,
}

/// What is wrong, a line each.
struct Problems {
    id: String,
    lines: Vec<String>,
}

impl Problems {
    fn check<T: PartialEq + Debug>(&mut self, what: &str, found: T, expected: T) {
        if found != expected {
            self.lines.push(format!("{}: {what} is {found:?}, not {expected:?}", self.id));
        }
    }
}

impl Case {
    pub fn all() -> Vec<Case> {
        let kinds = [(false, false), (false, true), (true, false), (true, true)];
        let cells = |row: Row| {
            let row = Arc::new(row);
            kinds.map(|(stream, followed)| Case { row: row.clone(), stream, followed })
        };
        rows().into_iter().flat_map(cells).collect()
    }

    pub fn id(&self) -> String {
        let kind = if self.stream { "stream" } else { "plain" };
        let place = if self.followed { "followed" } else { "last" };
        format!("{}-{kind}-{place}", self.row.name)
    }

    pub fn reply(&self, request: usize) -> Reply {
        if self.stream { (self.row.stream)(request) } else { (self.row.plain)(request) }
    }

    fn words(&self) -> &'static [&'static str] {
        if self.stream { self.row.stream_words } else { self.row.plain_words }
    }

    /// Asks, and compares everything that can be seen with what must be.
    pub async fn problems(&self, stage: &Stage) -> Vec<String> {
        let id = self.id();
        let body = chat_body(&format!("m-{id}"), self.stream);
        let gateway = stage.gateway(self.words());
        let answer = ask_with(gateway, &body, &[("x-request-id", &id)]).await;
        let mut problems = Problems { id: id.clone(), lines: Vec::new() };
        self.check_answer(&mut problems, &answer);
        self.check_vendors(&mut problems, stage);
        self.check_log(&mut problems, &gateway.access_line(&id).await);
        problems.lines
    }

    fn check_answer(&self, problems: &mut Problems, answer: &Answer) {
        let asked = self.words().len();
        let bad = format!("bad-{}", self.id());
        match (self.row.leads_to, self.followed) {
            (LeadsTo::Next | LeadsTo::NextOrCaller(..), true) => {
                problems.check("status", answer.status, 200);
                problems.check("provider", answer.provider(), Some("good"));
                problems.check("attempts", answer.attempts(), asked + 1);
                problems.check("text", answer.text().as_str(), "good");
                problems.check("form", answer.is_stream(), self.stream);
            }
            (LeadsTo::Recovery, _) => {
                problems.check("status", answer.status, 200);
                problems.check("provider", answer.provider(), Some(bad.as_str()));
                problems.check("attempts", answer.attempts(), asked);
                problems.check("text", answer.text().as_str(), "recovered");
                problems.check("form", answer.is_stream(), self.stream);
            }
            (LeadsTo::Next, false) => self.check_refusal(problems, answer),
            (LeadsTo::NextOrCaller(status, body), false) | (LeadsTo::Caller(status, body), _) => {
                problems.check("status", answer.status, status);
                problems.check("provider", answer.provider(), Some(bad.as_str()));
                problems.check("attempts", answer.attempts(), 1);
                problems.check("body", answer.json(), serde_json::from_str(body).unwrap());
            }
        }
    }

    /// Nobody could answer.
    fn check_refusal(&self, problems: &mut Problems, answer: &Answer) {
        problems.check("status", answer.status, 503);
        problems.check("provider", answer.provider(), None);
        problems.check("attempts", answer.attempts(), self.words().len());
        problems.check("code", answer.error_code().as_deref(), Some("no_provider_available"));
        problems.check("kind of body", answer.header("content-type"), Some("application/json"));
        // What is left of a rest when the client is told, in whole seconds.
        let told = answer
            .retry_after()
            .map(|told| self.row.retry_after.is_some_and(|r| (r - 2..=r).contains(&told)));
        problems.check("retry-after is right", told, self.row.retry_after.map(|_| true));
        for inside in ["127.0.0.1", "localhost", SECRET, "sk-hidden", "bad-"] {
            problems.check(inside, answer.body.contains(inside), false);
        }
    }

    fn check_vendors(&self, problems: &mut Problems, stage: &Stage) {
        let asked = stage.asked(&self.id());
        let expected = match self.row.place {
            Place::Scripted => self.words().len(),
            Place::Refused | Place::Untrusted => 0,
        };
        problems.check("times asked", asked.len(), expected);
        for request in asked {
            let key = format!("Bearer {SECRET}-{}", self.id());
            problems.check("key", request.header("authorization"), Some(key.as_str()));
        }
        let model = format!("m-{}", self.id());
        let next = stage.good.requests().iter().filter(|r| r.json()["model"] == model.as_str()).count();
        problems.check("times the next was asked", next, usize::from(self.goes_on()));
    }

    fn goes_on(&self) -> bool {
        match self.row.leads_to {
            LeadsTo::Next | LeadsTo::NextOrCaller(..) => self.followed,
            LeadsTo::Recovery | LeadsTo::Caller(..) => false,
        }
    }

    fn check_log(&self, problems: &mut Problems, line: &Value) {
        let attempts = line["attempts"].as_array().cloned().unwrap_or_default();
        let found: Vec<&str> = attempts.iter().filter_map(|attempt| attempt["outcome"].as_str()).collect();
        let next = if self.goes_on() { &["200"][..] } else { &[] };
        problems.check("attempts in the log", found, [self.words(), next].concat());
        let error = match (self.row.leads_to, self.followed) {
            (LeadsTo::Next, false) => Some("all_failed"),
            (LeadsTo::NextOrCaller(..), false) | (LeadsTo::Caller(..), _) => Some("provider_refused"),
            (LeadsTo::Next | LeadsTo::NextOrCaller(..), true) | (LeadsTo::Recovery, _) => None,
        };
        problems.check("error in the log", line["error"].as_str(), error);
    }
}

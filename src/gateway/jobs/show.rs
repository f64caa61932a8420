//! What a client is told of its job: how it stands, what came of it, that it is gone.

use crate::gateway::admit::identify;
use crate::gateway::answer::send;
use crate::gateway::arrive::names_a_host;
use crate::gateway::client;
use crate::gateway::client::Head;
use crate::gateway::jobs::SOURCE;
use crate::gateway::jobs::asked;
use crate::gateway::jobs::store;
use crate::gateway::parts::Parts;
use crate::gateway::prepare::Stop;
use crate::gateway::record::Record;
use crate::gateway::refuse;
use crate::gateway::snapshot::Snapshot;
use crate::store::JobMessage;
use crate::store::JobRow;
use crate::telemetry::stamp::Stamp;
use http::HeaderName;
use http::HeaderValue;
use http::Method;
use http::header;
use pingora::proxy::Session;
use serde_json::Value;
use serde_json::json;
use std::time::Duration;

/// What is wanted of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    Status,
    Content,
    Cancel,
    NotServed { allowed: &'static str },
    Unknown,
}

impl Wish {
    pub fn read(method: &Method, part: &str) -> Wish {
        match (method.as_str(), part) {
            ("GET" | "HEAD", "") => Wish::Status,
            ("DELETE", "") => Wish::Cancel,
            ("GET" | "HEAD", "content") => Wish::Content,
            (_, "") => Wish::NotServed { allowed: "GET, DELETE" },
            (_, "content") => Wish::NotServed { allowed: "GET" },
            (_, _) => Wish::Unknown,
        }
    }
}

/// Answers a request about a job of the key that asks. Those of others are as unknown as those that never were.
///
/// # Errors
/// Why there is nothing to tell.
pub async fn show(
    (parts, snapshot): (&Parts, &Snapshot),
    session: &mut Session,
    record: &mut Record,
    (id, wish): (&str, Wish),
) -> Result<(), Stop> {
    if !names_a_host(session) {
        return Err(refuse::no_host().into());
    }
    let key = identify(parts, snapshot, &session.req_header().headers, record)?.id.clone();
    let told = match wish {
        Wish::Status => status(&asked(store(parts).await?.job(id, &key)).await?),
        Wish::Cancel => {
            asked(store(parts).await?.cancel_job(id, &key)).await?;
            parts.jobs.stop(id);
            parts.metrics().job("cancelled");
            json!({ "status": "cancelled" })
        }
        Wish::Content => {
            let answer = asked(store(parts).await?.job_answer(id, &key)).await?;
            let answer = answer.ok_or_else(refuse::jobs::not_ready)?;
            record.subject.job = Some(id.into());
            return replay(session, record, answer).await.map_err(Stop::Broken);
        }
        Wish::NotServed { allowed } => return Err(refuse::jobs::wrong_method(allowed).into()),
        Wish::Unknown => return Err(refuse::jobs::unknown().into()),
    };
    record.subject.job = Some(id.into());
    send(session, record, 200, told.to_string().into()).await.map_err(Stop::Broken)
}

fn status(job: &JobRow) -> Value {
    let stamp = |ms| Stamp::of(Duration::from_millis(ms)).as_str().to_owned();
    let mut told = json!({ "id": job.id, "status": job.state.word(), "createdAt": stamp(job.created_ms) });
    if let Some(done) = job.done_ms {
        told["completedAt"] = stamp(done).into();
    }
    if !job.error.is_empty() {
        told["error"] = job.error.as_str().into();
    }
    told
}

/// The answer as it came, with its own request id.
async fn replay(session: &mut Session, record: &mut Record, answer: JobMessage) -> pingora::Result<()> {
    record.dress.retain(|(name, _)| name != SOURCE);
    record.outcome.status = answer.status;
    let mut head = Head::new(answer.status, record);
    let stored: Vec<(String, String)> = serde_json::from_str(&answer.head).unwrap_or_default();
    let mut kind = client::BYTES;
    for (name, value) in stored {
        match (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            (Ok(header::CONTENT_TYPE), Ok(value)) => kind = value,
            (Ok(name), Ok(value)) => head.value(name, value),
            (_, _) => {}
        }
    }
    client::answer(session, record, head, kind, answer.body.into()).await
}

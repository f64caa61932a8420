//! A request becomes a job: who asks is known, its body is read, and both are in the store before the answer goes out.

use crate::clock;
use crate::config::edge::Jobs;
use crate::dialect::operation::Operation;
use crate::edge::Passage;
use crate::gateway::admit::identify;
use crate::gateway::arrive::names_a_host;
use crate::gateway::client;
use crate::gateway::client::Head;
use crate::gateway::jobs::asked;
use crate::gateway::jobs::store;
use crate::gateway::parts::Parts;
use crate::gateway::prepare::Stop;
use crate::gateway::receive::whole_body;
use crate::gateway::record::Record;
use crate::gateway::refuse;
use crate::gateway::refuse::Refusal;
use crate::gateway::snapshot::Snapshot;
use crate::id;
use crate::store::JobMessage;
use crate::store::JobRoom;
use crate::store::NewJob;
use http::HeaderMap;
use http::HeaderValue;
use http::header;
use pingora::proxy::Session;
use serde_json::json;

/// Headers that a job is run with. No others are stored: one of them might hold a key.
const KEPT: [&str; 7] = [
    "anthropic-beta",
    "anthropic-version",
    "cache-control",
    "content-encoding",
    "content-type",
    "x-end-user",
    "x-failover",
];

/// Stores a request and answers 202 with its id. What it asks for is looked at when it is run.
///
/// # Errors
/// Why it is not taken.
pub async fn accept(
    (parts, snapshot): (&Parts, &Snapshot),
    session: &mut Session,
    record: &mut Record,
    (passage, operation): (&Passage, Operation),
) -> Result<(), Stop> {
    if !names_a_host(session) {
        return Err(refuse::no_host().into());
    }
    record.subject.dialect = operation.dialect();
    let who = identify(parts, snapshot, &session.req_header().headers, record)?;
    let jobs = &snapshot.config.edge.jobs;
    let head = kept(&session.req_header().headers);
    let body = whole_body(session, jobs.body, snapshot.config.server.body_timeout).await?;
    let target = passage.target()?.to_string();
    let id = id::uuid();
    let job = NewJob {
        id: &id,
        key: &who.id,
        request_id: &record.arrival.request_id,
        target: &target,
        request: JobMessage { status: 0, head, body: body.into() },
        at_ms: clock::millis(clock::since_epoch()),
    };
    keep(parts, &job, jobs).await?;
    parts.metrics().job("accepted");
    parts.jobs.call();
    record.subject.job = Some(id.as_str().into());
    record.outcome.status = 202;
    let mut head = Head::new(202, record);
    let prefix = passage.rule.route.path.text().trim_end_matches('/');
    if let Ok(location) = HeaderValue::from_str(&format!("{prefix}/__jobs/{id}")) {
        head.value(header::LOCATION, location);
    }
    let body = json!({ "jobId": id }).to_string();
    client::answer(session, record, head, client::JSON, body.into()).await.map_err(Stop::Broken)
}

/// Where there is no room, what is too old makes some.
async fn keep(parts: &Parts, job: &NewJob<'_>, jobs: &Jobs) -> Result<(), Refusal> {
    let (store, room) = (store(parts).await?, room(jobs));
    let stored = async {
        if store.add_job(job, room).await? {
            return Ok(true);
        }
        match store.forget_jobs(job.at_ms.saturating_sub(clock::millis(jobs.keep))).await? {
            0 => Ok(false),
            _ => store.add_job(job, room).await,
        }
    };
    match asked(stored).await? {
        true => Ok(()),
        false => {
            parts.metrics().job("refused");
            Err(refuse::jobs::full())
        }
    }
}

/// Half of all for one key: nobody can keep everybody else out.
fn room(jobs: &Jobs) -> JobRoom {
    let all = u64::from(jobs.most);
    JobRoom { all, of_key: all.div_ceil(2) }
}

fn kept(headers: &HeaderMap) -> String {
    let named = KEPT.iter().flat_map(|name| headers.get_all(*name).iter().map(move |value| (*name, value)));
    let texts: Vec<_> = named.filter_map(|(name, value)| Some((name, value.to_str().ok()?))).collect();
    json!(texts).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_header_that_may_hold_a_key_is_kept() {
        let mut headers = HeaderMap::new();
        for name in ["authorization", "x-api-key", "cookie", "x-anything", "content-type", "x-failover"] {
            headers.insert(name, HeaderValue::from_static("value"));
        }
        assert_eq!(kept(&headers), r#"[["content-type","value"],["x-failover","value"]]"#);
    }
}

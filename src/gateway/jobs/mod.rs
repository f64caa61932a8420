//! Requests that are answered later: stored at once, run within this process, fetched by their id.

pub mod accept;
pub mod desk;
pub mod on_behalf;
pub mod run;
pub mod show;

use crate::dialect::operation::Operation;
use crate::edge::Passage;
use crate::gateway::jobs::show::Wish;
use crate::gateway::operation::Errand;
use crate::gateway::operation::errand;
use crate::gateway::parts::Parts;
use crate::gateway::passage::Way;
use crate::gateway::prepare;
use crate::gateway::record::Record;
use crate::gateway::refuse;
use crate::gateway::refuse::Refusal;
use crate::gateway::snapshot::Snapshot;
use crate::head;
use crate::store::Store;
use crate::store::StoreError;
use http::HeaderName;
use http::HeaderValue;
use http::header;
use pingora::http::RequestHeader;
use pingora::proxy::Session;
use std::sync::Arc;
use std::time::Duration;
use tracing::warn;

/// On everything that is said about jobs, but on no answer of a job itself.
pub const SOURCE: HeaderName = HeaderName::from_static("x-proxq-source");
const OURS: HeaderValue = HeaderValue::from_static("proxq");

/// Below the route's prefix.
const JOBS: &str = "/__jobs/";

/// Longest wait of a client for the store.
const PATIENCE: Duration = Duration::from_secs(5);
/// The same while it has not been opened yet, and how often that is looked for.
const OPENING: Duration = Duration::from_secs(2);
const LOOK: Duration = Duration::from_millis(10);

/// What a request on such a route is for.
#[derive(Debug, PartialEq, Eq)]
enum Wanted {
    /// To be done later.
    Job(Operation),
    /// Something of the job with this id.
    Known(String, Wish),
    /// Nothing that waits: it goes to the API.
    Now,
}

/// Serves a request on a route of jobs, or lets it pass to the API.
///
/// # Errors
/// What breaks the connection to the client.
pub async fn enter(
    (parts, snapshot): (&Parts, &Snapshot),
    session: &mut Session,
    record: &mut Record,
    passage: Box<Passage>,
) -> pingora::Result<Way> {
    let largest = snapshot.config.edge.jobs.body as u64;
    let wanted = wanted(session.req_header(), &passage.onward, largest);
    if wanted == Wanted::Now {
        session.req_header_mut().set_uri(passage.target()?);
        return Ok(Way::Api(Some(passage)));
    }
    record.dress.push((SOURCE, OURS));
    let served = match wanted {
        Wanted::Job(operation) => {
            accept::accept((parts, snapshot), session, record, (&passage, operation)).await
        }
        Wanted::Known(id, wish) => show::show((parts, snapshot), session, record, (&id, wish)).await,
        Wanted::Now => Ok(()),
    };
    match served {
        Ok(()) => Ok(Way::Answered),
        Err(stop) => prepare::stopped(parts, session, record, stop).await.map(|()| Way::Answered),
    }
}

/// What cannot wait goes by: upgrades, unknown paths, bodies of unknown size and those that are too large.
fn wanted(head: &RequestHeader, path: &str, largest: u64) -> Wanted {
    if let Some(rest) = path.strip_prefix(JOBS) {
        let (id, part) = rest.split_once('/').unwrap_or((rest, ""));
        return Wanted::Known(id.to_owned(), Wish::read(&head.method, part));
    }
    let fits = head::length(&head.headers).is_some_and(|length| length <= largest);
    let is_plain = [header::UPGRADE, header::TRANSFER_ENCODING].iter().all(|n| !head.headers.contains_key(n));
    match errand(&head.method, path) {
        Ok(Errand::Ask(operation)) if fits && is_plain => Wanted::Job(operation),
        Ok(_) | Err(_) => Wanted::Now,
    }
}

/// The store. A process that has just started opens it beside its first requests.
async fn store(parts: &Parts) -> Result<&Arc<Store>, Refusal> {
    let opened = async {
        loop {
            match parts.store.get() {
                Some(store) => return store,
                None => tokio::time::sleep(LOOK).await,
            }
        }
    };
    tokio::time::timeout(OPENING, opened).await.map_err(|_| refuse::jobs::no_store())
}

/// Asks the store, for as long as a client may be made to wait.
async fn asked<T>(call: impl Future<Output = Result<T, StoreError>>) -> Result<T, Refusal> {
    match tokio::time::timeout(PATIENCE, call).await {
        Ok(Ok(found)) => Ok(found),
        Ok(Err(StoreError::NotFound { .. })) => Err(refuse::jobs::unknown()),
        Ok(Err(cause)) => {
            warn!(%cause, "a client's job cannot be stored or read");
            Err(refuse::jobs::no_store())
        }
        Err(_) => Err(refuse::jobs::no_store()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(method: &str, path: &str, headers: &[(&'static str, &str)]) -> Wanted {
        let mut head = RequestHeader::build(method, path.as_bytes(), None).unwrap();
        for (name, value) in headers {
            head.insert_header(*name, *value).unwrap();
        }
        wanted(&head, path, 100)
    }

    #[test]
    fn only_what_can_wait_becomes_a_job() {
        let chat = "/v1/chat/completions";
        let short = ("content-length", "100");
        assert_eq!(asked("POST", chat, &[short]), Wanted::Job(Operation::ChatCompletions));
        assert_eq!(asked("POST", "/embeddings", &[short]), Wanted::Job(Operation::Embeddings));
        for (method, path, headers) in [
            ("POST", chat, vec![]),
            ("POST", chat, vec![("content-length", "101")]),
            ("POST", chat, vec![("transfer-encoding", "chunked")]),
            ("POST", chat, vec![short, ("upgrade", "websocket")]),
            ("GET", "/v1/models", vec![short]),
            ("GET", "/health", vec![]),
            ("POST", "/v1/nothing", vec![short]),
        ] {
            assert_eq!(asked(method, path, &headers), Wanted::Now, "{method} {path} {headers:?}");
        }
    }

    #[test]
    fn a_job_is_asked_for_by_its_id() {
        let of = |method, path| asked(method, path, &[]);
        let known = |wish| Wanted::Known("a1".to_owned(), wish);
        assert_eq!(of("GET", "/__jobs/a1"), known(Wish::Status));
        assert_eq!(of("HEAD", "/__jobs/a1/content"), known(Wish::Content));
        assert_eq!(of("DELETE", "/__jobs/a1"), known(Wish::Cancel));
        assert_eq!(of("POST", "/__jobs/a1"), known(Wish::NotServed { allowed: "GET, DELETE" }));
        assert_eq!(of("GET", "/__jobs/a1/other"), known(Wish::Unknown));
    }
}

//! The ends of a request that no provider answers: what the client hears instead.

use crate::clock;
use crate::dialect::Dialect;
use crate::dialect::fault;
use crate::dialect::fault::Cause;
use crate::gateway::answer;
use crate::gateway::client;
use crate::gateway::client::Head;
use crate::gateway::failure::Failure;
use crate::gateway::itinerary::Itinerary;
use crate::gateway::itinerary::Stop;
use crate::gateway::outbound::UNSAYABLE;
use crate::gateway::receive::Ask;
use crate::gateway::record::Record;
use crate::gateway::refuse;
use crate::gateway::snapshot::Snapshot;
use crate::gateway::vendor::Vendor;
use crate::gateway::verdicts;
use crate::routing::judge::Fault;
use pingora::proxy::Session;

/// The plan is used up: the client hears why, and when to come back.
///
/// # Errors
/// Only what breaks the connection to the client.
pub async fn exhausted(
    session: &mut Session,
    record: &mut Record,
    ask: &Ask,
    way: &Itinerary,
    last: Option<(Stop, Failure)>,
    snapshot: &Snapshot,
) -> pingora::Result<()> {
    let now = clock::now();
    let open_again = way.open_again.map(|at| at.saturating_duration_since(now));
    let cooled =
        |(stop, _): &(Stop, Failure)| snapshot.vendors[stop.provider].vitals.cooled(now, &stop.model);
    let cooled = last.as_ref().and_then(cooled);
    let cooled = cooled.map(|at| at.saturating_duration_since(now));
    let told = last.as_ref().and_then(|(_, failure)| match &failure.fault {
        Fault::Status { retry_after, .. } | Fault::InBand { retry_after, .. } => *retry_after,
        Fault::Unreachable
        | Fault::Timeout
        | Fault::Reset
        | Fault::Malformed
        | Fault::BadRequest
        | Fault::Unsayable => None,
    });
    if now >= record.arrival.at + snapshot.config.failover.deadline {
        return client::refuse(session, record, &refuse::deadline(snapshot.config.failover.deadline)).await;
    }
    if ask.operation.counts_tokens() {
        return answer::token_count(session, record, ask).await;
    }
    // A target that was only down might have had the words.
    let nobody_could_say_it = record.service.attempts.iter().all(|attempt| attempt.outcome == UNSAYABLE);
    if let Some((stop, failure)) = last.filter(|_| nobody_could_say_it) {
        return give_back(session, record, &snapshot.vendors[stop.provider], &stop, &failure).await;
    }
    client::refuse(session, record, &refuse::all_failed(open_again.or(cooled).or(told))).await
}

/// The caller's own fault: it hears what the provider said, in the envelope its SDK expects.
///
/// # Errors
/// Only what breaks the connection to the client.
pub async fn give_back(
    session: &mut Session,
    record: &mut Record,
    vendor: &Vendor,
    stop: &Stop,
    failure: &Failure,
) -> pingora::Result<()> {
    record.service.provider = Some(vendor.name.clone());
    record.service.model = Some(stop.model.clone());
    let (status, cause) = match &failure.fault {
        // Some vendors say so with a status that asks to come again.
        Fault::Status { cause: cause @ (Cause::ContextTooLong | Cause::ContentPolicy), .. } => (400, *cause),
        Fault::Status { code, cause, .. } => (*code, *cause),
        Fault::InBand { cause, .. } => (400, *cause),
        Fault::BadRequest | Fault::Unsayable => (400, Cause::Invalid),
        Fault::Unreachable | Fault::Timeout | Fault::Reset | Fault::Malformed => {
            return client::refuse(session, record, &refuse::all_failed(None)).await;
        }
    };
    let said = vendor.conceal(&failure.said);
    let refusal = refuse::provider_refusal(status, cause, fault::message(&said));
    let envelope = match record.subject.dialect {
        Dialect::OpenAi | Dialect::Responses => verdicts::envelope(status, &refusal, &said),
        _ => None,
    };
    match envelope {
        Some(body) => {
            record.outcome.status = status;
            record.outcome.error = Some(refusal.reason);
            let head = Head::new(status, record);
            client::answer(session, record, head, client::JSON, body).await
        }
        None => client::refuse(session, record, &refusal).await,
    }
}

//! From the first byte of a request to the moment it may be asked of providers, one room after the other:
//! errand → admit → receive → resolve → recall → reserve.

use crate::clock;
use crate::dialect::openai::request::Shape;
use crate::dialect::operation::Operation;
use crate::gateway::admit::admit;
use crate::gateway::answer;
use crate::gateway::arrive::names_a_host;
use crate::gateway::client;
use crate::gateway::client::ClientLeft;
use crate::gateway::client::name;
use crate::gateway::deliver;
use crate::gateway::exchange::Exchange;
use crate::gateway::operation::Errand;
use crate::gateway::operation::Wish;
use crate::gateway::operation::errand;
use crate::gateway::parts::Parts;
use crate::gateway::plan::Planned;
use crate::gateway::plan::may_name;
use crate::gateway::plan::plan;
use crate::gateway::plan::with_known_prices;
use crate::gateway::recall::Keep;
use crate::gateway::recall::Recall;
use crate::gateway::recall::recall;
use crate::gateway::receive::Ask;
use crate::gateway::receive::NotReceived;
use crate::gateway::receive::receive;
use crate::gateway::record::Record;
use crate::gateway::refuse;
use crate::gateway::refuse::Refusal;
use crate::gateway::snapshot::Snapshot;
use crate::gateway::stand::stand;
use crate::gateway::stand::stand_for_model;
use crate::gateway::stored;
use crate::routing::Candidate;
use crate::state::Need;
use crate::telemetry::metrics::CacheResult;
use crate::tenants::credential::Credential;
use crate::usage::estimate::estimate_tokens;
use crate::usage::estimate::of_text;
use crate::usage::estimate_cost;
use pingora::proxy::Session;

/// Why a request goes no further.
pub enum Stop {
    Refused(Refusal),
    Answered,
    ClientLeft,
    Broken(Box<pingora::Error>),
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Stop {
        Stop::Refused(refusal)
    }
}

impl From<ClientLeft> for Stop {
    fn from(_: ClientLeft) -> Stop {
        Stop::ClientLeft
    }
}

impl From<Box<pingora::Error>> for Stop {
    fn from(error: Box<pingora::Error>) -> Stop {
        Stop::Broken(error)
    }
}

impl From<NotReceived> for Stop {
    fn from(not: NotReceived) -> Stop {
        match not {
            NotReceived::Refused(refusal) => Stop::Refused(refusal),
            NotReceived::ClientLeft => Stop::ClientLeft,
        }
    }
}

/// Makes a request ready to be asked of providers; `None` when it has been answered here.
///
/// # Errors
/// Only what breaks the connection to the client.
pub async fn prepare(
    parts: &Parts,
    snapshot: &Snapshot,
    session: &mut Session,
    record: &mut Record,
) -> pingora::Result<Option<Box<Exchange>>> {
    match walk(parts, snapshot, session, record).await {
        Ok(exchange) => Ok(Some(Box::new(exchange))),
        Err(stop) => stopped(parts, session, record, stop).await.map(|()| None),
    }
}

/// Ends a request that goes no further.
///
/// # Errors
/// Only what breaks the connection to the client.
pub async fn stopped(
    parts: &Parts,
    session: &mut Session,
    record: &mut Record,
    stop: Stop,
) -> pingora::Result<()> {
    match stop {
        Stop::Answered => Ok(()),
        Stop::Refused(refusal) => {
            if refusal.status == 429 {
                parts.metrics().limit_hit(refusal.reason);
            }
            client::refuse(session, record, &refusal).await
        }
        Stop::ClientLeft => {
            record.client_left();
            Err(ClientLeft.into())
        }
        Stop::Broken(error) => Err(error),
    }
}

async fn walk(
    parts: &Parts,
    snapshot: &Snapshot,
    session: &mut Session,
    record: &mut Record,
) -> Result<Exchange, Stop> {
    if !names_a_host(session) {
        return Err(refuse::no_host().into());
    }
    let operation = wanted(parts, session, record).await?;
    let who = admit(parts, snapshot, &session.req_header().headers, record)?;
    let operation = match operation {
        Wanted::Ask(operation) => operation,
        Wanted::Models => {
            take(parts, record, Need::REQUEST).await?;
            return answered(answer::models(session, record, snapshot, &who).await);
        }
        Wanted::Model(name) => {
            take(parts, record, Need::REQUEST).await?;
            return answered(answer::model_named(session, record, snapshot, &who, &name).await);
        }
        Wanted::Stored(id, wish) => {
            take(parts, record, Need::REQUEST).await?;
            let stored = stored::answer(session, record, &parts.threads, &who.id, (&id, wish));
            return answered(stored.await);
        }
    };
    let ask = receive(session, operation, &snapshot.config).await?;
    record.subject.model = Some(ask.shape.model.clone());
    record.subject.stream = ask.shape.stream;
    may_name(snapshot, &who, &ask, record)?;
    stand(parts, &who, &session.req_header().headers, &ask, record)?;
    let ask = parts.threads.resume(&who.id, &snapshot.config, ask).await?;
    let (ask, keep) = from_cache(parts, snapshot, session, record, &who, ask).await?;
    // A name that means nothing is no miss of the cache.
    let planned = plan(snapshot, &who, &ask, record);
    let Planned { plan, of_group, limited } = planned.inspect_err(|_| record.service.cache = None)?;
    stand_for_model(parts, limited, record)?;
    // The model may have a budget itself.
    let plan = with_known_prices(plan, snapshot, &ask, record)?;
    if ask.operation.counts_tokens() && !snapshot.counts_tokens(&ask, &plan) {
        take(parts, record, Need::REQUEST).await?;
        return answered(answer::token_count(session, record, &ask).await);
    }
    reserve(parts, snapshot, record, &ask, &plan).await?;
    Ok(Exchange { ask, plan, of_group, keep, scope: who.id.clone() })
}

/// An errand that needs a key.
enum Wanted {
    Ask(Operation),
    Models,
    Model(String),
    Stored(String, Wish),
}

/// Health needs no key; load balancers ask it.
async fn wanted(parts: &Parts, session: &mut Session, record: &mut Record) -> Result<Wanted, Stop> {
    let (method, path) = (&session.req_header().method, session.req_header().uri.path());
    let errand = errand(method, path).map_err(|why| refuse::not_served(why, method.as_str(), path))?;
    record.subject.operation = errand.counted_as();
    let anthropic = session.req_header().headers.contains_key(name::ANTHROPIC_VERSION);
    record.subject.dialect = errand.dialect(anthropic);
    match errand {
        Errand::Ask(operation) => Ok(Wanted::Ask(operation)),
        Errand::ListModels => Ok(Wanted::Models),
        Errand::ShowModel(name) => Ok(Wanted::Model(name)),
        Errand::Stored(id, wish) => Ok(Wanted::Stored(id, wish)),
        Errand::Health => answered(answer::health(session, record).await),
        Errand::Readiness => answered(answer::readiness(session, record, parts).await),
    }
}

fn answered<T>(sent: pingora::Result<()>) -> Result<T, Stop> {
    sent?;
    Err(Stop::Answered)
}

/// Answers from the cache where it can; else says where the answer is to be kept.
async fn from_cache(
    parts: &Parts,
    snapshot: &Snapshot,
    session: &mut Session,
    record: &mut Record,
    who: &Credential,
    ask: Ask,
) -> Result<(Ask, Option<Keep>), Stop> {
    match recall(&parts.cache, snapshot, session, who, &ask).await? {
        Recall::Bypass => {
            record.service.cache = snapshot.config.cache.ttl.map(|_| CacheResult::Bypass);
            Ok((ask, None))
        }
        Recall::Miss(keep) => {
            record.service.cache = Some(CacheResult::Miss);
            Ok((ask, Some(keep)))
        }
        Recall::Hit(hit) => {
            take(parts, record, Need::REQUEST).await?;
            // It may have been deleted since, or have had to make room.
            let (ttl, answer) = (snapshot.config.responses.ttl, &hit.answer);
            parts.threads.keep(&who.id, ttl, &ask, answer.form, &answer.body).await;
            if deliver::hit(session, record, &ask, hit).await? {
                return Err(Stop::Answered);
            }
            // What is stored cannot be said in the form that is asked for.
            record.service.cache = Some(CacheResult::Bypass);
            Ok((ask, None))
        }
    }
}

/// Takes room for what the request may need of the first of its plan; corrected when it is settled.
async fn reserve(
    parts: &Parts,
    snapshot: &Snapshot,
    record: &mut Record,
    ask: &Ask,
    plan: &[Candidate],
) -> Result<(), Refusal> {
    let Shape { words, max_output, choices, .. } = ask.shape;
    let tokens = estimate_tokens(words, max_output);
    let price = plan.first().map(|first| snapshot.vendors[first.provider].prices.of(&first.model));
    let most = max_output.map(|most| most.saturating_mul(choices));
    let cost = price.map(|price| estimate_cost(&price, of_text(words), most)).unwrap_or_default();
    take(parts, record, Need { tokens, cost, ..Need::REQUEST }).await
}

/// Takes from all limits at once. What is answered here needs nothing but itself.
pub async fn take(parts: &Parts, record: &mut Record, need: Need) -> Result<(), Refusal> {
    // Not when it came: the body may have taken its time.
    let now = record.arrival.moment().at(clock::now());
    if let Some(reservation) = &mut record.held.reservation {
        let taken = reservation.take(need, now).await;
        record.held.taken = taken.map_err(|limited| refuse::limited(limited, now.wall))?;
        if let Some(soft) = &record.held.taken.soft {
            parts.warnings.tell(soft, &record.subject, now.wall);
        }
    }
    Ok(())
}

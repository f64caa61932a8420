//! The attempt loop: draw a target → attempt → deliver, or learn from the failure and go on.

use crate::cache::Answer;
use crate::cache::Form;
use crate::clock;
use crate::dialect::side::Fetched;
use crate::dialect::usage::Usage;
use crate::gateway::attempt::Reply;
use crate::gateway::attempt::Terms;
use crate::gateway::attempt::attempt;
use crate::gateway::client;
use crate::gateway::client::ClientLeft;
use crate::gateway::client::DROPPED_BETWEEN;
use crate::gateway::client::while_it_waits;
use crate::gateway::deliver;
use crate::gateway::deliver::Ended;
use crate::gateway::failure::Failure;
use crate::gateway::fetch::Files;
use crate::gateway::follow::call_off;
use crate::gateway::give_up;
use crate::gateway::itinerary::Itinerary;
use crate::gateway::itinerary::Onward;
use crate::gateway::itinerary::Stop;
use crate::gateway::media;
use crate::gateway::note::Note;
use crate::gateway::parts::Parts;
use crate::gateway::recall::Keep;
use crate::gateway::receive::Ask;
use crate::gateway::record::Record;
use crate::gateway::refuse;
use crate::gateway::snapshot::Snapshot;
use crate::gateway::sound;
use crate::gateway::vendor::Vendor;
use crate::gateway::verdicts;
use crate::routing::Candidate;
use crate::store::Counted;
use crate::telemetry::access::AttemptNote;
use bytes::Bytes;
use pingora::proxy::Session;
use rand::RngExt;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;
use std::time::Instant;

/// No target is asked for less than this: it could not answer, and timers ring a little early or late.
const TOO_SHORT: Duration = Duration::from_millis(10);

/// A request that is ready to be asked of providers.
pub struct Exchange {
    pub ask: Ask,
    pub plan: Vec<Candidate>,
    /// The plan is that of a group.
    pub of_group: bool,
    /// Where the answer is kept, if it may be.
    pub keep: Option<Keep>,
    /// What the asking key is remembered under.
    pub scope: Arc<str>,
}

/// Asks one target after the other until one answers, the plan is exhausted, or the client leaves.
///
/// # Errors
/// Only what breaks the connection to the client.
pub async fn run(
    parts: &Parts,
    snapshot: &Arc<Snapshot>,
    session: &mut Session,
    record: &mut Record,
    exchange: Exchange,
) -> pingora::Result<()> {
    let Exchange { ask, plan, of_group, mut keep, scope } = exchange;
    let failover = &snapshot.config.failover;
    let deadline = record.arrival.at + failover.deadline;
    let mut terms = terms(parts, snapshot, deadline, keep.as_ref(), &scope);
    let mut way = Itinerary::new(plan, of_group, verdicts::patience(failover));
    let mut last: Option<(Stop, Failure)> = None;
    let mut now = record.arrival.moment().at(clock::now());
    while let Some(stop) = way.next(&snapshot.vendors, &parts.state, now) {
        let begun = now.mono;
        record.held.charge = way.charge.take();
        let vendor = &snapshot.vendors[stop.provider];
        let _call = vendor.counters.call_begins();
        verdicts::announce(last.as_ref(), &stop, snapshot, parts.metrics());
        let answered = {
            let asked = pin!(attempt(&parts.upstreams, vendor, &stop, &ask, &mut terms));
            while_it_waits(session, asked).await
        };
        match answered {
            Err(ClientLeft) => {
                serve(record, vendor, &stop, "client_left", begun.elapsed());
                left(parts, vendor, &stop, &ask, terms, record).await;
                return Ok(());
            }
            Ok(Ok(reply)) => {
                serve(record, vendor, &stop, "200", begun.elapsed());
                let keep = Keeping::of(keep.take(), &stop, &scope);
                let served = reply_with(parts, snapshot, session, record, &ask, reply, &stop, keep).await;
                if served.is_err() || record.outcome.error.is_some() {
                    call_off(&parts.upstreams, vendor, &stop, &terms).await;
                }
                return served;
            }
            Ok(Err(failure)) => {
                failed(record, (vendor, &stop), failure.word, begun.elapsed(), terms.told());
                call_off(&parts.upstreams, vendor, &stop, &terms).await;
                verdicts::discharge(record.held.charge.take(), &failure);
                verdicts::blame_for(vendor, &stop, &failure, failover);
                match learn(&mut way, parts, snapshot, &stop, &failure) {
                    Onward::GiveBack => {
                        return Box::pin(give_up::give_back(session, record, vendor, &stop, &failure)).await;
                    }
                    Onward::After(wait) if clock::now() + wait + TOO_SHORT >= deadline => {
                        let refusal = refuse::deadline(failover.deadline);
                        return Box::pin(client::refuse(session, record, &refusal)).await;
                    }
                    Onward::After(wait) => {
                        if rest(session, wait).await.is_err() {
                            record.client_left();
                            return Ok(());
                        }
                        last = Some((stop, failure));
                        now = clock::moment();
                    }
                }
            }
        }
    }
    Box::pin(give_up::exhausted(session, record, &ask, &way, last, snapshot)).await
}

fn terms<'s>(
    parts: &'s Parts,
    snapshot: &'s Snapshot,
    deadline: Instant,
    keep: Option<&Keep>,
    scope: &'s str,
) -> Terms<'s> {
    Terms {
        keepsakes: &parts.keepsakes,
        scope,
        files: Files {
            upstreams: &parts.upstreams,
            rules: &snapshot.config.fetch,
            most: snapshot.config.limits.body,
            deadline,
            fetched: Fetched::new(),
        },
        strict: snapshot.config.strict,
        failover: &snapshot.config.failover,
        max_answer: snapshot.config.limits.answer,
        deadline,
        keep: keep.map_or(0, |keep| keep.max_answer),
        is_owed: AtomicBool::new(false),
        told: Note::empty(),
        promised: Note::empty(),
    }
}

/// Nobody waits any more: the provider is told so, and what it has worked on is owed all the same.
async fn left(parts: &Parts, vendor: &Vendor, stop: &Stop, ask: &Ask, terms: Terms<'_>, record: &mut Record) {
    call_off(&parts.upstreams, vendor, stop, &terms).await;
    match terms.told() {
        Some(usage) => record.bill(usage, Counted::Told),
        None if terms.is_owed.into_inner() => record.bill(verdicts::prompt(ask), Counted::Guessed),
        None => {}
    }
    record.client_left();
}

async fn rest(session: &mut Session, wait: Duration) -> Result<(), ClientLeft> {
    match wait.is_zero() {
        true => Ok(()),
        false => while_it_waits(session, pin!(tokio::time::sleep(wait))).await,
    }
}

fn learn(way: &mut Itinerary, parts: &Parts, snapshot: &Snapshot, stop: &Stop, failure: &Failure) -> Onward {
    let jitter = rand::rng().random_range(0.0..1.0);
    let larger = |candidate: &Candidate| verdicts::is_larger(snapshot, parts.prices, stop, candidate);
    way.learn(stop, &failure.fault, jitter, larger)
}

fn note(record: &mut Record, vendor: &Vendor, stop: &Stop, outcome: &'static str, took: Duration) {
    let attempt = AttemptNote { provider: vendor.name.clone(), model: stop.model.clone(), outcome, took };
    record.service.attempts.push(attempt);
}

/// Notes a call that did not answer, and what its provider told that it used.
fn failed(
    record: &mut Record,
    (vendor, stop): (&Vendor, &Stop),
    outcome: &'static str,
    took: Duration,
    told: Option<Usage>,
) {
    note(record, vendor, stop, outcome, took);
    if let Some(usage) = told {
        record.lost_on((vendor, stop), usage);
    }
}

/// From here on the answer is this target's.
fn serve(record: &mut Record, vendor: &Vendor, stop: &Stop, outcome: &'static str, took: Duration) {
    note(record, vendor, stop, outcome, took);
    record.service.provider = Some(vendor.name.clone());
    record.service.model = Some(stop.model.clone());
    record.service.lane = Some(vendor.lane(&stop.model));
}

/// What is kept of an answer.
struct Keeping<'a> {
    /// Where it is itself kept, if it may be.
    answer: Option<Keep>,
    /// Whose seals are kept.
    scope: &'a str,
}

impl<'a> Keeping<'a> {
    fn of(keep: Option<Keep>, stop: &Stop, scope: &'a str) -> Keeping<'a> {
        Keeping { answer: keep.map(|keep| if stop.stand_in { keep.for_now() } else { keep }), scope }
    }
}

#[allow(clippy::too_many_arguments)] // the end of the loop, where everything it held is used up
async fn reply_with(
    parts: &Parts,
    snapshot: &Snapshot,
    session: &mut Session,
    record: &mut Record,
    ask: &Ask,
    reply: Reply,
    stop: &Stop,
    keep: Keeping<'_>,
) -> pingora::Result<()> {
    let vendor = &snapshot.vendors[stop.provider];
    let Keeping { answer: keep, scope } = keep;
    let ttl = snapshot.config.responses.ttl;
    // Kept before the client has the end of it: whoever asks again at once is to find it.
    let store = async |keep: Option<Keep>, form: Form, dropped: &[String], body: Bytes| {
        if let Some(keep) = keep {
            let (provider, model) = (vendor.name.to_string(), stop.model.to_string());
            let answer = Answer { form, provider, model, dropped: dropped.join(DROPPED_BETWEEN), body };
            keep.store(&parts.cache, answer).await;
        }
    };
    match reply {
        Reply::Whole(whole) => {
            verdicts::praise(vendor);
            record.service.heard = media::heard(ask.operation, &whole.body);
            if let Some((usage, counted)) = verdicts::used(ask, whole.usage, &whole.body) {
                record.bill(usage, counted);
            }
            record.service.dropped = whole.manner.dropped.names().to_vec();
            let mut whole = whole;
            parts.keepsakes.keep(scope, whole.manner.dialect, std::mem::take(&mut whole.seals)).await;
            store(keep, whole.form, &record.service.dropped, whole.body.clone()).await;
            parts.threads.keep(scope, ttl, ask, whole.form, &whole.body).await;
            deliver::whole(session, record, ask, *whole, &stop.model).await?;
        }
        Reply::Stream(opened) => {
            verdicts::welcome(vendor);
            record.service.dropped = opened.manner.dropped.names().to_vec();
            let dialect = opened.manner.dialect;
            let _live = parts.metrics().stream_begins();
            match Box::pin(deliver::stream(session, record, ask, *opened, vendor)).await? {
                Ended::Complete { wire, last, transcript, seals } => {
                    verdicts::praise(vendor);
                    parts.keepsakes.keep(scope, dialect, seals).await;
                    if let Some(events) = transcript {
                        store(keep, Form::Stream, &record.service.dropped, events.into()).await;
                    }
                    parts.threads.keep(scope, ttl, ask, Form::Stream, &last).await;
                    deliver::end(session, record, &parts.upstreams, wire, last).await;
                }
                Ended::Broken(word) => verdicts::broke_off(vendor, word, &snapshot.config.failover),
                Ended::Spent => {
                    verdicts::praise(vendor);
                    parts.metrics().limit_hit("budget");
                }
                Ended::ClientLeft => {}
            }
        }
        Reply::Sound(sound) => {
            verdicts::welcome(vendor);
            let _live = parts.metrics().stream_begins();
            let played = Box::pin(sound::play(session, record, ask, *sound, &parts.upstreams)).await;
            return sound::judge(played, vendor, &snapshot.config.failover);
        }
    }
    Ok(())
}

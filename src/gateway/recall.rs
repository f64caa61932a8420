//! The exact cache as one request sees it: may it be answered from there, and may its answer be kept.

use crate::cache::Answer;
use crate::cache::Hit;
use crate::cache::directives::Directives;
use crate::cache::flights::Pilot;
use crate::cache::flights::Seat;
use crate::cache::key::CacheKey;
use crate::cache::key::is_deterministic;
use crate::clock;
use crate::gateway::client::ClientLeft;
use crate::gateway::client::while_it_waits;
use crate::gateway::parts::Cache;
use crate::gateway::receive::Ask;
use crate::gateway::snapshot::Snapshot;
use crate::hex;
use crate::tenants::credential::Credential;
use http::header;
use pingora::proxy::Session;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

/// Where the answer to a request is to be kept.
pub struct Keep {
    key: CacheKey,
    ttl: Duration,
    pub max_answer: usize,
    pilot: Option<Pilot>,
}

/// What the cache says to a request.
pub enum Recall {
    Hit(Hit),
    /// Not stored; if it is answered it should be.
    Miss(Keep),
    Bypass,
}

/// Looks a request up.
///
/// # Errors
/// [`ClientLeft`] while waiting for an identical request in flight.
pub async fn recall(
    cache: &Cache,
    snapshot: &Snapshot,
    client: &mut Session,
    who: &Credential,
    ask: &Ask,
) -> Result<Recall, ClientLeft> {
    let settings = &snapshot.config.cache;
    let Some(ttl) = settings.ttl else {
        return Ok(Recall::Bypass);
    };
    let control = client.req_header().headers.get_all(header::CACHE_CONTROL);
    let directives = Directives::read(control.iter().filter_map(|line| line.to_str().ok()));
    let Some(key) = wanted_key(cache, snapshot, &directives, who, ask) else {
        return Ok(Recall::Bypass);
    };
    let mut keep = Keep { key, ttl, max_answer: settings.max_answer, pilot: None };
    if directives.no_cache {
        return Ok(Recall::Miss(keep));
    }
    if let Some(hit) = cache.exact.recall(&key, clock::since_epoch()).await {
        return Ok(Recall::Hit(hit));
    }
    if settings.share_in_flight {
        match cache.flights.board(key) {
            Seat::Pilot(pilot) => keep.pilot = Some(pilot),
            Seat::Passenger(passenger) => {
                if let Some(answer) = while_it_waits(client, pin!(passenger.arrival())).await? {
                    return Ok(Recall::Hit(Hit { answer: (*answer).clone(), ttl_left: ttl }));
                }
            }
        }
    }
    Ok(Recall::Miss(keep))
}

fn wanted_key(
    cache: &Cache,
    snapshot: &Snapshot,
    directives: &Directives,
    who: &Credential,
    ask: &Ask,
) -> Option<CacheKey> {
    if !ask.operation.is_cached()
        || directives.no_store
        || (snapshot.config.cache.deterministic_only && !is_deterministic(&ask.body))
    {
        return None;
    }
    // An answer that began before a reload is kept for nobody who comes after it, and one that another
    // model may have given for nobody who forbade that.
    let failover = if ask.failover && who.fails_over() { "1" } else { "0" };
    let mut scope = [&hex::of(&snapshot.edition.to_be_bytes()), failover, &who.shared].concat();
    for (_, value) in &ask.spoken {
        scope.push('\n');
        scope.push_str(&String::from_utf8_lossy(value.as_bytes()));
    }
    cache.memo.key(&scope, ask.operation.word(), &ask.shape.model, &ask.body)
}

impl Keep {
    /// For a stand-in's answer: those who wait for it get it, but whoever asks later wants the model it names.
    pub fn for_now(self) -> Keep {
        Keep { ttl: Duration::ZERO, ..self }
    }

    /// Keeps a complete answer, if it is small enough, and hands it to those who waited for it.
    pub async fn store(self, cache: &Cache, answer: Answer) {
        if answer.body.len() > self.max_answer {
            return;
        }
        cache.exact.keep(&self.key, &answer, self.ttl, clock::since_epoch()).await;
        if let Some(pilot) = self.pilot {
            pilot.land(Arc::new(answer));
        }
    }
}

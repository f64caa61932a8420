//! A request's one question to Redis, and what its answer means here.

use crate::clock;
use crate::clock::Moment;
use crate::state::claim::{Claim, Claims, Hold, Need};
use crate::state::memory::has_place;
use crate::state::redis::change::{Change, LIFE_OF_PLACES};
use crate::state::redis::script::Arguments;
use crate::state::redis::wire::Reading;
use crate::state::redis::{Link, Lost, Present, REPLICAS, SILENCE, wire};
use crate::state::verdict::{Limited, Short, Taken};
use redis::RedisResult;
use std::future::Future;

/// What the script said.
pub enum Said {
    /// Room everywhere; what each counter reads now.
    Room(Vec<Reading>),
    Limited(Limited),
}

impl Link {
    /// The question on its way. It outlives the request, if that must not wait any longer.
    pub(super) fn ask(
        &self,
        present: &Present,
        claims: &Claims,
        need: &Need,
        now: Moment,
    ) -> impl Future<Output = RedisResult<Vec<f64>>> + Send + use<> {
        let mut arguments = Arguments::of(1 + 2 * counted(claims).count());
        arguments.add(REPLICAS);
        for distant in counted(claims).filter_map(|claim| claim.account.distant()) {
            arguments.add(&distant.counters).add(&distant.places);
        }
        arguments.add(clock::millis(now.wall)).add(&present.me).add(clock::millis(SILENCE));
        arguments.add(counted(claims).count());
        for claim in counted(claims) {
            self.tie(&claim.account, now);
            write_place(claim, need, &mut arguments);
            let items = wire::items(&claim.bounds);
            arguments.add(wire::life(&claim.bounds)).add(items.len());
            for item in &items {
                item.write(now.wall, &mut arguments);
                arguments.add(item.cost(need));
            }
        }
        let (take, mut connection) = (self.take.clone(), present.connection.clone());
        async move { take.run(&mut connection, &arguments).await }
    }

    /// Does here what was done there.
    pub(super) fn follow(
        &self,
        present: &Present,
        claims: &Claims,
        need: &Need,
        now: Moment,
        readings: &[Reading],
    ) -> Taken {
        let mut taken = Taken { hold: Hold { need: *need, at: now.wall }, ..Taken::default() };
        let mut readings = readings.iter().copied();
        for claim in counted(claims) {
            let mut counters = claim.account.counters();
            counters.follow((&claim.bounds, claim.whose), need, now, &mut readings, &mut taken);
            let place = has_place(&claim.bounds, need);
            counters.tie.held += place;
            if place > 0 && counters.tie.epoch != present.epoch {
                // Taken under a name that is dead by now, it has to be taken again.
                counters.tie.places.own += 1;
                drop(counters);
                self.tell(Change::places(&claim.account));
            }
        }
        taken
    }

    /// Gives back what was taken for a request that did not wait.
    pub(super) fn give_back(
        &self,
        epoch: u32,
        claims: &Claims,
        need: &Need,
        now: Moment,
        counted_here: bool,
    ) {
        for claim in counted(claims) {
            let mut counters = claim.account.counters();
            if !counted_here && counters.tie.epoch == epoch {
                counters.tie.places.left += u64::from(has_place(&claim.bounds, need));
            }
            drop(counters);
            self.tell(Change::taken_twice(claim, *need, now, counted_here));
        }
    }
}

/// A request has one place, however often it takes.
fn write_place(claim: &Claim, need: &Need, arguments: &mut Arguments) {
    let most = claim.bounds.concurrent.filter(|_| need.requests > 0);
    match (most, claim.account.distant()) {
        (Some(most), Some(distant)) => {
            let places = claim.account.counters().tie.places;
            arguments.add(most).add(clock::millis(LIFE_OF_PLACES));
            arguments.add(distant.number).add(places.own).add(places.left);
        }
        (_, None) | (None, _) => drop(arguments.add(-1)),
    }
}

/// The claims that limit anything; the scripts know of no others.
fn counted(claims: &Claims) -> impl Iterator<Item = &Claim> {
    claims.iter().filter(|claim| !claim.bounds.is_empty())
}

/// Reads the script's answer.
pub fn understood(said: &[f64], claims: &Claims, need: &Need, now: Moment) -> Result<Said, Lost> {
    match said {
        [1.0, readings @ ..] => Ok(Said::Room(
            readings.chunks_exact(2).map(|pair| Reading { value: pair[0], mark: pair[1] }).collect(),
        )),
        [0.0, claim, item, value, mark] => {
            let claim = counted(claims).nth((*claim as usize).wrapping_sub(1)).ok_or(Lost::Nonsense)?;
            let short = match *item as usize {
                0 => Short::too_many(*value as u32),
                item => {
                    let items = wire::items(&claim.bounds);
                    let item = items.get(item - 1).ok_or(Lost::Nonsense)?;
                    item.short(item.cost(need), Reading { value: *value, mark: *mark }, now.wall)
                }
            };
            Ok(Said::Limited(short.of(claim.whose)))
        }
        [-1.0] => Err(Lost::Forgotten),
        _ => Err(Lost::Nonsense),
    }
}

//! A request's one question to Redis, and what its answer means here.

use crate::clock;
use crate::clock::Moment;
use crate::state::claim::{Claim, Claims, Hold, Need};
use crate::state::memory::has_place;
use crate::state::redis::change::{Change, LIFE_OF_PLACES};
use crate::state::redis::script::Arguments;
use crate::state::redis::shadow::Untold;
use crate::state::redis::wire::Reading;
use crate::state::redis::{Link, Lost, Present, REPLICAS, SILENCE, wire};
use crate::state::verdict::{Limited, Short, Taken};
use std::sync::atomic::Ordering;

/// What the script said.
pub enum Said {
    /// Room everywhere; what each counter reads now.
    Room(Vec<Reading>),
    Limited(Limited),
}

impl Link {
    pub(super) async fn ask(
        &self,
        present: &Present,
        claims: &Claims,
        need: &Need,
        now: Moment,
    ) -> Result<Vec<f64>, Lost> {
        let counted = || counted(claims);
        let mut arguments = Arguments::default();
        arguments.add(clock::millis(now.wall)).add(&present.me).add(clock::millis(SILENCE));
        arguments.add(counted().count());
        let mut keys = vec![REPLICAS];
        for claim in counted() {
            let Some(distant) = claim.account.distant() else { continue };
            keys.extend([distant.counters.as_str(), distant.places.as_str()]);
            let items = wire::items(&claim.bounds);
            // A request has one place, however often it takes.
            let most = claim.bounds.concurrent.filter(|_| need.requests > 0);
            arguments.add(most.map_or(-1, i64::from)).add(clock::millis(LIFE_OF_PLACES));
            arguments.add(wire::life(&claim.bounds)).add(items.len());
            for item in &items {
                item.write(now.wall, &mut arguments);
                arguments.add(item.cost(need));
            }
        }
        Ok(self.take.run(&mut present.connection.clone(), &keys, &arguments).await?)
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
            let current = self.epoch.load(Ordering::Acquire);
            // An account that is new was not there when the link was made.
            let mut untold = match present.epoch == current {
                true => counters.tie(current, now),
                false => Untold::default(),
            };
            counters.follow((&claim.bounds, claim.whose), need, now, &mut readings, &mut taken);
            let place = has_place(&claim.bounds, need);
            counters.tie.held += place;
            if counters.tie.told && present.epoch != current {
                // Taken under a name that is dead by now, it has to be taken again.
                untold.places += place;
            }
            let epoch = counters.tie.epoch;
            drop(counters);
            self.tell(Change::untold(&claim.account, epoch, untold));
        }
        taken
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

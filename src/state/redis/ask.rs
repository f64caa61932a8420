//! A request's one question to Redis, and what its answer means here.

use crate::clock;
use crate::clock::Moment;
use crate::state::claim::{Claim, Claims, Hold, Need};
use crate::state::counters::Counters;
use crate::state::memory::has_place;
use crate::state::redis::change::LIFE_OF_PLACES;
use crate::state::redis::lane::{Lane, Reply, Told};
use crate::state::redis::lost::Lost;
use crate::state::redis::resp::Command;
use crate::state::redis::wire::{Item, Reading};
use crate::state::redis::{FORGOTTEN, Link, Present, REPLICAS, SILENCE, wire};
use crate::state::verdict::{Limited, Short, Taken};
use tokio::sync::oneshot;

/// What the script said.
pub enum Outcome {
    /// Room everywhere; what each counter reads now.
    Room(Vec<Reading>),
    Limited(Limited),
}

impl Link {
    /// Sends the question on its way; `None` where the lane takes no more. With it goes what Redis was not told yet.
    pub(super) fn ask(
        &self,
        (present, lane, whole): (&Present, &Lane, bool),
        claims: &Claims,
        need: &Need,
        now: Moment,
    ) -> Option<oneshot::Receiver<Reply>> {
        lane.ask(self.within, |command, number| {
            let many = counted(claims).count();
            self.take.begin(whole, 2 + 2 * many, command);
            command.text(&present.heard).text(REPLICAS);
            for distant in counted(claims).filter_map(|claim| claim.account.distant()) {
                command.text(&distant.counters).text(&distant.places);
            }
            command.text(&lane.name).number(number).number(clock::millis(now.wall)).text(&present.me);
            command.number(clock::millis(SILENCE)).number(many as u64);
            let mut told = Vec::new();
            for claim in counted(claims) {
                let mut counters = claim.account.counters();
                if counters.tie(lane.epoch, now) {
                    self.tell(&claim.account);
                }
                write_place(claim, need, &mut counters, command);
                told.extend(write_items(claim, (need, now), &mut counters, command));
            }
            told
        })
    }

    /// Does here what was done there.
    pub(super) fn follow(
        &self,
        epoch: u32,
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
            if place > 0 && counters.tie.epoch != epoch {
                // Taken under a name that is dead by now, it has to be taken again.
                counters.tie.places.own += 1;
                drop(counters);
                self.tell(&claim.account);
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
            counters.give_back(&claim.bounds, need, now.wall, counted_here);
            drop(counters);
            self.tell(&claim.account);
        }
    }
}

/// A request has one place, however often it takes.
fn write_place(claim: &Claim, need: &Need, counters: &mut Counters, command: &mut Command) {
    let most = claim.bounds.concurrent.filter(|_| need.requests > 0);
    match (most, claim.account.distant()) {
        (Some(most), Some(distant)) => {
            let places = counters.tie.places;
            counters.tie.places_told = places;
            command.number(most.into()).number(clock::millis(LIFE_OF_PLACES));
            command.number(distant.number.into()).number(places.own).number(places.left);
        }
        (_, None) | (None, _) => drop(command.signed(-1)),
    }
}

/// What is asked of each of its counters, and told of it.
fn write_items(
    claim: &Claim,
    (need, now): (&Need, Moment),
    counters: &mut Counters,
    command: &mut Command,
) -> Vec<Told> {
    let mut told = Vec::new();
    let items = wire::items(&claim.bounds);
    command.number(wire::life(&claim.bounds)).number(items.len() as u64);
    for item in &items {
        let (start, untold) = match item {
            Item::Bucket(unit, rate) => (now.wall, counters.untold_of_rate(*unit, *rate)),
            Item::Window(quota, _) => counters.untold_of_quota(quota, now.wall),
        };
        item.write(start, command);
        command.number(item.cost(need)).signed(untold);
        if let Item::Window(quota, _) = item
            && untold != 0
        {
            told.push(Told { account: claim.account.clone(), quota: *quota, start, amount: untold });
        }
    }
    told
}

/// The claims that limit anything; the scripts know of no others.
fn counted(claims: &Claims) -> impl Iterator<Item = &Claim> {
    claims.iter().filter(|claim| !claim.bounds.is_empty())
}

/// Reads the script's answer.
pub fn understood(said: &[u8], claims: &Claims, need: &Need, now: Moment) -> Result<Outcome, Lost> {
    if said == FORGOTTEN {
        return Err(Lost::Forgotten);
    }
    let numbers = std::str::from_utf8(said).map_err(|_| Lost::Nonsense)?.split([' ', ':']).map(str::parse);
    let numbers: Vec<f64> = numbers.collect::<Result<_, _>>().map_err(|_| Lost::Nonsense)?;
    match numbers[..] {
        [1.0, ref readings @ ..] => Ok(Outcome::Room(
            readings.chunks_exact(2).map(|pair| Reading { value: pair[0], mark: pair[1] }).collect(),
        )),
        [0.0, claim, item, value, mark] => {
            let claim = counted(claims).nth((claim as usize).wrapping_sub(1)).ok_or(Lost::Nonsense)?;
            let short = match item as usize {
                0 => Short::too_many(value as u32),
                item => {
                    let items = wire::items(&claim.bounds);
                    let item = items.get(item - 1).ok_or(Lost::Nonsense)?;
                    item.short(item.cost(need), Reading { value, mark }, now.wall)
                }
            };
            Ok(Outcome::Limited(short.of(claim.whose)))
        }
        _ => Err(Lost::Nonsense),
    }
}

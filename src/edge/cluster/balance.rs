//! The choice among servers that may be asked.

use crate::config::edge::Balance;
use crate::edge::cluster::ring::Key;
use crate::edge::cluster::ring::Ring;
use crate::edge::cluster::seat::Seat;
use std::cmp::Ordering;

/// What a choice by hash needs; without it the servers take turns.
pub type Hashed<'a> = Option<(&'a Ring, Key<'a>)>;

/// One of the servers with a share. `chance` is drawn anew for each choice; two draws, as some need two.
pub fn choose(balance: &Balance, seats: &mut [Seat], hashed: Hashed<'_>, chance: [u64; 2]) -> Option<usize> {
    match balance {
        Balance::RoundRobin => round_robin(seats, |_| true),
        Balance::LeastConnections => least_connections(seats),
        Balance::RandomTwo => random_two(seats, chance),
        Balance::Random => random(seats, chance[0], None),
        Balance::Hash(_) => match hashed {
            Some((ring, key)) => ring.find(&key, seats),
            None => round_robin(seats, |_| true),
        },
    }
}

/// Smooth weighted turns, as in nginx: a heavy server's turns are spread among those of the others.
fn round_robin(seats: &mut [Seat], fits: impl Fn(&Seat) -> bool) -> Option<usize> {
    let (mut total, mut best) = (0, None::<(usize, i64)>);
    for (at, seat) in seats.iter_mut().enumerate() {
        if seat.share == 0 || !fits(seat) {
            continue;
        }
        let share = i64::try_from(seat.share).unwrap_or(i64::MAX);
        seat.turn = seat.turn.saturating_add(share);
        total += share;
        if best.is_none_or(|(_, turn)| seat.turn > turn) {
            best = Some((at, seat.turn));
        }
    }
    let (at, _) = best?;
    seats[at].turn -= total;
    Some(at)
}

/// Those with the least take turns.
fn least_connections(seats: &mut [Seat]) -> Option<usize> {
    let may = seats.iter().filter(|seat| seat.share > 0);
    let least = may.min_by(|one, other| by_load(one, other)).map(|seat| (seat.busy, seat.share))?;
    round_robin(seats, |seat| load(seat.busy, least.1) == load(least.0, seat.share))
}

/// Two are drawn, and the one with less to do is taken: nearly as good as to look at all, and no stampede to the one
/// that looks best.
fn random_two(seats: &[Seat], chance: [u64; 2]) -> Option<usize> {
    let first = random(seats, chance[0], None)?;
    let Some(second) = random(seats, chance[1], Some(first)) else { return Some(first) };
    Some(match by_load(&seats[first], &seats[second]) {
        Ordering::Less | Ordering::Equal => first,
        Ordering::Greater => second,
    })
}

fn random(seats: &[Seat], chance: u64, but: Option<usize>) -> Option<usize> {
    let shares = || seats.iter().enumerate().filter(|(at, _)| Some(*at) != but);
    let total: u64 = shares().map(|(_, seat)| seat.share).sum();
    // Scaled down instead of divided: no part of the range is favoured.
    let mut drawn = ((u128::from(chance) * u128::from(total)) >> 64) as u64;
    for (at, seat) in shares() {
        if drawn < seat.share {
            return Some(at);
        }
        drawn -= seat.share;
    }
    None
}

/// By what each has to do for its share.
fn by_load(one: &Seat, other: &Seat) -> Ordering {
    load(one.busy, other.share).cmp(&load(other.busy, one.share))
}

fn load(busy: u32, of_other: u64) -> u128 {
    u128::from(busy) * u128::from(of_other)
}

#[cfg(test)]
mod tests;

//! What each way to balance does with many requests.

use super::*;
use crate::config::edge;
use crate::config::edge::HashOn;
use crate::edge::cluster::health::Health;
use crate::edge::cluster::server::Server;
use rand::RngExt;
use rand::SeedableRng;
use rand::rngs::StdRng;
use std::sync::Arc;

const MANY: usize = 100_000;

fn seats(weights: &[u32]) -> Vec<Seat> {
    let seat = |(at, weight): (usize, &u32)| {
        let address = format!("10.0.0.{}:80", at + 1).parse().unwrap();
        let entry = edge::Server { host: format!("10.0.0.{}", at + 1), port: 80, weight: *weight };
        let mut seat = Seat::new(Arc::new(Server::new("web", address, &entry)), *weight, Health::default());
        seat.share = u64::from(*weight) * 1000;
        seat
    };
    weights.iter().enumerate().map(seat).collect()
}

/// What part of many requests each gets when none takes time.
fn shares(balance: &Balance, seats: &mut [Seat]) -> Vec<f64> {
    let (mut counts, mut dice) = (vec![0.0; seats.len()], StdRng::seed_from_u64(7));
    for _ in 0..MANY {
        counts[choose(balance, seats, None, dice.random()).unwrap()] += 1.0 / MANY as f64;
    }
    counts
}

#[test]
fn weights_hold_within_a_hundredth() {
    for balance in [Balance::RoundRobin, Balance::LeastConnections, Balance::Random] {
        let found = shares(&balance, &mut seats(&[1, 2, 5]));
        for (found, wanted) in found.iter().zip([0.125, 0.25, 0.625]) {
            assert!((found - wanted).abs() < 0.01, "{balance:?}: {found} instead of {wanted}");
        }
    }
}

#[test]
fn turns_are_spread() {
    let mut seats = seats(&[5, 1, 1]);
    let turns: Vec<_> = (0..7).filter_map(|_| round_robin(&mut seats, |_| true)).collect();
    assert_eq!(turns, [0, 0, 1, 0, 2, 0, 0]);
}

#[test]
fn the_least_busy_for_its_weight_is_taken() {
    let mut seats = seats(&[1, 1, 4]);
    (seats[0].busy, seats[1].busy, seats[2].busy) = (2, 2, 6);
    assert_eq!(least_connections(&mut seats), Some(2));
    (seats[1].busy, seats[2].busy) = (1, 8);
    assert_eq!(least_connections(&mut seats), Some(1));
}

#[test]
fn of_two_the_one_with_less_to_do_is_taken() {
    let mut seats = seats(&[1, 1]);
    seats[0].busy = 1;
    for chance in [[0, 0], [u64::MAX, 0], [0, u64::MAX]] {
        assert_eq!(random_two(&seats, chance), Some(1));
    }
    seats[1].share = 0;
    assert_eq!(random_two(&seats, [u64::MAX, 3]), Some(0), "there is only one");
}

#[test]
fn nobody_without_a_share_is_chosen() {
    let mut seats = seats(&[1, 1]);
    seats.iter_mut().for_each(|seat| seat.share = 0);
    let ring = Ring::new(&seats);
    let hash = Balance::Hash(HashOn::Path);
    for balance in
        [Balance::RoundRobin, Balance::LeastConnections, Balance::RandomTwo, Balance::Random, hash.clone()]
    {
        assert_eq!(choose(&balance, &mut seats, None, [1, 2]), None, "{balance:?}");
    }
    assert_eq!(choose(&hash, &mut seats, Some((&ring, Key::Text(b"x"))), [1, 2]), None);
    seats[1].share = 1;
    assert_eq!(choose(&hash, &mut seats, Some((&ring, Key::Text(b"x"))), [1, 2]), Some(1));
}

#[test]
fn when_a_server_goes_only_its_keys_move() {
    const SERVERS: usize = 5;
    let mut seats = seats(&[1; SERVERS]);
    let ring = Ring::new(&seats);
    let keys: Vec<String> = (0..20_000).map(|number| format!("/path/{number}")).collect();
    let place = |ring: &Ring, seats: &[Seat]| -> Vec<usize> {
        keys.iter().map(|key| ring.find(&Key::Text(key.as_bytes()), seats).unwrap()).collect()
    };
    let before = place(&ring, &seats);
    for at in 0..SERVERS {
        let part = before.iter().filter(|found| **found == at).count() as f64 / keys.len() as f64;
        assert!((0.1..0.35).contains(&part), "server {at} has {part}");
    }
    seats[2].share = 0;
    let skipped = place(&ring, &seats);
    seats[2].gone = true;
    assert_eq!(place(&Ring::new(&seats), &seats), skipped, "out or gone: the same");
    assert!(before.iter().zip(&skipped).all(|(was, is)| was == is || *was == 2));
}

#[test]
fn a_heavy_server_has_more_of_the_ring_and_equal_weights_need_no_more_points() {
    let (heavy, light) = (seats(&[300, 100]), seats(&[1000, 1000]));
    let ring = Ring::new(&heavy);
    let keys = (0..10_000).map(|number| format!("{number}"));
    let first = keys.filter(|key| ring.find(&Key::Text(key.as_bytes()), &heavy) == Some(0)).count();
    assert!((6_500..8_500).contains(&first), "{first}");
    assert_eq!(Ring::new(&light).points(), 320);
}

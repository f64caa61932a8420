//! Consistent hashing: most keys keep their server when another one comes or goes.

use crate::config::edge::HashOn;
use crate::edge::cluster::Wish;
use crate::edge::cluster::cookie;
use crate::edge::cluster::seat::Seat;
use pingora_ketama::Bucket;
use pingora_ketama::Continuum;
use std::net::IpAddr;

/// Points of a server of the least weight, as in nginx.
const POINTS: usize = pingora_ketama::DEFAULT_POINT_MULTIPLE as usize;

/// The servers of a cluster on a ring.
pub struct Ring {
    continuum: Continuum,
    points: usize,
}

/// What a request is hashed by.
#[derive(Debug)]
pub enum Key<'a> {
    Address([u8; 16]),
    Text(&'a [u8]),
}

impl Ring {
    pub fn new(seats: &[Seat]) -> Ring {
        let there = || seats.iter().filter(|seat| !seat.gone);
        // Only the proportion of weights counts, and every unit of weight costs memory.
        let unit = there().fold(0, |unit, seat| common(unit, seat.weight)).max(1);
        let buckets: Vec<Bucket> =
            there().map(|seat| Bucket::new(seat.address(), (seat.weight / unit).max(1))).collect();
        let weight: usize = there().map(|seat| (seat.weight / unit).max(1) as usize).sum();
        Ring { continuum: Continuum::new(&buckets), points: weight * POINTS }
    }

    #[cfg(test)]
    pub fn points(&self) -> usize {
        self.points
    }

    /// The first server from a key on that may be asked.
    pub fn find(&self, key: &Key<'_>, seats: &[Seat]) -> Option<usize> {
        if seats.iter().all(|seat| seat.share == 0) {
            return None;
        }
        let may = |address| seats.iter().position(|seat| seat.share > 0 && seat.address() == address);
        self.continuum.node_iter(key.bytes()).take(self.points).find_map(|address| may(*address))
    }
}

impl<'a> Key<'a> {
    /// `None` if the request has nothing of the kind.
    pub fn of(on: &HashOn, wish: &Wish<'a>) -> Option<Key<'a>> {
        match on {
            HashOn::Ip => wish.client.map(Key::address),
            HashOn::Path => Some(Key::Text(wish.path.as_bytes())),
            HashOn::Header(name) => wish.headers.get(name).map(|value| Key::Text(value.as_bytes())),
            HashOn::Cookie(name) => {
                cookie::value(wish.headers, name).map(|value| Key::Text(value.as_bytes()))
            }
        }
    }

    fn address(address: IpAddr) -> Key<'a> {
        Key::Address(match address {
            IpAddr::V4(address) => address.to_ipv6_mapped().octets(),
            IpAddr::V6(address) => address.octets(),
        })
    }

    fn bytes(&self) -> &[u8] {
        match self {
            Key::Address(octets) => octets,
            Key::Text(text) => text,
        }
    }
}

/// The greatest common divisor.
fn common(one: u32, other: u32) -> u32 {
    if other == 0 { one } else { common(other, one % other) }
}

//! Identical requests in flight share one call: the first flies, the others wait for its answer.

use crate::cache::{Answer, CacheKey};
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

type Landing = Option<Arc<Answer>>;

/// The flights in the air. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Flights {
    aloft: Arc<Mutex<HashMap<CacheKey, watch::Receiver<Landing>>>>,
}

/// A request's place on its flight.
#[derive(Debug)]
pub enum Seat {
    /// Makes the call.
    Pilot(Pilot),
    /// Waits for another's call.
    Passenger(Passenger),
}

/// The duty to make the call. Dropped without landing, it lets every passenger go on alone.
#[derive(Debug)]
pub struct Pilot {
    key: CacheKey,
    flights: Flights,
    landing: watch::Sender<Landing>,
}

/// A claim to the pilot's answer. Dropping it is free.
#[derive(Debug)]
pub struct Passenger {
    landing: watch::Receiver<Landing>,
}

impl Flights {
    /// Nothing in the air.
    pub fn new() -> Flights {
        Flights::default()
    }

    /// The first to board a key since its last flight ended is the pilot.
    pub fn board(&self, key: CacheKey) -> Seat {
        match self.lock().entry(key) {
            Entry::Occupied(flight) => Seat::Passenger(Passenger { landing: flight.get().clone() }),
            Entry::Vacant(free) => {
                let (landing, receiver) = watch::channel(None);
                free.insert(receiver);
                Seat::Pilot(Pilot { key, flights: self.clone(), landing })
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<CacheKey, watch::Receiver<Landing>>> {
        // The map is whole after every single step, so a panic elsewhere spoils nothing.
        self.aloft.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pilot {
    /// Hands the answer to every passenger. Keep it in the cache first: whoever boards from now on flies anew.
    pub fn land(self, answer: Arc<Answer>) {
        self.landing.send_replace(Some(answer));
    }
}

impl Drop for Pilot {
    fn drop(&mut self) {
        self.flights.lock().remove(&self.key);
    }
}

impl Passenger {
    /// Waits for the pilot. `None`: there will be no answer, so make the call yourself.
    pub async fn arrival(mut self) -> Option<Arc<Answer>> {
        let landing = self.landing.wait_for(|answer| answer.is_some()).await.ok()?;
        landing.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cache::Form;
    use bytes::Bytes;

    const KEY: CacheKey = CacheKey([1; 32]);

    fn pilot(seat: Seat) -> Pilot {
        match seat {
            Seat::Pilot(pilot) => pilot,
            Seat::Passenger(_) => panic!("expected to fly"),
        }
    }

    fn passenger(seat: Seat) -> Passenger {
        match seat {
            Seat::Passenger(passenger) => passenger,
            Seat::Pilot(_) => panic!("expected to sit behind"),
        }
    }

    fn answer() -> Arc<Answer> {
        let body = Bytes::from_static(b"{}");
        Arc::new(Answer {
            form: Form::Whole,
            provider: "p".into(),
            model: "m".into(),
            dropped: String::new(),
            body,
        })
    }

    #[tokio::test]
    async fn every_passenger_gets_the_pilots_answer() {
        let flights = Flights::new();
        let pilot = pilot(flights.board(KEY));
        let (early, late) = (passenger(flights.board(KEY)), passenger(flights.board(KEY)));
        let waiting = tokio::spawn(early.arrival());
        tokio::task::yield_now().await;
        pilot.land(answer());
        assert_eq!(waiting.await.expect("no panic"), Some(answer()));
        assert_eq!(late.arrival().await, Some(answer()), "asked after the landing");
    }

    #[tokio::test]
    async fn a_pilot_who_gives_up_lets_the_passengers_go() {
        let flights = Flights::new();
        let pilot = pilot(flights.board(KEY));
        let waiting = tokio::spawn(passenger(flights.board(KEY)).arrival());
        tokio::task::yield_now().await;
        drop(pilot);
        assert_eq!(waiting.await.expect("no panic"), None);
    }

    #[test]
    fn another_key_is_another_flight() {
        let flights = Flights::new();
        let _first = pilot(flights.board(KEY));
        pilot(flights.board(CacheKey([2; 32])));
    }

    #[test]
    fn after_the_end_of_a_flight_the_next_request_flies() {
        let flights = Flights::new();
        pilot(flights.board(KEY)).land(answer());
        drop(pilot(flights.board(KEY)));
        let _third = pilot(flights.board(KEY));
        assert_eq!(flights.lock().len(), 1, "ended flights leave nothing behind");
    }
}

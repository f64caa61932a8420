//! The predictions a simulated provider is making, or has made.

use crate::id;
use crate::mock::ask::Ask;
use crate::mock::reply::Reply;
use std::collections::VecDeque;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::time::Duration;
use std::time::Instant;

/// Orders that are remembered; the oldest are forgotten.
const MOST: usize = 1000;

/// One prediction.
pub struct Order {
    pub ask: Ask,
    pub reply: Reply,
    /// How long it takes to make.
    pub work: Duration,
    pub placed: Instant,
    pub fails: bool,
    pub called_off: bool,
}

impl Order {
    /// Replicate's word for how far it is.
    pub fn status(&self, now: Instant) -> &'static str {
        let spent = now.saturating_duration_since(self.placed);
        match () {
            () if self.called_off => "canceled",
            () if spent < self.work / 2 => "starting",
            () if spent < self.work => "processing",
            () if self.fails => "failed",
            () => "succeeded",
        }
    }
}

#[derive(Default)]
pub struct Shelf(Mutex<VecDeque<(String, Order)>>);

impl Shelf {
    /// Takes an order and gives it an id.
    pub fn place(&self, order: Order) -> String {
        let id = id::random("");
        let mut orders = self.orders();
        orders.push_back((id.clone(), order));
        if orders.len() > MOST {
            orders.pop_front();
        }
        id
    }

    /// Looks at an order.
    pub fn seen<T>(&self, id: &str, look: impl FnOnce(&Order) -> T) -> Option<T> {
        self.orders().iter().find(|(known, _)| known == id).map(|(_, order)| look(order))
    }

    /// Calls an order off, if it is not done.
    pub fn call_off(&self, id: &str) {
        let now = crate::clock::now();
        let mut orders = self.orders();
        let order = orders.iter_mut().find(|(known, _)| known == id).map(|(_, order)| order);
        let open = order.filter(|order| matches!(order.status(now), "starting" | "processing"));
        open.into_iter().for_each(|order| order.called_off = true);
    }

    /// The oldest first.
    pub fn ids(&self) -> Vec<String> {
        self.orders().iter().map(|(id, _)| id.clone()).collect()
    }

    fn orders(&self) -> MutexGuard<'_, VecDeque<(String, Order)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

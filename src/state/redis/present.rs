//! A link that is in use: the connections it has, one of them for each runtime that asks.

use crate::state::redis::lane::Lane;
use crate::state::redis::{Link, lane};
use arc_swap::ArcSwap;
use redis::aio::MultiplexedConnection;
use std::collections::HashSet;
use std::slice;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::runtime;
use tokio::runtime::Handle;

/// From the moment Redis is found until the link is cut.
pub struct Present {
    /// Of the keeper, for whatever is no script.
    pub connection: MultiplexedConnection,
    /// Of the keeper, for scripts.
    pub first: Arc<Lane>,
    pub epoch: u32,
    /// This replica's name.
    pub me: String,
    /// Where Redis notes what it heard under that name.
    pub heard: String,
    lanes: ArcSwap<Vec<Arc<Lane>>>,
    /// Runtimes that have a lane, or will have.
    known: Mutex<HashSet<runtime::Id>>,
}

impl Present {
    pub fn new(connection: MultiplexedConnection, first: Arc<Lane>, me: String, heard: String) -> Present {
        let known = Mutex::new(HashSet::from([first.runtime]));
        let (epoch, lanes) = (first.epoch, ArcSwap::from_pointee(vec![first.clone()]));
        Present { connection, first, epoch, me, heard, lanes, known }
    }

    /// The lane of this runtime. Until that is open, the keeper's, whose thread has to be woken.
    pub fn lane(self: &Arc<Self>, link: &Arc<Link>) -> Arc<Lane> {
        let Ok(runtime) = Handle::try_current() else { return self.first.clone() };
        let lanes = self.lanes.load();
        let own = lanes.iter().find(|lane| lane.runtime == runtime.id());
        own.cloned().unwrap_or_else(|| {
            self.begin_lane(link, &runtime);
            self.first.clone()
        })
    }

    /// Takes no more questions; whoever waits for an answer goes on without it.
    pub fn close(&self) {
        self.lanes().iter().for_each(|lane| lane.close());
    }

    pub fn lanes(&self) -> Arc<Vec<Arc<Lane>>> {
        self.lanes.load_full()
    }

    fn begin_lane(self: &Arc<Self>, link: &Arc<Link>, runtime: &Handle) {
        if !self.known.lock().unwrap_or_else(PoisonError::into_inner).insert(runtime.id()) {
            return;
        }
        let (present, link) = (self.clone(), link.clone());
        runtime.spawn(async move {
            // Without one, requests go on as they came.
            if let Ok(lane) = lane::open(&link, present.epoch, &present.heard).await {
                present.lanes.rcu(|lanes| [lanes.as_slice(), slice::from_ref(&lane)].concat());
                if link.epoch.load(Ordering::Acquire) != present.epoch {
                    lane.close();
                }
            }
        });
    }
}

//! Slots, waiters and look-ups, without a network.

use super::*;
use crate::clock;
use crate::config::edge::Eject;
use http::HeaderMap;
use std::time::Duration;

const PERIOD: Duration = Duration::from_secs(10);

fn at(number: u8) -> SocketAddr {
    format!("10.0.0.{number}:80").parse().unwrap()
}

fn entry(number: u8) -> edge::Server {
    edge::Server { host: format!("10.0.0.{number}"), port: 80, weight: 1 }
}

fn cluster(servers: &[u8], most: Option<u32>) -> edge::Cluster {
    edge::Cluster {
        name: "web".to_owned(),
        servers: servers.iter().map(|number| entry(*number)).collect(),
        resolve: PERIOD,
        balance: Balance::RoundRobin,
        tls: None,
        http2: false,
        check: None,
        eject: Some(Eject { after: 1, period: PERIOD }),
        slow_start: None,
        per_server: most,
        queue: edge::Queue { size: 3, timeout: PERIOD },
        sticky: None,
        status: None,
        idle: PERIOD,
    }
}

struct Stage {
    crew: Crew,
    config: edge::Cluster,
    now: Instant,
}

impl Stage {
    fn new(servers: &[u8], most: Option<u32>) -> Stage {
        let mut stage = Stage { crew: Crew::default(), config: cluster(servers, most), now: clock::now() };
        stage.settle();
        stage
    }

    fn settle(&mut self) {
        self.crew.settle(&self.config, self.now);
        for entry in &self.config.servers.clone() {
            let address = format!("{}:80", entry.host).parse().unwrap();
            self.crew.set(&self.config, entry, &[address], (self.now, false));
        }
    }

    fn settle_names(&mut self, name: &edge::Server, addresses: &[u8], joins: bool) {
        let addresses: Vec<_> = addresses.iter().map(|number| at(*number)).collect();
        self.crew.settle(&self.config, self.now);
        self.crew.set(&self.config, name, &addresses, (self.now, joins));
    }

    fn ask(&mut self, wanted: Option<u8>, tried: &[SocketAddr]) -> Result<Taken, NoServer> {
        let headers = HeaderMap::new();
        let wish = Wish { client: None, path: "/", headers: &headers, tried, patience: PERIOD };
        let wanted = wanted.map(|number| Wanted::Address(at(number)));
        self.crew.take(&self.config, &wish, wanted, (self.now, [0, 0]))
    }

    fn slot(&mut self) -> SocketAddr {
        match self.ask(None, &[]) {
            Ok(Taken::Slot(server)) => server.address,
            Ok(Taken::Place(..)) => panic!("it has to wait"),
            Err(why) => panic!("{why:?}"),
        }
    }

    fn place(&mut self, wanted: Option<u8>) -> (u64, oneshot::Receiver<Arc<Server>>) {
        match self.ask(wanted, &[]) {
            Ok(Taken::Place(number, told)) => (number, told),
            Ok(Taken::Slot(server)) => panic!("it has {}", server.address),
            Err(why) => panic!("{why:?}"),
        }
    }

    fn end(&mut self, number: u8, well: Option<bool>) -> Option<Change> {
        let ended = Ended { began: self.now, well };
        self.crew.release(at(number), ended, self.config.eject, self.now)
    }

    fn busy(&self) -> Vec<u32> {
        self.crew.seats.iter().map(|seat| seat.busy).collect()
    }
}

fn told(place: &mut (u64, oneshot::Receiver<Arc<Server>>)) -> Option<SocketAddr> {
    place.1.try_recv().ok().map(|server| server.address)
}

#[test]
fn slots_go_round_in_the_order_of_those_who_wait() {
    let mut stage = Stage::new(&[1, 2], Some(1));
    assert_eq!([stage.slot(), stage.slot()], [at(1), at(2)]);
    let mut places = [stage.place(None), stage.place(None), stage.place(None)];
    assert_eq!(stage.ask(None, &[]).err(), Some(NoServer::QueueFull));
    stage.end(2, Some(true));
    assert_eq!(places.each_mut().map(told), [Some(at(2)), None, None]);
    stage.crew.queue.leave(places[1].0);
    stage.end(1, Some(true));
    assert_eq!(told(&mut places[2]), Some(at(1)), "who left leaves no hole");
    assert_eq!(stage.busy(), [1, 1]);
    stage.end(1, None);
    stage.end(2, None);
    assert_eq!((stage.busy(), stage.crew.queue.len()), (vec![0, 0], 0));
}

#[test]
fn whoever_cannot_hear_of_its_slot_is_passed_over() {
    let mut stage = Stage::new(&[1], Some(1));
    stage.slot();
    let (gone, mut next) = (stage.place(None), stage.place(None));
    drop(gone);
    stage.end(1, Some(true));
    assert_eq!((told(&mut next), stage.busy()), (Some(at(1)), vec![1]));
}

#[test]
fn a_session_waits_for_its_server_while_that_is_there() {
    let mut stage = Stage::new(&[1, 2], Some(1));
    assert_eq!([stage.slot(), stage.slot()], [at(1), at(2)]);
    let (mut own, mut any) = (stage.place(Some(2)), stage.place(None));
    stage.end(1, Some(true));
    assert_eq!((told(&mut own), told(&mut any)), (None, Some(at(1))), "the first waits for its own");
    stage.end(2, Some(true));
    assert_eq!(told(&mut own), Some(at(2)));
    let mut own = stage.place(Some(2));
    stage.config.servers.pop();
    stage.settle();
    stage.end(1, Some(true));
    assert_eq!(told(&mut own), Some(at(1)), "its server is gone");
}

#[test]
fn a_server_that_fails_is_left_out_but_never_the_last() {
    let mut stage = Stage::new(&[1, 2], None);
    stage.slot();
    assert_eq!(stage.end(1, Some(false)), Some(Change::Ejected));
    assert_eq!([stage.slot(), stage.slot()], [at(2), at(2)]);
    assert_eq!(stage.end(2, Some(false)), None, "nobody would be left");
    assert_eq!(stage.crew.ejections, 1);
    assert!(matches!(stage.ask(None, &[at(2)]), Ok(Taken::Slot(server)) if server.address == at(1)));
    assert_eq!(stage.ask(None, &[at(1), at(2)]).err(), Some(NoServer::NoneThere));
    stage.now += PERIOD;
    let taken = [stage.slot(), stage.slot()];
    assert!(taken.contains(&at(1)), "its time is over: {taken:?}");
}

#[test]
fn a_slot_is_counted_until_its_end_though_its_server_goes_and_comes() {
    let mut stage = Stage::new(&[1, 2], Some(1));
    assert_eq!([stage.slot(), stage.slot()], [at(1), at(2)]);
    let both = stage.config.servers.clone();
    stage.config.servers.truncate(1);
    stage.settle();
    assert_eq!(stage.busy(), [1, 1], "it is still at work");
    stage.config.servers = both;
    stage.settle();
    let mut waits = stage.place(None);
    stage.end(2, Some(true));
    assert_eq!(told(&mut waits), Some(at(2)));
    stage.config.servers.truncate(1);
    stage.settle();
    stage.end(2, Some(true));
    assert_eq!(stage.busy(), [1]);
}

#[test]
fn more_room_is_given_at_once() {
    let mut stage = Stage::new(&[1], Some(1));
    stage.slot();
    let mut waits = stage.place(None);
    stage.config.per_server = Some(2);
    stage.settle();
    assert_eq!(told(&mut waits), Some(at(1)));
}

#[test]
fn a_look_up_of_another_configuration_changes_nothing() {
    let mut stage = Stage::new(&[1], None);
    assert!(!stage.crew.set(&stage.config.clone(), &entry(9), &[at(9)], (stage.now, true)));
    assert_eq!(stage.busy(), [0]);
}

#[test]
fn when_a_name_has_other_addresses_those_that_stay_keep_their_counters() {
    let mut stage = Stage::new(&[1], None);
    let name = edge::Server { host: "work.test".to_owned(), port: 80, weight: 2 };
    stage.config.servers = vec![name.clone()];
    stage.settle_names(&name, &[1, 2], false);
    assert_eq!([stage.slot(), stage.slot()], [at(1), at(2)]);
    stage.config.slow_start = Some(PERIOD);
    stage.settle_names(&name, &[2, 3], true);
    let known: Vec<_> = stage.crew.seats.iter().map(|seat| (seat.address(), seat.gone, seat.busy)).collect();
    assert_eq!(known, [(at(1), true, 1), (at(2), false, 1), (at(3), false, 0)]);
    stage.end(1, None);
    assert_eq!(stage.busy(), [1, 0]);
    stage.ask(None, &[]).ok();
    let shares: Vec<_> = stage.crew.seats.iter().map(|seat| seat.share).collect();
    assert_eq!(shares, [2000, 200], "the one that comes starts slowly");
}

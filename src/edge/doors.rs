//! The listeners as they are in force; their settings may change while connections are open.

use crate::config::Listener;
use crate::edge::tls;
use crate::edge::tls::BadTls;
use crate::edge::tls::files;
use crate::edge::tls::files::Stamps;
use arc_swap::ArcSwap;
use http::HeaderValue;
use pingora::listeners::tls::Acceptor;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;

/// Every listener for clients.
pub struct Doors {
    doors: Vec<Door>,
    /// Whether any of them does something with requests: most do not, and cost nothing then.
    heeds_requests: AtomicBool,
}

/// One listener, which keeps its address.
struct Door {
    address: SocketAddr,
    manner: ArcSwap<Manner>,
    /// The files as they were found last, and as they were tried last.
    looked: Mutex<(Stamps, Stamps)>,
}

/// What a listener does with connections and requests.
pub struct Manner {
    pub listener: Listener,
    pub tls: Option<Acceptor>,
    /// On every answer.
    pub hsts: Option<HeaderValue>,
    /// Set once a connection was refused for its PROXY header: the log tells of the first alone.
    pub told: AtomicBool,
    stamps: Stamps,
}

impl Doors {
    /// # Errors
    /// [`BadTls`] names the file that cannot be used.
    pub fn open(listeners: &[Listener]) -> Result<Doors, BadTls> {
        let doors = listeners.iter().map(Door::new).collect::<Result<_, _>>()?;
        let doors = Doors { doors, heeds_requests: AtomicBool::new(false) };
        doors.learn();
        Ok(doors)
    }

    /// The manner of the listener that has taken a connection at this address of ours.
    pub fn find(&self, local: SocketAddr) -> Option<Arc<Manner>> {
        let ip = local.ip().to_canonical();
        let at = |fits: &dyn Fn(SocketAddr) -> bool| self.doors.iter().find(|door| fits(door.address));
        let door = at(&|own| own.port() == local.port() && own.ip().to_canonical() == ip)
            .or_else(|| at(&|own| own.port() == local.port() && own.ip().is_unspecified()))
            // The system has chosen the port.
            .or_else(|| at(&|own| own.port() == 0 && (own.ip() == ip || own.ip().is_unspecified())));
        door.map(|door| door.manner.load_full())
    }

    /// The same, where that means anything for a request.
    pub fn of_request(&self, local: Option<SocketAddr>) -> Option<Arc<Manner>> {
        let heeds = self.heeds_requests.load(Ordering::Relaxed);
        local.filter(|_| heeds).and_then(|local| self.find(local)).filter(|manner| manner.heeds_requests())
    }

    /// Makes new settings ready, changing nothing. Listeners that are not there yet come with the next start.
    ///
    /// # Errors
    /// [`BadTls`] names the file that cannot be used.
    pub fn renewed(&self, listeners: &[Listener]) -> Result<Renewed, BadTls> {
        let known = listeners.iter().filter(|new| self.doors.iter().any(|door| door.address == new.address));
        Ok(Renewed(known.map(Manner::new).collect::<Result<_, _>>()?))
    }

    /// Connections that are open stay as they are.
    pub fn put_in_force(&self, renewed: Renewed) {
        for manner in renewed.0 {
            if let Some(door) = self.doors.iter().find(|door| door.address == manner.listener.address) {
                door.manner.store(Arc::new(manner));
            }
        }
        self.learn();
    }

    /// Reads certificates again whose files have changed; of each listener with new ones what came of it.
    pub fn look_at_files(&self) -> Vec<(SocketAddr, Result<(), BadTls>)> {
        self.doors.iter().filter_map(|door| Some((door.address, door.look_at_files()?))).collect()
    }

    fn learn(&self) {
        let heeds = self.doors.iter().any(|door| door.manner.load().heeds_requests());
        self.heeds_requests.store(heeds, Ordering::Relaxed);
    }
}

/// Settings that can be put in force.
pub struct Renewed(Vec<Manner>);

impl Door {
    fn new(listener: &Listener) -> Result<Door, BadTls> {
        let manner = ArcSwap::from_pointee(Manner::new(listener)?);
        Ok(Door { address: listener.address, manner, looked: Mutex::default() })
    }

    /// `None` as long as there is nothing new. Files are taken when two looks find the same: a certificate and its key
    /// are not written in one moment. What could not be used is tried again when it has changed again.
    fn look_at_files(&self) -> Option<Result<(), BadTls>> {
        let manner = self.manner.load_full();
        let now = files::stamps(manner.listener.tls.as_ref());
        let mut looked = self.looked.lock().unwrap_or_else(PoisonError::into_inner);
        let (found, tried) = &mut *looked;
        let twice = std::mem::replace(found, now.clone()) == now;
        if now == manner.stamps || now == *tried || !twice {
            return None;
        }
        *tried = now;
        Some(Manner::new(&manner.listener).map(|manner| self.manner.store(Arc::new(manner))))
    }
}

impl Manner {
    fn new(listener: &Listener) -> Result<Manner, BadTls> {
        // Before the files are read: what changes meanwhile is found by the next look.
        let stamps = files::stamps(listener.tls.as_ref());
        let hsts = listener.hsts.map(|age| format!("max-age={}", age.as_secs()));
        Ok(Manner {
            listener: listener.clone(),
            tls: listener.tls.as_ref().map(tls::acceptor).transpose()?,
            hsts: hsts.and_then(|value| HeaderValue::try_from(value).ok()),
            told: AtomicBool::new(false),
            stamps,
        })
    }

    fn heeds_requests(&self) -> bool {
        self.hsts.is_some() || self.listener.https.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn doors(addresses: &[&str]) -> Doors {
        let listener = |(place, address): (usize, &&str)| Listener {
            address: address.parse().unwrap(),
            tls: None,
            proxy_protocol: false,
            https: Some(place as u16),
            hsts: None,
        };
        Doors::open(&addresses.iter().enumerate().map(listener).collect::<Vec<_>>()).unwrap()
    }

    fn found(doors: &Doors, local: &str) -> Option<u16> {
        doors.find(local.parse().unwrap()).and_then(|manner| manner.listener.https)
    }

    #[test]
    fn a_connection_belongs_to_the_listener_closest_to_its_address() {
        let doors = doors(&["10.0.0.1:1", "0.0.0.0:2", "[::]:3", "127.0.0.1:0", "10.0.0.2:1"]);
        for (local, place) in [
            ("10.0.0.1:1", Some(0)),
            ("10.0.0.2:1", Some(4)),
            ("10.0.0.3:1", None),
            ("10.0.0.1:2", Some(1)),
            ("[::ffff:10.0.0.1]:3", Some(2)),
            ("[::ffff:10.0.0.1]:1", Some(0)),
            ("[2001:db8::1]:3", Some(2)),
            ("127.0.0.1:50000", Some(3)),
            ("10.0.0.1:50000", None),
        ] {
            assert_eq!(found(&doors, local), place, "{local}");
        }
    }

    #[test]
    fn new_settings_are_for_listeners_that_are_there() {
        let doors = doors(&["10.0.0.1:1", "10.0.0.1:2"]);
        let local = Some("10.0.0.1:1".parse().unwrap());
        assert!(doors.of_request(local).is_some());
        let mut plain = doors.find("10.0.0.1:1".parse().unwrap()).unwrap().listener.clone();
        plain.https = None;
        let other = Listener { address: "10.0.0.9:9".parse().unwrap(), ..plain.clone() };
        doors.put_in_force(doors.renewed(&[other, plain]).unwrap());
        assert!(doors.of_request(local).is_none());
        assert_eq!(found(&doors, "10.0.0.9:9"), None);
        assert_eq!(
            found(&doors, "10.0.0.1:2"),
            Some(1),
            "what is no longer written stays until the next start"
        );
    }
}

//! Sessions that stay with their server: by a cookie of ours, or by a header that servers give.

use crate::config::edge::Sticky;
use crate::config::edge::StickyBy;
use crate::edge::cluster::Server;
use crate::edge::cluster::cookie;
use http::HeaderMap;
use http::HeaderValue;
use http::header;
use moka::sync::Cache;
use pingora::http::ResponseHeader;
use std::net::SocketAddr;

/// Longer words of servers are no names of sessions: they would fill the memory.
const LONGEST: usize = 256;

/// The sessions of a cluster.
pub struct Sessions {
    pub sticky: Sticky,
    /// By the header's value. A cookie says all by itself.
    known: Cache<Box<[u8]>, SocketAddr>,
}

/// The server that a request's session is with.
#[derive(Clone, Copy, Debug)]
pub enum Wanted<'a> {
    Mark(&'a str),
    Address(SocketAddr),
}

impl Wanted<'_> {
    pub fn is(&self, server: &Server) -> bool {
        match self {
            Wanted::Mark(mark) => server.mark == *mark,
            Wanted::Address(address) => server.address == *address,
        }
    }
}

impl Sessions {
    pub fn new(sticky: Sticky) -> Sessions {
        let known = Cache::builder().max_capacity(u64::from(sticky.size)).time_to_idle(sticky.ttl).build();
        Sessions { sticky, known }
    }

    /// The same sessions under a configuration that treats them alike.
    pub fn again(&self, sticky: &Sticky) -> Option<Sessions> {
        (self.sticky == *sticky).then(|| Sessions { sticky: sticky.clone(), known: self.known.clone() })
    }

    /// What a request says.
    pub fn wanted<'a>(&self, headers: &'a HeaderMap) -> Option<Wanted<'a>> {
        match &self.sticky.by {
            StickyBy::Cookie(name) => cookie::value(headers, name).map(Wanted::Mark),
            StickyBy::Header(name) => self.known.get(headers.get(name)?.as_bytes()).map(Wanted::Address),
        }
    }

    /// Learns from an answer, or has the client learn. `is_known`: it brought the cookie of this server.
    ///
    /// # Errors
    /// What cannot be written in a head.
    pub fn answered(
        &self,
        server: &Server,
        is_known: bool,
        tls: bool,
        head: &mut ResponseHeader,
    ) -> pingora::Result<()> {
        match &self.sticky.by {
            StickyBy::Cookie(_) if is_known => Ok(()),
            StickyBy::Cookie(name) => {
                let secure = if tls { "; Secure" } else { "" };
                let cookie = format!("{name}={}; path=/; HttpOnly; SameSite=Lax{secure}", server.mark);
                head.append_header(header::SET_COOKIE, cookie).map(drop)
            }
            StickyBy::Header(name) => {
                head.headers.get(name).into_iter().for_each(|session| self.learn(session, server));
                Ok(())
            }
        }
    }

    fn learn(&self, session: &HeaderValue, server: &Server) {
        let session = session.as_bytes();
        let is_sound = !session.is_empty() && session.len() <= LONGEST;
        if is_sound && self.known.get(session) != Some(server.address) {
            self.known.insert(session.into(), server.address);
        }
    }
}

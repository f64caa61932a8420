//! One request's way through a route, from its head to its last byte.

use crate::clock::Moment;
use crate::config::IpRange;
use crate::edge::Edge;
use crate::edge::address;
use crate::edge::answer;
use crate::edge::cluster::NoServer;
use crate::edge::cluster::Outcome;
use crate::edge::cluster::Slot;
use crate::edge::cluster::Wish;
use crate::edge::cors;
use crate::edge::cors::Fields;
use crate::edge::encode::Coding;
use crate::edge::encode::Encoder;
use crate::edge::forward;
use crate::edge::guard;
use crate::edge::path::Path;
use crate::edge::peer;
use crate::edge::refused::Refused;
use crate::edge::rule::Place;
use crate::edge::rule::Rule;
use crate::edge::table::plain_host;
use crate::edge::tls::ClientCertificate;
use bytes::Bytes;
use http::Uri;
use http::header;
use pingora::Error;
use pingora::ErrorSource;
use pingora::ErrorType;
use pingora::http::RequestHeader;
use pingora::upstreams::peer::HttpPeer;
use std::net::IpAddr;
use std::net::SocketAddr;
use std::sync::Arc;

/// Where a request comes from.
#[derive(Clone, Copy, Debug, Default)]
pub struct From {
    /// Who is connected to us.
    pub peer: Option<IpAddr>,
    /// Whom the peer speaks for.
    pub client: Option<IpAddr>,
    pub trusted: bool,
    pub tls: bool,
}

impl From {
    pub fn new(peer: Option<IpAddr>, client: Option<IpAddr>, trusted: &[IpRange], tls: bool) -> From {
        From { peer, client, trusted: peer.is_some_and(|peer| address::is_trusted(peer, trusted)), tls }
    }
}

/// One request on a route.
pub struct Passage {
    pub rule: Arc<Rule>,
    pub from: From,
    pub request_id: String,
    /// What the client has proved itself with.
    pub certificate: Option<ClientCertificate>,
    /// As the client named it, with its port.
    pub authority: String,
    /// The path as it was written, and as it was matched.
    pub raw: String,
    pub plain: String,
    /// The path for the server.
    pub onward: String,
    pub query: Option<String>,
    /// Why the client is refused, if it is known by now.
    pub refused: Option<Refused>,
    /// What browsers are told on every answer.
    pub cors: Fields,
    /// How a body may be compressed.
    pub(super) coding: Option<Coding>,
    /// The server's answer, while it is compressed.
    pub(super) encoder: Option<Encoder>,
    place: Option<Place>,
    pub(super) slot: Option<Slot>,
    tried: Vec<SocketAddr>,
    /// How often a server was looked for.
    asked: u32,
    /// A connection that was kept had been closed by its server meanwhile.
    had_stale: bool,
    received: u64,
    upgrade: bool,
}

impl Passage {
    /// The way of a request whose head has come; `None` for the AI API.
    ///
    /// # Errors
    /// [`Refused::BadPath`].
    pub fn open(
        edge: &Edge,
        from: From,
        request_id: &str,
        head: &RequestHeader,
    ) -> Result<Option<Box<Passage>>, Refused> {
        let authority = authority(head);
        let host = plain_host(&authority);
        let path = Path::read(head.uri.path()).map_err(|_| Refused::BadPath)?;
        let Some(rule) = edge.find(&host, &path.plain) else {
            return Ok(None);
        };
        if let Some(again) = path.decoded_again() {
            let other = again.map_err(|_| Refused::BadPath)?;
            // To a server that decodes twice it is something else; so it must be something the client may ask, too.
            if edge.find(&host, &other).is_none_or(|found| !Arc::ptr_eq(found, rule)) {
                return Err(Refused::BadPath);
            }
        }
        Ok(Some(Box::new(Passage {
            from,
            request_id: request_id.to_owned(),
            certificate: None,
            onward: onward(rule, &path),
            raw: path.raw.to_owned(),
            plain: path.plain.clone().into_owned(),
            query: head.uri.query().map(str::to_owned),
            authority,
            upgrade: head.headers.contains_key(header::UPGRADE),
            cors: rule.route.cors.as_ref().map(|cors| cors::fields(cors, &head.headers)).unwrap_or_default(),
            coding: answer::coding(head),
            encoder: None,
            rule: rule.clone(),
            refused: None,
            place: None,
            slot: None,
            tried: Vec::new(),
            asked: 0,
            had_stale: false,
            received: 0,
        })))
    }

    /// What stands in the request line for a server, or for the API behind a prefix.
    ///
    /// # Errors
    /// A rewritten path that cannot be written there.
    pub fn target(&self) -> pingora::Result<Uri> {
        let text = match &self.query {
            Some(query) => format!("{}?{query}", self.onward),
            None => self.onward.clone(),
        };
        text.parse().map_err(|_| Error::explain(ErrorType::HTTPStatus(400), "not a path"))
    }

    /// Whether its address may ask here at all.
    ///
    /// # Errors
    /// [`Refused::Forbidden`].
    pub fn knock(&self) -> Result<(), Refused> {
        guard::address(&self.rule, self.from.client)
    }

    /// Lets it in, once its address may ask.
    ///
    /// # Errors
    /// [`Refused`].
    pub fn admit(&mut self, head: &RequestHeader, now: Moment) -> Result<(), Refused> {
        self.place = Some(guard::admit(&self.rule, self.from.client, head, now)?);
        Ok(())
    }

    /// The next server that is to be asked.
    ///
    /// # Errors
    /// There is none; [`Passage::refused`] says why.
    pub async fn peer(&mut self, head: &RequestHeader) -> pingora::Result<Box<HttpPeer>> {
        let Some(cluster) = self.rule.cluster.clone() else {
            return Err(self.refuse(Refused::NoServer));
        };
        // What was sent to the server before is sent to this one again.
        (self.slot, self.received) = (None, 0);
        let wish = Wish {
            client: self.from.client,
            path: &self.plain,
            headers: &head.headers,
            tried: &self.tried,
            patience: self.rule.route.timeouts.connect,
        };
        self.asked += 1;
        match cluster.choose(&wish).await {
            Ok(slot) => {
                let peer = peer::peer(&self.rule, &cluster, &slot.server, self.upgrade);
                self.slot = Some(slot);
                Ok(Box::new(peer))
            }
            Err(why) => Err(self.refuse(match why {
                // What the servers before answered says more.
                NoServer::NoneThere => self.refused.clone().unwrap_or(Refused::NoServer),
                NoServer::QueueFull => Refused::QueueFull,
                NoServer::TooLong(waited) => Refused::QueueTimeout(waited),
            })),
        }
    }

    /// The head for the server that was chosen.
    ///
    /// # Errors
    /// What cannot be written in a head.
    pub fn request_head(&self, head: &mut RequestHeader) -> pingora::Result<()> {
        self.slot.as_ref().map_or(Ok(()), |slot| forward::head(self, &slot.server, head))
    }

    /// Counts what the client sends.
    ///
    /// # Errors
    /// More than the route takes.
    pub fn request_body(&mut self, body: Option<&Bytes>) -> pingora::Result<()> {
        self.received += body.map_or(0, |bytes| bytes.len() as u64);
        let limit = self.rule.route.body;
        if self.received > limit {
            return Err(self.refuse(Refused::TooLarge { limit }));
        }
        Ok(())
    }

    /// A server that could not be connected to. Whether another one may be asked.
    pub fn not_connected(&mut self, error: &mut Error) {
        self.failed(error);
        error.set_retry(self.may_retry());
    }

    /// A server that broke off. `untouched`: the client has seen nothing of it, and can be served anew. `reused`: on a
    /// connection that was kept, which its server may have closed in the same moment; that is no failure, once.
    pub fn broke(&mut self, error: &mut Error, untouched: bool, reused: bool) {
        if untouched && reused && !self.had_stale && !timed_out(error) {
            (self.had_stale, self.slot) = (true, None);
            return error.set_retry(true);
        }
        self.failed(error);
        error.set_retry(untouched && self.may_retry());
    }

    fn failed(&mut self, error: &Error) {
        if let Some(mut slot) = self.slot.take() {
            // A client that leaves says nothing about the server.
            if *error.esource() == ErrorSource::Upstream {
                slot.tell(Outcome::Failed);
            }
            self.tried.push(slot.server.address);
        }
        let refused = if timed_out(error) { Refused::GatewayTimeout } else { Refused::BadGateway };
        self.refused.get_or_insert(refused);
    }

    fn may_retry(&self) -> bool {
        self.tried.len() <= self.rule.route.retries as usize
    }

    fn refuse(&mut self, refused: Refused) -> Box<Error> {
        self.refused = Some(refused);
        Error::explain(ErrorType::HTTPStatus(503), "refused at the edge")
    }

    /// How many servers were asked after the first one.
    pub fn retries(&self) -> u32 {
        self.asked.saturating_sub(1)
    }

    /// The server that is asked or has answered.
    pub fn server(&self) -> Option<SocketAddr> {
        self.slot.as_ref().map(|slot| slot.server.address)
    }
}

fn timed_out(error: &Error) -> bool {
    matches!(
        error.etype(),
        ErrorType::ConnectTimedout
            | ErrorType::ReadTimedout
            | ErrorType::WriteTimedout
            | ErrorType::TLSHandshakeTimedout
    )
}

/// The host a client names, with its port; empty if it names none.
pub fn authority(head: &RequestHeader) -> String {
    let named = head.headers.get(header::HOST).and_then(|host| host.to_str().ok());
    named.or_else(|| head.uri.authority().map(|authority| authority.as_str())).unwrap_or_default().to_owned()
}

fn onward(rule: &Rule, path: &Path<'_>) -> String {
    let onward = path.onward(rule.prefix());
    match &rule.route.rewrite {
        None => onward.into_owned(),
        Some(rewrite) => rewrite.regex.replace(&onward, &rewrite.to).into_owned(),
    }
}

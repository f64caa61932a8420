//! One request's way through a route, from its head to its last byte.

use crate::clock::Moment;
use crate::config::IpRange;
use crate::edge::Edge;
use crate::edge::address;
use crate::edge::answer;
use crate::edge::cluster::Slot;
use crate::edge::cors;
use crate::edge::cors::Fields;
use crate::edge::encode::Coding;
use crate::edge::encode::Encoder;
use crate::edge::forward;
use crate::edge::guard;
use crate::edge::path::Path;
use crate::edge::refused::Refused;
use crate::edge::rule::Place;
use crate::edge::rule::Rule;
use crate::edge::table::plain_host;
use crate::edge::tls::ClientCertificate;
use bytes::Bytes;
use http::Uri;
use http::header;
use pingora::Error;
use pingora::ErrorType;
use pingora::http::RequestHeader;
use std::borrow::Cow;
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
    pub(super) tried: Vec<SocketAddr>,
    /// How often a server was looked for.
    pub(super) asked: u32,
    /// A connection that was kept had been closed by its server meanwhile.
    pub(super) had_stale: bool,
    pub(super) received: u64,
    pub(super) upgrade: bool,
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
        self.target_text()?.parse().map_err(|_| not_a_path())
    }

    /// The same in letters.
    ///
    /// # Errors
    /// As [`Passage::target`].
    pub fn target_text(&self) -> pingora::Result<Cow<'_, str>> {
        let text = match &self.query {
            Some(query) => Cow::Owned(format!("{}?{query}", self.onward)),
            None => Cow::Borrowed(self.onward.as_str()),
        };
        let is_odd = |sign: &u8| sign.is_ascii_control() || matches!(sign, b' ' | b'#');
        match text.as_bytes().iter().any(is_odd) || !text.starts_with('/') && text != "*" {
            true => Err(not_a_path()),
            false => Ok(text),
        }
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

    /// Whether its servers are spoken to in HTTP/1.
    pub fn speaks_http1(&self) -> bool {
        self.rule.cluster.as_ref().is_some_and(|cluster| !cluster.config.http2)
    }

    /// The head for the server that was chosen.
    ///
    /// # Errors
    /// What cannot be written in a head.
    pub fn request_head(&self, head: &mut RequestHeader) -> pingora::Result<()> {
        self.slot.as_ref().map_or(Ok(()), |slot| forward::head(self, &slot.server, head))
    }

    /// The same as it is written to the server, with a body of so many bytes.
    ///
    /// # Errors
    /// As [`Passage::request_head`].
    pub fn request_written(&self, client: &RequestHeader, body: usize) -> pingora::Result<Vec<u8>> {
        let written = |slot: &Slot| forward::written(self, &slot.server, client, body);
        self.slot.as_ref().map_or_else(|| Ok(Vec::new()), written)
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

    pub(super) fn refuse(&mut self, refused: Refused) -> Box<Error> {
        self.refused = Some(refused);
        Error::explain(ErrorType::HTTPStatus(503), "refused at the edge")
    }
}

fn not_a_path() -> Box<Error> {
    Error::explain(ErrorType::HTTPStatus(400), "not a path")
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

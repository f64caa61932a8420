//! What becomes of an answer on its way to the client: headers, and the coding of its body.

use crate::edge::cluster::Outcome;
use crate::edge::cors;
use crate::edge::cors::Fields;
use crate::edge::encode;
use crate::edge::encode::Encoder;
use crate::edge::passage::Passage;
use crate::edge::vary;
use crate::head;
use bytes::Bytes;
use http::HeaderName;
use http::Method;
use http::StatusCode;
use http::Version;
use http::header;
use pingora::http::RequestHeader;
use pingora::http::ResponseHeader;

impl Passage {
    /// The answer to a browser that asks what its page may do; `None` if none asks, or the server is to say.
    pub fn preflight(&self, head: &RequestHeader) -> Option<Fields> {
        let cors = self.rule.route.cors.as_ref().filter(|_| cors::is_preflight(head))?;
        Some(cors::permissions(cors, &head.headers, &self.cors))
    }

    /// The head for the client; `dress` is what all answers to this request have.
    ///
    /// # Errors
    /// What cannot be written in a head.
    pub fn response_head(&mut self, head: &mut ResponseHeader, dress: &Fields) -> pingora::Result<()> {
        self.dress(head)?;
        let is_final = !head.status.is_informational() || head.status == StatusCode::SWITCHING_PROTOCOLS;
        if let (true, Some(slot), Some(cluster)) = (is_final, &mut self.slot, &self.rule.cluster) {
            slot.tell(Outcome::Answered(head.status.as_u16()));
            cluster.answered(slot, self.from.tls, head)?;
        }
        // What the server's answer depends on stays true.
        for (name, value) in dress.iter().filter(|(name, _)| *name != header::VARY) {
            head.insert_header(name.clone(), value.clone())?;
        }
        self.encoder = self.encode(head)?;
        Ok(())
    }

    /// What answers of this route have that are given here.
    pub fn fields(&self) -> Fields {
        let route = &self.rule.route;
        let is_free = |name| route.cors.is_none() || !cors::OURS.contains(name);
        let set = route.response_headers.set.iter().filter(|(name, _)| is_free(name));
        set.chain(&self.cors).cloned().collect()
    }

    /// What every answer of this route has, whoever gives it.
    ///
    /// # Errors
    /// What cannot be written in a head.
    pub fn dress(&self, head: &mut ResponseHeader) -> pingora::Result<()> {
        let changes = &self.rule.route.response_headers;
        for name in &changes.remove {
            head.remove_header(name);
        }
        for (name, value) in &changes.set {
            head.insert_header(name.clone(), value.clone())?;
        }
        if self.rule.route.cors.is_some() {
            for name in &cors::OURS {
                head.remove_header(name);
            }
        }
        for (name, value) in &self.cors {
            match *name {
                header::VARY => vary::add(head, "Origin")?,
                _ => head.insert_header(name.clone(), value.clone())?,
            }
        }
        Ok(())
    }

    /// Makes a head one for a compressed body, if the route, the client and the answer itself agree to that.
    ///
    /// # Errors
    /// What cannot be written in a head.
    pub fn encode(&self, head: &mut ResponseHeader) -> pingora::Result<Option<Encoder>> {
        if !self.rule.route.compress || !encode::is_worth(head) {
            return Ok(None);
        }
        vary::add(head, "Accept-Encoding")?;
        self.coding.map(|coding| Encoder::begin(head, coding)).transpose()
    }

    /// A piece of a server's body.
    ///
    /// # Errors
    /// It cannot be compressed.
    pub fn response_body(&mut self, body: &mut Option<Bytes>, end: bool) -> pingora::Result<()> {
        if let Some(encoder) = &mut self.encoder {
            *body = encoder.piece(body.as_deref().unwrap_or_default(), end)?;
        }
        Ok(())
    }
}

/// Chunks are not for clients of HTTP/1.0 (RFC 9112 §6.1): what has no length ends with their connection.
pub fn until_it_ends(client: Version, head: &mut ResponseHeader) {
    if client == Version::HTTP_10 {
        head.remove_header(&header::TRANSFER_ENCODING);
    }
}

/// Takes away what a server says of its connection with us (RFC 9110 §7.6.1). How far the body goes is said in HTTP/1.1,
/// whatever the server speaks, and not at all where there is none (RFC 9112 §6).
pub fn cleanse(head: &mut ResponseHeader) {
    if head.status == StatusCode::SWITCHING_PROTOCOLS {
        return;
    }
    if head.headers.contains_key(header::CONNECTION) {
        let is_ours = |name: &HeaderName| matches!(*name, header::CONTENT_LENGTH | header::TRANSFER_ENCODING);
        let named: Vec<HeaderName> = head::named(&head.headers).filter(|name| !is_ours(name)).collect();
        named.iter().for_each(|name| drop(head.remove_header(name)));
    }
    for name in &OF_CONNECTION {
        head.remove_header(name);
    }
    if head.status == StatusCode::NO_CONTENT {
        head.remove_header(&header::CONTENT_LENGTH);
        head.remove_header(&header::TRANSFER_ENCODING);
    }
    head.set_version(Version::HTTP_11);
}

/// `Connection`, and what is of the connection without being named there.
const OF_CONNECTION: [HeaderName; 6] = [
    header::CONNECTION,
    header::PROXY_AUTHENTICATE,
    header::TRAILER,
    header::UPGRADE,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
];

/// What the client takes, where bodies are compressed and there will be one. HTTP/1.0 has no bodies of unknown length.
pub fn coding(head: &RequestHeader) -> Option<encode::Coding> {
    let takes = head.version >= Version::HTTP_11 && head.method != Method::HEAD;
    takes.then(|| encode::wanted(&head.headers))?
}

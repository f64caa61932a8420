//! One file on the wire: resolve, check, connect to what was checked, read within the bounds, follow what leads on.

use crate::config::Fetch;
use crate::dialect::side::FetchedFile;
use crate::gateway::attempt::USER_AGENT;
use crate::gateway::fetch::guard::may_ask;
use crate::gateway::fetch::kind::kind;
use crate::gateway::fetch::link::BadLink;
use crate::gateway::fetch::link::Link;
use crate::upstream::Broken;
use crate::upstream::Host;
use crate::upstream::Request;
use crate::upstream::Upstreams;
use crate::upstream::Wire;
use crate::upstream::host::Manner;
use crate::upstream::resolve::look_up;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use http::HeaderName;
use http::HeaderValue;
use http::header;
use pingora::http::ResponseHeader;
use std::time::Duration;
use std::time::Instant;

/// How often a server may say that the file is elsewhere.
const MAX_REDIRECTS: usize = 3;

/// Why there is no file. No variant holds more of a URL than its host.
#[derive(Debug, thiserror::Error)]
pub enum Unfetched {
    #[error("{0}")]
    Link(#[from] BadLink),
    #[error("it leads to an address that is not public")]
    Private,
    #[error("it leads on more than {MAX_REDIRECTS} times")]
    TooFar,
    #[error("its name does not resolve")]
    Unknown,
    #[error("it cannot be reached")]
    Unreachable,
    #[error("it takes too long")]
    TooSlow,
    #[error("its answer breaks off")]
    Broken,
    #[error("its answer has the status {0}")]
    Status(u16),
    #[error("its answer is compressed")]
    Encoded,
    #[error("the file is larger than {limit} bytes")]
    TooLarge { limit: usize },
    #[error("the file is neither an image, nor a PDF, nor plain text")]
    Kind,
}

/// What all visits of one request have in common.
pub struct Visit<'s> {
    pub upstreams: &'s Upstreams,
    pub rules: &'s Fetch,
    pub until: Instant,
}

/// What a server answered.
enum Answer {
    File(FetchedFile),
    /// It is there instead.
    At(String),
}

impl Visit<'_> {
    /// Fetches one file.
    ///
    /// # Errors
    /// [`Unfetched`] says what stands in the way.
    pub async fn file(&self, url: &str) -> Result<FetchedFile, Unfetched> {
        let mut link = Link::parse(url)?;
        for _ in 0..=MAX_REDIRECTS {
            match self.ask(&link).await? {
                Answer::File(file) => return Ok(file),
                Answer::At(location) => link = link.follow(&location)?,
            }
        }
        Err(Unfetched::TooFar)
    }

    async fn ask(&self, link: &Link) -> Result<Answer, Unfetched> {
        let host = self.host(link).await?;
        let mut fresh = false;
        loop {
            let mut wire = self.upstreams.open(&host, fresh, self.until).await.map_err(unreached)?;
            let head = self.head(&mut wire, &host, &link.path).await;
            let answer = match head {
                // It lay in the pool because a provider lives there as well.
                Err(broken) if !fresh && wire.was_dead(&broken) => {
                    fresh = true;
                    continue;
                }
                Err(broken) => Err(cut(broken)),
                Ok(Head::At(location)) => Ok(Answer::At(location)),
                Ok(Head::Encoded) => Err(Unfetched::Encoded),
                Ok(Head::Refused(status)) => Err(Unfetched::Status(status)),
                Ok(Head::File { kind }) => self.body(&mut wire, kind).await.map(Answer::File),
            };
            // Never into the pool: strangers' connections would push out those of providers.
            wire.abandon().await;
            return answer;
        }
    }

    /// A host that has no other addresses than the ones that were checked.
    async fn host(&self, link: &Link) -> Result<Host, Unfetched> {
        let left = self.until.saturating_duration_since(Instant::now());
        let origin = &link.origin;
        let found = look_up(&origin.host, origin.port, left).await.map_err(|error| match error.kind() {
            std::io::ErrorKind::TimedOut => Unfetched::TooSlow,
            _ => Unfetched::Unknown,
        })?;
        let may_ask = |address: &std::net::SocketAddr| may_ask(&origin.host, address.ip(), &self.rules.allow);
        let checked: Vec<_> = found.into_iter().filter(may_ask).collect();
        if checked.is_empty() {
            return Err(Unfetched::Private);
        }
        let patience = left.max(Duration::from_millis(1));
        let manner = Manner {
            base: origin.clone(),
            authority: None,
            http2: false,
            connect: patience,
            write: patience,
        };
        Ok(Host::new(manner, &checked))
    }

    async fn head(&self, wire: &mut Wire, host: &Host, path: &str) -> Result<Head, Broken> {
        let fields: Vec<_> = HEADERS.iter().map(|(name, value)| (name, value)).collect();
        let authority = HeaderValue::from_str(&host.authority());
        let authority = authority.map_err(|_| Broken::Timeout("naming the host"))?;
        let request = Request {
            method: "GET",
            scheme: host.scheme(),
            authority: &authority,
            path,
            fields: &fields,
            body: &Bytes::new(),
        };
        wire.send(&request, self.until).await?;
        wire.head(self.until).await.map(Head::of)
    }

    async fn body(&self, wire: &mut Wire, said: Option<String>) -> Result<FetchedFile, Unfetched> {
        let bytes = wire.whole(self.rules.max_bytes, self.until).await.map_err(cut)?;
        let kind = kind(said.as_deref(), &bytes).ok_or(Unfetched::Kind)?;
        Ok(FetchedFile { kind, data: BASE64_STANDARD.encode(&bytes) })
    }
}

/// Nothing of the client's request goes with it.
static HEADERS: [(HeaderName, HeaderValue); 3] = [
    (header::ACCEPT, HeaderValue::from_static("image/*, application/pdf, text/plain")),
    (header::ACCEPT_ENCODING, HeaderValue::from_static("identity")),
    (header::USER_AGENT, USER_AGENT),
];

/// What the head of an answer promises.
enum Head {
    File {
        kind: Option<String>,
    },
    At(String),
    /// Compressed although nobody asked for it.
    Encoded,
    Refused(u16),
}

impl Head {
    fn of(head: &ResponseHeader) -> Head {
        let text = |name: HeaderName| head.headers.get(name).and_then(|value| value.to_str().ok());
        let encoded = text(header::CONTENT_ENCODING).is_some_and(|e| !e.eq_ignore_ascii_case("identity"));
        match (head.status.as_u16(), text(header::LOCATION)) {
            (301 | 302 | 303 | 307 | 308, Some(location)) => Head::At(location.to_owned()),
            (200, _) if encoded => Head::Encoded,
            (200, _) => Head::File { kind: text(header::CONTENT_TYPE).map(str::to_owned) },
            (status, _) => Head::Refused(status),
        }
    }
}

fn unreached(broken: Broken) -> Unfetched {
    match broken {
        Broken::Timeout(_) => Unfetched::TooSlow,
        Broken::Name { .. } => Unfetched::Unknown,
        Broken::Connect(_)
        | Broken::Tls(_)
        | Broken::Reset(_)
        | Broken::Protocol(_)
        | Broken::TooLarge { .. } => Unfetched::Unreachable,
    }
}

fn cut(broken: Broken) -> Unfetched {
    match broken {
        Broken::Timeout(_) => Unfetched::TooSlow,
        Broken::TooLarge { limit } => Unfetched::TooLarge { limit },
        Broken::Reset(_)
        | Broken::Protocol(_)
        | Broken::Name { .. }
        | Broken::Connect(_)
        | Broken::Tls(_) => Unfetched::Broken,
    }
}

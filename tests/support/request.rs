//! A request as a scripted vendor received it, and how it is read off the wire.

use std::time::Instant;
use tokio::io::AsyncRead;
use tokio::io::AsyncReadExt;

#[derive(Clone, Debug)]
pub struct Request {
    pub method: String,
    /// With its query.
    pub path: String,
    /// In the order and spelling received.
    pub headers: Vec<(String, String)>,
    /// Without the framing of a chunked body.
    pub body: Vec<u8>,
    /// When its last byte had come.
    pub at: Instant,
    /// Number of the connection it came on, from 0.
    pub connection: usize,
}

impl Request {
    /// The first header of this name, in any spelling.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(given, _)| given.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).expect("the request body is not JSON")
    }
}

/// A connection and the bytes of it that were read but not used yet.
pub struct Inbox<S> {
    pub stream: S,
    unread: Vec<u8>,
}

impl<S: AsyncRead + Unpin> Inbox<S> {
    pub fn new(stream: S) -> Inbox<S> {
        Inbox { stream, unread: Vec::new() }
    }

    /// The next request; `None` when the peer leaves instead.
    pub async fn request(&mut self) -> Option<Request> {
        let head = self.until(b"\r\n\r\n").await?;
        let head = String::from_utf8(head).expect("the request head is not UTF-8");
        let mut lines = head.trim_end().split("\r\n");
        let mut start = lines.next()?.split(' ').map(str::to_owned);
        let (method, path) = (start.next()?, start.next()?);
        let field = |line: &str| {
            let (name, value) = line.split_once(':').expect("a header without a colon");
            (name.to_owned(), value.trim().to_owned())
        };
        let headers = lines.map(field).collect();
        let mut request =
            Request { method, path, headers, body: Vec::new(), at: Instant::now(), connection: 0 };
        request.body = self.body(&request).await?;
        request.at = Instant::now();
        Some(request)
    }

    /// Returns when the peer is gone. What it sends meanwhile is kept for the next request.
    pub async fn gone(&mut self) {
        while self.fill().await.is_some() {}
    }

    async fn body(&mut self, request: &Request) -> Option<Vec<u8>> {
        if request.header("transfer-encoding").is_some_and(|value| value.eq_ignore_ascii_case("chunked")) {
            return self.chunks().await;
        }
        let length = request.header("content-length").map_or(0, |value| value.parse().unwrap());
        self.exactly(length).await
    }

    async fn chunks(&mut self) -> Option<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let line = String::from_utf8(self.until(b"\r\n").await?).unwrap();
            let size = line.trim_end().split(';').next().unwrap();
            let size = usize::from_str_radix(size, 16).expect("a chunk without a size");
            body.extend(self.exactly(size).await?);
            self.exactly(2).await?;
            if size == 0 {
                return Some(body);
            }
        }
    }

    async fn until(&mut self, end: &[u8]) -> Option<Vec<u8>> {
        loop {
            if let Some(at) = self.unread.windows(end.len()).position(|window| window == end) {
                return self.exactly(at + end.len()).await;
            }
            self.fill().await?;
        }
    }

    async fn exactly(&mut self, length: usize) -> Option<Vec<u8>> {
        while self.unread.len() < length {
            self.fill().await?;
        }
        Some(self.unread.drain(..length).collect())
    }

    /// More bytes; `None` at the end of the connection, however it ends.
    async fn fill(&mut self) -> Option<()> {
        match self.stream.read_buf(&mut self.unread).await {
            Ok(0) | Err(_) => None,
            Ok(_) => Some(()),
        }
    }
}

//! A client on a raw socket, for everything that no proper client sends.

use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpSocket;
use tokio::net::TcpStream;
use tokio::time::timeout;

/// No answer in a test takes longer; one that does hangs.
const DEADLINE: Duration = Duration::from_secs(20);

/// One connection to a gateway. Dropping it closes it.
pub struct Wire {
    stream: TcpStream,
    unread: Vec<u8>,
}

/// An answer as it came off the wire, without the framing of a chunked body.
#[derive(Clone, Debug)]
pub struct WireAnswer {
    pub status: u16,
    /// In the order and spelling received.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl WireAnswer {
    /// The first header of this name, in any spelling.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(given, _)| given.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body; panics with it when it is not JSON.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|why| panic!("{why}: {self:?}"))
    }
}

/// A request with `host`, the key as bearer, the length of its body, and these headers besides.
pub fn request(method: &str, path: &str, key: &str, headers: &[(&str, &str)], body: &str) -> Vec<u8> {
    let more: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let length = body.len();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nhost: gateway\r\nauthorization: Bearer {key}\r\n\
         content-type: application/json\r\ncontent-length: {length}\r\n{more}\r\n{body}"
    );
    head.into_bytes()
}

/// A chat request with this body.
pub fn chat_request(key: &str, body: &str) -> Vec<u8> {
    request("POST", "/v1/chat/completions", key, &[], body)
}

impl Wire {
    pub async fn to(address: &str) -> Wire {
        Wire::from("127.0.0.1", address).await
    }

    /// From an address of this machine: all of 127.0.0.0/8 are.
    pub async fn from(ip: &str, address: &str) -> Wire {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(SocketAddr::new(ip.parse().unwrap(), 0)).expect("no address of this machine");
        let stream = socket.connect(address.parse().unwrap()).await.expect("cannot connect");
        stream.set_nodelay(true).unwrap();
        Wire { stream, unread: Vec::new() }
    }

    /// Writes bytes as they are; panics when the peer does not take them.
    pub async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.try_send(bytes).await.expect("cannot send");
    }

    /// Writes bytes as they are; an error says that the peer has closed.
    pub async fn try_send(&mut self, bytes: impl AsRef<[u8]>) -> std::io::Result<()> {
        let sent = timeout(DEADLINE, self.stream.write_all(bytes.as_ref())).await;
        sent.expect("the peer does not read")
    }

    /// The next answer with its body; panics when none comes.
    pub async fn answer(&mut self) -> WireAnswer {
        let mut answer = self.head().await;
        answer.body = match (answer.header("transfer-encoding"), answer.header("content-length")) {
            (Some(_), _) => self.chunks().await,
            (None, Some(length)) => {
                let length = length.parse().expect("a length that is no number");
                self.exactly(length).await
            }
            (None, None) => self.rest().await,
        };
        answer
    }

    /// The head of the next answer alone: a `100 Continue`, an answer to HEAD, or the start of a stream.
    pub async fn head(&mut self) -> WireAnswer {
        let head = String::from_utf8(self.until(b"\r\n\r\n").await).expect("a head that is no UTF-8");
        let mut lines = head.trim_end().split("\r\n");
        let status = lines.next().and_then(|line| line.split(' ').nth(1)).and_then(|word| word.parse().ok());
        let field = |line: &str| {
            let (name, value) = line.split_once(':').expect("a header without a colon");
            (name.to_owned(), value.trim().to_owned())
        };
        let headers = lines.map(field).collect();
        WireAnswer { status: status.expect("no status"), headers, body: Vec::new() }
    }

    /// One request, one answer.
    pub async fn ask(&mut self, request: impl AsRef<[u8]>) -> WireAnswer {
        self.send(request).await;
        self.answer().await
    }

    /// Whatever comes until this text has come.
    pub async fn read_until(&mut self, text: &str) -> String {
        String::from_utf8_lossy(&self.until(text.as_bytes()).await).into_owned()
    }

    /// Everything until the peer closes, in whatever way.
    pub async fn rest(&mut self) -> Vec<u8> {
        while self.fill().await {}
        std::mem::take(&mut self.unread)
    }

    /// Waits for the peer to close without another byte.
    pub async fn assert_closed(&mut self) {
        let rest = self.rest().await;
        assert!(rest.is_empty(), "more came: {}", String::from_utf8_lossy(&rest));
    }

    /// Whether nothing comes for this long: neither a byte nor an end.
    pub async fn is_silent_for(&mut self, length: Duration) -> bool {
        self.unread.is_empty() && timeout(length, self.stream.read_buf(&mut self.unread)).await.is_err()
    }

    /// Says that nothing more is sent (FIN), and goes on reading.
    pub async fn half_close(&mut self) {
        // The peer may have closed before.
        self.stream.shutdown().await.ok();
    }

    /// Ends the connection rudely (RST).
    pub fn reset(self) {
        self.stream.set_zero_linger().unwrap();
    }

    async fn chunks(&mut self) -> Vec<u8> {
        let mut body = Vec::new();
        loop {
            let line = String::from_utf8(self.until(b"\r\n").await).unwrap();
            let size = usize::from_str_radix(line.trim_end(), 16).expect("a chunk without a size");
            body.extend(self.exactly(size).await);
            self.exactly(2).await;
            if size == 0 {
                return body;
            }
        }
    }

    async fn until(&mut self, end: &[u8]) -> Vec<u8> {
        loop {
            if let Some(at) = self.unread.windows(end.len()).position(|window| window == end) {
                return self.exactly(at + end.len()).await;
            }
            let more = self.fill().await;
            assert!(more, "closed after {:?}", String::from_utf8_lossy(&self.unread));
        }
    }

    async fn exactly(&mut self, length: usize) -> Vec<u8> {
        while self.unread.len() < length {
            assert!(self.fill().await, "closed after {} of {length} bytes", self.unread.len());
        }
        self.unread.drain(..length).collect()
    }

    /// More bytes; `false` at the end of the connection, however it ends.
    async fn fill(&mut self) -> bool {
        let read = timeout(DEADLINE, self.stream.read_buf(&mut self.unread)).await;
        let read =
            read.unwrap_or_else(|_| panic!("silent after {:?}", String::from_utf8_lossy(&self.unread)));
        matches!(read, Ok(1..))
    }
}

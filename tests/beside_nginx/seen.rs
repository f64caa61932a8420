//! What a client sees.

use std::io::ErrorKind;
use std::io::Read;
use std::io::Write;
use std::net::SocketAddr;
use std::net::TcpStream;
use std::time::Duration;

/// An answer, as far as it has to be alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// 0: the connection was closed without an answer.
    pub status: u16,
    /// Those that both proxies are to treat alike, sorted.
    fields: Vec<String>,
    /// What the server was told; empty where the proxy answered itself, each in its own words.
    told: String,
}

/// Longer than a silent server is waited for.
const PATIENCE: Duration = Duration::from_secs(5);

const FIELDS: &[&str] = &["location", "x-a", "x-up", "x-up-secret", "www-authenticate", "allow"];

impl Seen {
    /// In one line.
    pub fn told(&self) -> String {
        let fields = self.fields.iter().map(|field| format!(" [{field}]")).collect::<String>();
        format!("{}{fields} {}", self.status, self.told).trim_end().to_owned()
    }
}

/// Sends bytes as they are, with `Connection: close` in them, and reads to the end.
pub fn ask(address: SocketAddr, request: &str) -> Seen {
    let (bytes, closed) = exchange(address, request.as_bytes());
    let answer = String::from_utf8_lossy(&bytes).into_owned();
    // 100 is no answer yet.
    let answer = answer.strip_prefix("HTTP/1.1 100 Continue\r\n\r\n").unwrap_or(&answer);
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((answer, ""));
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
    let mut fields: Vec<String> = head.lines().skip(1).filter_map(field).collect();
    fields.sort();
    let is_servers = fields.iter().any(|field| field.starts_with("x-up:"));
    // nginx's own answer to a fixed body is text, so it is compared, too.
    let own = if body == "gone" { body } else { "" };
    let told = if is_servers { body } else { own };
    Seen { status, fields, told: if closed { told.to_owned() } else { format!("{told} (left open)") } }
}

/// What comes back, and whether the connection was closed behind it.
fn exchange(address: SocketAddr, request: &[u8]) -> (Vec<u8>, bool) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(request).unwrap();
    let (mut answer, mut buffer) = (Vec::new(), [0; 16 << 10]);
    loop {
        match stream.read(&mut buffer) {
            Ok(0) => return (answer, true),
            Ok(length) => answer.extend_from_slice(&buffer[..length]),
            Err(error) => return (answer, error.kind() == ErrorKind::ConnectionReset),
        }
    }
}

fn field(line: &str) -> Option<String> {
    let (name, value) = line.split_once(':')?;
    let name = name.to_ascii_lowercase();
    // What the schemes take besides the realm is each one's own affair.
    let value = value.split(',').next().unwrap_or(value);
    FIELDS.contains(&name.as_str()).then(|| format!("{name}: {}", value.trim()))
}

/// Opens a WebSocket, says something and gives what comes back.
pub fn talk(address: SocketAddr, path: &str, words: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let head = format!(
        "GET {path} HTTP/1.1\r\nHost: a.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    let mut seen = Vec::new();
    while !seen.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        seen.extend(byte);
    }
    assert!(seen.starts_with(b"HTTP/1.1 101 "), "{}", String::from_utf8_lossy(&seen));
    stream.write_all(words).unwrap();
    let mut back = vec![0; words.len()];
    stream.read_exact(&mut back).unwrap();
    back
}

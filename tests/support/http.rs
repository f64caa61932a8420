//! Small HTTP tools: an ordinary client, a raw one, and a reader of event streams.

use std::io::ErrorKind;
use std::io::Read;
use std::io::Write;
use std::net::TcpStream;
use std::net::ToSocketAddrs;
use std::time::Duration;
use std::time::Instant;
use tokio::io::AsyncRead;
use tokio::io::AsyncReadExt;

/// No answer in a test takes longer; one that does hangs.
const DEADLINE: Duration = Duration::from_secs(20);

/// An ordinary client. It ignores proxies of the environment and gives up after 20 s.
pub fn client() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().timeout(DEADLINE).build().unwrap()
}

/// Payloads of the `data:` lines of an event stream, one entry an event; comments are left out.
pub fn sse_events(text: &str) -> Vec<String> {
    let text = text.replace("\r\n", "\n");
    text.split("\n\n").filter_map(payload).collect()
}

/// Reads a stream until this has come, or to its end; panics when it is cut.
pub async fn read_until(stream: &mut reqwest::Response, part: &str) -> String {
    let mut text = String::new();
    while !text.contains(part) {
        match stream.chunk().await.expect("the stream is cut") {
            Some(bytes) => text.push_str(&String::from_utf8_lossy(&bytes)),
            None => break,
        }
    }
    text
}

/// The head of a message, byte by byte, so that nothing behind it is taken.
pub async fn read_head(stream: &mut (impl AsyncRead + Unpin)) -> std::io::Result<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    Ok(String::from_utf8_lossy(&head).into_owned())
}

/// Writes bytes as they are and reads to the end; panics when there is none within 20 s.
///
/// It blocks the thread, so ask for `Connection: close`, and do not use it on a server that lives in the
/// same single-threaded runtime.
pub fn raw_http(address: impl ToSocketAddrs, bytes: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(address).expect("cannot connect");
    stream.write_all(bytes).expect("cannot send");
    let mut answer = Vec::new();
    let deadline = Instant::now() + DEADLINE;
    let mut buffer = [0; 16 << 10];
    loop {
        let left = deadline.saturating_duration_since(Instant::now()).max(Duration::from_millis(1));
        stream.set_read_timeout(Some(left)).unwrap();
        match stream.read(&mut buffer) {
            Ok(0) => return answer,
            Ok(length) => answer.extend_from_slice(&buffer[..length]),
            // A reset after an answer is an end as well.
            Err(error) if error.kind() == ErrorKind::ConnectionReset => return answer,
            Err(error) => panic!("no end after {:?}: {error}", String::from_utf8_lossy(&answer)),
        }
    }
}

fn payload(event: &str) -> Option<String> {
    let data = event.lines().filter_map(|line| line.strip_prefix("data:"));
    let lines: Vec<_> = data.map(|line| line.strip_prefix(' ').unwrap_or(line)).collect();
    (!lines.is_empty()).then(|| lines.join("\n"))
}

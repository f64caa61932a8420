//! Many connections at once: memory stays bounded, and others are served meanwhile.

use crate::support::Gateway;
use crate::support::client;
use crate::support::read_head;
use rustix::process::Resource;
use rustix::process::Rlimit;
use rustix::process::getrlimit;
use rustix::process::setrlimit;
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use tokio::net::TcpStream;

/// Sockets of the largest crowd, on each side.
const IDLE: usize = 10_000;
const SOCKETS: usize = 2_000;
const PATIENCE: Duration = Duration::from_secs(60);

/// Longest a request of somebody else may take meanwhile; a gateway that hangs takes for ever.
const SERVED_WITHIN: Duration = Duration::from_secs(20);

/// Whether this machine lets a program have so many sockets.
fn may_open(sockets: usize) -> bool {
    let most = getrlimit(Resource::Nofile).maximum;
    let _ = setrlimit(Resource::Nofile, Rlimit { current: most, maximum: most });
    most.is_none_or(|most| most as usize > sockets + 500)
}

/// A server that upgrades and says back what it hears, and that answers anything else with a megabyte.
async fn server() -> std::net::SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream));
        }
    });
    address
}

async fn serve(mut stream: TcpStream) -> std::io::Result<()> {
    let head = head(&mut stream).await?;
    if !head.contains("websocket") {
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 67108864\r\nConnection: close\r\n\r\n").await?;
        for _ in 0..64 {
            stream.write_all(&vec![b'x'; 1 << 20]).await?;
        }
        return Ok(());
    }
    stream
        .write_all(b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n")
        .await?;
    let (mut reader, mut writer) = stream.split();
    tokio::io::copy(&mut reader, &mut writer).await.map(drop)
}

async fn head(stream: &mut TcpStream) -> std::io::Result<String> {
    Ok(read_head(stream).await?.to_lowercase())
}

fn gateway(server: std::net::SocketAddr) -> Gateway {
    Gateway::start(&format!(
        "log: {{ access: false }}
routes: [ {{ path: /web/, cluster: web }}, {{ exact: /short, answer: {{ status: 200, body: here }} }} ]
clusters: {{ web: {{ servers: [ '{server}' ] }} }}\n"
    ))
}

async fn is_served(gateway: &Gateway) {
    let asked = client().get(gateway.url("/short")).send();
    let answer = tokio::time::timeout(SERVED_WITHIN, asked).await.expect("others are not served").unwrap();
    assert_eq!(answer.text().await.unwrap(), "here");
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_idle_connections_take_little() {
    if !may_open(IDLE) {
        panic!("this test needs {IDLE} sockets: raise the hard limit of open files (`ulimit -Hn`)");
    }
    let gateway = gateway(server().await);
    is_served(&gateway).await;
    let before = gateway.resident();
    let mut idle = Vec::with_capacity(IDLE);
    for _ in 0..IDLE {
        let mut stream = TcpStream::connect(gateway.address()).await.unwrap();
        stream.write_all(b"GET /short HTTP/1.1\r\nHost: a.test\r\n\r\n").await.unwrap();
        let head = head(&mut stream).await.unwrap();
        assert!(head.starts_with("http/1.1 200 "), "{head}");
        stream.read_exact(&mut [0; 4]).await.unwrap();
        idle.push(stream);
    }
    let each = gateway.resident().saturating_sub(before) / IDLE as u64;
    assert!(each < 20 << 10, "{each} bytes a connection");
    is_served(&gateway).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_thousand_websockets_talk_at_once() {
    if !may_open(2 * SOCKETS) {
        panic!("this test needs {} sockets: raise the hard limit of open files (`ulimit -Hn`)", 2 * SOCKETS);
    }
    let gateway = gateway(server().await);
    let before = gateway.resident();
    let mut open = Vec::with_capacity(SOCKETS);
    for _ in 0..SOCKETS {
        let mut stream = TcpStream::connect(gateway.address()).await.unwrap();
        let request =
            "GET /web/x HTTP/1.1\r\nHost: a.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
        stream.write_all(request.as_bytes()).await.unwrap();
        let head = tokio::time::timeout(PATIENCE, head(&mut stream)).await.unwrap().unwrap();
        assert!(head.starts_with("http/1.1 101 "), "{head}");
        open.push(stream);
    }
    for round in 0..3_u32 {
        for stream in &mut open {
            stream.write_all(&round.to_be_bytes()).await.unwrap();
        }
        for (number, stream) in open.iter_mut().enumerate() {
            let said = tokio::time::timeout(PATIENCE, stream.read_u32()).await.unwrap();
            let said = said.unwrap_or_else(|why| panic!("{number}: {why}:\n{}", gateway.logs().join("\n")));
            assert_eq!(said, round);
        }
    }
    let each = gateway.resident().saturating_sub(before) / SOCKETS as u64;
    assert!(each < 600 << 10, "{each} bytes a WebSocket");
    is_served(&gateway).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_that_do_not_read_are_waited_for_without_memory() {
    let gateway = gateway(server().await);
    is_served(&gateway).await;
    let before = gateway.resident();
    let mut slow = Vec::new();
    for _ in 0..100 {
        let mut stream = TcpStream::connect(gateway.address()).await.unwrap();
        stream.write_all(b"GET /web/x HTTP/1.1\r\nHost: a.test\r\n\r\n").await.unwrap();
        // One byte, so that it is on its way; then nothing.
        stream.read_u8().await.unwrap();
        slow.push(stream);
    }
    is_served(&gateway).await;
    let held = gateway.resident().saturating_sub(before);
    assert!(held < 200 << 20, "{held} bytes for 6.4 GB of answers that nobody reads");
}

#[tokio::test(flavor = "multi_thread")]
async fn heads_that_come_a_byte_at_a_time_do_not_hold_others_up() {
    let gateway = gateway(server().await);
    let mut slow = Vec::new();
    for _ in 0..500 {
        let mut stream = TcpStream::connect(gateway.address()).await.unwrap();
        stream.write_all(b"GET /short HTTP/1.1\r\nHost: a").await.unwrap();
        slow.push(stream);
    }
    is_served(&gateway).await;
    // The bound of a head is 10 s; until then each of them may go on.
    let mut answer = String::new();
    let last = slow.last_mut().unwrap();
    tokio::time::timeout(PATIENCE, last.read_to_string(&mut answer)).await.unwrap().unwrap();
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_websocket_may_talk_for_longer_than_a_head_may_take() {
    let server = server().await;
    let gateway = Gateway::start(&format!(
        "server: {{ head_timeout: 1s }}
routes: [ {{ path: /web/, cluster: web, timeouts: {{ write: 1s }} }} ]
clusters: {{ web: {{ servers: [ '{server}' ] }} }}\n"
    ));
    let mut stream = TcpStream::connect(gateway.address()).await.unwrap();
    let request = "GET /web/x HTTP/1.1\r\nHost: a.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
    stream.write_all(request.as_bytes()).await.unwrap();
    assert!(head(&mut stream).await.unwrap().starts_with("http/1.1 101 "));
    for word in 0..6_u32 {
        // Silence, too: the bounds that do not hold here are shorter than all of it together.
        tokio::time::sleep(Duration::from_millis(if word == 3 { 1500 } else { 300 })).await;
        stream.write_u32(word).await.unwrap();
        let said = tokio::time::timeout(PATIENCE, stream.read_u32()).await.unwrap().unwrap();
        assert_eq!(said, word);
    }
}

//! WebSockets through a route: who does not read holds nobody else up, and who has said its last may still listen.

use crate::support::Gateway;
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpSocket;
use tokio::net::TcpStream;
use tokio::time::timeout;

/// More than all buffers between the two sides hold.
const MUCH: usize = 64 << 20;

/// Whatever takes so long hangs.
const PATIENCE: Duration = Duration::from_secs(60);

/// A client and a server that have agreed on a WebSocket, and what is between them.
struct Tunnel {
    client: TcpStream,
    server: TcpStream,
    gateway: Gateway,
}

impl Tunnel {
    /// `route` is added to its settings.
    async fn open(route: &str) -> Tunnel {
        let socket = TcpSocket::new_v4().unwrap();
        // What is not read here is soon felt at the other end.
        socket.set_recv_buffer_size(64 << 10).unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let listener = socket.listen(8).unwrap();
        let address = listener.local_addr().unwrap();
        let gateway = Gateway::start(&format!(
            "routes: [ {{ path: /, cluster: web{route} }} ]\nclusters: {{ web: {{ servers: [ '{address}' ] }} }}\n"
        ));
        let mut client = TcpStream::connect(gateway.address()).await.unwrap();
        let ask = "GET / HTTP/1.1\r\nHost: a.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
        client.write_all(ask.as_bytes()).await.unwrap();
        let (mut server, _) = listener.accept().await.unwrap();
        head(&mut server).await;
        let yes = "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n";
        server.write_all(yes.as_bytes()).await.unwrap();
        let head = head(&mut client).await;
        assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
        Tunnel { client, server, gateway }
    }
}

async fn head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    String::from_utf8(head).unwrap()
}

async fn all(stream: &mut TcpStream) -> String {
    let mut said = String::new();
    timeout(PATIENCE, stream.read_to_string(&mut said)).await.expect("no end").unwrap();
    said
}

#[tokio::test(flavor = "multi_thread")]
async fn a_side_that_writes_before_it_reads_is_heard_meanwhile() {
    let Tunnel { client, mut server, gateway: _gateway } = Tunnel::open("").await;
    let (mut hears, mut says) = client.into_split();
    let said = tokio::spawn(async move { says.write_all(&vec![b'c'; MUCH]).await.map(|()| says) });
    let heard = tokio::spawn(async move { hears.read_exact(&mut vec![0; MUCH]).await });
    timeout(PATIENCE, server.write_all(&vec![b's'; MUCH])).await.expect("the tunnel stands still").unwrap();
    timeout(PATIENCE, server.read_exact(&mut vec![0; MUCH])).await.expect("the tunnel stands still").unwrap();
    assert_eq!(timeout(PATIENCE, heard).await.unwrap().unwrap().unwrap(), MUCH);
    said.await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_has_said_its_last_is_answered() {
    let Tunnel { mut client, mut server, gateway } = Tunnel::open("").await;
    client.write_all(b"that is all").await.unwrap();
    client.shutdown().await.unwrap();
    assert_eq!(all(&mut server).await, "that is all");
    server.write_all(b"well then").await.unwrap();
    drop(server);
    assert_eq!(all(&mut client).await, "well then");
    gateway.metric_becomes("tollgate_server_in_flight", 0.0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_has_said_its_last_is_told_the_rest() {
    let Tunnel { mut client, mut server, gateway } = Tunnel::open("").await;
    server.write_all(b"that is all").await.unwrap();
    server.shutdown().await.unwrap();
    assert_eq!(all(&mut client).await, "that is all");
    client.write_all(b"well then").await.unwrap();
    drop(client);
    assert_eq!(all(&mut server).await, "well then");
    gateway.metric_becomes("tollgate_server_in_flight", 0.0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_half_that_is_left_over_is_not_kept_in_silence() {
    let Tunnel { mut client, mut server, gateway } = Tunnel::open(", timeouts: { read: 1s }").await;
    client.shutdown().await.unwrap();
    assert_eq!(all(&mut server).await, "");
    assert_eq!(all(&mut client).await, "");
    gateway.metric_becomes("tollgate_server_in_flight", 0.0).await;
}

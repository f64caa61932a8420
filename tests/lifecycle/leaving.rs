//! What holds a process that was told to end: streams, WebSockets and downloads through routes; and nothing else.

use crate::KEY;
use crate::begin;
use crate::rest_of;
use crate::support::DONE;
use crate::support::Hand;
use crate::support::Home;
use crate::support::Program;
use crate::support::chat_body;
use crate::support::client;
use crate::support::finish_chunk;
use crate::support::read_until;
use crate::yaml;
use std::io::BufRead;
use std::io::BufReader;
use std::io::Read;
use std::io::Write;
use std::net::SocketAddr;
use std::net::TcpListener;
use std::net::TcpStream;
use std::time::Duration;
use std::time::Instant;

/// Much less than the grace period, and much more than anybody needs.
const PROMPT: Duration = Duration::from_secs(10);

/// Takes one connection, answers its request with this, and hands it over.
struct Server {
    address: SocketAddr,
    taken: std::thread::JoinHandle<TcpStream>,
}

impl Server {
    fn start(answer: &'static str) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let taken = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
            while lines.next().is_some_and(|line| !line.unwrap().is_empty()) {}
            stream.write_all(answer.as_bytes()).unwrap();
            stream
        });
        Server { address, taken }
    }
}

/// A client of that server through the gateway, past the head of the answer.
fn through(home: &Home, head: &str, status: &str) -> TcpStream {
    let mut stream = TcpStream::connect(home.listen()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream.write_all(format!("GET {head}\r\n\r\n").as_bytes()).unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        answer.push(byte[0]);
    }
    let answer = String::from_utf8_lossy(&answer).into_owned();
    assert!(answer.starts_with(status), "{answer}");
    stream
}

fn passes(from: &mut TcpStream, to: &mut TcpStream, words: &str) {
    from.write_all(words.as_bytes()).unwrap();
    let mut read = vec![0; words.len()];
    to.read_exact(&mut read).unwrap();
    assert_eq!(String::from_utf8_lossy(&read), words);
}

/// Told twice: the second signal ends the notice.
async fn told(home: &Home, program: &Program) {
    program.signal("TERM");
    program.logged("shutting down", 1).await;
    let ready = client().get(home.url("/ready")).send().await.unwrap();
    assert_eq!((ready.status().as_u16(), &ready.headers()["connection"]), (503, &"close".parse().unwrap()));
    program.signal("TERM");
    program.logged("draining", 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn streams_websockets_and_downloads_end_properly_and_the_process_with_the_last() {
    let mut hand = Hand::start().await;
    let origin = hand.base_url().trim_end_matches("/v1").to_owned();
    let socket = Server::start(
        "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n",
    );
    let file = Server::start("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n");
    let routes = format!(
        "server: {{ notice: 5m, grace: 5m }}
routes: [ {{ path: /socket/, cluster: socket }}, {{ path: /file/, cluster: file }} ]
clusters: {{ socket: {{ servers: [ '{}' ] }}, file: {{ servers: [ '{}' ] }} }}\n",
        socket.address, file.address
    );
    let mut home = Home::with(&yaml(&origin, "first", &routes));
    let mut program = home.serve(&[]).await;
    let (mut stream, live) = begin(&home, &mut hand, "first").await;
    let upgrade = "/socket/ HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
        sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==";
    let mut browser = through(&home, upgrade, "HTTP/1.1 101");
    let mut talker = socket.taken.join().unwrap();
    let mut reader = through(&home, "/file/ HTTP/1.1\r\nhost: x", "HTTP/1.1 200");
    let mut sender = file.taken.join().unwrap();
    passes(&mut sender, &mut reader, "5\r\nfirst\r\n");

    told(&home, &program).await;
    live.send(DONE);
    drop(live);
    assert!(rest_of(&mut stream).await.contains(DONE));
    passes(&mut browser, &mut talker, "is anybody there?");
    passes(&mut talker, &mut browser, "yes");
    passes(&mut sender, &mut reader, "6\r\nsecond\r\n");
    passes(&mut sender, &mut reader, "0\r\n\r\n");
    assert!(program.is_running(), "the process left its WebSocket alone");
    let last = Instant::now();
    drop((browser, talker));
    assert_eq!(program.ended().await, Some(0));
    assert!(last.elapsed() < PROMPT, "{:?}", last.elapsed());
}

#[tokio::test]
async fn a_stream_on_a_kept_connection_is_followed_by_one_more_request() {
    let mut hand = Hand::start().await;
    let origin = hand.base_url().trim_end_matches("/v1").to_owned();
    let mut home = Home::with(&yaml(&origin, "first", "server: { grace: 5m }\n"));
    let mut program = home.serve(&[]).await;
    let wire = client();
    let asked = wire.post(home.url("/v1/chat/completions")).bearer_auth(KEY);
    let opened = async {
        let live = hand.opened().await;
        live.send("{}");
        live
    };
    let (stream, live) = tokio::join!(asked.json(&chat_body("first", true)).send(), opened);
    let mut stream = stream.unwrap();
    program.signal("TERM");
    program.logged("draining", 1).await;
    live.send(&finish_chunk());
    live.send(DONE);
    drop(live);
    assert!(read_until(&mut stream, "\0").await.contains(DONE));
    // No other connection can be made: this one is the stream's.
    let after = wire.get(home.url("/ready")).send().await.unwrap();
    assert_eq!((after.status().as_u16(), &after.headers()["connection"]), (503, &"close".parse().unwrap()));
    assert_eq!(program.ended().await, Some(0));
}

#[tokio::test]
async fn an_interrupt_ends_the_wait() {
    let mut hand = Hand::start().await;
    let origin = hand.base_url().trim_end_matches("/v1").to_owned();
    let mut home = Home::with(&yaml(&origin, "first", "server: { grace: 5m }\n"));
    let mut program = home.serve(&[]).await;
    let (_stream, _live) = begin(&home, &mut hand, "first").await;
    program.signal("TERM");
    program.logged("draining", 1).await;
    program.signal("INT");
    assert_eq!(program.ended().await, Some(0));
}

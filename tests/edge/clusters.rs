//! Which server a request is given: slots, sessions, health, and what a reload keeps of them.

use crate::support::Gateway;
use crate::support::client;
use crate::support::read_head;
use crate::worker::Worker;
use futures_util::future::join_all;
use reqwest::Response;
use serde_json::Value;
use std::net::SocketAddr;
use std::time::Duration;
use std::time::Instant;
use tokio::io::AsyncReadExt;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

/// One route `/w/` to a cluster `work` of these servers with these settings.
fn yaml(servers: &[SocketAddr], settings: &str) -> String {
    let servers: Vec<String> = servers.iter().map(|server| format!("'{server}'")).collect();
    format!(
        "log: {{ format: json }}
routes: [ {{ name: work, path: /w/, cluster: work }} ]
clusters: {{ work: {{ servers: [ {} ], {settings} }} }}
",
        servers.join(", ")
    )
}

async fn get(gateway: &Gateway, path: &str) -> Response {
    client().get(gateway.url(path)).send().await.unwrap()
}

async fn status(gateway: &Gateway, path: &str) -> u16 {
    get(gateway, path).await.status().as_u16()
}

fn server(answer: &Response) -> String {
    answer.headers()["x-server"].to_str().unwrap().to_owned()
}

/// Whether a client was refused in such words.
async fn is_refused(answer: Response, words: &str) -> bool {
    let status = answer.status();
    let text = answer.text().await.unwrap();
    status == 503 && text.contains(words)
}

/// An address where nobody listens, yet.
fn free() -> SocketAddr {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

fn is_about(line: &str, status: &str, server: SocketAddr) -> bool {
    let line: Value = serde_json::from_str(line).unwrap_or_default();
    let text = line.to_string();
    text.contains(&format!("\"status\":\"{status}\"")) && text.contains(&server.to_string())
}

/// Asks until the answer is as it should be.
async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let late = Instant::now() + Duration::from_secs(10);
    while !is_so().await {
        assert!(Instant::now() < late, "never: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_of_one_slot_never_has_two_requests() {
    let workers = [Worker::start("a").await, Worker::start("b").await];
    let servers = [workers[0].address, workers[1].address];
    for balance in ["round_robin", "least_connections", "random", "hash", "random_two"] {
        let before = workers[0].count() + workers[1].count();
        let gateway = Gateway::start(&yaml(&servers, &format!("per_server: 1, balance: {balance}")));
        let asked = join_all((0..20).map(|_| status(&gateway, "/w/x"))).await;
        assert_eq!(asked, [200; 20], "{balance}");
        assert_eq!((workers[0].most(), workers[1].most()), (1, 1), "{balance}");
        assert_eq!(workers[0].count() + workers[1].count(), before + 20, "{balance}");
        gateway.metric_becomes("tollgate_server_in_flight", 0.0).await;
        assert_eq!(gateway.metric("tollgate_cluster_queued"), 0.0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_queue_refuses_and_who_leaves_it_makes_room() {
    let worker = Worker::start("a").await;
    worker.shut();
    let gateway = Gateway::start(&yaml(&[worker.address], "per_server: 1, queue: { size: 1, timeout: 10s }"));
    let url = gateway.url("/w/x");
    let first = tokio::spawn(client().get(&url).send());
    worker.has_seen(1).await;
    let second = tokio::spawn(client().get(&url).send());
    gateway.metric_becomes("tollgate_cluster_queued", 1.0).await;
    let third = get(&gateway, "/w/x").await;
    assert!(is_refused(third, "too many requests wait").await);
    second.abort();
    gateway.metric_becomes("tollgate_cluster_queued", 0.0).await;
    let fourth = tokio::spawn(client().get(&url).send());
    gateway.metric_becomes("tollgate_cluster_queued", 1.0).await;
    worker.open();
    for asked in [first, fourth] {
        assert_eq!(asked.await.unwrap().unwrap().status(), 200);
    }
    assert_eq!((worker.count(), worker.most()), (2, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_waits_too_long_is_told() {
    let worker = Worker::start("a").await;
    worker.shut();
    let gateway = Gateway::start(&yaml(&[worker.address], "per_server: 1, queue: { timeout: 100ms }"));
    let first = tokio::spawn(client().get(gateway.url("/w/x")).send());
    worker.has_seen(1).await;
    let second = get(&gateway, "/w/x").await;
    assert!(is_refused(second, "no server was free within 100ms").await);
    worker.open();
    assert_eq!(first.await.unwrap().unwrap().status(), 200);
}

#[tokio::test]
async fn a_session_stays_with_its_server_by_cookie() {
    let workers = [Worker::start("a").await, Worker::start("b").await];
    let servers = [workers[0].address, workers[1].address];
    let gateway = Gateway::start(&yaml(&servers, "sticky: { cookie: INSTANCEID }"));
    let first = get(&gateway, "/w/x").await;
    let set = first.headers()["set-cookie"].to_str().unwrap().to_owned();
    assert!(set.ends_with("; path=/; HttpOnly; SameSite=Lax"), "{set}");
    assert!(!set.contains("127"), "{set}");
    let cookie = format!("other=1; {}", set.split(';').next().unwrap());
    for _ in 0..6 {
        let again = client().get(gateway.url("/w/x")).header("cookie", &cookie).send().await.unwrap();
        assert_eq!(server(&again), server(&first));
        assert!(!again.headers().contains_key("set-cookie"), "it is known by now");
    }
    let stranger = client().get(gateway.url("/w/x")).header("cookie", "INSTANCEID=x").send().await.unwrap();
    assert!(stranger.headers().contains_key("set-cookie"));
    // Its server goes: the session goes elsewhere.
    let rest = if server(&first) == "a" { servers[1] } else { servers[0] };
    gateway.reconfigure(&yaml(&[rest], "sticky: { cookie: INSTANCEID }")).await;
    let moved = client().get(gateway.url("/w/x")).header("cookie", &cookie).send().await.unwrap();
    assert_ne!(server(&moved), server(&first));
    assert!(moved.headers().contains_key("set-cookie"));
}

#[tokio::test]
async fn a_session_stays_with_its_server_by_a_header_it_gave() {
    let workers = [Worker::start("a").await, Worker::start("b").await];
    let servers = [workers[0].address, workers[1].address];
    let sticky = "sticky: { header: Mcp-Session-Id }";
    let gateway = Gateway::start(&yaml(&servers, sticky));
    let mut opened = Vec::new();
    for session in ["s1", "s2"] {
        opened.push(server(&get(&gateway, &format!("/w/x?open={session}")).await));
    }
    assert_eq!(opened, ["a", "b"]);
    // Another configuration of the cluster knows the sessions still.
    gateway.reconfigure(&yaml(&servers, &format!("{sticky}, idle: 10s"))).await;
    for _ in 0..4 {
        for (session, opened) in ["s1", "s2"].iter().zip(&opened) {
            let ask = client().get(gateway.url("/w/x")).header("mcp-session-id", *session);
            assert_eq!(server(&ask.send().await.unwrap()), *opened);
        }
    }
}

#[tokio::test]
async fn a_session_waits_for_its_server() {
    let workers = [Worker::start("a").await, Worker::start("b").await];
    let servers = [workers[0].address, workers[1].address];
    let settings = "per_server: 1, sticky: { header: Mcp-Session-Id }";
    let gateway = Gateway::start(&yaml(&servers, settings));
    assert_eq!(server(&get(&gateway, "/w/x?open=s1").await), "a");
    workers[0].shut();
    let ask = || client().get(gateway.url("/w/x")).header("mcp-session-id", "s1").send();
    let busy = tokio::spawn(ask());
    workers[0].has_seen(2).await;
    let waits = tokio::spawn(ask());
    gateway.metric_becomes("tollgate_cluster_queued", 1.0).await;
    assert_eq!(server(&get(&gateway, "/w/x").await), "b", "whoever has no session does not wait");
    workers[0].open();
    for asked in [busy, waits] {
        assert_eq!(server(&asked.await.unwrap().unwrap()), "a");
    }
}

#[tokio::test]
async fn a_dead_server_is_left_out_and_comes_back() {
    let (dead, worker) = (free(), Worker::start("b").await);
    let gateway = Gateway::start(&yaml(&[dead, worker.address], "eject: { after: 2, for: 300ms }"));
    until("it is ejected", async || {
        assert_eq!(status(&gateway, "/w/x").await, 200, "another server is tried");
        gateway.metric("tollgate_cluster_ejections_total") > 0.0
    })
    .await;
    gateway.wait_for_log(|line| is_about(line, "unhealthy", dead)).await;
    assert!(gateway.metric("tollgate_route_retries_total{route=\"work\"}") >= 2.0);
    let back = Worker::start_at("a", dead).await;
    until("it is asked again", async || {
        assert_eq!(status(&gateway, "/w/x").await, 200);
        back.count() > 0
    })
    .await;
    gateway.wait_for_log(|line| is_about(line, "recovered", dead)).await;
    gateway.metric_becomes("tollgate_server_healthy", 2.0).await;
}

#[tokio::test]
async fn bad_answers_in_a_row_eject() {
    let (bad, good) = (Worker::start("bad").await, Worker::start("good").await);
    bad.answer_with(503);
    let settings = "eject: { after: 2, for: 1h }";
    let gateway = Gateway::start(&yaml(&[bad.address, good.address], settings));
    let mut seen = Vec::new();
    for _ in 0..10 {
        seen.push(status(&gateway, "/w/x").await);
    }
    gateway.wait_for_log(|line| is_about(line, "unhealthy", bad.address)).await;
    assert_eq!((bad.count(), good.count()), (2, 8), "{seen:?}");
    assert_eq!(gateway.metric("tollgate_route_requests_total{code=\"5xx\",route=\"work\"}"), 2.0);
}

#[tokio::test]
async fn when_all_are_dead_clients_are_told_until_one_is_back() {
    let dead = [free(), free()];
    let gateway = Gateway::start(&yaml(&dead, "eject: { after: 1, for: 1h }"));
    for _ in 0..4 {
        assert_eq!(status(&gateway, "/w/x").await, 502);
    }
    let _back = Worker::start_at("a", dead[0]).await;
    until("it is served again", async || status(&gateway, "/w/x").await == 200).await;
    let other = Worker::start_at("b", dead[1]).await;
    drop(other);
}

#[tokio::test]
async fn an_active_check_takes_a_failing_server_out_and_brings_it_back() {
    let (bad, good) = (Worker::start("bad").await, Worker::start("good").await);
    bad.answer_with(500);
    let check = "eject: off, check: { path: /health, interval: 30ms, timeout: 2s, rise: 2, fall: 2 }";
    let gateway = Gateway::start(&yaml(&[bad.address, good.address], check));
    gateway.wait_for_log(|line| is_about(line, "unhealthy", bad.address)).await;
    let before = bad.count();
    for _ in 0..6 {
        assert_eq!(server(&get(&gateway, "/w/x").await), "good");
    }
    assert_eq!(bad.count(), before);
    bad.answer_with(200);
    gateway.wait_for_log(|line| is_about(line, "recovered", bad.address)).await;
    let mut asked: Vec<String> = Vec::new();
    for _ in 0..2 {
        asked.push(server(&get(&gateway, "/w/x").await));
    }
    asked.sort();
    assert_eq!(asked, ["bad", "good"]);
}

#[tokio::test]
async fn a_check_may_be_a_mere_connection() {
    let (dead, worker) = (free(), Worker::start("b").await);
    let check = "eject: off, check: { tcp: true, interval: 30ms, fall: 1, rise: 1 }";
    let gateway = Gateway::start(&yaml(&[dead, worker.address], check));
    gateway.wait_for_log(|line| is_about(line, "unhealthy", dead)).await;
    let _back = Worker::start_at("a", dead).await;
    gateway.wait_for_log(|line| is_about(line, "recovered", dead)).await;
}

#[tokio::test]
async fn a_name_that_does_not_resolve_stops_nothing() {
    let worker = Worker::start("a").await;
    let gateway = Gateway::start(&format!(
        "routes: [ {{ path: /gone/, cluster: gone }}, {{ path: /w/, cluster: work }} ]
clusters:
  gone: {{ servers: [ 'nobody.invalid:80' ], resolve: 50ms }}
  work: {{ servers: [ 'localhost:{}' ] }}
",
        worker.address.port()
    ));
    assert_eq!(status(&gateway, "/w/x").await, 200, "it waits for the first look");
    let refused = get(&gateway, "/gone/x").await;
    assert!(is_refused(refused, "no server is there").await);
    gateway.wait_for_log(|line| line.contains("name does not resolve")).await;
    for _ in 0..3 {
        assert_eq!(status(&gateway, "/gone/x").await, 503);
    }
    let told = gateway.logs().iter().filter(|line| line.contains("name does not resolve")).count();
    assert_eq!(told, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upgraded_connection_holds_its_slot() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            tokio::spawn(upgraded(socket));
        }
    });
    let gateway = Gateway::start(&yaml(&[address], "per_server: 1, queue: { timeout: 100ms }"));
    let mut first = upgrade(&gateway).await;
    assert!(first.1.starts_with("HTTP/1.1 101"), "{}", first.1);
    first.0.write_all(b"ping").await.unwrap();
    let mut echoed = [0; 4];
    first.0.read_exact(&mut echoed).await.unwrap();
    assert_eq!(&echoed, b"ping");
    let second = upgrade(&gateway).await;
    assert!(second.1.starts_with("HTTP/1.1 503"), "{}", second.1);
    drop(first);
    gateway.metric_becomes("tollgate_server_in_flight", 0.0).await;
    let third = upgrade(&gateway).await;
    assert!(third.1.starts_with("HTTP/1.1 101"), "{}", third.1);
}

/// Says yes to an upgrade, and then says everything back.
async fn upgraded(mut socket: TcpStream) {
    read_head(&mut socket).await.unwrap();
    let yes = "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n";
    socket.write_all(yes.as_bytes()).await.unwrap();
    let (mut from, mut to) = socket.split();
    let _ = tokio::io::copy(&mut from, &mut to).await;
}

/// A connection that asks for an upgrade, and the head of the answer.
async fn upgrade(gateway: &Gateway) -> (TcpStream, String) {
    let mut socket = TcpStream::connect(gateway.address()).await.unwrap();
    let request = "GET /w/socket HTTP/1.1\r\nhost: a.test\r\nupgrade: websocket\r\nconnection: upgrade\r\n\
        sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    socket.write_all(request.as_bytes()).await.unwrap();
    let head = read_head(&mut socket).await.unwrap();
    (socket, head)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reload_keeps_slots_and_those_who_wait() {
    let worker = Worker::start("a").await;
    worker.shut();
    let gateway = Gateway::start(&yaml(&[worker.address], "per_server: 1, queue: { timeout: 20s }"));
    let url = gateway.url("/w/x");
    let first = tokio::spawn(client().get(&url).send());
    worker.has_seen(1).await;
    let second = tokio::spawn(client().get(&url).send());
    gateway.metric_becomes("tollgate_cluster_queued", 1.0).await;
    let changed = yaml(&[worker.address], "per_server: 1, queue: { timeout: 19s }, balance: random");
    gateway.reconfigure(&changed).await;
    assert_eq!(gateway.metric("tollgate_server_in_flight"), 1.0);
    let third = tokio::spawn(client().get(&url).send());
    gateway.metric_becomes("tollgate_cluster_queued", 2.0).await;
    worker.open();
    for asked in [first, second, third] {
        assert_eq!(asked.await.unwrap().unwrap().status(), 200);
    }
    assert_eq!((worker.count(), worker.most()), (3, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn near_clients_see_how_a_cluster_stands() {
    let worker = Worker::start("a").await;
    worker.shut();
    let settings = "per_server: 1, status: /__queue/status";
    let yaml = format!("trusted_proxies: [ 127.0.0.0/8 ]\n{}", yaml(&[worker.address], settings));
    let gateway = Gateway::start(&yaml);
    let first = tokio::spawn(client().get(gateway.url("/w/x")).send());
    worker.has_seen(1).await;
    let page: Value =
        serde_json::from_str(&get(&gateway, "/w/__queue/status").await.text().await.unwrap()).unwrap();
    assert_eq!((&page["status"], &page["num_replicas"]), (&"ok".into(), &1.into()));
    assert_eq!((&page["cluster"], &page["queued"]), (&"work".into(), &0.into()));
    let server = &page["servers"][0];
    assert_eq!((&server["state"], &server["in_flight"]), (&"healthy".into(), &1.into()), "{page}");
    assert_eq!(status(&gateway, "/w/__queue/health").await, 200);
    for page in ["status", "health"] {
        let url = gateway.url(&format!("/w/__queue/{page}"));
        let far = client().get(url).header("x-forwarded-for", "8.8.8.8").send().await.unwrap();
        assert_eq!(far.status(), 403);
    }
    worker.open();
    assert_eq!(first.await.unwrap().unwrap().status(), 200);
    assert_eq!(worker.count(), 1, "pages come from the gateway");
}

#[tokio::test]
async fn a_kept_connection_that_its_server_has_closed_is_no_failure() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        // Each connection takes one request, says it would take more, and closes on the second.
        while let Ok((mut socket, _)) = listener.accept().await {
            tokio::spawn(async move {
                read_head(&mut socket).await.unwrap();
                let answer = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
                socket.write_all(answer.as_bytes()).await.unwrap();
                read_head(&mut socket).await.unwrap();
            });
        }
    });
    let gateway = Gateway::start(&yaml(&[address], "eject: { after: 1, for: 1h }"));
    for _ in 0..6 {
        assert_eq!(status(&gateway, "/w/x").await, 200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_waits_with_its_request_and_leaves_with_its_client() {
    let worker = Worker::start("a").await;
    worker.shut();
    let gateway = Gateway::start(&yaml(&[worker.address], "per_server: 1"));
    let (url, body) = (gateway.url("/w/x"), "b".repeat(60_000));
    let post = || tokio::spawn(client().post(&url).body(body.clone()).send());
    let first = post();
    worker.has_seen(1).await;
    let leaves = post();
    gateway.metric_becomes("tollgate_cluster_queued", 1.0).await;
    leaves.abort();
    gateway.metric_becomes("tollgate_cluster_queued", 0.0).await;
    let second = post();
    gateway.metric_becomes("tollgate_cluster_queued", 1.0).await;
    worker.open();
    for asked in [first, second] {
        let answer = asked.await.unwrap().unwrap();
        assert_eq!(answer.headers()["x-bytes"], "60000");
    }
    let large = client().post(&url).body("b".repeat(3_000_000)).send().await.unwrap();
    assert_eq!(large.headers()["x-bytes"], "3000000");
    assert_eq!((worker.count(), worker.most()), (3, 1));
}

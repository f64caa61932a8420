//! The end of the process: what is under way is finished, what is not does not hold it up.

use crate::KEY;
use crate::begin;
use crate::rest_of;
use crate::status;
use crate::support::DONE;
use crate::support::Hand;
use crate::support::Home;
use crate::support::LiveStream;
use crate::support::Reply;
use crate::support::Vendor;
use crate::support::chat_body;
use crate::support::chunk;
use crate::support::client;
use crate::support::finish_chunk;
use crate::support::read_until;
use crate::yaml;
use std::net::TcpStream;
use std::time::Duration;
use std::time::Instant;

/// Much less than the grace period of these gateways, and much more than anybody needs.
const PROMPT: Duration = Duration::from_secs(10);

fn origin(hand: &Hand) -> String {
    hand.base_url().trim_end_matches("/v1").to_owned()
}

fn finish(live: LiveStream) {
    live.send(&chunk("last words"));
    live.send(&finish_chunk());
    live.send(DONE);
}

async fn ready(home: &Home) -> Option<u16> {
    let answer = client().get(home.url("/ready")).header("connection", "close").send().await;
    answer.ok().map(|answer| answer.status().as_u16())
}

#[tokio::test]
async fn an_idle_process_ends_at_once() {
    let vendor = Vendor::start(|_, _| Reply::chat("hello"));
    for signal in ["TERM", "INT"] {
        let mut home = Home::with(&yaml(vendor.base_url(), "first", ""));
        let mut program = home.serve(&[]).await;
        assert_eq!(status(&home, "first").await, 200);
        // A connection nobody uses, as load balancers and SDKs keep them.
        let _idle = TcpStream::connect(home.listen()).unwrap();
        let told = Instant::now();
        program.signal(signal);
        assert_eq!(program.ended().await, Some(0), "{signal}");
        assert!(told.elapsed() < PROMPT, "{signal}: {:?}", told.elapsed());
    }
}

#[tokio::test]
async fn a_live_stream_ends_properly_and_the_process_with_it() {
    let mut hand = Hand::start().await;
    let mut home = Home::with(&yaml(&origin(&hand), "first", ""));
    let mut program = home.serve(&[]).await;
    let (mut stream, live) = begin(&home, &mut hand, "first").await;
    program.signal("TERM");
    program.logged("draining", 1).await;
    let refused = client().get(home.url("/ready")).send().await;
    assert!(refused.is_err_and(|error| error.is_connect()), "a new connection is taken");
    live.send(&chunk("middle"));
    assert!(read_until(&mut stream, "middle").await.contains("middle"));
    assert!(program.is_running(), "the process left its stream alone");
    finish(live);
    let rest = rest_of(&mut stream).await;
    let told = Instant::now();
    assert!(rest.contains("last words") && rest.contains(DONE), "{rest}");
    assert_eq!(program.ended().await, Some(0));
    assert!(told.elapsed() < PROMPT, "{:?}", told.elapsed());
    let log = program.stderr();
    let access =
        log.lines().find(|line| line.contains("\"message\":\"request\"") && line.contains("\"stream\":true"));
    let access = access.unwrap_or_else(|| panic!("the last line is lost:\n{log}"));
    assert!(access.contains("\"status\":200") && !access.contains("\"error\""), "{access}");
}

#[tokio::test]
async fn a_stream_over_http2_arrives_to_its_last_byte() {
    let mut hand = Hand::start().await;
    let mut home = Home::with(&yaml(&origin(&hand), "first", ""));
    for _ in 0..5 {
        let mut program = home.serve(&[]).await;
        let http2 = reqwest::Client::builder().no_proxy().http2_prior_knowledge().build().unwrap();
        let request = http2.post(home.url("/v1/chat/completions")).bearer_auth(KEY);
        let asking = request.json(&chat_body("first", true)).send();
        let opening = async {
            let live = hand.opened().await;
            live.send(&chunk("first words"));
            live
        };
        let (stream, live) = tokio::join!(asking, opening);
        let mut stream = stream.unwrap();
        assert_eq!(stream.version(), reqwest::Version::HTTP_2);
        program.signal("TERM");
        program.logged("draining", 1).await;
        // More than one frame and more than a socket takes at once.
        live.send(&chunk(&"x".repeat(500_000)));
        finish(live);
        let rest = rest_of(&mut stream).await;
        assert!(rest.contains("last words") && rest.contains(DONE), "{} bytes came", rest.len());
        assert_eq!(program.ended().await, Some(0));
    }
}

#[tokio::test]
async fn with_notice_readiness_turns_off_while_requests_are_taken() {
    let vendor = Vendor::start(|_, _| Reply::chat("hello"));
    let mut home = Home::with(&yaml(vendor.base_url(), "first", "server: { notice: 20s }\n"));
    let mut program = home.serve(&[]).await;
    assert_eq!(ready(&home).await, Some(200));
    program.signal("TERM");
    program.logged("shutting down", 1).await;
    assert_eq!(ready(&home).await, Some(503));
    assert_eq!(status(&home, "first").await, 200, "a request that comes late is still answered");
    // A second signal ends the notice.
    program.signal("TERM");
    assert_eq!(program.ended().await, Some(0));
}

#[tokio::test]
async fn a_stream_that_outlasts_the_grace_period_is_cut_and_logged() {
    let mut hand = Hand::start().await;
    let mut home = Home::with(&yaml(&origin(&hand), "first", "server: { grace: 1s }\n"));
    let mut program = home.serve(&[]).await;
    let (mut stream, live) = begin(&home, &mut hand, "first").await;
    program.signal("TERM");
    assert_eq!(program.ended().await, Some(0));
    let rest = async {
        while stream.chunk().await?.is_some() {}
        Ok::<(), reqwest::Error>(())
    };
    assert!(rest.await.is_err(), "a cut is presented as an end");
    drop(live);
    let log = program.stderr();
    let access = log.lines().find(|line| line.contains("\"stream\":true")).unwrap_or_else(|| panic!("{log}"));
    assert!(access.contains("\"error\":\"aborted\""), "{access}");
}

#[tokio::test]
async fn no_line_of_the_log_is_lost_at_the_end() {
    let vendor = Vendor::start(|_, _| Reply::chat("hello"));
    let mut home = Home::with(&yaml(vendor.base_url(), "first", "log: { format: text }\n"));
    let mut program = home.serve(&[]).await;
    for _ in 0..50 {
        assert_eq!(status(&home, "first").await, 200);
    }
    program.signal("TERM");
    assert_eq!(program.ended().await, Some(0));
    let lines = program.stderr().matches("INFO request ").count();
    // `GET /ready` is asked as often as it takes to start.
    let ours = program.stderr().matches("path=/v1/chat/completions").count();
    assert!(ours == 50 && lines > 50, "{ours} of 50 lines, {lines} in all");
}

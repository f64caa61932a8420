//! Providers of other dialects that misbehave on the wire: what their clients are told, and what is charged.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use serde_json::Value;
use serde_json::json;
use support::Gateway;
use support::KEY;
use support::Reply;
use support::Request;
use support::Vendor;
use support::chat_body;
use support::chat_request;

/// A gateway with this provider alone, which is asked once.
fn gateway(failover: &str, provider: &str) -> Gateway {
    Gateway::start(&format!(
        "cache: {{ exact: {{ ttl: 0 }} }}
log: {{ format: json }}
failover: {{ {failover}, check_interval: off, retry_max: 0 }}
providers:
{provider}
keys: [ {{ name: app, key: '{KEY}' }} ]
"
    ))
}

fn anthropic(vendor: &Vendor) -> String {
    format!(
        "  anthropic: {{ base_url: '{}', api_key: k-anthropic-0123, models: [ claude ], check: false }}",
        vendor.base_url()
    )
}

/// A stream of Anthropic's up to its fourth word. It says in the beginning what it has counted till then.
fn four_words() -> Reply {
    let usage = json!({ "input_tokens": 11, "output_tokens": 1 });
    let start = json!({ "type": "message_start", "message": { "id": "msg_1", "type": "message", "role": "assistant",
        "model": "claude", "content": [], "stop_reason": null, "stop_sequence": null, "usage": usage } });
    let open =
        json!({ "type": "content_block_start", "index": 0, "content_block": { "type": "text", "text": "" } });
    let say = |text: &str| json!({ "type": "content_block_delta", "index": 0, "delta": { "type": "text_delta", "text": text } });
    let events = [start, open, say("one "), say("two "), say("three "), say("four ")];
    events.iter().fold(Reply::sse_head(), |reply, event| reply.event(&event.to_string()))
}

fn ollama(vendor: &Vendor) -> String {
    format!("  ollama: {{ base_url: '{}', models: [ llama ], check: false }}", vendor.base_url())
}

/// Empty lines without a pause, more of them than can be read in a moment.
fn empty_lines() -> Reply {
    let line = "\n".repeat(1 << 20);
    (0..64).fold(Reply::head(200, &[("content-type", "application/x-ndjson")]), |reply, _| reply.bytes(&line))
}

/// More text than the event that says all of it again may hold.
fn seventeen_mebibytes() -> Reply {
    let text = "x".repeat(1 << 20);
    let say =
        json!({ "type": "content_block_delta", "index": 0, "delta": { "type": "text_delta", "text": text } });
    let stop = json!({ "type": "message_stop" });
    (0..17).fold(four_words(), |reply, _| reply.event(&say.to_string())).event(&stop.to_string()).end()
}

async fn charged(gateway: &Gateway) -> Value {
    let line = gateway.wait_for_log(|line| line.contains("\"tokens_output\"")).await;
    serde_json::from_str(&line).unwrap()
}

#[tokio::test]
async fn what_a_stream_had_said_before_it_broke_off_is_charged() {
    let vendor = Vendor::start(|_, _: &Request| four_words().then(support::Step::Close));
    let gateway = gateway("between_events: 5s", &anthropic(&vendor));
    let answer = support::ask(&gateway, &chat_body("claude", true)).await;
    assert_eq!(answer.text(), "one two three four ");
    assert_ne!(answer.events().last().map(String::as_str), Some(support::DONE));
    let line = charged(&gateway).await;
    assert_eq!((&line["tokens_input"], &line["tokens_output"]), (&json!(11), &json!(4)), "{line}");
}

#[tokio::test]
async fn what_a_stream_had_said_before_its_client_left_is_charged() {
    let vendor = Vendor::start(|_, _: &Request| four_words().then(support::Step::Hang));
    let gateway = gateway("between_events: 60s", &anthropic(&vendor));
    let mut client = support::Wire::to(gateway.address()).await;
    client.send(chat_request(KEY, &chat_body("claude", true).to_string())).await;
    client.read_until("four ").await;
    client.reset();
    vendor.wait_for_closed(1).await;
    let line = charged(&gateway).await;
    assert_eq!((&line["status"], &line["tokens_input"]), (&json!(499), &json!(11)), "{line}");
    assert_eq!(line["tokens_output"], 4, "{line}");
}

#[tokio::test]
async fn a_flood_of_nothing_ends_in_time() {
    let vendor = Vendor::start(|_, _: &Request| empty_lines());
    let gateway = gateway("first_event: 50ms", &ollama(&vendor));
    let answer = support::ask(&gateway, &chat_body("llama", true)).await;
    assert_eq!(answer.status, 503, "{}", answer.text());
    gateway.wait_for_log(|line| line.contains("\"outcome\":\"timeout\"")).await;
}

/// A vendor that promises a stream on a host of somebody else's, and has the answer when it is asked for it.
fn promising(request: &Request) -> Reply {
    let at = format!("http://{}/predictions/1", request.header("host").unwrap());
    let urls = json!({ "get": at, "cancel": format!("{at}/cancel"), "stream": "http://127.0.0.9:1/stream" });
    let (status, output) = match request.method.as_str() {
        "POST" => ("starting", Value::Null),
        _ => ("succeeded", json!(["fetched"])),
    };
    Reply::json(201, json!({ "id": "1", "model": "m", "status": status, "output": output, "urls": urls }))
}

#[tokio::test]
async fn a_stream_on_a_strange_host_is_fetched_instead() {
    let vendor = Vendor::start(|_, request| promising(request));
    let provider = format!(
        "  replicate: {{ base_url: '{}', api_key: k-replicate-0123, models: [ a/m ], check: false }}",
        vendor.base_url()
    );
    let gateway = gateway("first_event: 5s", &provider);
    let answer = support::ask(&gateway, &chat_body("replicate/a/m", true)).await;
    assert_eq!((answer.status, answer.text().as_str()), (200, "fetched"));
    let asked: Vec<String> = vendor.requests().into_iter().map(|request| request.path).collect();
    assert_eq!(asked, ["/models/a/m/predictions", "/predictions/1"]);
}

#[tokio::test]
async fn words_that_one_target_lacks_are_no_fault_while_another_is_down() {
    let down = Vendor::start(|_, _: &Request| Reply::json(503, json!({ "error": { "message": "down" } })));
    let other = Vendor::start(|_, _: &Request| Reply::silent());
    let gateway = Gateway::start(&format!(
        "strict: true
failover: {{ check_interval: off }}
providers:
{}{}
groups: {{ both: {{ order: as-written, members: [ down/m, anthropic/claude ] }} }}
keys: [ {{ name: app, key: '{KEY}' }} ]
",
        support::provider("down", down.base_url()),
        anthropic(&other)
    ));
    let mut body = chat_body("both", false);
    body["logit_bias"] = json!({ "1": 2 });
    let answer = support::ask(&gateway, &body).await;
    assert_eq!((answer.status, other.count()), (503, 0), "{}", answer.json());
    body["model"] = json!("anthropic/claude");
    body["X"] = json!(1);
    let answer = support::ask_with(&gateway, &body, &[("x-failover", "off")]).await;
    assert_eq!(answer.status, 400, "{}", answer.json());
}

#[tokio::test]
async fn an_answer_from_the_cache_can_be_gone_on_from_though_it_was_deleted() {
    let vendor = Vendor::start(|_, request| Reply::answer(request, "hello"));
    let gateway = Gateway::start(&format!(
        "failover: {{ check_interval: off }}\nproviders:\n{}keys: [ {{ name: app, key: '{KEY}' }} ]\n",
        support::provider("chat", vendor.base_url())
    ));
    let http = support::client();
    let call = async |method: reqwest::Method, path: &str, body: Option<Value>| {
        let request = http.request(method, gateway.url(path)).bearer_auth(KEY);
        let request = body.iter().fold(request, |request, body| request.json(body));
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.json::<Value>().await.unwrap())
    };
    let question = || Some(json!({ "model": "m", "input": "hi" }));
    let (_, first) = call(reqwest::Method::POST, "/v1/responses", question()).await;
    let id = first["id"].as_str().unwrap();
    let path = format!("/v1/responses/{id}");
    assert_eq!(call(reqwest::Method::DELETE, &path, None).await.0, 200);
    assert_eq!(call(reqwest::Method::GET, &path, None).await.0, 404);
    let (_, again) = call(reqwest::Method::POST, "/v1/responses", question()).await;
    assert_eq!((again["id"].as_str(), vendor.count()), (Some(id), 1), "the cache did not answer");
    let next = json!({ "model": "m", "input": "and?", "previous_response_id": id });
    let (status, answer) = call(reqwest::Method::POST, "/v1/responses", Some(next)).await;
    assert_eq!(status, 200, "{answer}");
}

#[tokio::test]
async fn an_answer_that_is_said_twice_is_not_kept_without_bound() {
    let vendor = Vendor::start(|_, _: &Request| seventeen_mebibytes());
    let gateway = gateway("between_events: 60s", &anthropic(&vendor));
    let asked = support::client().post(gateway.url("/v1/responses")).bearer_auth(KEY);
    let asked = asked.json(&json!({ "model": "claude", "input": "hi", "stream": true })).send();
    let text = asked.await.unwrap().text().await.unwrap();
    assert!(!text.contains("event: response.completed"), "all of it was kept");
    assert!(text.contains("event: response.failed"), "{}", &text[text.len() - 300..]);
}

#[tokio::test]
async fn a_hit_tells_what_was_left_out_as_the_miss_did() {
    let vendor = Vendor::start(|_, _: &Request| {
        let usage = json!({ "input_tokens": 3, "output_tokens": 1 });
        let content = json!([{ "type": "text", "text": "hello" }]);
        Reply::json(
            200,
            json!({ "id": "msg_1", "type": "message", "role": "assistant", "model": "claude", "content": content,
                "stop_reason": "end_turn", "stop_sequence": null, "usage": usage }),
        )
    });
    let gateway = Gateway::start(&format!(
        "failover: {{ check_interval: off }}\nproviders:\n{}\nkeys: [ {{ name: app, key: '{KEY}' }} ]\n",
        anthropic(&vendor)
    ));
    let mut body = chat_body("claude", false);
    body["logit_bias"] = json!({ "1": 2 });
    for (stream, cache) in [(false, "MISS"), (false, "HIT"), (true, "HIT")] {
        body["stream"] = json!(stream);
        let answer = support::ask(&gateway, &body).await;
        assert_eq!(answer.header("x-cache"), Some(cache));
        assert_eq!(answer.header("x-dropped-params"), Some("logit_bias"), "{cache}");
    }
}

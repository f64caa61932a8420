//! Nothing leaks: no key, no prompt and no answer in any log line, and no key in any answer.

use crate::*;
use support::Request;
use support::request;

const PROMPT: &str = "prompt-marker-7f3a";
const ANSWER: &str = "answer-marker-9c1d";
const WRONG_KEY: &str = "tg-wrong-key-marker-5b2e";

#[tokio::test]
async fn no_secret_stands_in_a_log_line_or_a_refusal() {
    for (format, level) in [("json", "info"), ("text", "trace")] {
        let log = format!("log: {{ format: {format}, level: {level} }}\nlimits:");
        let stage = Stage::before(Vendor::start(|_, request| telltale(request)), &[("limits:", &log)]);
        let bodies = talk(&stage).await;
        for secret in [KEY, NARROW_KEY, PROVIDER_KEY, WRONG_KEY] {
            assert!(!bodies.contains(secret), "{secret} came back to a client");
        }
        for said in ["*** is not good for", "no provider could answer"] {
            assert!(bodies.contains(said), "nobody was told `{said}`: {bodies}");
        }
        stage.gateway.wait_for_log(|line| line.contains("499")).await;
        for line in stage.gateway.logs() {
            for secret in [KEY, NARROW_KEY, PROVIDER_KEY, WRONG_KEY, PROMPT, ANSWER] {
                assert!(!line.contains(secret), "{secret} at level {level} in: {line}");
            }
        }
    }
}

/// A vendor that repeats in its errors what it was sent, as some do.
fn telltale(request: &Request) -> Reply {
    let authorization = request.header("authorization").unwrap_or_default().to_owned();
    let model = request.json()["model"].as_str().unwrap_or_default().to_owned();
    let words = format!("{authorization} is not good for {PROMPT}");
    let error = serde_json::json!({ "error": { "message": words, "type": "invalid_request_error" } });
    match model.as_str() {
        "refuse" => Reply::json(400, error),
        "reject" => Reply::json(401, error),
        "fail" => Reply::json(500, error),
        "in-band" => Reply::json(200, error),
        "break" => Reply::sse_head().event(&support::chunk(ANSWER)).event(&error.to_string()).end(),
        _ => Reply::chat(ANSWER),
    }
}

/// Says everything a client can say wrong, and returns what it heard.
async fn talk(stage: &Stage) -> String {
    let good = GOOD.replace("hello", PROMPT);
    let query = format!("/v1/chat/completions?api_key={KEY}&q={PROMPT}");
    let path = format!("/v1/{WRONG_KEY}");
    let broken = good.replace("}]}", "}]");
    let nonsense = format!("\"{PROMPT}");
    let of_vendor =
        |model: &str| chat_request(KEY, &good.replace("\"chat\"", &format!("\"vendor/{model}\"")));
    let broken_stream = good.replacen("\"chat\"", "\"vendor/break\",\"stream\":true", 1);
    let unframed =
        |line: &str| format!("POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nx-api-key: {KEY}\r\n{line}");
    let mut heard = Vec::new();
    for bytes in [
        chat_request(KEY, &good),
        chat_request(KEY, &good.replacen('{', "{\"stream\":true,", 1)),
        of_vendor("refuse"),
        of_vendor("in-band"),
        chat_request(KEY, &broken_stream),
        of_vendor("fail"),
        of_vendor("reject"),
        chat_request(WRONG_KEY, &good),
        chat_request(NARROW_KEY, &good.replace("chat", "chat-large")),
        chat_request(KEY, &broken),
        chat_request(KEY, &nonsense),
        chat_request(KEY, &good.replace("\"user\"", &format!("[\"{PROMPT}\"]"))),
        request("POST", &query, KEY, &[], &good),
        request("GET", &path.replace(WRONG_KEY, "nothing"), WRONG_KEY, &[("x-request-id", "a b")], ""),
        unframed(&format!("x-bad: \0{PROMPT}\r\n\r\n")).into_bytes(),
        unframed(&format!("{WRONG_KEY}\r\n\r\n")).into_bytes(),
        unframed("content-length: 5, 6\r\n\r\n12345").into_bytes(),
        unframed(&format!("transfer-encoding: chunked\r\n\r\nzz{PROMPT}\r\n")).into_bytes(),
        unframed(&format!("x-{}: y\r\n\r\n", PROMPT.repeat(100_000))).into_bytes(),
    ] {
        let mut client = stage.connect().await;
        client.try_send(bytes).await.ok();
        let answer = client.answer().await;
        heard.push(format!("{:?} {}", answer.headers, answer.text()));
    }
    let last = request("POST", "/v1/chat/completions", KEY, &[("x-request-id", "the-last-one")], &good);
    heard.push(stage.connect().await.ask(last).await.text());
    let mut left = stage.connect().await;
    left.send(unframed(&format!("content-length: 500\r\n\r\n{good}"))).await;
    drop(left);
    heard.concat()
}

//! Request bodies that are no requests.

use crate::*;
use support::request;

/// Body of a chat request, and the `param` of its refusal.
const CHAT: &[(&str, Option<&str>)] = &[
    ("", None),
    ("nonsense", None),
    (r#"{"model":"chat","messages":[{"role":"user","content":"hel"#, None),
    (r#"{"model":"chat","messages":[{"role":"user"}]"#, None),
    (r#"{"model":"chat","messages":[{"role":"user"}]} {}"#, None),
    (r#"{"model":"chat","messages":[{"role":"user"}],}"#, None),
    ("{'model':'chat'}", None),
    ("[]", None),
    ("null", None),
    ("\"chat\"", None),
    ("{}", Some("model")),
    (r#"{"messages":[{"role":"user"}]}"#, Some("model")),
    (r#"{"model":null,"messages":[{"role":"user"}]}"#, Some("model")),
    (r#"{"model":7,"messages":[{"role":"user"}]}"#, Some("model")),
    (r#"{"model":["chat"],"messages":[{"role":"user"}]}"#, Some("model")),
    (r#"{"model":"","messages":[{"role":"user"}]}"#, Some("model")),
    (r#"{"model":"\ud800","messages":[{"role":"user"}]}"#, Some("model")),
    (r#"{"model":"chat"}"#, Some("messages")),
    (r#"{"model":"chat","messages":null}"#, Some("messages")),
    (r#"{"model":"chat","messages":"hello"}"#, Some("messages")),
    (r#"{"model":"chat","messages":{"role":"user"}}"#, Some("messages")),
    (r#"{"model":"chat","messages":[]}"#, Some("messages")),
    (r#"{"model":"chat","messages":["hello"]}"#, Some("messages")),
    (r#"{"model":"chat","messages":[null]}"#, Some("messages")),
    (r#"{"model":"chat","messages":[{}]}"#, Some("messages")),
    (r#"{"model":"chat","messages":[{"role":7}]}"#, Some("messages")),
    (r#"{"model":"chat","messages":[{"role":""}]}"#, Some("messages")),
    (r#"{"model":"chat","messages":[{"role":"user"}],"stream":"yes"}"#, Some("stream")),
    (r#"{"model":"chat","messages":[{"role":"user"}],"stream":1}"#, Some("stream")),
    (r#"{"model":"chat","messages":[{"role":"user"}],"stream_options":[]}"#, Some("stream_options")),
    (
        r#"{"model":"chat","messages":[{"role":"user"}],"stream_options":{"include_usage":1}}"#,
        Some("stream_options"),
    ),
    (r#"{"model":"chat","messages":[{"role":"user"}],"max_tokens":"9"}"#, Some("max_tokens")),
    (r#"{"model":"chat","messages":[{"role":"user"}],"max_tokens":-1}"#, Some("max_tokens")),
    (
        r#"{"model":"chat","messages":[{"role":"user"}],"max_completion_tokens":1.5}"#,
        Some("max_completion_tokens"),
    ),
    (r#"{"model":"chat","messages":[{"role":"user"}],"n":"2"}"#, Some("n")),
    (r#"{"model":"chat","model":"chat","messages":[{"role":"user"}]}"#, Some("model")),
    (r#"{"model":"chat","messages":[{"role":"user"}],"messages":[]}"#, Some("messages")),
    (r#"{"model":"chat","messages":[{"role":"user"}],"stream":true,"stream":false}"#, Some("stream")),
];

const OTHERS: &[(&str, &str, &str)] = &[
    ("/v1/completions", r#"{"model":"chat"}"#, "prompt"),
    ("/v1/completions", r#"{"model":"chat","prompt":7}"#, "prompt"),
    ("/v1/completions", r#"{"prompt":"a"}"#, "model"),
    ("/v1/embeddings", r#"{"model":"chat"}"#, "input"),
    ("/v1/embeddings", r#"{"model":"chat","input":[]}"#, "input"),
    ("/v1/embeddings", r#"{"model":"chat","input":{}}"#, "input"),
    ("/v1/embeddings", r#"{"input":"a"}"#, "model"),
];

#[tokio::test]
async fn a_bad_body_is_refused_with_the_name_of_its_field() {
    let stage = Stage::set();
    let mut client = stage.connect().await;
    for (body, param) in CHAT {
        let error = refusal(&client.ask(chat_request(KEY, body)).await, 400, body);
        assert_eq!(error["param"].as_str(), *param, "{body}: {error}");
        assert_eq!(error["type"], "invalid_request_error", "{body}");
        if let Some(param) = param {
            assert!(error["message"].as_str().unwrap().contains(param), "{body}: {error}");
        }
    }
    for (path, body, param) in OTHERS {
        let error = refusal(&client.ask(request("POST", path, KEY, &[], body)).await, 400, body);
        assert_eq!(error["param"], *param, "{path} {body}: {error}");
    }
    assert_eq!(stage.vendor.count(), 0, "a refused request reached the vendor");
    assert_eq!(client.ask(chat_request(KEY, GOOD)).await.status, 200, "the connection is still good");
}

#[tokio::test]
async fn a_post_without_any_body_is_refused() {
    let stage = Stage::set();
    let mut client = stage.connect().await;
    let head = format!("POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nx-api-key: {KEY}\r\n\r\n");
    refusal(&client.ask(&head).await, 400, "no body");
    assert_eq!(client.ask(chat_request(KEY, GOOD)).await.status, 200);
}

#[tokio::test]
async fn bytes_that_are_no_utf_8_are_refused_wherever_they_stand() {
    let stage = Stage::set();
    let mut client = stage.connect().await;
    let bodies: [&[u8]; 4] = [
        b"{\"model\":\"\xff\",\"messages\":[{\"role\":\"user\"}]}",
        b"{\"model\":\"chat\",\"messages\":[{\"role\":\"user\",\"content\":\"\xc3\x28\"}]}",
        b"{\"model\":\"chat\",\"messages\":[{\"role\":\"user\"}],\"user\":\"\xed\xa0\x80\"}",
        b"\xff\xfe{\0}\0",
    ];
    for body in bodies {
        let head = format!(
            "POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nx-api-key: {KEY}\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        let answer = client.ask([head.as_bytes(), body].concat()).await;
        refusal(&answer, 400, &String::from_utf8_lossy(body));
    }
    assert_eq!(client.ask(chat_request(KEY, GOOD)).await.status, 200);
}

/// A hundred thousand levels, closed again, as the value of a field that takes part in nothing, or in everything.
#[tokio::test]
async fn a_nesting_bomb_is_refused_or_passed_on_as_it_is() {
    let stage = Stage::with(&[("64KiB", "1MiB"), ("ttl: 0", "ttl: 60")]);
    let mut client = stage.connect().await;
    let (open, closed) = ("[".repeat(100_000), "]".repeat(100_000));
    let lists = format!("{open}{closed}");
    let objects = format!("{}0{}", "{\"a\":".repeat(100_000), "}".repeat(100_000));
    let torn = open.clone();
    for bomb in [&lists, &objects, &torn] {
        let bodies = [
            bomb.clone(),
            format!(r#"{{"model":"chat","messages":{bomb}}}"#),
            format!(r#"{{"model":"chat","messages":[{{"role":"user","content":{bomb}}}]}}"#),
            format!(r#"{{"model":"chat","messages":[{{"role":{bomb}}}]}}"#),
            format!(r#"{{"model":{bomb},"messages":[{{"role":"user"}}]}}"#),
            format!(r#"{{"model":"chat","messages":[{{"role":"user"}}],"metadata":{bomb}}}"#),
            format!(r#"{{"model":"chat","messages":[{{"role":"user"}}],"stream_options":{bomb}}}"#),
            format!(r#"{{"model":"chat","messages":[{{"role":"user"}}],"temperature":{bomb}}}"#),
        ];
        for body in bodies {
            let case = format!("{}…{}", &body[..60], body.len());
            let before = stage.vendor.count();
            let answer = client.ask(chat_request(KEY, &body)).await;
            if answer.status != 200 {
                refusal(&answer, 400, &case);
                continue;
            }
            let sent = stage.vendor.requests().split_off(before).remove(0).body;
            let sent = String::from_utf8(sent).unwrap();
            assert_eq!(sent, body.replacen("\"chat\"", "\"small\"", 1), "{case}");
        }
    }
    stage.is_alive("nesting bombs").await;
}

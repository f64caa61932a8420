//! Which requests are the same, and whose.

use crate::*;

#[tokio::test]
async fn key_order_and_white_space_do_not_matter() {
    let stage = Stage::set("ttl: 60", number);
    let first = with(
        BODY,
        r#""temperature":0.5,"tools":[{"type":"function","function":{"name":"f","parameters":{"a":1,"b":[1,2]}}}]"#,
    );
    assert_eq!(said(&stage.ask(&first).await), "MISS");
    let same = [
        first.clone(),
        format!("  {first}\n"),
        r#"{"messages":[{"content":"hello","role":"user"}],"tools":[{"function":{"parameters":{"b":[1,2],"a":1},"name":"f"},"type":"function"}],"temperature":0.5,"model":"chat"}"#.to_owned(),
        serde_json::to_string_pretty(&serde_json::from_str::<Value>(&first).unwrap()).unwrap(),
        first.replace("hello", "h\\u0065llo"),
        with(&first, r#""stream":false"#),
        with(&first, r#""stream":false,"stream_options":null"#),
    ];
    for body in same {
        let answer = stage.ask(&body).await;
        assert_eq!((said(&answer), content(&answer).as_str()), ("HIT", "answer 0"), "{body}");
    }
    assert_eq!(stage.vendor.count(), 1);
}

#[tokio::test]
async fn whatever_changes_the_answer_is_another_request() {
    let stage = Stage::set("ttl: 60", number);
    assert_eq!(said(&stage.ask(BODY).await), "MISS");
    let mut others = vec![
        BODY.replace("hello", "Hello"),
        BODY.replace("hello", "hello "),
        BODY.replace("user", "system"),
        BODY.replace(r#""content":"hello""#, r#""content":[{"type":"text","text":"hello"}]"#),
        BODY.replace(r#""content":"hello""#, r#""content":"hello","name":"bob""#),
        BODY.replace(r#"[{"role""#, r#"[{"role":"system","content":"be brief"},{"role""#),
        BODY.replace("\"chat\"", "\"other\""),
        BODY.replace("\"chat\"", "\"vendor/small\""),
    ];
    let fields = [
        r#""temperature":0"#,
        r#""temperature":0.0"#,
        r#""temperature":1"#,
        r#""top_p":0.5"#,
        r#""seed":1"#,
        r#""seed":2"#,
        r#""max_tokens":10"#,
        r#""max_completion_tokens":10"#,
        r#""n":2"#,
        r#""stop":"x""#,
        r#""stop":["x"]"#,
        r#""logprobs":true"#,
        r#""presence_penalty":1"#,
        r#""frequency_penalty":1"#,
        r#""logit_bias":{"1":1}"#,
        r#""tools":[]"#,
        r#""tool_choice":"none""#,
        r#""parallel_tool_calls":false"#,
        r#""response_format":{"type":"json_object"}"#,
        r#""reasoning_effort":"low""#,
        r#""user":"bob""#,
        r#""a_field_of_a_vendor":1"#,
    ];
    others.extend(fields.iter().map(|field| with(BODY, field)));
    for body in &others {
        let answer = stage.ask(body).await;
        assert_eq!(said(&answer), "MISS", "{body}");
        assert_ne!(content(&answer), "answer 0", "{body}");
    }
    assert_eq!(stage.vendor.count(), others.len() + 1);
    for body in &others {
        assert_eq!(said(&stage.ask(body).await), "HIT", "{body}");
    }
}

#[tokio::test]
async fn a_key_is_never_answered_with_what_another_has_asked() {
    let stage = Stage::set("ttl: 60", number);
    let path = "/v1/chat/completions";
    for (key, expected, text) in [
        (KEY, "MISS", "answer 0"),
        (OTHER_KEY, "MISS", "answer 1"),
        (KEY, "HIT", "answer 0"),
        (OTHER_KEY, "HIT", "answer 1"),
    ] {
        let answer = stage.ask_at(path, key, BODY).await;
        assert_eq!((said(&answer), content(&answer).as_str()), (expected, text), "{key}");
    }
}

#[tokio::test]
async fn a_key_that_is_named_like_those_without_a_key_shares_nothing_with_them() {
    let vendor = Vendor::start(number);
    let gateway = Gateway::start(&format!(
        "auth: {{ keys: open }}\nfailover: {{ check_interval: off }}\nproviders:\n{}models: {{ chat: vendor/m }}\n\
         keys: [ {{ name: anyone, key: {KEY} }} ]\n",
        support::provider("vendor", vendor.base_url())
    ));
    for (key, expected, text) in [
        ("of-nobody", "MISS", "answer 0"),
        (KEY, "MISS", "answer 1"),
        ("of-nobody", "HIT", "answer 0"),
        (KEY, "HIT", "answer 1"),
    ] {
        let mut client = Wire::to(gateway.address()).await;
        let answer = client.ask(request("POST", "/v1/chat/completions", key, &[], BODY)).await;
        assert_eq!((said(&answer), content(&answer).as_str()), (expected, text), "{key}");
    }
}

#[tokio::test]
async fn each_endpoint_has_answers_of_its_own() {
    let embedding = serde_json::json!({ "object": "list", "model": "m", "usage": { "prompt_tokens": 1, "total_tokens": 1 },
        "data": [{ "object": "embedding", "index": 0, "embedding": [0.5] }] });
    let text = serde_json::json!({ "id": "c", "object": "text_completion", "created": 1, "model": "m",
        "choices": [{ "index": 0, "text": "ab", "finish_reason": "stop", "logprobs": null }] });
    let stage = Stage::set("ttl: 60", move |n, request| match request.path.as_str() {
        "/v1/embeddings" => Reply::json(200, embedding.clone()),
        "/v1/completions" => Reply::json(200, text.clone()),
        _ => number(n, request),
    });
    let body = r#"{"model":"chat","messages":[{"role":"user","content":"a"}],"prompt":"a","input":"a"}"#;
    for expected in ["MISS", "HIT"] {
        for (path, field) in [
            ("chat/completions", "chat.completion"),
            ("completions", "text_completion"),
            ("embeddings", "list"),
        ] {
            let answer = stage.ask_at(&format!("/v1/{path}"), KEY, body).await;
            assert_eq!((said(&answer), &answer.json()["object"]), (expected, &field.into()), "{path}");
        }
    }
    assert_eq!(
        said(&stage.ask_at("/embeddings", KEY, body).await),
        "HIT",
        "with and without /v1 is the same"
    );
}

#[tokio::test]
async fn the_betas_that_a_client_names_are_part_of_its_request() {
    let message = |number: usize| {
        serde_json::json!({ "id": "msg_1", "type": "message", "role": "assistant", "model": "m",
            "content": [{ "type": "text", "text": format!("answer {number}") }], "stop_reason": "end_turn",
            "stop_sequence": null, "usage": { "input_tokens": 1, "output_tokens": 2 } })
    };
    let vendor = Vendor::start(move |number, _| Reply::json(200, message(number)));
    let gateway = Gateway::start(&format!(
        "
failover: {{ check_interval: off, retry_max: 0 }}
providers:
  vendor: {{ kind: anthropic, base_url: '{}/v1', api_key: k-vendor-0123, check: false }}
models: {{ chat: vendor/m }}
keys: [ {{ name: app, key: {KEY} }} ]
",
        vendor.base_url()
    ));
    let body = r#"{"model":"chat","max_tokens":9,"messages":[{"role":"user","content":"hi"}]}"#;
    let named: [(&[(&str, &str)], &str); 4] = [
        (&[], "MISS"),
        (&[("anthropic-beta", "one,two"), ("x-private", "mine")], "MISS"),
        (&[("anthropic-beta", "one,two")], "HIT"),
        (&[], "HIT"),
    ];
    for (headers, expected) in named {
        let mut client = Wire::to(gateway.address()).await;
        let answer = client.ask(request("POST", "/v1/messages", KEY, headers, body)).await;
        assert_eq!(said(&answer), expected, "{headers:?}");
    }
    let heard: Vec<_> =
        vendor.requests().iter().map(|r| r.header("anthropic-beta").map(str::to_owned)).collect();
    assert_eq!(heard, [None, Some("one,two".to_owned())]);
    assert!(vendor.requests().iter().all(|request| request.header("x-private").is_none()));
}

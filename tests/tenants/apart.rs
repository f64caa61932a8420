//! One tenant never reads another's cache, answers in flight, stored answers, conversations or names.

use crate::*;

const CACHED: &str = "cache: { exact: { ttl: 60 } }\n";

/// An answer that no other request is given.
fn number(number: usize, _: &Request) -> Reply {
    Reply::chat(&format!("answer {number}"))
}

#[tokio::test]
async fn cached_answers_are_shared_within_a_tenant_and_no_further() {
    let stage = Stage::with(CACHED, number);
    for (key, cache, text) in [
        (A1, "MISS", "answer 0"),
        (A1, "HIT", "answer 0"),
        (A2, "HIT", "answer 0"),
        (B1, "MISS", "answer 1"),
        (NOBODYS, "MISS", "answer 2"),
        (A2, "HIT", "answer 0"),
    ] {
        let answer = stage.ask(key).await;
        assert_eq!((answer.header("x-cache"), answer.text().as_str()), (Some(cache), text), "{key}");
    }
}

#[tokio::test]
async fn what_a_key_may_not_name_it_is_not_given_from_the_cache_of_its_tenant() {
    let vendor = Vendor::start(number);
    let yaml = format!(
        "{}tenants: [ {{ name: a }} ]\nkeys: [ {{ name: wide, key: {A1}, tenant: a }}, {{ name: narrow, key: {A2}, \
         tenant: a, models: [ dear ] }} ]\n",
        frame(&vendor, CACHED).replace("cache:", "# ") + CACHED
    );
    let gateway = Gateway::start(&yaml);
    assert_eq!(chat(&gateway, A1, json!({})).await.status, 200);
    assert_eq!(chat(&gateway, A2, json!({})).await.status, 403);
}

#[tokio::test]
async fn requests_in_flight_are_shared_within_a_tenant_and_no_further() {
    let stage = Stage::with("cache: { exact: { ttl: 60, share_in_flight: true } }\n", |n, request| {
        number(n, request).pausing_first(Duration::from_millis(700))
    });
    let (a1, a2, b1) = tokio::join!(stage.ask(A1), stage.ask(A2), stage.ask(B1));
    assert_eq!(a1.text(), a2.text());
    assert_ne!(a1.text(), b1.text());
    assert_eq!(stage.vendor.count(), 2);
}

/// Asks for an answer that is stored; its id.
async fn stored(stage: &Stage, key: &str) -> String {
    let body = json!({ "model": "chat", "input": "Remember the word heron.", "max_output_tokens": 10 });
    let answer =
        received(client().post(stage.gateway.url("/v1/responses")).bearer_auth(key).json(&body)).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()["id"].as_str().unwrap().to_owned()
}

async fn get(stage: &Stage, key: &str, path: &str) -> Answer {
    received(client().get(stage.gateway.url(path)).bearer_auth(key)).await
}

#[tokio::test]
async fn a_stored_answer_is_seen_and_deleted_by_its_key_alone() {
    let stage = Stage::set("");
    let path = format!("/v1/responses/{}", stored(&stage, A1).await);
    for key in [B1, NOBODYS, A2] {
        assert_eq!(get(&stage, key, &path).await.status, 404, "{key}");
        assert_eq!(get(&stage, key, &format!("{path}/input_items")).await.status, 404, "{key}");
        let deleted = received(client().delete(stage.gateway.url(&path)).bearer_auth(key)).await;
        assert_eq!(deleted.status, 404, "{key}");
    }
    let seen = get(&stage, A1, &format!("{path}/input_items")).await;
    assert!(seen.status == 200 && seen.body.contains("heron"), "{seen:?}");
}

#[tokio::test]
async fn a_conversation_is_gone_on_with_by_its_key_alone() {
    let stage = Stage::set("");
    let id = stored(&stage, A1).await;
    let body = json!({ "model": "chat", "input": "Which word?", "previous_response_id": id });
    for (key, status) in [(B1, 400), (NOBODYS, 400), (A2, 400), (A1, 200)] {
        let request = client().post(stage.gateway.url("/v1/responses")).bearer_auth(key).json(&body);
        let answer = received(request).await;
        assert_eq!(answer.status, status, "{key}: {}", answer.body);
        assert!(!answer.body.contains("heron") || key == A1, "{key}: {}", answer.body);
    }
    let told = stage.vendor.requests();
    let with_it = told.iter().filter(|request| String::from_utf8_lossy(&request.body).contains("heron"));
    assert_eq!(with_it.count(), 2, "the first request, and the one that goes on");
}

#[tokio::test]
async fn a_tenant_sees_only_the_names_it_may_use() {
    let stage = Stage::set("tenants: [ { name: a, models: [ chat ] }, { name: b, models: [ dear ] } ]\n");
    let names = async |key| {
        let list = get(&stage, key, "/v1/models").await.json();
        let names = list["data"].as_array().unwrap().iter().map(|model| model["id"].clone());
        names.collect::<Vec<_>>()
    };
    assert_eq!((names(A1).await, names(B1).await), (vec![json!("chat")], vec![json!("dear")]));
    assert_eq!(get(&stage, A1, "/v1/models/dear").await.status, 403);
    let refused = chat(&stage.gateway, A1, json!({ "model": "nobody-knows" })).await;
    assert_eq!(refused.status, 404);
    assert!(!refused.body.contains("dear"), "{refused:?}");
}

/// Gemini signs its calls, and a client that drops the signatures is given them back by the gateway.
#[tokio::test]
async fn what_is_kept_for_a_conversation_is_put_back_for_its_key_alone() {
    let vendor = Vendor::start(|_, _| {
        let call = json!({ "functionCall": { "name": "look", "args": {}, "id": "call-of-a" },
            "thoughtSignature": "c2VhbC1vZi1h" });
        let candidate =
            json!({ "content": { "role": "model", "parts": [call] }, "finishReason": "STOP", "index": 0 });
        let usage = json!({ "promptTokenCount": 5, "candidatesTokenCount": 7, "totalTokenCount": 12 });
        Reply::json(200, json!({ "candidates": [candidate], "usageMetadata": usage }))
    });
    let yaml = format!(
        "cache: {{ exact: {{ ttl: 0 }} }}\nfailover: {{ check_interval: off }}\nproviders: {{ gemini: {{ base_url: \
         '{}/v1beta', api_key: k, check: false }} }}\nmodels: {{ chat: gemini/gemini-3-pro-preview }}\ntenants: [ {{ \
         name: a }}, {{ name: b }} ]\nkeys:{KEYS}\n",
        vendor.base_url()
    );
    let gateway = Gateway::start(&yaml);
    let tool =
        json!({ "type": "function", "function": { "name": "look", "parameters": { "type": "object" } } });
    let first = chat(&gateway, A1, json!({ "tools": [tool.clone()] })).await;
    let said = first.json()["choices"][0]["message"].clone();
    let mut call = said["tool_calls"][0].clone();
    let id = call["id"].as_str().unwrap_or_else(|| panic!("{first:?}")).to_owned();
    // What clients send back who know nothing of signatures.
    call.as_object_mut().unwrap().retain(|name, _| ["id", "type", "function"].contains(&name.as_str()));
    let messages = json!([{ "role": "user", "content": "Hi" }, { "role": "assistant", "tool_calls": [call] },
        { "role": "tool", "tool_call_id": id, "content": "seen" }]);
    for (key, is_known) in [(B1, false), (NOBODYS, false), (A2, false), (A1, true)] {
        let before = vendor.count();
        let more = json!({ "tools": [tool.clone()], "messages": messages.clone() });
        assert_eq!(chat(&gateway, key, more).await.status, 200);
        let asked = String::from_utf8_lossy(&vendor.requests()[before].body).into_owned();
        assert_eq!(asked.contains("c2VhbC1vZi1h"), is_known, "{key}: {asked}");
    }
}

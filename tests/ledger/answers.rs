//! Answers: what is told is billed, what is not is estimated, and what costs nothing says so.

use crate::*;
use support::DONE;
use support::chunk;
use support::completion;
use support::finish_chunk;
use tollgate::store::Counted;
use tollgate::store::Kind;
use tollgate::store::PriceState;

#[tokio::test]
async fn a_plain_answer_is_written_down_with_everything_that_was_counted() {
    let stage = Stage::set(|_, _| {
        let mut answer = completion("hello");
        answer["usage"] = json!({ "prompt_tokens": 1000, "completion_tokens": 7, "total_tokens": 1007,
            "prompt_tokens_details": { "cached_tokens": 300, "cache_write_tokens": 200 },
            "completion_tokens_details": { "reasoning_tokens": 3 } });
        Reply::json(200, answer)
    })
    .await;
    let answer = support::ask_with(&stage.gateway, &body("chat", false), &[("x-request-id", "r-1")]).await;
    let entry = stage.entry().await;
    // 500 × 2 + 300 × 0.5 + 200 × 2.5 + 7 × 10 dollars per million.
    assert_eq!((entry.cost, entry.price), (1_720_000, PriceState::Known));
    assert_eq!(answer.header("x-response-cost-usd"), Some("0.00172"));
    assert_eq!((entry.input, entry.cached, entry.cache_write), (1000, 300, 200));
    assert_eq!((entry.output, entry.reasoning, entry.counted), (7, 3, Counted::Told));
    assert_eq!((entry.kind, entry.status, entry.error.as_str()), (Kind::Request, 200, ""));
    assert_eq!((entry.request_id.as_str(), entry.key.as_str()), ("r-1", "key:test"));
    assert_eq!((entry.operation.as_str(), entry.model_asked.as_str()), ("chat_completions", "chat"));
    assert_eq!((entry.provider.as_str(), entry.model_served.as_str()), ("first", "m"));
    assert_eq!((entry.stream, entry.attempts, entry.cache.as_str()), (false, 1, ""));
    assert!(entry.latency_us > 0 && entry.ttft_us.is_some(), "{entry:?}");
}

#[tokio::test]
async fn a_stream_is_billed_as_its_last_words_tell() {
    // Usage in a chunk that also has choices, as some vendors send it.
    let stage = Stage::set(|_, _| {
        let mut last: Value = serde_json::from_str(&finish_chunk()).unwrap();
        last["usage"] = usage(50, 20);
        Reply::stream(&[&chunk("one"), &chunk("two"), &last.to_string(), DONE])
    })
    .await;
    let answer = stage.ask("chat", true).await;
    assert_eq!(answer.header("x-response-cost-usd"), None, "a head cannot know");
    let entry = stage.entry().await;
    assert_eq!((entry.input, entry.output, entry.counted), (50, 20, Counted::Told));
    assert_eq!((entry.cost, entry.stream), (50 * INPUT + 20 * OUTPUT, true));
}

#[tokio::test]
async fn a_usage_of_nothing_stays_nothing() {
    for stream in [false, true] {
        let stage = Stage::set(|_, request| {
            let mut whole = completion("hello");
            whole["usage"] = usage(0, 0);
            match request.json()["stream"] == true {
                true => Reply::stream(&[&chunk("one"), &finish_chunk(), &support::usage_chunk(0, 0), DONE]),
                false => Reply::json(200, whole),
            }
        })
        .await;
        stage.ask("chat", stream).await;
        let entry = stage.entry().await;
        assert_eq!((entry.input, entry.output, entry.cost), (0, 0, 0), "stream {stream}");
        assert_eq!((entry.counted, entry.price), (Counted::Told, PriceState::Known), "stream {stream}");
    }
}

#[tokio::test]
async fn what_nobody_counts_is_estimated_and_marked() {
    for stream in [false, true] {
        let stage = Stage::set(|_, request| {
            let mut whole = completion("hello");
            whole.as_object_mut().unwrap().remove("usage");
            match request.json()["stream"] == true {
                true => {
                    Reply::stream(&[&chunk("one"), &chunk("two"), &chunk("three"), &finish_chunk(), DONE])
                }
                false => Reply::json(200, whole),
            }
        })
        .await;
        stage.ask("chat", stream).await;
        let entry = stage.entry().await;
        assert_eq!((entry.input, entry.counted), (estimated(&body("chat", stream)), Counted::Guessed));
        assert!(entry.output >= 3, "stream {stream}: {entry:?}");
        assert_eq!(entry.cost, entry.input * INPUT + entry.output * OUTPUT);
    }
}

#[tokio::test]
async fn an_empty_answer_costs_what_its_provider_says() {
    let stage = Stage::set(|_, _| {
        let mut answer = completion("");
        answer["usage"] = usage(40, 0);
        Reply::json(200, answer)
    })
    .await;
    stage.ask("chat", false).await;
    let entry = stage.entry().await;
    assert_eq!((entry.input, entry.output, entry.cost), (40, 0, 40 * INPUT));
}

#[tokio::test]
async fn free_is_nothing_and_unknown_is_not() {
    let stage = Stage::set(|_, _| Reply::chat("unused")).await;
    assert_eq!(stage.ask("second/m", false).await.header("x-response-cost-usd"), Some("0"));
    assert_eq!(stage.ask("third/m", false).await.header("x-response-cost-usd"), None);
    let entries = stage.books.entries(2).await;
    assert_eq!(
        entries.iter().map(|entry| entry.price).collect::<Vec<_>>(),
        [PriceState::Free, PriceState::Unknown]
    );
    assert!(entries.iter().all(|entry| (entry.cost, entry.input, entry.output) == (0, 5, 7)), "{entries:?}");
    assert_eq!(stage.gateway.metric("tollgate_unpriced_requests_total"), 1.0);
}

#[tokio::test]
async fn a_hit_of_the_cache_uses_and_costs_nothing() {
    let stage = Stage::with("", "openai_compatible", |_, _| Reply::chat("hello")).await;
    let (miss, hit) = (stage.ask("chat", false).await, stage.ask("chat", false).await);
    assert_eq!((miss.header("x-cache"), hit.header("x-cache")), (Some("MISS"), Some("HIT")));
    assert_eq!(hit.header("x-response-cost-usd"), Some("0"));
    let [miss, hit] = stage.books.entries(2).await.try_into().unwrap();
    assert_eq!((miss.cache.as_str(), miss.output, hit.cache.as_str()), ("miss", 7, "hit"));
    assert_eq!((hit.input, hit.output, hit.cost, hit.price), (0, 0, 0, PriceState::Nothing));
    assert_eq!((hit.provider.as_str(), hit.attempts, hit.counted), ("first", 0, Counted::None));
    assert_eq!(stage.first.count(), 1);
}

#[tokio::test]
async fn counting_tokens_costs_nothing() {
    let stage = Stage::set(|_, _| Reply::chat("unused")).await;
    let url = stage.gateway.url("/v1/messages/count_tokens");
    let ask = json!({ "model": "chat", "messages": [{ "role": "user", "content": "hello" }] });
    let answer = support::client().post(url).bearer_auth(KEY).json(&ask).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    let entry = stage.entry().await;
    assert_eq!((entry.operation.as_str(), entry.input, entry.cost), ("count_tokens", 0, 0));
    assert_eq!((entry.counted, entry.price), (Counted::None, PriceState::Nothing));
}

#[tokio::test]
async fn only_what_a_known_key_asks_of_providers_is_written_down() {
    let stage = Stage::set(|_, _| Reply::chat("hello")).await;
    let client = support::client();
    let chat = stage.gateway.url("/v1/chat/completions");
    let wrong =
        client.post(&chat).bearer_auth("tg-nobody-0000").json(&body("chat", false)).send().await.unwrap();
    let models = client.get(stage.gateway.url("/v1/models")).bearer_auth(KEY).send().await.unwrap();
    let health = client.get(stage.gateway.url("/health")).send().await.unwrap();
    assert_eq!([wrong, models, health].map(|answer| answer.status().as_u16()), [401, 200, 200]);
    let long = "x".repeat(300);
    assert_eq!(stage.ask(&format!("no-such-model{long}"), false).await.status, 404);
    let garbage = client.post(&chat).bearer_auth(KEY).body("{").send().await.unwrap();
    assert_eq!(garbage.status(), 400);
    let [unknown, garbage] = stage.books.entries(2).await.try_into().unwrap();
    assert_eq!((unknown.status, unknown.error.as_str(), unknown.attempts), (404, "unknown_model", 0));
    assert!(
        unknown.model_asked.starts_with("no-such-modelxxx") && unknown.model_asked.len() == 200,
        "{unknown:?}"
    );
    assert_eq!((garbage.status, garbage.model_asked.as_str(), garbage.price), (400, "", PriceState::Nothing));
}

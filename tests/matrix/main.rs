//! Every client dialect with every provider dialect, plain, streamed, with tools and with images, over real sockets.
//!
//! The providers are `tollgate mock`, which refuses what the vendor it plays would refuse.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod chat;
mod messages;
mod responses;
mod stage;
#[path = "../support/mod.rs"]
mod support;

use crate::stage::Client;
use crate::stage::Said;
use crate::stage::Stage;
use serde_json::json;

/// A call whose arguments cannot come about by chance.
const ORDER: &str = r#"call look_up with {"city":"Köln","days":3}"#;

/// Providers by the model that stands for them, and what they cannot do: `(model, tools, images)`.
const PROVIDERS: [(&str, bool, bool); 10] = [
    ("openai/m", true, true),
    ("responses/gpt-5-pro", true, true),
    ("azure/m", true, true),
    ("anthropic/claude-sonnet-4-6", true, true),
    ("gemini/gemini-3.8-flash", true, true),
    ("ollama/m", true, true),
    ("cohere/m", true, true),
    ("replicate/openai/gpt-4o", false, true),
    ("bedrock/anthropic.claude-sonnet-4-6", true, true),
    ("bedrock/amazon.nova-pro-v1:0", true, true),
];

const CLIENTS: [&dyn Client; 3] = [&chat::Chat, &messages::Messages, &responses::Responses];

#[tokio::test]
async fn every_client_is_answered_by_every_provider() {
    let stage = Stage::set().await;
    for (model, _, _) in PROVIDERS {
        for client in CLIENTS {
            let at = format!("{} -> {model}", client.name());
            let plain = stage.ask(client, &client.question(model, "how are you?", false)).await;
            let streamed = stage.ask(client, &client.question(model, "how are you?", true)).await;
            for said in [&plain, &streamed] {
                assert!(said.text.starts_with("Hello from mock: 3 words, mark "), "{at}: {said:?}");
                assert_eq!((said.finish.as_str(), said.calls.len()), (client.stopped(), 0), "{at}");
                assert_eq!((said.input, said.output), (plain.input, plain.output), "{at}");
                assert!(said.input > 0 && said.output > 0, "{at}: {said:?}");
            }
            assert_eq!(plain.text, streamed.text, "{at}");
        }
    }
}

#[tokio::test]
async fn tools_are_called_and_their_results_come_back() {
    let stage = Stage::set().await;
    for (model, _, _) in PROVIDERS.into_iter().filter(|(_, tools, _)| *tools) {
        for client in CLIENTS {
            for stream in [false, true] {
                let at = format!("{} -> {model}, stream {stream}", client.name());
                let called = stage.ask(client, &client.with_tool(model, ORDER, stream)).await;
                assert_eq!(called.finish, client.called(), "{at}: {called:?}");
                let [call] = called.calls.as_slice() else { panic!("{at}: {called:?}") };
                let arguments: serde_json::Value = serde_json::from_str(&call.arguments).unwrap();
                assert_eq!(arguments, json!({ "city": "Köln", "days": 3 }), "{at}");
                assert_eq!(call.name, "look_up", "{at}");
                assert!(call.id.starts_with(client.call_prefix()), "{at}: {call:?}");
                let answered = stage.ask(client, &client.with_result(model, ORDER, &called, stream)).await;
                assert!(answered.text.starts_with("Hello from mock: "), "{at}: {answered:?}");
            }
        }
    }
}

#[tokio::test]
async fn pictures_arrive() {
    let stage = Stage::set().await;
    for (model, _, _) in PROVIDERS.into_iter().filter(|(_, _, images)| *images) {
        for client in CLIENTS {
            let said = stage.ask(client, &client.with_picture(model, "what is it?")).await;
            assert!(said.text.contains(" 1 images,"), "{} -> {model}: {said:?}", client.name());
        }
    }
}

#[tokio::test]
async fn what_was_thought_before_a_call_comes_back_sealed() {
    let stage = Stage::set().await;
    for (model, sealed) in
        [("anthropic/claude-sonnet-4-6", true), ("gemini/gemini-3.8-flash", true), ("openai/m", false)]
    {
        for client in CLIENTS {
            let at = format!("{} -> {model}", client.name());
            let question = client.thinking(client.with_tool(model, ORDER, true));
            let called = stage.ask(client, &question).await;
            assert_eq!(called.calls.len(), 1, "{at}: {called:?}");
            assert!(!called.thought.is_empty(), "{at}: {called:?}");
            let next = client.thinking(client.with_result(model, ORDER, &called, false));
            let answered = stage.ask(client, &next).await;
            // The simulated provider refuses a call of its own that comes back without its seal.
            assert!(answered.text.starts_with("Hello from mock: "), "{at}, sealed {sealed}: {answered:?}");
        }
    }
}

#[tokio::test]
async fn what_one_cannot_say_is_named_or_refused() {
    let stage = Stage::set().await;
    let mut body = chat::Chat.question("anthropic/claude-sonnet-4-6", "hi", false);
    body["seed"] = 7.into();
    body["logit_bias"] = json!({ "1": 1 });
    let answer = stage.send("/v1/chat/completions", &body).await;
    let dropped = answer.headers()["x-dropped-params"].to_str().unwrap().to_owned();
    assert!(dropped.contains("seed") && dropped.contains("logit_bias"), "{dropped}");
    let strict = Stage::strict().await;
    let answer = strict.send("/v1/chat/completions", &body).await;
    assert_eq!(answer.status(), 400);
    let error: serde_json::Value = answer.json().await.unwrap();
    assert!(error["error"]["message"].as_str().unwrap().contains("seed"), "{error}");
}

#[tokio::test]
async fn what_a_model_of_the_same_dialect_refuses_is_named_or_refused_as_well() {
    let mut body = chat::Chat.question("responses/gpt-5.1", "hi", false);
    body["presence_penalty"] = json!(0.5);
    let answer = Stage::set().await.send("/v1/chat/completions", &body).await;
    assert_eq!(answer.headers()["x-dropped-params"], "presence_penalty");
    let answer = Stage::strict().await.send("/v1/chat/completions", &body).await;
    assert_eq!(answer.status(), 400);
}

#[tokio::test]
async fn errors_keep_their_meaning_in_the_clients_words() {
    let stage = Stage::set().await;
    for client in CLIENTS {
        let body = client.question("no/such", "hi", false);
        let (status, error) = stage.fails(client, &body).await;
        assert_eq!(status, 404, "{}", client.name());
        client.check_error(&error, status);
    }
}

/// What a whole conversation looks like does not depend on who serves it.
#[tokio::test]
async fn a_conversation_may_change_providers_between_turns() {
    let stage = Stage::set().await;
    for client in CLIENTS {
        let models = PROVIDERS.into_iter().filter(|(_, tools, _)| *tools).map(|(model, _, _)| model);
        let models: Vec<_> = models.collect();
        for pair in models.windows(2) {
            let at = format!("{}: {} then {}", client.name(), pair[0], pair[1]);
            let called: Said = stage.ask(client, &client.with_tool(pair[0], ORDER, false)).await;
            let answered = stage.ask(client, &client.with_result(pair[1], ORDER, &called, true)).await;
            assert!(answered.text.starts_with("Hello from mock: "), "{at}: {answered:?}");
        }
    }
}

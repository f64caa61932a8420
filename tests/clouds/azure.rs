//! Azure is asked for deployments in a version of its API, or at `/openai/v1`.

use crate::Stage;
use crate::support::Reply;
use crate::support::ask;
use crate::support::chat_body;
use serde_json::json;

const KEY: &str = "azure-secret-0001";

fn set(more: &str, environment: &[(&str, &str)]) -> Stage {
    let provider = format!("kind: azure, {more}");
    Stage::set("", &provider, "my-gpt 4", environment, |_, request| Reply::answer(request, "first"))
}

#[tokio::test]
async fn with_a_version_a_deployment_is_asked() {
    let stage = set("base_url: '{at}', api_key: azure-secret-0001, api_version: 2024-10-21", &[]);
    let answer = ask(&stage.gateway, &chat_body("both", false)).await;
    assert_eq!((answer.text().as_str(), answer.provider()), ("first", Some("first")));
    let request = &stage.first.requests()[0];
    let path = "/openai/deployments/my-gpt%204/chat/completions?api-version=2024-10-21";
    assert_eq!((request.path.as_str(), request.header("api-key")), (path, Some(KEY)));
    assert_eq!(request.header("authorization"), None);
}

#[tokio::test]
async fn without_one_the_model_stands_in_the_body() {
    let stage = set("base_url: '{at}', api_key: azure-secret-0001", &[]);
    assert_eq!(ask(&stage.gateway, &chat_body("both", true)).await.text(), "first");
    let request = &stage.first.requests()[0];
    assert_eq!(
        (request.path.as_str(), request.header("api-key")),
        ("/openai/v1/chat/completions", Some(KEY))
    );
    assert_eq!(request.json()["model"], "my-gpt 4");
}

#[tokio::test]
async fn its_verdict_on_the_prompt_is_not_part_of_the_answer() {
    let verdict = json!({ "choices": [], "created": 0, "id": "", "model": "", "object": "",
        "prompt_filter_results": [{ "prompt_index": 0, "content_filter_results": {} }] });
    let provider = "kind: azure, base_url: '{at}', api_key: azure-secret-0001";
    let stage = Stage::set("", provider, "m", &[], move |_, _| {
        let chunk = crate::support::chunk("first");
        let events = [verdict.to_string(), chunk, crate::support::finish_chunk(), "[DONE]".to_owned()];
        let events: Vec<&str> = events.iter().map(String::as_str).collect();
        Reply::stream(&events)
    });
    let answer = ask(&stage.gateway, &chat_body("both", true)).await;
    assert_eq!(answer.text(), "first");
    assert!(!answer.body.contains("prompt_filter_results"), "{}", answer.body);
}

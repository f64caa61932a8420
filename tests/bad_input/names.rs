//! Model names nobody offers: told apart, and no burden for log and metrics.

use crate::*;

fn ask_for(model: &str) -> String {
    GOOD.replace("\"chat\"", &serde_json::Value::from(model).to_string())
}

#[tokio::test]
async fn an_unknown_model_is_told_with_names_close_to_it() {
    let stage = Stage::set();
    let mut client = stage.connect().await;
    for (model, close) in
        [("chatt", "`chat`"), ("Chat-large", "`chat-large`"), ("chat-lrage", "`chat-large`")]
    {
        let error = refusal(&client.ask(chat_request(KEY, &ask_for(model))).await, 404, model);
        assert_eq!((&error["param"], &error["code"]), (&"model".into(), &"model_not_found".into()));
        assert!(error["message"].as_str().unwrap().contains(close), "{model}: {error}");
    }
    for model in ["zzz", "/", "vendor/", "/small", "other/model", "\u{202e}tahc"] {
        refusal(&client.ask(chat_request(KEY, &ask_for(model))).await, 404, model);
    }
    for model in ["../chat", "vendor/..", "vendor/a/./b", " chat", "chat ", "chat\0", "vendor/a\tb"] {
        let error = refusal(&client.ask(chat_request(KEY, &ask_for(model))).await, 400, model);
        assert_eq!(error["param"], "model");
    }
    assert_eq!(stage.vendor.count(), 0);
}

#[tokio::test]
async fn a_huge_name_bloats_neither_answer_nor_log() {
    let stage = Stage::with(&[("64KiB", "8MiB")]);
    let mut client = stage.connect().await;
    let huge = "m".repeat(2 << 20);
    let answer = client.ask(chat_request(KEY, &ask_for(&huge))).await;
    assert!(answer.body.len() < 1000, "{} bytes", answer.body.len());
    assert_eq!(refusal(&answer, 400, "huge name")["param"], "model");
    // As far as the gateway can tell, this one is a model of the vendor.
    let long = format!("vendor/{}", &huge[..1000]);
    let named = client.ask(chat_request(KEY, &ask_for(&long))).await;
    assert_eq!((named.status, named.header("x-model").map(str::len)), (200, Some(1000)));
    let escapes = client.ask(chat_request(KEY, &ask_for("vendor/a\r\nx-evil: 1"))).await;
    assert!(escapes.header("x-evil").is_none());
    assert_eq!(refusal(&escapes, 400, "a header in a name")["param"], "model");
    stage.gateway.wait_for_logs(3, |line| line.contains("/v1/chat/completions")).await;
    let longest = stage.gateway.logs().iter().map(String::len).max().unwrap();
    assert!(longest < 4000, "a log line of {longest} bytes");
    assert!(stage.gateway.logs().iter().all(|line| line.starts_with('{')), "a name broke a log line");
}

#[tokio::test]
async fn clients_cannot_make_metric_series() {
    let stage = Stage::set();
    let mut client = stage.connect().await;
    let mut series_after = async |names: std::ops::Range<u32>| {
        for n in names {
            for model in [format!("vendor/m-{n}"), format!("m-{n}")] {
                let answer = client.ask(chat_request(KEY, &ask_for(&model))).await;
                assert!(matches!(answer.status, 200 | 404), "{model}: {}", answer.text());
            }
        }
        let text = reqwest::get(stage.gateway.admin_url("/metrics")).await.unwrap().text().await.unwrap();
        assert!(!text.contains("m-1"), "a client's name became a label");
        text.lines().count()
    };
    let few = series_after(0..20).await;
    let many = series_after(20..1000).await;
    assert_eq!(few, many, "the number of series grew with the number of names");
}

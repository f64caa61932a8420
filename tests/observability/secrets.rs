//! What must not be in a log or in metrics, however much is logged.

use crate::Stage;
use crate::support::client;
use serde_json::json;

#[tokio::test]
async fn neither_prompts_nor_answers_nor_keys_are_told() {
    for format in ["json", "text"] {
        let stage = Stage::set(&format!("log: {{ level: trace, format: {format} }}\n"));
        for stream in [false, true] {
            let body = json!({ "model": "shaky", "stream": stream, "user": "hush-user",
                "messages": [{ "role": "user", "content": "hush-prompt" }] });
            assert_eq!(stage.chat_with("secret", body, &[("x-hush", "hush-header")]).await.0, 200);
        }
        let wrong = [("authorization", "Bearer hush-wrong-key")];
        assert_eq!(stage.chat_with("wrong", crate::support::chat_body("good", false), &wrong).await.0, 401);
        let broken =
            client().post(stage.gateway.url("/v1/chat/completions")).bearer_auth(stage.gateway.key());
        let broken =
            broken.body("{\"model\": \"good\", \"messages\": \"hush-nonsense").header("x-request-id", "last");
        assert_eq!(broken.send().await.unwrap().status(), 400);
        stage.gateway.wait_for_log(|line| line.contains("last")).await;
        let metrics =
            client().get(stage.gateway.admin_url("/metrics")).send().await.unwrap().text().await.unwrap();
        for text in [stage.gateway.logs().join("\n"), metrics] {
            for secret in ["hush", "hello there", stage.gateway.key()] {
                let line = text.lines().find(|line| line.contains(secret));
                assert_eq!(line, None, "`{secret}` is told");
            }
        }
    }
}

/// What a client sends cannot begin a line of its own, nor a field.
#[tokio::test]
async fn a_client_cannot_forge_a_line() {
    for format in ["json", "text"] {
        let stage = Stage::set(&format!("log: {{ format: {format} }}\n"));
        let (status, body) = stage.chat("broken", "x\n{\"message\":\"forged\"}", false).await;
        assert_eq!(status, 400, "{body}");
        stage.line("broken").await;
        let model = "x{\"message\":\"request\",\"forged\":1}\" forged=1 \u{2028}{\"message\"";
        let (status, body) = stage.chat("forger", model, false).await;
        assert_eq!(status, 404, "{body}");
        let line = stage.line("forger").await;
        assert!(line.contains("unknown_model"), "{line}");
        assert!(!stage.gateway.logs().iter().any(|line| line.starts_with("{\"message\"")));
        if format == "json" {
            let line: serde_json::Value = serde_json::from_str(&line).unwrap();
            assert_eq!((&line["model"], &line["forged"]), (&model.into(), &serde_json::Value::Null));
        }
    }
}

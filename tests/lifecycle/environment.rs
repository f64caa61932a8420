//! The environment alone: every variable does what it says, with no file at all.

use crate::status;
use crate::support::Home;
use crate::support::Reply;
use crate::support::Vendor;
use crate::support::client;
use serde_json::Value;

/// Every variable there is, besides the addresses of providers.
const EVERYTHING: &[(&str, &str)] = &[
    ("GATEWAY_LISTEN", "{listen}"),
    ("GATEWAY_ADMIN_LISTEN", "{admin}"),
    ("GATEWAY_API_KEYS", "tg-lifecycle-0001, tg-another-key"),
    ("GATEWAY_RATE_LIMIT", "3/day"),
    ("GATEWAY_PROVIDERS", "openai,groq"),
    ("GATEWAY_WEIGHTS", "1,0"),
    ("GATEWAY_RETRY_MAX", "0"),
    ("GATEWAY_HEALTH_CHECK_INTERVAL", "off"),
    ("GATEWAY_CACHE_BACKEND", "memory"),
    ("GATEWAY_CACHE_TTL", "300"),
    ("GATEWAY_CACHE_MAX_SIZE", "10"),
    ("GATEWAY_DATA_DIR", "elsewhere"),
    ("GATEWAY_LOG_FORMAT", "text"),
    ("GATEWAY_LOG_LEVEL", "debug"),
    ("GROQ_API_KEY", "gsk-1"),
    ("OPENAI_API_KEY_1", "sk-1"),
    ("OPENAI_API_KEY_2", "sk-2"),
    ("MISTRAL_API_KEY", "left out by GATEWAY_PROVIDERS"),
    ("REDIS_URL", "redis://:hush@127.0.0.1:1"),
    ("DATABASE_URL", "postgres://me:hush@127.0.0.1:1/none"),
    ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://o"),
];

async fn ask(home: &Home, key: &str, model: &str) -> reqwest::Response {
    let request = client().post(home.url("/v1/chat/completions")).bearer_auth(key);
    request.json(&crate::support::chat_body(model, false)).send().await.unwrap()
}

#[tokio::test]
async fn every_variable_is_obeyed() {
    let groq = Vendor::start(|_, _| Reply::json(503, serde_json::json!({ "error": { "message": "down" } })));
    let openai = Vendor::start(|_, _| Reply::chat("hello"));
    let mut home = Home::empty();
    let (groq_url, openai_url) = (format!("{}/v1", groq.base_url()), format!("{}/v1", openai.base_url()));
    let program = home
        .serve(&[EVERYTHING, &[("GROQ_BASE_URL", &groq_url), ("OPENAI_BASE_URL", &openai_url)]].concat())
        .await;
    let first = ask(&home, "tg-lifecycle-0001", "auto").await;
    assert_eq!((first.status().as_u16(), &first.headers()["x-provider"]), (200, &"openai".parse().unwrap()));
    assert_eq!(first.headers()["x-ratelimit-limit-requests"], "3");
    let again = ask(&home, "tg-lifecycle-0001", "auto").await;
    assert_eq!(
        (&again.headers()["x-cache"], &again.headers()["x-cache-ttl"].to_str().unwrap()[..1]),
        (&"HIT".parse().unwrap(), "2")
    );
    let alone = ask(&home, "tg-lifecycle-0001", "groq/llama-3.1-8b-instant").await;
    assert_eq!(
        (alone.status().as_u16(), &alone.headers()["x-attempts"]),
        (503, &"1".parse().unwrap()),
        "GATEWAY_RETRY_MAX=0"
    );
    assert_eq!(status(&home, "auto").await, 429, "GATEWAY_RATE_LIMIT");
    assert_eq!(ask(&home, "tg-another-key", "auto").await.status(), 200);
    assert_eq!(ask(&home, "tg-no-key", "auto").await.status(), 401);
    // Two keys take turns, over chat requests and model lists.
    let used: Vec<_> =
        openai.requests().iter().filter_map(|r| r.header("authorization").map(str::to_owned)).collect();
    assert!(used.contains(&"Bearer sk-1".to_owned()) && used.contains(&"Bearer sk-2".to_owned()), "{used:?}");
    assert!(home.path("elsewhere/keys.json").exists(), "GATEWAY_DATA_DIR");
    for part in [" INFO request id=", " WARN ", "Server starting"] {
        program.logged(part, 1).await;
    }
    program.logged("OTEL_EXPORTER_OTLP_ENDPOINT is not used yet", 1).await;
    let log = program.stderr();
    for secret in ["hush", "gsk-1", "sk-1", "tg-another"] {
        assert!(!log.contains(secret), "`{secret}` is in the log");
    }
    assert_eq!(client().get(home.admin_url("/health")).send().await.unwrap().status(), 200);
    assert!(program.stdout().contains("providers: openai, groq"), "{}", program.stdout());
}

#[tokio::test]
async fn a_cache_that_is_off_says_nothing() {
    let openai = Vendor::start(|_, _| Reply::chat("hello"));
    let mut home = Home::empty();
    let url = format!("{}/v1", openai.base_url());
    let _program = home
        .serve(&[
            ("GATEWAY_LISTEN", "{listen}"),
            ("GATEWAY_ADMIN_LISTEN", "off"),
            ("GATEWAY_API_KEYS", "tg-lifecycle-0001"),
            ("GATEWAY_HEALTH_CHECK_INTERVAL", "off"),
            ("GATEWAY_CACHE_TTL", "0"),
            ("OPENAI_API_KEY", "sk-1"),
            ("OPENAI_BASE_URL", &url),
        ])
        .await;
    for _ in 0..2 {
        let answer = ask(&home, "tg-lifecycle-0001", "auto").await;
        assert_eq!(answer.status(), 200);
        assert!(!answer.headers().contains_key("x-cache"));
    }
}

#[tokio::test]
async fn an_address_alone_turns_a_local_provider_on() {
    for (variable, name) in [("OLLAMA_BASE_URL", "ollama"), ("VLLM_BASE_URL", "vllm")] {
        let list = serde_json::json!({ "object": "list", "data": [{ "id": "my-model" }] });
        let ollama =
            serde_json::json!({ "message": { "role": "assistant", "content": "hello" }, "done": true });
        let local = Vendor::start(move |_, request| match request.path.as_str() {
            "/v1/models" | "/api/tags" => Reply::json(200, list.clone()),
            "/api/chat" => Reply::json(200, ollama.clone()),
            _ => Reply::chat("hello"),
        });
        let mut home = Home::empty();
        // Ollama is spoken to at another door of the same server.
        let url = format!("{}/v1", local.base_url());
        let program = home
            .serve(&[
                ("GATEWAY_LISTEN", "{listen}"),
                ("GATEWAY_ADMIN_LISTEN", "{admin}"),
                ("GATEWAY_API_KEYS", "tg-lifecycle-0001"),
                (variable, &url),
            ])
            .await;
        assert!(program.stdout().contains(&format!("providers: {name}")), "{}", program.stdout());
        local.wait_for_requests(1).await;
        let answer = ask(&home, "tg-lifecycle-0001", &format!("{name}/my-model")).await;
        assert_eq!(
            (answer.status().as_u16(), &answer.headers()["x-provider"]),
            (200, &name.parse().unwrap())
        );
        let request = local.requests().into_iter().find(|r| r.method == "POST").unwrap();
        assert_eq!(request.header("authorization"), None, "{name} has no key");
        let body: Value = request.json();
        assert_eq!(body["model"], "my-model");
    }
}

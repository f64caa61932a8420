//! Where keys come from: the file, the environment, the first start, or nowhere.

use crate::*;
use support::request;

const NO_KEYS: &str = "keys: []\nproviders: { vendor: { kind: openai_compatible, base_url: '{vendor}/v1', check: false } }\nmodels: { chat: vendor/small }";

fn without_keys(environment: &[(&str, &str)], lines: &str) -> (Gateway, Vendor) {
    let vendor = Vendor::start(|_, request| obey(request));
    let config = NO_KEYS.replace("{vendor}", vendor.base_url());
    (Gateway::start_with(&format!("{config}\n{lines}"), environment), vendor)
}

async fn status(gateway: &Gateway, headers: &[(&str, &str)]) -> u16 {
    let lines: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let (body, mut client) = (body("hello"), Wire::to(gateway.address()).await);
    let length = body.len();
    let head =
        format!("POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: {length}\r\n{lines}");
    client.ask(format!("{head}\r\n{body}")).await.status
}

#[tokio::test]
async fn every_key_of_the_environment_is_good() {
    let keys = "tg-env-key-one-0001, tg-env-key-two-0002";
    let (gateway, _vendor) = without_keys(&[("GATEWAY_API_KEYS", keys)], "");
    for key in ["tg-env-key-one-0001", "tg-env-key-two-0002"] {
        assert_eq!(status(&gateway, &[("x-api-key", key)]).await, 200, "{key}");
        assert_eq!(status(&gateway, &[("authorization", &format!("Bearer {key}"))]).await, 200, "{key}");
    }
    assert_eq!(status(&gateway, &[("x-api-key", keys)]).await, 401, "the whole list is no key");
    let line = gateway.wait_for_log(|line| line.contains("\"env-2\"")).await;
    assert!(!line.contains("tg-env-key"), "{line}");
}

#[tokio::test]
async fn the_limit_of_the_environment_holds_for_every_key() {
    let environment =
        [("GATEWAY_API_KEYS", "tg-env-key-one-0001,tg-env-key-two-0002"), ("GATEWAY_RATE_LIMIT", "2/day")];
    let (gateway, _vendor) = without_keys(&environment, "");
    for key in ["tg-env-key-one-0001", "tg-env-key-two-0002"] {
        for expected in [200, 200, 429] {
            assert_eq!(status(&gateway, &[("x-api-key", key)]).await, expected, "{key}");
        }
    }
}

#[tokio::test]
async fn the_key_of_the_first_start_is_shown_once_and_kept_as_a_hash() {
    let (gateway, _vendor) = without_keys(&[], "");
    let greeting = gateway.said().join("\n");
    let shown = |prefix: &str| {
        let line =
            greeting.lines().find(|line| line.starts_with(prefix)).unwrap_or_else(|| panic!("{greeting}"));
        line.rsplit(' ').next().unwrap().to_owned()
    };
    let (client, admin) = (shown("your key"), shown("admin key"));
    assert_eq!(status(&gateway, &[("x-api-key", &client)]).await, 200);
    assert_eq!(
        status(&gateway, &[("x-api-key", &admin)]).await,
        401,
        "the admin key is for the admin listener"
    );
    assert_eq!(status(&gateway, &[]).await, 401);
    let mut files = 0;
    for entry in std::fs::read_dir(gateway.data_dir()).unwrap() {
        let path = entry.unwrap().path();
        let Ok(text) = std::fs::read(&path) else { continue };
        let text = String::from_utf8_lossy(&text);
        assert!(!text.contains(&client) && !text.contains(&admin), "a key stands in {}", path.display());
        files += 1;
    }
    assert!(files > 0, "nothing was kept");
    assert!(!gateway.logs().join("\n").contains(&client), "the key stands in the log");
}

#[tokio::test]
async fn where_auth_is_open_a_key_is_not_needed_and_does_no_harm() {
    let (gateway, _vendor) =
        without_keys(&[], "auth: { keys: open }\nlimits: { per_key: { requests: 4/day } }");
    assert_eq!(status(&gateway, &[]).await, 200);
    assert_eq!(status(&gateway, &[("authorization", "Bearer sk-none")]).await, 200);
    assert_eq!(status(&gateway, &[("x-api-key", "dummy")]).await, 200);
    let models = Wire::to(gateway.address()).await.ask(request("GET", "/v1/models", "", &[], "")).await;
    assert_eq!(models.status, 200);
    assert_eq!(status(&gateway, &[]).await, 429, "everyone shares the limit of a key");
    assert!(!gateway.said().join("\n").contains("your key"), "a key was made that nobody needs");
}

//! What attackers of a stack behind one door try, and what comes of it.

use crate::echo::Echo;
use crate::support::Gateway;
use crate::support::client;
use crate::support::raw_http;

/// A door that wants a key, one that wants a password, and an open one, to the same server.
async fn stand() -> (Echo, Gateway) {
    let echo = Echo::start("one").await;
    let gateway = Gateway::start(&format!(
        "limits: {{ body: 1MiB }}
routes:
  - {{ path: /open/, cluster: web }}
  - {{ path: /private/, cluster: web, auth: keys }}
  - {{ path: /staff/, cluster: web, auth: {{ basic: [ 'ann:word-of-ann' ] }} }}
  - {{ path: /slow/, cluster: web, limits: {{ per_ip: 30/min, burst: 20 }} }}
clusters: {{ web: {{ servers: [ '{}' ] }} }}\n",
        echo.address
    ));
    (echo, gateway)
}

fn status(answer: &[u8]) -> u16 {
    String::from_utf8_lossy(answer).split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0)
}

async fn raw(gateway: &Gateway, request: String) -> Vec<u8> {
    let address = gateway.address().to_owned();
    tokio::task::spawn_blocking(move || raw_http(address, request.as_bytes())).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_trick_with_a_path_leads_past_a_lock() {
    let (echo, gateway) = stand().await;
    let tricks = [
        "/private/x",
        "//private/x",
        "/./private/x",
        "/open/../private/x",
        "/open/..//private/x",
        "/open/%2e%2e/private/x",
        "/open/..%2fprivate/x",
        "/open%2f..%2fprivate%2fx",
        "/open/..%5cprivate/x",
        "/open/..\\private\\x",
        "/open/%252e%252e/private/x",
        "/open/%252e%252e%252fprivate/x",
        "/open/..%252fprivate/x",
        "/%70rivate/x",
        "/private%2fx",
        "/private/../private/x",
        "/staff/../private/x",
        "/private/..;/private/x",
        "/open/%c0%ae%c0%ae/private/x",
        "/open/..%00/private/x",
        "/private",
        "/private/",
        "/private?x=/open/",
    ];
    for path in tricks {
        let request = format!("GET {path} HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n");
        let status = status(&raw(&gateway, request).await);
        assert!(matches!(status, 400 | 401 | 404), "{path} got {status}");
    }
    assert_eq!(echo.count(), 0, "{:?}", echo.asked.lock().unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn one_request_is_one_request_however_its_length_is_told() {
    let (echo, gateway) = stand().await;
    let hidden = "GET /private/hidden HTTP/1.1\r\nHost: a.test\r\n\r\n";
    let attacks = [
        // CL.TE, TE.CL and TE.TE.
        format!(
            "Content-Length: {}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{hidden}",
            5 + hidden.len()
        ),
        format!(
            "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n{hidden}\r\n0\r\n\r\n",
            hidden.len()
        ),
        format!("Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n\r\n0\r\n\r\n{hidden}"),
        format!("Transfer-Encoding: xchunked\r\n\r\n{hidden}"),
        format!("Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n{hidden}"),
        format!("Transfer-Encoding: chunked\r\nContent-length: 0\r\n\r\n0\r\n\r\n{hidden}"),
        format!("Content-Length: 0\r\nContent-Length: {}\r\n\r\n{hidden}", hidden.len()),
        format!("Content-Length: +0\r\n\r\n{hidden}"),
        format!("Content-Length: 0_0\r\n\r\n{hidden}"),
        format!("Transfer-Encoding:\x0bchunked\r\n\r\n0\r\n\r\n{hidden}"),
    ];
    for attack in attacks {
        raw(&gateway, format!("POST /open/x HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n{attack}"))
            .await;
    }
    let asked = echo.asked.lock().unwrap().clone();
    assert!(asked.iter().all(|line| line == "POST /open/x"), "{asked:?}");
    assert_eq!(gateway.logs().iter().filter(|line| line.contains("hidden")).count(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_cannot_be_told_to_lose_a_key_or_to_change_its_protocol() {
    let (echo, gateway) = stand().await;
    let with = |fields: &str| format!("GET /private/x HTTP/1.1\r\nHost: a.test\r\n{fields}\r\n");
    for fields in [
        "Connection: close, Authorization\r\nAuthorization: Bearer wrong-key-1\r\n",
        "Connection: Upgrade, HTTP2-Settings, close\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n",
        "Connection: close\r\nX-Api-Key: x\r\n",
        "Connection: close\r\nX-Original-URL: /open/x\r\nX-Rewrite-URL: /open/x\r\n",
        "Connection: close\r\nX-HTTP-Method-Override: GET\r\nX-Forwarded-Prefix: /open\r\n",
    ] {
        assert_eq!(status(&raw(&gateway, with(fields)).await), 401, "{fields}");
    }
    let line_breaks = with("Connection: close\r\nAuthorization: Bearer a\rX-Api-Key: b\r\n");
    assert!(matches!(status(&raw(&gateway, line_breaks).await), 0 | 400 | 401));
    assert_eq!(echo.count(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_key_of_one_door_opens_no_other() {
    let (echo, gateway) = stand().await;
    let key = gateway.key();
    let get = |url: String| client().get(url);
    let bearer = |url: String, token: &str| get(url).bearer_auth(token).send();
    let basic = |url: String| get(url).basic_auth("ann", Some("word-of-ann")).send();
    assert_eq!(bearer(gateway.url("/private/x"), key).await.unwrap().status(), 200);
    assert_eq!(basic(gateway.url("/staff/x")).await.unwrap().status(), 200);
    let told = echo.count();
    for refused in [
        bearer(gateway.url("/staff/x"), key).await,
        bearer(gateway.url("/private/x"), "word-of-ann").await,
        basic(gateway.url("/private/x")).await,
        basic(gateway.url("/v1/models")).await,
        bearer(gateway.admin_url("/admin/v1/keys"), key).await,
        bearer(gateway.admin_url("/admin/v1/keys"), "word-of-ann").await,
        get(gateway.admin_url("/admin/v1/keys")).send().await,
    ] {
        assert_eq!(refused.unwrap().status(), 401);
    }
    assert_eq!(echo.count(), told);
    let lines = echo.asked.lock().unwrap().join("\n");
    assert!(!lines.contains(key) && !gateway.logs().join("\n").contains("word-of-ann"));
}

#[tokio::test(flavor = "multi_thread")]
async fn administration_is_not_served_to_clients() {
    let (_echo, gateway) = stand().await;
    for path in ["/admin/v1/keys", "/admin/v1/tenants", "/admin/reload", "/metrics", "/key/info", "/user/new"]
    {
        for key in [gateway.key(), "another-key-1"] {
            let answer = client().get(gateway.url(path)).bearer_auth(key).send().await.unwrap();
            assert_eq!(answer.status(), 404, "{path}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_client_says_of_itself_buys_it_no_more_room() {
    let (_echo, gateway) = stand().await;
    let mut refused = 0;
    for turn in 0..40 {
        let request = client().get(gateway.url("/slow/x")).header("x-forwarded-for", format!("9.9.9.{turn}"));
        let request = request.header("x-real-ip", format!("9.9.9.{turn}")).header("forwarded", "for=8.8.8.8");
        refused += usize::from(request.send().await.unwrap().status() == 429);
    }
    assert!(refused >= 15, "only {refused} of 40 were refused");
}

#[tokio::test(flavor = "multi_thread")]
async fn too_much_is_refused_before_it_is_read() {
    let (echo, gateway) = stand().await;
    for path in ["/open/x", "/v1/chat/completions"] {
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: a.test\r\nAuthorization: Bearer {}\r\nContent-Length: 62914560\r\n\
             Connection: close\r\nExpect: 100-continue\r\n\r\n",
            gateway.key()
        );
        assert_eq!(status(&raw(&gateway, head).await), 413, "{path}");
    }
    assert_eq!(echo.count(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn health_tells_nothing_but_health() {
    let (_echo, gateway) = stand().await;
    for path in ["/health", "/health/liveliness", "/v1/health", "/ready"] {
        let text = client().get(gateway.url(path)).send().await.unwrap().text().await.unwrap();
        assert!(text.len() < 200 && !text.contains("key") && !text.contains("127.0.0.1"), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_word_about_an_upgrade_lifts_the_bound_of_a_body() {
    let (_echo, gateway) = stand().await;
    let chunk = format!("{:x}\r\n{}\r\n0\r\n\r\n", 2 << 20, "x".repeat(2 << 20));
    for fields in ["", "Upgrade: foo\r\n", "Upgrade: websocket\r\n"] {
        let request = format!(
            "POST /open/x HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n{fields}Transfer-Encoding: chunked\r\n\r\n{chunk}"
        );
        assert_eq!(status(&raw(&gateway, request).await), 413, "{fields}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn names_in_disguise_do_not_reach_servers() {
    let (echo, gateway) = stand().await;
    let request = client().get(gateway.url("/open/x")).header("x_client_cert_cn", "root");
    let request = request.header("x_forwarded_for", "6.6.6.6").header("cf-connecting-ip", "6.6.6.6");
    let text = request.header("x_other", "kept").send().await.unwrap().text().await.unwrap();
    assert!(!text.contains("6.6.6.6") && !text.contains("root") && text.contains("kept"), "{text}");
    assert_eq!(echo.count(), 1);
}

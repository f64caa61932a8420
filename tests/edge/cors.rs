//! Pages of other sites: what browsers are told, by whom ever the answer is.

use crate::echo::Echo;
use crate::support::Gateway;
use crate::support::client;
use reqwest::Method;
use reqwest::Response;

const APP: &str = "https://app.test";

async fn gateway() -> (Gateway, Echo) {
    let echo = Echo::start("one").await;
    let cors = format!(
        "cors: {{ origins: [ '{APP}', 'null' ], methods: [ GET, PUT ], expose: [ X-Server ], credentials: true }}"
    );
    let gateway = Gateway::start(&format!(
        "routes:
  - {{ path: /web/, cluster: web, auth: keys, limits: {{ per_ip: 1/min }}, methods: [ GET ], {cors},
      response_headers: {{ set: {{ Access-Control-Allow-Origin: 'https://other.test' }} }} }}
  - {{ path: /denied/, cluster: web, deny: [ 127.0.0.0/8 ], {cors} }}
  - {{ path: /open/, cluster: web, cors: {{ origins: '*', headers: [ X-A ] }}, compress: true }}
  - {{ path: /without/, cluster: web }}
  - {{ path: /ai/, api: true, strip_prefix: true, {cors} }}
clusters: {{ web: {{ servers: [ '{}' ] }} }}
",
        echo.address
    ));
    (gateway, echo)
}

fn told(answer: &Response, name: &str) -> Vec<String> {
    answer.headers().get_all(name).iter().map(|value| value.to_str().unwrap().to_owned()).collect()
}

async fn preflight(gateway: &Gateway, path: &str, origin: &str) -> Response {
    let request = client().request(Method::OPTIONS, gateway.url(path)).header("origin", origin);
    let request = request.header("access-control-request-method", "PUT");
    request.header("access-control-request-headers", "authorization,x-b").send().await.unwrap()
}

#[tokio::test]
async fn a_preflight_is_answered_here_before_keys_and_limits() {
    let (gateway, echo) = gateway().await;
    for _ in 0..3 {
        let answer = preflight(&gateway, "/web/x", APP).await;
        assert_eq!(answer.status(), 204);
        assert_eq!(told(&answer, "access-control-allow-origin"), [APP]);
        assert_eq!(told(&answer, "access-control-allow-credentials"), ["true"]);
        assert_eq!(told(&answer, "access-control-allow-methods"), ["GET, PUT"]);
        assert_eq!(told(&answer, "access-control-allow-headers"), ["authorization,x-b"]);
        assert_eq!(told(&answer, "access-control-max-age"), ["3600"]);
        assert_eq!(told(&answer, "vary"), ["Origin"]);
        assert!(told(&answer, "content-length").is_empty());
    }
    let stranger = preflight(&gateway, "/web/x", "https://app.test.evil.test").await;
    assert_eq!((stranger.status().as_u16(), told(&stranger, "vary")), (204, vec!["Origin".to_owned()]));
    assert!(!stranger.headers().keys().any(|name| name.as_str().starts_with("access-control")));
    assert_eq!(preflight(&gateway, "/denied/x", APP).await.status(), 403);
    let any = preflight(&gateway, "/open/x", "https://who.test").await;
    assert_eq!(told(&any, "access-control-allow-origin"), ["*"]);
    assert_eq!(told(&any, "access-control-allow-headers"), ["x-a"]);
    assert_eq!(echo.count(), 0);
}

#[tokio::test]
async fn an_options_request_that_is_no_preflight_is_the_servers() {
    let (gateway, echo) = gateway().await;
    let plain =
        client().request(Method::OPTIONS, gateway.url("/open/x")).header("origin", APP).send().await.unwrap();
    assert_eq!((plain.status().as_u16(), echo.count()), (200, 1));
    assert_eq!(preflight(&gateway, "/without/x", APP).await.status(), 200);
    assert_eq!(echo.count(), 2);
}

#[tokio::test]
async fn every_answer_of_the_route_tells_and_the_server_does_not() {
    let (gateway, _echo) = gateway().await;
    let ask = |path: &str, key: &str, origin: &str| {
        client().get(gateway.url(path)).bearer_auth(key).header("origin", origin).send()
    };
    let good = ask("/web/x", gateway.key(), APP).await.unwrap();
    let limited = ask("/web/x", gateway.key(), APP).await.unwrap();
    let refused = ask("/ai/v1/models", "wrong", APP).await.unwrap();
    let unknown = ask("/ai/v1/nothing", gateway.key(), "null").await.unwrap();
    let models = ask("/ai/v1/models", gateway.key(), APP).await.unwrap();
    for (answer, status, origin) in [
        (&good, 200, APP),
        (&limited, 429, APP),
        (&refused, 401, APP),
        (&unknown, 404, "null"),
        (&models, 200, APP),
    ] {
        assert_eq!(answer.status().as_u16(), status);
        assert_eq!(told(answer, "access-control-allow-origin"), [origin], "{status}");
        assert_eq!(told(answer, "access-control-expose-headers"), ["x-server"], "{status}");
        assert_eq!(told(answer, "vary"), ["Origin"], "{status}");
    }
    assert_eq!(told(&refused, "www-authenticate"), ["Bearer"]);
    let stranger = ask("/ai/v1/models", gateway.key(), "https://evil.test").await.unwrap();
    assert_eq!((stranger.status().as_u16(), told(&stranger, "vary")), (200, vec!["Origin".to_owned()]));
    assert!(told(&stranger, "access-control-allow-origin").is_empty());
    let refused = ask("/web/x", gateway.key(), "https://evil.test").await.unwrap();
    assert_eq!(refused.status(), 429);
    assert!(told(&refused, "access-control-allow-origin").is_empty());
}

#[tokio::test]
async fn a_compressed_answer_depends_on_both() {
    let (gateway, _echo) = gateway().await;
    let ask = client().get(gateway.url("/denied/x")).header("origin", APP);
    assert_eq!(told(&ask.send().await.unwrap(), "vary"), ["Origin"]);
    let long = "x".repeat(300);
    let ask = client().get(gateway.url("/open/x")).header("accept-encoding", "br").header("x-long", long);
    let answer = ask.send().await.unwrap();
    assert_eq!(told(&answer, "content-encoding"), ["br"]);
    assert_eq!(told(&answer, "vary"), ["Accept-Encoding"]);
}

//! Which way a request takes, and what is changed on it.

use crate::echo::Echo;
use crate::echo::told;
use crate::support::Gateway;
use reqwest::Client;
use reqwest::StatusCode;
use reqwest::redirect::Policy;
use serde_json::Value;

fn client() -> Client {
    Client::builder().redirect(Policy::none()).build().unwrap()
}

async fn get(gateway: &Gateway, path: &str) -> (StatusCode, Value) {
    let answer = client().get(gateway.url(path)).send().await.unwrap();
    let status = answer.status();
    (status, serde_json::from_str(&answer.text().await.unwrap()).unwrap_or_default())
}

fn gateway(echo: &Echo, routes: &str) -> Gateway {
    Gateway::start(&format!("{routes}\nclusters: {{ web: {{ servers: [ '{}' ] }} }}\n", echo.address))
}

#[tokio::test]
async fn paths_lead_to_their_servers_and_everything_else_to_the_api() {
    let echo = Echo::start("one").await;
    let gateway = gateway(
        &echo,
        "routes:
  - { path: /keep/, cluster: web }
  - { path: /strip/, cluster: web, strip_prefix: true }
  - { regex: '^/old/', cluster: web, rewrite: { regex: '^/old/(.*)', to: '/new/$1' } }
  - { exact: /gone, answer: { status: 410, body: gone } }
  - { path: /away/, redirect: { to: 'https://a.test{uri}', status: 301 } }
  - { path: /ai/, api: true, strip_prefix: true }",
    );
    for (asked, line) in [
        ("/keep/a%2Fb//c?x=1", "GET /keep/a%2Fb//c?x=1"),
        ("/keep", "GET /keep"),
        ("/strip/a%20b?y", "GET /a%20b?y"),
        ("/strip", "GET /"),
        ("/old/a/b?z=2", "GET /new/a/b?z=2"),
    ] {
        assert_eq!(get(&gateway, asked).await.1["line"], line, "{asked}");
    }
    assert_eq!(get(&gateway, "/gone").await.0, 410);
    let away = client().get(gateway.url("/away/x?q=1")).send().await.unwrap();
    assert_eq!(
        (away.status().as_u16(), &away.headers()["location"]),
        (301, &"https://a.test/away/x?q=1".parse().unwrap())
    );
    assert_eq!(get(&gateway, "/keepx").await.0, 404);
    assert_eq!(get(&gateway, "/ai/v1/models").await.0, 401);
    let models = client().get(gateway.url("/ai/v1/models")).bearer_auth(gateway.key()).send().await.unwrap();
    assert_eq!(models.status(), 200);
}

/// The server answers while the start blocks this thread: `/ready` goes there, too.
#[tokio::test(flavor = "multi_thread")]
async fn servers_are_told_for_whom_they_are_asked() {
    let echo = Echo::start("one").await;
    let gateway = gateway(&echo, "routes: [ { path: /, cluster: web, upstream_host: localhost:8080 } ]");
    let asked = client()
        .get(gateway.url("/x"))
        .header("x-forwarded-for", "6.6.6.6")
        .header("forwarded", "for=6.6.6.6");
    let answer: Value = serde_json::from_str(&asked.send().await.unwrap().text().await.unwrap()).unwrap();
    assert_eq!(told(&answer, "x-forwarded-for"), ["127.0.0.1"], "a stranger's words are replaced");
    assert_eq!(told(&answer, "x-real-ip"), ["127.0.0.1"]);
    assert_eq!(told(&answer, "x-forwarded-proto"), ["http"]);
    assert_eq!(told(&answer, "x-forwarded-host"), [gateway.address()]);
    assert_eq!(told(&answer, "host"), ["localhost:8080"]);
    assert!(told(&answer, "forwarded").is_empty());
}

/// The server answers while the start blocks this thread: `/ready` goes there, too.
#[tokio::test(flavor = "multi_thread")]
async fn a_trusted_proxy_is_believed() {
    let echo = Echo::start("one").await;
    let gateway = gateway(
        &echo,
        "trusted_proxies: [ 127.0.0.0/8 ]\nroutes: [ { path: /, cluster: web, deny: [ 6.6.6.6 ] } ]",
    );
    let ask = |hops: &'static str| client().get(gateway.url("/x")).header("x-forwarded-for", hops).send();
    assert_eq!(ask("6.6.6.6").await.unwrap().status(), 403);
    let answer: Value =
        serde_json::from_str(&ask("6.6.6.6, 7.7.7.7").await.unwrap().text().await.unwrap()).unwrap();
    assert_eq!(told(&answer, "x-forwarded-for"), ["6.6.6.6, 7.7.7.7, 127.0.0.1"]);
    assert_eq!(told(&answer, "x-real-ip"), ["7.7.7.7"]);
}

#[tokio::test]
async fn another_server_is_tried_when_one_cannot_be_connected_to() {
    let echo = Echo::start("one").await;
    let dead = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let gateway = Gateway::start(&format!(
        "routes: [ {{ path: /two/, cluster: two }}, {{ path: /dead/, cluster: dead }} ]
clusters: {{ two: {{ servers: [ '{dead}', '{}' ] }}, dead: {{ servers: [ '{dead}' ] }} }}\n",
        echo.address
    ));
    for _ in 0..4 {
        let posted = client().post(gateway.url("/two/x")).body("body").send().await.unwrap();
        assert_eq!(posted.status(), 200);
    }
    assert_eq!(get(&gateway, "/dead/x").await.0, 502);
}

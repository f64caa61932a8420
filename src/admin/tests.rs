//! What the admin listener answers, asked over a real socket.

use super::*;
use crate::admin::office::Caller;
use crate::admin::office::Running;
use crate::config;
use crate::config::Environment;
use crate::config::Rate;
use reqwest::Client;
use reqwest::StatusCode;
use reqwest::header::ALLOW;
use reqwest::header::WWW_AUTHENTICATE;
use std::net::Ipv4Addr;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;
use tokio::io::AsyncReadExt;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

const KEY: &str = "tg-admin-1";
const BAD_KEYS: u64 = 20;

/// A running admin listener.
struct Listening {
    at: SocketAddr,
    reloads: Arc<AtomicUsize>,
    stop: oneshot::Sender<()>,
    done: JoinHandle<()>,
}

async fn running(outcome: Result<&'static str, &'static str>) -> Listening {
    let reloads = Arc::new(AtomicUsize::new(0));
    let (counted, metrics) = (Arc::clone(&reloads), Arc::new(Metrics::new()));
    let refreshed = Arc::clone(&metrics);
    let reload = move || {
        counted.fetch_add(1, Ordering::SeqCst);
        outcome.map(str::to_owned).map_err(str::to_owned)
    };
    let config = Arc::new(config::load(None, &Environment::default()).unwrap().config);
    let doors = Doors {
        metrics,
        admin: Arc::new(known),
        bad_keys: Arc::new(IpLimit::new(Rate { amount: BAD_KEYS, per: Duration::from_secs(86_400) })),
        refresh: Arc::new(move || refreshed.limit_hit("refreshed")),
        office: Office {
            store: Arc::new(|| Box::pin(std::future::ready(None))),
            config: Arc::new(move || config.clone()),
            changed: Arc::new(|| Box::pin(std::future::ready(()))),
            running: Some(Running {
                reload: Arc::new(reload),
                check: Arc::new(|_| Ok(Vec::new())),
                providers: Arc::new(Vec::new),
                clusters: Arc::new(Vec::new),
                limits: Arc::new(|_| None),
            }),
        },
    };
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let at = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let done = tokio::spawn(serve(listener, doors, async move { stopped.await.unwrap_or_default() }));
    Listening { at, reloads, stop, done }
}

/// A viewer, an operator and an owner.
fn known(token: &str) -> Option<Caller> {
    let role = match token {
        KEY => Role::Owner,
        "tg-admin-operator" => Role::Operator,
        "tg-admin-viewer" => Role::Viewer,
        _ => return None,
    };
    Some(Caller { id: format!("adm_{}", role.word()), name: role.word().to_owned(), role })
}

impl Listening {
    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.at)
    }

    fn reload(&self) -> reqwest::RequestBuilder {
        Client::new().post(self.url("/admin/reload"))
    }
}

#[tokio::test]
async fn a_scrape_is_open_and_refreshes_first() {
    let admin = running(Ok("")).await;
    let answer = reqwest::get(admin.url("/metrics")).await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(answer.headers()["content-type"], "text/plain; version=0.0.4");
    let text = answer.text().await.unwrap();
    assert!(text.contains(r#"tollgate_limits_hit_total{limit="refreshed"} 1"#), "{text}");
}

#[tokio::test]
async fn health_is_open() {
    let admin = running(Ok("")).await;
    let answer = reqwest::get(admin.url("/health")).await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(answer.json::<Value>().await.unwrap(), json!({ "status": "ok" }));
}

#[tokio::test]
async fn an_admin_key_reloads_by_either_header() {
    let admin = running(Ok("1 provider added")).await;
    for (header, value) in [
        ("authorization", format!("Bearer {KEY}")),
        ("authorization", format!("bearer  {KEY}")),
        ("x-api-key", KEY.to_owned()),
    ] {
        let answer = admin.reload().header(header, value).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        let body: Value = answer.json().await.unwrap();
        assert_eq!(body, json!({ "status": "reloaded", "summary": "1 provider added" }));
    }
    assert_eq!(admin.reloads.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn without_an_admin_key_nothing_is_reloaded() {
    let admin = running(Ok("")).await;
    for (header, value) in [
        ("x-nothing", ""),
        ("authorization", "Bearer tg-other"),
        ("authorization", "Bearer "),
        ("authorization", KEY),
        ("authorization", "Basic tg-admin-1"),
        ("x-api-key", "tg-admin-"),
        ("x-api-key", ""),
    ] {
        let answer = admin.reload().header(header, value).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{header}: {value}");
        assert_eq!(answer.headers()[WWW_AUTHENTICATE], "Bearer");
        let body: Value = answer.json().await.unwrap();
        assert_eq!(body["error"]["code"], "invalid_api_key");
        assert_eq!(body["error"]["type"], "invalid_request_error");
    }
    assert_eq!(admin.reloads.load(Ordering::SeqCst), 0);
}

/// Every operation with every role: 401 without a key, 403 below its role, and past the doors from there on.
#[tokio::test]
async fn each_operation_wants_its_role() {
    let admin = running(Ok("")).await;
    for route in ROUTES {
        let url = admin.url(&format!("{BASE}{}", route.path.replace("{id}", "x")));
        let ask = |token: Option<&'static str>| {
            let request = Client::new().request(route.method.parse().unwrap(), &url);
            async move {
                let request = token.into_iter().fold(request, |request, token| request.bearer_auth(token));
                request.send().await.unwrap().status().as_u16()
            }
        };
        assert_eq!(ask(None).await, 401, "{} {url}", route.method);
        for (token, role) in
            [("tg-admin-viewer", Role::Viewer), ("tg-admin-operator", Role::Operator), (KEY, Role::Owner)]
        {
            let status = ask(Some(token)).await;
            assert_eq!(status == 403, role < route.role, "{} {url} as {role:?}: {status}", route.method);
            assert!(
                ![401, 404, 405].contains(&status) || url.ends_with("limits"),
                "{} {url}: {status}",
                route.method
            );
        }
    }
    let legacy = admin.reload().bearer_auth("tg-admin-viewer").send().await.unwrap();
    assert_eq!(legacy.status(), StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn wrong_keys_are_counted_and_right_ones_are_not_held_up() {
    let admin = running(Ok("")).await;
    let mut statuses = Vec::new();
    for _ in 0..BAD_KEYS + 1 {
        statuses.push(admin.reload().bearer_auth("tg-admin-wrong").send().await.unwrap());
    }
    let last = statuses.pop().unwrap();
    assert!(statuses.iter().all(|answer| answer.status() == StatusCode::UNAUTHORIZED));
    assert_eq!(last.status(), StatusCode::TOO_MANY_REQUESTS);
    assert!(last.headers()["retry-after"].to_str().unwrap().parse::<u64>().unwrap() > 0);
    assert_eq!(admin.reload().bearer_auth(KEY).send().await.unwrap().status(), StatusCode::OK);
}

#[tokio::test]
async fn a_parameter_nobody_knows_is_refused_by_name() {
    let admin = running(Ok("")).await;
    let answer =
        Client::new().get(admin.url("/admin/v1/keys?tenent=x")).bearer_auth(KEY).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
    assert_eq!(answer.json::<Value>().await.unwrap()["error"]["param"], "tenent");
}

#[tokio::test]
async fn without_the_store_it_says_so() {
    let admin = running(Ok("")).await;
    let answer = Client::new().get(admin.url("/admin/v1/keys")).bearer_auth(KEY).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(answer.json::<Value>().await.unwrap()["error"]["code"], "store_away");
}

#[tokio::test]
async fn a_refused_configuration_names_its_problems() {
    let admin = running(Err("tollgate.yaml:9:5: alias `fast` points nowhere")).await;
    let answer = admin.reload().bearer_auth(KEY).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
    let body: Value = answer.json().await.unwrap();
    assert_eq!(body["error"]["message"], "tollgate.yaml:9:5: alias `fast` points nowhere");
    assert_eq!(body["error"]["code"], "invalid_configuration");
}

#[tokio::test]
async fn a_body_over_64_kib_is_refused() {
    let admin = running(Ok("")).await;
    let answer = admin.reload().bearer_auth(KEY).body(vec![b'x'; LARGEST_BODY + 1]).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(answer.json::<Value>().await.unwrap()["error"]["code"], "invalid_body");
    assert_eq!(admin.reloads.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn what_is_not_there_is_said_in_json() {
    let admin = running(Ok("")).await;
    let missing = reqwest::get(admin.url("/admin/keys")).await.unwrap();
    assert_eq!(missing.status(), StatusCode::NOT_FOUND);
    assert_eq!(missing.json::<Value>().await.unwrap()["error"]["code"], "not_found");
    let wrong = reqwest::get(admin.url("/admin/reload")).await.unwrap();
    assert_eq!(wrong.status(), StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(wrong.headers()[ALLOW], "POST");
    assert_eq!(wrong.json::<Value>().await.unwrap()["error"]["code"], "method_not_allowed");
}

#[tokio::test]
async fn an_idle_connection_does_not_keep_it_from_stopping() {
    let admin = running(Ok("")).await;
    let mut idle = TcpStream::connect(admin.at).await.unwrap();
    idle.write_all(b"GET /health HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    idle.read_u8().await.unwrap();
    admin.stop.send(()).unwrap();
    admin.done.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_half_sent_request_does_not_keep_it_from_stopping() {
    let admin = running(Ok("")).await;
    let mut slow = TcpStream::connect(admin.at).await.unwrap();
    slow.write_all(b"GET /health HTTP/1.1\r\nhost: a\r\n\r\nGET /hea").await.unwrap();
    slow.read_u8().await.unwrap();
    admin.stop.send(()).unwrap();
    admin.done.await.unwrap();
}

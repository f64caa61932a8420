//! `POST /admin/reload`: who may, and what it says.

use crate::KEY;
use crate::status;
use crate::support::Home;
use crate::support::Reply;
use crate::support::Vendor;
use crate::support::client;
use crate::yaml;
use serde_json::Value;

/// The admin key as the first start shows it.
async fn reload(home: &Home, key: Option<&str>) -> (u16, Value) {
    let mut request = client().post(home.admin_url("/admin/reload"));
    if let Some(key) = key {
        request = request.bearer_auth(key);
    }
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

#[tokio::test]
async fn only_the_admin_key_reloads() {
    let vendor = Vendor::start(|_, _| Reply::chat("hello"));
    // Watching is not what this is about: the file stays as it is.
    let mut home = Home::with(&yaml(vendor.base_url(), "first", ""));
    let program = home.serve(&[]).await;
    let admin = program.shown("admin key").unwrap();
    for key in [None, Some(KEY), Some("tg-admin-wrong")] {
        let (status, body) = reload(&home, key).await;
        assert_eq!((status, &body["error"]["code"]), (401, &"invalid_api_key".into()), "{key:?}");
    }
    let (status, body) = reload(&home, Some(&admin)).await;
    assert_eq!((status, &body["status"]), (200, &"reloaded".into()), "{body}");
    assert_eq!(client().get(home.url("/v1/models")).bearer_auth(&admin).send().await.unwrap().status(), 401);
    assert!(!program.stderr().contains(&admin), "the admin key is in the log");
}

#[tokio::test]
async fn a_refusal_lists_every_problem_with_its_place() {
    let vendor = Vendor::start(|_, _| Reply::chat("hello"));
    let mut home = Home::with(&yaml(vendor.base_url(), "first", ""));
    let program = home.serve(&[]).await;
    let admin = program.shown("admin key").unwrap();
    home.rewrite(&yaml(vendor.base_url(), "second", "limits:\n  boddy: 1MiB\nserver:\n  threads: many\n"));
    let (code, body) = reload(&home, Some(&admin)).await;
    let message = body["error"]["message"].as_str().unwrap();
    assert_eq!((code, &body["error"]["code"]), (400, &"invalid_configuration".into()));
    for part in
        ["tollgate.yaml:10:3: limits.boddy is not a setting", "tollgate.yaml:12:12: server.threads must be"]
    {
        assert!(message.contains(part), "`{part}` is not in {message}");
    }
    assert_eq!((status(&home, "first").await, status(&home, "second").await), (200, 404));
    home.rewrite(&yaml(vendor.base_url(), "second", ""));
    assert_eq!(reload(&home, Some(&admin)).await.0, 200);
    assert_eq!((status(&home, "first").await, status(&home, "second").await), (404, 200));
}

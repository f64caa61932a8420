//! The commands, on the store and through the admin API: both ways answer alike.

use crate::Stage;
use serde_json::Value;
use serde_json::json;
use std::process::Command;
use std::process::Output;

/// The way a command goes.
#[derive(Clone, Copy, Debug)]
enum Way {
    Store,
    Api,
}

fn run(stage: &Stage, way: Way, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tollgate"));
    command
        .env_clear()
        .env("GATEWAY_DATA_DIR", stage.gateway.data_dir())
        .current_dir(stage.gateway.data_dir());
    command.args(arguments);
    if let Way::Api = way {
        command.args(["--url", &stage.gateway.admin_url("")]).env("TOLLGATE_ADMIN_KEY", &stage.owner);
    }
    command.output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// In JSON; panics unless it succeeds.
fn done(stage: &Stage, way: Way, arguments: &[&str]) -> Value {
    let output = run(stage, way, &[arguments, &["--json"]].concat());
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_str(&said(&output)).unwrap()
}

#[tokio::test]
async fn both_ways_do_and_say_the_same() {
    let stage = Stage::new();
    for (way, tenant) in [(Way::Store, "acme"), (Way::Api, "umbrella")] {
        done(&stage, way, &["tenants", "create", tenant, "--tag", "gold", "--budget", "hard=100/month"]);
        let made = done(
            &stage,
            way,
            &[
                "keys",
                "create",
                "k",
                "--tenant",
                tenant,
                "--limit",
                "requests=60/min",
                "--quota",
                "cost=5/day",
                "--model",
                "m",
                "--expires",
                "90d",
            ],
        );
        assert_eq!(made["limits"], json!({ "requests": "60/min" }), "{way:?}");
        assert!(made["key"].as_str().unwrap().starts_with("tg-") && made["expires"].is_string());
        let id = made["id"].as_str().unwrap();
        let rotated = done(&stage, way, &["keys", "rotate", id, "--grace", "1h"]);
        assert_ne!(rotated["key"], made["key"]);
        assert_eq!(done(&stage, way, &["keys", "disable", id])["disabled"], true);
        assert_eq!(done(&stage, way, &["keys", "enable", id])["disabled"], false);
        assert_eq!(done(&stage, way, &["keys", "change", id, "--expires", "never"])["expires"], Value::Null);
        let refused = run(&stage, way, &["tenants", "delete", tenant]);
        assert_eq!(refused.status.code(), Some(1), "{way:?}");
        assert!(String::from_utf8_lossy(&refused.stderr).contains("has 1 keys"), "{way:?}");
    }
    for arguments in [
        &["keys", "list"][..],
        &["tenants", "list"],
        &["admins", "list"],
        &["usage", "--by", "day"],
        &["audit"],
    ] {
        let (one, other) = (done(&stage, Way::Store, arguments), done(&stage, Way::Api, arguments));
        let rows = |value: &Value| value.get("data").unwrap_or(value).clone();
        assert_eq!(rows(&one), rows(&other), "{arguments:?}");
        let (one, other) = (run(&stage, Way::Store, arguments), run(&stage, Way::Api, arguments));
        assert_eq!(said(&one), said(&other), "{arguments:?}");
    }
    let table = said(&run(&stage, Way::Api, &["keys", "list", "--tenant", "acme"]));
    assert!(table.starts_with("ID ") && table.lines().count() == 2 && !table.contains("hash"), "{table}");
    let csv = said(&run(&stage, Way::Store, &["usage", "--by", "tenant", "--csv"]));
    assert!(csv.starts_with("tenant_name,tenant,requests,"), "{csv}");
    let several = run(&stage, Way::Api, &["keys", "delete", "k"]);
    assert!(String::from_utf8_lossy(&several.stderr).contains("several keys `k`"));
    done(&stage, Way::Api, &["keys", "delete", &key_of(&stage)]);
    done(&stage, Way::Store, &["keys", "delete", "k"]);
}

/// The id of the first tenant's key: there are two of its name.
fn key_of(stage: &Stage) -> String {
    let rows = done(stage, Way::Store, &["keys", "list", "--tenant", "acme"]);
    rows[0]["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn what_cannot_be_done_ends_with_1_and_says_why() {
    let stage = Stage::new();
    for (arguments, why) in [
        (&["keys", "show", "nobody"][..], "there is no key `nobody`"),
        (&["keys", "create", "k", "--limit", "requests=often"], "limits.requests"),
        (&["admins", "create", "a", "--role", "king"], "`role` must be"),
        (&["usage", "--by", "week"], "`by` must be"),
    ] {
        for way in [Way::Store, Way::Api] {
            let output = run(&stage, way, arguments);
            let error = String::from_utf8_lossy(&output.stderr).into_owned();
            assert_eq!(output.status.code(), Some(1), "{arguments:?} {way:?}");
            assert!(error.contains(why), "{arguments:?} {way:?}: {error}");
        }
    }
    let mut command = Command::new(env!("CARGO_BIN_EXE_tollgate"));
    let output = command.env_clear().args(["keys", "list", "--url", "http://127.0.0.1:1"]).output().unwrap();
    assert!(String::from_utf8_lossy(&output.stderr).contains("TOLLGATE_ADMIN_KEY"));
}

#[tokio::test]
async fn a_key_made_by_a_command_is_in_force_soon() {
    let stage = Stage::new();
    let made = done(&stage, Way::Store, &["keys", "create", "k"]);
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(10);
    while stage.serves(made["key"].as_str().unwrap()).await != 200 {
        assert!(std::time::Instant::now() < deadline, "the key is not in force");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    let audit = done(&stage, Way::Store, &["audit", "--action", "key.add", "--limit", "1"]);
    assert_eq!((&audit[0]["who"], &audit[0]["subject"]), (&"cli".into(), &made["id"]));
}

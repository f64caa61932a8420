//! A new configuration while requests are under way, and one that cannot be used.

use crate::KEY;
use crate::ask;
use crate::begin;
use crate::rest_of;
use crate::status;
use crate::support;
use crate::support::DONE;
use crate::support::Gateway;
use crate::support::Hand;
use crate::support::Home;
use crate::support::Program;
use crate::support::Reply;
use crate::support::Vendor;
use crate::support::chat_body;
use crate::support::chunk;
use crate::support::finish_chunk;
use crate::support::provider;
use crate::yaml;
use std::time::Duration;

const RELOADED: &str = "configuration reloaded";
const REFUSED: &str = "configuration refused";

/// The ways in which a new file is noticed. Each ends when it has come into force.
#[derive(Clone, Copy, Debug)]
enum Way {
    Hangup,
    WatchedReplace,
    WatchedRewrite,
}

impl Way {
    async fn go(self, home: &Home, program: &Program, yaml: &str, expected: &str) {
        let before = program.stderr().matches(expected).count();
        match self {
            Way::Hangup => {
                home.rewrite(yaml);
                program.signal("HUP");
            }
            Way::WatchedReplace => home.replace(yaml),
            Way::WatchedRewrite => home.rewrite(yaml),
        }
        program.logged(expected, before + 1).await;
    }
}

#[tokio::test]
async fn a_stream_outlives_the_configuration_it_began_with() {
    let mut hand = Hand::start().await;
    let origin = hand.base_url().trim_end_matches("/v1").to_owned();
    let mut home = Home::with(&yaml(&origin, "first", ""));
    let program = home.serve(&[]).await;
    let mut current = "first";
    for (way, next) in
        [(Way::Hangup, "second"), (Way::WatchedReplace, "third"), (Way::WatchedRewrite, "fourth")]
    {
        let (mut stream, live) = begin(&home, &mut hand, current).await;

        way.go(&home, &program, &yaml(&origin, next, ""), RELOADED).await;

        live.send(&chunk("after"));
        live.send(&finish_chunk());
        live.send(DONE);
        drop(live);
        let rest = rest_of(&mut stream).await;
        assert!(rest.contains("after") && rest.contains(DONE), "{way:?}: {rest}");
        let (_stream, _live) = begin(&home, &mut hand, next).await;
        assert_eq!(status(&home, current).await, 404, "{way:?}: the old name still means something");
        current = next;
    }
}

#[tokio::test]
async fn a_bad_file_changes_nothing_and_is_explained() {
    let vendor = Vendor::start(|_, _| Reply::chat("hello"));
    let mut home = Home::with(&yaml(vendor.base_url(), "first", ""));
    let program = home.serve(&[]).await;
    let bad = yaml(vendor.base_url(), "second", "limits: { boddy: 1MiB }\nserver: { threads: many }\n");
    for way in [Way::Hangup, Way::WatchedReplace, Way::WatchedRewrite] {
        way.go(&home, &program, &bad, REFUSED).await;
        let log = program.logged(REFUSED, 1).await;
        let line = log.last().unwrap();
        for part in ["limits.boddy is not a setting", "server.threads must be", "tollgate.yaml:"] {
            assert!(line.contains(part), "{way:?}: `{part}` is not in {line}");
        }
        assert_eq!((status(&home, "first").await, status(&home, "second").await), (200, 404), "{way:?}");
        way.go(&home, &program, &yaml(vendor.base_url(), "first", ""), RELOADED).await;
    }
    assert!(!program.stderr().contains(KEY), "a key is in the log");
}

#[tokio::test]
async fn a_file_that_is_away_for_a_moment_is_waited_for() {
    let vendor = Vendor::start(|_, _| Reply::chat("hello"));
    let mut home = Home::with(&yaml(vendor.base_url(), "first", ""));
    let program = home.serve(&[]).await;
    std::fs::remove_file(home.file()).unwrap();
    assert_eq!(status(&home, "first").await, 200);
    program.signal("HUP");
    assert_eq!(status(&home, "first").await, 200);
    Way::WatchedReplace.go(&home, &program, &yaml(vendor.base_url(), "second", ""), RELOADED).await;
    assert_eq!(status(&home, "second").await, 200);
}

#[tokio::test]
async fn a_setting_that_needs_a_restart_is_named() {
    let vendor = Vendor::start(|_, _| Reply::chat("hello"));
    let mut home = Home::with(&yaml(vendor.base_url(), "first", ""));
    let program = home.serve(&[("GATEWAY_DATA_DIR", "./data")]).await;
    let next = yaml(vendor.base_url(), "first", "")
        .replace("'{listen}'", "127.0.0.1:1")
        .replace("'{admin}'", "'off'")
        .replace("ttl: 0", "ttl: 0, max_entries: 7, max_bytes: 7MiB");
    let next = format!(
        "{next}log: {{ level: debug, format: text, access: false }}\nserver: {{ threads: 3, notice: 1s, grace: 7s, \
         head_timeout: 7s, idle_timeout: 7s, upstream_idle: 7, body_timeout: 7s }}\n"
    );
    Way::Hangup.go(&home, &program, &next, RELOADED).await;
    let log = program.logged("takes effect at the next start", 13).await.join("\n");
    for setting in [
        "listen",
        "admin.listen",
        "cache.exact.max_entries",
        "cache.exact.max_bytes",
        "log.format",
        "log.level",
        "log.access",
        "server.threads",
        "server.notice",
        "server.grace",
        "server.head_timeout",
        "server.idle_timeout",
        "server.upstream_idle",
    ] {
        assert!(log.contains(&format!("\"setting\":\"{setting}\"")), "{setting} is not in {log}");
    }
    assert!(!log.contains("body_timeout"), "{log}");
    assert_eq!(ask(&home, "first").await.status(), 200, "the old listener is still there");
}

/// The first vendor answers late, and the alias means the second one by then.
#[tokio::test]
async fn an_answer_from_before_a_reload_is_not_kept_for_those_who_ask_after_it() {
    let slow = Vendor::start(|_, _| Reply::chat("old").pausing_first(Duration::from_millis(2500)));
    let quick = Vendor::start(|_, _| Reply::chat("new"));
    let yaml = |target: &str| {
        let providers = [provider("slow", slow.base_url()), provider("quick", quick.base_url())].concat();
        format!(
            "failover: {{ check_interval: off }}\nproviders:\n{providers}models: {{ name: {target}/m }}\n"
        )
    };
    let gateway = Gateway::start(&yaml("slow"));
    let body = chat_body("name", false);
    let reload = async {
        slow.wait_for_requests(1).await;
        gateway.reconfigure(&yaml("quick")).await;
    };
    let (old, ()) = tokio::join!(support::ask(&gateway, &body), reload);
    assert_eq!(old.text(), "old");
    for cache in ["MISS", "HIT"] {
        let new = support::ask(&gateway, &body).await;
        assert_eq!((new.text().as_str(), new.header("x-cache")), ("new", Some(cache)));
    }
}

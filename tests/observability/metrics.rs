//! What Prometheus reads after requests whose number and fate are known.

use crate::Stage;
use crate::support::client;
use std::collections::BTreeMap;

/// Every family, for dashboards and for the README.
pub const FAMILIES: &[&str] = &[
    "tollgate_attempts_total",
    "tollgate_build_info",
    "tollgate_cache_total",
    "tollgate_client_connections",
    "tollgate_config_reloads_total",
    "tollgate_cost_usd_total",
    "tollgate_events_dropped_total",
    "tollgate_failovers_total",
    "tollgate_ledger_drained_total",
    "tollgate_ledger_lost_total",
    "tollgate_ledger_spool_bytes",
    "tollgate_ledger_spool_errors_total",
    "tollgate_ledger_refused_total",
    "tollgate_ledger_spool_garbage_total",
    "tollgate_ledger_store_away",
    "tollgate_limits_hit_total",
    "tollgate_log_lines_dropped_total",
    "tollgate_provider_healthy",
    "tollgate_provider_keys_usable",
    "tollgate_request_duration_seconds",
    "tollgate_requests_in_flight",
    "tollgate_requests_total",
    "tollgate_state_away",
    "tollgate_streams_in_flight",
    "tollgate_time_to_first_token_seconds",
    "tollgate_tokens_total",
    "tollgate_unpriced_requests_total",
    "tollgate_upstream_connections_total",
    "tollgate_upstream_in_flight",
    "process_cpu_seconds_total",
    "process_resident_memory_bytes",
];

async fn scrape(stage: &Stage) -> String {
    let answer = client().get(stage.gateway.admin_url("/metrics")).send().await.unwrap();
    assert_eq!(answer.headers()["content-type"], "text/plain; version=0.0.4");
    answer.text().await.unwrap()
}

/// Series → value.
fn series(text: &str) -> BTreeMap<&str, f64> {
    let samples = text.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.rsplit_once(' '));
    samples.map(|(series, value)| (series, value.parse().unwrap())).collect()
}

#[tokio::test]
async fn known_requests_have_known_numbers() {
    let stage = Stage::set("keys: [ { name: a, key: tg-test-key-0001, limits: { requests: 6/day } } ]\n");
    for (id, model, stream, status) in [
        ("1", "shaky", false, 200),
        ("2", "shaky", false, 200),
        ("3", "shaky", true, 200),
        ("4", "openai/some-other-model", false, 200),
        ("5", "no-such-model", false, 404),
        ("6", "alone", false, 503),
        ("7", "good", false, 429),
    ] {
        assert_eq!(stage.chat(&format!("counted-{id}"), model, stream).await.0, status, "{id}");
        stage.line(&format!("counted-{id}")).await;
    }
    let text = scrape(&stage).await;
    let series = series(&text);
    let mini = "model=\"gpt-4o-mini\",provider=\"openai\"";
    let request = |code: &str, model: &str, provider: &str| {
        format!(
            "tollgate_requests_total{{code=\"{code}\",model=\"{model}\",operation=\"chat_completions\",provider=\"{provider}\"}}"
        )
    };
    // The second and the third are answered from what the first left in the cache, the third as a stream; of
    // the others a name that means nothing is no miss, and the last was not looked up.
    for (name, expected) in [
        (request("200", "gpt-4o-mini", "openai"), 1.0),
        (request("200", "other", "openai"), 1.0),
        (format!("tollgate_tokens_total{{kind=\"input\",{mini}}}"), 5.0),
        (format!("tollgate_tokens_total{{kind=\"output\",{mini}}}"), 7.0),
        (format!("tollgate_cost_usd_total{{{mini}}}"), 0.00000495),
        ("tollgate_unpriced_requests_total".to_owned(), 1.0),
        ("tollgate_cache_total{result=\"hit\"}".to_owned(), 2.0),
        ("tollgate_cache_total{result=\"miss\"}".to_owned(), 3.0),
        ("tollgate_failovers_total{from=\"lame\",reason=\"status_503\"}".to_owned(), 1.0),
        ("tollgate_attempts_total{outcome=\"200\",provider=\"openai\"}".to_owned(), 2.0),
        ("tollgate_attempts_total{outcome=\"status_503\",provider=\"lame\"}".to_owned(), 2.0),
        ("tollgate_limits_hit_total{limit=\"requests\"}".to_owned(), 1.0),
        ("tollgate_provider_healthy{provider=\"lame\"}".to_owned(), 0.0),
        ("tollgate_provider_healthy{provider=\"openai\"}".to_owned(), 1.0),
        ("tollgate_provider_keys_usable{provider=\"openai\"}".to_owned(), 1.0),
        ("tollgate_upstream_connections_total{kind=\"new\",provider=\"openai\"}".to_owned(), 1.0),
        ("tollgate_upstream_connections_total{kind=\"reused\",provider=\"openai\"}".to_owned(), 1.0),
        ("tollgate_upstream_in_flight{provider=\"openai\"}".to_owned(), 0.0),
        ("tollgate_requests_in_flight".to_owned(), 0.0),
        ("tollgate_streams_in_flight".to_owned(), 0.0),
        ("tollgate_log_lines_dropped_total".to_owned(), 0.0),
        ("tollgate_request_duration_seconds_count{model=\"none\",provider=\"cache\"}".to_owned(), 2.0),
        (format!("tollgate_request_duration_seconds_count{{{mini}}}"), 1.0),
    ] {
        assert_eq!(series.get(name.as_str()), Some(&expected), "{name}\n{text}");
    }
}

#[tokio::test]
async fn every_family_is_there_once_it_has_something_to_say() {
    let stage = Stage::set("limits: { per_key: { requests: 3/day } }\n");
    for (id, model, stream) in
        [("1", "shaky", true), ("2", "openai/unpriced", false), ("3", "bad", false), ("4", "bad", false)]
    {
        stage.chat(&format!("family-{id}"), model, stream).await;
        stage.line(&format!("family-{id}")).await;
    }
    reload(&stage).await;
    let text = scrape(&stage).await;
    for family in FAMILIES {
        assert!(text.contains(&format!("# TYPE {family} ")), "{family} is missing:\n{text}");
    }
    let unknown: Vec<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next())
        .filter(|family| !FAMILIES.contains(family))
        .collect();
    assert!(unknown.is_empty(), "not in the list, so not in the README either: {unknown:?}");
}

async fn reload(stage: &Stage) {
    let pid = stage.gateway.pid().to_string();
    assert!(std::process::Command::new("kill").args(["-HUP", &pid]).status().unwrap().success());
    stage.gateway.wait_for_log(|line| line.contains("configuration reloaded")).await;
}

#[tokio::test]
async fn a_client_cannot_make_series() {
    let stage = Stage::set("");
    let names = |text: &str| {
        series(text)
            .keys()
            .filter(|name| !name.contains("_bucket"))
            .map(|s| s.to_string())
            .collect::<Vec<_>>()
    };
    let kinds = ["openai/made-up", "nonsense-"];
    for (round, kind) in kinds.iter().enumerate() {
        let id = format!("first-{round}");
        stage.chat(&id, &format!("{kind}x"), false).await;
        stage.line(&id).await;
    }
    let missing =
        client().get(stage.gateway.url("/none")).header("x-request-id", "missing").send().await.unwrap();
    assert_eq!(missing.status(), 404);
    stage.line("missing").await;
    let before = names(&scrape(&stage).await);
    for n in 0..30 {
        for kind in kinds {
            stage.chat(&format!("more-{n}"), &format!("{kind}{n}"), false).await;
        }
        client().get(stage.gateway.url(&format!("/none/{n}"))).send().await.unwrap();
    }
    assert_eq!(names(&scrape(&stage).await), before);
}

#[tokio::test]
async fn what_is_under_way_is_shown_while_it_is() {
    let mut hand = crate::support::Hand::start().await;
    let yaml = format!(
        "providers: {{ only: {{ kind: openai_compatible, base_url: '{}', check: false }} }}\n",
        hand.base_url()
    );
    let gateway = crate::support::Gateway::start(&yaml);
    let body = crate::support::chat_body("only/m", true);
    let request =
        client().post(gateway.url("/v1/chat/completions")).bearer_auth(gateway.key()).json(&body).send();
    let opening = async {
        let live = hand.opened().await;
        live.send(&crate::support::chunk("x"));
        live
    };
    let (answer, live) = tokio::join!(request, opening);
    let mut answer = answer.unwrap();
    assert!(answer.chunk().await.unwrap().is_some());
    let gauges = [
        "tollgate_requests_in_flight",
        "tollgate_streams_in_flight",
        "tollgate_upstream_in_flight{provider=\"only\"}",
    ];
    for gauge in gauges {
        assert_eq!(gateway.metric(gauge), 1.0, "{gauge}");
    }
    assert!(gateway.metric("tollgate_client_connections") >= 1.0);
    live.send(&crate::support::finish_chunk());
    live.send(crate::support::DONE);
    drop(live);
    while answer.chunk().await.unwrap().is_some() {}
    gateway.wait_for_log(|line| line.contains("\"stream\":true")).await;
    for gauge in gauges {
        assert_eq!(gateway.metric(gauge), 0.0, "{gauge}");
    }
}

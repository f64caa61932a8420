//! What a scrape shows after known events.

use super::*;
use crate::money::Money;

fn finished<'a>(series: &'a Series) -> Finished<'a> {
    Finished {
        operation: Operation::Asked(crate::dialect::operation::Operation::ChatCompletions),
        series,
        status: 200,
        latency: Duration::from_millis(320),
        ttft: None,
        usage: None,
        cost: None,
        cache: None,
    }
}

/// The value of one line of the exposition, or `None` when there is no such line.
fn value(metrics: &Metrics, series: &str) -> Option<f64> {
    let text = metrics.gather();
    text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' ')?.parse().ok())
}

#[test]
fn a_request_is_counted_timed_and_billed() {
    let metrics = Metrics::new();
    let series = metrics.series("openai", "gpt-4o");
    let usage = Usage { input: 700, cached: 512, cache_write: 0, output: 147, reasoning: 32 };
    metrics.finished(&Finished {
        ttft: Some(Duration::from_millis(80)),
        usage: Some(usage),
        cost: Some(Cost::Known(Money(1_500_000_000))),
        cache: Some(CacheResult::Miss),
        ..finished(&series)
    });
    let model = r#"model="gpt-4o",provider="openai""#;
    for (line, expected) in [
        (
            format!(
                r#"tollgate_requests_total{{code="200",{},operation="chat_completions",provider="openai"}}"#,
                r#"model="gpt-4o""#
            ),
            1.0,
        ),
        (format!("tollgate_request_duration_seconds_sum{{{model}}}"), 0.32),
        (format!(r#"tollgate_request_duration_seconds_bucket{{{model},le="0.25"}}"#), 0.0),
        (format!(r#"tollgate_request_duration_seconds_bucket{{{model},le="0.5"}}"#), 1.0),
        (format!("tollgate_time_to_first_token_seconds_sum{{{model}}}"), 0.08),
        (format!(r#"tollgate_tokens_total{{kind="input",{model}}}"#), 700.0),
        (format!(r#"tollgate_tokens_total{{kind="cached",{model}}}"#), 512.0),
        (format!(r#"tollgate_tokens_total{{kind="output",{model}}}"#), 147.0),
        (format!(r#"tollgate_tokens_total{{kind="reasoning",{model}}}"#), 32.0),
        (format!("tollgate_cost_usd_total{{{model}}}"), 1.5),
        (r#"tollgate_cache_total{result="miss"}"#.to_owned(), 1.0),
        (r#"tollgate_cache_total{result="hit"}"#.to_owned(), 0.0),
        ("tollgate_unpriced_requests_total".to_owned(), 0.0),
    ] {
        assert_eq!(value(&metrics, &line), Some(expected), "{line}");
    }
}

#[test]
fn an_unknown_price_is_counted_apart_and_not_as_zero_dollars() {
    let metrics = Metrics::new();
    let series = metrics.series("local", "llama");
    metrics.finished(&Finished { cost: Some(Cost::Unknown), ..finished(&series) });
    assert_eq!(value(&metrics, "tollgate_unpriced_requests_total"), Some(1.0));
    assert!(!metrics.gather().contains("tollgate_cost_usd_total{"));
}

#[test]
fn a_cache_hit_does_not_flatter_the_provider() {
    let metrics = Metrics::new();
    let series = metrics.series("openai", "gpt-4o");
    metrics.finished(&Finished { cache: Some(CacheResult::Hit), ..finished(&series) });
    let text = metrics.gather();
    assert!(
        text.contains(r#"tollgate_request_duration_seconds_count{model="none",provider="cache"} 1"#),
        "{text}"
    );
    assert!(!text.contains(r#"tollgate_request_duration_seconds_count{model="gpt-4o""#), "{text}");
}

#[test]
fn handles_of_two_snapshots_count_together() {
    let metrics = Metrics::new();
    for _ in 0..2 {
        metrics.finished(&finished(&metrics.series("groq", "llama")));
        metrics.upstream("groq").attempt("200");
    }
    assert_eq!(value(&metrics, r#"tollgate_attempts_total{outcome="200",provider="groq"}"#), Some(2.0));
    let line = r#"tollgate_request_duration_seconds_count{model="llama",provider="groq"}"#;
    assert_eq!(value(&metrics, line), Some(2.0));
}

#[test]
fn models_beyond_the_bound_count_as_other() {
    let metrics = Metrics::new();
    let known = metrics.series("openai", "gpt-4o");
    for index in 0..MOST_SERIES + 10 {
        metrics.finished(&finished(&metrics.series("openai", &format!("m{index}"))));
    }
    metrics.finished(&finished(&known));
    metrics.finished(&finished(&metrics.series("openai", "gpt-4o")));
    let text = metrics.gather();
    assert_eq!(text.matches("tollgate_requests_total{").count(), MOST_SERIES + 1);
    assert!(text.contains(r#"tollgate_request_duration_seconds_count{model="other",provider="openai"} 11"#));
    assert!(text.contains(r#"tollgate_request_duration_seconds_count{model="gpt-4o",provider="openai"} 2"#));
}

#[test]
fn what_is_in_flight_leaves_when_its_guard_does() {
    let metrics = Metrics::new();
    let upstream = metrics.upstream("groq");
    let gauges = [
        "tollgate_requests_in_flight",
        "tollgate_streams_in_flight",
        r#"tollgate_upstream_in_flight{provider="groq"}"#,
    ];
    let held = [metrics.request_begins(), metrics.stream_begins(), upstream.call_begins()];
    assert_eq!(gauges.map(|gauge| value(&metrics, gauge)), [Some(1.0); 3]);
    drop(held);
    assert_eq!(gauges.map(|gauge| value(&metrics, gauge)), [Some(0.0); 3]);
}

#[test]
fn a_provider_that_is_no_longer_configured_disappears() {
    let metrics = Metrics::new();
    let reading = |name, healthy| ProviderReading { name, healthy, keys_usable: 2 };
    let both = [reading("groq", true), reading("openai", false)];
    metrics.read(&Readings { providers: &both, allowances: &[], clusters: &[], log_lines_dropped: 0 });
    let healthy = |name: &str| value(&metrics, &format!("tollgate_provider_healthy{{provider=\"{name}\"}}"));
    assert_eq!((healthy("groq"), healthy("openai")), (Some(1.0), Some(0.0)));
    assert_eq!(value(&metrics, r#"tollgate_provider_keys_usable{provider="groq"}"#), Some(2.0));
    metrics.read(&Readings { providers: &both[1..], allowances: &[], clusters: &[], log_lines_dropped: 0 });
    assert_eq!((healthy("groq"), healthy("openai")), (None, Some(0.0)));
}

#[test]
fn lost_log_lines_are_a_running_total() {
    let metrics = Metrics::new();
    for total in [3, 3, 5] {
        metrics.read(&Readings { providers: &[], allowances: &[], clusters: &[], log_lines_dropped: total });
    }
    assert_eq!(value(&metrics, "tollgate_log_lines_dropped_total"), Some(5.0));
}

#[test]
fn single_events_have_a_counter_each() {
    let metrics = Metrics::new();
    metrics.failover("groq", "timeout");
    metrics.limit_hit("tokens");
    metrics.events_dropped(1);
    metrics.config_accepted();
    metrics.config_refused();
    let upstream = metrics.upstream("groq");
    upstream.attempt("timeout");
    upstream.connection_opened();
    upstream.connection_reused();
    for line in [
        r#"tollgate_failovers_total{from="groq",reason="timeout"}"#,
        r#"tollgate_limits_hit_total{limit="tokens"}"#,
        "tollgate_events_dropped_total",
        r#"tollgate_config_reloads_total{result="accepted"}"#,
        r#"tollgate_config_reloads_total{result="refused"}"#,
        r#"tollgate_attempts_total{outcome="timeout",provider="groq"}"#,
        r#"tollgate_upstream_connections_total{kind="new",provider="groq"}"#,
        r#"tollgate_upstream_connections_total{kind="reused",provider="groq"}"#,
    ] {
        assert_eq!(value(&metrics, line), Some(1.0), "{line}");
    }
}

#[test]
fn the_version_is_told() {
    let line = format!(r#"tollgate_build_info{{version="{}"}}"#, env!("CARGO_PKG_VERSION"));
    assert_eq!(value(&Metrics::new(), &line), Some(1.0));
}

#[test]
fn an_allowance_that_is_gone_from_the_configuration_disappears() {
    let metrics = Metrics::new();
    let reading = |limit| AllowanceReading { provider: "groq", key: 2, model: "all", limit, remaining: 29 };
    let both = [reading("requests_minute"), reading("tokens_day")];
    metrics.read(&Readings { providers: &[], allowances: &both, clusters: &[], log_lines_dropped: 0 });
    metrics.read(&Readings { providers: &[], allowances: &both[..1], clusters: &[], log_lines_dropped: 0 });
    let name = "tollgate_provider_allowance_remaining";
    let labels = r#"{key="2",limit="requests_minute",model="all",provider="groq"}"#;
    assert_eq!(value(&metrics, &format!("{name}{labels}")), Some(29.0));
    assert!(!metrics.gather().contains("tokens_day"));
}

#[test]
fn routes_are_counted_and_clusters_shown_while_they_are_there() {
    let metrics = Metrics::new();
    metrics.routed("storage", 204, 0);
    metrics.routed("storage", 502, 2);
    let cluster = |name: &str, ejections| ClusterReading {
        name: name.to_owned(),
        queued: 3,
        ejections,
        servers: vec![ServerReading { server: "10.0.0.1:80".to_owned(), healthy: false, in_flight: 2 }],
    };
    let read = |clusters: &[ClusterReading]| {
        metrics.read(&Readings { providers: &[], allowances: &[], clusters, log_lines_dropped: 0 });
    };
    read(&[cluster("web", 4), cluster("old", 1)]);
    read(&[cluster("web", 5)]);
    let server = r#"{cluster="web",server="10.0.0.1:80"}"#;
    for (line, expected) in [
        (r#"tollgate_route_requests_total{code="2xx",route="storage"}"#.to_owned(), Some(1.0)),
        (r#"tollgate_route_requests_total{code="5xx",route="storage"}"#.to_owned(), Some(1.0)),
        (r#"tollgate_route_retries_total{route="storage"}"#.to_owned(), Some(2.0)),
        (format!("tollgate_server_healthy{server}"), Some(0.0)),
        (format!("tollgate_server_in_flight{server}"), Some(2.0)),
        (r#"tollgate_cluster_queued{cluster="web"}"#.to_owned(), Some(3.0)),
        (r#"tollgate_cluster_ejections_total{cluster="web"}"#.to_owned(), Some(5.0)),
        (r#"tollgate_cluster_queued{cluster="old"}"#.to_owned(), None),
        (r#"tollgate_cluster_ejections_total{cluster="old"}"#.to_owned(), None),
    ] {
        assert_eq!(value(&metrics, &line), expected, "{line}");
    }
}

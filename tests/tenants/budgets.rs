//! Money: a request keeps room for ten dollars and costs seven.

use crate::*;
use support::Step;

/// Of what was taken, seven tokens of output at a dollar each are used.
const COST: f64 = 7.0;

#[tokio::test]
async fn a_spent_budget_is_a_429_that_says_when_it_resets() {
    let stage = Stage::set("tenants: [ { name: a, budget: { hard: 20/day } }, { name: b } ]\n");
    for _ in 0..2 {
        let answer = stage.ask(A1).await;
        assert_eq!((answer.status, answer.header("x-response-cost-usd")), (200, Some("7")));
    }
    let refused = stage.ask(A2).await;
    assert_eq!((refused.status, refused.error_code().as_deref()), (429, Some("insufficient_quota")));
    let said = message(&refused);
    assert!(said.starts_with("the tenant of this key has used 14 of 20 USD of its budget per day"), "{said}");
    assert!(said.contains("it resets at ") && said.ends_with("T00:00:00Z"), "{said}");
    let wait = refused.retry_after().expect("no Retry-After");
    assert!((1..=86_400).contains(&wait), "{wait}");
    let small = chat(&stage.gateway, A2, json!({ "max_tokens": 6 })).await;
    assert_eq!(small.status, 200, "it fits into what is left");
    assert_eq!(stage.ask(B1).await.status, 200);
    assert_eq!(stage.gateway.metric("tollgate_limits_hit_total{limit=\"budget\"}"), 1.0);
}

#[tokio::test]
async fn what_costs_nothing_passes_a_spent_budget() {
    let stage =
        Stage::set("cache: { exact: { ttl: 60 } }\nlimits: { per_key: { budget: { hard: 10/day } } }\n");
    assert_eq!(stage.ask(A1).await.status, 200);
    let hit = stage.ask(A1).await;
    assert_eq!(
        (hit.status, hit.header("x-cache"), hit.header("x-response-cost-usd")),
        (200, Some("HIT"), Some("0"))
    );
    assert_eq!(chat(&stage.gateway, A1, json!({ "seed": 1 })).await.status, 429);
    assert_eq!(stage.ask(A1).await.status, 200, "answers from the cache are free");
}

#[tokio::test]
async fn a_soft_budget_warns_in_a_header_and_calls_a_webhook_once() {
    let hook = Vendor::start(|number, _| match number {
        0 => Reply::json(500, json!({})),
        _ => Reply::json(204, json!({})),
    });
    let lines = format!(
        "tenants: [ {{ name: a, budget: {{ soft: 12/month, hard: 100/month }} }}, {{ name: b }} ]\nnotify: {{ webhook: \
         '{}/hooks/budget?token=hush-hush' }}\n",
        hook.base_url()
    );
    let stage = Stage::set(&lines);
    for _ in 0..2 {
        assert_eq!(stage.ask(A1).await.header("x-budget-warning"), None, "7 of 12 were used before");
    }
    for used in ["14", "21", "28"] {
        let warned = stage.ask(A1).await;
        let said = warned.header("x-budget-warning").unwrap_or_else(|| panic!("{warned:?}"));
        assert!(said.starts_with(&format!("tenant {used}/12 USD, resets 2")), "{said}");
        assert!(said.ends_with("-01T00:00:00Z"), "{said}");
    }
    let calls = hook.wait_for_requests(2).await;
    let told = calls[1].json();
    assert_eq!(
        (&told["event"], &told["whose"], &told["name"]),
        (&json!("budget.soft"), &json!("tenant"), &json!("a"))
    );
    assert_eq!((&told["limit_usd"], &told["used_usd"]), (&json!(12.0), &json!(14.0)));
    assert_eq!(calls[0].body, calls[1].body, "the same is tried again");
    assert_eq!(calls[1].path, "/hooks/budget?token=hush-hush");
    assert!(!calls[1].body.windows(A1.len()).any(|part| part == A1.as_bytes()), "{told}");
    let log = stage.gateway.logs().join("\n");
    assert!(log.contains("soft budget passed") && !log.contains("hush-hush"), "{log}");
    assert_eq!(hook.count(), 2, "one message a window");
}

/// Holds its answers back, so that all that may be under way are.
fn slow(text: &'static str) -> impl Fn(usize, &Request) -> Reply + Send + Sync + 'static {
    move |_, _| Reply::chat(text).pausing_first(Duration::from_secs(3))
}

/// A hundred at once; how many were answered.
async fn crowd(stage: &Stage, max_tokens: u64) -> usize {
    let asked = (0..100).map(|_| chat(&stage.gateway, A1, json!({ "max_tokens": max_tokens })));
    let answers = futures_util::future::join_all(asked).await;
    assert!(answers.iter().all(|answer| [200, 429].contains(&answer.status)), "{answers:?}");
    answers.iter().filter(|answer| answer.status == 200).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_hundred_at_once_do_not_pass_a_budget_that_their_estimates_fit() {
    let stage = Stage::with("limits: { per_key: { budget: { hard: 50/day } } }\n", slow("hello"));
    assert_eq!(crowd(&stage, 10).await, 5, "each keeps room for ten dollars");
    stage.gateway.metric_becomes("tollgate_cost_usd_total", 5.0 * COST).await;
}

/// The bound: a budget is passed by no more than what requests under way cost above their estimates.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_budget_is_overshot_by_no_more_than_the_estimates_were_wrong() {
    let stage = Stage::with("limits: { per_key: { budget: { hard: 20/day } } }\n", slow("hello"));
    let (kept, budget) = (2.0, 20.0);
    let passed = crowd(&stage, 2).await;
    assert_eq!(passed, 10, "each keeps room for two dollars");
    stage.gateway.metric_becomes("tollgate_cost_usd_total", passed as f64 * COST).await;
    let overshot = stage.gateway.metric("tollgate_cost_usd_total") - budget;
    assert!(overshot <= passed as f64 * (COST - kept), "{overshot}");
    assert_eq!(stage.ask(A1).await.status, 429, "nothing more passes");
}

/// Only what is `large` has a price.
fn half_priced(lines: &str, unknown: &str) -> Stage {
    let vendor = Vendor::start(|_, _| Reply::chat("hello"));
    let frame = frame(&vendor, lines);
    let pricing = "pricing: { 'vendor/*': { input: 0, output: 1000000 } }";
    assert!(frame.contains(pricing), "{frame}");
    let priced = format!("pricing: {{ unknown: {unknown}, vendor/large: {{ input: 0, output: 1000000 }} }}");
    let yaml = format!(
        "{}tenants: [ {{ name: a, budget: {{ hard: 20/day }} }}, {{ name: b, budget: {{ soft: 20/day }} }} ]\n\
         keys:{KEYS}\n{lines}\n",
        frame.replace(pricing, &priced)
    );
    Stage { gateway: Gateway::start(&yaml), vendor }
}

#[tokio::test]
async fn under_a_hard_budget_nothing_is_asked_whose_price_is_unknown_if_that_is_refused() {
    let team = "groups: { team: { members: [ vendor/small, vendor/large ] } }";
    let stage = half_priced(team, "refuse");
    let asked = async |key: &str, model: &str| chat(&stage.gateway, key, json!({ "model": model })).await;
    let refused = asked(A1, "chat").await;
    assert_eq!((refused.status, refused.error_code().as_deref()), (403, Some("price_unknown")));
    let said = message(&refused);
    assert!(said.contains("`chat`") && said.contains("`pricing.unknown: refuse`"), "{said}");
    assert_eq!(stage.vendor.count(), 0);
    assert_eq!(asked(A1, "dear").await.status, 200);
    assert_eq!(asked(A2, "team").await.status, 200);
    assert!(stage.vendor.requests().iter().all(|request| request.json()["model"] == "large"));
    for key in [B1, NOBODYS] {
        assert_eq!(asked(key, "chat").await.status, 200, "no hard budget");
    }
}

#[tokio::test]
async fn a_budget_of_the_model_itself_needs_its_price_as_well() {
    let stage = half_priced("limits: { per_model: { chat: { budget: { hard: 5/day } } } }", "refuse");
    assert_eq!(chat(&stage.gateway, NOBODYS, json!({})).await.error_code().as_deref(), Some("price_unknown"));
    let stage = half_priced("", "allow");
    let free = chat(&stage.gateway, A1, json!({})).await;
    assert_eq!(free.status, 200, "{free:?}");
}

/// So many words, one after the other, each an event and a dollar; no end.
fn words(count: usize) -> Reply {
    (0..count).fold(Reply::sse_head(), |reply, _| {
        reply.event(&support::chunk("word ")).pause(Duration::from_millis(10))
    })
}

/// Asks for a stream of about ten words, at three doors.
async fn streamed(gateway: &Gateway, key: &str, path: &str) -> Answer {
    let body = match path {
        "/v1/responses" => json!({ "model": "chat", "stream": true, "max_output_tokens": 10, "input": "Hi" }),
        _ => json!({ "model": "chat", "stream": true, "max_tokens": 10,
            "messages": [{ "role": "user", "content": "Hi" }] }),
    };
    received(client().post(gateway.url(path)).bearer_auth(key).json(&body)).await
}

#[tokio::test]
async fn a_stream_is_cut_where_a_budget_ends_if_that_is_wanted() {
    for (path, code) in [
        ("/v1/chat/completions", "\"code\":\"insufficient_quota\""),
        ("/v1/messages", "\"type\":\"rate_limit_error\""),
        ("/v1/responses", "\"code\":\"insufficient_quota\""),
    ] {
        let stage = Stage::with(
            "tenants: [ { name: a, budget: { hard: 20/day, cut_streams: true } }, { name: b, budget: { hard: 20/day } } ]\n",
            |number, _| match number {
                0 => words(60).then(Step::Hang),
                _ => words(40).event(&support::finish_chunk()).event("[DONE]").end(),
            },
        );
        let cut = streamed(&stage.gateway, A1, path).await;
        let came = cut.body.matches("word ").count();
        assert_eq!(cut.status, 200, "{path}");
        assert!((20..60).contains(&came), "{path}: {came} words\n{}", cut.body);
        assert!(cut.body.contains(code), "{path}: {}", cut.body);
        assert!(cut.body.contains("the tenant of this key has used"), "{path}: {}", cut.body);
        assert!(!cut.body.contains("[DONE]") && !cut.body.contains("message_stop"), "{path}: {}", cut.body);
        stage.vendor.wait_for_closed(1).await;
        let line = stage.gateway.access_line(cut.header("x-request-id").unwrap()).await;
        assert_eq!((&line["status"], &line["error"]), (&json!(200), &json!("budget")), "{line}");
        let output = line["tokens_output"].as_u64().unwrap_or_else(|| panic!("{line}"));
        assert!((came as u64..came as u64 + 2).contains(&output), "what was delivered is billed: {line}");
        assert_eq!(stage.gateway.metric("tollgate_limits_hit_total{limit=\"budget\"}"), 1.0, "{path}");
        assert_eq!(stage.ask(A2).await.status, 429, "the budget is spent");
        let whole = streamed(&stage.gateway, B1, path).await;
        assert!(
            whole.body.matches("word ").count() >= 40,
            "{path}: a stream of b is finished: {}",
            whole.body
        );
        assert_eq!(stage.ask(B1).await.status, 429);
    }
}

#[tokio::test]
async fn streams_under_way_at_once_share_what_a_budget_has_left() {
    let stage =
        Stage::with("limits: { per_key: { budget: { hard: 60/day, cut_streams: true } } }\n", |_, _| {
            words(100).then(Step::Hang)
        });
    let three = (0..3).map(|_| streamed(&stage.gateway, A1, "/v1/chat/completions"));
    let answers = futures_util::future::join_all(three).await;
    let came: usize = answers.iter().map(|answer| answer.text().matches("word ").count()).sum();
    assert!((50..100).contains(&came), "{came} words for 60 dollars");
    assert_eq!(stage.ask(A1).await.status, 429);
}

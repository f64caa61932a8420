//! Limits of a key, its tenant, a model and an end user, all at once: the refusal says whose it was.

use crate::*;

#[tokio::test]
async fn a_tenant_and_its_keys_have_limits_of_their_own() {
    let stage = Stage::set(
        "tenants: [ { name: a, limits: { requests: 5/day } }, { name: b } ]\nlimits: { per_key: { requests: 3/day } }\n",
    );
    for _ in 0..3 {
        assert_eq!(stage.ask(A1).await.status, 200);
    }
    let refused = stage.ask(A1).await;
    assert_eq!(refused.status, 429);
    assert!(message(&refused).starts_with("this key may make 3 requests"), "{refused:?}");
    assert_eq!(stage.ask(A2).await.header("x-ratelimit-remaining-requests"), Some("1"), "the tighter one");
    assert_eq!(stage.ask(A2).await.status, 200);
    let refused = stage.ask(A2).await;
    assert!(message(&refused).starts_with("the tenant of this key may make 5 requests"), "{refused:?}");
    assert_eq!(refused.header("x-ratelimit-limit-requests"), Some("5"));
    assert_eq!(stage.ask(B1).await.status, 200, "another tenant is not concerned");
}

#[tokio::test]
async fn a_model_has_limits_over_all_who_ask_for_it() {
    let stage =
        Stage::set("limits: { per_model: { dear: { requests: 2/day }, chat: { tokens: 40/day } } }\n");
    let dear = async |key| chat(&stage.gateway, key, json!({ "model": "dear" })).await;
    assert_eq!((dear(A1).await.status, dear(B1).await.status), (200, 200));
    let refused = dear(NOBODYS).await;
    assert!(message(&refused).starts_with("this model may make 2 requests"), "{refused:?}");
    assert_eq!(stage.ask(A1).await.status, 200, "some 30 tokens, of which 12 are used");
    let refused = chat(&stage.gateway, A1, json!({ "max_tokens": 100 })).await;
    assert!(message(&refused).starts_with("this model may use 40 tokens"), "{refused:?}");
    assert_eq!(stage.gateway.metric("tollgate_limits_hit_total{limit=\"tokens\"}"), 1.0);
}

#[tokio::test]
async fn a_model_cannot_be_asked_for_by_another_name_to_pass_its_limit() {
    for limited in ["chat", "vendor/small", "small"] {
        let stage = Stage::set(&format!("limits: {{ per_model: {{ {limited}: {{ requests: 1/day }} }} }}\n"));
        let asked = async |model: &str| chat(&stage.gateway, A1, json!({ "model": model })).await;
        assert_eq!(asked("chat").await.status, 200, "{limited}");
        for model in ["small", "vendor/small", "openai_compatible/small", "chat"] {
            let refused = asked(model).await;
            assert_eq!(refused.status, 429, "{model} past {limited}");
            assert!(message(&refused).starts_with("this model may make 1 requests"), "{refused:?}");
        }
        assert_eq!(asked("dear").await.status, 200, "another model");
    }
}

#[tokio::test]
async fn a_limit_on_a_group_counts_who_asks_for_it_and_one_on_a_member_where_the_plan_begins() {
    let asked =
        async |stage: &Stage, model: &str| chat(&stage.gateway, A1, json!({ "model": model })).await.status;
    let team = "groups: { team: { members: [ vendor/small, vendor/large ] } }\n";
    let of_group = Stage::set(&format!("{team}limits: {{ per_model: {{ team: {{ requests: 1/day }} }} }}\n"));
    assert_eq!((asked(&of_group, "chat").await, asked(&of_group, "team").await), (200, 200));
    assert_eq!((asked(&of_group, "team").await, asked(&of_group, "chat").await), (429, 200));
    let lines = format!(
        "{team}limits: {{ per_model: {{ vendor/large: {{ requests: 1/day }}, chat: {{ requests: 2/day }} }} }}\n"
    );
    // The first member fails, so that the second one answers all.
    let vendor = Vendor::start(|_, request| match request.json()["model"] == "small" {
        true => Reply::json(500, json!({})),
        false => Reply::chat("hello"),
    });
    let frame = frame(&vendor, &lines).replace("retry_max: 0", "retry_max: 3");
    let gateway =
        Gateway::start(&format!("{frame}tenants: [ {{ name: a }}, {{ name: b }} ]\nkeys:{KEYS}\n{lines}"));
    let of_member = Stage { gateway, vendor };
    assert_eq!((asked(&of_member, "team").await, asked(&of_member, "team").await), (200, 200));
    assert_eq!(asked(&of_member, "team").await, 429, "two began with the small one");
    let alone = asked(&of_member, "dear").await;
    assert_eq!(alone, 200, "to answer in another's place was no request for the large one");
}

#[tokio::test]
async fn an_end_user_is_named_by_a_header_or_a_body() {
    let stage = Stage::set("limits: { per_user: { requests: 1/day } }\n");
    let asked = async |more: Value, header: &str| {
        let headers = if header.is_empty() { vec![] } else { vec![("x-end-user", header)] };
        chat_with(&stage.gateway, A1, more, &headers).await.status
    };
    assert_eq!(asked(json!({ "user": "ada" }), "").await, 200);
    assert_eq!(asked(json!({ "user": "ada" }), "").await, 429);
    assert_eq!(asked(json!({ "safety_identifier": "ada" }), "").await, 429, "the same by another field");
    assert_eq!(asked(json!({}), "ada").await, 429, "the same by the header");
    assert_eq!(asked(json!({ "user": "ada" }), "eve").await, 200, "the header goes first");
    assert_eq!(asked(json!({}), "").await, 200, "nobody in particular has no such limit");
    assert_eq!(asked(json!({}), "").await, 200);
    let of_b = chat(&stage.gateway, B1, json!({ "user": "ada" })).await;
    assert_eq!(of_b.status, 200, "the ada of another tenant is somebody else");
    let of_a2 = chat(&stage.gateway, A2, json!({ "user": "ada" })).await;
    assert!(message(&of_a2).starts_with("this end user may make 1 requests"), "{of_a2:?}");
    for request in stage.vendor.requests() {
        assert_eq!(request.header("x-end-user"), None, "it went to the provider");
    }
}

#[tokio::test]
async fn anthropics_clients_name_their_user_in_the_metadata() {
    let stage = Stage::set("limits: { per_user: { requests: 1/day } }\n");
    let body = json!({ "model": "chat", "max_tokens": 10, "metadata": { "user_id": "ada" },
        "messages": [{ "role": "user", "content": "Hi" }] });
    let ask = async || {
        let request = client().post(stage.gateway.url("/v1/messages")).header("x-api-key", A1);
        received(request.header("anthropic-version", "2023-06-01").json(&body)).await
    };
    assert_eq!(ask().await.status, 200);
    let refused = ask().await;
    assert_eq!((refused.status, &refused.json()["error"]["type"]), (429, &json!("rate_limit_error")));
    assert_eq!(chat(&stage.gateway, A1, json!({ "user": "ada" })).await.status, 429, "the same person");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_a_hundred_first_requests_of_an_end_user_exactly_as_many_pass_as_may() {
    let stage = Stage::set("limits: { per_user: { requests: 1/day } }\n");
    let asked = (0..100).map(|_| chat(&stage.gateway, A1, json!({ "user": "somebody new" })));
    let answers = futures_util::future::join_all(asked).await;
    let passed = answers.iter().filter(|answer| answer.status == 200).count();
    assert_eq!(passed, 1);
    assert!(answers.iter().all(|answer| [200, 429].contains(&answer.status)));
    assert_eq!(stage.vendor.count(), 1);
}

#[tokio::test]
async fn places_of_all_accounts_are_free_again() {
    let stage = Stage::with(
        "tenants: [ { name: a, limits: { concurrent: 1 } }, { name: b } ]\nlimits: { per_user: { concurrent: 1 }, \
         per_model: { chat: { concurrent: 2 } } }\n",
        |_, request| match request.json()["messages"][0]["content"] == "hang" {
            true => Reply::silent(),
            false => Reply::chat("hello"),
        },
    );
    let hang = json!({ "user": "ada", "messages": [{ "role": "user", "content": "hang" }] });
    let hanging = tokio::time::timeout(Duration::from_millis(800), chat(&stage.gateway, A1, hang));
    let others = async {
        stage.vendor.wait_for_requests(1).await;
        let refused = stage.ask(A2).await;
        assert!(message(&refused).starts_with("the tenant of this key may have 1 requests"), "{refused:?}");
    };
    let (hung, ()) = tokio::join!(hanging, others);
    assert!(hung.is_err(), "the client leaves");
    stage.vendor.wait_for_closed(1).await;
    for key in [A2, A1, B1] {
        assert_eq!(chat(&stage.gateway, key, json!({ "user": "ada" })).await.status, 200, "{key}");
    }
}

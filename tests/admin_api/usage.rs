//! Reports: sums by what is asked for, exact money, and tables no spreadsheet runs.

use crate::Stage;
use crate::support::client;
use serde_json::Value;
use serde_json::json;
use std::time::Duration;
use std::time::Instant;

/// Once the ledger has this many requests of a key.
async fn reported(stage: &Stage, key: &str, requests: u64) -> Value {
    let deadline = Instant::now() + Duration::from_secs(15);
    loop {
        let report =
            stage.done("GET", &format!("/usage?by=day,tenant,key,model&key={key}"), Value::Null).await;
        if report["total"]["requests"] == requests {
            return report;
        }
        assert!(Instant::now() < deadline, "{report}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn what_was_used_is_reported_and_no_name_becomes_a_formula() {
    let stage = Stage::new();
    let evil = "=HYPERLINK(\"http://x\",\"a,b\")";
    let tenant = stage.done("POST", "/tenants", json!({ "name": evil })).await;
    let made = stage.done("POST", "/keys", json!({ "name": "+1", "tenant": tenant["id"] })).await;
    for _ in 0..2 {
        assert_eq!(stage.serves(made["key"].as_str().unwrap()).await, 200);
    }
    let id = made["id"].as_str().unwrap();
    let report = reported(&stage, id, 2).await;
    let row = &report["data"][0];
    assert_eq!(
        (&row["tenant_name"], &row["key_name"], &row["requests"]),
        (&evil.into(), &"+1".into(), &2.into())
    );
    assert!(row["cost_usd"].is_string() && row["cost_nano_usd"].is_u64() && row["unpriced"] == 2, "{row}");
    let url = stage.gateway.admin_url("/admin/v1/usage?by=tenant,key");
    let answer =
        client().get(url).bearer_auth(&stage.owner).header("accept", "text/csv").send().await.unwrap();
    assert!(answer.headers()["content-type"].to_str().unwrap().starts_with("text/csv"));
    let text = answer.text().await.unwrap();
    assert!(text.starts_with("tenant_name,tenant,key_name,key,requests,"), "{text}");
    assert!(text.contains("\"'=HYPERLINK(\"\"http://x\"\",\"\"a,b\"\")\","), "{text}");
    assert!(text.contains(",\"'+1\","), "{text}");
    let entries = stage.done("GET", &format!("/entries?key={id}&limit=1"), Value::Null).await;
    assert_eq!(
        (entries["data"].as_array().unwrap().len(), &entries["data"][0]["price"]),
        (1, &"unknown".into())
    );
    let after = entries["next"].as_str().unwrap();
    let rest = stage.done("GET", &format!("/entries?key={id}&limit=5&after={after}"), Value::Null).await;
    assert_eq!((rest["data"].as_array().unwrap().len(), &rest["next"]), (1, &Value::Null));
}

#[tokio::test]
async fn a_question_that_means_nothing_is_refused() {
    let stage = Stage::new();
    for query in
        ["by=week", "from=tomorrow", "from=2026-02-01&to=2026-01-01", "limit=100000", "format=xml", "order=x"]
    {
        assert_eq!(stage.ask("GET", &format!("/usage?{query}"), Value::Null).await.0, 400, "{query}");
    }
    let nothing = stage.done("GET", "/usage?tenant=tn_nobody&by=day", Value::Null).await;
    assert_eq!((&nothing["data"], &nothing["total"]["requests"]), (&json!([]), &0.into()));
}

//! Dashboards and alerts ask for metrics that there are.

use crate::text;
use crate::yaml;
use serde_json::Value;
use std::collections::BTreeSet;

const DASHBOARDS: [&str; 2] =
    ["docker/grafana/dashboards/overview.json", "docker/grafana/dashboards/operations.json"];
const ALERTS: &str = "docker/prometheus/alerts.yml";

fn dashboard(path: &str) -> Value {
    serde_json::from_str(&text(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Names of families as the code writes them.
fn families() -> BTreeSet<String> {
    let files =
        ["families", "ledger", "process"].map(|file| text(&format!("src/telemetry/metrics/{file}.rs")));
    let code = files.iter().map(|file| file.split("#[cfg(test)]").next().unwrap());
    let words = code.flat_map(|code| code.split('"').skip(1).step_by(2));
    words.filter(|word| is_ours(word)).map(str::to_owned).collect()
}

fn is_ours(word: &str) -> bool {
    word.starts_with("tollgate_") || word.starts_with("process_")
}

fn words(expression: &str) -> impl Iterator<Item = &str> {
    expression.split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
}

/// A family without what a histogram puts behind its name.
fn family<'a>(word: &'a str, families: &BTreeSet<String>) -> &'a str {
    let cut = ["_bucket", "_sum", "_count"].iter().find_map(|end| word.strip_suffix(*end));
    cut.filter(|cut| families.contains(*cut)).unwrap_or(word)
}

/// Every text under a key of that name.
fn under<'a>(value: &'a Value, key: &str, found: &mut Vec<&'a str>) {
    match value {
        Value::Object(entries) => entries.iter().for_each(|(name, value)| match value {
            Value::String(text) if name == key => found.push(text),
            other => under(other, key, found),
        }),
        Value::Array(items) => items.iter().for_each(|item| under(item, key, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn expressions(value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    under(value, "expr", &mut found);
    under(value, "query", &mut found);
    found.into_iter().filter(|text| text.contains('_')).map(str::to_owned).collect()
}

#[test]
fn every_metric_that_is_asked_for_is_there() {
    let families = families();
    let shown = DASHBOARDS.map(dashboard);
    let alerts = yaml(ALERTS);
    let asked: Vec<String> = shown.iter().chain([&alerts]).flat_map(expressions).collect();
    assert!(asked.len() > 40, "{asked:?}");
    for expression in &asked {
        let ours: Vec<&str> = words(expression).filter(|word| is_ours(word)).collect();
        assert!(!ours.is_empty() || expression.starts_with("up{"), "{expression} asks for nothing of ours");
        for word in ours {
            assert!(families.contains(family(word, &families)), "`{word}` is no metric: {expression}");
        }
    }
}

#[test]
fn every_metric_is_shown_somewhere() {
    let families = families();
    let asked: Vec<String> = DASHBOARDS.map(dashboard).iter().flat_map(expressions).collect();
    let shown: BTreeSet<&str> =
        asked.iter().flat_map(|text| words(text)).map(|word| family(word, &families)).collect();
    let missing: Vec<&String> = families.iter().filter(|family| !shown.contains(family.as_str())).collect();
    assert!(missing.is_empty(), "no dashboard shows {missing:?}");
}

#[test]
fn every_panel_has_a_place_and_a_source() {
    let source = yaml("docker/grafana/provisioning/datasources/prometheus.yaml");
    let uid = &source["datasources"][0]["uid"];
    let mut boards = BTreeSet::new();
    for path in DASHBOARDS {
        let board = dashboard(path);
        assert!(boards.insert(board["uid"].as_str().unwrap().to_owned()), "{path} has the uid of another");
        let mut ids = BTreeSet::new();
        for panel in board["panels"].as_array().unwrap() {
            assert!(ids.insert(panel["id"].as_u64().unwrap()), "{path}: {}", panel["title"]);
            assert_eq!(&panel["datasource"]["uid"], uid, "{path}: {}", panel["title"]);
            let right = panel["gridPos"]["x"].as_u64().unwrap() + panel["gridPos"]["w"].as_u64().unwrap();
            assert!(right <= 24, "{path}: {} is wider than the page", panel["title"]);
        }
    }
}

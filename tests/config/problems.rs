//! Mistakes: all told at once, each with its place.

use crate::document;
use crate::has;
use crate::load;
use crate::settings;
use crate::shown;
use tollgate::config::shapes::SHAPES;

#[test]
fn all_problems_are_told_at_once_with_line_column_and_field() {
    let text = "\
limits:
  boddy: 1MiB
  per_ip: often
failover: { retry_max: -3 }
providers:
  openai: { api_key: sk-1 }
groups:
  smart:
    members:
      - openai/gpt-4o
      - { model: openai/gpt-4o, weight: -3 }
      - opnai/gpt-4o
log: verbose
";
    let expected = "\
t.yaml:2:3: limits.boddy is not a setting
  hint: did you mean `body`?
t.yaml:3:11: limits.per_ip must be a rate such as `60/min`, `10/s`, `1000/h` or `5/day`, found `often`
t.yaml:4:24: failover.retry_max must be 0 or more, found -3
t.yaml:11:41: groups.smart.members[1].weight must be 0 or more, found -3
t.yaml:12:9: groups.smart.members[2] names `opnai/gpt-4o`, whose provider is not configured
  hint: did you mean `openai`?
t.yaml:13:6: log must be a mapping, found a single value
environment: GATEWAY_CACHE_TTL must be a duration such as `30s`, `5m` or `250ms`, found `soon`
";
    let problems = load(text, &[("GATEWAY_CACHE_TTL", "soon")]).err().unwrap();
    assert_eq!(shown(&problems), expected);
}

#[test]
fn what_comes_later_is_told_so() {
    for (text, field) in [
        ("cache: { semantic: { enabled: true } }", "cache.semantic.enabled"),
        ("providers: { groq: { servers: [] } }", "providers.groq.servers"),
    ] {
        has(text, "later version");
        has(text, field);
    }
}

#[test]
fn every_setting_is_read_and_refuses_nonsense() {
    for (path, name) in settings() {
        let text = document(path, name, "[[[]]]");
        let field =
            format!("{path}.{name}").trim_start_matches('.').replace("[]", "[0]").replace('*', "groq");
        has(&text, &field);
    }
}

#[test]
fn a_setting_nobody_knows_is_refused_in_every_section() {
    // Whatever else stands in `pricing` is a model.
    for shape in SHAPES.iter().filter(|shape| shape.path != "pricing") {
        has(&document(shape.path, "frobnicate", "1"), "frobnicate is not a setting");
    }
}

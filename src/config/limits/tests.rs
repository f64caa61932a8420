//! Bounds as people write them, and what of a default they leave.

use super::*;
use crate::config::Period;

const NAME: &str = "settings";

fn read(text: &str, default: &Bounds) -> Bounds {
    bounds_of(NAME, text, default).unwrap_or_else(|problems| panic!("{problems:?}"))
}

fn refused(text: &str) -> String {
    let problems = bounds_of(NAME, text, &Bounds::default()).expect_err("a problem");
    problems.iter().map(|problem| format!("{problem}\n")).collect()
}

fn quota(unit: Unit, amount: u64, period: Period, window: Window, soft: bool) -> Quota {
    Quota { unit, amount, period, window, soft }
}

const DOLLAR: u64 = 1_000_000_000;

#[test]
fn json_and_yaml_say_the_same() {
    let yaml = "limits: { requests: 60/min, tokens: [ 100000/day, 1000/s ], concurrent: 50 }\n\
                quota: { requests: 1000/day, tokens: [ 5/day, 50/month ], cost: 5.25/day, window: rolling }\n\
                budget: { soft: 80/month, hard: 100/month }\n";
    let json = r#"{"limits":{"requests":"60/min","tokens":["1000/s","100000/day"],"concurrent":50},
        "quota":{"requests":["1000/day"],"tokens":["5/day","50/month"],"cost":"5.25/day","window":"rolling"},
        "budget":{"soft":"80/month","hard":"100/month calendar","window":"calendar"}}"#;
    let bounds = read(yaml, &Bounds::default());
    assert_eq!(bounds, read(json, &Bounds::default()));
    let per = |amount, seconds| Rate { amount, per: Duration::from_secs(seconds) };
    assert_eq!(bounds.requests, Rates::one(per(60, 60)));
    assert_eq!(bounds.tokens.iter().collect::<Vec<_>>(), [per(1000, 1), per(100_000, 86_400)]);
    assert_eq!(bounds.concurrent, Some(50));
    use Period::{Day, Month};
    let expected = [
        quota(Unit::Requests, 1000, Day, Window::Rolling, false),
        quota(Unit::Tokens, 5, Day, Window::Rolling, false),
        quota(Unit::Tokens, 50, Month, Window::Rolling, false),
        quota(Unit::Cost, 80 * DOLLAR, Month, Window::Calendar, true),
        quota(Unit::Cost, 5_250_000_000, Day, Window::Rolling, false),
        quota(Unit::Cost, 100 * DOLLAR, Month, Window::Calendar, false),
    ];
    assert_eq!(bounds.quotas, expected);
}

#[test]
fn what_is_not_said_is_as_in_the_default_line_by_line() {
    let default = read(
        "limits: { requests: [ 1/s, 9/day ], concurrent: 5 }\n\
         quota: { requests: 10/day, tokens: 20/day }\nbudget: { soft: 1/day, hard: 2/day }",
        &Bounds::default(),
    );
    assert_eq!(read("{}", &default), default);
    let own =
        read("{ limits: { requests: off }, quota: { tokens: 30/month }, budget: { hard: off } }", &default);
    assert!(own.requests.is_empty() && own.concurrent == Some(5));
    let left: Vec<(Unit, u64, bool)> = own.quotas.iter().map(|q| (q.unit, q.amount, q.soft)).collect();
    assert_eq!(left, [(Unit::Requests, 10, false), (Unit::Tokens, 30, false), (Unit::Cost, DOLLAR, true)]);
}

#[test]
fn streams_are_cut_where_a_hard_budget_and_the_wish_meet() {
    let default = read("budget: { cut_streams: true }", &Bounds::default());
    assert!(default.cut_streams && !default.cuts_streams(), "there is nothing to cut at");
    let own = read("{\"budget\":{\"hard\":\"5/day\"}}", &default);
    assert!(own.cuts_streams(), "what is not said is as in the default");
    assert!(!read("budget: { hard: 5/day, cut_streams: false }", &default).cuts_streams());
    assert!(!read("budget: { soft: 5/day }", &default).cuts_streams());
    assert!(refused("budget: { cut_streams: perhaps }").contains("budget.cut_streams must be"));
}

#[test]
fn problems_name_the_place_and_what_must_be_there() {
    for (text, told) in [
        ("{\"limits\":{\"request\":\"1/s\"}}", "settings:1:12: limits.request is not a setting"),
        ("quota: { requests: 10/hour }", "must be such as `1000/day`"),
        ("quota: { cost: 1.0000000001/day }", "must be such as `2.50/day`"),
        ("budget: { hard: [ 5/day, -1/day ] }", "budget.hard[1] must be such as"),
        ("budget: { hard: 0/day }", "must be more than 0"),
        ("quota: { window: weekly }", "must be `rolling` or `calendar`"),
        ("limits: { tokens: [ 5/min, 6/min ] }", "limits.tokens[1] has the period of one above"),
        ("models: [ a ]", "is not a setting"),
        ("[]", "must be a mapping"),
        ("{", "cannot be read"),
    ] {
        assert!(refused(text).contains(told), "{text}: {}", refused(text));
    }
    assert_eq!(read("quota: { requests: 5/day }", &Bounds::default()).quotas.len(), 1);
}

//! Stacked limits: all or nothing, in whatever order they say no.

use super::*;
use crate::clock;
use crate::config::{Period, Quota, Rate, Rates, Unit, Window};
use crate::money::Money;
use crate::state::{State, Which};
use std::sync::Arc;
use std::time::Duration;

fn per_minute(amount: u64) -> Rates {
    Rates::one(Rate { amount, per: Duration::from_secs(60) })
}

fn daily(unit: Unit, amount: u64) -> Quota {
    Quota { unit, amount, period: Period::Day, window: Window::Calendar, soft: false }
}

fn claim(whose: Whose, bounds: Bounds) -> Claim {
    Claim { whose, account: Arc::default(), bounds: Arc::new(bounds) }
}

fn tokens(tokens: u64) -> Need {
    Need { tokens, ..Need::REQUEST }
}

#[test]
fn without_limits_everything_passes_and_is_still_counted() {
    let (free, now) = (claim(Whose::Key, Bounds::default()), clock::moment());
    for _ in 0..3 {
        enter(&Claims::of(free.clone()), now).expect("no limit");
    }
    let bounds = Arc::new(Bounds { concurrent: Some(3), ..Bounds::default() });
    let claims = Claims::of(Claim { bounds, ..free });
    let limited = enter(&claims, now).expect_err("a reload set a limit that is met already");
    assert_eq!((limited.which, limited.limit), (Which::Concurrent, 3));
    leave(&claims);
    assert!(enter(&claims, now).is_ok());
}

#[test]
fn a_refusal_by_one_account_takes_nothing_of_any() {
    let now = clock::moment();
    let key = claim(Whose::Key, Bounds { requests: per_minute(5), concurrent: Some(5), ..Bounds::default() });
    let tenant =
        claim(Whose::Tenant, Bounds { tokens: per_minute(100), concurrent: Some(1), ..Bounds::default() });
    let model = claim(Whose::Model, Bounds { quotas: vec![daily(Unit::Tokens, 50)], ..Bounds::default() });
    let all = Claims::of(model.clone()).and(tenant).and(key.clone());
    enter(&all, now).expect("room");
    let limited = enter(&all, now).expect_err("the tenant has one place");
    assert_eq!((limited.whose, limited.which), (Whose::Tenant, Which::Concurrent));
    assert_eq!(key.account.in_flight.load(Ordering::Relaxed), 1, "nor was one of the key's taken");
    let limited = take(&all, &tokens(60), now).expect_err("the model has 50 a day");
    assert_eq!((limited.whose, limited.which), (Whose::Model, Which::Quota(Unit::Tokens, Period::Day)));
    assert_eq!((limited.limit, limited.remaining), (50, 50));
    let taken = take(&all, &tokens(50), now).expect("nothing was taken before");
    assert_eq!(taken.requests.map(|left| left.remaining), Some(4));
    assert_eq!(taken.tokens.map(|left| left.remaining), Some(0), "of 50 and of 100, the tightest is told");
    assert!(take(&all, &Need::REQUEST, now).is_ok(), "what needs no tokens is not held up by them");
}

#[test]
fn a_look_at_the_door_takes_nothing_and_knows_what_is_used_up() {
    let now = clock::moment();
    for bounds in [
        Bounds { requests: per_minute(1), ..Bounds::default() },
        Bounds { quotas: vec![daily(Unit::Requests, 1)], ..Bounds::default() },
    ] {
        let claims = Claims::of(claim(Whose::Key, bounds));
        for _ in 0..5 {
            enter(&claims, now).expect("nothing was taken");
        }
        take(&claims, &Need::REQUEST, now).expect("one");
        assert!(enter(&claims, now).is_err(), "known before a body is read");
    }
}

#[test]
fn a_soft_budget_warns_and_a_hard_one_refuses() {
    let (now, dollar) = (clock::moment(), 1_000_000_000);
    let soft = Quota { soft: true, ..daily(Unit::Cost, dollar) };
    let bounds = Bounds { quotas: vec![soft, daily(Unit::Cost, 2 * dollar)], ..Bounds::default() };
    let claims = Claims::of(claim(Whose::Key, bounds));
    let need = |cents: u64| Need { cost: Money(cents * dollar / 100), ..Need::REQUEST };
    assert_eq!(take(&claims, &need(100), now).expect("room").soft, None);
    let soft = take(&claims, &need(50), now).expect("room").soft.expect("a warning");
    assert_eq!((soft.quota.amount, soft.used), (dollar, dollar), "what it reserves itself is an estimate");
    let limited = take(&claims, &need(51), now).expect_err("50 cents are left");
    assert_eq!((limited.limit, limited.remaining), (2 * dollar, dollar / 2));
    assert_eq!(limited.reset, limited.retry_after);
    take(&claims, &need(50), now).expect("to the last cent");
}

#[test]
fn settling_gives_back_tokens_and_money_and_of_requests_only_the_quota() {
    let now = clock::moment();
    let quotas = vec![daily(Unit::Requests, 1), daily(Unit::Cost, 10)];
    let bounds = Bounds { requests: per_minute(9), tokens: per_minute(100), quotas, ..Bounds::default() };
    let claims = Claims::of(claim(Whose::Key, bounds));
    for turn in 1..=9 {
        let need = Need { cost: Money(10), ..tokens(100) };
        let taken = take(&claims, &need, now).expect("all was given back");
        assert_eq!(taken.requests.map(|left| left.remaining), Some(0), "the quota has the least");
        State::memory().settle(&claims, &taken.hold, Need::NOTHING, now);
        let standing = State::memory().standing(&claims, now);
        assert_eq!(standing.iter().map(|s| s.used).collect::<Vec<_>>(), [turn, 0, 0, 0]);
    }
    assert!(take(&claims, &Need::REQUEST, now).is_err(), "the rate gave none back");
}

#[test]
fn what_is_known_from_elsewhere_raises_a_quota_and_lowers_none() {
    let (state, now) = (State::memory(), clock::moment());
    let quota = daily(Unit::Tokens, 100);
    let bounds = Bounds { quotas: vec![quota], ..Bounds::default() };
    let held = claim(Whose::Key, bounds);
    let claims = Claims::of(held.clone());
    let used = || state.standing(&claims, now)[0].used;
    state.seed(&held.account, &quota, now.wall, 70, now);
    assert_eq!(used(), 70);
    state.seed(&held.account, &quota, now.wall, 30, now);
    assert_eq!(used(), 70);
    let yesterday = now.wall - Duration::from_secs(86_400);
    state.seed(&held.account, &quota, yesterday, 99, now);
    assert_eq!(used(), 70, "that window is over");
    assert!(take(&claims, &tokens(31), now).is_err());
}

#[test]
fn a_window_that_another_request_opened_is_corrected_all_the_same() {
    let now = clock::moment();
    let later = now.at(now.mono + Duration::from_secs(1));
    for window in [Window::Rolling, Window::Calendar] {
        let quota = Quota { window, ..daily(Unit::Cost, 100) };
        let claims = Claims::of(claim(Whose::Key, Bounds { quotas: vec![quota], ..Bounds::default() }));
        take(&claims, &Need::REQUEST, later).expect("room");
        let slow = take(&claims, &Need { cost: Money(60), ..Need::REQUEST }, now).expect("room");
        State::memory().settle(&claims, &slow.hold, Need { cost: Money(90), ..Need::REQUEST }, later);
        let limited =
            take(&claims, &Need { cost: Money(11), ..Need::REQUEST }, later).expect_err("10 are left");
        assert_eq!(limited.remaining, 10, "{window:?}");
    }
}

#[test]
fn a_reload_that_puts_a_rate_before_another_or_takes_one_out_mixes_nothing_up() {
    let now = clock::moment();
    let (second, day) = (Duration::from_secs(1), Duration::from_secs(86_400));
    let rate = |amount, per| Rate { amount, per };
    let daily = Rates::one(rate(1000, day));
    let both = daily.and(rate(5, second)).expect("two periods");
    let account: Arc<Account> = Arc::default();
    let left = |requests: Rates| {
        let bounds = Arc::new(Bounds { requests, ..Bounds::default() });
        let claims = Claims::of(Claim { whose: Whose::Key, account: account.clone(), bounds });
        take(&claims, &Need::REQUEST, now).expect("room").requests.map(|left| left.remaining)
    };
    assert_eq!([left(daily), left(daily)], [Some(999), Some(998)]);
    assert_eq!(left(both), Some(4), "the tightest");
    assert_eq!(left(daily), Some(996), "the day goes on");
}

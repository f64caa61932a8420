//! Refusals by a limit: whose it is, what it allows, and when to come back.

use crate::config::write_moment;
use crate::config::{Period, Unit};
use crate::gateway::refuse::Refusal;
use crate::money::Money;
use crate::state::{Limited, Which, Whose};
use std::time::Duration;

/// `wall` is now, since the epoch.
pub fn limited(limited: Limited, wall: Duration) -> Refusal {
    let (reason, code) = match limited.which {
        Which::Requests(_) => ("requests", "rate_limit_exceeded"),
        Which::Tokens(_) => ("tokens", "rate_limit_exceeded"),
        Which::Concurrent => ("concurrent", "rate_limit_exceeded"),
        Which::Quota(Unit::Requests | Unit::Tokens, _) => ("quota", "insufficient_quota"),
        Which::Quota(Unit::Cost, _) => ("budget", "insufficient_quota"),
    };
    let mut refusal =
        Refusal::new(429, reason, message(&limited, wall)).code(code).retry_after(Some(limited.retry_after));
    if let Which::Quota(..) = limited.which {
        // Longer than a provider may say: it is known when a window ends.
        refusal.retry_after = Some(limited.retry_after);
    }
    refusal.limited = Some(Box::new(limited));
    refusal
}

fn message(limited: &Limited, wall: Duration) -> String {
    let Limited { whose, which, limit, remaining, reset, .. } = limited;
    let (whose, used) = (owner(*whose), limit.saturating_sub(*remaining));
    match which {
        Which::Requests(_) => {
            format!("{whose} may make {limit} requests in its period; wait before the next")
        }
        Which::Tokens(_) => format!(
            "{whose} may use {limit} tokens in its period, and this request might need more than is left; wait or ask for less"
        ),
        Which::Concurrent => {
            format!("{whose} may have {limit} requests under way at once; wait until one has ended")
        }
        Which::Quota(unit, period) => {
            let (amounts, period) = (amounts(*unit, used, *limit), word(*period));
            let (what, resets) = (what(*unit), until(wall + *reset));
            format!(
                "{whose} has used {amounts} of its {what} per {period}, and this request needs more than is left; it resets at {resets}"
            )
        }
    }
}

fn owner(whose: Whose) -> &'static str {
    match whose {
        Whose::Address => "your address",
        Whose::Key => "this key",
        Whose::Tenant => "the tenant of this key",
        Whose::Model => "this model",
        Whose::User => "this end user",
    }
}

fn amounts(unit: Unit, used: u64, limit: u64) -> String {
    match unit {
        Unit::Requests => format!("{used} of {limit} requests"),
        Unit::Tokens => format!("{used} of {limit} tokens"),
        Unit::Cost => format!("{} of {} USD", Money(used), Money(limit)),
    }
}

fn what(unit: Unit) -> &'static str {
    match unit {
        Unit::Requests | Unit::Tokens => "quota",
        Unit::Cost => "budget",
    }
}

fn word(period: Period) -> &'static str {
    match period {
        Period::Day => "day",
        Period::Month => "month",
    }
}

/// In UTC, rounded up to the second.
fn until(at: Duration) -> String {
    write_moment(at + Duration::from_millis(999))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Rate;

    fn over(which: Which) -> Limited {
        let wait = Duration::from_secs(90 * 60);
        let (limit, remaining) = (5_000_000_000, 250_000_000);
        Limited { whose: Whose::Key, which, limit, remaining, retry_after: wait, reset: wait }
    }

    #[test]
    fn a_spent_budget_says_how_much_of_what_and_when_it_resets() {
        let refusal = limited(over(Which::Quota(Unit::Cost, Period::Day)), Duration::from_millis(1));
        assert_eq!(
            (refusal.status, refusal.reason, refusal.code),
            (429, "budget", Some("insufficient_quota"))
        );
        assert_eq!(
            refusal.message,
            "this key has used 4.75 of 5 USD of its budget per day, and this request needs more than is left; it resets at 1970-01-01T01:30:01Z"
        );
        assert_eq!(refusal.retry_after_seconds(), Some(5400), "the true time");
        let rate = Rate { amount: 5, per: Duration::from_secs(86_400) };
        let refusal = limited(over(Which::Requests(rate)), Duration::ZERO);
        assert_eq!(refusal.retry_after_seconds(), Some(60), "SDKs take longer waits for never");
    }
}

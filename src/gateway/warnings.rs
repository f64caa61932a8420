//! Soft budgets that are passed: said to the client with every request, and once a window to whoever is to be told.

use crate::config::Period;
use crate::config::write_moment;
use crate::gateway::subject::Subject;
use crate::money::Money;
use crate::state::Soft;
use crate::state::Whose;
use serde::Serialize;
use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;
use tokio::sync::mpsc;
use tracing::warn;

/// Messages that wait to be sent; a burst beyond is told in the log alone.
const QUEUE: usize = 1_000;
/// Windows that are remembered. End users have names of their choice, so there may be any number.
const MOST_TOLD: usize = 10_000;

/// What a webhook is sent: who spent what, never a key or a prompt.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Warning {
    pub event: &'static str,
    /// `key`, `tenant`, `model` or `user`.
    pub whose: &'static str,
    pub id: String,
    pub name: String,
    pub period: &'static str,
    pub limit_usd: f64,
    pub used_usd: f64,
    pub resets_at: String,
    pub at: String,
}

/// By account and limit.
type Told = HashMap<(&'static str, String, &'static str, u64), Duration>;

/// The messages of this process, each for an account and a window of its own.
pub struct Warnings {
    /// Until when each was told.
    told: Mutex<[Told; 2]>,
    queue: mpsc::Sender<Warning>,
    /// Taken once, by whoever sends them.
    waiting: Mutex<Option<mpsc::Receiver<Warning>>>,
}

impl Default for Warnings {
    fn default() -> Warnings {
        let (queue, waiting) = mpsc::channel(QUEUE);
        Warnings { told: Mutex::default(), queue, waiting: Mutex::new(Some(waiting)) }
    }
}

impl Warnings {
    /// Queues a message unless there was one in this window.
    pub fn tell(&self, soft: &Soft, subject: &Subject, now: Duration) {
        let (id, name) = account(soft.whose, subject);
        let limit = (soft.whose.word(), id.clone(), word(soft.quota.period), soft.quota.amount);
        if !self.is_new(soft.whose, limit, now, now + soft.resets) {
            return;
        }
        let whose = soft.whose.word();
        warn!(whose, id, used = %Money(soft.used), limit = %Money(soft.quota.amount), "soft budget passed");
        let warning = Warning {
            event: "budget.soft",
            whose,
            id,
            name,
            period: word(soft.quota.period),
            limit_usd: Money(soft.quota.amount).as_usd(),
            used_usd: Money(soft.used).as_usd(),
            resets_at: write_moment(up(now + soft.resets)),
            at: write_moment(now),
        };
        if self.queue.try_send(warning).is_err() {
            warn!(whose, "too many webhooks wait; this one is not sent");
        }
    }

    /// The messages, for the one who sends them.
    pub fn waiting(&self) -> Option<mpsc::Receiver<Warning>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn is_new(
        &self,
        whose: Whose,
        limit: (&'static str, String, &'static str, u64),
        now: Duration,
        until: Duration,
    ) -> bool {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        // End users may be any number: they must not silence all others.
        let told = &mut told[usize::from(whose == Whose::User)];
        if told.get(&limit).is_some_and(|until| *until > now) {
            return false;
        }
        if told.len() >= MOST_TOLD {
            told.retain(|_, until| *until > now);
        }
        let has_room = told.len() < MOST_TOLD;
        if has_room {
            told.insert(limit, until);
        }
        has_room
    }
}

/// `X-Budget-Warning`: `tenant 80.4/80 USD, resets 2026-12-01T00:00:00Z`.
pub fn header(soft: &Soft, now: Duration) -> String {
    let (whose, used, limit) = (soft.whose.word(), Money(soft.used), Money(soft.quota.amount));
    format!("{whose} {used}/{limit} USD, resets {}", write_moment(up(now + soft.resets)))
}

/// Whose account it is: id and name.
fn account(whose: Whose, subject: &Subject) -> (String, String) {
    let same = |name: &str| (name.to_owned(), name.to_owned());
    match (whose, &subject.payer) {
        (Whose::Key, Some(key)) => (key.id.to_string(), key.name.to_string()),
        (Whose::Tenant, Some(key)) => match &key.tenant {
            Some(tenant) => (tenant.id.to_string(), tenant.name.to_string()),
            None => same(""),
        },
        (Whose::Model, _) => same(subject.model.as_deref().unwrap_or_default()),
        (Whose::User, Some(key)) => {
            let name = subject.end_user.clone().unwrap_or_default();
            (format!("{}/{name}", key.shared), name)
        }
        (Whose::Address, _) | (Whose::Key | Whose::Tenant | Whose::User, None) => same(""),
    }
}

fn word(period: Period) -> &'static str {
    match period {
        Period::Day => "day",
        Period::Month => "month",
    }
}

/// The next whole second: a window that is told to be over is over.
fn up(at: Duration) -> Duration {
    Duration::from_secs(at.as_secs() + u64::from(at.subsec_nanos() > 0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Quota;
    use crate::config::Unit;
    use crate::config::Window;

    const HOUR: Duration = Duration::from_secs(3600);

    fn soft(amount: u64, resets: Duration) -> Soft {
        let quota =
            Quota { unit: Unit::Cost, amount, period: Period::Day, window: Window::Calendar, soft: true };
        Soft { whose: Whose::Model, quota, used: amount + 400_000_000, resets }
    }

    fn subject() -> Subject {
        Subject { model: Some("fast".to_owned()), ..Subject::default() }
    }

    #[test]
    fn a_window_is_told_of_once() {
        let (warnings, now) = (Warnings::default(), HOUR * 24 * 365);
        let mut waiting = warnings.waiting().expect("the first who asks");
        for minute in 0..60 {
            let passed = Duration::from_secs(minute * 60);
            warnings.tell(&soft(80_000_000_000, HOUR - passed), &subject(), now + passed);
        }
        let told = waiting.try_recv().expect("a message");
        assert_eq!((told.whose, told.name.as_str(), told.limit_usd), ("model", "fast", 80.0));
        assert_eq!((told.used_usd, told.resets_at.as_str()), (80.4, "1971-01-01T01:00:00Z"));
        assert!(waiting.try_recv().is_err(), "it was told twice");
        warnings.tell(&soft(80_000_000_000, HOUR * 24), &subject(), now + HOUR);
        assert!(waiting.try_recv().is_ok(), "the next window");
        warnings.tell(&soft(90_000_000_000, HOUR), &subject(), now);
        assert!(waiting.try_recv().is_ok(), "another limit");
        assert!(warnings.waiting().is_none());
    }

    #[test]
    fn a_header_says_whose_how_much_and_until_when() {
        let said = header(&soft(80_000_000_000, HOUR), Duration::from_millis(1));
        assert_eq!(said, "model 80.4/80 USD, resets 1970-01-01T01:00:01Z");
    }
}

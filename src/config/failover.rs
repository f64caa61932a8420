//! `failover`: how often and how long a request is tried, and when a provider rests.

use crate::config::Failover;
use crate::config::environment::Variables;
use crate::config::reader::Section;
use crate::config::shapes;
use crate::config::units;
use std::time::Duration;

/// Reads `failover`; `GATEWAY_RETRY_MAX` and `GATEWAY_HEALTH_CHECK_INTERVAL` go before it.
pub fn read(root: &Section<'_>, variables: &Variables<'_>) -> Failover {
    let section = root.section("failover", &shapes::FAILOVER);
    let seconds =
        |name, default| section.optional(name, units::some_duration).unwrap_or(Duration::from_secs(default));
    let retry_max = section.optional("retry_max", units::count);
    let check_interval = section.optional("check_interval", units::duration_or_off);
    Failover {
        retry_max: variables.optional("GATEWAY_RETRY_MAX", units::count).or(retry_max).unwrap_or(3),
        deadline: seconds("deadline", 600),
        connect: seconds("connect", 5),
        first_byte: seconds("first_byte", 30),
        first_event: seconds("first_event", 30),
        between_events: seconds("between_events", 60),
        answer: seconds("answer", 300),
        wait_for: section.optional("wait_for", units::duration).unwrap_or(Duration::ZERO),
        unhealthy_after: section.optional("unhealthy_after", units::some_count).unwrap_or(3),
        unhealthy_for: seconds("unhealthy_for", 30),
        check_interval: variables
            .optional("GATEWAY_HEALTH_CHECK_INTERVAL", units::duration_or_off)
            .or(check_interval)
            .unwrap_or(Some(Duration::from_secs(30))),
    }
}

//! `clusters.<name>.check`: how servers are asked whether they are well.

use crate::config::reader::Field;
use crate::config::shapes;
use crate::config::units;
use std::ops::RangeInclusive;
use std::time::Duration;

/// An active check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    pub probe: Probe,
    pub interval: Duration,
    pub timeout: Duration,
    /// Good answers in a row that bring a server back.
    pub rise: u32,
    /// Bad ones that take it out.
    pub fall: u32,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Probe {
    /// It can be connected to.
    Tcp,
    Http {
        path: String,
        host: Option<String>,
        status: RangeInclusive<u16>,
    },
}

/// Reads `check`.
pub fn read(field: &Field<'_>) -> Check {
    let section = field.section(&shapes::CHECK);
    let span =
        |name, seconds| section.optional(name, units::some_duration).unwrap_or(Duration::from_secs(seconds));
    let count = |name, default| section.optional(name, units::some_count).unwrap_or(default);
    let tcp = section.optional("tcp", units::switch).unwrap_or(false);
    let path = section.optional("path", absolute);
    if let (true, Some(field)) = (tcp, section.field("path")) {
        field.refuse("cannot stand beside `tcp`");
    }
    let probe = match tcp {
        true => Probe::Tcp,
        false => Probe::Http {
            path: path.unwrap_or_else(|| "/".to_owned()),
            host: section.optional("host", host),
            status: section.optional("status", statuses).unwrap_or(200..=399),
        },
    };
    Check {
        probe,
        interval: span("interval", 10),
        timeout: span("timeout", 2),
        rise: count("rise", 2),
        fall: count("fall", 3),
    }
}

/// What may stand in `Host`.
fn host(text: &str) -> Result<String, String> {
    let sound = text.parse::<http::uri::Authority>().is_ok() && !text.contains('@');
    sound.then(|| text.to_owned()).ok_or_else(|| "must be a host such as `localhost:8080`".to_owned())
}

/// A path with a query, perhaps.
fn absolute(text: &str) -> Result<String, String> {
    let sound = text.starts_with('/') && text.parse::<http::uri::PathAndQuery>().is_ok();
    sound.then(|| text.to_owned()).ok_or_else(|| "must be a path such as `/health`".to_owned())
}

fn statuses(text: &str) -> Result<RangeInclusive<u16>, String> {
    let (from, to) = text.split_once('-').unwrap_or((text, text));
    let status = |text: &str| text.trim().parse::<u16>().ok().filter(|status| (100..600).contains(status));
    match (status(from), status(to)) {
        (Some(from), Some(to)) if from <= to => Ok(from..=to),
        (_, _) => Err("must be a status or a range of them such as `200-399`".to_owned()),
    }
}

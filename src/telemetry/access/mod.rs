//! The one line that every request leaves in the log.
//!
//! It names what was asked, who answered, how long it took and what it cost; never a prompt, an
//! answer, a query string or a key.

mod json;
mod text;

use crate::config::LogFormat;
use crate::dialect::usage::Usage;
use crate::money::Money;
use crate::telemetry::sink::Sink;
use std::cell::RefCell;
use std::net::IpAddr;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

/// What the line says. A field that is `None` is left out. Strings are cut to 200 characters.
pub struct AccessLine<'a> {
    /// When the request ended, since 1970-01-01T00:00:00Z.
    pub since_epoch: Duration,
    pub request_id: &'a str,
    pub client: Option<IpAddr>,
    pub method: &'a str,
    /// The route's pattern or the path as sent; a query is cut off, as it may carry a key.
    pub path: &'a str,
    pub status: u16,
    /// The name of the edge's route, and the server that was asked there.
    pub route: Option<&'a str>,
    pub server: Option<SocketAddr>,
    /// The id of the job that is handed in, run or asked about.
    pub job: Option<&'a str>,
    /// The name of the key, never the key.
    pub key: Option<&'a str>,
    /// The name of the tenant who pays.
    pub tenant: Option<&'a str>,
    pub provider: Option<&'a str>,
    pub model_asked: Option<&'a str>,
    pub model_served: Option<&'a str>,
    pub stream: bool,
    pub latency: Duration,
    /// From the request's arrival to the first content sent on.
    pub ttft: Option<Duration>,
    /// All zeros for a cache hit, which uses nothing.
    pub usage: Option<Usage>,
    /// How long the sound was that was written down, where the provider tells: it may be billed by that.
    pub heard: Option<Duration>,
    pub cost: Option<Cost>,
    pub cache: Option<&'static str>,
    /// Shown when there were several, or when the only one failed.
    pub attempts: &'a [AttemptNote],
    /// The kind of the error, not its text.
    pub error: Option<&'static str>,
}

/// One call to one target.
#[derive(Clone, Debug)]
pub struct AttemptNote {
    pub provider: Arc<str>,
    pub model: Arc<str>,
    /// `200`, `connect`, `timeout`, `status_500`, …
    pub outcome: &'static str,
    pub took: Duration,
}

/// What a request cost; a price we do not know is not a price of zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cost {
    Known(Money),
    Unknown,
}

/// Puts `line` into the log.
pub fn write(line: &AccessLine<'_>, format: LogFormat, sink: &Sink) {
    thread_local! {
        static BUFFER: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    }
    BUFFER.with_borrow_mut(|buffer| {
        buffer.clear();
        match format {
            LogFormat::Json => json::append(buffer, line),
            LogFormat::Text => text::append(buffer, line),
        }
        sink.line(buffer);
    });
}

impl<'a> AccessLine<'a> {
    fn path_without_query(&self) -> &'a str {
        self.path.split('?').next().unwrap_or_default()
    }

    fn notable_attempts(&self) -> &'a [AttemptNote] {
        match self.attempts {
            [only] if only.outcome == "200" => &[],
            all => all,
        }
    }
}

#[cfg(test)]
mod tests;

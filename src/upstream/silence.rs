//! How long a stream may be silent, measured by a clock that costs nothing while the stream flows.

use std::pin::Pin;
use std::time::Duration;
use std::time::Instant;
use tokio::time::Sleep;

/// Put off by whatever counts as a sign of life. The timer behind it is only looked at when it rings.
pub struct Silence {
    longest: Duration,
    until: Instant,
    alarm: Pin<Box<Sleep>>,
}

impl Silence {
    pub fn new(longest: Duration) -> Silence {
        Silence { longest, until: Instant::now() + longest, alarm: Box::pin(tokio::time::sleep(longest)) }
    }

    /// A sign of life.
    pub fn put_off(&mut self) {
        self.until = Instant::now() + self.longest;
    }

    /// Ends when the silence has lasted too long.
    pub async fn lasts(&mut self) {
        loop {
            self.alarm.as_mut().await;
            if Instant::now() >= self.until {
                return;
            }
            self.alarm.as_mut().reset(self.until.into());
        }
    }
}

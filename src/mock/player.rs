//! Plays a score on a response body, at its pace, and notices a listener who leaves early.

use crate::mock::behaviour::Stall;
use crate::mock::control::Counts;
use crate::mock::score::Beat;
use crate::mock::score::Score;
use axum::body::Body;
use bytes::Bytes;
use futures_util::stream;
use std::sync::Arc;
use std::time::Duration;
use std::vec::IntoIter;
use tokio::time::Instant;

/// Why a body ends in the middle: hyper answers an error by dropping the connection.
#[derive(Debug, thiserror::Error)]
#[error("the connection is dropped on purpose")]
struct Cut;

struct Player {
    beats: IntoIter<Beat>,
    cut: bool,
    stall: Option<Stall>,
    started: Option<Instant>,
    attendance: Attendance,
}

/// Counts a body that was not heard to its end.
struct Attendance {
    counts: Arc<Counts>,
    heard: bool,
}

/// A body that plays `score` after the silence of `stall`.
pub fn play(score: Score, stall: Option<Stall>, counts: Arc<Counts>) -> Body {
    let player = Player {
        beats: score.beats.into_iter(),
        cut: score.cut,
        stall,
        started: None,
        attendance: Attendance { counts, heard: false },
    };
    let beats = stream::unfold(player, async |mut player| {
        let beat = player.next().await?;
        Some((beat, player))
    });
    Body::from_stream(beats)
}

/// Says nothing for as long as it takes.
pub async fn silence(stall: Option<Stall>) {
    match stall {
        None => {}
        Some(Stall::Forever) => std::future::pending().await,
        Some(Stall::For(length)) => rest(length).await,
    }
}

/// Waits; no time is no wait, where a timer would round it up to a millisecond.
pub async fn rest(length: Duration) {
    if !length.is_zero() {
        tokio::time::sleep(length).await;
    }
}

impl Player {
    async fn next(&mut self) -> Option<Result<Bytes, Cut>> {
        silence(self.stall.take()).await;
        let Some(beat) = self.beats.next() else { return self.end().await };
        self.wait(beat.due).await;
        Some(Ok(beat.bytes))
    }

    async fn wait(&mut self, due: Duration) {
        let turn = *self.started.get_or_insert_with(Instant::now) + due;
        if turn > Instant::now() {
            tokio::time::sleep_until(turn).await;
        } else {
            // hyper flushes while a body pauses: without this, small events would leave in one write.
            tokio::task::yield_now().await;
        }
    }

    async fn end(&mut self) -> Option<Result<Bytes, Cut>> {
        self.attendance.heard = true;
        if !std::mem::take(&mut self.cut) {
            return None;
        }
        // What was said before has to be on its way before the connection goes.
        tokio::task::yield_now().await;
        Some(Err(Cut))
    }
}

impl Drop for Attendance {
    fn drop(&mut self) {
        if !self.heard {
            self.counts.abandon();
        }
    }
}

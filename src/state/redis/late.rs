//! Answers that come when nobody waits for them any more: what Redis took is not counted twice.

use crate::clock::Moment;
use crate::state::claim::{Claims, Need};
use crate::state::redis::Link;
use crate::state::redis::ask::{Said, understood};
use redis::RedisResult;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::runtime::Handle;

/// Answers that are waited for at once although they are late; what became of further ones is unknown.
pub const MOST_LATE: usize = 1000;
/// Longest any answer is waited for.
pub const LATEST: Duration = Duration::from_secs(10);

pub type Answering = Pin<Box<dyn Future<Output = RedisResult<Vec<f64>>> + Send>>;

/// A question of a request. When it is dropped without an answer, as with a request that is given up, the answer
/// is still waited for in the background, on the connection it has to come by.
pub struct Asked<'a> {
    pub link: &'a Arc<Link>,
    /// In which it was asked.
    pub epoch: u32,
    pub claims: &'a Claims,
    pub need: Need,
    pub now: Moment,
    pub answer: Option<Answering>,
    pub counted_here: bool,
}

impl Asked<'_> {
    /// The answer, once.
    pub fn poll(&mut self, context: &mut Context<'_>) -> Poll<RedisResult<Vec<f64>>> {
        let Some(answer) = &mut self.answer else { return Poll::Pending };
        let polled = answer.as_mut().poll(context);
        if polled.is_ready() {
            self.answer = None;
        }
        polled
    }

    /// The request goes on, by what is known here.
    pub fn counted_here(mut self) {
        self.counted_here = true;
    }
}

impl Drop for Asked<'_> {
    fn drop(&mut self) {
        let (Some(answer), Ok(runtime)) = (self.answer.take(), Handle::try_current()) else { return };
        let Ok(permit) = self.link.late.clone().try_acquire_owned() else { return };
        let (link, claims) = (self.link.clone(), self.claims.clone());
        let Asked { epoch, need, now, counted_here, .. } = *self;
        runtime.spawn(async move {
            let said = answer.await;
            drop(permit);
            if let Ok(Ok(Said::Room(_))) = said.map(|said| understood(&said, &claims, &need, now)) {
                link.give_back(epoch, &claims, &need, now, counted_here);
            }
        });
    }
}

impl fmt::Debug for Asked<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Asked({:?})", self.need)
    }
}

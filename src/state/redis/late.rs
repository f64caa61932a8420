//! Answers that come when nobody waits for them any more: what Redis took is not counted twice.

use crate::clock::Moment;
use crate::state::claim::{Claims, Need};
use crate::state::redis::Link;
use crate::state::redis::ask::{Outcome, understood};
use crate::state::redis::lane::{Reply, Told};
use std::fmt;
use std::sync::Arc;
use tokio::runtime::Handle;
use tokio::sync::oneshot;

/// Answers that are waited for at once although they are late; what became of further ones is unknown.
pub const MOST_LATE: usize = 1000;

/// A question of a request. When it is dropped without an answer, as with a request that is given up, the answer
/// is still waited for in the background, on the connection it has to come by.
pub struct Asked<'a> {
    pub link: &'a Arc<Link>,
    /// In which it was asked.
    pub epoch: u32,
    pub claims: &'a Claims,
    pub need: Need,
    pub now: Moment,
    pub answer: Option<oneshot::Receiver<Reply>>,
    pub counted_here: bool,
}

impl Asked<'_> {
    /// The answer; `None` if the connection broke, or if it is late: then it is waited for when this is dropped.
    pub async fn reply(&mut self) -> Option<Reply> {
        let reply = self.answer.as_mut()?.await.ok();
        self.answer = None;
        match reply {
            Some(Reply::Late(later)) => {
                self.answer = Some(later);
                None
            }
            reply => reply,
        }
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
            let said = last(answer).await;
            drop(permit);
            if let Some(Ok(Outcome::Room(_))) = said.map(|said| understood(&said, &claims, &need, now)) {
                link.give_back(epoch, &claims, &need, now, counted_here);
            }
        });
    }
}

/// What is said in the end, however late.
async fn last(mut answer: oneshot::Receiver<Reply>) -> Option<Vec<u8>> {
    loop {
        match answer.await.ok()? {
            Reply::Text(said) => return Some(said),
            Reply::Error(_) => return None,
            Reply::Unknown(told) => {
                told.iter().for_each(Told::again);
                return None;
            }
            Reply::Late(later) => answer = later,
        }
    }
}

impl fmt::Debug for Asked<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Asked({:?})", self.need)
    }
}

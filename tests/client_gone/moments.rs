//! The moments of a request's life at which its client may leave.

use crate::*;
use support::chunk;

#[derive(Clone, Copy, Debug)]
enum Moment {
    /// The provider has the request and says nothing.
    Head,
    /// The provider has begun a plain answer.
    Body,
    /// The provider has promised a stream and sent only pings.
    FirstEvent,
    /// The stream has begun and stands still.
    Still,
    /// The stream runs.
    Running,
}

impl Moment {
    fn reply(self) -> Reply {
        let head = [("content-type", "application/json"), ("content-length", "1000")];
        match self {
            Moment::Head => Reply::silent(),
            Moment::Body => Reply::head(200, &head).bytes("{\"choices\":[").then(support::Step::Hang),
            Moment::FirstEvent => Reply::sse_head().chunk(": ping\n\n").then(support::Step::Hang),
            Moment::Still => Reply::sse_head().event(&chunk("one")).then(support::Step::Hang),
            Moment::Running => {
                let every = |reply: Reply, _| reply.event(&chunk("word")).pause(Duration::from_millis(5));
                (0..4000).fold(Reply::sse_head(), every)
            }
        }
    }

    fn is_stream(self) -> bool {
        matches!(self, Moment::FirstEvent | Moment::Still | Moment::Running)
    }

    async fn has_come(self, stage: &Stage, count: usize) {
        stage.first.wait_for_requests(count).await;
        match self {
            Moment::Head | Moment::Body | Moment::FirstEvent => {
                // There is nothing to see from outside; any moment after the request will do.
                tokio::time::sleep(Duration::from_millis(30)).await;
            }
            Moment::Still | Moment::Running => streaming(&stage.gateway).await,
        }
    }
}

async fn leave_at(moment: Moment) {
    let stage = Stage::set(move |_, _| moment.reply());
    let mut left_before = TOKENS;
    for (turn, leaving) in LEAVINGS.into_iter().enumerate() {
        let case = format!("{moment:?}, {leaving:?}");
        let ask = body("hello", moment.is_stream());
        let length = ask.len();
        let left = leaving.after(&stage, ask, moment.has_come(&stage, turn + 1)).await;
        closed_promptly(&stage.first, turn + 1, left, &case).await;
        let line = stage.is_settled(turn + 1).await;
        assert_eq!(stage.first.count(), turn + 1, "{case}: asked again");
        assert_eq!(line["provider"], "first", "{case}: {line}");
        // Nobody counted, so the prompt, which the provider has read, and each event are estimated.
        let prompt = length.div_ceil(4) as u64;
        assert_eq!(line["tokens_input"], prompt, "{case}: {line}");
        let used = line["tokens"].as_u64().unwrap();
        match moment {
            Moment::Still | Moment::Running => assert!(used > prompt, "{case}: {line}"),
            Moment::Head | Moment::Body | Moment::FirstEvent => assert_eq!(used, prompt, "{case}: {line}"),
        }
        let left_now = stage.tokens_left().await;
        assert_eq!(left_before - left_now, used, "{case}: the limit and the log do not agree");
        left_before = left_now;
    }
}

#[tokio::test]
async fn while_the_provider_says_nothing() {
    leave_at(Moment::Head).await;
}

#[tokio::test]
async fn in_the_middle_of_a_plain_answer() {
    leave_at(Moment::Body).await;
}

#[tokio::test]
async fn before_the_first_event() {
    leave_at(Moment::FirstEvent).await;
}

#[tokio::test]
async fn while_a_stream_stands_still() {
    leave_at(Moment::Still).await;
}

#[tokio::test]
async fn while_a_stream_runs() {
    leave_at(Moment::Running).await;
}

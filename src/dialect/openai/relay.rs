//! A provider's stream on its way to the client: what may be sent, when it has begun, and whether it ended well.

use crate::dialect::openai::stream::Glance;
use crate::dialect::openai::stream::Kind;
use crate::dialect::openai::stream::glance;
use crate::dialect::relay::End;
use crate::dialect::relay::Flow;
use crate::dialect::relay::MAX_EVENT;
use crate::dialect::relay::MAX_HELD;
use crate::dialect::relay::Wishes;
use crate::dialect::sse::Event;
use crate::dialect::sse::Splitter;
use crate::dialect::usage::Usage;
use bytes::Bytes;
use bytes::BytesMut;

const DONE: &[u8] = b"data: [DONE]\n\n";

/// One stream.
pub struct Relay {
    wishes: Wishes,
    splitter: Splitter,
    events: Vec<Event>,
    out: BytesMut,
    transcript: Option<Vec<u8>>,
    flow: Flow,
    /// A bit for each choice that has its finish reason.
    finished: u128,
    pub usage: Option<Usage>,
    /// Events that carried part of the answer, about one a token.
    pub content_events: u64,
    /// Events that were not JSON and were dropped.
    pub garbage: u64,
}

impl Relay {
    pub fn new(wishes: Wishes) -> Relay {
        Relay {
            wishes,
            splitter: Splitter::new(MAX_EVENT),
            events: Vec::new(),
            out: BytesMut::new(),
            transcript: (wishes.keep > 0).then(Vec::new),
            flow: Flow::Waiting,
            finished: 0,
            usage: None,
            content_events: 0,
            garbage: 0,
        }
    }

    /// Takes the next bytes from the provider and says where the stream stands.
    pub fn feed(&mut self, chunk: Bytes) -> &Flow {
        let mut events = std::mem::take(&mut self.events);
        let fits = self.splitter.push(chunk, &mut events);
        for event in events.drain(..) {
            self.pass(&event);
        }
        self.events = events;
        let held = matches!(self.flow, Flow::Waiting) && self.out.len() > MAX_HELD;
        if self.flow.is_live() && (fits.is_err() || held) {
            self.flow = Flow::TooLong;
        }
        &self.flow
    }

    /// Where the stream stands.
    pub fn flow(&self) -> &Flow {
        &self.flow
    }

    /// What may be sent now.
    pub fn take(&mut self) -> Bytes {
        self.out.split().freeze()
    }

    /// The provider's body has ended. A finish reason without `[DONE]` is finished properly.
    pub fn end(&mut self) -> End {
        if let Some(event) = self.splitter.finish() {
            let whole = event.ended();
            if !matches!(glance(whole.data().as_deref()).kind, Kind::Garbage) {
                self.pass(&whole);
            }
        }
        match self.flow {
            Flow::Done => End::Complete,
            Flow::Open if u64::from(self.finished.count_ones()) >= self.wishes.choices => {
                self.send(DONE);
                self.flow = Flow::Done;
                End::Complete
            }
            Flow::Waiting | Flow::Open | Flow::Error(_) | Flow::TooLong => End::Cut,
        }
    }

    /// The stream as it came, for the cache, if it was complete and not too long.
    pub fn transcript(&mut self) -> Option<Vec<u8>> {
        match self.flow {
            Flow::Done => self.transcript.take(),
            Flow::Waiting | Flow::Open | Flow::Error(_) | Flow::TooLong => None,
        }
    }

    fn pass(&mut self, event: &Event) {
        if !self.flow.is_live() {
            return;
        }
        let data = event.data();
        let seen = glance(data.as_deref());
        self.count(&seen);
        let kind = match seen.kind {
            Kind::Ping | Kind::Done => seen.kind,
            _ if event.is_error() => Kind::Error,
            kind => kind,
        };
        match kind {
            // Before the first content a ping would only delay the decision; later it keeps the client's connection alive.
            Kind::Ping if self.flow == Flow::Waiting => {}
            Kind::Ping => self.out.extend_from_slice(&event.raw),
            Kind::Garbage | Kind::Aside => {}
            Kind::Quiet => self.send(&event.raw),
            Kind::Usage if self.wishes.usage => self.send(&event.raw),
            Kind::Usage => self.keep(&event.raw),
            Kind::Content => {
                self.flow = Flow::Open;
                self.send(&event.raw);
            }
            Kind::Done if self.flow == Flow::Waiting => {}
            Kind::Done => {
                self.send(DONE);
                self.flow = Flow::Done;
            }
            Kind::Error => self.flow = Flow::Error(data.map(|d| d.into_owned()).unwrap_or_default().into()),
        }
    }

    fn count(&mut self, seen: &Glance) {
        self.finished |= seen.finished;
        self.usage = seen.usage.or(self.usage);
        self.content_events += u64::from(seen.kind == Kind::Content);
        self.garbage += u64::from(seen.kind == Kind::Garbage);
    }

    fn send(&mut self, raw: &[u8]) {
        self.out.extend_from_slice(raw);
        self.keep(raw);
    }

    fn keep(&mut self, raw: &[u8]) {
        let Some(transcript) = &mut self.transcript else {
            return;
        };
        transcript.extend_from_slice(raw);
        if transcript.len() > self.wishes.keep {
            self.transcript = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROLE: &str =
        "data: {\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\n\n";
    const WORD: &str = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"é\"}}]}\n\n";
    const STOP: &str = "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";
    const COUNTS: &str = "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":4}}\n\n";
    const END: &str = "data: [DONE]\n\n";
    const PING: &str = ": ping\n\n";

    fn relay(usage: bool) -> Relay {
        Relay::new(Wishes { usage, choices: 1, keep: 1 << 20 })
    }

    fn run(relay: &mut Relay, pieces: &[&str]) -> String {
        let mut out = Vec::new();
        for piece in pieces {
            relay.feed(Bytes::copy_from_slice(piece.as_bytes()));
            out.extend_from_slice(&relay.take());
        }
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn nothing_is_committed_before_the_first_content() {
        let mut relay = relay(false);
        for quiet in [PING, ROLE, PING, "data: {\"choices\":[]}\n\n"] {
            assert_eq!(*relay.feed(Bytes::copy_from_slice(quiet.as_bytes())), Flow::Waiting, "{quiet}");
        }
        assert_eq!(*relay.feed(Bytes::from_static(WORD.as_bytes())), Flow::Open);
    }

    #[test]
    fn the_usage_chunk_is_shown_only_to_those_who_asked() {
        let stream = [ROLE, WORD, STOP, COUNTS, END];
        let mut silent = relay(false);
        assert_eq!(run(&mut silent, &stream), [ROLE, WORD, STOP, END].concat());
        assert_eq!(silent.usage.map(|u| u.total()), Some(7));
        assert_eq!(run(&mut relay(true), &stream), stream.concat());
        assert_eq!(
            silent.transcript(),
            Some(stream.concat().into_bytes()),
            "the cache keeps it for the next client"
        );
    }

    #[test]
    fn every_cut_of_the_bytes_gives_the_same_stream() {
        let stream = [PING, ROLE, WORD, PING, WORD, STOP, COUNTS, END].concat();
        let expected = run(&mut relay(false), &[&stream]);
        for at in 0..stream.len() {
            let mut cut = relay(false);
            let mut out = Vec::new();
            for piece in [&stream.as_bytes()[..at], &stream.as_bytes()[at..]] {
                cut.feed(Bytes::copy_from_slice(piece));
                out.extend_from_slice(&cut.take());
            }
            assert_eq!(String::from_utf8(out).unwrap(), expected, "cut at {at}");
            assert_eq!(cut.end(), End::Complete);
        }
    }

    #[test]
    fn an_end_without_done_counts_only_after_a_finish_reason() {
        let mut finished = relay(false);
        run(&mut finished, &[ROLE, WORD, STOP]);
        assert_eq!(finished.end(), End::Complete);
        assert_eq!(finished.take(), END.as_bytes());
        let mut cut = relay(false);
        run(&mut cut, &[ROLE, WORD]);
        assert_eq!((cut.end(), cut.take().len()), (End::Cut, 0));
        let mut half = Relay::new(Wishes { usage: false, choices: 2, keep: 0 });
        run(&mut half, &[WORD, STOP]);
        assert_eq!(half.end(), End::Cut, "one of two choices is not finished");
    }

    #[test]
    fn a_choice_that_finishes_twice_does_not_finish_another() {
        let other = STOP.replace("\"index\":0", "\"index\":1");
        for (last, end) in [(STOP, End::Cut), (&other, End::Complete)] {
            let mut relay = Relay::new(Wishes { usage: false, choices: 2, keep: 0 });
            run(&mut relay, &[WORD, STOP, last]);
            assert_eq!(relay.end(), end, "{last}");
        }
    }

    #[test]
    fn a_last_event_without_its_empty_line_still_counts() {
        let mut relay = relay(false);
        run(&mut relay, &[WORD, STOP, "data: [DONE]"]);
        assert_eq!(relay.end(), End::Complete);
        assert_eq!(relay.take(), END.as_bytes());
    }

    #[test]
    fn garbage_is_dropped_and_counted() {
        let mut relay = relay(false);
        assert_eq!(run(&mut relay, &[WORD, "data: {\"choices\":[{\n\n", WORD]), [WORD, WORD].concat());
        assert_eq!(relay.garbage, 1);
        let mut torn = self::relay(false);
        run(&mut torn, &[WORD, "data: {\"choi"]);
        assert_eq!((torn.end(), torn.take().len()), (End::Cut, 0));
    }

    #[test]
    fn an_error_stops_the_stream_where_it_stands() {
        let mut relay = relay(false);
        let sent =
            run(&mut relay, &[WORD, "data: {\"error\":{\"message\":\"no\"}}\n\ndata: {\"choices\":[]}\n\n"]);
        assert_eq!(sent, WORD);
        assert!(matches!(&relay.flow, Flow::Error(data) if data.starts_with(b"{\"error\"")));
        assert_eq!(relay.transcript(), None);
    }

    #[test]
    fn an_event_that_calls_itself_an_error_is_one() {
        for event in [
            "event: error\ndata: {\"message\":\"no\",\"code\":503}\n\n",
            "event:error\r\ndata: out of memory\r\n\r\n",
        ] {
            let mut relay = relay(false);
            relay.feed(Bytes::copy_from_slice(event.as_bytes()));
            assert!(matches!(relay.flow, Flow::Error(_)), "{event}: {:?}", relay.flow);
        }
        let mut other = relay(false);
        assert_eq!(*other.feed(Bytes::from(["event: errors\n", WORD].concat())), Flow::Open);
    }

    #[test]
    fn a_done_without_any_content_is_no_answer() {
        let mut relay = relay(false);
        run(&mut relay, &[ROLE, END]);
        assert_eq!(relay.end(), End::Cut);
    }

    #[test]
    fn what_is_held_is_bounded() {
        let mut relay = relay(false);
        for _ in 0..MAX_HELD / ROLE.len() + 1 {
            relay.feed(Bytes::from_static(ROLE.as_bytes()));
        }
        assert_eq!(relay.flow, Flow::TooLong);
        let mut line = self::relay(false);
        assert_eq!(*line.feed(vec![b'x'; MAX_EVENT + 1].into()), Flow::TooLong);
    }
}

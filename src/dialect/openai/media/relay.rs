//! A stream of images, transcripts or speech on its way to the client: every event as it comes, up to the last one.

use crate::dialect::openai::media::event::glance;
use crate::dialect::openai::stream::Kind;
use crate::dialect::relay::End;
use crate::dialect::relay::Flow;
use crate::dialect::relay::MAX_EVENT;
use crate::dialect::relay::MAX_HELD;
use crate::dialect::sse::Event;
use crate::dialect::sse::Splitter;
use crate::dialect::usage::Usage;
use bytes::Bytes;
use bytes::BytesMut;

/// One stream.
pub struct MediaRelay {
    /// How many images or the like must be finished.
    wanted: u64,
    finished: u64,
    splitter: Splitter,
    events: Vec<Event>,
    out: BytesMut,
    flow: Flow,
    pub usage: Option<Usage>,
    /// Events that carried part of the answer.
    pub content_events: u64,
    /// Events that were not JSON and were dropped.
    pub garbage: u64,
}

impl MediaRelay {
    /// A stream of so many images, or of one transcript or speech.
    pub fn new(wanted: u64) -> MediaRelay {
        MediaRelay {
            wanted,
            finished: 0,
            splitter: Splitter::new(MAX_EVENT),
            events: Vec::new(),
            out: BytesMut::new(),
            flow: Flow::Waiting,
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
        let held = self.flow == Flow::Waiting && self.out.len() > MAX_HELD;
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

    /// The provider's body has ended.
    pub fn end(&mut self) -> End {
        if let Some(event) = self.splitter.finish() {
            let whole = event.ended();
            if glance(whole.data().as_deref()).kind != Kind::Garbage {
                self.pass(&whole);
            }
        }
        // Transcripts in the chunks of a chat may end with their finish reason.
        if self.flow == Flow::Open && self.finished >= self.wanted {
            self.flow = Flow::Done;
        }
        match self.flow {
            Flow::Done => End::Complete,
            Flow::Waiting | Flow::Open | Flow::Error(_) | Flow::TooLong => End::Cut,
        }
    }

    fn pass(&mut self, event: &Event) {
        if !self.flow.is_live() {
            return;
        }
        let data = event.data();
        let seen = glance(data.as_deref());
        self.usage = seen.usage.or(self.usage);
        let kind = if event.is_error() { Kind::Error } else { seen.kind };
        match kind {
            Kind::Garbage => self.garbage += 1,
            Kind::Aside => {}
            Kind::Error => self.flow = Flow::Error(data.map(|d| d.into_owned()).unwrap_or_default().into()),
            // Before the first content a ping would only delay the decision, and an end is none.
            Kind::Ping | Kind::Done if self.flow == Flow::Waiting => {}
            Kind::Ping | Kind::Quiet | Kind::Usage => self.out.extend_from_slice(&event.raw),
            Kind::Done => {
                self.out.extend_from_slice(&event.raw);
                self.flow = Flow::Done;
            }
            Kind::Content => {
                self.out.extend_from_slice(&event.raw);
                self.content_events += 1;
                self.finished += u64::from(seen.finishes);
                let is_last = seen.ends && self.finished >= self.wanted;
                self.flow = if is_last { Flow::Done } else { Flow::Open };
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PART: &str =
        "event: image_generation.partial_image\ndata: {\"type\":\"image_generation.partial_image\"}\n\n";
    const LAST: &str = "event: image_generation.completed\ndata: {\"type\":\"image_generation.completed\",\"usage\":{\"input_tokens\":3,\"output_tokens\":4}}\n\n";
    const PING: &str = ": ping\n\n";
    const DONE: &str = "data: [DONE]\n\n";

    fn run(relay: &mut MediaRelay, pieces: &[&str]) -> String {
        let mut out = Vec::new();
        for piece in pieces {
            relay.feed(Bytes::copy_from_slice(piece.as_bytes()));
            out.extend_from_slice(&relay.take());
        }
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn events_pass_as_they_came_up_to_the_last_one() {
        let stream = [PING, PART, PING, LAST, DONE].concat();
        for at in 0..stream.len() {
            let mut relay = MediaRelay::new(1);
            let sent = run(&mut relay, &[&stream[..at], &stream[at..]]);
            assert_eq!(sent, [PART, PING, LAST].concat(), "cut at {at}");
            assert_eq!((relay.end(), relay.content_events), (End::Complete, 2));
            assert_eq!(relay.usage.map(|usage| usage.total()), Some(7));
        }
    }

    #[test]
    fn an_end_before_the_last_event_is_a_cut() {
        for (wanted, pieces) in [(1, &[][..]), (1, &[PART]), (2, &[PART, LAST]), (1, &[DONE])] {
            let mut relay = MediaRelay::new(wanted);
            run(&mut relay, pieces);
            assert_eq!(relay.end(), End::Cut, "{wanted} {pieces:?}");
        }
        let mut two = MediaRelay::new(2);
        run(&mut two, &[LAST, PART, LAST]);
        assert_eq!(two.end(), End::Complete);
        let mut torn = MediaRelay::new(1);
        run(&mut torn, &[PART, &LAST[..LAST.len() - 2]]);
        assert_eq!(
            (torn.end(), torn.take().is_empty()),
            (End::Complete, false),
            "only its empty line is missing"
        );
        let mut half = MediaRelay::new(1);
        run(&mut half, &[PART, &LAST[..LAST.len() - 9]]);
        assert_eq!((half.end(), half.take().len()), (End::Cut, 0));
    }

    #[test]
    fn transcripts_in_the_chunks_of_a_chat_end_as_a_chat_does() {
        let role = "data: {\"choices\":[{\"delta\":{\"role\":\"assistant\"}}]}\n\n";
        let word = "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n";
        let stop = "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";
        let mut relay = MediaRelay::new(1);
        relay.feed(Bytes::from_static(role.as_bytes()));
        assert_eq!(*relay.flow(), Flow::Waiting);
        let stream = [word, stop, DONE];
        assert_eq!(run(&mut relay, &stream), [&[role], &stream[..]].concat().concat());
        assert_eq!(*relay.flow(), Flow::Done);
        let mut without = MediaRelay::new(1);
        run(&mut without, &[word, stop]);
        assert_eq!(without.end(), End::Complete);
    }

    #[test]
    fn an_error_stops_the_stream_where_it_stands() {
        for error in
            ["data: {\"error\":{\"message\":\"no\"}}\n\n", "event: error\ndata: {\"message\":\"no\"}\n\n"]
        {
            let mut relay = MediaRelay::new(1);
            assert_eq!(run(&mut relay, &[PART, error, LAST]), PART);
            assert!(matches!(relay.flow(), Flow::Error(_)), "{error}");
        }
    }

    #[test]
    fn garbage_is_dropped_and_counted() {
        let mut relay = MediaRelay::new(1);
        assert_eq!(run(&mut relay, &["data: {\n\n", PART, "data: <html>\n\n", LAST]), [PART, LAST].concat());
        assert_eq!(relay.garbage, 2);
    }
}

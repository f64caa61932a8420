//! A stream as it will be played: which bytes leave when, and how it ends.

use crate::mock::behaviour::Behaviour;
use crate::mock::voice::Transcript;
use bytes::Bytes;
use std::time::Duration;

/// Sizes of the pieces of a split event: odd ones, so that they never agree with lines or characters.
const PIECES: [usize; 5] = [1, 7, 3, 13, 5];

#[derive(Debug, PartialEq, Eq)]
pub struct Score {
    pub beats: Vec<Beat>,
    /// Whether the connection is dropped after the last beat.
    pub cut: bool,
}

/// Bytes that leave in one write.
#[derive(Debug, PartialEq, Eq)]
pub struct Beat {
    /// Counted from the first event's turn.
    pub due: Duration,
    pub bytes: Bytes,
}

impl Score {
    pub fn new(transcript: Transcript, behaviour: &Behaviour) -> Score {
        let Transcript { events, lead, paced } = transcript;
        let kept = behaviour.cut_after.unwrap_or(usize::MAX);
        let due = |event: usize| behaviour.speaking((event + 1).saturating_sub(lead).min(paced));
        let timed = events.into_iter().take(kept).enumerate().map(|(at, event)| (due(at), event));
        let beats = timed.flat_map(|(due, event)| beats(due, event, behaviour.split)).collect();
        Score { beats, cut: behaviour.cut_after.is_some() }
    }

    /// The first half of a plain answer, and then nothing.
    pub fn half(body: Bytes) -> Score {
        let bytes = body.slice(..body.len() / 2);
        Score { beats: vec![Beat { due: Duration::ZERO, bytes }], cut: true }
    }
}

fn beats(due: Duration, mut event: Bytes, split: bool) -> Vec<Beat> {
    if !split {
        return vec![Beat { due, bytes: event }];
    }
    let mut beats = Vec::new();
    for size in PIECES.iter().cycle() {
        if event.is_empty() {
            break;
        }
        let bytes = event.split_to(event.len().min(*size));
        beats.push(Beat { due, bytes });
    }
    beats
}

#[cfg(test)]
mod tests {
    use super::*;

    fn transcript() -> Transcript {
        let events = ["role", "one", "two", "finish", "done"].map(Bytes::from).into();
        Transcript { events, lead: 1, paced: 2 }
    }

    fn due_times(score: &Score) -> Vec<u128> {
        score.beats.iter().map(|beat| beat.due.as_millis()).collect()
    }

    #[test]
    fn content_comes_at_the_pace_and_the_end_with_it() {
        let behaviour = Behaviour { tokens_per_second: 100, ..Behaviour::default() };
        assert_eq!(due_times(&Score::new(transcript(), &behaviour)), [0, 10, 20, 20, 20]);
    }

    #[test]
    fn without_a_pace_nothing_waits() {
        assert_eq!(due_times(&Score::new(transcript(), &Behaviour::default())), [0; 5]);
    }

    #[test]
    fn a_cut_keeps_the_events_before_it() {
        let behaviour = Behaviour { cut_after: Some(2), ..Behaviour::default() };
        let score = Score::new(transcript(), &behaviour);
        let kept: Vec<_> = score.beats.iter().map(|beat| &beat.bytes[..]).collect();
        assert_eq!((kept, score.cut), (vec![&b"role"[..], b"one"], true));
    }

    #[test]
    fn split_pieces_join_to_the_event() {
        let behaviour = Behaviour { split: true, ..Behaviour::default() };
        let whole = Transcript { events: vec!["data: {\"é\":\"日本\"}\n\n".into()], lead: 1, paced: 0 };
        let score = Score::new(whole, &behaviour);
        assert!(score.beats.len() > 3 && score.beats.iter().all(|beat| !beat.bytes.is_empty()));
        let joined: Vec<u8> = score.beats.iter().flat_map(|beat| beat.bytes.to_vec()).collect();
        assert_eq!(joined, "data: {\"é\":\"日本\"}\n\n".as_bytes());
    }
}

//! Streams of bytes, cut anywhere: the same frames come out, none is lost, and none grows past the bound.

#![no_main]

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use tollgate::dialect::frame::Framer;
use tollgate::dialect::frame::Framing;
use tollgate_fuzz::Input;

const FRAMINGS: [Framing; 3] = [Framing::Sse, Framing::Lines, Framing::Aws];
const LONGEST: usize = 100;

fuzz_target!(|data: &[u8]| {
    let Some(input) = Input::of(data) else { return };
    let framing = input.choose(0, &FRAMINGS);
    let stream = match framing {
        Framing::Aws if input.flag(0) => sealed(input.body),
        Framing::Aws | Framing::Sse | Framing::Lines => input.body.to_vec(),
    };
    let pieces = input.pieces(&stream);
    let whole = frames(framing, usize::MAX, &[Bytes::copy_from_slice(&stream)]);
    assert_eq!(frames(framing, usize::MAX, &pieces), whole, "cut and uncut differ");
    if framing != Framing::Aws {
        let mark = usize::from(framing == Framing::Sse && stream.starts_with(b"\xef\xbb\xbf")) * 3;
        assert_eq!(whole.concat(), stream[mark..], "something was lost");
    }
    let longest = pieces.iter().map(Bytes::len).max().unwrap_or(0);
    for frame in frames(framing, LONGEST, &pieces) {
        assert!(frame.len() <= LONGEST + longest, "a frame of {} bytes", frame.len());
    }
});

/// All frames up to the first error, each read once.
fn frames(framing: Framing, limit: usize, pieces: &[Bytes]) -> Vec<Bytes> {
    let (mut framer, mut frames) = (Framer::new(framing, limit), Vec::new());
    if pieces.iter().all(|piece| framer.push(piece.clone(), &mut frames).is_ok()) {
        frames.extend(framer.finish());
    }
    for frame in &frames {
        let _ = framer.read(frame);
    }
    frames
}

/// AWS's messages with the right lengths and checksums, which chance does not find. Two bytes in front of each say
/// how much of what follows is headers and payload; what is left at the end goes as it is.
fn sealed(mut rest: &[u8]) -> Vec<u8> {
    let mut stream = Vec::new();
    while let [head, load, after @ ..] = rest {
        let Some((told, after)) = after.split_at_checked(usize::from(*head) + usize::from(*load)) else {
            break;
        };
        let mut message = (told.len() as u32 + 16).to_be_bytes().to_vec();
        message.extend_from_slice(&u32::from(*head).to_be_bytes());
        message.extend_from_slice(&crc32fast::hash(&message).to_be_bytes());
        message.extend_from_slice(told);
        message.extend_from_slice(&crc32fast::hash(&message).to_be_bytes());
        stream.extend_from_slice(&message);
        rest = after;
    }
    stream.extend_from_slice(rest);
    stream
}

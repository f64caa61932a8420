//! Streams of any provider, cut anywhere: read without a panic, told alike, and written in the client's dialect.

#![no_main]

use bytes::Bytes;
use libfuzzer_sys::fuzz_mutator;
use libfuzzer_sys::fuzz_target;
use tollgate::dialect::Dialect;
use tollgate::dialect::fault;
use tollgate::dialect::frame::Framing;
use tollgate::dialect::frame::aws;
use tollgate::dialect::openai::assemble::assemble;
use tollgate::dialect::openai::media::MediaRelay;
use tollgate::dialect::openai::relay::Relay as OpenAiRelay;
use tollgate::dialect::openai::unfold::without_usage;
use tollgate::dialect::relay::End;
use tollgate::dialect::relay::Flow;
use tollgate::dialect::relay::HubRelay;
use tollgate::dialect::relay::Relay;
use tollgate::dialect::relay::Wishes;
use tollgate::dialect::responses::thread;
use tollgate::dialect::side::ClientError;
use tollgate::dialect::translate;
use tollgate::dialect::usage::Usage;
use tollgate_fuzz::Input;
use tollgate_fuzz::assert_json;
use tollgate_fuzz::assert_stream;
use tollgate_fuzz::opening;

fuzz_target!(|data: &[u8]| {
    let Some(input) = Input::of(data) else { return };
    let stream = match input.provider().provider_side().framing() {
        Framing::Sse | Framing::Lines => input.body.to_vec(),
        Framing::Aws => messages(input.body),
    };
    let whole = told(&input, &[stream.clone().into()]);
    let cut = told(&input, &input.pieces(&stream));
    assert_eq!(cut, whole, "cut and uncut differ");
    if let Flow::Error(error) = &whole.flow {
        fault::classify(200, error);
    }
    if input.flag(0) {
        assert_stream(input.client(), &whole.written);
        kept(&input, &whole);
    }
});

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    tollgate_fuzz::mutate(data, size, max_size, seed)
});

/// What became of a stream.
#[derive(Debug, PartialEq)]
struct Told {
    written: Vec<u8>,
    flow: Flow,
    end: End,
    transcript: Option<Vec<u8>>,
    usage: Option<Usage>,
    content_events: u64,
    garbage: u64,
    broken_off: Option<Vec<u8>>,
}

fn told(input: &Input<'_>, pieces: &[Bytes]) -> Told {
    let (mut relay, mut written) = (relay(input), Vec::new());
    for piece in pieces {
        if let Flow::TooLong = relay.feed(piece.clone()) {
            break;
        }
        written.extend_from_slice(&relay.take());
    }
    let end = relay.end();
    written.extend_from_slice(&relay.take());
    relay.seals().into_kept();
    Told {
        written,
        flow: relay.flow().clone(),
        end,
        transcript: relay.transcript(),
        usage: relay.usage(),
        content_events: relay.content_events(),
        garbage: relay.garbage(),
        broken_off: relay.break_off(&ERROR),
    }
}

fn relay(input: &Input<'_>) -> Relay {
    let wishes = Wishes { usage: input.flag(1), choices: 1 + u64::from(input.flag(2)), keep: usize::MAX };
    let (provider, client) = (input.provider(), input.client());
    if input.flag(0) {
        let writer = client.client_side().writer(opening(wishes.usage));
        return Relay::Hub(Box::new(HubRelay::new(provider, Some(writer), wishes, "n0".to_owned())));
    }
    match (provider, client) {
        (Dialect::OpenAi, Dialect::OpenAi) => Relay::Same(OpenAiRelay::new(wishes)),
        (Dialect::OpenAi, _) => Relay::Media(MediaRelay::new(wishes.choices)),
        _ => Relay::Hub(Box::new(HubRelay::new(provider, None, wishes, "n0".to_owned()))),
    }
}

/// A complete stream may be asked for again as a whole answer.
fn kept(input: &Input<'_>, told: &Told) {
    assert_eq!(told.transcript.is_some(), told.end == End::Complete);
    let Some(events) = &told.transcript else { return };
    let whole = match input.client() {
        Dialect::OpenAi => {
            assert_stream(Dialect::OpenAi, &without_usage(events));
            // What is passed on unread, such as log probabilities, may not fit together.
            let Some(whole) = assemble(events) else { return };
            whole
        }
        client => translate::assembled(client, events, &opening(false))
            .unwrap_or_else(|| panic!("no whole of {}", String::from_utf8_lossy(events))),
    };
    assert_json(&whole);
    assert!(input.client().provider_side().read(&whole).is_ok(), "{}", String::from_utf8_lossy(&whole));
    if input.client() == Dialect::Responses {
        assert!(thread::answer_of(&Bytes::copy_from_slice(events)).is_some(), "no answer at its end");
    }
}

/// Lines such as `event messageStop {}` as AWS's messages.
fn messages(lines: &[u8]) -> Vec<u8> {
    let line = |line: &[u8]| {
        let line = String::from_utf8_lossy(line);
        let mut words = line.splitn(3, ' ');
        let mut word = || words.next().unwrap_or_default();
        let (kind, name, payload) = (word(), word(), word());
        let of_kind = format!(":{kind}-type");
        let labels =
            [(":message-type", kind), (&of_kind, name), (":error-code", name), (":error-message", payload)];
        aws::message(&labels, payload.as_bytes())
    };
    lines.split(|byte| *byte == b'\n').filter(|text| !text.is_empty()).flat_map(line).collect()
}

const ERROR: ClientError<'_> = ClientError {
    status: 502,
    message: "the provider broke off",
    kind: "api_error",
    param: None,
    code: None,
    cause: None,
    request_id: "r",
};

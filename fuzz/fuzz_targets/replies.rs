//! Whole answers of any provider: read without a panic, and what clients are given of them is in their dialect.

#![no_main]

use libfuzzer_sys::fuzz_mutator;
use libfuzzer_sys::fuzz_target;
use tollgate::dialect::Dialect;
use tollgate::dialect::openai::assemble::assemble;
use tollgate::dialect::openai::embed;
use tollgate::dialect::openai::media;
use tollgate::dialect::openai::request::Expected;
use tollgate::dialect::openai::stream::Whole;
use tollgate::dialect::openai::stream::glance_whole;
use tollgate::dialect::openai::unfold::unfold;
use tollgate::dialect::openai::unfold::without_usage;
use tollgate::dialect::operation::Operation;
use tollgate::dialect::responses::page;
use tollgate::dialect::responses::thread;
use tollgate::dialect::translate;
use tollgate_fuzz::Input;
use tollgate_fuzz::assert_events;
use tollgate_fuzz::assert_json;
use tollgate_fuzz::assert_stream;
use tollgate_fuzz::opening;

fuzz_target!(|data: &[u8]| {
    let Some(input) = Input::of(data) else { return };
    translated(&input);
    others(&input);
    as_it_is(&input);
});

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    tollgate_fuzz::mutate(data, size, max_size, seed)
});

fn translated(input: &Input<'_>) {
    let (provider, client, opening) = (input.provider(), input.client(), opening(input.flag(0)));
    let whole = translate::answer(provider, client, input.body, &opening, false);
    let stream = translate::answer(provider, client, input.body, &opening, true);
    assert_eq!(whole.is_ok(), stream.is_ok(), "an answer in one form only");
    let (Ok(whole), Ok(stream)) = (whole, stream) else { return };
    assert_json(&whole.body);
    assert!(client.provider_side().read(&whole.body).is_ok(), "{}", String::from_utf8_lossy(&whole.body));
    assert_stream(client, &stream.body);
    assert_ne!(stream.body, b"", "nothing was written");
    let kept = translate::unfolded(client, &whole.body, &opening);
    assert_stream(client, &kept.expect("what we wrote we can read"));
    if client == Dialect::Responses {
        let kept = thread::kept(br#"{"model":"m-1","input":"hi"}"#, &whole.body);
        for stored in kept.iter() {
            assert_json(&thread::shown(&stored.bytes).expect("what we kept we can show"));
            assert_json(&page::input_items(&stored.bytes, &page::Page::default()).expect("its items, too"));
        }
    }
}

/// What else a provider may answer: vectors, lists of models, promises.
fn others(input: &Input<'_>) {
    let side = input.provider().provider_side();
    if let Ok(vectors) = side.read_embed(input.body) {
        for base64 in [false, true] {
            assert_json(&embed::write(&vectors, "m-1", base64, 7));
        }
    }
    side.read_models(input.body);
    side.follow(input.body, input.flag(1));
}

/// What passes as it is: in OpenAI's dialect on both sides.
fn as_it_is(input: &Input<'_>) {
    for operation in Operation::ALL {
        if let Whole::Answer(_) = glance_whole(operation, input.body) {
            assert_json(input.body);
        }
        for expected in [Expected::Json, Expected::Text, Expected::Audio] {
            media::judge(operation, expected, b"application/json", input.body);
        }
    }
    media::heard(input.body);
    if let Some(events) = unfold(input.body, input.flag(0)) {
        // What we do not know of it is kept, whatever it is.
        assert_events(&events, &mut |_| true);
        assert_events(&without_usage(&events), &mut |_| true);
        if let Some(again) = assemble(&events) {
            assert_json(&again);
        }
    }
}

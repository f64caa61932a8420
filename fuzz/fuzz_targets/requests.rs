//! Requests of any client: read without a panic, and what any provider is asked with is JSON.

#![no_main]

use libfuzzer_sys::fuzz_mutator;
use libfuzzer_sys::fuzz_target;
use std::sync::OnceLock;
use tollgate::cache::key::cache_key;
use tollgate::cache::key::is_deterministic;
use tollgate::dialect::hub::ChatRequest;
use tollgate::dialect::hub::Dropped;
use tollgate::dialect::hub::Media;
use tollgate::dialect::hub::ModelTraits;
use tollgate::dialect::hub::Part;
use tollgate::dialect::openai::adapt;
use tollgate::dialect::openai::embed;
use tollgate::dialect::openai::request::Shape;
use tollgate::dialect::operation::Operation;
use tollgate::dialect::origin;
use tollgate::dialect::responses::marks;
use tollgate::dialect::responses::thread;
use tollgate::dialect::seals;
use tollgate::dialect::side::Fetched;
use tollgate::dialect::side::FetchedFile;
use tollgate::dialect::side::Target;
use tollgate::provider::presets::PRESETS;
use tollgate_fuzz::Input;
use tollgate_fuzz::PROVIDERS;
use tollgate_fuzz::assert_json;

fuzz_target!(|data: &[u8]| {
    let Some(input) = Input::of(data) else { return };
    let traits = input.choose(3, every_traits());
    translated(&input, traits);
    vectors(&input, traits);
    for operation in Operation::ALL {
        same(&input, operation, traits);
    }
    threads(&input);
    is_deterministic(input.body);
});

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    tollgate_fuzz::mutate(data, size, max_size, seed)
});

fn translated(input: &Input<'_>, traits: &ModelTraits) {
    let (client, provider) = (input.client(), input.provider());
    let Ok(mut request) = client.client_side().read(input.body) else { return };
    assert_json(input.body);
    origin::settle(&mut request, client, provider);
    seals::wanted(&request);
    traits.needs_responses(&request);
    let fetched = if input.flag(0) { fetched(&request) } else { Fetched::new() };
    let target = Target { model: "m/1", traits, fetched: &fetched, stream_options: input.flag(1) };
    let mut dropped = Dropped::default();
    let side = provider.provider_side();
    if let Ok(written) = side.write(&request, &target, &mut dropped) {
        assert_json(&written);
    }
    side.path(&request.model, request.stream);
}

fn vectors(input: &Input<'_>, traits: &ModelTraits) {
    let Ok(request) = embed::read(input.body) else { return };
    let target = Target { model: "m/1", traits, fetched: &Fetched::new(), stream_options: false };
    for provider in PROVIDERS {
        if let Ok(written) = provider.provider_side().write_embed(&request, &target, &mut Dropped::default())
        {
            assert_json(&written);
        }
    }
}

/// The client's bytes with another model.
fn same(input: &Input<'_>, operation: Operation, traits: &ModelTraits) {
    let Ok(shape) = Shape::read(operation, input.body) else { return };
    assert_json(input.body);
    cache_key("s", operation.word(), &shape.model, input.body);
    let body = shape.body_for(input.body, "m\"1", input.flag(1));
    assert_json(&body);
    let again = Shape::read(operation, &body).expect("what was read can be read again");
    assert_eq!((again.model.as_str(), again.choices), ("m\"1", shape.choices));
    let mut dropped = Dropped::default();
    let adapted = adapt::adapted(operation, &body, traits, &mut dropped);
    let own = input.provider().provider_side().adapted(operation, &body, &mut dropped);
    adapted.iter().chain(&own).for_each(|body| assert_json(body));
}

fn threads(input: &Input<'_>) {
    const STORED: &[u8] = br#"{"id":"resp_1","object":"response","status":"completed","output":[]}"#;
    if let Some(lifted) = marks::lifted(input.body) {
        assert_json(&lifted);
    }
    thread::previous(input.body);
    thread::may_be_stored(input.body);
    if let Some(kept) = thread::kept(input.body, STORED)
        && let Some(resumed) = thread::resumed(br#"{"model":"m","input":"more"}"#, &kept.bytes)
    {
        assert_json(&resumed);
    }
}

/// A file for every address in the request.
fn fetched(request: &ChatRequest<'_>) -> Fetched {
    let file = FetchedFile { kind: "image/png".to_owned(), data: "aGk=".to_owned() };
    let urls = request.messages.iter().flat_map(|message| &message.parts).filter_map(|part| match part {
        Part::Image(image) => Some(&image.media),
        Part::Document(document) => Some(&document.media),
        _ => None,
    });
    let urls =
        urls.filter_map(|media| if let Media::Url(url) = media { Some(url.to_string()) } else { None });
    urls.map(|url| (url, file.clone())).collect()
}

/// Everything that is known of any model.
fn every_traits() -> &'static [&'static ModelTraits] {
    static ALL: OnceLock<Vec<&ModelTraits>> = OnceLock::new();
    ALL.get_or_init(|| {
        let of_models =
            PRESETS.iter().flat_map(|preset| preset.model_traits.iter().map(|(_, traits)| traits));
        of_models.chain(PRESETS.iter().map(|preset| &preset.traits)).collect()
    })
}

//! What a provider's error means, whatever bytes and headers it comes in.

#![no_main]

use libfuzzer_sys::fuzz_mutator;
use libfuzzer_sys::fuzz_target;
use std::time::Duration;
use tollgate::dialect::fault;
use tollgate_fuzz::Input;

const STATUSES: [u16; 12] = [200, 400, 401, 402, 403, 404, 409, 429, 499, 500, 529, 999];
const DAY: Duration = Duration::from_secs(86_400);

fuzz_target!(|data: &[u8]| {
    let Some(input) = Input::of(data) else { return };
    // A head such as a provider sends, an empty line, and its body.
    let blank = input.body.windows(2).position(|two| two == b"\n\n");
    let (head, body) = input.body.split_at(blank.map_or(0, |at| at + 2));
    let head = String::from_utf8_lossy(head);
    let header = |name: &str| {
        head.lines()
            .filter_map(|line| line.split_once(": "))
            .find(|(key, _)| *key == name)
            .map(|(_, value)| value.to_owned())
    };
    let status = input.choose(0, &STATUSES);
    fault::classify(status, body);
    fault::classify_shape(status, header(fault::SHAPE_HEADER).as_deref(), body);
    if let Some(message) = fault::message(body) {
        assert!(!message.is_empty() && message.chars().count() <= 1000);
    }
    let after = fault::retry_after(&header, body, Duration::from_secs(1_795_000_000));
    assert!(after.is_none_or(|after| after <= DAY));
});

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    tollgate_fuzz::mutate(data, size, max_size, seed)
});

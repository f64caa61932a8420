//! What the cache remembers, and what it must not.

use super::*;

const NOW: Duration = Duration::from_secs(1_795_000_000);
const TTL: Duration = Duration::from_secs(300);
const KEY: CacheKey = CacheKey([7; 32]);

fn answer(form: Form) -> Answer {
    Answer {
        form,
        provider: "groq".into(),
        model: "openai/gpt-oss-20b".into(),
        dropped: "logprobs, n".into(),
        body: Bytes::from_static(b"{\"a\":1}"),
    }
}

fn cache() -> ExactCache {
    ExactCache::new(Arc::new(ByteStore::memory(10, 10_000)))
}

#[tokio::test]
async fn a_kept_answer_is_recalled_with_the_time_it_has_left() {
    let cache = cache();
    for form in [Form::Whole, Form::Stream] {
        cache.keep(&KEY, &answer(form), TTL, NOW).await;
        let hit = cache.recall(&KEY, NOW + Duration::from_secs(100)).await;
        assert_eq!(hit, Some(Hit { answer: answer(form), ttl_left: Duration::from_secs(200) }));
    }
    assert_eq!(cache.recall(&CacheKey([8; 32]), NOW).await, None);
}

#[tokio::test]
async fn an_answer_whose_time_is_over_is_a_miss() {
    let cache = cache();
    cache.keep(&KEY, &answer(Form::Whole), TTL, NOW).await;
    assert_eq!(cache.recall(&KEY, NOW + TTL).await, None);
    assert_eq!(cache.recall(&KEY, NOW + TTL * 2).await, None);
}

#[tokio::test]
async fn a_ttl_of_zero_keeps_nothing() {
    let cache = cache();
    cache.keep(&KEY, &answer(Form::Whole), Duration::ZERO, NOW).await;
    assert_eq!(cache.recall(&KEY, Duration::ZERO).await, None);
}

#[test]
fn a_record_cut_short_or_too_long_is_a_miss_everywhere() {
    let record = record::encode(&answer(Form::Stream), NOW + TTL).expect("short names");
    assert!(record::decode(&record, NOW).is_some());
    for end in 0..record.len() {
        assert_eq!(record::decode(&record.slice(..end), NOW), None, "cut at {end}");
    }
    let longer = Bytes::from([&record[..], b"x"].concat());
    assert_eq!(record::decode(&longer, NOW), None);
}

#[test]
fn a_record_of_another_version_or_form_is_a_miss() {
    let record = record::encode(&answer(Form::Whole), NOW + TTL).expect("short names");
    for (at, byte) in [(3, b'0'), (4, 9)] {
        let mut other = record.to_vec();
        other[at] = byte;
        assert_eq!(record::decode(&Bytes::from(other), NOW), None, "byte {at}");
    }
}

#[test]
fn a_recalled_body_is_not_copied() {
    let record = record::encode(&answer(Form::Whole), NOW + TTL).expect("short names");
    let hit = record::decode(&record, NOW).expect("a sound record");
    assert!(record.as_ptr_range().contains(&hit.answer.body.as_ptr()));
}

#[test]
fn an_answer_does_not_show_its_body() {
    assert_eq!(format!("{:?}", answer(Form::Whole)), "Answer(Whole of groq/openai/gpt-oss-20b, 7 bytes)");
}

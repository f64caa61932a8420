//! The turns of keys, with time moved by hand.

use super::*;

const SECOND: Duration = Duration::from_secs(1);

fn picks(ring: &mut KeyRing, now: Instant, count: usize) -> Vec<Pick> {
    (0..count).map(|_| ring.pick(now, None, &[])).collect()
}

#[test]
fn keys_take_turns() {
    let mut ring = KeyRing::new(3);
    let turns = picks(&mut ring, Instant::now(), 4);
    assert_eq!(turns, [Pick::Key(0), Pick::Key(1), Pick::Key(2), Pick::Key(0)]);
}

#[test]
fn a_provider_without_keys_has_one_unnamed() {
    assert_eq!(KeyRing::new(0).pick(Instant::now(), None, &[]), Pick::Key(0));
}

#[test]
fn a_key_that_cools_is_skipped_until_it_is_back() {
    let now = Instant::now();
    let mut ring = KeyRing::new(2);
    ring.cool(0, now + SECOND);
    assert_eq!(picks(&mut ring, now, 2), [Pick::Key(1), Pick::Key(1)]);
    assert_eq!(ring.usable(now, None), 1);
    assert_eq!(ring.usable(now + SECOND, None), 2);
}

#[test]
fn when_all_cool_the_first_to_return_is_named() {
    let now = Instant::now();
    let mut ring = KeyRing::new(2);
    ring.cool(0, now + SECOND * 9);
    ring.cool(1, now + SECOND * 5);
    assert_eq!(ring.pick(now, None, &[]), Pick::Cooling(now + SECOND * 5));
    assert_eq!(ring.pick(now, None, &[1]), Pick::Cooling(now + SECOND * 9));
}

#[test]
fn a_shorter_cool_down_never_replaces_a_longer_one() {
    let now = Instant::now();
    let mut ring = KeyRing::new(1);
    ring.cool(0, now + SECOND * 9);
    ring.cool(0, now + SECOND);
    assert_eq!(ring.pick(now, None, &[]), Pick::Cooling(now + SECOND * 9));
}

#[test]
fn a_key_put_aside_returns_after_its_time() {
    let now = Instant::now();
    let mut ring = KeyRing::new(1);
    ring.put_aside(0, now + ASIDE_FOR);
    ring.cool(0, now + SECOND);
    assert_eq!(ring.pick(now, None, &[]), Pick::AllAside, "the end of its cool-down would not help");
    assert_eq!(ring.pick(now + ASIDE_FOR, None, &[]), Pick::Key(0));
}

#[test]
fn a_key_that_was_tried_is_not_offered_again() {
    let now = Instant::now();
    let mut ring = KeyRing::new(2);
    assert_eq!(ring.pick(now, None, &[0]), Pick::Key(1));
    assert_eq!(ring.pick(now, None, &[0, 1]), Pick::AllAside);
}

#[test]
fn an_unknown_key_is_nobodys_business() {
    let now = Instant::now();
    let mut ring = KeyRing::new(1);
    ring.cool(7, now + SECOND);
    ring.put_aside(7, now + SECOND);
    assert_eq!(ring.usable(now, None), 1);
}

fn model(name: &str) -> Arc<str> {
    Arc::from(name)
}

#[test]
fn a_key_may_cool_for_one_model_alone() {
    let now = Instant::now();
    let mut ring = KeyRing::new(2);
    ring.cool_model(now, 0, &model("large"), now + SECOND * 5);
    assert_eq!(ring.pick(now, Some("large"), &[]), Pick::Key(1));
    assert_eq!((ring.usable(now, Some("large")), ring.usable(now, Some("small"))), (1, 2));
    ring.cool_model(now, 1, &model("large"), now + SECOND * 3);
    assert_eq!(ring.pick(now, Some("large"), &[]), Pick::Cooling(now + SECOND * 3));
    assert_eq!(ring.cooled(now, Some("large")), Some(now + SECOND * 3));
    assert_eq!((ring.pick(now, Some("small"), &[]), ring.pick(now, None, &[])), (Pick::Key(0), Pick::Key(1)));
    assert_eq!(ring.pick(now + SECOND * 3, Some("large"), &[]), Pick::Key(1));
}

#[test]
fn a_key_is_back_for_a_model_when_both_have_cooled() {
    let now = Instant::now();
    let mut ring = KeyRing::new(1);
    ring.cool_model(now, 0, &model("large"), now + SECOND * 2);
    ring.cool(0, now + SECOND * 9);
    assert_eq!(ring.pick(now, Some("large"), &[]), Pick::Cooling(now + SECOND * 9));
    ring.cool_model(now, 0, &model("large"), now + SECOND * 20);
    ring.cool_model(now, 0, &model("large"), now + SECOND);
    assert_eq!(ring.pick(now, Some("large"), &[]), Pick::Cooling(now + SECOND * 20));
}

#[test]
fn of_models_without_end_those_that_are_away_longest_are_remembered() {
    let now = Instant::now();
    let mut ring = KeyRing::new(1);
    for number in 0..1000 {
        ring.cool_model(now, 0, &model(&number.to_string()), now + SECOND * (number + 1));
        ring.note_spent(Rest {
            key: 0,
            model: Some(model(&number.to_string())),
            until: now + SECOND,
            news: true,
        });
    }
    assert_eq!((ring.keys[0].models.len(), ring.spent.len()), (MOST_MODELS, MOST_MODELS));
    assert_eq!((ring.usable(now, Some("999")), ring.usable(now, Some("0"))), (0, 1));
}

#[test]
fn a_key_that_is_used_up_is_told_once_and_once_when_it_is_back() {
    let now = Instant::now();
    let mut ring = KeyRing::new(1);
    let spent = |seconds: u32, name: Option<&str>| Rest {
        key: 0,
        model: name.map(model),
        until: now + SECOND * seconds,
        news: seconds > 6,
    };
    let told = [(4, None), (5, None), (7, None), (8, None), (6, None), (2, Some("large"))];
    let told = told.map(|(seconds, name)| ring.note_spent(spent(seconds, name)));
    assert_eq!(told, [true, false, true, false, false, true], "it got worth telling in between");
    assert_eq!(ring.take_back(now + SECOND), []);
    assert_eq!(ring.take_back(now + SECOND * 7), [spent(2, Some("large"))]);
    assert_eq!(ring.take_back(now + SECOND * 8), [spent(8, None)]);
    assert_eq!(ring.take_back(now + SECOND * 9), []);
    assert!(ring.note_spent(spent(10, None)), "it is used up anew");
}

#[test]
fn what_cools_can_be_told_to_others() {
    let now = Instant::now();
    let mut ring = KeyRing::new(2);
    ring.cool(1, now + SECOND);
    ring.cool_model(now, 1, &model("large"), now + SECOND * 2);
    ring.put_aside(0, now + SECOND * 3);
    let of_model = Rest { key: 1, model: Some(model("large")), until: now + SECOND * 2, news: false };
    let of_key = Rest { key: 1, model: None, until: now + SECOND, news: false };
    assert_eq!(ring.cooling(now), [of_key, of_model.clone()]);
    assert_eq!(ring.cooling(now + SECOND), [of_model]);
}

#[test]
fn each_key_says_how_long_it_is_away() {
    let now = Instant::now();
    let mut ring = KeyRing::new(3);
    ring.cool(1, now + SECOND);
    ring.put_aside(2, now + ASIDE_FOR);
    let states = [KeyState::Usable, KeyState::Cooling(SECOND), KeyState::Aside(ASIDE_FOR)];
    assert_eq!(ring.states(now), states);
    assert_eq!(ring.states(now + SECOND)[1], KeyState::Usable);
}

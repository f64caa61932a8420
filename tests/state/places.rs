//! Places in Redis: one's own leaves are known at once, and nothing that is lost or late makes them fewer or more.

use crate::*;
use tollgate::limits::Reservation;
use tollgate::state::accounts::MOST_PASSING;

const ONE: &str = "limits: { concurrent: 1 }";

async fn start(state: &Arc<State>, claims: &Claims) -> Option<Reservation> {
    let now = clock::moment();
    let mut held = Reservation::enter(state, claims.clone(), now).ok()?;
    held.take(Need::REQUEST, now).await.ok()?;
    Some(held)
}

#[tokio::test]
async fn one_after_the_other_needs_one_place() {
    let stage = Stage::redis().await;
    let claims = of_key(stage.one(), ONE);
    for turn in 0..200 {
        let held = start(stage.one(), &claims).await;
        assert!(held.is_some(), "turn {turn}: the one before has ended");
    }
}

#[tokio::test]
async fn two_replicas_share_their_places_exactly_round_after_round() {
    let stage = Stage::redis().await;
    let states = [stage.one().clone(), stage.other().clone()];
    let claims = states.each_ref().map(|state| of_key(state, "limits: { concurrent: 7 }"));
    for round in 0..20 {
        let filled = async || {
            let mut held = Vec::new();
            for turn in 0..20 {
                let who = (round + turn / 3) % 2;
                held.extend(start(&states[who], &claims[who]).await);
            }
            assert!(held.len() <= 7, "round {round}: {} of 7", held.len());
            held.len() == 7
        };
        // What others gave back is known a moment later.
        eventually(filled, "a place is lost").await;
    }
}

#[tokio::test]
async fn a_user_who_was_forgotten_and_comes_again_has_all_places() {
    let stage = Stage::redis().await;
    let state = stage.one();
    let of_user =
        || Claim { whose: Whose::User, account: state.account_of_user("ann"), bounds: Arc::new(bounds(ONE)) };
    let before = Arc::downgrade(&of_user().account);
    for turn in 0..3 {
        assert!(start(state, &Claims::of(of_user())).await.is_some(), "turn {turn}");
    }
    // What is still to be told holds the account.
    eventually(async || before.strong_count() == 1, "it is never told").await;
    (0..=MOST_PASSING).for_each(|name| drop(state.account_of_user(&name.to_string())));
    assert!(before.upgrade().is_none(), "it was not forgotten");
    for turn in 3..6 {
        assert!(start(state, &Claims::of(of_user())).await.is_some(), "turn {turn}");
    }
}

#[tokio::test]
async fn places_that_are_held_through_an_outage_are_told_anew() {
    let mut stage = Stage::redis().await;
    let mut redis = stage.redis.take().unwrap();
    let (one, other) = (stage.one().clone(), stage.other().clone());
    let (here, there) =
        (of_key(&one, "limits: { concurrent: 2 }"), of_key(&other, "limits: { concurrent: 2 }"));
    let before = start(&one, &here).await.expect("a place");
    redis.stop();
    eventually(async || one.is_away() && other.is_away(), "nobody notices").await;
    let during = start(&one, &here).await.expect("the other one");
    redis.start_again();
    eventually(async || !one.is_away() && !other.is_away(), "it was not found").await;
    assert!(start(&other, &there).await.is_none(), "both are taken");
    drop(before);
    let mut third = None;
    eventually(
        async || {
            third = start(&other, &there).await;
            third.is_some()
        },
        "one is free",
    )
    .await;
    assert!(start(&one, &here).await.is_none() && start(&other, &there).await.is_none());
    drop((during, third));
}

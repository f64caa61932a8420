//! Two hundred at once on eight threads, at two replicas: exactly as many pass as may.

use crate::*;
use tollgate::limits::Reservation;

/// How many of two hundred hold a reservation.
async fn crowd(stage: &Stage, name: &str, said: &'static [(Whose, &'static str)]) -> usize {
    let (gate, now) = (Arc::new(tokio::sync::Barrier::new(200)), clock::moment());
    let need = Need { tokens: 100, ..cents(10) };
    let tasks: Vec<_> = (0..200)
        .map(|turn| {
            let (state, gate) = (stage.replicas[turn % 2].state.clone(), gate.clone());
            let claim = |(whose, text): &(Whose, &str)| Claim {
                whose: *whose,
                account: state.account(&format!("{name} {}", whose.word())),
                bounds: Arc::new(bounds(text)),
            };
            let claims = said.iter().map(claim).fold(Claims::default(), Claims::and);
            tokio::spawn(async move {
                gate.wait().await;
                let mut held = Reservation::enter(&state, claims, now).ok()?;
                held.take(need, now).await.ok()?;
                Some(held)
            })
        })
        .collect();
    let mut holders = Vec::new();
    for task in tasks {
        holders.extend(task.await.unwrap());
    }
    holders.len()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn of_two_hundred_at_once_exactly_as_many_pass_as_may() {
    use Whose::{Key, Model, Tenant, User};
    type Said = &'static [(Whose, &'static str)];
    let table: &[(Said, usize)] = &[
        (&[(Key, "limits: { requests: 17/day }")], 17),
        (&[(Key, "limits: { tokens: 2399/day }")], 23),
        (&[(Key, "limits: { concurrent: 29 }")], 29),
        (&[(Key, "quota: { requests: 31/day }")], 31),
        (&[(Key, "quota: { tokens: 3700/month, window: rolling }")], 37),
        (&[(Key, "budget: { hard: 4.19/month, soft: 0.10/day }")], 41),
        (
            &[
                (Key, "{ limits: { requests: [ 90/h, 150/day ], concurrent: 80 }, budget: { hard: 9/day } }"),
                (Tenant, "{ limits: { concurrent: 60 }, quota: { tokens: 5399/day } }"),
                (Model, "{ limits: { tokens: 4399/day } }"),
                (User, "{ limits: { requests: 100/day, concurrent: 43 } }"),
            ],
            43,
        ),
        (&[(Key, "{}")], 200),
    ];
    for stage in Stage::all().await {
        for (turn, (said, admitted)) in table.iter().enumerate() {
            let passed = crowd(&stage, &format!("turn {turn}"), said).await;
            assert_eq!(passed, *admitted, "{said:?} with redis: {}", stage.redis.is_some());
        }
        assert!(!stage.one().is_away() && !stage.other().is_away());
    }
}

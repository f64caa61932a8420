//! Jobs: each is one key's, run by one runner at a time, and ended once.

use crate::bed::Bed;
use crate::bed::on_both;
use std::collections::BTreeSet;
use tollgate::store::ClaimedJob;
use tollgate::store::JobMessage;
use tollgate::store::JobRoom;
use tollgate::store::JobState;
use tollgate::store::NewJob;
use tollgate::store::Store;
use tollgate::store::StoreError;

const ROOM: JobRoom = JobRoom { all: 1000, of_key: 1000 };

async fn add(store: &Store, id: &str, key: &str, room: JobRoom) -> bool {
    let request =
        JobMessage { status: 0, head: r#"[["a","b"]]"#.to_owned(), body: b"\0\xff request".to_vec() };
    let job = NewJob { id, key, request_id: "req_1", target: "/v1/x?y=1", request, at_ms: 10 };
    store.add_job(&job, room).await.unwrap()
}

async fn claim(store: &Store, runner: &str, now: u64, most: u64) -> Vec<ClaimedJob> {
    store.claim_jobs(runner, now, now + 100, most).await.unwrap()
}

fn answer() -> JobMessage {
    JobMessage { status: 418, head: "[]".to_owned(), body: vec![0, 1, 255] }
}

async fn state(store: &Store, id: &str) -> JobState {
    store.job(id, "key_1").await.unwrap().state
}

#[tokio::test]
async fn a_job_waits_runs_and_keeps_its_answer_for_its_key() {
    on_both(async |bed: Bed| {
        let store = bed.open().await;
        assert!(add(&store, "a", "key_1", ROOM).await);
        assert_eq!(state(&store, "a").await, JobState::Queued);
        assert_eq!(store.job_answer("a", "key_1").await.unwrap(), None);
        assert!(claim(&store, "r1", 9, 5).await.is_empty(), "it is not due yet");
        let job = claim(&store, "r1", 10, 5).await.remove(0);
        assert_eq!((job.run.number, job.target.as_str(), job.lost()), (1, "/v1/x?y=1", 0));
        assert_eq!(state(&store, "a").await, JobState::Running);
        let request = store.job_request("a").await.unwrap().unwrap();
        assert_eq!((request.head.as_str(), &request.body[..]), (r#"[["a","b"]]"#, &b"\0\xff request"[..]));
        assert!(store.complete_job(&job.run, &answer(), 50).await.unwrap());
        let row = store.job("a", "key_1").await.unwrap();
        assert_eq!((row.state, row.created_ms, row.done_ms), (JobState::Completed, 10, Some(50)));
        assert_eq!(store.job_answer("a", "key_1").await.unwrap(), Some(answer()));
        assert_eq!(store.job_request("a").await.unwrap(), None, "nobody needs it any more");
        assert!(!store.complete_job(&job.run, &answer(), 51).await.unwrap(), "it ends once");
        for id in ["a", "b"] {
            let missing = StoreError::NotFound { what: format!("job `{id}`") };
            assert_eq!(store.job(id, "key_2").await.unwrap_err(), missing);
            assert_eq!(store.job_answer(id, "key_2").await.unwrap_err(), missing);
            assert_eq!(store.cancel_job(id, "key_2").await.unwrap_err(), missing);
        }
        assert_eq!(store.forget_jobs(50).await.unwrap(), 0);
        assert_eq!(store.forget_jobs(51).await.unwrap(), 1);
        assert_eq!(store.count_jobs().await.unwrap(), [0; 4]);
    })
    .await;
}

#[tokio::test]
async fn a_runner_that_says_nothing_loses_its_job() {
    on_both(async |bed: Bed| {
        let store = bed.open().await;
        add(&store, "a", "key_1", ROOM).await;
        let first = claim(&store, "r1", 10, 5).await.remove(0);
        assert!(claim(&store, "r2", 109, 5).await.is_empty(), "the lease runs to 110");
        assert_eq!(store.renew_jobs("r1", &["a".to_owned()], 200).await.unwrap(), ["a"]);
        assert!(claim(&store, "r2", 199, 5).await.is_empty());
        let second = claim(&store, "r2", 200, 5).await.remove(0);
        assert_eq!((second.run.number, second.lost()), (2, 1));
        assert!(store.renew_jobs("r1", &["a".to_owned()], 400).await.unwrap().is_empty());
        assert!(!store.complete_job(&first.run, &answer(), 210).await.unwrap());
        assert!(!store.fail_job(&first.run, "no", 210).await.unwrap());
        assert!(!store.put_job_back(&first.run, 1, 210).await.unwrap());
        assert!(store.fail_job(&second.run, "broke off", 220).await.unwrap());
        let row = store.job("a", "key_1").await.unwrap();
        assert_eq!((row.state, row.error.as_str()), (JobState::Failed, "broke off"));
        assert!(claim(&store, "r1", 10_000, 5).await.is_empty(), "it is done");
    })
    .await;
}

#[tokio::test]
async fn a_broken_run_counts_and_one_that_was_only_put_off_does_not() {
    on_both(async |bed: Bed| {
        let store = bed.open().await;
        add(&store, "a", "key_1", ROOM).await;
        let job = claim(&store, "r1", 10, 5).await.remove(0);
        assert!(store.put_job_back(&job.run, 0, 20).await.unwrap());
        assert_eq!(state(&store, "a").await, JobState::Queued);
        let job = claim(&store, "r1", 20, 5).await.remove(0);
        assert_eq!((job.run.number, job.broken), (1, 0));
        assert!(store.put_job_back(&job.run, 1, 30).await.unwrap());
        assert!(claim(&store, "r1", 29, 5).await.is_empty());
        let job = claim(&store, "r1", 30, 5).await.remove(0);
        assert_eq!((job.run.number, job.broken, job.lost()), (2, 1, 0));
    })
    .await;
}

#[tokio::test]
async fn a_cancelled_job_is_gone_for_its_runner_too() {
    on_both(async |bed: Bed| {
        let store = bed.open().await;
        add(&store, "a", "key_1", ROOM).await;
        let job = claim(&store, "r1", 10, 5).await.remove(0);
        store.cancel_job("a", "key_1").await.unwrap();
        assert!(store.renew_jobs("r1", &["a".to_owned()], 400).await.unwrap().is_empty());
        assert_eq!(store.job_request("a").await.unwrap(), None);
        assert!(!store.complete_job(&job.run, &answer(), 50).await.unwrap());
    })
    .await;
}

#[tokio::test]
async fn there_is_room_for_so_many_in_all_and_of_each_key() {
    on_both(async |bed: Bed| {
        let store = bed.open().await;
        let room = JobRoom { all: 3, of_key: 2 };
        assert!(add(&store, "a", "key_1", room).await);
        assert!(add(&store, "b", "key_1", room).await);
        assert!(!add(&store, "c", "key_1", room).await);
        assert!(add(&store, "d", "key_2", room).await);
        assert!(!add(&store, "e", "key_3", room).await);
        assert_eq!(store.count_jobs().await.unwrap(), [3, 0, 0, 0]);
    })
    .await;
}

#[tokio::test]
async fn runners_side_by_side_never_get_the_same_job() {
    on_both(async |bed: Bed| {
        let stores = [bed.open().await, bed.open().await];
        for number in 0..60 {
            add(&stores[0], &format!("job-{number}"), "key_1", ROOM).await;
        }
        let take = async |store: &Store, runner: &str| {
            let mut taken = Vec::new();
            while let claimed @ [_, ..] = &claim(store, runner, 10, 3).await[..] {
                taken.extend(claimed.iter().map(|job| job.run.id.clone()));
            }
            taken
        };
        let (one, other) = tokio::join!(take(&stores[0], "r1"), take(&stores[1], "r2"));
        let all: BTreeSet<_> = one.iter().chain(&other).collect();
        assert_eq!((all.len(), one.len() + other.len()), (60, 60));
    })
    .await;
}

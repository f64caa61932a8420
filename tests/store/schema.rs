//! The schema: made once, by whoever comes first, and never touched by a program that is too old.

use crate::bed::entries;
use crate::bed::on_both;
use tollgate::store::Store;
use tollgate::store::StoreError;

#[tokio::test]
async fn opening_again_keeps_everything() {
    on_both(async |bed| {
        let store = bed.open().await;
        store.append("a", 0..5, &entries(0..3)).await.unwrap();
        store.close().await;
        let again = bed.open().await;
        assert_eq!(again.drained("a").await.unwrap(), 5);
        assert_eq!(again.edition().await.unwrap(), 0);
    })
    .await;
}

#[tokio::test]
async fn many_may_open_an_empty_store_at_once() {
    on_both(async |bed| {
        let open = || Store::open(&bed.url);
        let opened = tokio::join!(open(), open(), open(), open(), open(), open());
        for store in [opened.0, opened.1, opened.2, opened.3, opened.4, opened.5] {
            store.unwrap().append("a", 0..1, &entries(0..3)).await.unwrap();
        }
    })
    .await;
}

#[tokio::test]
async fn a_newer_schema_is_refused_and_left_alone() {
    on_both(async |bed| {
        bed.open().await.close().await;
        bed.sql("INSERT INTO schema_version (version) VALUES (7)").await;
        for _ in 0..2 {
            let refused = Store::open(&bed.url).await.unwrap_err();
            assert_eq!(refused, StoreError::Newer { found: 7, known: 1 });
            assert_eq!(
                refused.to_string(),
                "the store has schema 7, and this program knows 1 at most; start the newer program again, \
                 or restore the store as it was before the update"
            );
        }
        bed.sql("DELETE FROM schema_version WHERE version = 7").await;
        bed.open().await;
    })
    .await;
}

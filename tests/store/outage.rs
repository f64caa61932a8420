//! A server that goes and comes back: an outage is told from a mistake, and nobody has to open the store again.

use crate::bed::all;
use crate::bed::entries;
use crate::support::PASSWORD;
use crate::support::Postgres;
use crate::support::deaf_port;
use crate::support::refused_port;
use std::time::Duration;
use std::time::Instant;
use tollgate::config::StoreUrl;
use tollgate::secret::Secret;
use tollgate::store::By;
use tollgate::store::NewTenant;
use tollgate::store::Store;
use tollgate::store::StoreError;

fn postgres(url: &str) -> StoreUrl {
    StoreUrl::Postgres(Secret::new(url))
}

#[tokio::test]
async fn a_server_that_went_is_away_and_is_used_again_when_it_is_back() {
    let mut server = Postgres::start();
    let store = Store::open(&postgres(&server.database().await)).await.unwrap();
    store.append("a", 0..5, &entries(0..5)).await.unwrap();
    server.stop();
    let new = NewTenant { name: "acme".to_owned(), settings: "{}".to_owned() };
    let by = By { who: "cli".to_owned(), at_ms: 1 };
    for error in [
        store.append("a", 5..9, &entries(5..9)).await.unwrap_err(),
        store.edition().await.unwrap_err(),
        store.add_tenant(&new, &by).await.unwrap_err(),
    ] {
        assert!(error.is_away(), "{error:?}");
        assert!(!error.to_string().contains(PASSWORD), "{error}");
    }
    server.start_again();
    assert_eq!(store.drained("a").await.unwrap(), 5);
    store.append("a", 5..9, &entries(5..9)).await.unwrap();
    assert_eq!(store.entries(&all()).await.unwrap().len(), 9);
    store.add_tenant(&new, &by).await.unwrap();
}

#[tokio::test]
async fn nobody_waits_long_for_a_server_that_is_not_there() {
    let deaf = deaf_port();
    for port in [refused_port(), deaf.port()] {
        let begin = Instant::now();
        let url = format!("postgres://me:{PASSWORD}@127.0.0.1:{port}/d");
        let error = Store::open(&postgres(&url)).await.unwrap_err();
        assert!(error.is_away(), "{error:?}");
        assert!(!format!("{error} {error:?}").contains(PASSWORD));
        assert!(begin.elapsed() < Duration::from_secs(20), "{:?}", begin.elapsed());
    }
}

#[tokio::test]
async fn a_mistake_is_no_outage_and_no_error_tells_the_password() {
    let server = Postgres::shared();
    let good = server.url("postgres");
    for url in [
        server.url("no_such_database"),
        good.replace(PASSWORD, "wrong-hush"),
        good.replace("tollgate:", "nobody-here:"),
        good.replace("127.0.0.1:", "127.0.0.1:9"),
        format!("{good}?sslmode=require"),
        format!("{good}?sslmode={PASSWORD}"),
        format!("{good}?port={PASSWORD}"),
        format!("{good}?pasword={PASSWORD}"),
        format!("postgres://u:{PASSWORD}"),
        format!("postgres://[{PASSWORD}"),
        format!("nonsense {PASSWORD}"),
    ] {
        let error = Store::open(&postgres(&url)).await.unwrap_err();
        let told = format!("{error} {error:?}");
        assert!(!told.contains(PASSWORD) && !told.contains("wrong-hush"), "{told}");
        assert!(matches!(error, StoreError::Broken { .. }), "{url}: {error:?}");
    }
}

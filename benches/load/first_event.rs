//! Keeps so many streams alive and times each from its request to the first event that carries content.

use crate::connection::Connection;
use crate::times::Times;
use anyhow::Context;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::Instant;
use tokio::task::JoinSet;

// The streams start one by one, so that their first events do not queue behind each other.
const APART: Duration = Duration::from_millis(4);

pub async fn run(
    address: SocketAddr,
    request: Vec<u8>,
    streams: usize,
    samples: usize,
) -> anyhow::Result<serde_json::Value> {
    let request: Arc<[u8]> = request.into();
    let left = Arc::new(AtomicUsize::new(samples));
    let mut tasks = JoinSet::new();
    for _ in 0..streams {
        tasks.spawn(ask_until_none_is_left(Connection::open(address).await?, request.clone(), left.clone()));
        tokio::time::sleep(APART).await;
    }
    let mut times = Times::default();
    while let Some(task) = tasks.join_next().await {
        times.join(task??);
    }
    Ok(serde_json::json!({
        "samples": times.count(), "p50_ms": times.percentile(50), "p99_ms": times.percentile(99),
    }))
}

async fn ask_until_none_is_left(
    mut connection: Connection,
    request: Arc<[u8]>,
    left: Arc<AtomicUsize>,
) -> anyhow::Result<Times> {
    let mut times = Times::default();
    while left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| n.checked_sub(1)).is_ok() {
        times.add(one_stream(&mut connection, &request).await?);
    }
    Ok(times)
}

async fn one_stream(connection: &mut Connection, request: &[u8]) -> anyhow::Result<Duration> {
    let start = Instant::now();
    connection.ask(request).await?;
    let mut body = Vec::new();
    let mut first = None;
    while connection.next(&mut body).await? {
        if first.is_none() && carries_content(&body) {
            first = Some(start.elapsed());
        }
        if first.is_some() {
            body.clear();
        }
    }
    first.context("a stream ended without content")
}

/// A gateway may hold back the events before the first with content, such as the one that only names the role.
fn carries_content(body: &[u8]) -> bool {
    const FIELD: &[u8] = b"\"content\":\"";
    memchr::memmem::find_iter(body, FIELD)
        .any(|at| body.get(at + FIELD.len()).is_some_and(|next| *next != b'"'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_alone_is_not_content() {
        assert!(!carries_content(br#"data: {"delta":{"role":"assistant","content":""}}"#));
        assert!(carries_content(br#"data: {"delta":{"content":""}} data: {"delta":{"content":"H"}}"#));
    }
}

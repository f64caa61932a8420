//! Opens all streams at once, reads each to its end, and counts events and the gaps between them.

use crate::connection::Connection;
use crate::times::Times;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::Barrier;
use tokio::task::JoinSet;

/// What one stream brought.
#[derive(Default)]
struct Seen {
    events: usize,
    /// Between two reads that brought events.
    gaps: Times,
    /// It ended with `[DONE]`.
    done: bool,
}

pub async fn run(address: SocketAddr, request: Vec<u8>, streams: usize) -> anyhow::Result<serde_json::Value> {
    let request: Arc<[u8]> = request.into();
    let connected = Arc::new(Barrier::new(streams + 1));
    let mut tasks = JoinSet::new();
    for _ in 0..streams {
        let connection = Connection::open(address).await?;
        tasks.spawn(read(connection, request.clone(), connected.clone()));
    }
    connected.wait().await;
    let start = Instant::now();
    let (mut all, mut done) = (Seen::default(), 0);
    while let Some(seen) = tasks.join_next().await {
        let seen = seen??;
        all.events += seen.events;
        all.gaps.join(seen.gaps);
        done += usize::from(seen.done);
    }
    Ok(serde_json::json!({
        "streams": streams, "done": done, "events": all.events, "seconds": start.elapsed().as_secs_f64(),
        "gap_p50_ms": all.gaps.percentile(50), "gap_p99_ms": all.gaps.percentile(99),
    }))
}

async fn read(
    mut connection: Connection,
    request: Arc<[u8]>,
    connected: Arc<Barrier>,
) -> anyhow::Result<Seen> {
    connected.wait().await;
    connection.ask(&request).await?;
    let (mut seen, mut body, mut last) = (Seen::default(), Vec::new(), None);
    while connection.next(&mut body).await? {
        let events = take_events(&mut body, &mut seen.done);
        if events > 0 {
            let now = Instant::now();
            if let Some(before) = last.replace(now) {
                seen.gaps.add(now - before);
            }
            seen.events += events;
        }
    }
    Ok(seen)
}

/// Counts the whole events in `body` and leaves there what is not yet one.
fn take_events(body: &mut Vec<u8>, done: &mut bool) -> usize {
    let (mut events, mut start) = (0, 0);
    while let Some(length) = memchr::memmem::find(&body[start..], b"\n\n") {
        *done = body[start..start + length].ends_with(b"[DONE]");
        start += length + 2;
        events += 1;
    }
    body.drain(..start);
    events
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_counts_once_it_is_whole() {
        let (mut body, mut done) = (b"data: a\n\ndata: b\n".to_vec(), false);
        assert_eq!(take_events(&mut body, &mut done), 1);
        body.extend_from_slice(b"\ndata: [DONE]\n\n");
        assert_eq!(take_events(&mut body, &mut done), 2);
        assert!(done && body.is_empty());
    }
}

//! What the requests of a thread do together.

/// First brings everything else that is ready on this thread to the same point, so that what follows is done for all
/// in a row.
///
/// Before a write: a peer that is sent one thing after the other is woken once instead of for each, and what runs again
/// at once is still in the processor's caches. Where nothing else is ready it costs one look at the sockets.
pub async fn together() {
    tokio::task::yield_now().await;
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::Mutex;

    #[tokio::test]
    async fn what_follows_is_done_for_all_in_a_row() {
        let steps = Arc::new(Mutex::new(Vec::new()));
        let requests = [(); 3].map(|()| {
            let steps = steps.clone();
            tokio::spawn(async move {
                steps.lock().unwrap().push("read");
                together().await;
                steps.lock().unwrap().push("write");
            })
        });
        for request in requests {
            request.await.unwrap();
        }
        assert_eq!(*steps.lock().unwrap(), ["read", "read", "read", "write", "write", "write"]);
    }
}

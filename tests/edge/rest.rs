//! Requests that follow each other on one connection, however their bytes come.

use crate::echo::Echo;
use crate::support::Gateway;
use crate::support::Wire;

/// What is asked, and how it is answered: with a status, and what the server was asked, where it was.
const ASKED: [(&str, u16, &str); 6] = [
    ("GET /w/1 HTTP/1.1\r\nHost: a.test\r\n\r\n", 200, "GET /w/1"),
    ("POST /w/2 HTTP/1.1\r\nHost: a.test\r\nContent-Length: 5\r\n\r\nGET /", 200, "POST /w/2"),
    (
        "POST /w/3 HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nGET\r\n0\r\nX: y\r\n\r\n",
        200,
        "POST /w/3",
    ),
    // Nobody reads its body before it is refused.
    ("POST /nowhere HTTP/1.1\r\nHost: a.test\r\nContent-Length: 5\r\n\r\nGET /", 404, ""),
    ("\r\nGET /w/5 HTTP/1.1\nHost: a.test\n\n", 200, "GET /w/5"),
    ("PUT /w/6 HTTP/1.1\r\nHost: a.test\r\nContent-Length: 0\r\n\r\n", 200, "PUT /w/6"),
];

#[tokio::test(flavor = "multi_thread")]
async fn requests_are_told_apart_wherever_their_bytes_are_cut() {
    let echo = Echo::start("one").await;
    let gateway = Gateway::start(&format!(
        "routes: [ {{ path: /w/, cluster: one }} ]\nclusters: {{ one: {{ servers: [ '{}' ] }} }}\n",
        echo.address
    ));
    let all: String = ASKED.iter().map(|(asked, _, _)| *asked).collect();
    for cut in 1..=all.len() {
        let mut client = Wire::to(gateway.address()).await;
        client.send(&all[..cut]).await;
        let (mut end, mut is_sent) = (0, false);
        for (asked, status, line) in ASKED {
            end += asked.len();
            // What has come whole is answered before the rest comes: nothing of that is there to be read yet.
            if end > cut && !std::mem::replace(&mut is_sent, true) {
                client.send(&all[cut..]).await;
            }
            let answer = client.answer().await;
            let text = answer.text();
            assert!(answer.status == status && text.contains(line), "cut at {cut}: {asked:?} got {text}");
        }
    }
}

//! A provider that speaks HTTP/2: the stream of the client that left is reset, the connection serves the others.

use crate::*;
use bytes::Bytes;
use std::sync::Arc;
use std::sync::Mutex;
use tokio::net::TcpListener;

/// When streams were reset, and how many connections there were.
#[derive(Default)]
struct Diary {
    requests: usize,
    resets: Vec<Instant>,
    connections: usize,
}

/// Starts a stream for every request, and waits for its reset; one that asks for `whole` is answered.
async fn serve(listener: TcpListener, diary: Arc<Mutex<Diary>>) {
    loop {
        let (socket, _) = listener.accept().await.unwrap();
        diary.lock().unwrap().connections += 1;
        let diary = diary.clone();
        tokio::spawn(async move {
            let mut connection = h2::server::handshake(socket).await.unwrap();
            while let Some(Ok((request, respond))) = connection.accept().await {
                tokio::spawn(attend(request, respond, diary.clone()));
            }
        });
    }
}

async fn attend(
    mut request: http::Request<h2::RecvStream>,
    mut respond: h2::server::SendResponse<Bytes>,
    diary: Arc<Mutex<Diary>>,
) {
    let mut asked = Vec::new();
    while let Some(Ok(bytes)) = request.body_mut().data().await {
        request.body_mut().flow_control().release_capacity(bytes.len()).unwrap();
        asked.extend_from_slice(&bytes);
    }
    let asked = String::from_utf8(asked).unwrap();
    diary.lock().unwrap().requests += 1;
    if asked.contains("whole") {
        let mut stream = respond.send_response(http::Response::new(()), false).unwrap();
        return stream.send_data(r#"{"choices":[{"index":0}]}"#.into(), true).unwrap();
    }
    if asked.contains("mute") {
        drop(std::future::poll_fn(|context| respond.poll_reset(context)).await);
    } else {
        let head = http::Response::builder().header("content-type", "text/event-stream").body(()).unwrap();
        let mut stream = respond.send_response(head, false).unwrap();
        stream.send_data(format!("data: {}\n\n", support::chunk("one")).into(), false).unwrap();
        drop(std::future::poll_fn(|context| stream.poll_reset(context)).await);
    }
    diary.lock().unwrap().resets.push(Instant::now());
}

#[tokio::test]
async fn its_stream_is_reset_and_its_connection_kept() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let (diary, second) =
        (Arc::new(Mutex::new(Diary::default())), Vendor::start(|_, _| Reply::chat("second")));
    tokio::spawn(serve(listener, diary.clone()));
    let config = config(&address, second.base_url()).replacen("check: false", "check: false, http2: true", 1);
    let gateway = Gateway::start(&config);
    for (turn, prompt) in ["mute", "talk", "mute"].into_iter().enumerate() {
        let mut client = Wire::to(gateway.address()).await;
        client.send(chat_request(KEY, &body(prompt, prompt == "talk"))).await;
        match prompt {
            "talk" => drop(client.read_until("one").await),
            _ => until(|| diary.lock().unwrap().requests > turn).await,
        }
        let left = Instant::now();
        drop(client);
        until(|| diary.lock().unwrap().resets.len() > turn).await;
        let took = diary.lock().unwrap().resets[turn].saturating_duration_since(left);
        println!("HTTP/2 to the provider, {prompt}: reset after {took:?}");
        assert!(took < Duration::from_secs(1), "{prompt}: reset after {took:?}");
        gateway.wait_for_logs(turn + 1, |line| line.contains("\"status\":499")).await;
    }
    let answer = Wire::to(gateway.address()).await.ask(chat_request(KEY, &body("whole", false))).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(diary.lock().unwrap().connections, 1, "the connection was not kept");
    assert_eq!(second.count(), 0);
}

async fn until(is_so: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(15);
    while !is_so() {
        assert!(Instant::now() < deadline, "it did not happen");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

//! What is seen of heads, and of clients that take nothing.

use super::*;
use tokio::io::AsyncReadExt;
use tokio::io::AsyncWriteExt;

fn watched() -> Watched {
    let (near, _far) = tokio::io::duplex(64);
    Watched::new(Box::new(near), Duration::from_secs(1), Duration::from_secs(1))
}

#[test]
fn the_end_of_a_head_is_found_however_it_is_cut() {
    let head = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n";
    for at in 1..head.len() {
        let mut stream = watched();
        stream.read(&head[..at]);
        assert_eq!(stream.phase, Phase::InHead, "cut at {at}");
        stream.read(&head[at..]);
        assert_eq!(stream.phase, Phase::Past, "cut at {at}");
    }
    let mut stream = watched();
    head.iter().for_each(|b| stream.read(&[*b]));
    assert_eq!(stream.phase, Phase::Past);
}

#[test]
fn line_ends_before_a_head_do_not_end_it() {
    for start in ["\n\n", "\r\n\r\n", "\r\n\r\nGET / HTTP/1.1\r\n"] {
        let mut stream = watched();
        stream.read(start.as_bytes());
        assert!(matches!(stream.phase, Phase::Blank | Phase::InHead), "{start:?}");
        stream.read(b"\nx: y\r\n\r\n");
        assert_eq!(stream.phase, Phase::Past, "{start:?}");
    }
}

#[test]
fn a_body_is_no_head_however_much_is_answered_meanwhile() {
    let mut stream = watched();
    stream.read(b"POST / HTTP/1.1\r\nContent-Length: 90000\r\n\r\n");
    for answer in ["HTTP/1.1 100 Continue\r\n\r\n", "HTTP/1.1 102 Processing\r\n\r\n", "HTTP/1.1 200 OK\r\n"]
    {
        stream.wrote(answer.as_bytes());
        stream.read(b"slow body");
        assert_eq!(stream.phase, Phase::Past, "{answer}");
    }
    stream.await_head(Ahead::Nothing);
    stream.read(b"GET");
    assert_eq!(stream.phase, Phase::InHead);
}

#[test]
fn a_head_that_was_begun_before_ends_where_it_ends() {
    for (ahead, rest, phase) in [
        (Ahead::Part, "\r\n", Phase::Past),
        (Ahead::Part, "Host: x\r\n\r\n", Phase::Past),
        (Ahead::Part, "Host: x\r\n", Phase::InHead),
        (Ahead::Head, "a body", Phase::Past),
    ] {
        let mut stream = watched();
        stream.await_head(ahead);
        stream.read(rest.as_bytes());
        assert_eq!(stream.phase, phase, "{ahead:?} {rest:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_takes_nothing_is_not_waited_for_longer() {
    let mut stream = watched();
    let sent = stream.write_all(&[0; 100]).await;
    assert_eq!(sent.map_err(|error| error.kind()), Err(io::ErrorKind::BrokenPipe));
    let (near, mut far) = tokio::io::duplex(64);
    let mut stream = Watched::new(Box::new(near), Duration::from_secs(1), Duration::from_secs(1));
    let sent = stream.write_all(&[0; 100]).await;
    assert_eq!(sent.map_err(|error| error.kind()), Err(io::ErrorKind::TimedOut));
    far.read_exact(&mut [0; 64]).await.unwrap();
}

#[test]
fn another_protocol_has_no_heads() {
    let mut stream = watched();
    stream.read(b"GET / HTTP/1.1\r\nUpgrade: websocket\r\n\r\n");
    stream.wrote(b"HTTP/1.1 101 Switching Protocols\r\n\r\n");
    stream.read(b"a frame");
    assert_eq!(stream.phase, Phase::Off);
}

#[test]
fn what_came_behind_a_head_is_counted() {
    let head = "POST / HTTP/1.1\r\nContent-Length: 4\r\n\r\n";
    for (pieces, body, is_even) in [
        (vec![head.to_owned()], 0, true),
        (vec![format!("{head}body")], 4, true),
        (vec![format!("\r\n{head}bo"), "dy".to_owned()], 4, true),
        // A body in chunks is shorter than what came; one that nobody has read is longer.
        (vec![format!("{head}4\r\nbody\r\n0\r\n\r\n")], 4, false),
        (vec![format!("{head}bo")], 0, false),
        (vec![format!("{head}bodyGET")], 4, false),
        // What is not known may be anything.
        (vec!["POST /".to_owned(), format!("x{head}body")], 4, false),
    ] {
        let mut stream = watched();
        pieces.iter().for_each(|piece| stream.read(piece.as_bytes()));
        stream.has_read(body);
        assert_eq!(stream.is_even(), is_even, "{pieces:?}");
        // Whatever is read later is not of this request, as far as can be known.
        stream.read(b"G");
        assert!(!stream.is_even(), "{pieces:?}");
    }
    for ahead in [Ahead::Part, Ahead::Head, Ahead::Nothing] {
        let mut stream = watched();
        stream.read(head.as_bytes());
        stream.has_read(0);
        stream.await_head(ahead);
        assert!(!stream.is_even(), "{ahead:?}");
    }
}

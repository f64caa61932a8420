//! What the log keeps, drops and writes.

use super::*;
use std::sync::mpsc::Receiver;
use std::sync::mpsc::Sender;
use std::sync::mpsc::channel;

/// Sends on whatever is written to it.
struct Ear(Sender<Vec<u8>>);

impl Write for Ear {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.send(bytes.to_vec()).map_err(io::Error::other)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Says that a write began, and ends it only when the test does.
struct Stuck {
    began: Sender<()>,
    leave: Receiver<()>,
}

impl Write for Stuck {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.began.send(()).map_err(io::Error::other)?;
        self.leave.recv().map_err(io::Error::other)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn heard(ear: &Receiver<Vec<u8>>) -> String {
    String::from_utf8(ear.try_iter().flatten().collect()).unwrap()
}

#[test]
fn after_a_flush_every_line_is_written_in_order() {
    let (mouth, ear) = channel();
    let sink = Sink::writing_to(Ear(mouth));
    for i in 0..1000 {
        sink.line(format!("{i}\n").as_bytes());
    }
    sink.flush();
    let lines: Vec<String> = (0..1000).map(|i| i.to_string()).collect();
    assert_eq!(heard(&ear).lines().collect::<Vec<_>>(), lines);
}

#[test]
fn lines_are_written_without_a_flush() {
    let (mouth, ear) = channel();
    let sink = Sink::writing_to(Ear(mouth));
    sink.line(b"one\n");
    assert_eq!(ear.recv().unwrap(), b"one\n");
    sink.line(b"two\n");
    assert_eq!(ear.recv().unwrap(), b"two\n");
}

#[test]
fn the_last_handle_writes_what_is_left() {
    let (mouth, ear) = channel();
    let sink = Sink::writing_to(Ear(mouth));
    let clone = sink.clone();
    drop(sink);
    clone.line(b"last\n");
    drop(clone);
    assert_eq!(heard(&ear), "last\n");
}

#[test]
fn a_blocked_end_drops_and_counts_lines_instead_of_keeping_them() {
    let (began, begun) = channel();
    let (let_go, leave) = channel();
    let sink = Sink::writing_to(Stuck { began, leave });
    sink.line(b"first\n");
    begun.recv().unwrap();
    let line = vec![b'x'; FULL / 4];
    for _ in 0..6 {
        sink.line(&line);
    }
    assert_eq!(sink.dropped(), 2);
    drop(let_go);
}

#[test]
fn an_event_stays_on_one_line() {
    let (mouth, ear) = channel();
    let sink = Sink::writing_to(Ear(mouth));
    sink.make_writer().write_all(b"asked for a\r\n2026 INFO forged\n").unwrap();
    sink.make_writer().write_all(b"plain\n").unwrap();
    sink.flush();
    assert_eq!(heard(&ear), "asked for a\\r\\n2026 INFO forged\nplain\n");
}

//! `tollgate health`, as containers ask it.

use crate::FRAME;
use crate::check::said;
use crate::support::Home;
use std::io::Write;
use std::net::TcpListener;

#[tokio::test]
async fn a_gateway_that_lives_is_told_by_the_exit_code() {
    let mut home = Home::with(FRAME);
    let dead = home.run(&["health"], &[]);
    assert_eq!(dead.status.code(), Some(1));
    assert!(said(&dead.stderr).contains("/health cannot be asked: "), "{}", said(&dead.stderr));
    let _program = home.serve(&[]).await;
    let base = home.url("");
    let (file, path) = (home.file(), home.url("/health/liveliness"));
    for arguments in
        [&["health"][..], &["health", "-c", file.to_str().unwrap()], &["health", &base], &["health", &path]]
    {
        let output = home.run(arguments, &[]);
        let said = (said(&output.stdout), said(&output.stderr));
        assert_eq!((output.status.code(), said), (Some(0), Default::default()), "{arguments:?}");
    }
    let unknown = home.run(&["health", &home.url("/nothing")], &[]);
    assert_eq!(unknown.status.code(), Some(1));
    assert!(said(&unknown.stderr).contains("/nothing answers 404"), "{}", said(&unknown.stderr));
}

#[test]
fn who_is_silent_is_not_waited_for() {
    let home = Home::with(FRAME);
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let output = home.run(&["health", &format!("http://{}", silent.local_addr().unwrap())], &[]);
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output.stderr).contains("within 3s"), "{}", said(&output.stderr));
}

#[test]
fn what_is_no_answer_of_a_gateway_is_said() {
    let home = Home::with(FRAME);
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", other.local_addr().unwrap());
    let rude = std::thread::spawn(move || {
        let (mut stream, _) = other.accept().unwrap();
        stream.write_all(b"220 mail ready\r\n").unwrap();
    });
    let output = home.run(&["health", &url], &[]);
    rude.join().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output.stderr).contains("cannot be asked"), "{}", said(&output.stderr));
    let nonsense = home.run(&["health", "localhost"], &[]);
    assert!(said(&nonsense.stderr).contains("the URL must start with"), "{}", said(&nonsense.stderr));
}

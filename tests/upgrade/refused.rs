//! Upgrades that cannot be: the process that serves goes on.

use crate::crowd;
use crate::generations::serving;
use crate::support::Home;
use crate::support::client;
use crate::yaml;
use std::net::TcpListener;
use std::process::Output;

async fn ready(home: &Home) -> u16 {
    client().get(home.url("/ready")).send().await.unwrap().status().as_u16()
}

fn said(outcome: &Output) -> String {
    assert_eq!(outcome.status.code(), Some(1));
    String::from_utf8_lossy(&outcome.stderr).into_owned()
}

#[tokio::test]
async fn a_new_process_that_cannot_start() {
    let vendor = crowd::vendor();
    let text = yaml(&vendor, "");
    let mut home = Home::with(&text);
    let program = home.serve(&[]).await;
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let also = format!("}}, {{ address: '{}' }} ]\nadmin", taken.local_addr().unwrap());
    for (bad, complaint) in [
        (text.replace("kind: openai_compatible", "kind: openai_compatibel"), "openai_compatibel".to_owned()),
        (text.replace("} ]\nadmin", &also), format!("{} serves on", program.pid())),
    ] {
        assert_ne!(bad, text);
        // A file of its own, so that the one that serves does not reload it.
        let filled = bad.replace("{listen}", home.listen()).replace("'{admin}'", "'off'");
        std::fs::write(home.path("other.yaml"), filled).unwrap();
        let outcome = home.run(&["upgrade", "--config", "other.yaml"], &[]);
        assert!(said(&outcome).contains(&complaint), "{}", said(&outcome));
        assert_eq!((serving(&home), ready(&home).await), (program.pid(), 200));
    }
    program.logged("cannot listen on", 1).await;
}

#[tokio::test]
async fn a_signal_without_a_process_that_waits() {
    let vendor = crowd::vendor();
    let mut home = Home::with(&yaml(&vendor, ""));
    let mut program = home.serve(&[]).await;
    program.signal("QUIT");
    program.logged("no process waits to take over", 1).await;
    assert_eq!(ready(&home).await, 200);
    // The signals after it are heard as before.
    program.signal("TERM");
    assert_eq!(program.ended().await, Some(0));
}

#[tokio::test]
async fn nothing_to_upgrade() {
    let vendor = crowd::vendor();
    let mut home = Home::with(&yaml(&vendor, ""));
    let mut program = home.serve(&[]).await;
    program.signal("TERM");
    assert_eq!(program.ended().await, Some(0));
    let outcome = home.run(&["upgrade"], &[]);
    assert!(said(&outcome).contains("start one with `tollgate run`"), "{}", said(&outcome));
    let outcome = home.run(&["run", "--upgrade"], &[]);
    assert!(said(&outcome).contains("start without `--upgrade`"), "{}", said(&outcome));
}

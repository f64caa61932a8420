//! Starts and ends: what is left of one process is drained by the next, and by itself where there is time.

use crate::*;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use support::Home;

fn yaml(more: &str) -> String {
    format!(
        "listen: [ {{ address: '{{listen}}' }} ]\nadmin: {{ listen: off }}\nkeys: [ {{ name: test, key: {KEY} }} ]\n{more}\n"
    )
}

#[tokio::test]
async fn at_its_end_a_process_brings_everything_into_the_store() {
    let vendor = Vendor::start(|_, _| Reply::chat("hello"));
    let providers = format!(
        "providers: {{ first: {{ kind: openai_compatible, base_url: '{}/v1', check: false }} }}",
        vendor.base_url()
    );
    let mut home = Home::with(&yaml(&providers));
    let mut program = home.serve(&[]).await;
    let client = support::client();
    for number in 0..20 {
        let mut ask = body("first/m", false);
        ask["seed"] = number.into();
        let answer =
            client.post(home.url("/v1/chat/completions")).bearer_auth(KEY).json(&ask).send().await.unwrap();
        assert_eq!(answer.status(), 200);
    }
    program.signal("TERM");
    assert_eq!(program.ended().await, Some(0), "{}", program.stderr());
    let books = Books::open(&home.data_dir().join("tollgate.db")).await;
    assert_eq!(books.all().await.len(), 20);
}

#[tokio::test]
async fn a_store_that_cannot_be_opened_keeps_the_gateway_from_starting() {
    let home = Home::with(&yaml("store: sqlite://broken.db"));
    fs::write(home.path("broken.db"), "this is no database, however long one looks at it".repeat(100))
        .unwrap();
    let output = home.run(&["run"], &[]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && said.contains("tollgate: the store"), "{said}");
}

#[tokio::test]
async fn what_was_used_is_readable_for_its_owner_alone() {
    let stage = Stage::set(|_, _| Reply::chat("hello")).await;
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let spool = stage.gateway.data_dir().join("spool");
    assert_eq!(mode(&spool), 0o700);
    for file in fs::read_dir(&spool).unwrap() {
        assert_eq!(mode(&file.unwrap().path()), 0o600);
    }
}

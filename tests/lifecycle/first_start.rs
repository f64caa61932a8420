//! The keys of a first start: shown once, kept as hashes, made anew on demand.

use crate::support::Home;
use crate::support::client;
use std::os::unix::fs::PermissionsExt;

/// No provider and no key: simulated providers answer, and keys are made.
const YAML: &str = "listen: [ { address: '{listen}' } ]\nadmin: { listen: '{admin}' }\n";

#[tokio::test]
async fn keys_are_shown_once_and_go_on_working() {
    let mut home = Home::with(YAML);
    let mut program = home.serve(&[]).await;
    let (key, admin) = (program.shown("your key").unwrap(), program.shown("admin key").unwrap());
    assert!(key.starts_with("tg-") && admin.starts_with("tg-admin-"), "{key} {admin}");
    assert_eq!((home.models(&key).await, home.reload(&admin).await), (200, 200));
    program.signal("TERM");
    assert_eq!(program.ended().await, Some(0));

    let again = home.serve(&[]).await;
    assert_eq!((again.shown("your key"), again.shown("admin key")), (None, None), "{}", again.stdout());
    assert!(again.stdout().contains("$TOLLGATE_KEY"), "{}", again.stdout());
    assert_eq!((home.models(&key).await, home.reload(&admin).await), (200, 200));
    for text in [program.stderr(), again.stderr(), again.stdout()] {
        assert!(!text.contains(&key) && !text.contains(&admin), "a key is shown again: {text}");
    }
}

#[tokio::test]
async fn only_hashes_are_kept_for_the_owners_eyes() {
    let mut home = Home::with(YAML);
    let program = home.serve(&[]).await;
    let file = home.data_dir().join("keys.json");
    let mode = std::fs::metadata(&file).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let text = std::fs::read_to_string(file).unwrap();
    for what in ["your key", "admin key"] {
        assert!(!text.contains(&program.shown(what).unwrap()), "{what} is on disk");
    }
}

#[tokio::test]
async fn a_reset_makes_new_keys_at_the_next_start() {
    let mut home = Home::with(YAML);
    let mut program = home.serve(&[]).await;
    let old = program.shown("your key").unwrap();
    program.signal("INT");
    program.ended().await;
    let reset = home.run(&["keys", "reset"], &[]);
    assert!(
        reset.status.success() && String::from_utf8_lossy(&reset.stdout).contains("forgotten"),
        "{reset:?}"
    );
    let again = home.serve(&[]).await;
    let new = again.shown("your key").unwrap();
    assert_ne!(old, new);
    assert_eq!((home.models(&old).await, home.models(&new).await), (401, 200));
}

#[tokio::test]
async fn with_keys_of_ones_own_only_the_admin_key_is_made() {
    let mut home = Home::with(&format!("{YAML}keys: [ {{ name: app, key: tg-of-my-own }} ]\n"));
    let program = home.serve(&[]).await;
    assert_eq!(program.shown("your key"), None);
    assert!(program.shown("admin key").is_some());
    assert_eq!(home.models("tg-of-my-own").await, 200);
    assert!(!program.stdout().contains("tg-of-my-own"), "{}", program.stdout());
}

#[tokio::test]
async fn open_access_needs_no_key() {
    let mut home = Home::with(&format!("{YAML}auth: {{ keys: open }}\n"));
    let program = home.serve(&[]).await;
    assert_eq!(program.shown("your key"), None);
    assert_eq!(client().get(home.url("/v1/models")).send().await.unwrap().status(), 200);
    assert_eq!(home.models("an SDK insists on one").await, 200);
}

//! Keys are nowhere but with those who hold them: not in the store, the log, errors or metrics.

use crate::stored::hash;
use crate::*;
use std::path::Path;
use support::Home;

/// Every file below a folder, with what is in it.
fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            all.extend(files(&path));
        } else if let Ok(bytes) = std::fs::read(&path) {
            all.push((path.display().to_string(), bytes));
        }
    }
    all
}

fn holds(bytes: &[u8], part: &str) -> bool {
    bytes.windows(part.len()).any(|window| window == part.as_bytes())
}

#[tokio::test]
async fn no_key_is_in_the_data_folder_the_log_an_error_or_a_metric() {
    let mut home = Home::with(
        "listen: [ { address: '{listen}' } ]\nadmin: { listen: '{admin}' }\nlog: { level: debug }\nlimits: { per_user: { \
         requests: 1/day } }\n",
    );
    let program = home.serve(&[]).await;
    let (client_key, admin_key) = (program.shown("your key").unwrap(), program.shown("admin key").unwrap());
    let store = Stored::in_file(&home.data_dir().join("tollgate.db")).await;
    let tenant = store.tenant("acme", "{}").await;
    let (row, old) = store.key(&tenant, "app", "{}").await;
    let new = store.rotate(&row.id, Duration::from_secs(3600)).await;
    let made_up = "tg-somebody-made-this-one-up-0001";
    let ask = async |key: &str| {
        let body =
            json!({ "model": "auto", "user": "ada", "messages": [{ "role": "user", "content": "Hi" }] });
        received(client().post(home.url("/v1/chat/completions")).bearer_auth(key).json(&body)).await
    };
    let models = async || received(client().get(home.url("/v1/models")).bearer_auth(&new)).await.status;
    while models().await != 200 {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let mut said = String::new();
    for (key, status) in [
        (client_key.as_str(), 200),
        (&old, 200),
        (&new, 429),
        (&client_key, 429),
        (made_up, 401),
        (&admin_key, 401),
    ] {
        let answer = ask(key).await;
        assert_eq!(answer.status, status, "{}", answer.body);
        said.push_str(&format!("{:?}{}", answer.headers, answer.body));
    }
    let reload = client().post(home.admin_url("/admin/reload")).bearer_auth(&admin_key).send().await.unwrap();
    assert_eq!(reload.status(), 200);
    said.push_str(&received(client().get(home.admin_url("/metrics"))).await.body);
    said.push_str(&program.stderr());
    let files = files(&home.data_dir());
    assert!(files.iter().any(|(_, bytes)| holds(bytes, &hash(&new))), "its hash is what is kept");
    for key in [client_key.as_str(), &admin_key, &old, &new, made_up] {
        for (name, bytes) in &files {
            assert!(!holds(bytes, key), "a key is in {name}");
        }
        assert!(!said.contains(key), "a key was said");
        assert!(!said.contains(&hash(key)), "the hash of a key was said");
    }
    for (name, bytes) in &files {
        assert!(!holds(bytes, &hash(made_up)), "the hash of a stranger's key is in {name}");
    }
}

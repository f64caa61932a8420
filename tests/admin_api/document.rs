//! The OpenAPI document and what else is told of a running gateway.

use crate::Stage;
use crate::support::client;
use crate::support::installed;
use serde_json::Value;
use serde_json::json;
use std::process::Command;

#[tokio::test]
async fn the_document_is_served_and_every_path_in_it_answers() {
    let stage = Stage::new();
    let document = stage.done("GET", "/openapi.json", Value::Null).await;
    assert_eq!(document["openapi"], "3.1.0");
    for (path, operations) in document["paths"].as_object().unwrap() {
        for method in operations.as_object().unwrap().keys() {
            let url = stage.gateway.admin_url(&path.replace("{id}", "x"));
            let request = client().request(method.to_uppercase().parse().unwrap(), url);
            assert_eq!(request.send().await.unwrap().status().as_u16(), 401, "{method} {path}");
        }
    }
}

#[tokio::test]
async fn the_document_is_sound() {
    let python = installed(".venv/bin/python", "make test");
    let stage = Stage::new();
    let document = stage.done("GET", "/openapi.json", Value::Null).await;
    let file = stage.gateway.data_dir().join("openapi.json");
    std::fs::write(&file, document.to_string()).unwrap();
    let output = Command::new(python).args(["-m", "openapi_spec_validator"]).arg(file).output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&said));
}

#[tokio::test]
async fn the_configuration_is_shown_checked_and_reloaded() {
    let stage = Stage::with("clusters: { web: { servers: [ { address: '127.0.0.1:9', weight: 2 } ] } }\n");
    let shown = stage.done("GET", "/config", Value::Null).await;
    assert!(shown["yaml"].as_str().unwrap().contains("providers:"), "{shown}");
    let check = async |yaml: &str| {
        let url = stage.gateway.admin_url("/admin/v1/config/check");
        let request = client().post(url).bearer_auth(&stage.owner).body(yaml.to_owned());
        request.send().await.unwrap().json::<Value>().await.unwrap()
    };
    assert_eq!(check("log: { format: text }").await["valid"], true);
    let refused = check("limits: { boddy: 1 }\nserver: { threads: many }").await;
    assert_eq!((&refused["valid"], refused["problems"].as_array().unwrap().len()), (&false.into(), 2));
    assert_eq!(stage.done("POST", "/config/reload", Value::Null).await["status"], "reloaded");
    let audit = stage.done("GET", "/audit?action=config.reload", Value::Null).await;
    assert_eq!(audit["data"].as_array().unwrap().len(), 1, "{audit}");
    let providers = stage.done("GET", "/providers", Value::Null).await;
    let first = &providers["data"][0];
    assert_eq!((&first["name"], &first["standing"]), (&"first".into(), &"healthy".into()));
    assert_eq!(first["keys"], json!([{ "number": 1, "state": "usable", "usable_in_seconds": null }]));
    let server = json!({
        "address": "127.0.0.1:9", "host": "127.0.0.1", "weight": 2, "state": "healthy", "in_flight": 0,
        "failures": 0, "ejected": false, "back_in_seconds": null,
    });
    let web = json!({ "name": "web", "servers": [server], "queued": 0, "ejections": 0 });
    assert_eq!(stage.done("GET", "/clusters", Value::Null).await, json!({ "data": [web] }));
}

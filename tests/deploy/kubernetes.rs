//! Manifests: that they are whole, and that no stream is cut when pods change.

use crate::documents;
use crate::farewell;
use crate::loaded;
use crate::number;
use crate::said;
use crate::text;
use crate::yaml;
use serde_json::Value;
use std::time::Duration;

const FOLDER: &str = "docker/kubernetes";
const KINDS: [&str; 5] =
    ["Deployment", "HorizontalPodAutoscaler", "Namespace", "PodDisruptionBudget", "Service"];

fn manifest(path: &str) -> Vec<Value> {
    documents(&format!("{FOLDER}/{path}"))
}

fn deployment() -> Value {
    manifest("base/deployment.yaml").remove(0)
}

#[test]
fn every_resource_of_the_base_is_a_manifest() {
    let base = yaml(&format!("{FOLDER}/base/kustomization.yaml"));
    let files = base["resources"].as_array().unwrap();
    assert_eq!(files.len(), KINDS.len());
    for file in files {
        for resource in manifest(&format!("base/{}", file.as_str().unwrap())) {
            let kind = said(&resource, "/kind");
            assert!(KINDS.contains(&kind), "{kind}");
            assert!(said(&resource, "/metadata/name").starts_with("tollgate"), "{resource}");
            assert!(resource["apiVersion"].is_string());
        }
    }
}

#[test]
fn what_is_monitored_is_the_base_and_a_monitor() {
    let monitored = yaml(&format!("{FOLDER}/monitored/kustomization.yaml"));
    assert_eq!(monitored["resources"], serde_json::json!(["../base", "servicemonitor.yaml"]));
    let monitor = &manifest("monitored/servicemonitor.yaml")[0];
    let services = manifest("base/service.yaml");
    let admin = services.iter().find(|service| said(service, "/metadata/name") == "tollgate-admin").unwrap();
    assert_eq!(monitor["spec"]["selector"]["matchLabels"], admin["metadata"]["labels"]);
    assert_eq!(monitor["spec"]["endpoints"][0]["port"], admin["spec"]["ports"][0]["name"]);
}

#[test]
fn a_pod_lives_until_its_last_stream_has_ended() {
    let deployment = deployment();
    let path = format!("{FOLDER}/base/tollgate.yaml");
    let config = loaded(&path, &text(&path), &[]).config;
    let container = "/spec/template/spec/containers/0";
    let stop = deployment.pointer(&format!("{container}/lifecycle/preStop/exec/command")).unwrap();
    assert_eq!(stop[0], "sleep");
    let first = Duration::from_secs(stop[1].as_str().unwrap().parse().unwrap());
    let patience =
        Duration::from_secs(number(&deployment, "/spec/template/spec/terminationGracePeriodSeconds"));
    assert!(patience > first + farewell(&config), "{patience:?}");
    let every = number(&deployment, &format!("{container}/readinessProbe/periodSeconds"));
    let times = number(&deployment, &format!("{container}/readinessProbe/failureThreshold"));
    assert!(config.server.notice > Duration::from_secs(every * times), "nobody would have seen it in time");
}

#[test]
fn a_pod_goes_only_when_another_is_ready() {
    let deployment = deployment();
    assert_eq!(number(&deployment, "/spec/strategy/rollingUpdate/maxUnavailable"), 0);
    assert_eq!(number(&deployment, "/spec/strategy/rollingUpdate/maxSurge"), 1);
    let container = &deployment["spec"]["template"]["spec"]["containers"][0];
    assert_eq!(said(container, "/readinessProbe/httpGet/path"), "/ready");
    assert_eq!(said(container, "/livenessProbe/httpGet/path"), "/health");
    let least = number(&manifest("base/hpa.yaml")[0], "/spec/minReplicas");
    let away = number(&manifest("base/pdb.yaml")[0], "/spec/maxUnavailable");
    assert!(least > away, "a drained node would leave nobody");
}

#[test]
fn ports_and_names_agree() {
    let deployment = deployment();
    let container = &deployment["spec"]["template"]["spec"]["containers"][0];
    let path = format!("{FOLDER}/base/tollgate.yaml");
    let config = loaded(&path, &text(&path), &[]).config;
    assert_eq!(number(container, "/ports/0/containerPort"), u64::from(config.listen[0].address.port()));
    assert_eq!(number(container, "/ports/1/containerPort"), u64::from(config.admin.unwrap().port()));
    let secret = &manifest("base/secret.example.yaml")[0];
    assert_eq!(said(container, "/envFrom/0/secretRef/name"), said(secret, "/metadata/name"));
}

#[test]
fn the_secret_opens_the_gateway() {
    let secret = &manifest("base/secret.example.yaml")[0];
    let values = secret["stringData"].as_object().unwrap();
    let env: Vec<(&str, &str)> =
        values.iter().map(|(name, value)| (name.as_str(), value.as_str().unwrap())).collect();
    let path = format!("{FOLDER}/base/tollgate.yaml");
    let config = loaded(&path, &text(&path), &env).config;
    assert!(
        config.state.masked().starts_with("redis://") && config.store.masked().starts_with("postgres://")
    );
}

#[test]
fn the_image_has_the_version_of_the_program() {
    let base = yaml(&format!("{FOLDER}/base/kustomization.yaml"));
    assert_eq!(said(&base, "/images/0/newTag"), env!("CARGO_PKG_VERSION"));
    let compose = yaml("docker/compose.yaml");
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(said(&compose, "/services/gateway/image"), format!("tollgate:{version}"));
}

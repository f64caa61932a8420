//! The stack in one file.

use crate::farewell;
use crate::loaded;
use crate::name;
use crate::said;
use crate::seconds;
use crate::stack;
use crate::text;
use crate::variables;
use crate::yaml;
use serde_json::Value;
use std::collections::BTreeMap;
use std::collections::BTreeSet;

const COMPOSE: &str = "docker/compose.yaml";
const EXAMPLE: &str = "docker/.env.example";

/// What runs with the rights its image asks for, because it is a shell for others.
const UNBOUND: [&str; 2] = ["claude-code", "claude-code-zai"];

fn services() -> BTreeMap<String, Value> {
    let compose = yaml(COMPOSE);
    let services = compose["services"].as_object().unwrap();
    services.iter().map(|(name, service)| (name.clone(), service.clone())).collect()
}

fn texts(value: &Value) -> Vec<&str> {
    value.as_array().map(|items| items.iter().filter_map(Value::as_str).collect()).unwrap_or_default()
}

/// Names in a list or in a mapping; compose takes either.
fn names(value: &Value) -> Vec<&str> {
    match value {
        Value::Object(entries) => entries.keys().map(String::as_str).collect(),
        other => texts(other),
    }
}

fn example() -> BTreeMap<String, String> {
    let lines = text(EXAMPLE);
    let settings = lines.lines().filter(|line| !line.starts_with('#'));
    settings
        .filter_map(|line| line.split_once('='))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

#[test]
fn every_variable_is_in_the_example_and_no_other() {
    let compose = text(COMPOSE);
    let used: BTreeSet<String> = variables(&compose).into_iter().map(|used| name(used).to_owned()).collect();
    let told: BTreeSet<String> = example().into_keys().collect();
    assert!(used.len() > 50, "{used:?}");
    assert_eq!(used, told);
}

#[test]
fn a_default_of_the_example_is_that_of_the_stack() {
    let (compose, example) = (text(COMPOSE), example());
    for variable in variables(&compose) {
        if let Some((name, default)) = variable.split_once(":-").filter(|(_, default)| !default.is_empty()) {
            assert_eq!(example[name], default, "{name}");
        }
    }
}

#[test]
fn no_password_has_a_default() {
    let is_secret = |name: &str| ["PASSWORD", "TOKEN", "KEY", "KEYS"].iter().any(|end| name.ends_with(end));
    let compose = text(COMPOSE);
    for variable in variables(&compose).into_iter().filter(|variable| is_secret(name(variable))) {
        let default = variable.split_once(":-").map_or("", |(_, default)| default);
        assert_eq!(default, "", "{variable}");
    }
    for (name, value) in example().iter().filter(|(name, _)| is_secret(name)) {
        assert_eq!(value, "", "{name}");
    }
}

#[test]
fn the_gateway_is_told_every_variable_of_its_configuration() {
    let services = services();
    let told = names(&services["gateway"]["environment"]);
    for variable in variables(stack::AIGATE) {
        let name = name(variable);
        assert!(told.contains(&name), "{name}");
    }
}

#[test]
fn every_image_is_pinned() {
    for (service, settings) in services() {
        let (_, version) = said(&settings, "/image").rsplit_once(':').unwrap_or_else(|| panic!("{service}"));
        assert!(version.contains('.') && version != "latest", "{service} runs `{version}`");
    }
}

#[test]
fn every_service_is_bounded_and_gains_no_rights() {
    for (service, settings) in services() {
        assert!(settings["mem_limit"].is_string(), "{service} may take all memory");
        let bound = texts(&settings["security_opt"]).contains(&"no-new-privileges:true");
        assert_eq!(bound, !UNBOUND.contains(&service.as_str()), "{service}");
        let folders = texts(&settings["volumes"]);
        let is_ours = |folder: &&str| folder.starts_with("${DATA_DIR:-./data}") || folder.ends_with(":ro");
        assert!(folders.iter().all(is_ours), "{service}: {folders:?}");
    }
}

#[test]
fn only_the_gateway_can_be_reached_from_elsewhere() {
    for (service, settings) in services() {
        let ports = texts(&settings["ports"]);
        match service.as_str() {
            "gateway" => assert_eq!(ports, ["${PUBLISH:-4000}:4000"]),
            _ => assert!(ports.iter().all(|port| port.starts_with("127.0.0.1:")), "{service}: {ports:?}"),
        }
    }
}

#[test]
fn stores_have_no_way_out() {
    let compose = yaml(COMPOSE);
    for store in ["redis", "postgres"] {
        assert_eq!(names(&compose["services"][store]["networks"]), ["stores"]);
    }
    for network in ["stores", "metrics"] {
        assert_eq!(compose["networks"][network]["internal"], true, "{network}");
    }
}

#[test]
fn what_a_service_names_is_there() {
    let (compose, services) = (yaml(COMPOSE), services());
    for (service, settings) in &services {
        for other in names(&settings["depends_on"]) {
            assert!(services.contains_key(other), "{service} waits for {other}");
        }
        for network in names(&settings["networks"]) {
            assert!(compose["networks"].get(network).is_some(), "{service} is in {network}");
        }
    }
}

#[test]
fn companions_start_only_with_their_tokens() {
    let services = services();
    let companions: Vec<&String> = services
        .iter()
        .filter(|(name, settings)| texts(&settings["profiles"]) == ["companions"] && *name != "tokens")
        .map(|(name, _)| name)
        .collect();
    assert_eq!(companions.len(), 5, "{companions:?}");
    for companion in companions {
        assert!(names(&services[companion]["depends_on"]).contains(&"tokens"), "{companion}");
    }
    let asked = said(&services["tokens"], "/command/0");
    for token in names(&services["tokens"]["environment"]) {
        assert!(asked.contains(token), "{token} is not asked for");
    }
}

#[test]
fn the_gateway_may_take_as_long_as_it_needs_to_end() {
    let services = services();
    let patience = seconds(said(&services["gateway"], "/stop_grace_period"));
    let config = loaded("conf/aigate.yaml", stack::without_edge(), &[]).config;
    assert!(patience > farewell(&config), "{patience:?}");
}

#[test]
fn prometheus_asks_where_the_gateway_answers() {
    let (services, prometheus) = (services(), yaml("docker/prometheus/prometheus.yml"));
    let admin = said(&services["gateway"], "/environment/GATEWAY_ADMIN_LISTEN");
    assert_eq!(said(&prometheus, "/scrape_configs/0/static_configs/0/targets/0"), admin);
    let address = said(&services["gateway"], "/networks/metrics/ipv4_address");
    assert_eq!(admin, format!("{address}:4001"));
}

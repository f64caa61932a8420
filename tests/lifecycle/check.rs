//! `tollgate check`: its exit code, what it says, and what it keeps to itself.

use crate::support::Home;
use std::process::Output;

pub fn said(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn check(home: &Home, arguments: &[&str], environment: &[(&str, &str)]) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } = home.run(&[&["check"], arguments].concat(), environment);
    (status.code(), said(&stdout), said(&stderr))
}

#[test]
fn a_sound_file_is_summed_up() {
    let home = Home::with(
        "providers: { openai: { api_key: sk-1 } }\nmodels: { a: openai/x }\nkeys: [ { name: k, key: hush-hush } ]\n",
    );
    let (code, out, err) = check(&home, &[], &[]);
    let expected = "ok: 1 provider (openai), 1 alias, 0 groups, 1 key, listening on 127.0.0.1:4000\n";
    assert_eq!((code, out.as_str(), err.as_str()), (Some(0), expected, ""));
}

#[test]
fn every_problem_is_told_with_its_place() {
    let home = Home::with(
        "limits:\n  boddy: 1MiB\n  per_ip: often\nfailover: { retry_max: -3 }\nproviders:\n  openai: { api_key: sk-1, \
         teir: paid }\ngroups:\n  smart: { members: [ opnai/x ] }\n",
    );
    let (code, out, err) = check(&home, &[], &[("GATEWAY_CACHE_TTL", "soon"), ("GATEWAY_LISTENS", "x")]);
    assert_eq!((code, out.as_str()), (Some(1), ""), "{err}");
    for line in [
        "tollgate.yaml:2:3: limits.boddy is not a setting",
        "tollgate.yaml:3:11: limits.per_ip must be",
        "tollgate.yaml:4:24: failover.retry_max must be",
        "tollgate.yaml:6:28: providers.openai.teir is not a setting",
        "tollgate.yaml:8:",
        "environment: GATEWAY_CACHE_TTL must be",
        "environment: GATEWAY_LISTENS is not a variable",
        "hint: did you mean `body`?",
        "hint: did you mean `tier`?",
    ] {
        assert!(err.contains(line), "`{line}` is not in\n{err}");
    }
    assert!(err.ends_with("7 problems\n"), "{err}");
}

#[test]
fn a_file_that_is_no_yaml_is_told_by_line() {
    let home = Home::with("listen: [\nproviders: }\n");
    let (code, _, err) = check(&home, &[], &[]);
    assert_eq!(code, Some(1));
    assert!(err.starts_with("tollgate.yaml:1:9: cannot be read as YAML"), "{err}");
}

#[test]
fn a_file_that_is_not_there_is_told() {
    let (code, _, err) = check(&Home::empty(), &["-c", "nowhere.yaml"], &[]);
    assert_eq!(code, Some(1));
    assert!(err.contains("cannot read `nowhere.yaml`"), "{err}");
}

#[test]
fn the_merged_result_masks_every_secret() {
    let home = Home::with(
        "keys: [ { name: k, key: '${APP_KEY}' } ]\nproviders: { openai: { headers: { X-Team: hush-3 } } }\n\
         failover: { retry_max: 1 }\n",
    );
    let environment =
        [("APP_KEY", "hush-hush-1"), ("OPENAI_API_KEY", "sk-hush-2"), ("GATEWAY_RETRY_MAX", "7")];
    let (code, out, err) = check(&home, &["--print"], &environment);
    assert_eq!(code, Some(0), "{err}");
    assert!(!out.contains("hush") && out.contains("***"), "{out}");
    for line in ["  retry_max: 7\n", "x-team", "- name: \"k\""] {
        assert!(out.contains(line), "`{line}` is not in\n{out}");
    }
}

#[test]
fn what_is_left_out_is_noted_and_no_error() {
    let home = Home::with("providers: { groq: { api_key: '${GROQ_API_KEY}' } }\n");
    let (code, out, err) = check(&home, &[], &[("OTEL_EXPORTER_OTLP_ENDPOINT", "http://:hush@r")]);
    assert_eq!(code, Some(0));
    assert!(out.contains("no provider has a key (simulated ones will answer)"), "{out}");
    assert!(err.contains("providers.groq has no key yet and is left out"), "{err}");
    assert!(err.contains("OTEL_EXPORTER_OTLP_ENDPOINT is not used yet") && !err.contains("hush"), "{err}");
}

#[test]
fn a_start_with_a_broken_file_says_the_same() {
    let home = Home::with("limits:\n  boddy: 1MiB\nserver: { threads: many }\n");
    let output = home.run(&["run"], &[]);
    let err = said(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{err}");
    assert!(err.contains("2 problem(s)"), "{err}");
    assert!(
        err.contains("tollgate.yaml:2:3: limits.boddy") && err.contains("tollgate.yaml:3:20: server.threads"),
        "{err}"
    );
}

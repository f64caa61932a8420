//! What is shown of a configuration, and what never is.

use crate::SAMPLE;
use crate::accepted;
use crate::document;
use crate::load;
use crate::refused;
use crate::settings;
use crate::shown;
use tollgate::config;

/// One of each of what the sample only shows.
const EDGE: &str = r#"
routes:
  - { host: [ a.test, "*.b.test" ], path: /s/, cluster: s, strip_prefix: true, rewrite: { regex: "^/(x)", to: "/$1" }, upstream_host: h:1 }
  - { exact: /e, answer: { status: 404, body: "no\n" }, methods: [ GET ], request_headers: { set: { X-A: "1" }, remove: [ X-B ] } }
  - { regex: "^/r[0-9]+$", redirect: { to: "https://{host}{uri}" }, cors: { origins: "*", max_age: 1m }, allow: [ 10.0.0.0/8 ], deny: [ "::1" ] }
  - { path: /f/, files: { root: ., fallback: /i.html }, auth: { basic: [ "ann:secret" ] }, body: off, limits: { per_ip: 5/s, burst: 2, concurrent: 3 }, zone: z }
  - { path: /q/, jobs: true, auth: keys }
  - { path: /ai/, api: true, timeouts: { read: 1h }, compress: true, websocket: false, retries: 0 }
clusters:
  s:
    servers: [ "[::1]:1", { address: "n.test:2", weight: 3 } ]
    balance: hash
    hash_on: "cookie:c"
    tls: { name: n.test, verify: false }
    check: { path: /h, status: 204, rise: 1 }
    eject: off
    slow_start: 5s
    per_server: 2
    queue: { size: 0, timeout: 1s }
    sticky: { header: Mcp-Session-Id, size: 9 }
    status: /st
  t: { servers: [ "1.1.1.1:1" ], check: { tcp: true }, eject: { after: 2, for: 3s }, sticky: { cookie: C }, tls: true }
"#;

#[test]
fn a_printed_configuration_loads_to_the_same() {
    let env = [
        ("GROQ_API_KEY", "gsk-1"),
        ("GROQ_API_KEY_2", "gsk-2"),
        ("CEREBRAS_API_KEY", "c-1"),
        ("OPENAI_API_KEY", "sk-1"),
    ];
    let text =
        format!("{}\nkeys: [ {{ name: 'a\"${{X:-$$}}', key: abcdefgh, models: [ quick ] }} ]\n", SAMPLE)
            .replace("allow: []", "allow: [ files.internal, 10.0.0.0/8 ]")
            + EDGE;
    let config = load(&text, &env).map_err(|problems| shown(&problems)).unwrap().config;
    let printed = config::print(&config);
    let restored = printed
        .replace("[\"***\", \"***\"]", "[one, two]")
        .replace("key: \"***\"", "key: abcdefgh")
        .replace("basic: [\"***\"]", "basic: [\"ann:secret\"]");
    let again = accepted(&restored);
    // `Secret` shows as `***` here as well, so the texts differ in everything but secrets.
    assert_eq!(format!("{again:#?}"), format!("{config:#?}"), "{printed}");
    assert_eq!(config::print(&again), printed);
}

#[test]
fn secrets_are_never_printed() {
    let text = "keys: [ { name: a, key: hush-hush-1 } ]\nproviders: { openai: { api_key: hush-hush-2, headers: { X-K: \
                hush-hush-3 } } }\nroutes: [ { path: /x/, api: true, auth: { basic: [ 'a:hush-hush-4' ] } } ]";
    let printed = config::print(&accepted(text));
    assert!(printed.contains("***") && !printed.contains("hush"), "{printed}");
}

#[test]
fn problems_show_no_secret_wherever_it_stands() {
    for (path, name) in settings() {
        let text = document(path, name, "\"${HUSH}\"");
        for problem in load(&text, &[("HUSH", "hush-hush\u{7f}")]).err().unwrap_or_default() {
            assert!(!problem.to_string().contains("hush-hush"), "{problem}\n{text}");
        }
    }
    let short = "keys: [ { name: a, key: hush }, { name: b, key: hush } ]\n";
    let url = "providers: { openai: { base_url: 'https://u:hush@h', api_key: { a: hush } } }";
    for text in [short, url] {
        assert!(!refused(text).contains("hush"), "{}", refused(text));
    }
}

//! What is shown of a configuration, and what never is.

use crate::SAMPLE;
use crate::accepted;
use crate::document;
use crate::load;
use crate::refused;
use crate::settings;
use crate::shown;
use tollgate::config;

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
            .replace("allow: []", "allow: [ files.internal, 10.0.0.0/8 ]");
    let config = load(&text, &env).map_err(|problems| shown(&problems)).unwrap().config;
    let printed = config::print(&config);
    let restored =
        printed.replace("[\"***\", \"***\"]", "[one, two]").replace("key: \"***\"", "key: abcdefgh");
    let again = accepted(&restored);
    // `Secret` shows as `***` here as well, so the texts differ in everything but secrets.
    assert_eq!(format!("{again:#?}"), format!("{config:#?}"), "{printed}");
    assert_eq!(config::print(&again), printed);
}

#[test]
fn secrets_are_never_printed() {
    let text = "keys: [ { name: a, key: hush-hush-1 } ]\nproviders: { openai: { api_key: hush-hush-2, headers: { X-K: \
                hush-hush-3 } } }";
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

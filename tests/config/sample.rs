//! The sample file: complete, sound, and true about the defaults.

use crate::SAMPLE;
use crate::accepted;
use crate::load;
use crate::settings;
use crate::shown;
use tollgate::config;
use tollgate::config::Config;

#[test]
fn the_sample_loads_without_any_variable() {
    let loaded = load(SAMPLE, &[]).map_err(|problems| shown(&problems)).unwrap();
    assert_eq!(loaded.config.disabled, ["groq", "cerebras", "openai"]);
}

#[test]
fn the_sample_shows_every_setting() {
    for (path, name) in settings() {
        assert!(SAMPLE.contains(&format!("{name}:")), "`{name}` of `{path}` is missing in the sample");
    }
    for variable in config::VARIABLES {
        assert!(SAMPLE.contains(variable), "{variable} is missing in the sample");
    }
}

#[test]
fn the_sample_loads_with_every_setting_taken_in() {
    // A certificate is only opened here, so any file will do.
    let taken_in: String = SAMPLE.lines().map(|line| take_in(line) + "\n").collect();
    let text = taken_in.replace("conf/tls/site.crt", "Cargo.toml").replace("conf/tls/site.key", "Cargo.toml");
    let text = text.replace("conf/tls/ca.crt", "Cargo.toml");
    let env =
        [("APP_KEY", "abcdefgh"), ("OPENAI_ORG", "org"), ("OPENAI_API_KEY", "sk"), ("GROQ_API_KEY", "gsk")];
    let config = load(&text, &env).map_err(|problems| shown(&problems)).unwrap().config;
    assert_eq!((config.keys.len(), config.listen.len(), config.providers.len()), (1, 4, 3));
}

#[test]
fn the_values_of_the_sample_are_the_defaults() {
    let (sample, empty) = (accepted(SAMPLE), accepted(""));
    let settings = |c: Config| {
        format!(
            "{:#?}",
            (c.listen, c.admin, c.limits, c.failover, c.fetch, c.cache, c.auth, c.data_dir, c.log, c.server)
        )
    };
    assert_eq!(settings(sample), settings(empty));
}

/// Takes the `#` away from a line of the sample that is a setting.
fn take_in(line: &str) -> String {
    match line.strip_prefix('#') {
        Some(setting) if setting.starts_with("  ") || !setting.starts_with(' ') => setting.to_owned(),
        _ => line.to_owned(),
    }
}

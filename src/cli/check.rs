//! `tollgate check`: every problem of the configuration, or what it comes to.

use crate::cli::fail;
use crate::config;
use crate::config::Auth;
use crate::config::Config;
use crate::config::Environment;
use crate::server;
use std::path::Path;
use std::process::ExitCode;

/// Checks `file` (else the usual one) with the process's environment, and starts nothing.
///
/// Problems and notes go to stderr, one each. `print` puts the merged result on stdout, secrets masked.
/// Ends with 1 if there is a problem.
pub fn run(file: Option<&Path>, print: bool) -> ExitCode {
    let source = match config::find(file) {
        Ok(source) => source,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    };
    match config::load(source.as_ref(), &Environment::of_process()) {
        Ok(loaded) => {
            if let Err(error) = server::check(&loaded.config) {
                return fail(&error.to_string());
            }
            loaded.notes.iter().for_each(|note| eprintln!("note: {note}"));
            exposed(&loaded.config).iter().for_each(|note| eprintln!("note: {note}"));
            if print {
                print!("{}", config::print(&loaded.config));
            } else {
                println!("{}", summary(&loaded.config));
            }
            ExitCode::SUCCESS
        }
        Err(problems) => {
            problems.iter().for_each(|problem| eprintln!("{problem}"));
            eprintln!("{}", counted(problems.len(), "problem"));
            ExitCode::FAILURE
        }
    }
}

/// Who can reach the gateway should be known to whoever lets them; the store, which may hold keys, is not opened here.
fn exposed(config: &Config) -> Option<String> {
    let public = config.listen.iter().find(|listener| !listener.address.ip().is_loopback())?;
    let address = public.address;
    match (config.auth, config.keys.is_empty()) {
        (Auth::Open, _) => Some(format!("{address} can be reached by others, and nobody is asked for a key")),
        (Auth::Required, true) => Some(format!(
            "{address} can be reached by others, and no key is configured: those of the store are asked for, \
             or one that is made at the first start"
        )),
        (Auth::Required, false) => None,
    }
}

/// What the configuration comes to, in one line.
fn summary(config: &Config) -> String {
    let names: Vec<&str> = config.providers.iter().map(|provider| provider.name.as_str()).collect();
    let providers = match names.as_slice() {
        [] => "no provider has a key (simulated ones will answer)".to_owned(),
        names => format!("{} ({})", counted(names.len(), "provider"), names.join(", ")),
    };
    let listen: Vec<String> = config.listen.iter().map(|listener| listener.address.to_string()).collect();
    format!(
        "ok: {providers}, {}, {}, {}, listening on {}",
        counted(config.models.len(), "alias"),
        counted(config.groups.len(), "group"),
        counted(config.keys.len(), "key"),
        listen.join(", ")
    )
}

fn counted(number: usize, what: &str) -> String {
    match number {
        1 => format!("1 {what}"),
        number if what.ends_with('s') => format!("{number} {what}es"),
        number => format!("{number} {what}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listener_for_everybody_without_a_key_is_noted() {
        let note = |listen: &str, keys: &str| {
            let text = format!("listen: [ {{ address: '{listen}' }} ]\nkeys: [ {keys} ]\n");
            let source = config::Source { name: "x".to_owned(), text };
            let loaded = config::load(Some(&source), &Environment([].into())).unwrap();
            exposed(&loaded.config)
        };
        assert!(note("0.0.0.0:4000", "").is_some_and(|note| note.starts_with("0.0.0.0:4000 can be reached")));
        assert_eq!(note("127.0.0.1:4000", ""), None);
        assert_eq!(note("0.0.0.0:4000", "{ name: app, key: tg-12345678 }"), None);
    }

    #[test]
    fn the_summary_counts_what_there_is() {
        let env = Environment([("GROQ_API_KEY".to_owned(), "gsk-1".to_owned())].into());
        let loaded = config::load(None, &env).unwrap();
        let expected = "ok: 1 provider (groq), 0 aliases, 0 groups, 0 keys, listening on 127.0.0.1:4000";
        assert_eq!(summary(&loaded.config), expected);
    }
}

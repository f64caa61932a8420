//! `tollgate check`: every problem of the configuration, or what it comes to.

use crate::cli::fail;
use crate::config;
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
    fn the_summary_counts_what_there_is() {
        let env = Environment([("GROQ_API_KEY".to_owned(), "gsk-1".to_owned())].into());
        let loaded = config::load(None, &env).unwrap();
        let expected = "ok: 1 provider (groq), 0 aliases, 0 groups, 0 keys, listening on 127.0.0.1:4000";
        assert_eq!(summary(&loaded.config), expected);
    }
}

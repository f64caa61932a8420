//! `${NAME}` and `${NAME:-default}` in a string of the file.

use crate::config::environment::Environment;

/// A string after variables have been put in.
#[derive(Debug, PartialEq)]
pub struct Filled {
    pub text: String,
    /// Whether anything was put in: such a text may hold a secret and is never shown.
    pub changed: bool,
    /// Variables that were asked for, are not set, and have no default.
    pub unset: Vec<String>,
}

/// Puts the variables in; `$$` is a plain `$`. A variable that is set but empty counts as not set.
pub fn fill(text: &str, env: &Environment) -> Result<Filled, String> {
    let mut filled = Filled { text: String::with_capacity(text.len()), changed: false, unset: Vec::new() };
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('$') {
        filled.text.push_str(before);
        rest = match after.as_bytes().first() {
            Some(b'$') => {
                filled.text.push('$');
                &after[1..]
            }
            Some(b'{') => {
                let (inside, after) = after[1..].split_once('}').ok_or("has a `${` without its `}`")?;
                put_in(inside, env, &mut filled)?;
                after
            }
            _ => {
                filled.text.push('$');
                after
            }
        };
    }
    filled.text.push_str(rest);
    Ok(filled)
}

fn put_in(inside: &str, env: &Environment, filled: &mut Filled) -> Result<(), String> {
    let (name, default) = match inside.split_once(":-") {
        Some((name, default)) => (name, Some(default)),
        None => (inside, None),
    };
    if !is_name(name) {
        // What stands there is not shown: it may be a secret somebody wrapped by mistake.
        return Err("has a `${…}` that does not hold the name of a variable".to_owned());
    }
    let value = env.0.get(name).filter(|value| !value.is_empty()).map(String::as_str);
    let value = value.or(default).unwrap_or("");
    if value.is_empty() && default.is_none() {
        filled.unset.push(name.to_owned());
    }
    filled.changed = true;
    filled.text.push_str(value);
    Ok(())
}

fn is_name(text: &str) -> bool {
    !text.starts_with(|c: char| c.is_ascii_digit())
        && !text.is_empty()
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(text: &str) -> Filled {
        let env = Environment([("A".into(), "one".into()), ("EMPTY".into(), String::new())].into());
        fill(text, &env).unwrap()
    }

    #[test]
    fn variables_are_put_in_wherever_they_stand() {
        for (text, expected) in [
            ("${A}", "one"),
            ("x${A}y${A}z", "xoneyonez"),
            ("${A:-two}", "one"),
            ("${B:-two}", "two"),
            ("${EMPTY:-two}", "two"),
            ("${B:-}", ""),
            ("${B:-http://h:1/?a=b}", "http://h:1/?a=b"),
        ] {
            assert_eq!(filled(text).text, expected, "{text}");
        }
    }

    #[test]
    fn a_dollar_alone_stays_a_dollar() {
        for (text, expected) in [("$$", "$"), ("$${A}", "${A}"), ("a$b", "a$b"), ("5$", "5$"), ("$A", "$A")] {
            let filled = filled(text);
            assert_eq!((filled.text.as_str(), filled.changed), (expected, false), "{text}");
        }
    }

    #[test]
    fn a_variable_without_value_or_default_is_empty_and_named() {
        assert_eq!(filled("${B}${EMPTY}").unset, ["B", "EMPTY"]);
        assert_eq!(filled("${B:-}").unset, Vec::<String>::new());
    }

    #[test]
    fn what_is_no_variable_is_refused() {
        let env = Environment::default();
        for text in ["${A", "${}", "${1A}", "${A-b}", "${ A }"] {
            assert!(fill(text, &env).is_err(), "{text}");
        }
    }
}

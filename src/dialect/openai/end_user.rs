//! Whom a client asks for: the person behind an application, as its requests name them.

use serde::Deserialize;

/// Longest name that is kept, in bytes: it is counted under and written down.
const LONGEST: usize = 256;

/// The fields that may name somebody, each as the JSON it is written in.
#[derive(Clone, Copy, Default)]
pub(super) struct Naming<'a> {
    pub user: Option<&'a str>,
    pub safety_identifier: Option<&'a str>,
    /// Anthropic's, with a `user_id` within.
    pub metadata: Option<&'a str>,
}

impl Naming<'_> {
    /// The first of them that is a text.
    pub(super) fn end_user(self) -> Option<String> {
        #[derive(Deserialize)]
        struct Metadata {
            user_id: Option<String>,
        }
        // Most requests name nobody.
        self.user.or(self.safety_identifier).or(self.metadata)?;
        let text = |written: Option<&str>| written.and_then(|json| serde_json::from_str::<String>(json).ok());
        let within = || serde_json::from_str::<Metadata>(self.metadata?).ok()?.user_id;
        [text(self.user), text(self.safety_identifier)]
            .into_iter()
            .flatten()
            .chain(within())
            .find_map(|name| kept(&name))
    }
}

/// What is kept of a name: without signs that a store or a terminal could stumble over, and no more than so much.
/// `None` where nothing is left.
pub fn kept(name: &str) -> Option<String> {
    let mut kept = String::new();
    for sign in name.trim().chars().filter(|sign| !sign.is_control()) {
        if kept.len() + sign.len_utf8() > LONGEST {
            break;
        }
        kept.push(sign);
    }
    (!kept.is_empty()).then_some(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_field_that_names_somebody_counts() {
        let naming = Naming {
            user: Some("7"),
            safety_identifier: Some(r#""\u0061da""#),
            metadata: Some(r#"{"user_id":"bob"}"#),
        };
        assert_eq!(naming.end_user().as_deref(), Some("ada"));
        assert_eq!(Naming { user: Some("\"eve\""), ..naming }.end_user().as_deref(), Some("eve"));
        let only = Naming { metadata: naming.metadata, ..Naming::default() };
        assert_eq!(only.end_user().as_deref(), Some("bob"));
        for nobody in ["null", "{}", "[1]", r#"{"user_id":null}"#, r#"{"user_id":" "}"#] {
            assert_eq!(Naming { metadata: Some(nobody), ..Naming::default() }.end_user(), None, "{nobody}");
        }
    }

    #[test]
    fn a_name_is_bounded_and_holds_nothing_that_breaks_a_line() {
        assert_eq!(kept(" a\u{0}b\n").as_deref(), Some("ab"));
        assert_eq!(kept(&"ü".repeat(500)).map(|name| name.len()), Some(256));
        assert_eq!(kept("\u{7}"), None);
    }
}

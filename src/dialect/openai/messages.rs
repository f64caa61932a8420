//! What `messages` is, seen in the same pass that reads the rest of a request.

use crate::dialect::scan::BadJson;
use crate::dialect::scan::Reader;

/// As far as the gateway judges it; the rest is the provider's to judge.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Messages {
    /// Not there, or `null`.
    #[default]
    Missing,
    NoList,
    Empty,
    /// One of them is no object, or its `role` is no string or empty.
    BadMember,
    Fine,
}

impl Messages {
    /// Reads the value under `messages`.
    ///
    /// # Errors
    /// It is not JSON.
    pub fn read(json: &mut Reader<'_>) -> Result<Messages, BadJson> {
        if json.next_sign() != Some(b'[') {
            return Ok(match json.value()? {
                "null" => Messages::Missing,
                _ => Messages::NoList,
            });
        }
        let mut seen = Messages::Empty;
        json.list()?;
        while json.element()? {
            seen = match (seen, is_message(json)?) {
                (Messages::BadMember, _) | (_, false) => Messages::BadMember,
                (_, true) => Messages::Fine,
            };
        }
        Ok(seen)
    }
}

/// Of several roles the last one counts, as it does for most readers.
fn is_message(json: &mut Reader<'_>) -> Result<bool, BadJson> {
    if json.next_sign() != Some(b'{') {
        return json.value().map(|_| false);
    }
    let mut has_role = false;
    json.object()?;
    while let Some(name) = json.member()? {
        if name == "role" {
            let value = json.value()?;
            has_role = value.starts_with('"') && value != "\"\"";
        } else {
            json.skip()?;
        }
    }
    Ok(has_role)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_value_is_judged() {
        for (json, expected) in [
            ("null", Messages::Missing),
            ("3", Messages::NoList),
            ("-3", Messages::NoList),
            ("3.5", Messages::NoList),
            ("true", Messages::NoList),
            ("\"hi\"", Messages::NoList),
            (r#"{"role":"user"}"#, Messages::NoList),
            ("[]", Messages::Empty),
            (r#"[{"role":"user","content":[{"a":[1,{}]}]}]"#, Messages::Fine),
            (r#"[{"r\u006fle":"user"}]"#, Messages::Fine),
            (r#"[{"role":"user"},"hi"]"#, Messages::BadMember),
            (r#"["hi",{"role":"user"}]"#, Messages::BadMember),
            (r#"[{"content":"hi"}]"#, Messages::BadMember),
            (r#"[{"role":""}]"#, Messages::BadMember),
            (r#"[{"role":"user","role":""}]"#, Messages::BadMember),
            (r#"[{"role":"","role":"user"}]"#, Messages::Fine),
            (r#"[{"role":{"a":1}}]"#, Messages::BadMember),
            (r#"[{"role":[1]}]"#, Messages::BadMember),
            ("[[1],null,2,2.5,-1,false]", Messages::BadMember),
        ] {
            assert_eq!(Messages::read(&mut Reader::new(json)), Ok(expected), "{json}");
        }
    }
}

//! What `messages` is, seen in the same pass that reads the rest of a request.

use serde::Deserialize;
use serde::de::Deserializer;
use serde::de::IgnoredAny;
use serde::de::MapAccess;
use serde::de::SeqAccess;
use serde::de::Visitor;
use std::fmt;

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

impl<'de> Deserialize<'de> for Messages {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Messages, D::Error> {
        deserializer.deserialize_any(Look)
    }
}

/// Whether a value is what is wanted. Whatever it is, it is read to its end.
struct Is(bool);

struct Look;

impl<'de> Visitor<'de> for Look {
    type Value = Messages;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Messages, A::Error> {
        let mut seen = Messages::Empty;
        while let Some(Message(Is(fine))) = list.next_element()? {
            seen = match (seen, fine) {
                (Messages::BadMember, _) | (_, false) => Messages::BadMember,
                (_, true) => Messages::Fine,
            };
        }
        Ok(seen)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Messages, A::Error> {
        read_away(map).map(|()| Messages::NoList)
    }

    fn visit_unit<E>(self) -> Result<Messages, E> {
        Ok(Messages::Missing)
    }

    fn visit_str<E>(self, _: &str) -> Result<Messages, E> {
        Ok(Messages::NoList)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Messages, E> {
        Ok(Messages::NoList)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Messages, E> {
        Ok(Messages::NoList)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Messages, E> {
        Ok(Messages::NoList)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Messages, E> {
        Ok(Messages::NoList)
    }
}

struct Message(Is);

impl<'de> Deserialize<'de> for Message {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Message, D::Error> {
        deserializer.deserialize_any(Want::Object).map(Message)
    }
}

struct Role(Is);

impl<'de> Deserialize<'de> for Role {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Role, D::Error> {
        deserializer.deserialize_any(Want::Text).map(Role)
    }
}

/// What a member, or its role, should be.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Want {
    Object,
    Text,
}

impl<'de> Visitor<'de> for Want {
    type Value = Is;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Is, A::Error> {
        if self == Want::Text {
            return read_away(map).map(|()| Is(false));
        }
        let mut has_role = false;
        while let Some(IsRole(is_role)) = map.next_key()? {
            match is_role {
                true => has_role = map.next_value::<Role>()?.0.0,
                false => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(Is(has_role))
    }

    fn visit_str<E>(self, text: &str) -> Result<Is, E> {
        Ok(Is(self == Want::Text && !text.is_empty()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Is, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Is(false))
    }

    fn visit_unit<E>(self) -> Result<Is, E> {
        Ok(Is(false))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Is, E> {
        Ok(Is(false))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Is, E> {
        Ok(Is(false))
    }

    fn visit_u64<E>(self, _: u64) -> Result<Is, E> {
        Ok(Is(false))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Is, E> {
        Ok(Is(false))
    }
}

fn read_away<'de, A: MapAccess<'de>>(mut map: A) -> Result<(), A::Error> {
    while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
    Ok(())
}

/// Whether a member's name is `role`, read without an allocation.
struct IsRole(bool);

impl<'de> Deserialize<'de> for IsRole {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<IsRole, D::Error> {
        struct Name;
        impl Visitor<'_> for Name {
            type Value = IsRole;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a member name")
            }
            fn visit_str<E>(self, name: &str) -> Result<IsRole, E> {
                Ok(IsRole(name == "role"))
            }
        }
        deserializer.deserialize_identifier(Name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_value_is_judged_and_read_to_its_end() {
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
            (r#"[{"role":{"a":1}}]"#, Messages::BadMember),
            (r#"[{"role":[1]}]"#, Messages::BadMember),
            ("[[1],null,2,2.5,-1,false]", Messages::BadMember),
        ] {
            assert_eq!(serde_json::from_str::<Messages>(json).unwrap(), expected, "{json}");
        }
    }
}

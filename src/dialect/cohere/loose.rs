//! Reading what vendors do not always give in the form they say.

use crate::dialect::text::Str;
use serde::Deserialize;
use serde::Deserializer;
use serde::de::Error;
use serde::de::IgnoredAny;
use serde::de::MapAccess;
use serde::de::SeqAccess;
use serde::de::Visitor;
use serde::de::value::MapAccessDeserializer;
use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

/// An object where it is one. Cohere opens a message with empty lists in the places where its pieces follow as
/// objects, and gives an error its sentence in the place of the message.
#[derive(Debug, Default)]
pub enum Loose<T> {
    This(T),
    Text,
    #[default]
    Nothing,
}

impl<T> Loose<T> {
    pub fn this(self) -> Option<T> {
        match self {
            Loose::This(this) => Some(this),
            Loose::Text | Loose::Nothing => None,
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Loose<T> {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Loose<T>, D::Error> {
        reader.deserialize_any(Object(PhantomData))
    }
}

struct Object<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for Object<T> {
    type Value = Loose<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Loose<T>, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(Loose::This)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Loose<T>, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Loose::Nothing)
    }

    fn visit_str<E: Error>(self, _text: &str) -> Result<Loose<T>, E> {
        Ok(Loose::Text)
    }

    fn visit_unit<E: Error>(self) -> Result<Loose<T>, E> {
        Ok(Loose::Nothing)
    }
}

/// What is said, unless it is nothing.
pub fn said(words: Option<Str<'_>>) -> Option<Cow<'_, str>> {
    words.map(|words| words.0).filter(|text| !text.is_empty())
}

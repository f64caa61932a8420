//! Slots filled with what the next value says, for shapes that are known beforehand.
//!
//! `null` leaves a slot as it is. A value of another kind is an error, and so is a second one: whoever reads the same
//! text elsewhere may take the other.

use crate::dialect::scan::BadJson;
use crate::dialect::scan::Reader;
use crate::dialect::scan::plain::plain;
use crate::dialect::scan::scalar::byte;
use crate::dialect::scan::scalar::string_with_escapes;
use std::borrow::Cow;
use std::str::FromStr;

impl<'a> Reader<'a> {
    /// A string, borrowed where it holds no escapes.
    ///
    /// # Errors
    /// See above; half a surrogate pair is no string, either.
    pub fn fill_text(&mut self, slot: &mut Option<Cow<'a, str>>) -> Result<(), BadJson> {
        if self.next_sign() != Some(b'"') {
            return self.null();
        }
        let (start, bytes) = (self.at, self.text.as_bytes());
        let end = plain(bytes, start + 1);
        let text = if byte(bytes, end) == b'"' {
            self.at = end + 1;
            Cow::Borrowed(&self.text[start + 1..end])
        } else {
            self.at = string_with_escapes(bytes, end)?;
            match serde_json::from_str(&self.text[start..self.at]) {
                Ok(text) => Cow::Owned(text),
                Err(_) => return self.bad(),
            }
        };
        self.put(slot, text)
    }

    /// A whole number, or `true` and `false`.
    ///
    /// # Errors
    /// See above.
    pub fn fill_plain<T: FromStr>(&mut self, slot: &mut Option<T>) -> Result<(), BadJson> {
        match self.value()? {
            "null" => Ok(()),
            value => match value.parse() {
                Ok(value) => self.put(slot, value),
                Err(_) => self.bad(),
            },
        }
    }

    /// A value of any kind, as the text it is written in.
    ///
    /// # Errors
    /// See above.
    pub fn fill_raw(&mut self, slot: &mut Option<&'a str>) -> Result<(), BadJson> {
        match self.value()? {
            "null" => Ok(()),
            value => self.put(slot, value),
        }
    }

    /// An object, which `member` reads one member at a time, from its name on.
    ///
    /// # Errors
    /// See above, and those of `member`.
    pub fn fill_object<T: Default>(
        &mut self,
        slot: &mut Option<T>,
        mut member: impl FnMut(&mut T, &mut Reader<'a>, &str) -> Result<(), BadJson>,
    ) -> Result<(), BadJson> {
        if self.next_sign() != Some(b'{') {
            return self.null();
        }
        let object = self.members(&mut member)?;
        self.put(slot, object)
    }

    /// A list of objects, which `member` reads as in [`Reader::fill_object`].
    ///
    /// # Errors
    /// See above, and those of `member`.
    pub fn fill_objects<T: Default>(
        &mut self,
        slot: &mut Option<Vec<T>>,
        mut member: impl FnMut(&mut T, &mut Reader<'a>, &str) -> Result<(), BadJson>,
    ) -> Result<(), BadJson> {
        if self.next_sign() != Some(b'[') {
            return self.null();
        }
        // Most lists hold one.
        let mut list = Vec::with_capacity(1);
        self.list()?;
        while self.element()? {
            list.push(self.members(&mut member)?);
        }
        self.put(slot, list)
    }

    #[inline]
    fn members<T: Default>(
        &mut self,
        member: &mut impl FnMut(&mut T, &mut Reader<'a>, &str) -> Result<(), BadJson>,
    ) -> Result<T, BadJson> {
        let mut object = T::default();
        self.object()?;
        while let Some(name) = self.member()? {
            member(&mut object, self, &name)?;
        }
        Ok(object)
    }

    fn null(&mut self) -> Result<(), BadJson> {
        match self.value()? {
            "null" => Ok(()),
            _ => self.bad(),
        }
    }

    fn put<T>(&self, slot: &mut Option<T>, value: T) -> Result<(), BadJson> {
        match slot.replace(value) {
            None => Ok(()),
            Some(_) => self.bad(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Default, PartialEq)]
    struct Shape<'a> {
        text: Option<Cow<'a, str>>,
        count: Option<u32>,
        flag: Option<bool>,
        raw: Option<&'a str>,
        inner: Option<Vec<Shape<'a>>>,
    }

    fn member<'a>(shape: &mut Shape<'a>, json: &mut Reader<'a>, name: &str) -> Result<(), BadJson> {
        match name {
            "text" => json.fill_text(&mut shape.text),
            "count" => json.fill_plain(&mut shape.count),
            "flag" => json.fill_plain(&mut shape.flag),
            "raw" => json.fill_raw(&mut shape.raw),
            "inner" => json.fill_objects(&mut shape.inner, member),
            _ => json.skip(),
        }
    }

    fn read(text: &str) -> Option<Shape<'_>> {
        let (mut json, mut shape) = (Reader::new(text), None);
        json.fill_object(&mut shape, member).ok()?;
        json.end().ok()?;
        shape
    }

    #[test]
    fn a_known_shape_is_read_in_one_pass() {
        let shape = read(
            r#" { "new": [1, {"text": 1}], "text":"a\n", "inner": [ {"count": 7}, {} ], "flag":true, "raw":{"a": 1} } "#,
        );
        let inner = vec![Shape { count: Some(7), ..Shape::default() }, Shape::default()];
        let expected = Shape {
            text: Some("a\n".into()),
            count: None,
            flag: Some(true),
            raw: Some("{\"a\": 1}"),
            inner: Some(inner),
        };
        assert_eq!(shape, Some(expected));
    }

    #[test]
    fn null_says_nothing() {
        let nulls = r#"{"text":null,"count":null,"flag":null,"raw":null,"inner":null}"#;
        assert_eq!(read(nulls), Some(Shape::default()));
    }

    #[test]
    fn a_string_without_escapes_is_borrowed() {
        let text = |json| read(json).unwrap().text.unwrap();
        assert!(matches!(text(r#"{"text":"é"}"#), Cow::Borrowed("é")));
        assert!(matches!(text(r#"{"text":"\u00e9"}"#), Cow::Owned(text) if text == "é"));
    }

    #[test]
    fn another_kind_or_a_second_value_is_an_error() {
        for json in [
            r#"{"text":1}"#,
            r#"{"text":"\ud800"}"#,
            r#"{"text":"a","text":"b"}"#,
            r#"{"count":"1"}"#,
            r#"{"count":-1}"#,
            r#"{"count":1.0}"#,
            r#"{"count":4294967296}"#,
            r#"{"flag":1}"#,
            r#"{"inner":{}}"#,
            r#"{"inner":[null]}"#,
            r#"{"inner":[[]]}"#,
            r#"{"raw":1,"raw":1}"#,
            r#"{"new":}"#,
            r#"[]"#,
            r#"{} {}"#,
        ] {
            assert_eq!(read(json), None, "{json}");
        }
    }
}

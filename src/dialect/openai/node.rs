//! JSON under construction: raw pieces where nothing changes, our own values where something does.

use serde::ser::{Serialize, Serializer};
use serde_json::value::RawValue;
use std::borrow::Cow;

/// A value under construction.
#[derive(Debug)]
pub enum Node<'a> {
    Null,
    Number(u64),
    /// As it came.
    Said(&'a RawValue),
    Text(String),
    /// Strings that are pieces of one text if they differ, and one label said again if they do not.
    Pieces(Vec<Cow<'a, str>>),
    List(Vec<&'a RawValue>),
    Object(Object<'a>),
    /// Objects that are told apart by a number of their own.
    Numbered(Vec<(u64, Object<'a>)>),
}

/// An object under construction; its entries keep the order in which they were first named.
#[derive(Debug, Default)]
pub struct Object<'a>(pub Vec<(Cow<'a, str>, Node<'a>)>);

impl<'a> Object<'a> {
    /// Puts `node` at the end without looking for `key`: for objects built from nothing.
    pub fn with(mut self, key: &'static str, node: impl Into<Node<'a>>) -> Object<'a> {
        self.0.push((Cow::Borrowed(key), node.into()));
        self
    }

    /// The value under `key`, null or not.
    pub fn find(&self, key: &str) -> Option<&Node<'a>> {
        self.0.iter().find(|(k, _)| k == key).map(|(_, node)| node)
    }

    /// Like [`Object::find`], to change it.
    pub fn find_mut(&mut self, key: &str) -> Option<&mut Node<'a>> {
        self.0.iter_mut().find(|(k, _)| k == key).map(|(_, node)| node)
    }

    /// Puts `node` in the place of what is there, or at the end.
    pub fn set(&mut self, key: &'static str, node: impl Into<Node<'a>>) {
        match self.find_mut(key) {
            Some(old) => *old = node.into(),
            None => self.0.push((Cow::Borrowed(key), node.into())),
        }
    }

    /// Puts `node` at the end unless the key is there.
    pub fn or_set(&mut self, key: &'static str, node: impl Into<Node<'a>>) {
        if self.find(key).is_none() {
            self.0.push((Cow::Borrowed(key), node.into()));
        }
    }

    /// Takes `key` out, if it is there.
    pub fn remove(&mut self, key: &str) {
        self.0.retain(|(k, _)| k != key);
    }
}

impl<'a> From<&'a RawValue> for Node<'a> {
    fn from(raw: &'a RawValue) -> Node<'a> {
        Node::Said(raw)
    }
}

impl<'a> From<Option<&'a RawValue>> for Node<'a> {
    fn from(raw: Option<&'a RawValue>) -> Node<'a> {
        raw.map_or(Node::Null, Node::Said)
    }
}

impl From<&str> for Node<'_> {
    fn from(text: &str) -> Self {
        Node::Text(text.to_owned())
    }
}

impl<'a> From<Object<'a>> for Node<'a> {
    fn from(object: Object<'a>) -> Node<'a> {
        Node::Object(object)
    }
}

impl Serialize for Node<'_> {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        match self {
            Node::Null => out.serialize_unit(),
            Node::Number(number) => out.serialize_u64(*number),
            Node::Said(raw) => raw.serialize(out),
            Node::Text(text) => out.serialize_str(text),
            Node::Pieces(pieces) => out.serialize_str(&joined(pieces)),
            Node::List(list) => out.collect_seq(list),
            Node::Object(object) => object.serialize(out),
            Node::Numbered(list) => out.collect_seq(list.iter().map(|(_, object)| object)),
        }
    }
}

impl Serialize for Object<'_> {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.collect_map(self.0.iter().map(|(key, node)| (key, node)))
    }
}

fn joined<'p>(pieces: &'p [Cow<'_, str>]) -> Cow<'p, str> {
    match pieces {
        [] => Cow::Borrowed(""),
        [first, rest @ ..] if rest.iter().all(|piece| piece == first) => Cow::Borrowed(first),
        _ => Cow::Owned(pieces.concat()),
    }
}

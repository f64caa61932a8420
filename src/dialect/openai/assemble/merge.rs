//! Chunk upon chunk: how the pieces of each field become one value.

use crate::dialect::openai::fields::{Fields, elements, is_blank, is_list, is_null, is_string, text};
use crate::dialect::openai::node::{Node, Object};
use serde_json::value::RawValue;
use std::borrow::Cow;

/// Members of one object, and elements of a list that are told apart by `index`: each is looked up among the others,
/// so many of them would take very long. No answer has nearly as many.
const MOST: usize = 1000;

/// Adds one more chunk to what came before. `None` if the two do not fit together.
pub fn chunk<'a>(whole: &mut Object<'a>, chunk: Fields<'a>) -> Option<()> {
    merge(whole, Place::Chunk, chunk)
}

/// Where an object stands: the same key means different things in different places.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Chunk,
    Choice,
    Delta,
    Call,
    Function,
    Custom,
    Logprobs,
}

/// How the pieces of one field become one value. A null adds nothing, whatever the way.
#[derive(Clone, Copy)]
enum Way {
    /// Noise.
    Drop,
    /// The last one that says something stands.
    Last,
    /// It cannot be joined, so it may come only once.
    Once,
    /// Texts and lists grow.
    Append,
    /// A text that holds JSON grows; JSON itself becomes such a text.
    Json,
    /// Unknown: strings may be pieces of a text or a label, anything else is taken as `Last`.
    Guess,
    /// Entry by entry.
    Merge(Place),
    /// A list whose elements say by `index` which one they add to.
    ByIndex(Place),
}

fn way(place: Place, key: &str) -> Way {
    match (place, key) {
        (Place::Chunk, "choices") => Way::ByIndex(Place::Choice),
        // Padding against eavesdroppers who measure chunks.
        (Place::Chunk, "obfuscation") | (Place::Call, "index") => Way::Drop,
        (Place::Choice, "delta") => Way::Merge(Place::Delta),
        (Place::Choice, "logprobs") => Way::Merge(Place::Logprobs),
        (Place::Choice, "text") | (Place::Logprobs, _) => Way::Append,
        (Place::Delta, "role") => Way::Last,
        (Place::Delta, "content" | "refusal" | "reasoning_content" | "reasoning") => Way::Append,
        (Place::Delta, "annotations" | "reasoning_details") => Way::Append,
        (Place::Delta, "tool_calls") => Way::ByIndex(Place::Call),
        (Place::Delta, "function_call") => Way::Merge(Place::Function),
        (Place::Delta, "audio") => Way::Once,
        (Place::Delta, _) => Way::Guess,
        (Place::Call, "function") => Way::Merge(Place::Function),
        (Place::Call, "custom") => Way::Merge(Place::Custom),
        (Place::Function, "arguments") => Way::Json,
        (Place::Custom, "input") => Way::Append,
        (Place::Chunk | Place::Choice | Place::Call | Place::Function | Place::Custom, _) => Way::Last,
    }
}

fn merge<'a>(object: &mut Object<'a>, place: Place, more: Fields<'a>) -> Option<()> {
    for (key, raw) in more.0 {
        let (way, full) = (way(place, &key), object.0.len() >= MOST);
        match object.find_mut(&key) {
            Some(node) => add(node, way, raw)?,
            None if matches!(way, Way::Drop) => {}
            None if full => return None,
            None => {
                let mut node = Node::Null;
                add(&mut node, way, raw)?;
                object.0.push((key, node));
            }
        }
    }
    Some(())
}

fn add<'a>(node: &mut Node<'a>, way: Way, raw: &'a RawValue) -> Option<()> {
    if is_null(raw) {
        return Some(());
    }
    match way {
        Way::Drop => {}
        Way::Last => replace(node, raw)?,
        Way::Once => matches!(node, Node::Null).then(|| *node = Node::Said(raw))?,
        Way::Append if is_list(raw) => list(node)?.extend(elements(raw)?),
        Way::Append => text_of(node)?.push_str(&text(raw)?),
        Way::Json if is_string(raw) => text_of(node)?.push_str(&text(raw)?),
        Way::Json => text_of(node)?.push_str(raw.get()),
        Way::Guess if is_string(raw) => pieces(node)?.push(text(raw)?),
        Way::Guess => replace(node, raw)?,
        Way::Merge(place) => merge(entries(node)?, place, Fields::read(raw)?)?,
        Way::ByIndex(place) => {
            for element in elements(raw)? {
                let element = Fields::read(element)?;
                merge(meant(numbered(node)?, place, &element)?, place, element)?;
            }
        }
    }
    Some(())
}

/// The object of the list that `piece` adds to, made if it is the first of its number.
fn meant<'n, 'a>(
    list: &'n mut Vec<(u64, Object<'a>)>,
    place: Place,
    piece: &Fields<'a>,
) -> Option<&'n mut Object<'a>> {
    let index = piece.find("index").and_then(|raw| raw.get().parse::<u64>().ok());
    let known = match (index, place) {
        (None, Place::Call) => list.len().checked_sub(1),
        (index, _) => list.iter().rposition(|(number, _)| *number == index.unwrap_or(0)),
    };
    let known = known.filter(|at| place != Place::Call || !is_another_call(&list[*at].1, piece, index));
    if known.is_none() && list.len() >= MOST {
        return None;
    }
    let at = known.unwrap_or_else(|| {
        let number = index.unwrap_or(if place == Place::Call { list.len() as u64 } else { 0 });
        list.push((number, Object::default()));
        list.len() - 1
    });
    list.get_mut(at).map(|(_, object)| object)
}

/// Some vendors number every parallel call 0, or none: there, a new id with a name opens a new call.
fn is_another_call(known: &Object<'_>, piece: &Fields<'_>, index: Option<u64>) -> bool {
    let known_id = if let Some(Node::Said(id)) = known.find("id") { Some(*id) } else { None };
    let another = match (known_id.filter(|id| !is_blank(id)), said(piece, "id")) {
        (Some(old), Some(new)) => old.get() != new.get(),
        (None, None) => index.is_none(),
        (Some(_), None) | (None, Some(_)) => false,
    };
    let tool = said(piece, "function").or(said(piece, "custom")).and_then(Fields::read);
    another && tool.is_some_and(|tool| said(&tool, "name").is_some())
}

fn said<'a>(fields: &Fields<'a>, key: &str) -> Option<&'a RawValue> {
    fields.find(key).filter(|raw| !is_blank(raw))
}

/// An empty string is no better than nothing: some vendors open with a chunk that has no id yet.
fn replace<'a>(node: &mut Node<'a>, raw: &'a RawValue) -> Option<()> {
    let free = matches!(node, Node::Null) || matches!(node, Node::Said(_));
    let better = matches!(node, Node::Null) || !is_blank(raw);
    if free && better {
        *node = Node::Said(raw);
    }
    free.then_some(())
}

fn text_of<'n>(node: &'n mut Node<'_>) -> Option<&'n mut String> {
    if let Node::Null = node {
        *node = Node::Text(String::new());
    }
    if let Node::Text(text) = node { Some(text) } else { None }
}

fn pieces<'n, 'a>(node: &'n mut Node<'a>) -> Option<&'n mut Vec<Cow<'a, str>>> {
    if let Node::Null = node {
        *node = Node::Pieces(Vec::new());
    }
    if let Node::Pieces(pieces) = node { Some(pieces) } else { None }
}

fn list<'n, 'a>(node: &'n mut Node<'a>) -> Option<&'n mut Vec<&'a RawValue>> {
    if let Node::Null = node {
        *node = Node::List(Vec::new());
    }
    if let Node::List(list) = node { Some(list) } else { None }
}

fn entries<'n, 'a>(node: &'n mut Node<'a>) -> Option<&'n mut Object<'a>> {
    if let Node::Null = node {
        *node = Node::Object(Object::default());
    }
    if let Node::Object(object) = node { Some(object) } else { None }
}

fn numbered<'n, 'a>(node: &'n mut Node<'a>) -> Option<&'n mut Vec<(u64, Object<'a>)>> {
    if let Node::Null = node {
        *node = Node::Numbered(Vec::new());
    }
    if let Node::Numbered(list) = node { Some(list) } else { None }
}

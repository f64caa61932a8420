//! The items a stored answer was given to, page by page: `GET /responses/{id}/input_items` (vendors.md §1.7).

use crate::dialect::responses::json;
use crate::dialect::responses::json::List;
use crate::dialect::responses::json::Members;
use crate::dialect::responses::json::Object;
use crate::dialect::responses::thread::Stored;
use crate::dialect::responses::thread::id_of;
use std::borrow::Cow;

/// Which items are wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// The first ones first.
    pub ascending: bool,
    /// 1 to 100.
    pub limit: usize,
    /// Id of the item before the first one.
    pub after: Option<String>,
}

impl Default for Page {
    fn default() -> Page {
        Page { ascending: false, limit: 20, after: None }
    }
}

impl Page {
    /// Reads a query, without its `?`. What cannot be read is left as it is by default.
    pub fn read(query: &str) -> Page {
        let mut page = Page::default();
        for (name, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
            match name {
                "order" => page.ascending = value == "asc",
                "limit" => page.limit = value.parse().map_or(page.limit, |limit: usize| limit.clamp(1, 100)),
                "after" => page.after = Some(value.to_owned()),
                _ => {}
            }
        }
        page
    }
}

/// The items of one page; `None` where what was stored cannot be read.
pub fn input_items(stored: &[u8], page: &Page) -> Option<Vec<u8>> {
    let stored: Stored<'_> = serde_json::from_slice(stored).ok()?;
    let response = json::object::<Members<'_>>(stored.response)?.text("id")?;
    let mut items: Vec<(Cow<'_, str>, Members<'_>)> = stored
        .input
        .iter()
        .enumerate()
        .filter_map(|(at, raw)| {
            let members: Members<'_> = json::object(raw)?;
            Some((id_of(&members, &response, at), members))
        })
        .collect();
    if !page.ascending {
        items.reverse();
    }
    let from = page.after.as_ref().and_then(|after| items.iter().position(|(id, _)| id == after));
    let rest = items.get(from.map_or(0, |at| at + 1)..).unwrap_or_default();
    let shown = rest.get(..page.limit).unwrap_or(rest);
    let mut out = Vec::new();
    let mut object = Object::open(&mut out);
    object.put("object", "list");
    let mut data = List::open(object.nest("data"));
    shown.iter().for_each(|(id, members)| write_item(id, members, data.item()));
    data.close();
    object.put("first_id", &shown.first().map(|(id, _)| id)).put("last_id", &shown.last().map(|(id, _)| id));
    object.put("has_more", &(shown.len() < rest.len()));
    object.close();
    Some(out)
}

/// An item with all that the vendor itself would show of it.
fn write_item(id: &str, members: &Members<'_>, out: &mut Vec<u8>) {
    let mut object = Object::open(out);
    object.put("id", id);
    let is_message = members.find("role").is_some();
    if is_message && members.find("type").is_none() {
        object.put("type", "message");
    }
    if is_message && members.find("status").is_none() {
        object.put("status", "completed");
    }
    for (key, value) in members.0.iter().filter(|(key, _)| key != "id") {
        match (is_message && key == "content", value.get().starts_with('"')) {
            (true, true) => {
                let own = members.text("role").as_deref() == Some("assistant");
                let mut content = List::open(object.nest(key));
                let mut text = Object::of(content.item(), if own { "output_text" } else { "input_text" });
                text.put_raw("text", value.get().as_bytes());
                if own {
                    text.put_raw("annotations", b"[]");
                }
                text.close();
                content.close();
            }
            _ => {
                object.put_raw(key, value.get().as_bytes());
            }
        }
    }
    object.close();
}

//! Marked reasoning in a request that is passed on as it is: a provider of this dialect can read only its own.

use crate::dialect::Dialect;
use crate::dialect::origin;
use crate::dialect::responses::json;
use crate::dialect::responses::json::List;
use crate::dialect::responses::json::Members;
use crate::dialect::responses::json::Object;
use crate::dialect::responses::seal;
use crate::dialect::responses::seal::Brought;
use memchr::memmem;
use serde_json::value::RawValue;

/// The body with every marked reasoning item as its vendor made it, and without those of other vendors; `None`
/// where there is nothing to change.
pub fn lifted(body: &[u8]) -> Option<Vec<u8>> {
    memmem::find(body, seal::MARK.as_bytes())?;
    let request: Members<'_> = serde_json::from_slice(body).ok()?;
    let items = request.find("input").and_then(json::elements)?;
    let mut out = Vec::with_capacity(body.len());
    let mut object = Object::open(&mut out);
    for (key, value) in &request.0 {
        if key != "input" {
            object.put_raw(key, value.get().as_bytes());
        }
    }
    let mut list = List::open(object.nest("input"));
    items.iter().for_each(|item| write(item, &mut list));
    list.close();
    object.close();
    Some(out)
}

fn write(item: &RawValue, list: &mut List<'_>) {
    let members = json::object::<Members<'_>>(item).unwrap_or_default();
    let encrypted = members.text("encrypted_content").filter(|encrypted| encrypted.starts_with(seal::MARK));
    let Some(encrypted) = encrypted else {
        return list.item().extend_from_slice(item.get().as_bytes());
    };
    let signature = match seal::brought("", &encrypted) {
        Brought::Signature(signature) => origin::owned(signature, Dialect::Responses, Dialect::Responses),
        Brought::Redacted(_) => None,
    };
    let Some((id, encrypted)) = signature.as_deref().and_then(seal::unpack) else { return };
    let mut object = Object::open(list.item());
    for (key, value) in &members.0 {
        match key.as_ref() {
            "id" => object.put("id", id),
            "encrypted_content" => object.put("encrypted_content", encrypted),
            key => object.put_raw(key, value.get().as_bytes()),
        };
    }
    object.close();
}

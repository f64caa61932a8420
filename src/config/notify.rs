//! `notify`: who is told when a soft budget is passed.

use crate::config::BaseUrl;
use crate::config::base_url;
use crate::config::reader::Field;
use crate::config::reader::Section;
use crate::config::shapes;
use crate::secret::Secret;

/// Who is told of what happens.
#[derive(Clone, Debug)]
pub struct Notify {
    /// Is sent a JSON body when a soft budget is passed.
    pub webhook: Option<Webhook>,
}

/// An address that takes POSTs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Webhook {
    /// Its host; the path is apart.
    pub at: BaseUrl,
    /// Path and query: whoever knows them may call it.
    pub path: Secret,
}

pub fn read(root: &Section<'_>) -> Notify {
    let section = root.section("notify", &shapes::NOTIFY);
    let webhook = section.field("webhook").filter(|field| field.shown() != "`off`");
    Notify { webhook: webhook.and_then(|field| read_webhook(&field)) }
}

/// Never shown: whoever knows the address of a webhook may call it.
fn read_webhook(field: &Field<'_>) -> Option<Webhook> {
    let url = field.secret()?;
    let (place, query) = url.expose().split_once('?').map_or((url.expose(), ""), |(p, q)| (p, q));
    match base_url::parse(place) {
        Ok(mut at) => {
            let path = std::mem::take(&mut at.path);
            let query = if query.is_empty() { String::new() } else { format!("?{query}") };
            let path = if path.is_empty() { "/".to_owned() } else { path };
            Some(Webhook { at, path: Secret::new(path + &query) })
        }
        Err(message) => {
            field.refuse(message);
            None
        }
    }
}

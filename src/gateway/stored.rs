//! What a client wants of an answer that is stored: to see it or what it was given to, to have it gone.

use crate::dialect::responses::page::Page;
use crate::dialect::responses::page::input_items;
use crate::dialect::responses::thread;
use crate::gateway::answer::send;
use crate::gateway::client;
use crate::gateway::operation::Wish;
use crate::gateway::record::Record;
use crate::gateway::refuse;
use crate::gateway::refuse::Refusal;
use crate::gateway::threads::Threads;
use pingora::proxy::Session;

/// Answers with what is stored under `id` for one key.
pub async fn answer(
    session: &mut Session,
    record: &mut Record,
    threads: &Threads,
    scope: &str,
    (id, wish): (&str, Wish),
) -> pingora::Result<()> {
    let page = Page::read(session.req_header().uri.query().unwrap_or_default());
    match granted(threads, scope, id, wish, &page).await {
        Ok(body) => send(session, record, 200, body.into()).await,
        Err(refusal) => client::refuse(session, record, &refusal).await,
    }
}

async fn granted(
    threads: &Threads,
    scope: &str,
    id: &str,
    wish: Wish,
    page: &Page,
) -> Result<Vec<u8>, Refusal> {
    let unknown = || refuse::unknown_response(id);
    let stored = threads.find(scope, id).await.ok_or_else(unknown)?;
    match wish {
        Wish::Show => thread::shown(&stored).ok_or_else(unknown),
        Wish::Input => input_items(&stored, page).ok_or_else(unknown),
        Wish::Cancel => Err(refuse::not_in_the_background()),
        Wish::Delete => {
            threads.forget(scope, id).await;
            Ok(thread::deleted(id))
        }
    }
}

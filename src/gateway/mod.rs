//! `impl ProxyHttp`: the life of a request as a table of contents.

pub mod admit;
pub mod answer;
mod arrive;
pub mod attached;
pub mod attempt;
mod both_ways;
pub mod carry;
pub mod charge;
pub mod client;
pub mod decode;
pub mod deliver;
pub mod door;
pub mod entry;
pub mod exchange;
pub mod failure;
pub mod fetch;
mod flow;
pub mod follow;
pub mod front;
mod give_up;
pub mod itinerary;
pub mod jobs;
pub mod keepsakes;
pub mod leave;
pub mod media;
mod meter;
mod note;
pub mod operation;
pub mod outbound;
pub mod parts;
pub mod passage;
pub mod plan;
pub mod prepare;
pub mod promise;
pub mod recall;
pub mod receive;
pub mod record;
pub mod refuse;
pub mod reply;
pub mod rest;
pub mod slow_head;
pub mod snapshot;
pub mod sound;
pub mod stand;
pub mod stored;
pub mod subject;
pub mod threads;
mod tunnel;
pub mod unread;
pub mod vendor;
pub mod verdicts;
pub mod warnings;

use crate::edge::Fault;
use crate::edge::Passage;
use crate::edge::answer::until_it_ends;
use crate::gateway::client::ClientLeft;
use crate::gateway::exchange::Exchange;
use crate::gateway::jobs::on_behalf::OnBehalf;
use crate::gateway::parts::Parts;
use crate::gateway::passage::Way;
use crate::gateway::record::Arrival;
use crate::gateway::record::Record;
use crate::gateway::snapshot::Snapshot;
use async_trait::async_trait;
use bytes::Bytes;
use http::HeaderMap;
use pingora::Error;
use pingora::http::RequestHeader;
use pingora::http::ResponseHeader;
use pingora::modules::http::HttpModules;
use pingora::proxy::FailToProxy;
use pingora::proxy::ProxyHttp;
use pingora::proxy::Session;
use pingora::upstreams::peer::HttpPeer;
use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

/// The door for clients.
pub struct Gateway {
    parts: Arc<Parts>,
}

impl Gateway {
    pub fn new(parts: Arc<Parts>) -> Gateway {
        Gateway { parts }
    }
}

/// One request between its phases.
pub struct Call {
    snapshot: Arc<Snapshot>,
    /// In a box, for Pingora moves this about.
    record: Option<Box<Record>>,
    /// An AI request, ready to be asked of providers.
    exchange: Option<Box<Exchange>>,
    /// A request on a route of the edge.
    passage: Option<Box<Passage>>,
    /// For whom a job's request is asked.
    on_behalf: Option<Arc<OnBehalf>>,
}

#[async_trait]
impl ProxyHttp for Gateway {
    type CTX = Call;

    fn new_ctx(&self) -> Call {
        let snapshot = self.parts.snapshot.load_full();
        Call { snapshot, record: None, exchange: None, passage: None, on_behalf: None }
    }

    /// What a session was made with here; connections have none.
    fn on_connection_reuse(
        &self,
        _session: &mut Session,
        call: &mut Call,
        context: Box<dyn Any + Send + Sync>,
    ) {
        call.on_behalf = context.downcast().ok().map(|on_behalf| *on_behalf);
    }

    /// No modules: each would look at every byte, and compression would hold events back.
    fn init_downstream_modules(&self, _modules: &mut HttpModules) {}

    async fn early_request_filter(&self, session: &mut Session, call: &mut Call) -> pingora::Result<()> {
        arrive::settle(session, &call.snapshot.config.server, self.parts.leave.is_leaving());
        let arrival =
            Arrival { on_behalf: call.on_behalf.take(), ..arrive::arrival(session, &call.snapshot.config) };
        let mut record = Record::new(self.parts.ledger.clone(), arrival);
        door::dress(&self.parts, session, &mut record);
        call.record = Some(Box::new(record));
        Ok(())
    }

    async fn request_filter(&self, session: &mut Session, call: &mut Call) -> pingora::Result<bool> {
        let Some(record) = &mut call.record else {
            return Ok(false);
        };
        if door::answered(&self.parts, session, record).await? {
            return Ok(true);
        }
        match passage::enter(&self.parts, &call.snapshot, session, record).await? {
            Way::Answered => Ok(true),
            Way::Onward(passage) => {
                call.passage = Some(passage);
                Ok(false)
            }
            Way::Api(_place) => {
                call.exchange = prepare::prepare(&self.parts, &call.snapshot, session, record).await?;
                Ok(call.exchange.is_none())
            }
        }
    }

    async fn proxy_upstream_filter(&self, session: &mut Session, call: &mut Call) -> pingora::Result<bool> {
        if let (Some(record), Some(exchange)) = (&mut call.record, call.exchange.take()) {
            exchange::run(&self.parts, &call.snapshot, session, record, *exchange).await?;
            return ended(record).map(|()| false);
        }
        let (Some(record), Some(passage)) = (&mut call.record, call.passage.as_deref_mut()) else {
            return Ok(false);
        };
        if tunnel::is_wanted(session) {
            // In a box, as WebSockets are few and what one needs is large.
            return Box::pin(tunnel::run(session, record, passage)).await.map(|()| false);
        }
        match carry::at_hand(session, passage).await? {
            Some(body) => {
                carry::run(&self.parts.upstreams, session, record, passage, &body).await.map(|()| false)
            }
            None => Ok(true),
        }
    }

    /// This phase and those that follow, up to the failures, are for the routes of the edge alone.
    async fn upstream_peer(&self, session: &mut Session, call: &mut Call) -> pingora::Result<Box<HttpPeer>> {
        passage::peer(session, call.passage.as_deref_mut()).await
    }

    async fn upstream_request_filter(
        &self,
        _session: &mut Session,
        head: &mut RequestHeader,
        call: &mut Call,
    ) -> pingora::Result<()> {
        call.passage.as_ref().map_or(Ok(()), |passage| passage.request_head(head))
    }

    async fn request_body_filter(
        &self,
        _session: &mut Session,
        body: &mut Option<Bytes>,
        _end: bool,
        call: &mut Call,
    ) -> pingora::Result<()> {
        call.passage.as_mut().map_or(Ok(()), |passage| passage.request_body(body.as_ref()))
    }

    async fn response_filter(
        &self,
        session: &mut Session,
        head: &mut ResponseHeader,
        call: &mut Call,
    ) -> pingora::Result<()> {
        until_it_ends(session.req_header().version, head);
        passage::response_head(call.record.as_deref_mut(), call.passage.as_deref_mut(), head)
    }

    fn response_body_filter(
        &self,
        _session: &mut Session,
        body: &mut Option<Bytes>,
        end: bool,
        call: &mut Call,
    ) -> pingora::Result<Option<Duration>> {
        call.passage.iter_mut().try_for_each(|passage| passage.response_body(body, end)).map(|()| None)
    }

    /// A body with trailers ends with them. What is left of a compressed one takes their place.
    async fn response_trailer_filter(
        &self,
        _session: &mut Session,
        _trailers: &mut HeaderMap,
        call: &mut Call,
    ) -> pingora::Result<Option<Bytes>> {
        let mut rest = None;
        call.passage.iter_mut().try_for_each(|passage| passage.response_body(&mut rest, true))?;
        Ok(rest)
    }

    fn fail_to_connect(
        &self,
        _session: &mut Session,
        _peer: &HttpPeer,
        call: &mut Call,
        mut error: Box<Error>,
    ) -> Box<Error> {
        let fault = Fault::of(&error);
        error.set_retry(call.passage.as_mut().is_some_and(|passage| passage.not_connected(fault)));
        error
    }

    fn error_while_proxy(
        &self,
        _peer: &HttpPeer,
        session: &mut Session,
        mut error: Box<Error>,
        call: &mut Call,
        reused: bool,
    ) -> Box<Error> {
        let (fault, untouched) = (Fault::of(&error), passage::is_untouched(session, &error));
        error.set_retry(call.passage.as_mut().is_some_and(|passage| passage.broke(fault, untouched, reused)));
        error
    }

    async fn fail_to_proxy(&self, session: &mut Session, error: &Error, call: &mut Call) -> FailToProxy {
        if let (Some(record), Some(passage)) = (&mut call.record, &call.passage) {
            passage::give_up(session, record, passage, error).await;
        }
        if let Some(record) = call.record.as_mut().filter(|r| r.outcome.status == 0) {
            record.client_left();
        }
        tracing::debug!(%error, written = session.response_written().is_some(), "connection lost");
        FailToProxy { error_code: 0, can_reuse_downstream: false }
    }

    fn suppress_error_log(&self, _session: &Session, _call: &Call, _error: &Error) -> bool {
        true
    }

    async fn logging(&self, session: &mut Session, _error: Option<&Error>, call: &mut Call) {
        rest::note_end(session);
        // What comes now, the rest of an unread body perhaps, takes no server's time.
        let passage = call.passage.take();
        if let Some(record) = &mut call.record {
            if let Some(route) = &record.subject.route {
                let retries = passage.map_or(0, |passage| passage.retries());
                self.parts.metrics().routed(route, record.outcome.status, retries);
            }
            record.close();
        }
    }
}

/// A client that has left must not have its connection used again.
fn ended(record: &Record) -> pingora::Result<()> {
    match record.outcome.status == record::CLIENT_LEFT {
        true => Err(ClientLeft.into()),
        false => Ok(()),
    }
}

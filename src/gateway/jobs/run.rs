//! A job's request on its way through all phases of the gateway, without a socket.

use crate::gateway::Gateway;
use crate::gateway::jobs::on_behalf::OnBehalf;
use crate::store::ClaimedJob;
use crate::store::JobMessage;
use http::header;
use pingora::apps::HttpServerApp;
use pingora::http::RequestHeader;
use pingora::http::ResponseHeader;
use pingora::protocols::http::ServerSession;
use pingora::protocols::http::v1::client::HttpSession;
use pingora::proxy::HttpProxy;
use pingora::server::ShutdownWatch;
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::DuplexStream;
use tokio::task::JoinHandle;

/// Bytes on their way between the two ends.
const PIPE: usize = 64 * 1024;
/// Largest answer that is kept.
const MOST_ANSWER: usize = 64 << 20;
/// How long the phases take at most to notice that nobody listens any more.
const FAREWELL: Duration = Duration::from_secs(5);

/// Headers that belong to one connection (RFC 9110 §7.6.1), or are made anew for each answer.
const NOT_KEPT: [&str; 9] = [
    "connection",
    "content-length",
    "date",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// How a run ended.
pub enum Ran {
    Answered(JobMessage),
    /// The connection to the provider, or the time was over; it may be tried again.
    Broke(&'static str),
    /// There is an answer that is not kept.
    TooLarge,
    /// It was told to.
    Stopped,
}

/// Asks the gateway as a client would.
pub struct Runner {
    pub proxy: Arc<HttpProxy<Gateway>>,
    pub shutdown: ShutdownWatch,
}

enum NoAnswer {
    Broken,
    TooLarge,
}

impl From<Box<pingora::Error>> for NoAnswer {
    fn from(_: Box<pingora::Error>) -> NoAnswer {
        NoAnswer::Broken
    }
}

impl Runner {
    /// Runs a job to its end, for `patience` at most, or until it is `stopped`: the call to the provider is dropped
    /// then, as that of a client who leaves.
    pub async fn run(
        &self,
        job: &ClaimedJob,
        request: JobMessage,
        patience: Duration,
        stopped: impl Future<Output = ()>,
    ) -> Ran {
        let (near, far) = tokio::io::duplex(PIPE);
        let on_behalf = Arc::new(OnBehalf::new(&job.run.id, &job.key));
        let served = self.serve(far, on_behalf.clone());
        let mut wire = HttpSession::new(Box::new(near));
        let asked = tokio::time::timeout(patience, ask(&mut wire, job, request));
        let asked = tokio::select! {
            biased;
            () = stopped => None,
            asked = asked => Some(asked),
        };
        drop(wire);
        // How it ended is told when its record is closed. Where that takes too long, it is not waited for.
        let _ = tokio::time::timeout(FAREWELL, served).await;
        match (asked, on_behalf.fault()) {
            (None, _) => Ran::Stopped,
            (Some(Err(_)), _) => Ran::Broke("timeout"),
            (Some(Ok(Err(NoAnswer::TooLarge))), _) => Ran::TooLarge,
            (Some(Ok(_)), Some(fault)) => Ran::Broke(fault),
            (Some(Ok(Ok(answer))), None) => Ran::Answered(answer),
            (Some(Ok(Err(NoAnswer::Broken))), None) => Ran::Broke("cut"),
        }
    }

    fn serve(&self, far: DuplexStream, on_behalf: Arc<OnBehalf>) -> JoinHandle<()> {
        let (proxy, shutdown) = (self.proxy.clone(), self.shutdown.clone());
        let mut session = ServerSession::new_http1(Box::new(far));
        session.set_keepalive(None);
        session.set_connection_user_context(Some(Box::new(on_behalf)));
        tokio::spawn(async move {
            // No second request comes this way.
            let _ = proxy.process_new_http(session, &shutdown).await;
        })
    }
}

async fn ask(wire: &mut HttpSession, job: &ClaimedJob, request: JobMessage) -> Result<JobMessage, NoAnswer> {
    wire.write_request_header(Box::new(head(job, &request)?)).await?;
    // It may be refused before it is read; then the answer is what counts.
    let _ = wire.write_body(&request.body).await;
    let _ = wire.finish_body().await;
    let head = wire.read_resp_header_parts().await?;
    let mut body = Vec::new();
    while let Some(bytes) = wire.read_body_bytes().await? {
        body.extend_from_slice(&bytes);
        if body.len() > MOST_ANSWER {
            return Err(NoAnswer::TooLarge);
        }
    }
    Ok(JobMessage { status: head.status.as_u16(), head: kept(&head), body })
}

fn head(job: &ClaimedJob, request: &JobMessage) -> pingora::Result<RequestHeader> {
    let mut head = RequestHeader::build("POST", job.target.as_bytes(), None)?;
    let stored: Vec<(String, String)> = serde_json::from_str(&request.head).unwrap_or_default();
    for (name, value) in stored {
        head.append_header(name, value)?;
    }
    head.insert_header(header::HOST, "jobs")?;
    head.insert_header("x-request-id", job.request_id.as_str())?;
    head.insert_header(header::CONTENT_LENGTH, request.body.len())?;
    Ok(head)
}

fn kept(head: &ResponseHeader) -> String {
    let lasting = head.headers.iter().filter(|(name, _)| !NOT_KEPT.contains(&name.as_str()));
    let texts: Vec<_> =
        lasting.filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?))).collect();
    json!(texts).to_string()
}

//! Files that a request names by URL, fetched for a target that does not open URLs itself.

mod guard;
mod kind;
mod link;
mod visit;
mod wanted;

use crate::config::Fetch;
use crate::dialect::hub::ChatRequest;
use crate::dialect::hub::ModelTraits;
use crate::dialect::openai::error::ErrorBody;
use crate::dialect::side::Fetched;
use crate::dialect::side::FetchedFile;
use crate::dialect::side::ProviderSide;
use crate::gateway::failure::Failure;
use crate::gateway::fetch::link::Link;
use crate::gateway::fetch::visit::Unfetched;
use crate::gateway::fetch::visit::Visit;
use crate::gateway::fetch::wanted::wanted;
use crate::routing::judge::Fault;
use crate::upstream::Upstreams;
use futures_util::StreamExt;
use futures_util::stream;
use std::time::Instant;

/// Most files of one request.
const MAX_FILES: usize = 16;
/// So many are fetched at the same time.
const AT_ONCE: usize = 4;

/// The files of one request, kept from one attempt to the next.
pub struct Files<'s> {
    pub upstreams: &'s Upstreams,
    pub rules: &'s Fetch,
    /// All files together, in bytes of base64: no more than the client could have sent itself.
    pub most: usize,
    /// No file is waited for after this.
    pub deadline: Instant,
    pub fetched: Fetched,
}

impl Files<'_> {
    /// What `request` names by URL and its target does not open, fetched at most once.
    ///
    /// # Errors
    /// A [`Failure`] that is the request's, whoever keeps the file: no other target would do better.
    pub async fn bring(
        &mut self,
        request: &ChatRequest<'_>,
        side: &dyn ProviderSide,
        traits: &ModelTraits,
    ) -> Result<(), Failure> {
        let mut urls = wanted(request, &|url, is_document| side.opens(url, is_document, traits));
        urls.retain(|url| !self.fetched.contains_key(*url));
        match urls.is_empty() {
            true => Ok(()),
            // Boxed: it is rare, and every attempt would carry the room for it.
            false => Box::pin(self.fetch(urls)).await,
        }
    }

    async fn fetch(&mut self, urls: Vec<&str>) -> Result<(), Failure> {
        if self.fetched.len() + urls.len() > MAX_FILES {
            return Err(refused(&format!(
                "the request names more than {MAX_FILES} files by URL, which this model's provider does not open \
                 itself; send fewer, or send them as base64"
            )));
        }
        let until = self.deadline.min(Instant::now() + self.rules.timeout);
        let visit = Visit { upstreams: self.upstreams, rules: self.rules, until };
        let visits: Vec<_> = urls.iter().map(|url| visit.file(url)).collect();
        let mut visits = stream::iter(visits).buffered(AT_ONCE);
        for url in &urls {
            let Some(file) = visits.next().await else { break };
            let file = file.map_err(|why| unfetched(url, &why))?;
            self.keep(url, file)?;
        }
        Ok(())
    }

    fn keep(&mut self, url: &str, file: FetchedFile) -> Result<(), Failure> {
        let held: usize = self.fetched.values().map(|file| file.data.len()).sum();
        if held + file.data.len() > self.most {
            return Err(refused(&format!(
                "the files that the request names by URL are larger than {} bytes together; send fewer or smaller \
                 ones",
                self.most
            )));
        }
        self.fetched.insert(url.to_owned(), file);
        Ok(())
    }
}

/// Of the URL only the host is told: the rest may hold a signature.
fn unfetched(url: &str, why: &Unfetched) -> Failure {
    let host =
        Link::parse(url).map_or_else(|_| String::new(), |link| format!(" from `{}`", link.origin.host));
    refused(&format!(
        "this model's provider does not open URLs itself, and the file{host} could not be fetched for it: {why}; send \
         the file as base64"
    ))
}

fn refused(message: &str) -> Failure {
    let said = ErrorBody {
        message,
        kind: "invalid_request_error",
        param: Some("messages"),
        code: Some("invalid_image_url"),
    };
    Failure { fault: Fault::BadRequest, said: said.to_json(), word: "unfetched" }
}

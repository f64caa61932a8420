//! A gateway's admin API, asked over HTTP.

use crate::admin::query;
use crate::admin::routes::BASE;
use crate::cli::reach::Ask;
use crate::cli::reach::Said;
use crate::clock;
use crate::config;
use crate::config::BaseUrl;
use crate::config::Environment;
use crate::secret::Secret;
use crate::upstream::Broken;
use crate::upstream::Host;
use crate::upstream::Request;
use crate::upstream::Upstreams;
use crate::upstream::host::Manner;
use bytes::Bytes;
use http::HeaderValue;
use http::header;
use serde_json::Value;
use std::time::Duration;

/// Where the token is.
pub const TOKEN: &str = "TOLLGATE_ADMIN_KEY";

/// A report over months may take a while.
const PATIENCE: Duration = Duration::from_secs(60);
const CONNECT: Duration = Duration::from_secs(10);
/// Ten thousand rows have a few MiB.
const LARGEST: usize = 64 << 20;

/// Where it is, and the token to show there.
pub struct Remote {
    base: BaseUrl,
    token: Secret,
    upstreams: Upstreams,
}

impl Remote {
    /// # Errors
    /// What is wrong with the address, or that there is no token.
    pub fn new(url: &str, environment: &Environment) -> Result<Remote, String> {
        let base = config::read_base_url(url).map_err(|must| format!("--url {must}"))?;
        let token = environment.0.get(TOKEN).filter(|token| !token.is_empty());
        let token = token.ok_or_else(|| format!("`{TOKEN}` is not set; put the token of an admin there"))?;
        Ok(Remote { base, token: Secret::new(token), upstreams: Upstreams::new(1) })
    }

    /// # Errors
    /// That it cannot be reached, or its refusal in words.
    pub async fn ask(&self, ask: Ask) -> Result<Said, String> {
        let path = match ask.query.as_slice() {
            [] => format!("{}{BASE}{}", self.base.path, ask.path),
            query => format!("{}{BASE}{}?{}", self.base.path, ask.path, query::written(query)),
        };
        let body = ask.body.map(|body| Bytes::from(body.to_string())).unwrap_or_default();
        let (status, body) = self.exchange(ask.method, &path, &body).await?;
        let value = serde_json::from_slice::<Value>(&body).ok();
        match (status, value) {
            (204, _) => Ok(Said::Nothing),
            (200..=299, Some(value)) => Ok(Said::Json(value)),
            (200..=299, None) => Ok(Said::Text(String::from_utf8_lossy(&body).into_owned())),
            (_, Some(value)) if value["error"]["message"].is_string() => {
                Err(value["error"]["message"].as_str().unwrap_or_default().to_owned())
            }
            (status, _) => Err(format!("{} answers {status}; is that an admin listener?", self.base.host)),
        }
    }

    async fn exchange(&self, method: &'static str, path: &str, body: &Bytes) -> Result<(u16, Bytes), String> {
        let manner = Manner {
            base: self.base.clone(),
            authority: None,
            http2: false,
            connect: CONNECT,
            write: PATIENCE,
        };
        let host = Host::new(manner, &[]);
        let token = HeaderValue::from_str(&format!("Bearer {}", self.token.expose()));
        let token = token.map_err(|_| format!("`{TOKEN}` holds signs that no token has"))?;
        let authority = HeaderValue::from_str(&host.authority()).map_err(|error| error.to_string())?;
        let request = Request {
            method,
            scheme: host.scheme(),
            authority: &authority,
            path,
            fields: &[(&header::AUTHORIZATION, &token)],
            body,
        };
        let broken = |error: Broken| format!("{} cannot be asked: {error}", self.base.host);
        let until = clock::now() + PATIENCE;
        let asked = async {
            host.refresh().await?;
            let mut wire = self.upstreams.open(&host, true, until).await?;
            wire.send(&request, until).await?;
            let status = wire.head(until).await?.status.as_u16();
            Ok((status, wire.whole(LARGEST, until).await?))
        };
        asked.await.map_err(broken)
    }
}

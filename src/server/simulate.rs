//! Two simulated providers for a first start without any key: everything works, nothing is real.

use crate::config::BaseUrl;
use crate::config::Config;
use crate::config::Provider;
use crate::mock;
use crate::mock::Behaviour;
use crate::provider::Class;
use crate::provider::Tier;
use crate::provider::presets;
use futures_util::future::join_all;
use std::io;
use std::net::SocketAddr;
use std::net::TcpListener;

/// How the two are called, in `X-Provider` and in their answers.
const NAMES: [&str; 2] = ["simulated-1", "simulated-2"];
const MODEL: &str = "simulated";

/// Opens a listener for each simulated provider.
///
/// # Errors
/// When loopback has no free port.
pub fn listeners() -> io::Result<Vec<TcpListener>> {
    NAMES.iter().map(|_| TcpListener::bind(("127.0.0.1", 0))).collect()
}

/// Adds the simulated providers to a configuration that has none.
///
/// # Errors
/// When none are running: they start with the process or not at all.
pub fn fill(config: &mut Config, addresses: &[SocketAddr]) -> Result<(), String> {
    let preset = presets::preset("openai_compatible").ok_or("the preset `openai_compatible` is missing")?;
    if addresses.is_empty() {
        return Err("no provider has a key; set one, or restart to have simulated ones".to_owned());
    }
    config.providers = NAMES
        .iter()
        .zip(addresses)
        .map(|(name, address)| Provider {
            name: (*name).to_owned(),
            preset,
            base_url: BaseUrl {
                tls: false,
                host: address.ip().to_string(),
                port: address.port(),
                path: "/v1".to_owned(),
            },
            api_keys: Vec::new(),
            tier: Tier::Local,
            weight: None,
            quota: Default::default(),
            ca_file: None,
            models: vec![MODEL.to_owned()],
            fallback_models: Class::ALL.into_iter().map(|class| (class, MODEL.to_owned())).collect(),
            headers: Vec::new(),
            http2: false,
            region: String::new(),
            api_version: None,
            check: true,
        })
        .collect();
    Ok(())
}

/// Serves the simulated providers for as long as the process lives.
pub async fn run(listeners: Vec<TcpListener>) {
    let serve = |(name, listener): (&'static str, TcpListener)| {
        let behaviour =
            Behaviour { name: name.to_owned(), models: vec![MODEL.to_owned()], ..Behaviour::default() };
        async move {
            let listener =
                listener.set_nonblocking(true).and_then(|()| tokio::net::TcpListener::from_std(listener));
            match listener {
                Ok(listener) => mock::serve(listener, behaviour).await,
                Err(cause) => tracing::error!(provider = name, %cause, "simulated provider not started"),
            }
        }
    };
    join_all(NAMES.into_iter().zip(listeners).map(serve)).await;
}

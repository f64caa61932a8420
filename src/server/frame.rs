//! What Pingora is told of the configuration.

use crate::clock;
use crate::config::Config;
use crate::server::takeover;
use pingora::server::configuration::ServerConf;

/// The frame that requests are served in.
pub fn conf(config: &Config) -> ServerConf {
    ServerConf {
        threads: config.server.threads,
        work_stealing: config.server.threads > 1,
        upstream_keepalive_pool_size: config.server.upstream_idle,
        // Housekeeping ends the process as soon as the last stream has ended; this is the latest moment.
        grace_period_seconds: Some(clock::whole_seconds(config.server.grace)),
        graceful_shutdown_timeout_seconds: Some(1),
        // Routes of the edge say themselves when it is enough.
        max_retries: 16,
        upgrade_sock: takeover::socket(&config.data_dir).display().to_string(),
        ..ServerConf::default()
    }
}

//! `tollgate mock`: a simulated provider in OpenAI's dialect.

use crate::config::read_duration;
use crate::mock::Behaviour;
use crate::mock::Stall;
use crate::mock::serve;
use crate::secret::Secret;
use anyhow::Context;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::TcpListener;

/// Runs a simulated provider, to rehearse with.
///
/// While it runs, `GET /__mock/stats` counts what it served, and `PUT /__mock/behaviour` changes it: the
/// fields are named like the options, as in `{"status": 503}` for an outage and `{"status": null}` for its end.
#[derive(Clone, Debug, clap::Args)]
pub struct MockArgs {
    /// Address it listens on
    #[arg(long, default_value = "127.0.0.1:9101")]
    listen: SocketAddr,
    /// What it calls itself in its answers
    #[arg(long, default_value = "mock")]
    name: String,
    /// Wait before every response head, such as 50ms
    #[arg(long, default_value = "0ms", value_parser = read_duration)]
    latency: Duration,
    /// Pace of answers; 0 is as fast as possible
    #[arg(long, default_value_t = 0)]
    tokens_per_second: u32,
    /// Length of answers, in tokens of four characters
    #[arg(long, default_value_t = 32)]
    reply_tokens: usize,
    /// Share of questions that fail, from 0 to 1
    #[arg(long, default_value_t = 0.0)]
    error_rate: f64,
    /// Status of those that fail
    #[arg(long, default_value_t = 500)]
    error_status: u16,
    /// Seconds to ask for in Retry-After with every failure
    #[arg(long)]
    retry_after: Option<u64>,
    /// Answer everything with this status
    #[arg(long)]
    status: Option<u16>,
    /// Silence before the first event: `forever` (also without a value) or a duration
    #[arg(long, num_args = 0..=1, default_missing_value = "forever")]
    stall: Option<Stall>,
    /// Drop the connection after so many events
    #[arg(long, value_name = "EVENTS")]
    cut_after: Option<usize>,
    /// Answer 200 with an error inside
    #[arg(long)]
    error_event: bool,
    /// Send the bytes of events in odd pieces
    #[arg(long)]
    split: bool,
    /// Let in only this bearer token
    #[arg(long, value_name = "KEY", value_parser = secret)]
    require_key: Option<Secret>,
    /// The only models it offers, separated by commas; without it, it answers to any name
    #[arg(long, value_delimiter = ',')]
    models: Vec<String>,
    /// Makes failures fall on the same questions in every run
    #[arg(long)]
    seed: Option<u64>,
}

/// Serves until it is interrupted.
pub async fn run(args: MockArgs) -> anyhow::Result<()> {
    let address = args.listen;
    let behaviour = Behaviour::from(args).checked()?;
    let listener =
        TcpListener::bind(address).await.with_context(|| format!("cannot listen on `{address}`"))?;
    eprintln!("simulated provider `{}` listens on http://{}/v1", behaviour.name, listener.local_addr()?);
    tokio::select! {
        () = serve(listener, behaviour) => Ok(()),
        stopped = tokio::signal::ctrl_c() => stopped.context("cannot wait for an interrupt"),
    }
}

fn secret(text: &str) -> Result<Secret, std::convert::Infallible> {
    Ok(Secret::new(text))
}

impl From<MockArgs> for Behaviour {
    fn from(args: MockArgs) -> Behaviour {
        Behaviour {
            name: args.name,
            latency: args.latency,
            tokens_per_second: args.tokens_per_second,
            reply_tokens: args.reply_tokens,
            error_rate: args.error_rate,
            error_status: args.error_status,
            retry_after: args.retry_after,
            status: args.status,
            stall: args.stall,
            cut_after: args.cut_after,
            error_event: args.error_event,
            split: args.split,
            require_key: args.require_key,
            models: args.models,
            seed: args.seed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Command {
        #[command(flatten)]
        args: MockArgs,
    }

    fn behaviour(options: &[&str]) -> Behaviour {
        Command::try_parse_from([&["mock"], options].concat()).unwrap().args.into()
    }

    #[test]
    fn without_options_it_is_the_default_behaviour() {
        assert_eq!(format!("{:?}", behaviour(&[])), format!("{:?}", Behaviour::default()));
    }

    #[test]
    fn a_stall_without_a_length_is_forever() {
        assert_eq!(behaviour(&["--stall"]).stall, Some(Stall::Forever));
        assert_eq!(behaviour(&["--stall", "2s"]).stall, Some(Stall::For(Duration::from_secs(2))));
        assert_eq!(behaviour(&["--stall", "--split"]).stall, Some(Stall::Forever));
    }

    #[test]
    fn models_are_separated_by_commas() {
        assert_eq!(behaviour(&["--models", "a,b"]).models, ["a", "b"]);
    }
}

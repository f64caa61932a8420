//! The load of the streamed comparisons: many event streams at once, one thread, one line of JSON at the end.

mod chunked;
mod connection;
mod first_event;
mod live;
mod times;

use anyhow::Context;
use clap::Parser;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// No run is allowed to take longer.
const LONGEST_RUN: Duration = Duration::from_secs(120);

#[derive(Parser)]
struct Args {
    /// What to measure: `live` (all streams once, side by side) or `first-event`.
    #[arg(value_enum)]
    measure: Measure,
    /// Who is asked; loopback only.
    address: SocketAddr,
    /// A file with the JSON body of every request.
    #[arg(long)]
    body: PathBuf,
    #[arg(long)]
    key: String,
    #[arg(long, default_value_t = 50)]
    streams: usize,
    /// For `first-event`: how many streams are timed in all.
    #[arg(long, default_value_t = 1000)]
    samples: usize,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum Measure {
    Live,
    FirstEvent,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    anyhow::ensure!(args.address.ip().is_loopback(), "`{}` is not on this machine", args.address);
    let request = request(&args)?;
    let run = async {
        match args.measure {
            Measure::Live => live::run(args.address, request, args.streams).await,
            Measure::FirstEvent => first_event::run(args.address, request, args.streams, args.samples).await,
        }
    };
    let report = tokio::time::timeout(LONGEST_RUN, run).await.context("the run took too long")??;
    println!("{report}");
    Ok(())
}

fn request(args: &Args) -> anyhow::Result<Vec<u8>> {
    let body =
        std::fs::read(&args.body).with_context(|| format!("`{}` cannot be read", args.body.display()))?;
    let head = format!(
        "POST /v1/chat/completions HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n",
        args.address,
        args.key,
        body.len()
    );
    Ok([head.into_bytes(), body].concat())
}

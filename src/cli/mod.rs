//! The commands, one file each.

pub mod check;
pub mod greeting;
pub mod keys;
pub mod mock;
pub mod run;

use clap::Parser;
use clap::Subcommand;
use std::path::PathBuf;
use std::process::ExitCode;

/// Tollgate: one gateway at the network edge for people who run AI workloads.
#[derive(Debug, Parser)]
#[command(version, about)]
pub struct Args {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve (the default)
    Run(FileArgs),
    /// Check the configuration and list every problem
    Check {
        #[command(flatten)]
        file: FileArgs,
        /// Show the merged result, secrets masked
        #[arg(long)]
        print: bool,
    },
    /// The keys made at the first start
    Keys {
        #[command(flatten)]
        file: FileArgs,
        #[command(subcommand)]
        action: keys::Action,
    },
    /// Run a simulated provider, to rehearse outages with
    Mock(mock::MockArgs),
}

#[derive(Debug, Default, clap::Args)]
struct FileArgs {
    /// Configuration file (else ./tollgate.yaml, /etc/tollgate/tollgate.yaml, else the environment alone)
    #[arg(short, long)]
    config: Option<PathBuf>,
}

/// Does what the command line says.
pub fn main() -> ExitCode {
    match Args::parse().command.unwrap_or(Command::Run(FileArgs::default())) {
        Command::Run(file) => run::run(file.config),
        Command::Check { file, print } => check::run(file.config.as_deref(), print),
        Command::Keys { file, action } => keys::run(file.config.as_deref(), &action),
        Command::Mock(args) => mock(args),
    }
}

fn mock(args: mock::MockArgs) -> ExitCode {
    let served = tokio::runtime::Runtime::new()
        .map_err(anyhow::Error::from)
        .and_then(|rt| rt.block_on(mock::run(args)));
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&format!("{error:#}")),
    }
}

/// Says what went wrong, on standard error.
fn fail(message: &str) -> ExitCode {
    eprintln!("tollgate: {message}");
    ExitCode::FAILURE
}

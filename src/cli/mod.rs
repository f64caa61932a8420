//! The commands, one file each.

pub mod admins;
pub mod audit;
pub mod check;
mod given;
pub mod greeting;
pub mod health;
pub mod keys;
pub mod mock;
mod reach;
mod remote;
mod rows;
pub mod run;
mod table;
pub mod tenants;
pub mod upgrade;
pub mod usage;

use crate::cli::reach::ReachArgs;
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
    Run(RunArgs),
    /// Put this program in the place of the gateway that runs, without a refused connection or a cut stream
    Upgrade(upgrade::UpgradeArgs),
    /// Check the configuration and list every problem
    Check {
        #[command(flatten)]
        file: FileArgs,
        /// Show the merged result, secrets masked
        #[arg(long)]
        print: bool,
    },
    /// Keys of clients, and those made at the first start
    Keys {
        #[command(flatten)]
        reach: ReachArgs,
        #[command(subcommand)]
        action: keys::Action,
    },
    /// Tenants: who pays for keys
    Tenants {
        #[command(flatten)]
        reach: ReachArgs,
        #[command(subcommand)]
        action: tenants::Action,
    },
    /// Admins: who may use the admin API
    Admins {
        #[command(flatten)]
        reach: ReachArgs,
        #[command(subcommand)]
        action: admins::Action,
    },
    /// What was used and what it cost
    Usage {
        #[command(flatten)]
        reach: ReachArgs,
        #[command(flatten)]
        wanted: usage::Wanted,
    },
    /// Who changed what, the newest first
    Audit {
        #[command(flatten)]
        reach: ReachArgs,
        #[command(flatten)]
        wanted: audit::Wanted,
    },
    /// Ask a gateway whether it lives: ends with 0 if it does
    Health(health::Asked),
    /// Run a simulated provider, to rehearse outages with
    Mock(mock::MockArgs),
}

#[derive(Debug, Default, clap::Args)]
struct RunArgs {
    #[command(flatten)]
    file: FileArgs,
    /// Wait for the listening sockets of the gateway that runs, which it hands over at SIGQUIT; `upgrade` does both
    #[arg(long)]
    upgrade: bool,
}

#[derive(Debug, Default, clap::Args)]
struct FileArgs {
    /// Configuration file (else ./tollgate.yaml, /etc/tollgate/tollgate.yaml, else the environment alone)
    #[arg(short, long)]
    config: Option<PathBuf>,
}

/// Does what the command line says.
pub fn main() -> ExitCode {
    match Args::parse().command.unwrap_or(Command::Run(RunArgs::default())) {
        Command::Run(args) => run::run(args.file.config, args.upgrade),
        Command::Upgrade(args) => upgrade::run(args),
        Command::Check { file, print } => check::run(file.config.as_deref(), print),
        Command::Keys { reach, action } => keys::run(&reach, action),
        Command::Tenants { reach, action } => tenants::run(&reach, action),
        Command::Admins { reach, action } => admins::run(&reach, action),
        Command::Usage { reach, wanted } => usage::run(&reach, wanted),
        Command::Audit { reach, wanted } => audit::run(&reach, wanted),
        Command::Health(asked) => health::run(asked),
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

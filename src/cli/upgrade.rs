//! `tollgate upgrade`: this program in the place of the gateway that runs, which ends with its last stream.

use crate::cli::fail;
use crate::cli::reach::configuration;
use crate::config::Environment;
use crate::server;
use crate::server::pid_file::Running;
use crate::server::takeover;
use rustix::process::Pid;
use rustix::process::Signal;
use rustix::process::kill_process;
use std::fs;
use std::fs::OpenOptions;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::path::PathBuf;
use std::process::Child;
use std::process::Command;
use std::process::ExitCode;
use std::process::Stdio;
use std::thread;
use std::time::Duration;
use std::time::Instant;

/// A start waits for its store, which may be busy or away.
const START: Duration = Duration::from_secs(60);
const LOOK: Duration = Duration::from_millis(20);

#[derive(Debug, clap::Args)]
pub struct UpgradeArgs {
    /// Configuration file of the new process (else ./tollgate.yaml, /etc/tollgate/tollgate.yaml, else the environment alone)
    #[arg(short, long)]
    config: Option<PathBuf>,
    /// Only if this program is another than the one that runs; if it is the same, have that reload its configuration
    #[arg(long)]
    if_new: bool,
}

/// Starts this program with this process's environment and folder, and has the gateway that runs hand over to it.
/// That one serves on if anything stands in the way.
pub fn run(args: UpgradeArgs) -> ExitCode {
    match upgrade(&args) {
        Ok(outcome) => {
            println!("{outcome}");
            ExitCode::SUCCESS
        }
        Err(message) => fail(&message),
    }
}

fn upgrade(args: &UpgradeArgs) -> Result<String, String> {
    let config = configuration(args.config.as_deref(), &Environment::of_process())?;
    server::check(&config).map_err(|error| error.to_string())?;
    let folder = &config.data_dir;
    let old = Running::find(folder).ok_or_else(|| {
        format!("no gateway runs with the data folder `{}`; start one with `tollgate run`", folder.display())
    })?;
    let program = std::env::current_exe().map_err(|cause| format!("cannot find this program: {cause}"))?;
    if args.if_new && is_run_by(&program, old.pid) {
        tell(old.pid, Signal::HUP)?;
        return Ok(format!("{} runs this program already; told to reload its configuration", old.pid));
    }
    let mut new = start(&program, args, old.pid)?;
    let pid = new.id();
    if let Err(why) = wait(&mut new, || takeover::is_awaited(folder)) {
        // It may have ended already.
        let _ = new.kill();
        return Err(format!("{why}; {} serves on", old.pid));
    }
    tell(old.pid, Signal::QUIT)?;
    wait(&mut new, || Running::find(folder).is_some_and(|running| running.pid == pid))
        .map_err(|why| format!("{why}; {} has been told to hand over, so start another", old.pid))?;
    Ok(format!("{pid} has taken over; {} ends with its last stream", old.pid))
}

/// In a group of its own, so that what ends this command does not end it. Its log goes on where the old one's went,
/// and to where this command's goes if that cannot be opened.
fn start(program: &Path, args: &UpgradeArgs, old: u32) -> Result<Child, String> {
    let output = |number: u32| {
        let at = format!("/proc/{old}/fd/{number}");
        OpenOptions::new().append(true).open(at).map_or_else(|_| Stdio::inherit(), Stdio::from)
    };
    let mut command = Command::new(program);
    command.args(["run", "--upgrade"]);
    if let Some(file) = &args.config {
        command.arg("--config").arg(file);
    }
    command.stdin(Stdio::null()).stdout(output(1)).stderr(output(2)).process_group(0);
    command.spawn().map_err(|cause| format!("cannot start `{}`: {cause}", program.display()))
}

fn wait(new: &mut Child, is_so: impl Fn() -> bool) -> Result<(), String> {
    let latest = Instant::now() + START;
    while !is_so() {
        if let Ok(Some(status)) = new.try_wait() {
            return Err(format!("the new process has ended ({status}), its log says why"));
        }
        if Instant::now() > latest {
            return Err(format!("the new process is not ready after {} s", START.as_secs()));
        }
        thread::sleep(LOOK);
    }
    Ok(())
}

/// A program that was replaced is another file, whatever its name.
fn is_run_by(program: &Path, pid: u32) -> bool {
    let run = fs::metadata(format!("/proc/{pid}/exe"));
    let same = |run: fs::Metadata| {
        fs::metadata(program).is_ok_and(|this| (this.dev(), this.ino()) == (run.dev(), run.ino()))
    };
    run.is_ok_and(same)
}

fn tell(pid: u32, signal: Signal) -> Result<(), String> {
    let known = i32::try_from(pid).ok().and_then(Pid::from_raw);
    let known = known.ok_or_else(|| format!("{pid} is no number of a process"))?;
    kill_process(known, signal).map_err(|cause| format!("cannot signal {pid}: {cause}"))
}

//! Programs of others: run in a folder and an environment of their own, with a deadline, and ended with all they started.

use crate::support::path_with_venv;
use std::fs;
use std::fs::File;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;
use std::time::Duration;
use std::time::Instant;

const POLL: Duration = Duration::from_millis(20);
const SAID: &str = "stdout.txt";
const COMPLAINED: &str = "stderr.txt";

/// A program that runs; dropping it ends it and what it started.
pub struct Outside {
    child: Child,
    log: std::path::PathBuf,
}

impl Outside {
    /// Starts a command whose home is `home`, with `PATH` and what the command itself sets, and nothing else of ours.
    pub fn start(command: &mut Command, home: &Path) -> Outside {
        let log = home.join("log");
        fs::create_dir_all(&log).unwrap();
        let file = |name: &str| File::create(log.join(name)).unwrap();
        let mine: Vec<_> = command
            .get_envs()
            .filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned())))
            .collect();
        command.env_clear().env("PATH", path_with_venv()).env("HOME", home).env("NO_PROXY", "127.0.0.1");
        command.envs(mine).stdin(Stdio::null()).stdout(file(SAID)).stderr(file(COMPLAINED)).process_group(0);
        let child = command.spawn().unwrap_or_else(|e| panic!("{command:?} cannot be run: {e}"));
        Outside { child, log }
    }

    /// What it printed by its end; panics with everything it said when it fails or is late.
    pub fn succeeds(mut self, deadline: Duration) -> String {
        let late = Instant::now() + deadline;
        let status = loop {
            match self.child.try_wait().unwrap() {
                Some(status) => break status,
                None => assert!(Instant::now() < late, "it is not done in {deadline:?}:\n{}", self.words()),
            }
            std::thread::sleep(POLL);
        };
        assert!(status.success(), "{status}:\n{}", self.words());
        self.said(SAID)
    }

    /// Waits until it answers at this address; panics with everything it said when it ends before, or is late.
    pub fn listens(&mut self, address: &str, deadline: Duration) {
        let late = Instant::now() + deadline;
        while std::net::TcpStream::connect(address).is_err() {
            let ended = self.child.try_wait().unwrap();
            assert!(ended.is_none(), "{ended:?}:\n{}", self.words());
            assert!(Instant::now() < late, "nobody listens after {deadline:?}:\n{}", self.words());
            std::thread::sleep(POLL);
        }
    }

    /// Everything it said so far.
    pub fn words(&self) -> String {
        format!("{}\n{}", self.said(SAID), self.said(COMPLAINED))
    }

    fn said(&self, name: &str) -> String {
        String::from_utf8_lossy(&fs::read(self.log.join(name)).unwrap_or_default()).into_owned()
    }
}

impl Drop for Outside {
    fn drop(&mut self) {
        // Its group outlives it where a child of it does; where nobody is left there is nobody to kill.
        let group = format!("-{}", self.child.id());
        Command::new("kill").args(["-KILL", "--", &group]).stderr(Stdio::null()).status().ok();
        self.child.wait().ok();
    }
}

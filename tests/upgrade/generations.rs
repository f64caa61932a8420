//! Processes that follow each other at the same addresses; of all but the first only the number is known.

use crate::support::Home;
use std::fs;
use std::process::Command;
use std::time::Duration;
use std::time::Instant;
use tollgate::server::pid_file::Running;

const DEADLINE: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(20);

/// Dropping it kills all that still run.
#[derive(Default)]
pub struct Generations(Vec<u32>);

impl Generations {
    /// Runs `tollgate upgrade`, which has to succeed; the number of the new process.
    pub async fn upgrade(&mut self, home: &Home, environment: &[(&str, &str)]) -> u32 {
        let before = serving(home);
        let outcome = tokio::task::block_in_place(|| home.run(&["upgrade"], environment));
        let said = String::from_utf8_lossy(&outcome.stdout).into_owned();
        assert!(outcome.status.success(), "{said}{}", String::from_utf8_lossy(&outcome.stderr));
        let now = serving(home);
        self.0.push(now);
        assert_ne!(before, now);
        assert_eq!(said.trim(), format!("{now} has taken over; {before} ends with its last stream"));
        now
    }

    /// Ends the one that serves.
    pub async fn end(&self, home: &Home) {
        let pid = serving(home);
        signal(pid, "TERM");
        ended(pid).await;
    }
}

impl Drop for Generations {
    fn drop(&mut self) {
        self.0.iter().filter(|pid| runs(**pid)).for_each(|pid| signal(*pid, "KILL"));
    }
}

/// The process that serves, as its file says.
pub fn serving(home: &Home) -> u32 {
    Running::find(&home.data_dir()).expect("nobody serves").pid
}

pub fn signal(pid: u32, name: &str) {
    Command::new("kill").arg(format!("-{name}")).arg(pid.to_string()).status().unwrap();
}

/// Whether it is alive; one that only has to be reaped is not.
pub fn runs(pid: u32) -> bool {
    let line = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    line.contains("(tollgate)") && !line.contains(") Z ")
}

pub async fn ended(pid: u32) {
    let deadline = Instant::now() + DEADLINE;
    while runs(pid) {
        assert!(Instant::now() < deadline, "{pid} does not end");
        tokio::time::sleep(POLL).await;
    }
}

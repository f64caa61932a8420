//! A running `tollgate` process: what it says, the signals it gets, and how it ends.

use crate::support::http::client;
use std::io::BufRead;
use std::io::BufReader;
use std::io::Read;
use std::path::Path;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::Mutex;
use std::thread::JoinHandle;
use std::time::Duration;
use std::time::Instant;

/// Longest wait for a start, a line or an end.
const DEADLINE: Duration = Duration::from_secs(20);
const POLL: Duration = Duration::from_millis(10);

/// Dropping it kills the process.
pub struct Program {
    child: Child,
    stdout: Stream,
    stderr: Stream,
}

/// The program, to be run in a folder, with nothing of this process's environment but `PATH`.
pub(super) fn command(directory: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tollgate"));
    command
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .current_dir(directory)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

struct Stream {
    text: Arc<Mutex<String>>,
    reader: Option<JoinHandle<()>>,
}

impl Program {
    pub(super) fn start(command: &mut Command) -> Program {
        let mut child = command.spawn().expect("the program cannot be run");
        let stdout = Stream::of(child.stdout.take().unwrap());
        let stderr = Stream::of(child.stderr.take().unwrap());
        Program { child, stdout, stderr }
    }

    pub fn stdout(&self) -> String {
        self.stdout.text.lock().unwrap().clone()
    }

    /// A key of the greeting, `your key` or `admin key`; `None` when it shows none.
    pub fn shown(&self, what: &str) -> Option<String> {
        let greeting = self.stdout();
        let line = greeting.lines().find_map(|line| line.strip_prefix(what));
        line.map(|rest| rest.trim_start_matches(", shown this once:").trim().to_owned())
    }

    /// The log.
    pub fn stderr(&self) -> String {
        self.stderr.text.lock().unwrap().clone()
    }

    /// The lines of the log with this in them, once there are so many; panics after 20 s.
    pub async fn logged(&self, part: &str, count: usize) -> Vec<String> {
        let deadline = Instant::now() + DEADLINE;
        loop {
            let (late, log) = (Instant::now() > deadline, self.stderr());
            let found: Vec<String> =
                log.lines().filter(|line| line.contains(part)).map(str::to_owned).collect();
            if found.len() >= count {
                return found;
            }
            assert!(!late, "{} of {count} lines with `{part}` came:\n{log}", found.len());
            tokio::time::sleep(POLL).await;
        }
    }

    /// Sends a signal by its name: `TERM`, `HUP`, `INT`.
    pub fn signal(&self, name: &str) {
        let sent = Command::new("kill").arg(format!("-{name}")).arg(self.child.id().to_string()).status();
        assert!(sent.expect("`kill` cannot be run").success(), "the process is gone:\n{}", self.stderr());
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Its exit code once it has ended and everything it said has been read; panics after 20 s.
    pub async fn ended(&mut self) -> Option<i32> {
        let deadline = Instant::now() + DEADLINE;
        while self.is_running() {
            assert!(Instant::now() < deadline, "it does not end:\n{}", self.stderr());
            tokio::time::sleep(POLL).await;
        }
        self.reaped()
    }

    /// Waits for its end and its last words, which may still be on their way; its exit code.
    pub(super) fn reaped(&mut self) -> Option<i32> {
        let code = self.child.wait().unwrap().code();
        self.stdout.finish();
        self.stderr.finish();
        code
    }

    /// Whether `GET /ready` is answered with 200, and the greeting is there, before the process ends.
    pub(super) async fn is_ready(&mut self, address: &str) -> bool {
        let (client, url) = (client(), format!("http://{address}/ready"));
        let deadline = Instant::now() + DEADLINE;
        while self.is_running() {
            let ready = client.get(&url).send().await.is_ok_and(|answer| answer.status() == 200);
            // It was printed before, but is read by a thread of its own.
            if ready && self.stdout().contains("curl ") {
                return true;
            }
            assert!(Instant::now() < deadline, "it does not get ready:\n{}", self.stderr());
            tokio::time::sleep(POLL).await;
        }
        self.ended().await;
        false
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended by itself: then there is nothing left to kill, and only to reap.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

impl Stream {
    fn of(output: impl Read + Send + 'static) -> Stream {
        let text = Arc::new(Mutex::new(String::new()));
        let written = text.clone();
        let reader = std::thread::spawn(move || {
            for line in BufReader::new(output).split(b'\n').map_while(Result::ok) {
                let mut text = written.lock().unwrap();
                text.push_str(&String::from_utf8_lossy(&line));
                text.push('\n');
            }
        });
        Stream { text, reader: Some(reader) }
    }

    fn finish(&mut self) {
        self.reader.take().map(JoinHandle::join);
    }
}

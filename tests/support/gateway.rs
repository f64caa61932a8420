//! The real gateway as a child process, with ports, data and an environment of its own.

use crate::support::http::raw_http;
use crate::support::port::free_port;
use crate::support::program::Program;
use crate::support::program::command;
use serde_json::Value;
use std::io::Read;
use std::io::Write;
use std::net::TcpStream;
use std::path::PathBuf;
use std::time::Duration;
use std::time::Instant;
use tempfile::TempDir;

/// The client key of a configuration that names none itself.
pub const KEY: &str = "tg-test-key-0001";

/// Longest wait for a start or a log line.
const DEADLINE: Duration = Duration::from_secs(15);
const POLL: Duration = Duration::from_millis(10);
const FILE: &str = "tollgate.yaml";
/// Another program may take a free port before the gateway does.
const STARTS: usize = 5;

/// A running gateway. Dropping it kills the process.
pub struct Gateway {
    program: Program,
    listen: String,
    admin: String,
    directory: TempDir,
}

impl Gateway {
    /// Starts a gateway with this configuration, in which `{listen}` and `{admin}` stand for its addresses.
    ///
    /// Top-level `listen`, `admin` and `keys` are added where the configuration has none. Returns once
    /// `GET /ready` answers, whatever it says; panics with the log if it never does.
    pub fn start(yaml: &str) -> Gateway {
        Gateway::start_with(yaml, &[])
    }

    /// Like [`Gateway::start`], with environment variables besides `PATH` and `GATEWAY_DATA_DIR`.
    pub fn start_with(yaml: &str, environment: &[(&str, &str)]) -> Gateway {
        for _ in 0..STARTS {
            let mut gateway = Gateway::launch(yaml, environment);
            match gateway.await_ready() {
                Start::Ready => return gateway,
                Start::PortTaken => {}
                Start::Failed(why) => panic!("{why}; its log:\n{}", gateway.logs().join("\n")),
            }
        }
        panic!("no free ports after {STARTS} starts");
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.listen)
    }

    pub fn admin_url(&self, path: &str) -> String {
        format!("http://{}{path}", self.admin)
    }

    /// `address:port` of the client listener, for raw connections.
    pub fn address(&self) -> &str {
        &self.listen
    }

    /// The client key that was added to a configuration without `keys`.
    pub fn key(&self) -> &'static str {
        KEY
    }

    pub fn pid(&self) -> u32 {
        self.program.pid()
    }

    /// All lines of stderr so far.
    pub fn logs(&self) -> Vec<String> {
        self.program.stderr().lines().map(str::to_owned).collect()
    }

    /// All lines of stdout so far: the greeting of a first start.
    pub fn said(&self) -> Vec<String> {
        self.program.stdout().lines().map(str::to_owned).collect()
    }

    /// Where it keeps what outlives it.
    pub fn data_dir(&self) -> PathBuf {
        self.directory.path().join("data")
    }

    /// Replaces the configuration file and waits until it is in force; panics when it is refused.
    pub async fn reconfigure(&self, yaml: &str) {
        let outcome =
            |line: &str| line.contains("configuration reloaded") || line.contains("configuration refused");
        let before = self.logs().iter().filter(|line| outcome(line)).count();
        std::fs::write(self.directory.path().join(FILE), self.addressed(yaml)).unwrap();
        let deadline = Instant::now() + DEADLINE;
        loop {
            let lines = self.logs();
            if let Some(line) = lines.iter().filter(|line| outcome(line)).nth(before) {
                return assert!(line.contains("reloaded"), "{line}");
            }
            assert!(Instant::now() < deadline, "no reload:\n{}", lines.join("\n"));
            tokio::time::sleep(POLL).await;
        }
    }

    /// Memory of the process that is in RAM now, in bytes.
    pub fn resident(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("the gateway is gone");
        line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() << 10
    }

    /// The first line of the log, old or new, that fits; panics with the log when none comes within 15 s.
    ///
    /// It polls instead of blocking: the line may wait for a client that lives in the same runtime.
    pub async fn wait_for_log(&self, fits: impl Fn(&str) -> bool) -> String {
        let deadline = Instant::now() + DEADLINE;
        loop {
            let late = Instant::now() > deadline;
            let lines = self.logs();
            if let Some(line) = lines.iter().find(|line| fits(line)) {
                return line.clone();
            }
            assert!(!late, "no such line in the log:\n{}", lines.join("\n"));
            tokio::time::sleep(POLL).await;
        }
    }

    /// The lines of the log that fit, once there are so many; panics with the log when they do not come within 15 s.
    pub async fn wait_for_logs(&self, count: usize, fits: impl Fn(&str) -> bool) -> Vec<String> {
        let deadline = Instant::now() + DEADLINE;
        loop {
            let late = Instant::now() > deadline;
            let lines = self.logs();
            let found: Vec<_> = lines.iter().filter(|line| fits(line)).cloned().collect();
            if found.len() >= count {
                return found;
            }
            assert!(!late, "{} of {count} lines in the log:\n{}", found.len(), lines.join("\n"));
            tokio::time::sleep(POLL).await;
        }
    }

    /// The access line (JSON) of the request with this id; panics when none comes within 15 s.
    pub async fn access_line(&self, request_id: &str) -> Value {
        let id = format!("\"request_id\":\"{request_id}\"");
        let line = self.wait_for_log(|line| line.contains(&id) && line.contains("\"latency_ms\":")).await;
        serde_json::from_str(&line).expect("the log is not written as JSON")
    }

    /// Waits until a metric has this value: what a request adds is counted when its last byte is out.
    pub async fn metric_becomes(&self, name: &str, value: f64) {
        let deadline = Instant::now() + Duration::from_secs(10);
        while self.metric(name) != value {
            assert!(Instant::now() < deadline, "{name} is {}, not {value}", self.metric(name));
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// A metric of `/metrics`: the series with exactly this name and labels, or the sum of all series of a
    /// name without labels. A series nobody has touched yet is 0.
    pub fn metric(&self, name: &str) -> f64 {
        let request = format!("GET /metrics HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n\r\n", self.admin);
        let answer = String::from_utf8(raw_http(self.admin.as_str(), request.as_bytes())).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "no metrics: {answer}");
        let samples = answer.lines().filter_map(|line| line.rsplit_once(' '));
        let ours = samples.filter(|(series, _)| {
            *series == name || series.strip_prefix(name).is_some_and(|labels| labels.starts_with('{'))
        });
        ours.map(|(_, value)| value.parse::<f64>().expect("a sample without a number")).sum()
    }

    fn launch(yaml: &str, environment: &[(&str, &str)]) -> Gateway {
        let [listen, admin] = [free_port(), free_port()].map(|port| format!("127.0.0.1:{port}"));
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join(FILE);
        std::fs::write(&file, addressed(yaml, &listen, &admin)).unwrap();
        let mut command = command(directory.path());
        command.args(["run", "-c"]).arg(&file).env("GATEWAY_DATA_DIR", directory.path().join("data"));
        let program = Program::start(command.envs(environment.iter().copied()));
        Gateway { program, listen, admin, directory }
    }

    fn addressed(&self, yaml: &str) -> String {
        addressed(yaml, &self.listen, &self.admin)
    }

    fn await_ready(&mut self) -> Start {
        let deadline = Instant::now() + DEADLINE;
        while Instant::now() < deadline {
            if !self.program.is_running() {
                let code = self.program.reaped();
                return self.explain(format!("the gateway ended with {code:?}"));
            }
            if answers(&self.listen) {
                return Start::Ready;
            }
            std::thread::sleep(POLL);
        }
        self.explain("the gateway does not answer GET /ready".to_owned())
    }

    fn explain(&self, why: String) -> Start {
        let clash = |line: &String| line.to_lowercase().contains("address already in use");
        if self.logs().iter().any(clash) { Start::PortTaken } else { Start::Failed(why) }
    }
}

enum Start {
    Ready,
    PortTaken,
    Failed(String),
}

fn addressed(yaml: &str, listen: &str, admin: &str) -> String {
    complete(yaml).replace("{listen}", listen).replace("{admin}", admin)
}

fn complete(yaml: &str) -> String {
    let additions = [
        ("listen:", "listen: [ { address: \"{listen}\" } ]"),
        ("admin:", "admin: { listen: \"{admin}\" }"),
        ("keys:", &format!("keys: [ {{ name: test, key: {KEY} }} ]")),
    ];
    let missing = additions.iter().filter(|(field, _)| !yaml.lines().any(|line| line.starts_with(field)));
    let added: String = missing.map(|(_, line)| format!("{line}\n")).collect();
    format!("{}\n{added}", yaml.trim_end())
}

fn answers(address: &str) -> bool {
    let ask = || -> std::io::Result<bool> {
        let mut stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(Duration::from_secs(2)))?;
        let request = format!("GET /ready HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes())?;
        let mut start = [0; 9];
        stream.read_exact(&mut start)?;
        Ok(start.starts_with(b"HTTP/1.1 "))
    };
    ask().unwrap_or(false)
}

//! A real Redis on a port of its own, that can be stopped, started again and emptied.

use crate::support::free_port;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;
use std::time::Duration;
use std::time::Instant;

const DEADLINE: Duration = Duration::from_secs(20);
const POLL: Duration = Duration::from_millis(10);

/// Nothing of it reaches the disk, so it is empty after every start. Dropping it ends it.
pub struct RedisServer {
    port: u16,
    child: Option<Child>,
    directory: tempfile::TempDir,
}

impl RedisServer {
    pub fn start() -> RedisServer {
        let directory = tempfile::tempdir().unwrap();
        let mut server = RedisServer { port: free_port(), child: None, directory };
        server.start_again();
        server
    }

    pub fn url(&self) -> String {
        self.url_by(self.port)
    }

    /// By way of another port of this machine.
    pub fn url_by(&self, port: u16) -> String {
        format!("redis://127.0.0.1:{port}/0")
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// As `url`, for a user that was made by `ACL SETUSER`.
    pub fn url_of(&self, user: &str) -> String {
        format!("redis://{user}:word@127.0.0.1:{}/0", self.port)
    }

    /// On the port it had before.
    pub fn start_again(&mut self) {
        let port = self.port.to_string();
        let child = Command::new("redis-server")
            .args(["--port", &port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir"])
            .arg(self.directory.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let child = child.unwrap_or_else(|error| {
            panic!("`redis-server` cannot be run ({error}); `scripts/setup.sh test` installs what this test needs")
        });
        self.child = Some(child);
        let late = Instant::now() + DEADLINE;
        while self.connection().is_err() {
            assert!(Instant::now() < late, "redis-server does not answer");
            std::thread::sleep(POLL);
        }
    }

    /// Kills it, as a crash would.
    pub fn stop(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().ok();
            child.wait().ok();
        }
    }

    /// Freezes it: connections stand, and nothing is answered.
    pub fn freeze(&self) {
        self.signal("STOP");
    }

    pub fn thaw(&self) {
        self.signal("CONT");
    }

    /// What it says to a command of words.
    pub fn say<T: redis::FromRedisValue>(&self, command: &str) -> T {
        let mut words = command.split(' ');
        let mut asked = redis::cmd(words.next().unwrap());
        words.for_each(|word| _ = asked.arg(word));
        asked.query(&mut self.connection().unwrap()).unwrap()
    }

    fn signal(&self, name: &str) {
        let id = self.child.as_ref().unwrap().id().to_string();
        assert!(Command::new("kill").args([&format!("-{name}"), &id]).status().unwrap().success());
    }

    fn connection(&self) -> redis::RedisResult<redis::Connection> {
        let mut connection = redis::Client::open(self.url())?.get_connection()?;
        let () = redis::cmd("PING").query(&mut connection)?;
        Ok(connection)
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        self.stop();
    }
}

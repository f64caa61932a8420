//! nginx as a process of its own.

use crate::support::free_port;
use std::net::SocketAddr;
use std::net::TcpStream;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;
use std::time::Duration;
use std::time::Instant;
use tempfile::TempDir;

pub const CONFIG: &str = include_str!("nginx.conf");

const DEADLINE: Duration = Duration::from_secs(20);
const POLL: Duration = Duration::from_millis(10);

/// Dropping it ends it.
pub struct Nginx {
    pub address: SocketAddr,
    child: Child,
    _folder: TempDir,
}

impl Nginx {
    /// `{folder}` and `{listen}` are filled in.
    pub fn start(config: &str) -> Nginx {
        let (folder, port) = (tempfile::tempdir().unwrap(), free_port());
        let shown = folder.path().display().to_string();
        let path = folder.path().join("nginx.conf");
        std::fs::write(&path, config.replace("{folder}", &shown).replace("{listen}", &port.to_string()))
            .unwrap();
        std::fs::write(folder.path().join("users"), "ann:{PLAIN}secret\n").unwrap();
        let program = ["/usr/sbin/nginx", "/usr/local/bin/nginx", "/opt/homebrew/bin/nginx"];
        let program = program.iter().find(|path| std::path::Path::new(path).exists()).unwrap_or(&"nginx");
        let child = Command::new(program)
            .args(["-e", "stderr", "-p", &shown, "-c"])
            .arg(&path)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let child = child.unwrap_or_else(|error| {
            panic!("`nginx` cannot be run ({error}); `scripts/setup.sh test` installs what this test needs")
        });
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        let late = Instant::now() + DEADLINE;
        while TcpStream::connect(address).is_err() {
            assert!(Instant::now() < late, "nginx does not listen");
            std::thread::sleep(POLL);
        }
        Nginx { address, child, _folder: folder }
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

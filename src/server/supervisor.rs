//! What a supervisor such as systemd is told about this process (sd_notify(3)).

use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;
use tracing::warn;

/// The variable that says where the supervisor listens.
pub const VARIABLE: &str = "NOTIFY_SOCKET";

/// Where it listens, if there is one.
#[derive(Clone, Debug, Default)]
pub struct Supervisor(Option<PathBuf>);

impl Supervisor {
    /// At the path that [`VARIABLE`] holds.
    pub fn at(socket: Option<&str>) -> Supervisor {
        Supervisor(socket.filter(|path| path.starts_with('/')).map(PathBuf::from))
    }

    /// Serving; and from now on this process is the one to watch, whoever was before.
    pub fn ready(&self) {
        self.tell(&format!("READY=1\nMAINPID={}", std::process::id()));
    }

    pub fn tell(&self, state: &str) {
        let Some(socket) = &self.0 else { return };
        let told = UnixDatagram::unbound().and_then(|from| from.send_to(state.as_bytes(), socket));
        if let Err(cause) = told {
            warn!(socket = %socket.display(), %cause, "supervisor not reached");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_supervisor_learns_which_process_serves() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notify");
        let listening = UnixDatagram::bind(&path).unwrap();
        Supervisor::at(path.to_str()).ready();
        let mut said = [0; 100];
        let length = listening.recv(&mut said).unwrap();
        let expected = format!("READY=1\nMAINPID={}", std::process::id());
        assert_eq!(std::str::from_utf8(&said[..length]).unwrap(), expected);
    }

    #[test]
    fn without_a_supervisor_nobody_is_told() {
        Supervisor::at(None).ready();
        Supervisor::at(Some("/nowhere/at/all")).ready();
    }
}

//! How many sockets and files the process may have open.

use rustix::process::Resource;
use rustix::process::Rlimit;
use rustix::process::getrlimit;
use rustix::process::setrlimit;
use tracing::warn;

/// Fewer are used up by some thousand connections.
const FEW: u64 = 4096;

/// Takes as many as the system lets it have: what a shell gives by default is meant for programs that open files.
pub fn take_all() {
    let limit = getrlimit(Resource::Nofile);
    let most = limit.maximum;
    // If that fails, what there was stays.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: most, maximum: most });
    if let Some(most) = most.filter(|most| *most < FEW) {
        warn!(most, "few files and sockets may be open at once; raise the limit (`ulimit -n`, LimitNOFILE)");
    }
}

//! Under a supervisor that speaks systemd's protocol.

use crate::crowd;
use crate::generations::Generations;
use crate::generations::serving;
use crate::support::Home;
use crate::yaml;
use std::os::unix::net::UnixDatagram;
use std::time::Duration;

fn next(supervisor: &UnixDatagram) -> String {
    let mut said = [0; 200];
    let length = supervisor.recv(&mut said).expect("nothing is told");
    String::from_utf8_lossy(&said[..length]).into_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_learns_which_process_to_watch() {
    let vendor = crowd::vendor();
    let mut home = Home::with(&yaml(&vendor, ""));
    let path = home.path("notify");
    let supervisor = UnixDatagram::bind(&path).unwrap();
    supervisor.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let environment = [("NOTIFY_SOCKET", path.to_str().unwrap())];
    let program = home.serve(&environment).await;
    assert_eq!(next(&supervisor), format!("READY=1\nMAINPID={}", program.pid()));

    // What `systemctl reload` runs: the same program only reads its configuration again.
    let outcome = home.run(&["upgrade", "--if-new"], &environment);
    assert!(outcome.status.success(), "{}", String::from_utf8_lossy(&outcome.stderr));
    program.logged("configuration reloaded", 1).await;
    assert_eq!(serving(&home), program.pid());

    let mut generations = Generations::default();
    let new = generations.upgrade(&home, &environment).await;
    assert_eq!(next(&supervisor), format!("READY=1\nMAINPID={new}"));
    generations.end(&home).await;
    assert_eq!(next(&supervisor), "STOPPING=1");
}

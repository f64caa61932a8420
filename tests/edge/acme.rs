//! Certificates from an authority: Pebble, the small one that Let's Encrypt tests clients with.

use crate::handshake::Authority;
use crate::handshake::Caller;
use crate::handshake::ask;
use crate::handshake::served;
use crate::support::Gateway;
use crate::support::free_port;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;
use std::time::Duration;
use std::time::Instant;
use tokio::net::TcpStream;

const DEADLINE: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(50);

/// An authority that finds every name on this machine. Dropping it ends it.
struct Pebble {
    children: Vec<Child>,
    authority: Authority,
    port: u16,
}

impl Pebble {
    /// It looks at names on this port.
    async fn start(http: u16) -> Pebble {
        let authority = Authority::new();
        let [port, management, tls, dns, names] = [(); 5].map(|()| free_port());
        authority.writes("pebble", &["localhost"]);
        let config = serde_json::json!({ "pebble": {
            "listenAddress": format!("127.0.0.1:{port}"),
            "managementListenAddress": format!("127.0.0.1:{management}"),
            "certificate": authority.file("pebble.crt"),
            "privateKey": authority.file("pebble.key"),
            "httpPort": http,
            "tlsPort": tls,
        }});
        std::fs::write(authority.file("pebble.json"), config.to_string()).unwrap();
        let mut resolver = Command::new("pebble-challtestsrv");
        resolver.args(["-defaultIPv4", "127.0.0.1", "-defaultIPv6", "", "-http01", "", "-https01", ""]);
        resolver.args(["-tlsalpn01", "", "-dns01", &format!("127.0.0.1:{dns}")]);
        resolver.args(["-management", &format!("127.0.0.1:{names}")]);
        let mut server = Command::new("pebble");
        server.arg("-config").arg(authority.file("pebble.json"));
        server.args(["-dnsserver", &format!("127.0.0.1:{dns}")]).env("PEBBLE_VA_NOSLEEP", "1");
        // It breaks off some requests by chance, for clients to show that they try again.
        server.env("PEBBLE_WFE_NONCEREJECT", "0");
        let pebble = Pebble { children: [resolver, server].map(spawn).into(), authority, port };
        let late = Instant::now() + DEADLINE;
        while TcpStream::connect(("127.0.0.1", port)).await.is_err() {
            assert!(Instant::now() < late, "pebble does not answer");
            tokio::time::sleep(POLL).await;
        }
        pebble
    }

    fn directory(&self) -> String {
        format!("https://localhost:{}/dir", self.port)
    }
}

impl Drop for Pebble {
    fn drop(&mut self) {
        for child in &mut self.children {
            child.kill().ok();
            child.wait().ok();
        }
    }
}

fn spawn(mut command: Command) -> Child {
    let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    child.unwrap_or_else(|error| {
        panic!("{command:?} cannot be run ({error}); `scripts/setup.sh test` installs what this test needs")
    })
}

#[tokio::test]
async fn an_authority_is_convinced_and_its_certificate_served() {
    let [plain, tls] = [(); 2].map(|()| free_port());
    let pebble = Pebble::start(plain).await;
    let gateway = Gateway::start(&format!(
        "listen:
  - address: '{{listen}}'
  - {{ address: '127.0.0.1:{plain}', https: {tls} }}
  - address: '127.0.0.1:{tls}'
    tls: {{ acme: {{ domains: [ a.example.test, b.example.test ], email: me@example.test, directory: '{}', ca_file: '{}' }} }}
",
        pebble.directory(),
        pebble.authority.ca().display(),
    ));
    let names = ["a.example.test", "b.example.test"];
    let before = Caller::asking_for("a.example.test").call(tls).await.unwrap();
    assert_eq!(served(&before), names, "something is served from the start");
    let own = before.get_ref().1.peer_certificates().unwrap()[0].clone();

    gateway.wait_for_log(|line| line.contains("certificate issued") || line.contains("no certificate")).await;
    gateway.wait_for_log(|line| line.contains("certificates reloaded")).await;
    let mut stream = Caller::asking_for("b.example.test").call(tls).await.unwrap();
    let mut given = served(&stream);
    given.sort();
    assert_eq!(given, names);
    let chain = stream.get_ref().1.peer_certificates().unwrap();
    assert!(chain.len() > 1 && chain[0] != own, "it is still our own");
    assert!(ask(&mut stream, "GET /health HTTP/1.1\r\nhost: x").await.is_ok());

    let mut kept: Vec<_> =
        std::fs::read_dir(gateway.data_dir().join("acme")).unwrap().map(Result::unwrap).collect();
    kept.sort_by_key(|file| file.file_name());
    assert_eq!(kept.len(), 2, "{kept:?}");
    for file in kept {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{file:?}");
    }
    assert_eq!(gateway.logs().iter().filter(|line| line.contains("certificate issued")).count(), 1);
}

#[tokio::test]
async fn an_authority_that_is_not_convinced_is_left_alone_for_a_while() {
    let [nobody, tls] = [(); 2].map(|()| free_port());
    let pebble = Pebble::start(nobody).await;
    let gateway = Gateway::start(&format!(
        "listen:
  - address: '{{listen}}'
  - address: '127.0.0.1:{tls}'
    tls: {{ acme: {{ domains: [ a.example.test ], directory: '{}', ca_file: '{}' }} }}
",
        pebble.directory(),
        pebble.authority.ca().display(),
    ));
    let line = gateway.wait_for_log(|line| line.contains("no certificate issued")).await;
    assert!(line.contains("acme-challenge") && line.contains("\"minutes\":15"), "{line}");
    assert!(Caller::asking_for("a.example.test").call(tls).await.is_ok(), "what is served stays");
}

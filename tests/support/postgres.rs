//! A PostgreSQL server of a test's own: made in a folder of its own, stopped and started at will, gone at the end.

use crate::support::port::free_port;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::path::PathBuf;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;
use std::sync::OnceLock;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::Instant;

/// Longest wait for a start.
const DEADLINE: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(10);
/// Another program may take a free port before the server does.
const STARTS: usize = 5;

const USER: &str = "tollgate";
/// Tests look for it where it must not be.
pub const PASSWORD: &str = "hush-hush-0815";

/// Stops the server when the line it reads says how, and when the test program is gone, however it went.
const KEEPER: &str = r#""$@" & server=$!; read -r signal; kill -"${signal:-QUIT}" "$server"; wait "$server""#;
/// The same for a server that nobody stops: it takes its folder with it.
const LAST_KEEPER: &str = r#"folder=$1; shift; "$@" & server=$!; read -r _; kill -QUIT "$server"; wait "$server"; rm -rf "$folder""#;

/// Dropping it stops the server and removes all it has stored.
pub struct Postgres {
    folder: PathBuf,
    user: Option<Account>,
    port: u16,
    keeper: Option<Child>,
}

/// Whom the server runs as: it refuses to be root.
#[derive(Clone, Copy)]
struct Account {
    uid: u32,
    gid: u32,
}

impl Postgres {
    /// A server of this test alone.
    pub fn start() -> Postgres {
        let mut server = Postgres::made();
        server.start_on_a_free_port(&["sh", "-c", KEEPER, "sh"]);
        server
    }

    /// The server of all tests of this program that do not stop it.
    pub fn shared() -> &'static Postgres {
        static SHARED: OnceLock<Postgres> = OnceLock::new();
        SHARED.get_or_init(|| {
            let mut server = Postgres::made();
            let folder = server.folder.to_str().unwrap().to_owned();
            server.start_on_a_free_port(&["sh", "-c", LAST_KEEPER, "sh", &folder]);
            server
        })
    }

    /// The address of a new, empty database.
    pub async fn database(&self) -> String {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        sqlx::any::install_default_drivers();
        let name = format!("test_{}", NEXT.fetch_add(1, Ordering::Relaxed));
        let mut admin =
            <sqlx::AnyConnection as sqlx::Connection>::connect(&self.url("postgres")).await.unwrap();
        let create = sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}"));
        sqlx::raw_sql(create).execute(&mut admin).await.unwrap();
        self.url(&name)
    }

    /// The address of a database, with the password in it.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://{USER}:{PASSWORD}@127.0.0.1:{}/{database}", self.port)
    }

    /// Breaks all connections and stops.
    pub fn stop(&mut self) {
        let mut keeper = self.keeper.take().expect("it is stopped already");
        std::io::Write::write_all(keeper.stdin.as_mut().unwrap(), b"INT\n").unwrap();
        keeper.wait().unwrap();
    }

    /// On the same port, with all that was stored.
    pub fn start_again(&mut self) {
        assert!(self.keeper.is_none(), "it runs");
        assert!(self.starts(&["sh", "-c", KEEPER, "sh"]), "it does not start again:\n{}", self.log());
    }

    fn made() -> Postgres {
        let folder = tempfile::Builder::new().prefix("tollgate-pg-").tempdir().unwrap().keep();
        let server = Postgres { user: not_root(&folder), folder, port: 0, keeper: None };
        server.own(&server.folder);
        let password = server.folder.join("password");
        fs::write(&password, PASSWORD).unwrap();
        server.own(&password);
        let mut initdb = server.command(&program("initdb"), &[]);
        initdb
            .args(["--no-sync", "--encoding=UTF8", "--locale=C", "--auth-local=trust"])
            .args(["--auth-host=scram-sha-256", "--username", USER, "--pwfile"])
            .arg(&password)
            .arg("--pgdata")
            .arg(server.files());
        let made = initdb.output().expect("`initdb` cannot be run");
        assert!(made.status.success(), "initdb: {}", String::from_utf8_lossy(&made.stderr));
        server
    }

    fn start_on_a_free_port(&mut self, keeper: &[&str]) {
        for _ in 0..STARTS {
            self.port = free_port();
            if self.starts(keeper) {
                return;
            }
        }
        panic!("PostgreSQL does not start:\n{}", self.log());
    }

    /// Whether it takes connections before it ends.
    fn starts(&mut self, keeper: &[&str]) -> bool {
        let log = fs::File::create(self.folder.join("log")).unwrap();
        let mut child = self
            .command(Path::new(keeper[0]), &keeper[1..])
            .arg(program("postgres"))
            .args(["-c", "listen_addresses=127.0.0.1", "-c", "fsync=off", "-c", "max_connections=200"])
            .args(["-c", "shared_buffers=16MB", "-c", "max_wal_size=256MB"])
            .arg("-D")
            .arg(self.files())
            .arg("-k")
            .arg(&self.folder)
            .args(["-p", &self.port.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        let deadline = Instant::now() + DEADLINE;
        while !self.is_ready() {
            assert!(Instant::now() < deadline, "PostgreSQL does not get ready:\n{}", self.log());
            if self.log().contains("could not") {
                drop(child.stdin.take());
                child.wait().unwrap();
                return false;
            }
            std::thread::sleep(POLL);
        }
        self.keeper = Some(child);
        true
    }

    /// The server says so in the last line of its lock file.
    fn is_ready(&self) -> bool {
        let lock = fs::read_to_string(self.files().join("postmaster.pid")).unwrap_or_default();
        lock.lines().nth(7).is_some_and(|state| state.trim() == "ready")
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }

    fn files(&self) -> PathBuf {
        self.folder.join("data")
    }

    fn own(&self, path: &Path) {
        if let Some(user) = self.user {
            chown(path, Some(user.uid), Some(user.gid)).unwrap();
        }
    }

    fn command(&self, program: &Path, arguments: &[&str]) -> Command {
        let mut command = Command::new(program);
        let path = std::env::var_os("PATH").unwrap_or_default();
        command.args(arguments).env_clear().env("PATH", path).current_dir(&self.folder);
        if let Some(user) = self.user {
            command.uid(user.uid).gid(user.gid);
        }
        command
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        if let Some(mut keeper) = self.keeper.take() {
            // It stops the server when its input ends.
            drop(keeper.stdin.take());
            keeper.wait().ok();
        }
        fs::remove_dir_all(&self.folder).ok();
    }
}

/// `None` when we are not root: then the server runs as we do.
fn not_root(folder: &Path) -> Option<Account> {
    if fs::metadata(folder).unwrap().uid() != 0 {
        return None;
    }
    let accounts = fs::read_to_string("/etc/passwd").unwrap();
    let find = |name: &str| {
        let line = accounts.lines().find(|line| line.split(':').next() == Some(name))?;
        let mut ids = line.split(':').skip(2).map_while(|id| id.parse().ok());
        Some(Account { uid: ids.next()?, gid: ids.next()? })
    };
    Some(find("postgres").or_else(|| find("nobody")).expect("there is nobody to run PostgreSQL as but root"))
}

/// From `PATH`, else from where Debian puts it, the newest one.
fn program(name: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut versions: Vec<(u32, PathBuf)> = fs::read_dir("/usr/lib/postgresql")
        .map(|folders| folders.flatten().map(|folder| folder.path()).collect::<Vec<_>>())
        .unwrap_or_default()
        .into_iter()
        .filter_map(|folder| Some((folder.file_name()?.to_str()?.parse().ok()?, folder.join("bin"))))
        .collect();
    versions.sort();
    let versions = versions.into_iter().rev().map(|(_, folder)| folder);
    let is_program = |path: &PathBuf| {
        fs::metadata(path).is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
    };
    let found = std::env::split_paths(&path).chain(versions).map(|folder| folder.join(name)).find(is_program);
    // A link would have it look for its parts beside the link.
    found.and_then(|path| path.canonicalize().ok()).unwrap_or_else(|| {
        panic!("`{name}` of PostgreSQL is not there; `scripts/setup.sh test` installs what this test needs")
    })
}

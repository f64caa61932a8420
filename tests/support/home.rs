//! A folder of its own in which the `tollgate` program runs, with whatever arguments, files and environment.

use crate::support::http::client;
use crate::support::port::free_port;
use crate::support::program::Program;
use crate::support::program::command;
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::process::Output;
use tempfile::TempDir;

const FILE: &str = "tollgate.yaml";
/// Another program may take a free port before the gateway does.
const STARTS: usize = 5;

/// In files and variables `{listen}` and `{admin}` stand for the gateway's addresses.
pub struct Home {
    directory: TempDir,
    listen: String,
    admin: String,
    yaml: Option<String>,
}

impl Home {
    /// A folder with this `tollgate.yaml`.
    pub fn with(yaml: &str) -> Home {
        let mut home = Home::empty();
        home.yaml = Some(yaml.to_owned());
        home.rewrite(yaml);
        home
    }

    /// A folder without a file: the environment has to say everything.
    pub fn empty() -> Home {
        let directory = tempfile::tempdir().unwrap();
        Home { directory, listen: String::new(), admin: String::new(), yaml: None }.moved()
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub fn file(&self) -> PathBuf {
        self.path(FILE)
    }

    pub fn data_dir(&self) -> PathBuf {
        self.path("data")
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.listen)
    }

    pub fn admin_url(&self, path: &str) -> String {
        format!("http://{}{path}", self.admin)
    }

    /// `address:port` for clients.
    pub fn listen(&self) -> &str {
        &self.listen
    }

    /// The status of the answer when this key asks for the list of models.
    pub async fn models(&self, key: &str) -> u16 {
        let asked = client().get(self.url("/v1/models")).bearer_auth(key).send().await;
        asked.unwrap().status().as_u16()
    }

    /// The status of the answer when this admin key asks for a reload.
    pub async fn reload(&self, key: &str) -> u16 {
        let asked = client().post(self.admin_url("/admin/reload")).bearer_auth(key).send().await;
        asked.unwrap().status().as_u16()
    }

    /// Writes the configuration where it is, as an editor or `cp` does.
    pub fn rewrite(&self, yaml: &str) {
        fs::write(self.file(), self.filled(yaml)).unwrap();
    }

    /// Puts another file in its place, as `mv`, `git` and Kubernetes do.
    pub fn replace(&self, yaml: &str) {
        let beside = self.path("next.yaml");
        fs::write(&beside, self.filled(yaml)).unwrap();
        fs::rename(beside, self.file()).unwrap();
    }

    /// Serves until the answer to `GET /ready` is 200; panics with what it said if it ends instead.
    pub async fn serve(&mut self, environment: &[(&str, &str)]) -> Program {
        for _ in 0..STARTS {
            let mut program = self.start(&["run"], environment);
            if program.is_ready(&self.listen).await {
                return program;
            }
            let said = program.stderr();
            assert!(said.to_lowercase().contains("address already in use"), "it does not start:\n{said}");
            self.move_on();
        }
        panic!("no free ports after {STARTS} starts");
    }

    pub fn start(&self, arguments: &[&str], environment: &[(&str, &str)]) -> Program {
        Program::start(&mut self.command(arguments, environment))
    }

    /// Runs a command to its end.
    pub fn run(&self, arguments: &[&str], environment: &[(&str, &str)]) -> Output {
        self.command(arguments, environment).output().expect("the program cannot be run")
    }

    fn command(&self, arguments: &[&str], environment: &[(&str, &str)]) -> Command {
        let mut command = command(self.directory.path());
        let variables = environment.iter().map(|(name, value)| (*name, self.filled(value)));
        command.args(arguments).envs(variables);
        command
    }

    fn filled(&self, text: &str) -> String {
        text.replace("{listen}", &self.listen).replace("{admin}", &self.admin)
    }

    fn moved(mut self) -> Home {
        self.move_on();
        self
    }

    fn move_on(&mut self) {
        [self.listen, self.admin] = [free_port(), free_port()].map(|port| format!("127.0.0.1:{port}"));
        if let Some(yaml) = &self.yaml {
            self.rewrite(yaml);
        }
    }
}

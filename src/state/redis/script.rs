//! The scripts, and how they are run: by their hash, and whole where Redis does not know them by that.

use redis::aio::MultiplexedConnection;
use redis::{Cmd, ErrorKind, FromRedisValue, RedisResult, ServerErrorKind, ToRedisArgs};

/// A script and its hash.
pub struct Script {
    text: &'static str,
    hash: String,
}

impl Script {
    pub fn take() -> Script {
        Script::new(concat!(include_str!("places.lua"), include_str!("take.lua")))
    }

    pub fn change() -> Script {
        Script::new(concat!(include_str!("places.lua"), include_str!("change.lua")))
    }

    fn new(text: &'static str) -> Script {
        Script { text, hash: redis::Script::new(text).get_hash().to_owned() }
    }

    /// Runs it. The whole script is sent only after its hash was not known: that makes it known, and does so
    /// too where the commands that manage scripts are blocked.
    pub async fn run<T: FromRedisValue>(
        &self,
        connection: &mut MultiplexedConnection,
        arguments: &Arguments,
    ) -> RedisResult<T> {
        let by_hash = command("EVALSHA", &self.hash, arguments);
        match by_hash.query_async(connection).await {
            Err(error) if error.kind() == ErrorKind::Server(ServerErrorKind::NoScript) => {
                command("EVAL", self.text, arguments).query_async(connection).await
            }
            done => done,
        }
    }
}

fn command(name: &str, script: &str, arguments: &Arguments) -> Cmd {
    let mut command = redis::cmd(name);
    command.arg(script).arg(arguments);
    command
}

/// What a script is given: how many keys, the keys, and the rest.
#[derive(Default)]
pub struct Arguments(Vec<Vec<u8>>);

impl Arguments {
    /// So many keys are to be added, and then the rest.
    pub fn of(keys: usize) -> Arguments {
        let mut arguments = Arguments::default();
        arguments.add(keys);
        arguments
    }

    pub fn add(&mut self, argument: impl ToRedisArgs) -> &mut Arguments {
        self.0.extend(argument.to_redis_args());
        self
    }
}

impl ToRedisArgs for Arguments {
    fn write_redis_args<W: ?Sized + redis::RedisWrite>(&self, out: &mut W) {
        self.0.iter().for_each(|argument| out.write_arg(argument));
    }

    fn num_of_args(&self) -> usize {
        self.0.len()
    }
}

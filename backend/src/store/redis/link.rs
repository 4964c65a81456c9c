//! The connection to Redis. One that cannot write or does not answer is dropped, whatever the reason, and replaced: at
//! once where it has served for a while, else after a pause that grows.

use super::connect::{PATIENCE, connect, open};
use super::scripts::entry_key;
use futures_util::FutureExt;
use redis::aio::{ConnectionLike, MultiplexedConnection};
use redis::{Client, Cmd, ErrorKind, Pipeline, RedisError, RedisFuture, RedisResult, ServerErrorKind, Value};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};
use tokio::sync::{Notify, watch};

const SHORTEST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(3);
/// A connection that is lost sooner was perhaps never good.
const STEADY: Duration = Duration::from_secs(5);
/// A server without visitors notices as well.
const PROBE_EVERY: Duration = Duration::from_secs(5);

#[derive(Clone)]
pub struct Link {
    client: Client,
    state: Arc<watch::Sender<State>>,
    wanted: Arc<Notify>,
}

enum State {
    /// For the first time, or because a good connection was lost: worth waiting for.
    Connecting,
    /// With its number, so that a late report does not cost its successor.
    Up(MultiplexedConnection, u64),
    Down(RedisError),
}

impl Link {
    /// Connects in a task of its own, for as long as the link is in use.
    pub fn new(client: Client) -> Self {
        let state = Arc::new(watch::Sender::new(State::Connecting));
        let link = Self { client, state, wanted: Arc::default() };
        tokio::spawn(keep(link.client.clone(), Arc::downgrade(&link.state), Arc::clone(&link.wanted)));
        link
    }

    pub fn is_down(&self) -> bool {
        matches!(*self.state.borrow(), State::Down(_))
    }

    /// The connection and its number; where there was none at the last attempt, why, without waiting for another. Only
    /// where nothing listened is another one made at once, because the answer is there at once.
    pub async fn connection(&self) -> RedisResult<(MultiplexedConnection, u64)> {
        let mut state = self.state.subscribe();
        let is_refused =
            matches!(&*state.borrow_and_update(), State::Down(error) if error.is_connection_refusal());
        if is_refused {
            self.wanted.notify_one();
            let _ = tokio::time::timeout(2 * SHORTEST_PAUSE, state.changed()).await;
        }
        match state.wait_for(|state| !matches!(state, State::Connecting)).await.as_deref() {
            Ok(State::Up(connection, number)) => Ok((connection.clone(), *number)),
            Ok(State::Down(error)) => Err(error.clone()),
            Ok(State::Connecting) | Err(_) => Err((ErrorKind::Client, "no connection").into()),
        }
    }

    /// Takes connection `number` out of use.
    pub fn lose(&self, number: u64) {
        self.state.send_if_modified(|state| {
            let is_up = matches!(state, State::Up(_, up) if *up == number);
            if is_up {
                *state = State::Connecting;
            }
            is_up
        });
    }

    /// Waits until connection `number` is out of use.
    pub async fn until_lost(&self, number: u64) {
        let is_lost = |state: &State| !matches!(state, State::Up(_, up) if *up == number);
        let _ = self.state.subscribe().wait_for(is_lost).await;
    }

    /// A connection of its own, for questions that Redis holds for up to `wait`.
    pub async fn another(&self, wait: Duration) -> RedisResult<MultiplexedConnection> {
        open(&self.client, wait + PATIENCE).await
    }
}

impl Link {
    /// Makes `call`, and makes it once more on another connection where this one was of no use: every call here may be
    /// made twice.
    async fn ask<'a, T>(
        &self,
        call: impl Fn(MultiplexedConnection) -> RedisFuture<'a, T> + Send,
    ) -> RedisResult<T> {
        let (connection, number) = self.connection().await?;
        match call(connection).await {
            Err(error) if is_useless(&error) => self.lose(number),
            outcome => return outcome,
        }
        let (connection, number) = self.connection().await?;
        let outcome = call(connection).await;
        if outcome.as_ref().is_err_and(is_useless) {
            self.lose(number);
        }
        outcome
    }
}

impl ConnectionLike for Link {
    fn req_packed_command<'a>(&'a mut self, command: &'a Cmd) -> RedisFuture<'a, Value> {
        let call = move |mut connection: MultiplexedConnection| {
            async move { connection.send_packed_command(command).await?.extract_error() }.boxed()
        };
        self.ask(call).boxed()
    }

    fn req_packed_commands<'a>(
        &'a mut self,
        commands: &'a Pipeline,
        offset: usize,
        count: usize,
    ) -> RedisFuture<'a, Vec<Value>> {
        let call = move |mut connection: MultiplexedConnection| {
            async move {
                let answers = connection.send_packed_commands(commands, offset, count).await?;
                answers.into_iter().map(Value::extract_error).collect()
            }
            .boxed()
        };
        self.ask(call).boxed()
    }

    fn get_db(&self) -> i64 {
        self.client.get_connection_info().redis_settings().db()
    }
}

/// Whether an error says something about the connection, and not only about one key or script.
pub fn is_useless(error: &RedisError) -> bool {
    let is_of_a_value =
        error.kind() == ErrorKind::UnexpectedReturnType || error.to_string().contains("WRONGTYPE");
    !is_of_a_value && error.kind() != ErrorKind::Server(ServerErrorKind::NoScript)
}

async fn keep(client: Client, link: Weak<watch::Sender<State>>, wanted: Arc<Notify>) {
    let mut pause = SHORTEST_PAUSE;
    let mut was_down = false;
    for number in 0.. {
        let outcome = connect(&client).await;
        let Some(state) = link.upgrade() else { return };
        match outcome {
            Ok(connection) => {
                let since = Instant::now();
                let mut changes = state.subscribe();
                state.send_replace(State::Up(connection.clone(), number));
                // Held no longer, so that the last user's going is noticed.
                drop(state);
                tokio::select! {
                    _ = changes.wait_for(|state| !matches!(state, State::Up(..))) => {}
                    () = until_useless(connection) => {}
                }
                let Some(state) = link.upgrade() else { return };
                state.send_replace(State::Connecting);
                let is_steady = since.elapsed() >= STEADY;
                if was_down || is_steady {
                    pause = SHORTEST_PAUSE;
                }
                was_down = false;
                if is_steady {
                    continue;
                }
            }
            Err(error) => {
                was_down = true;
                state.send_replace(State::Down(error));
            }
        }
        // Replicas that lost it together do not come back together.
        tokio::time::sleep(SHORTEST_PAUSE).await;
        let _ = tokio::time::timeout(pause.mul_f64(rand::random_range(0.75..1.25)), wanted.notified()).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

async fn until_useless(mut connection: MultiplexedConnection) {
    loop {
        tokio::time::sleep(PROBE_EVERY).await;
        let probe = redis::cmd("SET")
            .arg(entry_key("probe"))
            .arg("-")
            .arg("PX")
            .arg(1)
            .exec_async(&mut connection)
            .await;
        if probe.is_err() {
            return;
        }
    }
}

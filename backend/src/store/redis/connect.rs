//! A connection to Redis that can do everything that is asked of it later.

use super::scripts::{RECORD, WRITE, entry_key, lock_key};
use crate::tls;
use redis::aio::MultiplexedConnection;
use redis::{AsyncCommands, AsyncConnectionConfig, Client, ConnectionAddr, RedisError, RedisResult, Value};
use std::time::Duration;

/// A store answers in a millisecond, and one that is gone refuses at once. Only one that swallows what it gets costs
/// this much, and giving up on a slow one too early would cost DingTalk a second fetch.
pub const PATIENCE: Duration = Duration::from_secs(2);
/// So many keys do not lie on one of several nodes by chance.
const SPREAD: u8 = 16;

/// The name is looked up again each time.
pub async fn connect(client: &Client) -> RedisResult<MultiplexedConnection> {
    let attempt = async {
        let mut connection = open(client, PATIENCE).await?;
        try_everything(&mut connection).await.map_err(first_of)?;
        Ok(connection)
    };
    tokio::time::timeout(PATIENCE, attempt)
        .await
        .unwrap_or_else(|_| Err(std::io::Error::from(std::io::ErrorKind::TimedOut).into()))
}

pub async fn open(client: &Client, patience: Duration) -> RedisResult<MultiplexedConnection> {
    let config = AsyncConnectionConfig::new()
        .set_connection_timeout(Some(PATIENCE))
        .set_response_timeout(Some(patience));
    let opened = client.get_multiplexed_async_connection_with_config(&config).await;
    match (opened, client.get_connection_info().addr()) {
        (Err(error), ConnectionAddr::TcpTls { host, port, .. })
            if error.to_string().contains("certificate") =>
        {
            Err(tls::refusal(host, *port).await.map_or(error, RedisError::from))
        }
        (opened, _) => opened,
    }
}

/// One of each command that is used later: what a connection cannot do is known before it counts as one.
async fn try_everything(connection: &mut MultiplexedConnection) -> RedisResult<()> {
    let (entry, hash, stream) = (entry_key("probe"), entry_key("probe:hash"), entry_key("probe:stream"));
    let mut commands = redis::pipe();
    commands.cmd("SET").arg(lock_key("probe")).arg("-").arg("NX").arg("PX").arg(1).ignore();
    commands.set_nx(&entry, "-").ignore().get(&entry).ignore().pttl(&entry).ignore();
    commands.hset(&hash, "value", "-").ignore().hget(&hash, "value").ignore();
    for key in [&entry, &hash, &stream] {
        commands.del(key).ignore();
    }
    // A cluster that divides its keys shows it.
    for n in 0..SPREAD {
        commands.get(entry_key(&format!("probe:{n}"))).ignore();
    }
    commands.exec_async(connection).await?;
    let _: bool =
        WRITE.key(lock_key("probe")).key(&entry).arg("").arg("").arg(1).invoke_async(connection).await?;
    let _: () = RECORD.key(&stream).arg(0).arg(0).arg("-").invoke_async(connection).await?;
    let _: Value = connection.xread(&[&stream], &["$"]).await?;
    connection.del(&stream).await
}

/// Of several refusals in one answer the first says enough.
fn first_of(error: RedisError) -> RedisError {
    let first = error.clone().into_server_errors().and_then(|errors| Some(errors.first()?.1.clone()));
    first.map_or(error, RedisError::from)
}

//! What a Redis says that will not serve, in words that name the remedy.

use redis::RedisError;
use redis::aio::MultiplexedConnection;

const CLUSTER: &str = "store.url names a node of a Redis cluster that divides its keys among several: name a proxy that \
                       hides this, or an instance of one shard";
const NO_PASSWORD: &str = "Redis asks for a password: write it into store.url";
const PASSWORD: &str = "the user or the password of store.url is not right, or this Redis asks for none; special \
                        characters in them are percent-encoded (# is %23, @ is %40, / is %2F)";
const RIGHTS: &str = "the user of store.url may not do what is needed: grant ~miandeng:* +@read +@write +@scripting +select +info";
const OLD: &str = "Redis 6.2 or newer is needed, with scripts and streams";

/// A word of what Redis says → the remedy, and whether without it there is no use in trying again.
const REMEDIES: [(&str, &str, bool); 20] = [
    ("moved", CLUSTER, true),
    ("crossslot", CLUSTER, true),
    ("in cluster mode", "a Redis cluster has database 0 only: leave the number in store.url away", true),
    ("db index", "store.url names a database that this Redis does not have", true),
    ("noauth", NO_PASSWORD, true),
    ("authentication required", NO_PASSWORD, true),
    ("authentication failed", PASSWORD, true),
    ("wrongpass", PASSWORD, true),
    ("noperm", RIGHTS, true),
    ("has no permissions", RIGHTS, true),
    ("user executing the script", RIGHTS, true),
    ("\"denied\"", "Redis runs in protected mode, which refuses other machines: give it a password", true),
    ("unknown command", OLD, true),
    ("unknown redis command", OLD, true),
    ("syntax error", OLD, true),
    ("wrong number of arguments", OLD, true),
    ("readonly", "store.url names a replica, which cannot be written: name the primary", false),
    ("\"oom\"", "Redis has no memory left", false),
    ("\"misconf\"", "Redis cannot write to its disk", false),
    ("\"noreplicas\"", "Redis has fewer replicas than it is told to need", false),
];

fn look_up(error: &RedisError) -> Option<(&'static str, bool)> {
    let said = format!("{} {error}", error.code().unwrap_or_default()).to_lowercase();
    let found = REMEDIES.iter().find(|(word, ..)| said.contains(word));
    found.map(|&(_, remedy, is_hopeless)| (remedy, is_hopeless))
}

/// What an operator can do about it, after a separator, or nothing.
pub fn remedy(error: &RedisError) -> String {
    look_up(error).map_or(String::new(), |(remedy, _)| format!("; {remedy}"))
}

/// Whether trying again later is of no use, because the configuration is wrong.
pub(super) fn is_hopeless(error: &RedisError) -> bool {
    look_up(error).is_some_and(|(_, is_hopeless)| is_hopeless)
}

/// What has no expiry cannot be had again: the session's key, the permanent codes of suites.
pub(super) async fn warn_of_eviction(mut connection: MultiplexedConnection) {
    let info: String =
        redis::cmd("INFO").arg("memory").query_async(&mut connection).await.unwrap_or_default();
    let field = |name: &str| info.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    if let Some(policy) = field("maxmemory_policy").filter(|policy| policy.starts_with("allkeys-"))
        && field("maxmemory").is_some_and(|limit| limit != "0")
    {
        tracing::warn!(
            policy,
            "this Redis removes keys that never expire when it is full, the session's key too: set maxmemory-policy to \
             noeviction or to one of volatile-*"
        );
    }
}

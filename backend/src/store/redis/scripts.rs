//! What has to happen in one step, and the keys it happens to.

use redis::Script;
use std::sync::LazyLock;

/// All our keys, so that one Redis can serve other programs too.
const PREFIX: &str = "miandeng:";

pub fn entry_key(key: &str) -> String {
    format!("{PREFIX}{key}")
}

/// In the slot of the entry, on a Redis that divides its keys: what stands in braces decides.
pub fn lock_key(key: &str) -> String {
    format!("{PREFIX}lock:{{{}}}", entry_key(key))
}

/// KEYS: lock, entry. ARGV: holder, value, milliseconds. The entry is written only while the holder still has the lock.
pub static WRITE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "if redis.call('get', KEYS[1]) ~= ARGV[1] then return 0 end \
         redis.call('set', KEYS[2], ARGV[2], 'px', ARGV[3]) redis.call('del', KEYS[1]) return 1",
    )
});

/// KEYS: key. ARGV: the value that has to be there. A lock that ran out and is another's by now stays untouched.
pub static DELETE_IF: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end return 0",
    )
});

/// KEYS: key. ARGV: rank, value.
pub static PUT: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "local kept = redis.call('hget', KEYS[1], 'rank') if kept and kept > ARGV[1] then return 0 end \
         redis.call('hset', KEYS[1], 'rank', ARGV[1], 'value', ARGV[2]) return 1",
    )
});

/// KEYS: stream. ARGV: how long to keep and what time it is here, in milliseconds, then entries. They are named after the
/// time at which they came. Of two clocks the earlier decides what is too old: one that leaps ahead takes nothing away.
pub static RECORD: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "local now = tonumber(ARGV[2]) \
         for i = 3, #ARGV do \
             local id = redis.call('xadd', KEYS[1], '*', 'ended', ARGV[i]) \
             now = math.min(now, tonumber(string.match(id, '%d+'))) \
         end \
         local oldest = string.format('%.0f', math.max(0, now - tonumber(ARGV[1]))) \
         redis.call('xtrim', KEYS[1], 'minid', '~', oldest)",
    )
});

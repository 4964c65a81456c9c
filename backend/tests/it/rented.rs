//! Redis as it is rented: clusters, users with few rights, replicas. What cannot work is said in one sentence at the start.

use crate::support::{Person, Redis, Server, Sim, free_port, json_of, until};
use reqwest::StatusCode;
use std::process::Command;

/// So that nothing but the store decides whether a server starts.
const KEY: &str = "[session]\nkey = \"BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=\"\n\n";

/// What `serve` says on its way out, where it refuses to serve with this store.
fn refusal(url: &str) -> String {
    refusal_with(KEY, url)
}

fn refusal_with(session: &str, url: &str) -> String {
    let (port, dir) = (free_port(), std::env::temp_dir());
    let dir = dir.join(format!("miandeng-rented-{}-{port}", std::process::id()));
    std::fs::create_dir_all(&dir).unwrap();
    let config = format!(
        "listen = \"127.0.0.1:{port}\"\nops_listen = \"127.0.0.1:{}\"\npublic_url = \"http://127.0.0.1:{port}\"\n\
         state_dir = \"{}\"\n{session}[store]\nurl = \"{url}\"\n[[apps]]\ncorp_id = \"dingcorp1\"\nagent_id = \"1\"\n\
         kind = \"channel\"\nchannel_secret = \"s\"\n",
        free_port(),
        dir.display()
    );
    std::fs::write(dir.join("miandeng.toml"), config).unwrap();
    let mut command = Command::new("timeout");
    command.args(["20", env!("CARGO_BIN_EXE_miandeng"), "serve", "--config"]).arg(dir.join("miandeng.toml"));
    let output = command.output().unwrap();
    std::fs::remove_dir_all(&dir).unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(matches!(output.status.code(), Some(1 | 2)), "{:?} {said}", output.status);
    let last = said.lines().last().unwrap().to_owned();
    assert!(last.contains("store.url") || last.contains("Redis"), "one sentence: {said}");
    last
}

async fn server(sim: &Sim, url: &str) -> Server {
    let store = format!("{KEY}[store]");
    Server::start(sim, |config| *config = config.replace("memory:", url).replace("[store]", &store)).await
}

/// Two servers fetch once between them and hear of each other's logouts.
async fn share(sim: &Sim, url: &str) {
    let (here, there) = (server(sim, url).await, server(sim, url).await);
    sim.clear_journal().await;
    let person = Person::new(sim, &here);
    assert_eq!(person.login().await.status(), StatusCode::OK);
    assert_eq!(Person::new(sim, &there).login().await.status(), StatusCode::OK);
    let counts = sim.counts().await;
    assert_eq!((counts["/channel/get_channel_token"], counts["/gettoken"]), (1, 1), "{counts:?}");
    let cookie = person.cookie_header().unwrap();
    let session = |server: &Server, method| {
        sim.http.request(method, format!("{}/api/session", server.url)).header("cookie", &cookie).send()
    };
    assert_eq!(session(&here, reqwest::Method::DELETE).await.unwrap().status(), StatusCode::NO_CONTENT);
    until("a logout on the other server", async || {
        session(&there, reqwest::Method::GET).await.unwrap().status() != StatusCode::OK
    })
    .await;
    for server in [&here, &there] {
        let ready = json_of(reqwest::get(format!("{}/readyz", server.ops_url)).await.unwrap()).await;
        assert_eq!(ready["status"], "ready");
        assert!(!server.log().contains("the store fails"), "{}", server.log());
    }
}

async fn until_whole(node: &Redis) {
    until("a whole cluster", async || node.cli(&["cluster", "info"]).contains("cluster_state:ok")).await;
}

#[tokio::test]
async fn k08_a_cluster_of_one_shard_is_shared() {
    let (sim, redis) = (Sim::start(1).await, Redis::node().await);
    redis.cli(&["cluster", "addslotsrange", "0", "16383"]);
    until_whole(&redis).await;
    share(&sim, &redis.url()).await;
    let keys = redis.cli(&["keys", "*"]);
    assert!(keys.contains("miandeng:channel_token:dingcorp1:123456"), "{keys}");
    let refused = refusal(&redis.url().replace("/0", "/1"));
    assert!(refused.contains("database 0 only"), "{refused}");
}

#[tokio::test]
async fn k08_a_cluster_that_divides_its_keys_is_refused() {
    let (one, other) = (Redis::node().await, Redis::node().await);
    one.cli(&["cluster", "addslotsrange", "0", "10922"]);
    other.cli(&["cluster", "addslotsrange", "10923", "16383"]);
    let bus = one.cli(&["config", "get", "cluster-port"]).lines().nth(1).unwrap().to_owned();
    other.cli(&["cluster", "meet", "127.0.0.1", &one.port().to_string(), &bus]);
    for node in [&one, &other] {
        until_whole(node).await;
        let refused = refusal(&node.url());
        assert!(refused.contains("cluster") && refused.contains("one shard"), "{refused}");
    }
}

#[tokio::test]
async fn k08_what_can_never_work_is_said_at_the_start() {
    let redis = Redis::start().await;
    let port = redis.port();
    redis.cli(&["acl", "setuser", "few", "on", ">few", "~miandeng:*", "+@read", "+set", "+setnx", "+del"]);
    redis.cli(&["acl", "setuser", "elsewhere", "on", ">elsewhere", "~other:*", "+@all"]);
    let refused = [
        (format!("redis://127.0.0.1:{port}/99"), "does not have"),
        (format!("redis://:wrong@127.0.0.1:{port}"), "is not right"),
        (format!("redis://stranger:wrong@127.0.0.1:{port}"), "is not right"),
        (format!("redis://few:few@127.0.0.1:{port}"), "~miandeng:*"),
        (format!("redis://elsewhere:elsewhere@127.0.0.1:{port}"), "~miandeng:*"),
    ];
    for (url, part) in refused {
        let said = refusal(&url);
        assert!(said.contains(part), "{url}: {said}");
        assert!(!said.contains("wrong"), "no password: {said}");
    }
    redis.cli(&["config", "set", "requirepass", "secret"]);
    let said = refusal(&redis.url());
    assert!(said.contains("asks for a password"), "{said}");
    // What an older Redis does not have.
    for command in ["xtrim", "evalsha", "hset"] {
        let old = Redis::with(&["--rename-command", command, "nothing-of-the-kind"]).await;
        let said = refusal(&old.url());
        assert!(said.contains("6.2"), "{command}: {said}");
    }
}

#[tokio::test]
async fn k09_what_redis_refuses_says_what_to_change() {
    let redis = Redis::start().await;
    let address = format!("127.0.0.1:{}", redis.port());
    redis.cli(&["acl", "setuser", "no-select", "on", ">few", "~miandeng:*", "+@all", "-select"]);
    redis.cli(&["acl", "setuser", "no-scripts", "on", ">few", "~miandeng:*", "+@all", "-@scripting"]);
    redis.cli(&["acl", "setuser", "off", "off", ">few", "~miandeng:*", "+@all"]);
    for (url, part) in [
        (format!("redis://:wrong@{address}"), "asks for none"),
        (format!("redis://no-select:few@{address}/2"), "+select"),
        (format!("redis://no-scripts:few@{address}"), "+@scripting"),
        (format!("redis://off:few@{address}"), "the user or the password of store.url is not right"),
    ] {
        let said = refusal(&url);
        assert!(said.contains(part), "{url}: {said}");
    }
    redis.cli(&["config", "set", "requirepass", "secret"]);
    for url in [format!("redis://{address}/2"), format!("redis://{address}")] {
        let said = refusal(&url);
        assert!(said.contains("Redis asks for a password: write it into store.url"), "{said}");
    }
}

#[test]
fn k09_a_foreign_entry_in_the_place_of_the_session_key_is_named() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let redis = runtime.block_on(Redis::start());
    for foreign in [
        &["set", "miandeng:session_key", "hello"][..],
        &["set", "miandeng:session_key", ""],
        &["set", "miandeng:session_key", "c2hvcnQ="],
        &["bitfield", "miandeng:session_key", "set", "u8", "0", "255"],
        &["hset", "miandeng:session_key", "value", "secret-of-them"],
    ] {
        redis.cli(&["del", "miandeng:session_key"]);
        redis.cli(foreign);
        let said = refusal_with("", &redis.url());
        assert!(said.contains("miandeng:session_key") && said.contains("remove it"), "{foreign:?}: {said}");
        assert!(!said.contains("does not answer") && !said.contains("secret-of"), "{said}");
    }
}

#[tokio::test]
async fn k08_users_with_just_enough_rights_and_odd_passwords_serve() {
    let (sim, redis) = (Sim::start(1).await, Redis::start().await);
    let password = "p@ss/w#rd:%?&=+ 密";
    let rights = ["~miandeng:*", "+@read", "+@write", "+@scripting", "+select", "+info"];
    let user = ["acl", "setuser", "mian@deng", "on", &format!(">{password}")];
    assert_eq!(redis.cli(&[&user[..], &rights[..]].concat()).trim(), "OK");
    let encoded = "p%40ss%2Fw%23rd%3A%25%3F%26%3D%2B%20%E5%AF%86";
    let url = format!("redis://mian%40deng:{encoded}@127.0.0.1:{}/2", redis.port());
    share(&sim, &url).await;
    redis.cli(&["config", "set", "requirepass", password]);
    share(&sim, &format!("redis://:{encoded}@127.0.0.1:{}/3", redis.port())).await;
}

#[tokio::test]
async fn k08_what_may_pass_is_said_while_it_lasts() {
    let (sim, redis) = (Sim::start(1).await, Redis::start().await);
    redis.cli(&["replicaof", "127.0.0.1", &free_port().to_string()]);
    let server = server(&sim, &redis.url()).await;
    server.log_with("name the primary", 1).await;
    assert_eq!(Person::new(&sim, &server).login().await.status(), StatusCode::OK);
    redis.cli(&["replicaof", "no", "one"]);
    server.log_with("the store is back", 1).await;
}

#[tokio::test]
async fn k08_a_redis_that_throws_away_what_lasts_is_warned_of() {
    let sim = Sim::start(1).await;
    for (limit, policy, is_warned) in [
        ("100mb", "allkeys-lru", true),
        ("100mb", "allkeys-random", true),
        ("100mb", "volatile-lru", false),
        ("100mb", "noeviction", false),
        ("0", "allkeys-lfu", false),
    ] {
        let redis = Redis::with(&["--maxmemory", limit, "--maxmemory-policy", policy]).await;
        let server = server(&sim, &redis.url()).await;
        assert_eq!(server.log().contains("maxmemory-policy"), is_warned, "{limit} {policy}");
    }
}

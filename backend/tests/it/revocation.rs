//! Sessions that end before their time: on every replica, through restarts, and with a store that fails.

use crate::h5;
use crate::support::{Person, Redis, Server, Sim, json_of, until};
use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// So that a Redis that has lost everything has not lost the key too.
const KEY: &str = "[session]\nkey = \"BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=\"\n\n[store]";

async fn replica(sim: &Sim, redis: &Redis) -> Server {
    Server::start(sim, |config| *config = config.replace("memory:", &redis.url()).replace("[store]", KEY))
        .await
}

/// Somebody who is logged in, and how the browser shows it.
async fn logged_in(sim: &Sim, server: &Server, name: &'static str) -> String {
    let person = Person::named(name, sim, server);
    assert_eq!(person.login().await.status(), StatusCode::OK);
    person.cookie_header().unwrap()
}

async fn ask(sim: &Sim, server: &Server, method: Method, path: &str, cookie: &str) -> Response {
    let request = sim.http.request(method, format!("{}{path}", server.url));
    request.header("cookie", cookie).send().await.unwrap()
}

async fn is_in(sim: &Sim, server: &Server, cookie: &str) -> bool {
    let auth = ask(sim, server, Method::GET, "/auth", cookie).await.status();
    let session = ask(sim, server, Method::GET, "/api/session", cookie).await.status();
    // Between the two the news of a logout may arrive, but nobody comes back.
    assert!((auth, session) != (StatusCode::UNAUTHORIZED, StatusCode::OK));
    session == StatusCode::OK
}

async fn log_out(sim: &Sim, server: &Server, more: &str, cookie: &str) -> StatusCode {
    ask(sim, server, Method::DELETE, &format!("/api/session{more}"), cookie).await.status()
}

/// How long it takes until `server` lets `cookie` in no more.
async fn until_out(sim: &Sim, server: &Server, cookie: &str) -> Duration {
    let started = Instant::now();
    until("the end of a session", async || !is_in(sim, server, cookie).await).await;
    started.elapsed()
}

async fn readiness(server: &Server) -> String {
    let ready = json_of(reqwest::get(format!("{}/readyz", server.ops_url)).await.unwrap()).await;
    ready["status"].as_str().unwrap().to_owned()
}

/// What has to be seen everywhere within two seconds.
const SOON: Duration = Duration::from_secs(2);

#[tokio::test]
async fn a_logout_on_one_replica_is_one_on_all() {
    let (sim, redis) = (Sim::start(1).await, Redis::start().await);
    let (here, there) = (replica(&sim, &redis).await, replica(&sim, &redis).await);
    let bystander = logged_in(&sim, &here, "partner").await;
    let mut took = Vec::new();
    for _ in 0..20 {
        let cookie = logged_in(&sim, &here, "employee").await;
        assert!(is_in(&sim, &there, &cookie).await);
        assert_eq!(log_out(&sim, &here, "", &cookie).await, StatusCode::NO_CONTENT);
        assert!(!is_in(&sim, &here, &cookie).await, "here at once");
        took.push(until_out(&sim, &there, &cookie).await);
    }
    took.sort();
    println!("20 logouts: seen on the other replica after {took:?}");
    // Half of them, as a busy machine pauses now and then.
    assert!(took[10] < SOON, "{took:?}");

    let phone = logged_in(&sim, &here, "employee").await;
    let tablet = logged_in(&sim, &there, "employee").await;
    assert_eq!(log_out(&sim, &there, "?everywhere=1", &tablet).await, StatusCode::NO_CONTENT);
    let took = until_out(&sim, &here, &phone).await;
    println!("everywhere: seen on the other replica within {took:?}");
    assert!(!is_in(&sim, &there, &tablet).await);
    let again = logged_in(&sim, &here, "employee").await;
    assert!(
        is_in(&sim, &here, &again).await && is_in(&sim, &there, &again).await,
        "a new login is a new session"
    );
    for server in [&here, &there] {
        assert!(is_in(&sim, server, &bystander).await, "nobody else");
    }
    let late = replica(&sim, &redis).await;
    assert!(!is_in(&sim, &late, &phone).await, "a replica that starts later knows as well");
    assert!(is_in(&sim, &late, &again).await);
}

/// A service window and a micro-app of one enterprise.
fn with_micro_app(config: &mut String) {
    config.push_str(
        "[[apps]]\ncorp_id = \"dingcorp1\"\nagent_id = \"7\"\nkind = \"h5\"\n\
         client_id = \"client-of-dingvirtual1\"\nclient_secret = \"client-secret-of-dingvirtual1\"\n",
    );
}

/// The employee, as a micro-app of the same enterprise is told of them.
async fn in_micro_app(sim: &Sim, server: &Server, facts: Value) -> String {
    sim.reply("/topapi/v2/user/getuserinfo", 1, json!({ "errcode": 0, "result": facts })).await;
    let person = Person::new(sim, server);
    person.send(person.request(Method::GET, "/api/config?corpid=dingcorp1&agentid=7")).await;
    let login = h5::login(&person, "dingcorp1", "7", &h5::code(sim, "employee").await).await;
    assert_eq!(login.status(), StatusCode::OK);
    person.cookie_header().unwrap()
}

async fn ends_every_kind(sim: &Sim, [here, there]: [&Server; 2]) {
    let (union, user) = ("unionid-employee-dingcorp1", "userid-employee-dingcorp1");
    let facts = json!({ "unionid": "u-earlier", "userid": user, "name": "n" });
    let earlier = in_micro_app(sim, here, facts).await;
    for facts in
        [json!({ "unionid": union, "userid": user, "name": "n" }), json!({ "userid": user, "name": "n" })]
    {
        for first in ["window", "micro-app"] {
            let window = logged_in(sim, here, "employee").await;
            let micro_app = in_micro_app(sim, there, facts.clone()).await;
            let (ended, other) = if first == "window" { (window, micro_app) } else { (micro_app, window) };
            assert!(is_in(sim, there, &other).await && is_in(sim, here, &other).await, "{first} {facts}");
            assert_eq!(log_out(sim, here, "?everywhere=1", &ended).await, StatusCode::NO_CONTENT);
            for server in [here, there] {
                until_out(sim, server, &other).await;
                assert!(!is_in(sim, server, &ended).await);
            }
            // A userid alone does not tell its bearer from the one who had it before.
            let by_userid = first == "micro-app" && facts["unionid"].is_null();
            assert_eq!(is_in(sim, here, &earlier).await, !by_userid, "{first} {facts}");
        }
    }
}

#[tokio::test]
async fn a_logout_everywhere_ends_every_kind_of_application() {
    let sim = Sim::start(1).await;
    let embedded = |config: &mut String| {
        *config = config.replace("memory:", "embedded:");
        with_micro_app(config);
    };
    let mut server = Server::start(&sim, embedded).await;
    ends_every_kind(&sim, [&server, &server]).await;
    let facts = json!({ "unionid": "unionid-partner-dingcorp1", "userid": "i", "name": "n" });
    let micro_app = in_micro_app(&sim, &server, facts).await;
    let window = logged_in(&sim, &server, "partner").await;
    assert_eq!(log_out(&sim, &server, "?everywhere=1", &window).await, StatusCode::NO_CONTENT);
    server.kill_and_start_again().await;
    assert!(!is_in(&sim, &server, &micro_app).await, "after a restart, too");

    let redis = Redis::start().await;
    let replica = async || {
        let adjust = |config: &mut String| {
            *config = config.replace("memory:", &redis.url()).replace("[store]", KEY);
            with_micro_app(config);
        };
        Server::start(&sim, adjust).await
    };
    ends_every_kind(&sim, [&replica().await, &replica().await]).await;
}

#[tokio::test]
async fn a_logout_counts_only_where_it_is_recorded() {
    let (sim, mut redis) = (Sim::start(1).await, Redis::start().await);
    let (here, there) = (replica(&sim, &redis).await, replica(&sim, &redis).await);
    let gone = logged_in(&sim, &here, "employee").await;
    assert_eq!(log_out(&sim, &here, "", &gone).await, StatusCode::NO_CONTENT);
    until_out(&sim, &there, &gone).await;
    let person = logged_in(&sim, &here, "employee").await;
    let bystander = logged_in(&sim, &here, "partner").await;

    redis.kill();
    for more in ["", "?everywhere=1"] {
        let refused = ask(&sim, &here, Method::DELETE, &format!("/api/session{more}"), &person).await;
        assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert!(refused.headers().get("set-cookie").is_none(), "the browser keeps what is still good");
        assert_eq!(json_of(refused).await["error"]["code"], "logout_not_recorded");
    }
    let log = here.log_with("audit: logout ", 3).await;
    assert_eq!(
        log.matches("audit: logout corp=dingcorp1 agent=123456 result=\"failed\"").count(),
        2,
        "{log}"
    );
    for server in [&here, &there] {
        assert!(
            is_in(&sim, server, &person).await && is_in(&sim, server, &bystander).await,
            "nobody is logged out"
        );
        assert!(!is_in(&sim, server, &gone).await, "and nobody comes back");
        server.log_with("logouts elsewhere are not heard of", 1).await;
        assert_eq!(readiness(server).await, "degraded");
    }
    let metrics = reqwest::get(format!("{}/metrics", here.ops_url)).await.unwrap().text().await.unwrap();
    let behind = metrics.lines().find(|line| line.starts_with("miandeng_logouts_behind_seconds")).unwrap();
    assert_ne!(behind, "miandeng_logouts_behind_seconds 0", "{metrics}");

    // Back, and empty: what replicas know is written again, so that those who start later know it too.
    redis.restart().await;
    for server in [&here, &there] {
        server.log_with("logouts elsewhere are heard of again", 1).await;
        assert!(!is_in(&sim, server, &gone).await);
    }
    let late = replica(&sim, &redis).await;
    assert!(!is_in(&sim, &late, &gone).await, "{}", redis.cli(&["xrange", "miandeng:ended", "-", "+"]));
    assert_eq!(log_out(&sim, &here, "", &person).await, StatusCode::NO_CONTENT);
    for server in [&there, &late] {
        until_out(&sim, server, &person).await;
        assert!(is_in(&sim, server, &bystander).await);
    }
    assert_eq!(readiness(&there).await, "ready");
}

#[tokio::test]
async fn replicas_listen_again_after_their_connections_are_cut() {
    let (sim, redis) = (Sim::start(1).await, Redis::start().await);
    let (here, there) = (replica(&sim, &redis).await, replica(&sim, &redis).await);
    let cookie = logged_in(&sim, &here, "employee").await;
    redis.cli(&["client", "kill", "type", "normal"]);
    there.log_with("logouts elsewhere are not heard of", 1).await;
    // Told while the other does not listen.
    until("a logout", async || log_out(&sim, &here, "", &cookie).await == StatusCode::NO_CONTENT).await;
    until_out(&sim, &there, &cookie).await;
}

#[tokio::test]
async fn a_redis_that_is_away_at_the_start_is_heard_of_later() {
    let (sim, mut redis) = (Sim::start(1).await, Redis::start().await);
    let here = replica(&sim, &redis).await;
    let cookie = logged_in(&sim, &here, "employee").await;
    assert_eq!(log_out(&sim, &here, "", &cookie).await, StatusCode::NO_CONTENT);
    redis.kill();
    let late = replica(&sim, &redis).await;
    assert_eq!(readiness(&late).await, "degraded");
    redis.restart().await;
    until_out(&sim, &late, &cookie).await;
}

#[tokio::test]
async fn the_stream_does_not_grow_for_ever() {
    let (sim, redis) = (Sim::start(1).await, Redis::start().await);
    // From before any session could still be good; Redis drops whole nodes of 100 entries.
    for i in 1..=250 {
        let json = format!("{{\"of\":\"session:{i}\",\"upToMs\":1,\"until\":2}}");
        redis.cli(&["xadd", "miandeng:ended", &format!("{i}-0"), "ended", &json]);
    }
    let server = replica(&sim, &redis).await;
    let cookie = logged_in(&sim, &server, "employee").await;
    assert_eq!(log_out(&sim, &server, "", &cookie).await, StatusCode::NO_CONTENT);
    let left: u64 = redis.cli(&["xlen", "miandeng:ended"]).trim().parse().unwrap();
    assert!(left <= 100, "{left}");
    let stream = redis.cli(&["xrevrange", "miandeng:ended", "+", "-", "COUNT", "1"]);
    assert!(stream.contains("session:") && !stream.contains("openid"), "{stream}");
}

#[tokio::test]
async fn a_restart_keeps_the_logout() {
    let sim = Sim::start(1).await;
    let mut server = Server::start(&sim, |config| *config = config.replace("memory:", "embedded:")).await;
    let gone = logged_in(&sim, &server, "employee").await;
    let (phone, tablet) =
        (logged_in(&sim, &server, "partner").await, logged_in(&sim, &server, "partner").await);
    let stays = logged_in(&sim, &server, "stranger").await;
    assert_eq!(log_out(&sim, &server, "", &gone).await, StatusCode::NO_CONTENT);
    assert_eq!(log_out(&sim, &server, "?everywhere=1", &phone).await, StatusCode::NO_CONTENT);
    for _ in 0..2 {
        server.kill_and_start_again().await;
        for cookie in [&gone, &phone, &tablet] {
            assert!(!is_in(&sim, &server, cookie).await);
        }
        assert!(is_in(&sim, &server, &stays).await);
    }
    let again = logged_in(&sim, &server, "partner").await;
    assert!(is_in(&sim, &server, &again).await);
}

//! Power cuts while the embedded store is being written.

use crate::support::{Person, Server, Sim, until};
use reqwest::StatusCode;
use serde_json::{Value, json};
use std::os::unix::fs::PermissionsExt;

const CORPS: usize = 12;
const KILLS: u64 = 20;

async fn server(sim: &Sim) -> Server {
    Server::start(sim, |config| {
        *config = config.replace("memory:", "embedded:");
        for n in 2..=CORPS {
            config.push_str(&format!(
                "[[apps]]\ncorp_id = \"dingcorp{n}\"\nagent_id = \"123456\"\nkind = \"channel\"\n\
                 channel_secret = \"channel-secret-of-dingcorp{n}\"\ncorp_secret = \"corp-secret-of-dingcorp{n}\"\n"
            ));
        }
    })
    .await
}

/// One person in each corporation, logged in once.
async fn people<'a>(sim: &'a Sim, server: &Server) -> Vec<Person<'a>> {
    let mut people = Vec::new();
    for n in 1..=CORPS {
        let mut person = Person::new(sim, server);
        person.corp = format!("dingcorp{n}");
        assert_eq!(person.login().await.status(), StatusCode::OK);
        people.push(person);
    }
    people
}

/// Every entry is whole: a value, and a life that DingTalk gave.
fn assert_whole(server: &Server) -> usize {
    let (is_whole, held) = server.embedded();
    assert!(is_whole, "the file is corrupt");
    for (key, raw) in &held {
        let entry: Value = serde_json::from_str(raw).unwrap_or_else(|_| panic!("{key} holds {raw}"));
        assert!(entry["value"].as_str().is_some_and(|value| !value.is_empty()), "{key} holds {raw}");
        assert!(entry["lifetime_ms"].as_u64().is_some_and(|lifetime| lifetime > 0), "{key} holds {raw}");
    }
    held.len()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_killed_while_it_is_written_stays_whole() {
    let sim = Sim::start(CORPS).await;
    let mut server = server(&sim).await;
    let people = people(&sim, &server).await;
    let cookie = people[0].cookie_header().unwrap();
    for kill in 0..KILLS {
        // Every login now has tokens removed from the file, and others written.
        sim.post("/_sim/revoke", json!({ "what": "tokens" })).await;
        sim.clear_journal().await;
        let logins = futures_util::future::join_all(people.iter().map(async |person| {
            // The server may be gone by now.
            person.try_post_code(&person.code_again().await).await
        }));
        // A little later each time, from the first new tokens to the last ones.
        let fetched = async || {
            let counts = sim.counts().await;
            counts.get("/gettoken").copied().unwrap_or(0)
        };
        let enough = 1 + kill * (CORPS as u64 - 1) / KILLS;
        tokio::select! {
            _ = logins => {}
            () = until("new tokens", async || fetched().await >= enough) => {}
        }
        server.kill();
        assert!(assert_whole(&server) > 0);
        server.start_again().await;
        let session = sim.http.get(format!("{}/api/session", server.url)).header("cookie", &cookie);
        assert_eq!(session.send().await.unwrap().status(), StatusCode::OK, "the session's key is there");
        let person = &people[kill as usize % CORPS];
        assert_eq!(person.post_code(&person.code_again().await).await.status(), StatusCode::OK);
    }
    for person in &people {
        assert_eq!(person.post_code(&person.code_again().await).await.status(), StatusCode::OK);
    }
    sim.clear_journal().await;
    server.kill();
    // A token and a ticket of the window, and one of the directory, each; and the session's key.
    assert_eq!(assert_whole(&server), CORPS * 3 + 1);
    server.start_again().await;
    for person in &people {
        assert_eq!(person.post_code(&person.code_again().await).await.status(), StatusCode::OK);
    }
    assert_eq!(sim.total().await, 2 * CORPS as u64, "the file had everything: {:?}", sim.counts().await);
    assert!(!server.log().contains("the store fails"), "{}", server.log());
}

#[tokio::test]
async fn nobody_else_may_look_into_the_state() {
    let sim = Sim::start(1).await;
    let server = server(&sim).await;
    let mode = |path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(server.state_dir()), 0o700);
    assert_eq!(mode(server.state_dir().join("miandeng.redb")), 0o600);
}

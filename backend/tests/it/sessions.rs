//! People stay logged in through whatever happens to the server.

use crate::support::{Person, Server, Sim, json_of};
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use reqwest::{Response, StatusCode};
use serde_json::Value;

const OLD: &str = "CQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQk=";
const NEW: &str = "CgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgo=";

fn keys(key: &str, previous: &str) -> String {
    format!("[session]\nkey = \"{key}\"\nprevious_keys = [{previous}]\n[store]")
}

async fn get(sim: &Sim, server: &Server, path: &str, cookie: &str) -> Response {
    sim.http.get(format!("{}{path}", server.url)).header("cookie", cookie).send().await.unwrap()
}

/// Starts the server again with other keys.
async fn rotate(server: &mut Server, from: &str, to: &str) {
    let file = server.config_file();
    let config = std::fs::read_to_string(&file).unwrap();
    assert!(config.contains(from));
    std::fs::write(file, config.replace(from, to)).unwrap();
    server.kill_and_start_again().await;
}

#[tokio::test]
async fn a_change_of_key_logs_nobody_out() {
    let sim = Sim::start(1).await;
    let published = async |server: &Server| -> JwkSet {
        let answer = reqwest::get(format!("{}/.well-known/jwks.json", server.url)).await.unwrap();
        serde_json::from_value(json_of(answer).await).unwrap()
    };
    let verifies = |token: &str, keys: &JwkSet| {
        let mut validation = Validation::new(Algorithm::ES256);
        validation.set_audience(&["dingcorp1/123456"]);
        let key = keys.find(&decode_header(token).unwrap().kid.unwrap())?;
        decode::<Value>(token, &DecodingKey::from_jwk(key).unwrap(), &validation).ok()
    };
    // The new key is there before it is used, so that no replica and no backend meets it unprepared.
    let announced = keys(OLD, &format!("\"{NEW}\""));
    let mut server = Server::start(&sim, |config| *config = config.replace("[store]", &announced)).await;
    let person = Person::new(&sim, &server);
    assert_eq!(person.login().await.status(), StatusCode::OK);
    let cookie = person.cookie_header().unwrap();
    let auth = get(&sim, &server, "/auth", &cookie).await;
    let token = auth.headers()["x-miandeng-jwt"].to_str().unwrap().to_owned();
    let before = published(&server).await;
    assert_eq!(before.keys.len(), 2);

    let swapped = keys(NEW, &format!("\"{OLD}\""));
    rotate(&mut server, &announced, &swapped).await;
    let auth = get(&sim, &server, "/auth", &cookie).await;
    assert_eq!(auth.status(), StatusCode::OK, "the old cookie is good");
    assert!(verifies(&token, &published(&server).await).is_some(), "and so is the old token");
    let token_now = auth.headers()["x-miandeng-jwt"].to_str().unwrap();
    assert!(
        verifies(token_now, &before).is_some(),
        "a backend that remembers the keys of before knows the new one"
    );
    assert_ne!(decode_header(token_now).unwrap().kid, decode_header(&token).unwrap().kid);
    let later = Person::new(&sim, &server);
    assert_eq!(later.login().await.status(), StatusCode::OK);
    let later_cookie = later.cookie_header().unwrap();

    // The old key is gone: whoever still has its cookie logs in again, nobody else.
    rotate(&mut server, &swapped, &keys(NEW, "")).await;
    assert_eq!(get(&sim, &server, "/auth", &cookie).await.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(get(&sim, &server, "/auth", &later_cookie).await.status(), StatusCode::OK);
    assert!(verifies(&token, &published(&server).await).is_none());
}

#[tokio::test]
async fn a_restart_logs_nobody_out() {
    let sim = Sim::start(1).await;
    let mut server = Server::start(&sim, |config| *config = config.replace("memory:", "embedded:")).await;
    let person = Person::new(&sim, &server);
    assert_eq!(person.login().await.status(), StatusCode::OK);
    let cookie = person.cookie_header().unwrap();
    let keys = async |server: &Server| {
        reqwest::get(format!("{}/.well-known/jwks.json", server.url)).await.unwrap().text().await.unwrap()
    };
    let before = keys(&server).await;
    server.kill_and_start_again().await;
    assert_eq!(get(&sim, &server, "/auth", &cookie).await.status(), StatusCode::OK);
    assert_eq!(keys(&server).await, before, "the key that was made at the first start is kept");
}

//! The signed identity, as the application's own backend verifies it.

use crate::support::{AGENT, CORP, Person, Server, Sim, json_of, start};
use base64::Engine;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

/// What the server publishes.
async fn keys(server: &Server, base: &str) -> JwkSet {
    let answer = reqwest::get(format!("{}{base}/.well-known/jwks.json", server.url)).await.unwrap();
    assert_eq!(answer.headers()["content-type"], "application/json");
    serde_json::from_value(json_of(answer).await).unwrap()
}

/// The claims of `token`, verified as a backend would.
fn verify(token: &str, keys: &JwkSet, issuer: &str, audience: &str) -> Value {
    let header = decode_header(token).unwrap();
    assert_eq!((header.alg, header.typ.as_deref()), (Algorithm::ES256, Some("JWT")));
    let jwk = keys.find(&header.kid.unwrap()).expect("the key is published");
    let mut validation = Validation::new(Algorithm::ES256);
    validation.set_issuer(&[issuer]);
    validation.set_audience(&[audience]);
    validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
    decode::<Value>(token, &DecodingKey::from_jwk(jwk).unwrap(), &validation).unwrap().claims
}

async fn token(person: &Person<'_>) -> String {
    let answer = person.request(Method::POST, "/api/token").send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(answer.headers()["cache-control"], "no-store");
    json_of(answer).await["token"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn says_who_it_is_for_five_minutes() {
    let (sim, server) = start("").await;
    let person = Person::named("stranger", &sim, &server);
    let user = json_of(person.login().await).await["user"].clone();
    let answer = json_of(person.request(Method::POST, "/api/token").send().await.unwrap()).await;
    let issuer = format!("{}/", server.url);
    let claims = verify(
        answer["token"].as_str().unwrap(),
        &keys(&server, "").await,
        &issuer,
        &format!("{CORP}/{AGENT}"),
    );
    let (iat, exp) = (claims["iat"].as_u64().unwrap(), claims["exp"].as_u64().unwrap());
    assert_eq!(exp - iat, 360, "five minutes, and one that clocks may differ by");
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    assert!((iat..=iat + 10).contains(&(now - 60)), "{iat} {now}");
    assert!(answer["expiresAt"].as_str().unwrap().ends_with('Z'), "{answer}");
    assert_eq!(
        claims,
        json!({
            "iss": issuer, "aud": format!("{CORP}/{AGENT}"), "sub": format!("{CORP}:{}", user["openId"].as_str().unwrap()),
            "iat": iat, "exp": exp, "corp": CORP, "agent": AGENT,
            "openId": user["openId"], "unionId": user["unionId"], "userId": null, "externalUserId": null,
        })
    );
    let auth = person.request(Method::GET, "/auth").send().await.unwrap();
    assert_eq!(auth.headers()["x-miandeng-jwt"], answer["token"].as_str().unwrap(), "reused for a minute");
}

#[tokio::test]
async fn the_issuer_has_the_base_path() {
    let sim = Sim::start(1).await;
    let server =
        Server::start(&sim, |config| *config = format!("base_path = \"/_miandeng/\"\n{config}")).await;
    let person = Person::at(&sim, &format!("{}/_miandeng", server.url));
    // The page's origin has no path.
    let code = person.code().await;
    let body = json!({ "corpId": CORP, "agentId": AGENT, "code": code });
    let login = sim.http.post(format!("{}/_miandeng/api/login", server.url)).header("origin", &server.url);
    let login = person.send(login.header("cookie", person.cookie_header().unwrap()).json(&body)).await;
    assert_eq!(login.status(), StatusCode::OK);
    let answer = sim.http.get(format!("{}/_miandeng/auth", server.url));
    let answer = answer.header("cookie", person.cookie_header().unwrap()).send().await.unwrap();
    let issuer = format!("{}/_miandeng", server.url);
    let token = answer.headers()["x-miandeng-jwt"].to_str().unwrap();
    verify(token, &keys(&server, "/_miandeng").await, &issuer, &format!("{CORP}/{AGENT}"));
}

#[tokio::test]
async fn needs_a_session_and_an_allowed_origin() {
    let sim = Sim::start(1).await;
    let server = Server::start(&sim, |config| {
        *config = format!("allowed_origins = [\"http://127.0.0.1:7\"]\n{config}");
    })
    .await;
    let person = Person::new(&sim, &server);
    let anonymous = person.request(Method::POST, "/api/token").send().await.unwrap();
    assert_eq!(anonymous.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(json_of(anonymous).await["error"]["code"], "no_session");
    person.login().await;
    let url = format!("{}/api/token", server.url);
    let cookie = person.cookie_header().unwrap();
    for (origin, status) in [
        (Some("http://127.0.0.1:7"), 200),
        (Some("http://127.0.0.1:8"), 403),
        (Some("https://evil.example"), 403),
        (Some("null"), 403),
        (Some(""), 403),
        (None, 403),
    ] {
        let mut request = sim.http.post(&url).header("cookie", &cookie);
        if let Some(origin) = origin {
            request = request.header("origin", origin);
        }
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), status, "{origin:?}");
        let readable = answer.headers().get("access-control-allow-origin").is_some();
        assert_eq!(readable, status == 200, "{origin:?}");
        if status == 200 {
            assert_eq!(answer.headers()["access-control-allow-credentials"], "true");
        } else {
            assert_eq!(json_of(answer).await["error"]["code"], "cross_site");
        }
    }
    let get = person.request(Method::GET, "/api/token").send().await.unwrap();
    assert_eq!(get.status(), StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn a_token_is_no_cookie_and_a_cookie_is_no_token() {
    let (sim, server) = start("").await;
    let person = Person::new(&sim, &server);
    person.login().await;
    let token = token(&person).await;
    let cookies = person.cookie_header().unwrap();
    let session = cookies.split("; ").find(|cookie| cookie.starts_with("miandeng-")).unwrap();
    let (name, value) = session.split_once('=').unwrap();
    for cookie in [format!("{name}={token}"), format!("{name}={}", token.split('.').nth(1).unwrap())] {
        for path in ["/auth", "/api/session"] {
            let request = sim.http.get(format!("{}{path}", server.url)).header("cookie", &cookie);
            assert_eq!(request.send().await.unwrap().status(), StatusCode::UNAUTHORIZED, "{cookie}");
        }
    }
    let bearer =
        sim.http.get(format!("{}/auth", server.url)).header("authorization", format!("Bearer {token}"));
    assert_eq!(bearer.send().await.unwrap().status(), StatusCode::UNAUTHORIZED);
    assert!(decode_header(value).is_err());
    // Nor does a signature with the session's own key, or none at all, pass for ours.
    let keys = keys(&server, "").await;
    let parts: Vec<&str> = token.split('.').collect();
    let b64 = |value: Value| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(value.to_string());
    for forged in [
        format!("{}.{}.", b64(json!({ "alg": "none" })), parts[1]),
        format!("{}.{}.{}", parts[0], b64(json!({ "sub": "boss", "exp": u32::MAX })), parts[2]),
    ] {
        let mut validation = Validation::new(Algorithm::ES256);
        validation.validate_aud = false;
        let key = DecodingKey::from_jwk(&keys.keys[0]).unwrap();
        assert!(decode::<Value>(&forged, &key, &validation).is_err());
    }
}

#[tokio::test]
async fn the_keys_are_public_and_nothing_more() {
    let (_sim, server) = start("").await;
    let answer = reqwest::get(format!("{}/.well-known/jwks.json", server.url)).await.unwrap();
    assert_eq!(answer.headers()["cache-control"], "public, max-age=300");
    let keys = json_of(answer).await;
    let key = keys["keys"][0].as_object().unwrap();
    let mut names: Vec<&str> = key.keys().map(String::as_str).collect();
    names.sort_unstable();
    assert_eq!(names, ["alg", "crv", "kid", "kty", "use", "x", "y"], "and above all no d");
    assert_eq!((&key["alg"], &key["crv"], &key["use"]), (&json!("ES256"), &json!("P-256"), &json!("sig")));
}

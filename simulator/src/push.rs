//! Events that DingTalk pushes to a suite's callback, and its verdict on the answer.

use std::time::{Duration, Instant};

use axum::http::{HeaderMap, Method};
use reqwest::header::CONTENT_TYPE;
use reqwest::{Client, Url};
use serde::Serialize;
use serde_json::Value;

use crate::call::{Call, Params, text};
use crate::envelope::{Envelope, Keys, Letter};
use crate::journal::{Kind, Pushed};
use crate::random;
use crate::suites::Suite;
use crate::world::Simulator;

/// The platform is said to wait for a second or two. This is for machines under load, where the callback fetches
/// permanent codes before it answers.
const PATIENCE: Duration = Duration::from_secs(10);
/// An answer is a few hundred bytes; of more than this only so much is told.
const LONGEST_TOLD: usize = 4096;
const NO_URL: &str = "no callback URL is set: PUT {\"callbackUrl\":\"http://…\"} to the suite";

/// A client that goes straight to the callback and follows nothing.
pub fn client() -> reqwest::Result<Client> {
    Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).timeout(PATIENCE).build()
}

/// A push as it was made, so that it can be made again to the byte.
#[derive(Clone)]
pub struct Sent {
    event: Value,
    envelope: Envelope,
    expected: Expected,
}

/// What the answer has to hold.
#[derive(Clone)]
struct Expected {
    text: String,
    receivers: Vec<String>,
}

/// How a control call tells of a push.
#[derive(Serialize)]
pub struct Report {
    pub ok: bool,
    /// What was wrong with the answer.
    pub problem: Option<String>,
    event: Value,
    sent: Wire,
    answer: Option<Reply>,
}

#[derive(Serialize)]
struct Wire {
    /// With its query; null where none is known.
    url: Option<String>,
    #[serde(flatten)]
    envelope: Envelope,
}

#[derive(Serialize)]
struct Reply {
    status: u16,
    body: String,
    /// What was sealed in it, where that could be read.
    text: Option<String>,
}

/// What may differ from what DingTalk would write, for tests that tamper.
#[derive(Default)]
pub struct Draft {
    pub event: Value,
    /// The suite key where it is not given.
    pub receiver: Option<String>,
    /// Milliseconds of the simulator's clock where it is not given.
    pub timestamp: Option<String>,
    pub nonce: Option<String>,
}

impl Draft {
    pub fn of(event: Value) -> Self {
        Self { event, ..Self::default() }
    }

    /// `None` where the suite's AES key is none, which the seed's tests rule out.
    pub fn seal(self, suite: &Suite, now_ms: u64) -> Option<Sent> {
        let Self { event, receiver, timestamp, nonce } = self;
        let random = text(&event["Random"]).filter(|_| is_check(&event));
        let receiver = receiver.unwrap_or_else(|| suite.key.clone());
        let mut receivers = vec![suite.key.clone()];
        if random.is_some() {
            // Whether the answer to a check goes to the test key or to its own, the platform is not known to mind.
            receivers.push(receiver.clone());
        }
        let letter = Letter { text: event.to_string(), receiver };
        let timestamp = timestamp.unwrap_or_else(|| now_ms.to_string());
        let nonce = nonce.unwrap_or_else(|| random::alphanumeric(8));
        let envelope = keys(suite)?.seal(&letter, &timestamp, &nonce);
        let expected = Expected { text: random.unwrap_or_else(|| "success".to_owned()), receivers };
        Some(Sent { event, envelope, expected })
    }
}

fn keys(suite: &Suite) -> Option<Keys> {
    Keys::new(&suite.callback_token, &suite.callback_aes_key)
}

fn is_check(event: &Value) -> bool {
    ["check_create_suite_url", "check_update_suite_url"].contains(&name_of(event))
}

fn is_sync(event: &Value) -> bool {
    name_of(event).starts_with("SYNC_HTTP_PUSH_")
}

pub fn name_of(event: &Value) -> &str {
    event["EventType"].as_str().unwrap_or("(none)")
}

impl Sent {
    /// A report of what was sealed and not sent.
    pub fn unsent(self, callback_url: Option<&str>) -> Report {
        Report {
            ok: true,
            problem: None,
            event: self.event,
            sent: Wire {
                url: callback_url.and_then(|url| address(url, &self.envelope)).map(Into::into),
                envelope: self.envelope,
            },
            answer: None,
        }
    }
}

/// The callback's address with the envelope's query behind it.
fn address(callback_url: &str, envelope: &Envelope) -> Option<Url> {
    let mut url = Url::parse(callback_url).ok()?;
    url.query_pairs_mut()
        .append_pair("signature", &envelope.signature)
        .append_pair("timestamp", &envelope.timestamp)
        .append_pair("nonce", &envelope.nonce);
    Some(url)
}

/// Pushes to the callback of this suite, and judges what comes back.
pub async fn send(simulator: &Simulator, suite_name: &str, sent: Sent) -> Option<Report> {
    let started = Instant::now();
    let (keys, url, seq) = {
        let mut world = simulator.world();
        let now = world.clock.now();
        let suite = world.suites.iter_mut().find(|suite| suite.name == suite_name)?;
        let name = name_of(&sent.event).to_owned();
        suite.sent.insert(name.clone(), sent.clone());
        suite.last_sent = Some(name.clone());
        let (keys, url) = (keys(suite)?, suite.callback_url.clone());
        let Some(url) = url.and_then(|url| address(&url, &sent.envelope)) else {
            let report = sent.unsent(None);
            return Some(Report { ok: false, problem: Some(NO_URL.to_owned()), ..report });
        };
        let corp_id = text(&sent.event["AuthCorpId"]);
        let call = call_of(&url, &sent);
        let seq = world.journal.begin(Kind::Push, &call, &format!("push/{name}"), corp_id, now);
        (keys, url, seq)
    };
    simulator.announce();

    let outcome = ask(&simulator.http, url.clone(), &sent.envelope).await;
    let (answer, problem) = match outcome {
        Err(problem) => (None, Some(problem)),
        Ok((status, body)) => {
            let opened = open(&keys, &body);
            let problem = verdict(status, &opened, &sent.expected).err();
            let text = opened.ok().map(|letter| letter.text);
            (Some(Reply { status, body: body.chars().take(LONGEST_TOLD).collect(), text }), problem)
        }
    };
    let pushed = match (&answer, &problem) {
        (None, _) => Pushed::NoAnswer,
        (Some(reply), None) => Pushed::Right(reply.status),
        (Some(reply), Some(_)) => Pushed::Wrong(reply.status),
    };
    let took = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    {
        let mut world = simulator.world();
        world.journal.end_push(seq, pushed, took);
        // Of the classic events, what DingTalk repeats is not simulated.
        if problem.is_some() && is_sync(&sent.event) {
            let suite = world.suites.iter_mut().find(|suite| suite.name == suite_name)?;
            suite.unacknowledged.push(sent.event.clone());
        }
    }
    simulator.announce();
    let Sent { event, envelope, .. } = sent;
    let sent = Wire { url: Some(url.into()), envelope };
    Some(Report { ok: problem.is_none(), problem, event, sent, answer })
}

/// The push as the journal notes it: what was sealed, and the query.
fn call_of(url: &Url, sent: &Sent) -> Call {
    Call {
        method: Method::POST,
        path: url.path().to_owned(),
        query: Params::parse(url.query().unwrap_or_default()),
        body: sent.event.as_object().cloned().unwrap_or_default(),
        header_token: None,
        headers: HeaderMap::new(),
    }
}

async fn ask(http: &Client, url: Url, envelope: &Envelope) -> Result<(u16, String), String> {
    let body = serde_json::json!({ "encrypt": envelope.encrypt }).to_string();
    let request = http.post(url).header(CONTENT_TYPE, "application/json").body(body);
    let unreachable = |error: reqwest::Error| {
        let error = error.without_url();
        if error.is_timeout() {
            return format!("the callback did not answer within {} s", PATIENCE.as_secs());
        }
        format!("the callback could not be reached: {error}")
    };
    let response = request.send().await.map_err(unreachable)?;
    let status = response.status().as_u16();
    Ok((status, response.text().await.map_err(unreachable)?))
}

/// The answer's envelope, whose signature and time have names of their own.
fn open(keys: &Keys, body: &str) -> Result<Letter, String> {
    let answer: Value = serde_json::from_str(body).map_err(|_| "the answer is not JSON".to_owned())?;
    let field = |name: &str| text(&answer[name]).ok_or_else(|| format!("the answer has no {name}"));
    let envelope = Envelope {
        signature: field("msg_signature")?,
        timestamp: field("timeStamp")?,
        nonce: field("nonce")?,
        encrypt: field("encrypt")?,
    };
    keys.open(&envelope).map_err(|error| format!("the answer's envelope: {error}"))
}

fn verdict(status: u16, opened: &Result<Letter, String>, expected: &Expected) -> Result<(), String> {
    if status != 200 {
        return Err(format!("the callback answered with status {status}"));
    }
    let letter = opened.as_ref().map_err(Clone::clone)?;
    if letter.text != expected.text {
        return Err(format!("the answer says {:?} and not {:?}", letter.text, expected.text));
    }
    if !expected.receivers.contains(&letter.receiver) {
        let wanted = expected.receivers.join(" or ");
        return Err(format!("the answer's receiver is {:?} and not {wanted}", letter.receiver));
    }
    Ok(())
}

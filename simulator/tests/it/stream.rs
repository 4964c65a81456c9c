//! The live stream: what happened before it, what happens while it is open.

use reqwest::Response;
use serde_json::{Value, json};

use crate::desk::Desk;

const STREAM: &str = "/_sim/journal/stream";

/// An open stream, read event by event.
struct Events {
    response: Response,
    text: String,
}

impl Events {
    async fn open(desk: &Desk) -> Self {
        let response = desk.http.get(desk.at(STREAM)).send().await.unwrap();
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self { response, text: String::new() }
    }

    async fn next(&mut self) -> (String, Value) {
        while !self.text.contains("\n\n") {
            let chunk = self.response.chunk().await.unwrap().unwrap();
            self.text.push_str(std::str::from_utf8(&chunk).unwrap());
        }
        let (event, rest) = self.text.split_once("\n\n").unwrap();
        let line = |name: &str| event.lines().find_map(|line| line.strip_prefix(name)).unwrap().to_owned();
        let read = (line("event: "), serde_json::from_str(&line("data: ")).unwrap());
        self.text = rest.to_owned();
        read
    }

    /// The next event of this name.
    async fn find(&mut self, name: &str) -> Value {
        loop {
            let (found, data) = self.next().await;
            if found == name {
                return data;
            }
        }
    }
}

#[tokio::test]
async fn a_stream_begins_with_what_there_is() {
    let desk = Desk::open().await;
    desk.channel_token().await;
    let mut events = Events::open(&desk).await;
    assert_eq!(events.next().await, ("clear".to_owned(), json!({})));
    let (name, state) = events.next().await;
    assert_eq!(
        (name.as_str(), &state["settings"]["latencyMs"], &state["faults"]),
        ("state", &json!(0), &json!([]))
    );
    assert!(state["nowMs"].is_u64() && state["advancedSeconds"] == 0);
    let (name, call) = events.next().await;
    assert_eq!((name.as_str(), &call["seq"], &call["status"]), ("call", &json!(1), &json!(200)));
    assert_eq!(call["params"]["channel_secret"], "chan…", "secrets are cut here too");
}

#[tokio::test]
async fn a_call_is_told_when_it_comes_and_again_when_it_is_answered() {
    let desk = Desk::open().await;
    let mut events = Events::open(&desk).await;
    events.find("state").await;
    desk.set("faults", json!({ "endpoint": "/gettoken", "delayMs": 100 })).await;
    assert_eq!(events.find("state").await["faults"][0]["endpoint"], "/gettoken");
    let asked = tokio::spawn(desk.http.get(desk.at("/gettoken")).send());
    let come = events.find("call").await;
    assert_eq!(
        (&come["endpoint"], &come["status"], &come["fault"]),
        (&json!("/gettoken"), &Value::Null, &json!(true))
    );
    let answered = events.find("call").await;
    assert_eq!((&answered["seq"], &answered["errcode"]), (&come["seq"], &json!(40035)));
    asked.await.unwrap().unwrap();
}

#[tokio::test]
async fn whoever_turns_a_knob_everybody_hears_of_it() {
    let desk = Desk::open().await;
    let (mut one, mut other) = (Events::open(&desk).await, Events::open(&desk).await);
    for events in [&mut one, &mut other] {
        events.find("state").await;
    }
    desk.set("clock", json!({ "advanceSeconds": 60 })).await;
    desk.set("settings", json!({ "latencyMs": 5 })).await;
    for events in [&mut one, &mut other] {
        let mut state = events.find("state").await;
        assert_eq!(state["advancedSeconds"], 60);
        // Two turns in one moment may arrive as one.
        while state["settings"]["latencyMs"] != 5 {
            state = events.find("state").await;
        }
    }
}

#[tokio::test]
async fn an_emptied_journal_is_forgotten() {
    for empty in ["DELETE", "POST"] {
        let desk = Desk::open().await;
        desk.get("/gettoken").await;
        let mut events = Events::open(&desk).await;
        let before = events.find("call").await["seq"].as_u64().unwrap();
        let path = if empty == "DELETE" { "/_sim/journal" } else { "/_sim/reset" };
        desk.http.request(empty.parse().unwrap(), desk.at(path)).send().await.unwrap();
        assert_eq!(events.find("clear").await, json!({}));
        desk.get("/gettoken").await;
        assert_eq!(events.find("call").await["seq"], before + 1, "numbers go on");
    }
}

#[tokio::test]
async fn a_stream_begins_with_no_more_than_the_latest_calls() {
    let desk = Desk::open().await;
    for _ in 0..205 {
        desk.get("/gettoken").await;
    }
    let mut events = Events::open(&desk).await;
    assert_eq!(events.find("call").await["seq"], 6);
}

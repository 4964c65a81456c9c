//! The simulator, in this process, on a port of its own.

use dingtalk_simulator::Options;
use serde_json::{Value, json};
use std::collections::BTreeMap;

pub struct Sim {
    pub url: String,
    /// Follows no redirects, keeps no cookies.
    pub http: reqwest::Client,
    task: tokio::task::JoinHandle<()>,
}

impl Sim {
    pub async fn start(corps: usize) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let options = Options { corps, ..Options::default() };
        let task = tokio::spawn(async move { dingtalk_simulator::serve(listener, options).await.unwrap() });
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        Self { url, http, task }
    }

    pub async fn post(&self, path: &str, body: Value) -> Value {
        self.send(self.http.post(format!("{}{path}", self.url)).json(&body)).await
    }

    pub async fn put(&self, path: &str, body: Value) -> Value {
        self.send(self.http.put(format!("{}{path}", self.url)).json(&body)).await
    }

    pub async fn settings(&self, body: Value) {
        self.send(self.http.put(format!("{}/_sim/settings", self.url)).json(&body)).await;
    }

    /// The next `times` calls to `endpoint` get `reply`, as JSON or as text.
    pub async fn reply(&self, endpoint: &str, times: u64, reply: Value) {
        self.fault(json!({ "endpoint": endpoint, "times": times, "reply": { "body": reply } })).await;
    }

    pub async fn fault(&self, fault: Value) {
        self.post("/_sim/faults", fault).await;
    }

    pub async fn clear_faults(&self) {
        self.send(self.http.delete(format!("{}/_sim/faults", self.url))).await;
    }

    pub async fn clear_journal(&self) {
        self.send(self.http.delete(format!("{}/_sim/journal", self.url))).await;
    }

    /// How often each endpoint of the oapi host was called.
    pub async fn counts(&self) -> BTreeMap<String, u64> {
        let journal = self.send(self.http.get(format!("{}/_sim/journal", self.url))).await;
        serde_json::from_value(journal["counts"].clone()).unwrap()
    }

    /// How often the phones asked their platform.
    pub async fn native_counts(&self) -> Vec<(&'static str, u64)> {
        let journal = self.send(self.http.get(format!("{}/_sim/journal", self.url))).await;
        ["native/requestAuthCode", "native/requestJsApis"]
            .into_iter()
            .filter_map(|name| Some((name, journal["nativeCounts"][name].as_u64()?)))
            .collect()
    }

    pub async fn total(&self) -> u64 {
        self.counts().await.values().sum()
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> Value {
        let response = request.send().await.unwrap();
        let status = response.status();
        let text = response.text().await.unwrap();
        assert!(status.is_success(), "{status}: {text}");
        serde_json::from_str(&text).unwrap_or_default()
    }
}

impl Drop for Sim {
    fn drop(&mut self) {
        self.task.abort();
    }
}

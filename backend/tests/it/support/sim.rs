//! The simulator, in this process, on a port of its own.

use dingtalk_simulator::Options;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

static OPENED: AtomicU64 = AtomicU64::new(0);

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
        // The client opens connections in reserve, which a server ends after 10 s without a first request: never one that
        // is about to be used.
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .pool_idle_timeout(Duration::from_secs(5))
            .build()
            .unwrap();
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

    /// WeCom's knobs.
    pub async fn wecom(&self, settings: Value) {
        self.put("/_sim/wecom/settings", settings).await;
    }

    /// What WeCom has of an application: `trustedDomain`, `secret`, `stopped`.
    pub async fn wecom_app(&self, agent_id: &str, change: Value) {
        self.put(&format!("/_sim/wecom/apps/{agent_id}"), change).await;
    }

    /// Where WeCom's client goes with the link that a redirect of ours leads to. It takes the fragment for its sign, and
    /// adds an identity.
    pub async fn wecom_open(&self, link: &str, person: &str) -> String {
        let plain = link.strip_suffix("#wechat_redirect").unwrap_or_else(|| panic!("no sign in {link}"));
        // Another key is another opening, which gets another code.
        let key = OPENED.fetch_add(1, Ordering::Relaxed);
        let link = format!("{plain}&uin={person}&key={key}&pass_ticket=t");
        let response = self.http.get(&link).send().await.unwrap();
        assert_eq!(response.status(), 302, "{link}");
        response.headers()["location"].to_str().unwrap().to_owned()
    }

    /// How often the server called each endpoint of WeCom's.
    pub async fn wecom_counts(&self) -> BTreeMap<String, u64> {
        let journal = self.send(self.http.get(format!("{}/_sim/journal", self.url))).await;
        serde_json::from_value(journal["qyapiCounts"].clone()).unwrap()
    }

    /// How often each endpoint of the oapi host was called.
    pub async fn counts(&self) -> BTreeMap<String, u64> {
        let journal = self.send(self.http.get(format!("{}/_sim/journal", self.url))).await;
        serde_json::from_value(journal["counts"].clone()).unwrap()
    }

    /// When calls to `endpoint` came, in milliseconds.
    pub async fn times(&self, endpoint: &str) -> Vec<u64> {
        let journal = self.http.get(format!("{}/_sim/journal", self.url)).query(&[("endpoint", endpoint)]);
        let journal = self.send(journal).await;
        let calls = journal["calls"].as_array().unwrap();
        let mut times: Vec<_> = calls.iter().map(|call| call["atMs"].as_u64().unwrap()).collect();
        times.sort_unstable();
        times
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

#[tokio::test]
async fn wecom_can_be_set_up_and_its_links_opened() {
    let sim = Sim::start(1).await;
    sim.wecom_app("1000002", json!({ "trustedDomain": "h5.example" })).await;
    let link = format!(
        "{}/connect/oauth2/authorize?appid=ww0123456789abcdef&redirect_uri=https%3A%2F%2Fh5.example%2Fcb&response_type=code\
         &scope=snsapi_base&state=abc&agentid=1000002#wechat_redirect",
        sim.url
    );
    let (one, other) = (sim.wecom_open(&link, "customer").await, sim.wecom_open(&link, "customer").await);
    assert!(one.starts_with("https://h5.example/cb?code=") && one.ends_with("&state=abc"), "{one}");
    assert_ne!(one, other);
    sim.wecom(json!({ "decline": true })).await;
    assert_eq!(sim.wecom_open(&link, "customer").await, "https://h5.example/cb?state=abc");
    assert!(sim.wecom_counts().await.is_empty());
}

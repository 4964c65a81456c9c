//! WeCom: people are sent to its link and come back with a code. Without a browser: a visitor follows each redirect.

mod calls;
mod edges;
mod failures;
mod identity;
mod links;
mod matrix;
mod repeats;
mod security;
mod sites;

use crate::support::{Server, Sim};
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Mutex;
use url::Url;

pub const CORP: &str = "ww0123456789abcdef";
pub const AGENT: &str = "1000002";
const OTHER_AGENT: &str = "1000003";

const TOKEN: &str = "/cgi-bin/gettoken";
pub const CODE: &str = "/cgi-bin/auth/getuserinfo";
const RANGE: &str = "/cgi-bin/user/get";

/// How the names of session cookies begin, and those of attempts.
const SESSION: &str = "miandeng-";
const ATTEMPT: &str = "miandeng_wecom_";

const WECOM: &str = "Mozilla/5.0 (Linux; Android 14; wv) AppleWebKit/537.36 Chrome/138.0.7204.180 Mobile Safari/537.36 \
    XWEB/1380275 wxwork/5.0.6 MicroMessenger/7.0.1 NetType/WIFI";
const WECHAT: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148 \
    MicroMessenger/8.0.50(0x1800323d) NetType/WIFI Language/zh_CN";
const DESKTOP: &str = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0.0.0 Safari/537.36";

/// Both applications beside DingTalk's, with `extra` in the section of the first.
pub fn beside(config: &mut String, sim: &Sim, extra: &str) {
    for (agent, extra) in [(OTHER_AGENT, ""), (AGENT, extra)] {
        config.push_str(&format!(
            "[[apps]]\ncorp_id = \"{CORP}\"\nagent_id = \"{agent}\"\nkind = \"wecom\"\nsecret = \"secret-of-{agent}\"\n{extra}\n"
        ));
    }
    let url = &sim.url;
    config.push_str(&format!(
        "[wecom]\nqyapi_url = \"{url}\"\nauthorize_url = \"{url}/connect/oauth2/authorize\"\n\
         login_url = \"{url}/wwlogin/sso/login\"\ntimeout = \"2s\"\n"
    ));
}

/// WeCom trusts the host of `url`.
pub async fn trust(sim: &Sim, url: &str) {
    let url = Url::parse(url).unwrap();
    let domain = format!("{}:{}", url.host_str().unwrap(), url.port().unwrap());
    for agent in [AGENT, OTHER_AGENT] {
        sim.wecom_app(agent, json!({ "trustedDomain": domain })).await;
    }
}

async fn server(sim: &Sim, extra: &str) -> Server {
    let server = Server::start(sim, |config| beside(config, sim, extra)).await;
    trust(sim, &server.url).await;
    server
}

async fn start(extra: &str) -> (Sim, Server) {
    let sim = Sim::start(1).await;
    let server = server(&sim, extra).await;
    (sim, server)
}

pub async fn count(sim: &Sim, endpoint: &str) -> u64 {
    sim.wecom_counts().await.get(endpoint).copied().unwrap_or_default()
}

/// A browser that keeps cookies, and follows redirects one by one.
struct Visitor<'a> {
    sim: &'a Sim,
    http: reqwest::Client,
    url: String,
    person: &'static str,
    user_agent: &'static str,
    cookies: Mutex<BTreeMap<String, String>>,
}

/// Where a browser came to rest.
struct End {
    /// Its address bar, with the fragment that is inherited where a redirect has none.
    at: String,
    /// Every address on the way.
    way: Vec<String>,
    status: StatusCode,
    text: String,
}

impl<'a> Visitor<'a> {
    fn new(sim: &'a Sim, server: &Server, person: &'static str) -> Self {
        Self::at(sim, &server.url, person)
    }

    fn at(sim: &'a Sim, url: &str, person: &'static str) -> Self {
        let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
        Self {
            sim,
            http: client.tls_danger_accept_invalid_certs(true).build().unwrap(),
            url: url.to_owned(),
            person,
            user_agent: WECOM,
            cookies: Mutex::default(),
        }
    }

    fn with(self, user_agent: &'static str) -> Self {
        Self { user_agent, ..self }
    }

    /// What the menu opens.
    fn menu(&self) -> String {
        self.menu_of(AGENT)
    }

    fn menu_of(&self, agent: &str) -> String {
        format!("{}/?corpid={CORP}&agentid={agent}", self.url)
    }

    fn start(&self, more: &str) -> String {
        format!("{}/wecom/start?corpid={CORP}&agentid={AGENT}{more}", self.url)
    }

    fn cookie_line(&self) -> String {
        let cookies = self.cookies.lock().unwrap();
        cookies.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
    }

    fn cookie_names(&self, kind: &str) -> Vec<String> {
        self.cookies.lock().unwrap().keys().filter(|name| name.contains(kind)).cloned().collect()
    }

    fn has_session(&self) -> bool {
        !self.cookie_names(SESSION).is_empty()
    }

    fn forget(&self, kind: &str) {
        self.cookies.lock().unwrap().retain(|name, _| !name.contains(kind));
    }

    fn request(&self, method: Method, address: &str) -> RequestBuilder {
        let request = self.http.request(method, address).header("user-agent", self.user_agent);
        match self.cookie_line() {
            line if line.is_empty() => request,
            line => request.header("cookie", line),
        }
    }

    fn keep(&self, response: &Response) {
        for line in response.headers().get_all("set-cookie") {
            let pair = line.to_str().unwrap().split(';').next().unwrap();
            assert!(pair.len() <= 4096, "browsers drop a cookie of {} bytes", pair.len());
            let (name, value) = pair.split_once('=').unwrap();
            let mut cookies = self.cookies.lock().unwrap();
            match value {
                "" => cookies.remove(name),
                value => cookies.insert(name.to_owned(), value.to_owned()),
            };
        }
    }

    /// One navigation, and no redirect.
    async fn step(&self, address: &str) -> Response {
        let request = self.request(Method::GET, address).header("sec-fetch-mode", "navigate");
        let response = request.header("accept", "text/html,*/*;q=0.8").send().await.unwrap();
        self.keep(&response);
        response
    }

    /// Where one navigation is redirected to.
    async fn redirected(&self, address: &str) -> String {
        let response = self.step(address).await;
        assert_eq!(response.status(), StatusCode::FOUND, "{address}");
        joined(address, &response)
    }

    /// The callback that WeCom sends this browser to, from our address that leads to its link.
    async fn callback_of(&self, address: &str) -> String {
        let link = self.redirected(address).await;
        self.sim.wecom_open(&link, self.person).await
    }

    /// Follows redirects, through WeCom as well.
    async fn open(&self, address: &str) -> End {
        let (mut at, mut way) = (address.to_owned(), vec![address.to_owned()]);
        let mut fragment = String::new();
        for _ in 0..12 {
            let next = if at.starts_with(&format!("{}/connect/", self.sim.url)) {
                fragment = "wechat_redirect".to_owned();
                self.sim.wecom_open(&at, self.person).await
            } else {
                let is_login = at.starts_with(&format!("{}/wwlogin/", self.sim.url));
                let identity =
                    if is_login { format!("&uin={}&key={}", self.person, way.len()) } else { String::new() };
                let asked = format!("{}{identity}", at.split('#').next().unwrap());
                let response = self.step(&asked).await;
                if !response.status().is_redirection() {
                    let status = response.status();
                    let bare = at.split('#').next().unwrap();
                    let at = if fragment.is_empty() { bare.to_owned() } else { format!("{bare}#{fragment}") };
                    return End { at, way, status, text: response.text().await.unwrap() };
                }
                joined(&at, &response)
            };
            if let Some((_, own)) = next.split_once('#') {
                fragment = own.to_owned();
            }
            way.push(next.clone());
            at = next;
        }
        panic!("a loop: {way:#?}");
    }

    async fn session(&self) -> (StatusCode, Value) {
        let response = self.request(Method::GET, &format!("{}/api/session", self.url)).send().await.unwrap();
        (response.status(), response.json().await.unwrap())
    }

    /// The `userId` or else the `openId` of the session, if there is one.
    async fn who(&self) -> Option<String> {
        let (status, session) = self.session().await;
        let user = &session["user"];
        let id = user["userId"].as_str().or(user["openId"].as_str());
        assert_eq!(id.is_some(), status == StatusCode::OK, "{session}");
        id.map(str::to_owned)
    }

    /// Sends the same callback so many times at once, as a client does before it has an answer.
    async fn several(&self, callback: &str, times: usize) -> Vec<Response> {
        let request = || self.request(Method::GET, callback).header("sec-fetch-mode", "navigate").send();
        let answers = futures_util::future::join_all((0..times).map(|_| request())).await;
        answers.into_iter().map(Result::unwrap).collect()
    }
}

fn joined(base: &str, response: &Response) -> String {
    let to = response.headers()["location"].to_str().unwrap();
    Url::parse(base).unwrap().join(to).unwrap().to_string()
}

/// A parameter of an address.
fn parameter(address: &str, name: &str) -> Option<String> {
    let url = Url::parse(address).unwrap();
    url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

fn error_in(address: &str) -> Option<String> {
    parameter(address, "error")
}

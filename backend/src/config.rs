//! The configuration: a TOML file, scalar keys overridden from the environment, every problem reported at once.

mod app;
mod brand;
mod credentials;
mod environment;
mod limits;
mod log;
mod reader;
mod secret;
mod security;
mod suite;
mod value;
mod wecom;

pub use limits::Limits;
pub use log::LogFormat;
pub use reader::{Findings, Problem};
pub use security::{ContentSecurityPolicy, Security};
pub use value::is_loopback;
pub use wecom::{VerifyFile, WeCom};

use crate::apps::{App, Jsapi, Suite};
use crate::secret::{Secret, SessionKey};
use miandeng_shared::AppKind;
use reader::{Place, Section};
use secret::session_key;
use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};
use std::collections::HashSet;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
use std::time::Duration;
use toml::{Table, Value};
use url::Url;
use value::{addresses, base_path, boolean, directory, duration, indexed, list, origin, parsed};

/// Everything `miandeng serve` runs with.
#[derive(Debug, Serialize)]
pub struct Config {
    pub listen: SocketAddr,
    pub ops_listen: SocketAddr,
    #[serde(serialize_with = "as_origin")]
    pub public_url: Url,
    /// With a slash at both ends.
    pub base_path: String,
    #[serde(serialize_with = "as_origins")]
    pub allowed_origins: Vec<Url>,
    /// `public_url` and `allowed_origins` as browsers write them, for every request to be compared with.
    #[serde(skip)]
    origins: Vec<String>,
    pub trusted_proxies: Vec<ipnet::IpNet>,
    pub state_dir: String,
    pub log: LogFormat,
    pub dingtalk: DingTalk,
    pub wecom: WeCom,
    pub store: Store,
    pub session: Session,
    pub limits: Limits,
    pub security: Security,
    pub apps: Vec<App>,
    pub suites: Vec<Suite>,
}

/// `[dingtalk]`: where DingTalk is.
#[derive(Debug, Serialize)]
pub struct DingTalk {
    pub oapi_url: Url,
    pub api_url: Url,
    /// For one call to DingTalk, from connecting to the last byte.
    #[serde(serialize_with = "as_duration")]
    pub timeout: Duration,
    pub simulator: bool,
    /// Calls for one application; 0: any number.
    pub max_calls_per_minute: u32,
}

/// `[store]`: where tokens and tickets are kept.
#[derive(Debug, Clone)]
pub enum Store {
    /// In this process only.
    Memory,
    /// In a file under `state_dir`.
    Embedded,
    /// In a Redis that replicas share. A secret, because the URL may carry a password.
    Redis(Secret),
}

impl Serialize for Store {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let url = match self {
            Store::Memory => "memory:",
            Store::Embedded => "embedded:",
            Store::Redis(url) if url.expose().starts_with("rediss:") => "rediss://***",
            Store::Redis(_) => "redis://***",
        };
        let mut section = serializer.serialize_struct("Store", 1)?;
        section.serialize_field("url", url)?;
        section.end()
    }
}

/// `[session]`: how long and under which keys people stay logged in.
#[derive(Debug, Serialize)]
pub struct Session {
    #[serde(serialize_with = "as_duration")]
    pub ttl: Duration,
    /// 32 random bytes, base64. Without it one is made and kept in the store, for all replicas.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<SessionKey>,
    pub previous_keys: Vec<SessionKey>,
}

/// What came of reading: a configuration where nothing was wrong, and the warnings in either case.
pub struct Loaded {
    pub config: Result<Config, Vec<Problem>>,
    pub warnings: Vec<Problem>,
}

/// Reads the file at `path` with the process's environment laid over it.
pub fn load(path: &Path) -> Loaded {
    let text = match text_of(path) {
        Ok(text) => text,
        Err(problem) => return Loaded { config: Err(vec![problem]), warnings: vec![] },
    };
    let found = Findings::default();
    let config = read(&text, environment::of_process(), &found);
    let secrets = found.inline_secrets();
    if !secrets.is_empty() && secret::is_open_to_others(path) {
        let remedy = format!(
            "holds secrets ({secrets}), and every user of this machine may read it: {}",
            secret::CLOSE_IT
        );
        found.warn(path.display().to_string(), remedy);
    }
    loaded(config, found)
}

fn text_of(path: &Path) -> Result<String, Problem> {
    let unread = |e: std::io::Error| format!("cannot be read ({}); name the file with --config", e.kind());
    let text = std::fs::read(path).map_err(unread).and_then(value::utf8);
    text.map_err(|remedy| Problem { key: path.display().to_string(), remedy })
}

/// Where the operator's listener is, for a probe that needs nothing else: no secret, and no file where the environment
/// says it.
///
/// # Errors
/// What is wrong with the file or the address.
pub fn ops_listen(path: &Path) -> Result<SocketAddr, Problem> {
    const KEY: &str = "ops_listen";
    let found = Findings::default();
    let mut table = Table::new();
    let is_said = |(name, _): &(String, String)| name.eq_ignore_ascii_case("MIANDENG__OPS_LISTEN");
    environment::overlay(&mut table, environment::of_process().filter(is_said), &found);
    if table.is_empty() {
        table = toml(&text_of(path)?)?;
    }
    let address = Section::root(table, &found).optional(KEY, address());
    match found.into_parts().0.pop() {
        Some(problem) => Err(problem),
        None => Ok(address.unwrap_or(OPS_LISTEN)),
    }
}

fn address() -> impl Fn(Value) -> Result<SocketAddr, String> {
    parsed("an address and port such as \"127.0.0.1:8080\"")
}

const LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8080);
const OPS_LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 9090);

/// Reads a configuration from its text and the `MIANDENG__…` variables among `environment`.
pub fn parse(text: &str, environment: impl Iterator<Item = (String, String)>) -> Loaded {
    let found = Findings::default();
    loaded(read(text, environment, &found), found)
}

fn toml(text: &str) -> Result<Table, Problem> {
    text.parse().map_err(|e: toml::de::Error| {
        // Only the place: the text of the line could be a secret.
        let line = e.span().map_or(0, |span| text[..span.start].matches('\n').count() + 1);
        Problem { key: format!("line {line}"), remedy: format!("is not TOML: {}", e.message()) }
    })
}

fn read(text: &str, environment: impl Iterator<Item = (String, String)>, found: &Findings) -> Option<Config> {
    match toml(text) {
        Ok(mut table) => {
            let environment: Vec<_> = environment.collect();
            environment::overlay(&mut table, environment.iter().cloned(), found);
            let config = Config::read(Section::root(table, found));
            environment::warn_of_unread(environment.iter().map(|(name, _)| name), found);
            config
        }
        Err(Problem { key, remedy }) => {
            found.problem(key, remedy);
            None
        }
    }
}

fn loaded(config: Option<Config>, found: Findings) -> Loaded {
    let (problems, warnings) = found.into_parts();
    match config {
        Some(config) if problems.is_empty() => Loaded { config: Ok(config), warnings },
        _ => Loaded { config: Err(problems), warnings },
    }
}

impl Config {
    fn read(mut s: Section<'_>) -> Option<Self> {
        let listen = s.optional("listen", address());
        let ops_listen = s.optional("ops_listen", address());
        let public_url = s.required("public_url", "\"https://h5.example.com\"", origin);
        let base_path = s.optional("base_path", base_path).unwrap_or_else(|| "/".into());
        let allowed_origins = s.optional("allowed_origins", list(origin)).unwrap_or_default();
        let proxies = s.place("trusted_proxies");
        let trusted_proxies = indexed(|i, value| addresses(proxies.at(i))(value));
        let trusted_proxies = s.optional("trusted_proxies", trusted_proxies).unwrap_or_default();
        let state_dir = s.optional("state_dir", directory).unwrap_or_else(|| "./state".into());
        let log = s.optional("log", parsed("\"text\" or \"json\"")).unwrap_or_default();
        let dingtalk = DingTalk::read(s.table("dingtalk"));
        let wecom = WeCom::read(s.table("wecom"), dingtalk.simulator.then_some(&dingtalk.oapi_url));
        let store = Store::read(s.table("store"));
        let session = Session::read(s.table("session"));
        let limits = Limits::read(s.table("limits"), !trusted_proxies.is_empty());
        let security = Security::read(s.table("security"));
        let (apps, suites) = (s.tables("apps"), s.tables("suites"));
        if apps.is_empty() && suites.is_empty() {
            s.problem(
                "apps",
                "is missing; add an [[apps]] section with corp_id, agent_id, kind and its secret, or [[suites]]",
            );
        }
        let simulated = dingtalk.simulated_jsapi();
        let simulated = simulated.as_deref();
        let apps: Vec<App> = apps.into_iter().filter_map(|s| app::app(s, simulated)).collect();
        let suites: Vec<Suite> = suites.into_iter().filter_map(|s| suite::suite(s, simulated)).collect();
        let found = s.found();
        s.finish();
        let public_url = public_url?;
        let origins = std::iter::once(&public_url).chain(&allowed_origins);
        let origins = origins.map(|url| url.origin().ascii_serialization()).collect();
        let config = Config {
            listen: listen.unwrap_or(LISTEN),
            ops_listen: ops_listen.unwrap_or(OPS_LISTEN),
            public_url,
            origins,
            base_path,
            allowed_origins,
            trusted_proxies,
            state_dir,
            log,
            dingtalk,
            wecom,
            store,
            session,
            limits,
            security,
            apps,
            suites,
        };
        config.check_together(found);
        Some(config)
    }

    /// Rules that concern several keys.
    fn check_together(&self, found: &Findings) {
        if self.listen == self.ops_listen && self.listen.port() != 0 {
            found.problem("ops_listen", "must differ from listen: metrics are never on the public listener");
        }
        let mut seen = HashSet::new();
        for (i, app) in self.apps.iter().enumerate() {
            if !seen.insert((&app.corp_id, &app.agent_id)) {
                found
                    .problem(format!("apps[{i}]"), format!("{} is configured twice; remove one", app.name()));
            }
        }
        let mut defaults = self.apps.iter().enumerate().filter(|(_, app)| app.default).skip(1);
        if let Some((i, _)) = defaults.next() {
            found.problem(
                format!("apps[{i}].default"),
                "is true for another application already; people can be sent to one only, leave it to that one",
            );
        }
        let (mut names, mut keys) = (HashSet::new(), HashSet::new());
        for (i, suite) in self.suites.iter().enumerate() {
            if !names.insert(&suite.name) {
                found.problem(
                    format!("suites[{i}].name"),
                    "is another suite's too; each needs its own callback",
                );
            }
            if !keys.insert(&suite.suite_key) {
                found.problem(format!("suites[{i}].suite_key"), "is configured twice; remove one");
            }
        }
        if !self.suites.is_empty() {
            found.warn(
                "suites",
                "/auth without corpid and agentid lets in every corporation that authorised a suite, with user ids of its \
                 own choosing: name the application in the proxy's question",
            );
        }
        if !self.suites.is_empty() && matches!(self.store, Store::Memory) {
            found.warn(
                "store.url",
                "\"memory:\" loses every corporation's permanent code at the end of the process, and each would have to \
                 authorise the suite again; use \"embedded:\" or Redis",
            );
        }
        if self.dingtalk.simulator {
            found.warn(
                "dingtalk.simulator",
                "is on: any browser counts as DingTalk, anybody is let in as whom they choose, and the pages say that it is a demo",
            );
        }
        if !self.wecom.verify_files.is_empty() && self.base_path != "/" {
            found.warn(
                "wecom.verify_files",
                "are served from the root of the host only, and base_path is below it: let the proxy serve them",
            );
        }
        for (i, origin) in self.allowed_origins.iter().enumerate() {
            if !same_site(origin, &self.public_url) {
                found.warn(
                    format!("allowed_origins[{i}]"),
                    "shares no parent domain with public_url: browsers will withhold the cookies from its pages",
                );
            }
        }
    }

    /// Where people are sent whom a proxy wants logged in without saying to which application.
    pub fn default_app(&self) -> Option<&App> {
        self.apps.iter().find(|app| app.default).or(self.apps.first())
    }

    /// Where the JSAPI of an application may be that is not known yet: a suite's, and the default of either kind.
    pub fn jsapi_urls(&self) -> HashSet<String> {
        let of_suites = self.suites.iter().filter_map(|suite| suite.jsapi_url.clone());
        of_suites
            .chain([AppKind::Channel, AppKind::H5].into_iter().filter_map(Jsapi::of).map(|jsapi| jsapi.url))
            .collect()
    }

    /// Who signs identities: `public_url` and `base_path` as they are written, so with a slash at the end only where
    /// `base_path` is `/`.
    pub fn issuer(&self) -> String {
        let base = self.base_path.trim_end_matches('/');
        let origin = self.public_url.origin().ascii_serialization();
        format!("{origin}{}", if base.is_empty() { "/" } else { base })
    }

    /// Whether `origin`, as a browser sends it in `Origin`, is public_url or one of allowed_origins.
    pub fn allows_origin(&self, origin: &str) -> bool {
        self.origins.iter().any(|allowed| allowed == origin)
    }

    /// Whether `url` belongs to an origin whose pages may use the API.
    pub fn allows_url(&self, url: &Url) -> bool {
        self.allows_origin(&url.origin().ascii_serialization())
    }

    /// Whether `href` begins with such an origin, written as a browser writes it, and goes on below it.
    pub fn allows_plainly(&self, href: &str) -> bool {
        let below = |rest: &str| rest.is_empty() || rest.starts_with(['/', '?', '#']);
        self.origins.iter().any(|allowed| href.strip_prefix(allowed.as_str()).is_some_and(below))
    }

    /// The configuration as TOML with every secret masked.
    ///
    /// # Errors
    /// Never in practice: every value has a TOML form.
    pub fn masked(&self) -> anyhow::Result<String> {
        Ok(toml::to_string(self)?)
    }
}

/// Whether browsers may treat two hosts as one site. Without the public suffix list this is a guess that errs towards
/// no warning: the last two labels are the same.
fn same_site(a: &Url, b: &Url) -> bool {
    let tail = |url: &Url| {
        let host = url.host_str().unwrap_or_default().to_owned();
        let is_name = matches!(url.host(), Some(url::Host::Domain(_)));
        if !is_name {
            return host;
        }
        let labels: Vec<&str> = host.rsplit('.').take(2).collect();
        labels.join(".")
    };
    a.scheme() == b.scheme() && tail(a) == tail(b)
}

/// Of one application DingTalk's standard edition takes 20 calls of an interface in a second, and a login uses up to
/// five interfaces: whoever asks for more is not served by DingTalk either. A DingTalk on this machine bans nobody.
const MAX_CALLS_PER_MINUTE: u32 = 60 * 20 * 5;

impl DingTalk {
    fn read(mut s: Section<'_>) -> Self {
        let host = |url: Option<Url>, name: &str| {
            url.or_else(|| Url::parse(&format!("https://{name}.dingtalk.com")).ok())
                .unwrap_or_else(|| unreachable!("a literal URL"))
        };
        let oapi_url = host(s.optional("oapi_url", origin), "oapi");
        let api_url = host(s.optional("api_url", origin), "api");
        let timeout = s.optional("timeout", duration).unwrap_or(Duration::from_secs(5));
        let simulator = s.optional("simulator", boolean).unwrap_or(false);
        let is_here = is_loopback(&oapi_url) && is_loopback(&api_url);
        let max_calls_per_minute = s
            .optional("max_calls_per_minute", value::number(0))
            .unwrap_or(if is_here { 0 } else { MAX_CALLS_PER_MINUTE });
        if simulator && !is_here {
            s.problem(
                "simulator",
                "is only for a simulator on this machine: set both oapi_url and api_url to it",
            );
        }
        s.finish();
        DingTalk { oapi_url, api_url, timeout, simulator: simulator && is_here, max_calls_per_minute }
    }

    /// Only the simulator's own JSAPI makes an ordinary browser a DingTalk.
    fn simulated_jsapi(&self) -> Option<String> {
        self.simulator.then(|| format!("{}jsapi/dingtalk.js", self.oapi_url))
    }
}

impl Store {
    fn read(mut s: Section<'_>) -> Self {
        let store = s.optional("url", store_url(s.place("url"))).unwrap_or(Store::Embedded);
        s.finish();
        store
    }
}

fn store_url(place: Place<'_>) -> impl Fn(Value) -> Result<Store, String> {
    let secret = secret::secret(place);
    move |value| {
        let url = match value {
            Value::String(text) if !text.contains('@') => Secret::new(text),
            value => secret(value)?,
        };
        match url.expose() {
            "memory:" => Ok(Store::Memory),
            "embedded:" => Ok(Store::Embedded),
            // Of a password that begins after a sign that is not encoded, nothing is repeated.
            text if text.contains('#') => Err("must not have a # in it: a # in a password is %23, and #insecure, which \
                                               believes any certificate, is not supported: name your CA in SSL_CERT_FILE"
                .into()),
            text if redis::Client::open(text).is_ok() => Ok(Store::Redis(url)),
            _ => Err("must be \"embedded:\", \"memory:\", \"redis://host:6379/0\" or \"rediss://…\"; in a password, signs \
                      such as @ : / ? # % are percent-encoded (%40 for @)"
                .into()),
        }
    }
}

impl Session {
    fn read(mut s: Section<'_>) -> Self {
        let ttl = s.optional("ttl", duration).unwrap_or(Duration::from_secs(12 * 60 * 60));
        let key = s.optional("key", session_key(s.place("key")));
        let place = s.place("previous_keys");
        let previous_keys = indexed(|i, value| session_key(place.at(i))(value));
        let previous_keys = s.optional("previous_keys", previous_keys).unwrap_or_default();
        s.finish();
        Session { ttl, key, previous_keys }
    }
}

fn as_origin<S: Serializer>(url: &Url, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&url.origin().ascii_serialization())
}

fn as_origins<S: Serializer>(urls: &[Url], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(urls.iter().map(|url| url.origin().ascii_serialization()))
}

fn as_duration<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&humantime::format_duration(*duration))
}

#[cfg(test)]
mod tests;

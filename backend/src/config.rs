//! The configuration: a TOML file, scalar keys overridden from the environment, every problem reported at once.

mod app;
mod brand;
mod credentials;
mod cross_check;
mod dingtalk;
mod environment;
mod limits;
mod load;
mod log;
mod reader;
mod secret;
mod security;
mod session;
mod store;
mod suite;
mod value;
mod wecom;
mod written;

pub(crate) use dingtalk::DingTalk;
pub(crate) use limits::Limits;
pub use load::{Loaded, parse};
pub(crate) use load::{load, ops_listen};
pub(crate) use log::LogFormat;
pub use reader::Problem;
pub(crate) use security::{ContentSecurityPolicy, Security};
pub(crate) use session::Session;
pub(crate) use store::Store;
pub(crate) use value::is_loopback;
pub(crate) use wecom::WeCom;

use crate::apps::{App, Jsapi, Suite};
use miandeng_shared::AppKind;
use reader::Section;
use serde::Serialize;
use std::collections::HashSet;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use toml::Value;
use url::Url;
use value::{addresses, base_path, choice, directory, indexed, list, origin, parsed};

/// Everything `miandeng serve` runs with.
#[derive(Debug, Serialize)]
pub struct Config {
    pub listen: SocketAddr,
    pub ops_listen: SocketAddr,
    #[serde(serialize_with = "written::origin")]
    pub public_url: Url,
    /// With a slash at both ends.
    pub base_path: String,
    #[serde(serialize_with = "written::origins")]
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

fn address() -> impl Fn(Value) -> Result<SocketAddr, String> {
    parsed("an address and port such as \"127.0.0.1:8080\"")
}

const LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8080);
const OPS_LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 9090);

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
        let log = s.optional("log", choice("\"text\" or \"json\"")).unwrap_or_default();
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
        s.finish();
        let public_url = public_url?;
        let origins = std::iter::once(&public_url).chain(&allowed_origins);
        let origins = origins.map(|url| url.origin().ascii_serialization()).collect();
        Some(Config {
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
        })
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

#[cfg(test)]
mod tests;

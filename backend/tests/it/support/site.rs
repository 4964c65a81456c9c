//! An enterprise's site: its application and miandeng on one host, behind a proxy that runs the shipped files.

use super::{AGENT, CORP, Caddy, Nginx, Person, Sample, Server, Sim, Trust, free_port, shipped};
use std::path::PathBuf;

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    Nginx,
    Caddy,
}

#[derive(Clone, Copy, PartialEq)]
pub enum Scheme {
    /// For requests written by hand.
    Http,
    /// As in production; the certificate is nobody's.
    Https,
}

pub struct Site {
    /// Scheme, host and port that people see.
    pub url: String,
    pub sim: Sim,
    pub server: Server,
    pub app: Sample,
    // Held so that they run.
    _nginx: Option<Nginx>,
    _caddy: Option<Caddy>,
    _certificate: Option<Certificate>,
}

/// Where miandeng is on the site, as the shipped files say.
pub const BASE: &str = "/_miandeng";

impl Site {
    /// An application of `CORP` and `AGENT` behind the shipped files of `kind`, and a second enterprise, `dingcorp2`, that
    /// shares nothing with it but the server. `adjust` may change the server's configuration.
    pub async fn start(kind: Kind, scheme: Scheme, adjust: impl FnOnce(&mut String, &Sim)) -> Self {
        let sim = Sim::start(2).await;
        let port = free_port();
        let name = if scheme == Scheme::Https { "https" } else { "http" };
        let url = format!("{name}://127.0.0.1:{port}");
        let server = Server::start(&sim, |config| {
            let from = config.find("public_url").unwrap();
            let to = from + config[from..].find('\n').unwrap();
            config.replace_range(
                from..to,
                &format!(
                    "public_url = \"{url}\"\nbase_path = \"{BASE}\"\ntrusted_proxies = [\"127.0.0.1/32\"]"
                ),
            );
            config.push_str(&format!(
                "[[apps]]\ncorp_id = \"dingcorp2\"\nagent_id = \"{AGENT}\"\nkind = \"channel\"\n\
                 channel_secret = \"channel-secret-of-dingcorp2\"\njsapi_url = \"{}/jsapi/dingtalk.js\"\n",
                sim.url
            ));
            adjust(config, &sim);
        })
        .await;
        let app = Sample::start(Trust {
            jwks_url: format!("{}{BASE}/.well-known/jwks.json", server.url),
            issuer: format!("{url}{BASE}"),
            audience: format!("{CORP}/{AGENT}"),
        })
        .await;
        let miandeng = server.url.trim_start_matches("http://");
        let (mut nginx, mut caddy, mut certificate) = (None, None, None);
        match kind {
            Kind::Nginx => {
                certificate = (scheme == Scheme::Https).then(|| Certificate::new(port));
                let conf = match &certificate {
                    None => plain_site_conf(),
                    Some(certificate) => site_conf(certificate),
                };
                let upstream = [miandeng, &app.address];
                nginx = Some(Nginx::with_shipped(port, upstream, &conf, |_, text| text).await);
            }
            Kind::Caddy => {
                let sites = caddyfile(&url, miandeng, &app.address);
                caddy = Some(Caddy::start(port, url.clone(), &sites).await);
            }
        }
        Self { url, sim, server, app, _nginx: nginx, _caddy: caddy, _certificate: certificate }
    }

    /// Somebody whose miandeng is this site's.
    pub fn visitor(&self) -> Person<'_> {
        Person::at(&self.sim, &format!("{}{BASE}", self.url))
    }
}

/// The shipped Caddyfile for a site at `url`.
pub fn caddyfile(url: &str, miandeng: &str, app: &str) -> String {
    let values = [
        ("h5.example.com {", format!("{url} {{")),
        ("127.0.0.1:8080", miandeng.to_owned()),
        ("127.0.0.1:3000", app.to_owned()),
        ("dingcorp1", CORP.to_owned()),
        ("123456", AGENT.to_owned()),
    ];
    let values = values.each_ref().map(|(placeholder, value)| (*placeholder, value.as_str()));
    shipped::fill(&shipped::file("deploy/caddy/Caddyfile"), &values)
}

/// The shipped `site.conf` for a site without TLS.
pub fn plain_site_conf() -> String {
    let site = shipped::file("deploy/nginx/site.conf");
    let kept: Vec<&str> = site.lines().filter(|line| !line.contains("ssl_certificate")).collect();
    assert!(kept.len() + 2 == site.lines().count(), "site.conf has a certificate and its key");
    let values = [("443 ssl", "127.0.0.1:PORT"), ("h5.example.com;", "127.0.0.1;")];
    shipped::fill(&kept.join("\n"), &values)
}

/// The shipped `site.conf` with its TLS.
fn site_conf(certificate: &Certificate) -> String {
    let file = |name: &str| certificate.dir.join(name).display().to_string();
    let values = [
        ("443 ssl", "127.0.0.1:PORT ssl"),
        ("/etc/nginx/tls/h5.example.com.crt", &file("crt")),
        ("/etc/nginx/tls/h5.example.com.key", &file("key")),
        ("h5.example.com;", "127.0.0.1;"),
    ];
    shipped::fill(&shipped::file("deploy/nginx/site.conf"), &values)
}

/// A certificate for 127.0.0.1 that nobody trusts, in files.
struct Certificate {
    dir: PathBuf,
}

impl Certificate {
    fn new(port: u16) -> Self {
        let dir = std::env::temp_dir().join(format!("miandeng-tls-{}-{port}", std::process::id()));
        std::fs::create_dir_all(&dir).unwrap();
        let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
        std::fs::write(dir.join("crt"), made.cert.pem()).unwrap();
        std::fs::write(dir.join("key"), made.signing_key.serialize_pem()).unwrap();
        Self { dir }
    }
}

impl Drop for Certificate {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.dir);
    }
}

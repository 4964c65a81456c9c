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
    /// The same, and nginx speaks HTTP/2, as Caddy always does.
    Http2,
}

pub struct Site {
    /// Scheme, host and port that people see.
    pub url: String,
    pub sim: Sim,
    pub server: Server,
    pub app: Sample,
    // Held so that they run.
    _front: Front,
    _certificate: Option<Certificate>,
}

/// Where miandeng is on the site, as the shipped files say.
pub const BASE: &str = "/_miandeng";

impl Site {
    /// An application of `CORP` and `AGENT` behind the shipped files of `kind`, and a second enterprise, `dingcorp2`, that
    /// shares nothing with it but the server. `adjust` may change the server's configuration.
    pub async fn start(kind: Kind, scheme: Scheme, adjust: impl FnOnce(&mut String, &Sim)) -> Self {
        Self::changed(kind, scheme, adjust, &[], |_, sites| sites).await
    }

    /// The same where `site.conf` or the Caddyfile is changed for a miandeng at an address, and nginx has more files.
    pub async fn changed(
        kind: Kind,
        scheme: Scheme,
        adjust: impl FnOnce(&mut String, &Sim),
        files: &[(&str, String)],
        change: impl FnOnce(&str, String) -> String,
    ) -> Self {
        let sim = Sim::start(2).await;
        let port = free_port();
        let name = if scheme == Scheme::Http { "http" } else { "https" };
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
        let certificate = (kind == Kind::Nginx && scheme != Scheme::Http).then(|| Certificate::new(port));
        let sites = match (kind, &certificate) {
            (Kind::Nginx, None) => plain_site_conf(),
            (Kind::Nginx, Some(certificate)) => site_conf(certificate, scheme),
            (Kind::Caddy, _) => caddyfile(&url, miandeng, &app.address),
        };
        let sites = change(miandeng, sites);
        let front = match kind {
            Kind::Nginx => {
                Front::Nginx(Nginx::with_files(port, [miandeng, &app.address], &sites, files).await)
            }
            Kind::Caddy => Front::Caddy(Caddy::start(port, url.clone(), &sites).await),
        };
        Self { url, sim, server, app, _front: front, _certificate: certificate }
    }

    /// A site whose application takes large uploads: nginx is told so in the application's own location, and nowhere else.
    pub async fn for_uploads(kind: Kind, scheme: Scheme, adjust: impl FnOnce(&mut String, &Sim)) -> Self {
        let app = "include miandeng/app.conf;\n";
        let larger = format!("{app}client_max_body_size 100m;\n");
        Self::changed(kind, scheme, adjust, &[], |_, sites| match kind {
            Kind::Nginx => shipped::fill(&sites, &[(app, &larger)]),
            Kind::Caddy => sites,
        })
        .await
    }

    /// A further proxy with the shipped files, over plain HTTP, before this site's miandeng and another application.
    pub async fn before(&self, kind: Kind, app: &str) -> Front {
        let miandeng = self.server.url.trim_start_matches("http://");
        Front::plain(kind, [miandeng, app]).await
    }

    /// A person whose miandeng is this site's.
    pub fn visitor(&self) -> Person<'_> {
        let mut person = Person::at(&self.sim, &format!("{}{BASE}", self.url));
        if self.url.starts_with("https") {
            let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
            person.http = client.tls_danger_accept_invalid_certs(true).build().unwrap();
        }
        person
    }
}

/// A proxy with the shipped files.
pub enum Front {
    Nginx(Nginx),
    Caddy(Caddy),
}

impl Front {
    /// Without TLS, for a miandeng and an application at these addresses.
    pub async fn plain(kind: Kind, [miandeng, app]: [&str; 2]) -> Self {
        let port = free_port();
        let url = format!("http://127.0.0.1:{port}");
        match kind {
            Kind::Nginx => {
                Self::Nginx(Nginx::with_files(port, [miandeng, app], &plain_site_conf(), &[]).await)
            }
            Kind::Caddy => {
                let sites = caddyfile(&url, miandeng, app);
                Self::Caddy(Caddy::start(port, url, &sites).await)
            }
        }
    }

    pub fn url(&self) -> &str {
        match self {
            Self::Nginx(nginx) => &nginx.url,
            Self::Caddy(caddy) => &caddy.url,
        }
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
fn site_conf(certificate: &Certificate, scheme: Scheme) -> String {
    let file = |name: &str| certificate.dir.join(name).display().to_string();
    let listen = if scheme == Scheme::Http2 { "127.0.0.1:PORT ssl http2" } else { "127.0.0.1:PORT ssl" };
    let values = [
        ("443 ssl", listen),
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

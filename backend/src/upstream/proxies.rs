//! The proxies on the way to a platform that the environment names, as the log tells of them: without their passwords.

use hyper_util::client::proxy::matcher::{Intercept, Matcher};
use reqwest::{ClientBuilder, NoProxy};
use std::env;
use std::ffi::OsStr;
use std::sync::LazyLock;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use url::Url;

/// What a proxy answers is asked for once more, beside a login.
const PATIENCE: Duration = Duration::from_secs(1);
/// The variables, of each pair the one that counts first.
const VARIABLES: [[&str; 2]; 3] =
    [["HTTPS_PROXY", "https_proxy"], ["HTTP_PROXY", "http_proxy"], ["ALL_PROXY", "all_proxy"]];

/// For the two schemes, and for both.
#[derive(Clone)]
pub(super) struct Proxies([Option<String>; 3]);

/// Read once, so that each mistake is warned of once, however many platforms there are.
static OF_ENVIRONMENT: LazyLock<Proxies> = LazyLock::new(Proxies::read);

impl Proxies {
    /// Those of the environment. A variable that names none is warned of and not used: what would be taken for a host may
    /// be a piece of a password.
    pub fn of_environment() -> Self {
        OF_ENVIRONMENT.clone()
    }

    fn read() -> Self {
        Self(VARIABLES.map(|pair| {
            let (variable, value) = pair.iter().find_map(|name| Some((*name, env::var_os(name)?)))?;
            let address = address(&value);
            if address.is_none() && !value.is_empty() {
                tracing::warn!(
                    variable,
                    "names no proxy and is ignored: it is http://[user:password@]host:port, and signs such as @ : / ? # % \
                     in user and password are percent-encoded (%40 for @)"
                );
            }
            address
        }))
    }

    /// Tells a client of them.
    pub fn set(&self, client: ClientBuilder) -> reqwest::Result<ClientBuilder> {
        let kinds = [reqwest::Proxy::https::<&str>, reqwest::Proxy::http, reqwest::Proxy::all];
        self.0.iter().zip(kinds).try_fold(client.no_proxy(), |client, (address, kind)| {
            Ok(match address {
                Some(address) => client.proxy(kind(address)?.no_proxy(NoProxy::from_env())),
                None => client,
            })
        })
    }

    /// What tells which of them a request goes through.
    pub fn matcher(self) -> Matcher {
        let [https, http, all] = self.0.map(Option::unwrap_or_default);
        let no = ["NO_PROXY", "no_proxy"].iter().find_map(|name| env::var(name).ok()).unwrap_or_default();
        Matcher::builder().https(https).http(http).all(all).no(no).build()
    }
}

/// Host and port of a proxy.
pub(super) fn name_of(proxy: &Intercept) -> String {
    proxy.uri().authority().map(ToString::to_string).unwrap_or_default()
}

/// A variable's value, if it can only be read as the address of a proxy of a kind that is used.
fn address(value: &OsStr) -> Option<String> {
    let text = value.to_str()?;
    let text = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
    let is_plain = Url::parse(&text).is_ok_and(|url| {
        matches!(url.scheme(), "http" | "https")
            && url.path() == "/"
            && url.query().is_none()
            && url.fragment().is_none()
            && text.matches('@').count() < 2
    });
    let any = "https://host".parse().ok()?;
    let is_read = Matcher::builder().all(text.as_str()).build().intercept(&any).is_some();
    (is_plain && is_read).then_some(text)
}

/// Why a proxy makes no tunnel to the host of `url`: its status, which its client does not tell.
pub(super) async fn refusal(proxy: &Intercept, url: &Url) -> Option<String> {
    let uri = proxy.uri();
    let address = (uri.host()?.trim_matches(['[', ']']), uri.port_u16().unwrap_or(80));
    if uri.scheme_str() != Some("http") {
        return None;
    }
    let target = format!("{}:{}", url.host_str()?, url.port_or_known_default()?);
    let mut question = format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n").into_bytes();
    if let Some(auth) = proxy.basic_auth() {
        question.extend([b"Proxy-Authorization: ", auth.as_bytes(), b"\r\n"].concat());
    }
    question.extend(b"\r\n");
    let asked = async {
        let mut stream = BufReader::new(TcpStream::connect(address).await.ok()?);
        stream.write_all(&question).await.ok()?;
        let start = stream.fill_buf().await.ok()?;
        let status = String::from_utf8_lossy(start).split(' ').nth(1)?.get(..3)?.parse::<u16>().ok()?;
        // By now it would.
        (status != 200).then(|| format!("HTTP {status}"))
    };
    tokio::time::timeout(PATIENCE, asked).await.ok().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn k09_a_proxy_is_an_address_and_nothing_else() {
        for proxy in [
            "http://proxy:3128",
            "http://proxy:3128/",
            "proxy:3128",
            "proxy",
            "10.0.0.1:3128",
            "http://[::1]:3128",
            "http://user:p%40ss@proxy:3128",
            "https://proxy",
            "user:pass@proxy:3128",
        ] {
            assert!(address(OsStr::new(proxy)).is_some(), "{proxy}");
        }
        for none in [
            "http://",
            "http//proxy:3128",
            "http:/proxy:3128",
            "proxy:port",
            "http://proxy:31288888",
            "socks5://proxy",
            "ftp://proxy",
            "http://user:p@ss@proxy:3128",
            "http://user:12#3@proxy:3128",
            "http://user:12/3@proxy:3128",
            "http://user:12?3@proxy:3128",
            "http://user:p ss@proxy:3128",
            "http://proxy:3128 ",
            "\"http://proxy\"",
        ] {
            assert!(address(OsStr::new(none)).is_none(), "{none}");
        }
    }
}

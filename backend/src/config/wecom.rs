//! `[wecom]`: where WeCom is.

use super::reader::Section;
use super::value::{duration, https_url, list, number, text};
use serde::Serialize;
use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;
use toml::Value;
use url::Url;

/// Hosts of WeCom, or of a private deployment of it, and how they are called.
#[derive(Debug, Clone, Serialize)]
pub struct WeCom {
    pub qyapi_url: Url,
    pub authorize_url: Url,
    pub login_url: Url,
    #[serde(serialize_with = "super::written::duration")]
    pub timeout: Duration,
    /// Calls for one application; 0: any number.
    pub max_calls_per_minute: u32,
    pub verify_files: Vec<VerifyFile>,
}

/// A `WW_verify_….txt` that proves to WeCom whose domain this is.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(into = "String")]
pub struct VerifyFile {
    pub name: String,
    pub content: String,
}

impl From<VerifyFile> for String {
    fn from(file: VerifyFile) -> String {
        file.name
    }
}

impl WeCom {
    /// Reads the section; what is missing has its default. `simulator` plays WeCom too.
    pub fn read(mut s: Section<'_>, simulator: Option<&Url>) -> Self {
        let place = |default: &str, path: &str| {
            let simulated = simulator.and_then(|url| url.join(path).ok());
            simulated.or_else(|| Url::parse(default).ok()).unwrap_or_else(|| unreachable!("a literal URL"))
        };
        let (qyapi, authorize, login) = (
            place("https://qyapi.weixin.qq.com/", "/"),
            place("https://open.weixin.qq.com/connect/oauth2/authorize", "/connect/oauth2/authorize"),
            place("https://login.work.weixin.qq.com/wwlogin/sso/login", "/wwlogin/sso/login"),
        );
        let qyapi_url = s.optional("qyapi_url", https_url).unwrap_or(qyapi);
        let authorize_url = s.optional("authorize_url", https_url).unwrap_or(authorize);
        let login_url = s.optional("login_url", https_url).unwrap_or(login);
        for (key, url) in
            [("qyapi_url", &qyapi_url), ("authorize_url", &authorize_url), ("login_url", &login_url)]
        {
            if simulator.is_some() && !super::is_loopback(url) {
                s.problem(key, "has to be on this machine while dingtalk.simulator is true");
            }
        }
        let timeout = s.optional("timeout", duration).unwrap_or(Duration::from_secs(5));
        let max_calls_per_minute =
            s.optional("max_calls_per_minute", number(0)).unwrap_or(match super::is_loopback(&qyapi_url) {
                true => 0,
                false => super::dingtalk::MAX_CALLS_PER_MINUTE,
            });
        let verify_files: Vec<VerifyFile> = s.optional("verify_files", list(verify_file)).unwrap_or_default();
        let names: BTreeSet<_> = verify_files.iter().map(|file| &file.name).collect();
        if names.len() < verify_files.len() {
            s.problem("verify_files", "names a file twice");
        }
        s.finish();
        Self { qyapi_url, authorize_url, login_url, timeout, max_calls_per_minute, verify_files }
    }
}

/// Such a file is a few characters.
const MAX_CONTENT: usize = 1024;

fn verify_file(value: Value) -> Result<VerifyFile, String> {
    let path = text(value)?;
    let name = Path::new(&path).file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let code = name.strip_prefix("WW_verify_").and_then(|rest| rest.strip_suffix(".txt")).unwrap_or_default();
    if !(1..=64).contains(&code.len()) || !code.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return Err("must be the file that WeCom's console gave out, WW_verify_….txt".into());
    }
    let content =
        std::fs::read_to_string(&path).map_err(|e| format!("cannot be read: {path}: {}", e.kind()))?;
    if content.len() > MAX_CONTENT {
        return Err(format!("is no such file: {path} is longer than {MAX_CONTENT} bytes"));
    }
    Ok(VerifyFile { name: name.to_owned(), content })
}

//! `[security]`: the policy of the page, and who may frame it.

use super::reader::Section;
use super::value::{choice, list, origin, text};
use serde::{Deserialize, Serialize};
use toml::Value;

/// What becomes of the page's Content-Security-Policy.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ContentSecurityPolicy {
    #[default]
    Enforce,
    /// Browsers only write to their console what it would forbid: for finding out why a client shows no page.
    ReportOnly,
    /// None is sent; a proxy may add one of its own.
    Off,
}

/// `[security]`.
#[derive(Debug, Clone, Serialize)]
pub struct Security {
    pub content_security_policy: ContentSecurityPolicy,
    /// Sources of `frame-ancestors`, beside ourselves, `allowed_origins` and a simulator.
    pub frame_ancestors: Vec<String>,
}

/// The hosts that DingTalk's JSAPI takes for its own PC client (`hostOrigin` in dingtalk-jsapi 3.2.9).
const DINGTALK: [&str; 2] = ["https://*.dingtalk.com", "https://*.7ding.ai"];

impl Security {
    /// Reads the section; what is missing has its default.
    pub fn read(mut s: Section<'_>) -> Self {
        let shape = "\"enforce\", \"report-only\" or \"off\"";
        let content_security_policy =
            s.optional("content_security_policy", choice(shape)).unwrap_or_default();
        let frame_ancestors = s
            .optional("frame_ancestors", list(ancestor))
            .unwrap_or_else(|| DINGTALK.iter().map(ToString::to_string).collect());
        s.finish();
        Self { content_security_policy, frame_ancestors }
    }
}

/// A source of `frame-ancestors`: an origin, all hosts below one, a scheme, or any.
fn ancestor(value: Value) -> Result<String, String> {
    let wrong = || {
        "must be an origin such as \"https://portal.example.com\", \"https://*.example.com\" for all hosts below it, a \
         scheme such as \"app:\", or \"*\" for every website"
            .to_owned()
    };
    let raw = text(value)?;
    if raw == "*" || is_scheme(&raw) {
        return Ok(raw);
    }
    let (below, plain) = match raw.strip_prefix("https://*.") {
        Some(rest) => (true, format!("https://{rest}")),
        None => (false, raw),
    };
    let url = origin(Value::String(plain)).map_err(|_| wrong())?;
    let written = url.origin().ascii_serialization();
    // A URL's host may have characters that mean something in a policy.
    if !written.chars().all(|c| c.is_ascii_alphanumeric() || "-.:/[]".contains(c)) {
        return Err(wrong());
    }
    Ok(if below { written.replacen("https://", "https://*.", 1) } else { written })
}

fn is_scheme(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "+-.".contains(c);
    text.strip_suffix(':')
        .is_some_and(|name| name.starts_with(|c: char| c.is_ascii_lowercase()) && name.chars().all(plain))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ancestors_are_sources_and_nothing_else() {
        let read = |text: &str| ancestor(Value::String(text.into()));
        for good in
            ["*", "app:", "https://portal.example.com", "https://*.example.com", "http://127.0.0.1:9000"]
        {
            assert_eq!(read(good).unwrap(), good);
        }
        assert_eq!(read("https://*.EXAMPLE.com:443/").unwrap(), "https://*.example.com");
        for bad in [
            "",
            "'none'",
            "example.com",
            "https://",
            "https://*",
            "https://*.",
            "https://a.example b.example",
            "https://a.example; script-src *",
            "https://a.example,b.example",
            "https://a.example;b.example",
            "https://a.example/path",
            "http://*.example.com",
            "https://*.*.example.com",
            "App:",
            ":",
            "a b:",
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}

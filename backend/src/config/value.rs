//! What the values of the configuration may look like. Each function gives the remedy where a value does not fit.

use super::reader::Place;
use ipnet::{IpNet, Ipv4Net};
use miandeng_shared::to_return_path;
use serde::de::DeserializeOwned;
use std::net::IpAddr;
use std::time::Duration;
use toml::Value;
use url::{Host, Url};

/// A string.
pub fn text(value: Value) -> Result<String, String> {
    match value {
        Value::String(text) => Ok(text),
        _ => Err("must be a string in quotation marks".into()),
    }
}

/// A path of this machine.
pub fn directory(value: Value) -> Result<String, String> {
    let path = text(value)?;
    if path.trim().is_empty() {
        return Err("is empty; name a directory, \".\" for the one where the server starts".into());
    }
    Ok(path)
}

/// `true` or `false`; as a string where it comes from the environment.
pub fn boolean(value: Value) -> Result<bool, String> {
    match value {
        Value::Boolean(flag) => Ok(flag),
        Value::String(s) if s == "true" => Ok(true),
        Value::String(s) if s == "false" => Ok(false),
        _ => Err("must be true or false".into()),
    }
}

/// A whole number of at least `least`; as a string where it comes from the environment.
pub fn number(least: u32) -> impl FnOnce(Value) -> Result<u32, String> {
    move |value| {
        let number = match value {
            Value::Integer(number) => u32::try_from(number).ok(),
            Value::String(text) => text.parse().ok(),
            _ => None,
        };
        number
            .filter(|number| *number >= least)
            .ok_or_else(|| format!("must be a whole number, {least} or more"))
    }
}

/// Browsers cut a cookie's life at 400 days, and nothing else that is configured takes longer. It also keeps every sum of
/// a time and a duration within what a clock can show.
const LONGEST: Duration = Duration::from_secs(366 * 24 * 60 * 60);

/// A duration written `30s`, `10m` or `12h`, not zero, and at most [`LONGEST`].
pub fn duration(value: Value) -> Result<Duration, String> {
    let wrong = || "must be a duration such as \"30s\", \"10m\" or \"12h\"".to_owned();
    let parsed = humantime::parse_duration(&text(value).map_err(|_| wrong())?).map_err(|_| wrong())?;
    match parsed {
        Duration::ZERO => Err("must not be zero".into()),
        parsed if parsed > LONGEST => Err("must be at most 366 days".into()),
        parsed => Ok(parsed),
    }
}

/// A list whose items `item` reads.
pub fn list<T>(item: impl Fn(Value) -> Result<T, String>) -> impl FnOnce(Value) -> Result<Vec<T>, String> {
    indexed(move |_, value| item(value))
}

/// A list whose items `item` reads, each by its index.
pub fn indexed<T>(
    item: impl Fn(usize, Value) -> Result<T, String>,
) -> impl FnOnce(Value) -> Result<Vec<T>, String> {
    move |value| match value {
        Value::Array(items) => items
            .into_iter()
            .enumerate()
            .map(|(i, value)| item(i, value).map_err(|remedy| format!("[{i}] {remedy}")))
            .collect(),
        _ => {
            Err("must be a list in square brackets, in the file: lists cannot come from the environment"
                .into())
        }
    }
}

/// Anything that parses from a string.
pub fn parsed<T: std::str::FromStr>(shape: &'static str) -> impl Fn(Value) -> Result<T, String> {
    move |value| text(value)?.parse().map_err(|_| format!("must be {shape}"))
}

/// One of the words of an enum.
pub fn choice<T: DeserializeOwned>(shape: &'static str) -> impl Fn(Value) -> Result<T, String> {
    move |value| Value::String(text(value)?).try_into().map_err(|_| format!("must be {shape}"))
}

/// Text out of a file.
pub fn utf8(bytes: Vec<u8>) -> Result<String, String> {
    let not_text = |good: &[u8]| {
        let line = 1 + good.iter().filter(|&&byte| byte == b'\n').count();
        format!("is not UTF-8 text (line {line}); save it as UTF-8")
    };
    // UTF-16 without a mark is full of zeros, and mostly UTF-8 by accident.
    if let Some(zero) = bytes.iter().position(|&byte| byte == 0) {
        return Err(not_text(&bytes[..zero]));
    }
    String::from_utf8(bytes).map_err(|error| not_text(&error.as_bytes()[..error.utf8_error().valid_up_to()]))
}

/// A range of addresses, or one address, written as the peers of connections are: IPv4 as such.
pub fn addresses(place: Place<'_>) -> impl Fn(Value) -> Result<IpNet, String> {
    move |value| {
        let written = text(value)?;
        let range =
            written.parse().or_else(|_| written.parse().map(|one: IpAddr| IpNet::from(one.to_canonical())));
        let range = range.map_err(|_| {
            format!(
                "must be an address such as \"10.0.0.7\" or a range such as \"10.0.0.0/8\", not {written:?}; names are \
                 not looked up"
            )
        })?;
        let range = match range {
            IpNet::V6(v6) if v6.prefix_len() >= 96 => match v6.addr().to_ipv4_mapped() {
                Some(v4) => Ipv4Net::new(v4, v6.prefix_len() - 96).map_or(range, IpNet::V4),
                None => range,
            },
            range => range,
        };
        let (whole, one) = (range.trunc(), range.addr());
        if range.prefix_len() == 0 {
            place.warn(format!("{written} is every address: each client could name any address as its own"));
        } else if whole != range {
            place.warn(format!("{written} is all of {whole}: write that, or \"{one}\" for the one address"));
        }
        Ok(whole)
    }
}

/// Whether `url` points to this machine and nowhere else.
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}

/// An `https://` URL, or `http://` on a loopback host; never with a user name or password in it.
pub fn https_url(value: Value) -> Result<Url, String> {
    let wrong = || "must be an https:// URL (http:// only on a loopback host)".to_owned();
    let url = Url::parse(&text(value)?).map_err(|_| wrong())?;
    let secure = url.scheme() == "https" || (url.scheme() == "http" && is_loopback(&url));
    if !secure || !url.username().is_empty() || url.password().is_some() {
        return Err(wrong());
    }
    Ok(url)
}

/// An origin: [`https_url`] with neither path, query nor fragment.
pub fn origin(value: Value) -> Result<Url, String> {
    let url = https_url(value)?;
    if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
        return Err("must be an origin: scheme, host and port, with nothing behind it".into());
    }
    // The parser takes it for a name like any other, and no page would ever have it.
    if url.host_str().is_some_and(|host| host.contains('*')) {
        return Err("must be one host: there are no wildcards; list every origin".into());
    }
    Ok(url)
}

/// A path prefix; given back with a slash at both ends.
pub fn base_path(value: Value) -> Result<String, String> {
    let raw = text(value)?;
    let trimmed = raw.trim_matches('/');
    let plain = |s: &str| {
        !s.is_empty()
            && s.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.~".contains(&b))
            && s != "."
            && s != ".."
    };
    if !raw.starts_with('/') || !(trimmed.is_empty() || trimmed.split('/').all(plain)) {
        return Err("must be a path such as \"/\" or \"/_miandeng\"".into());
    }
    Ok(if trimmed.is_empty() { "/".into() } else { format!("/{trimmed}/") })
}

/// A path on this origin where a login may go to.
pub fn home(value: Value) -> Result<String, String> {
    let raw = text(value)?;
    to_return_path(&raw).ok_or_else(|| "must be a path on this host that begins with one slash".into())
}

/// A file that the page loads: an [`https_url`], or a path on this host.
pub fn resource(value: Value) -> Result<String, String> {
    let raw = text(value)?;
    if let Some(path) = to_return_path(&raw) {
        return Ok(path);
    }
    let url = https_url(Value::String(raw)).map_err(|remedy| format!("{remedy}, or a path on this host"))?;
    Ok(url.into())
}

#[cfg(test)]
mod tests;

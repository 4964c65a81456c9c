//! How values are printed: as they may stand in the file.

use serde::Serializer;
use std::time::Duration;
use url::Url;

pub fn origin<S: Serializer>(url: &Url, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&url.origin().ascii_serialization())
}

pub fn origins<S: Serializer>(urls: &[Url], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(urls.iter().map(|url| url.origin().ascii_serialization()))
}

pub fn duration<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&humantime::format_duration(*duration))
}

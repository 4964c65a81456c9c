//! The scripts, the phone page and the portraits. They are part of the program, so that it needs no files.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde::Deserialize;

use crate::control::Problem;
use crate::world::Simulator;
use crate::{seed, wecom};

const HTML: &str = "text/html; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";

/// The files of the phone page, each under its own name.
macro_rules! files {
    ($($name:literal: $kind:expr),* $(,)?) => {
        [$((concat!("/ui/", $name), $kind, include_str!(concat!("../assets/ui/", $name)))),*]
    };
}

const FILES: &[(&str, &str, &str)] = &files![
    "base.css": STYLE,
    "device.css": STYLE,
    "chat.css": STYLE,
    "panel.css": STYLE,
    "platforms.css": STYLE,
    "wecom.css": STYLE,
    "journal.css": STYLE,
    "api.js": SCRIPT,
    "choice.js": SCRIPT,
    "dom.js": SCRIPT,
    "fault-kinds.js": SCRIPT,
    "faults.js": SCRIPT,
    "journal.js": SCRIPT,
    "settings.js": SCRIPT,
    "logins.js": SCRIPT,
    "main.js": SCRIPT,
    "people.js": SCRIPT,
    "phone.js": SCRIPT,
    "protocol.js": SCRIPT,
    "row.js": SCRIPT,
    "suites.js": SCRIPT,
    "tabs.js": SCRIPT,
    "wecom.js": SCRIPT,
    "wecom-protocol.js": SCRIPT,
    "wecom-words.js": SCRIPT,
    "words.js": SCRIPT,
];

/// The page at `/` and what it is made of.
pub fn phone() -> Router<Arc<Simulator>> {
    let page = get(async || asset(HTML, include_str!("../assets/ui/index.html")));
    FILES.iter().fold(Router::new().route("/", page), |router, &(path, kind, text)| {
        router.route(path, get(async move || asset(kind, text)))
    })
}

pub fn asset(content_type: &'static str, text: impl IntoResponse) -> Response {
    // An asset of another build under the same name would be a riddle.
    ([(header::CONTENT_TYPE, content_type), (header::CACHE_CONTROL, "no-store")], text).into_response()
}

/// The JSAPI for ordinary browsers.
pub async fn jsapi() -> Response {
    asset(SCRIPT, include_str!("../assets/dingtalk.js"))
}

#[derive(Deserialize)]
pub struct Emulated {
    platform: Option<String>,
}

/// The emulated client for the official SDK.
pub async fn native(State(simulator): State<Arc<Simulator>>, Query(wanted): Query<Emulated>) -> Response {
    let platform = wanted.platform.as_deref().unwrap_or("ios");
    if !["ios", "android"].contains(&platform) {
        return Problem::value("platform", "must be ios or android".to_owned()).into_response();
    }
    let script = include_str!("../assets/native.js")
        .replace("%ORIGIN%", &simulator.world().origin)
        .replace("%PLATFORM%", platform);
    asset(SCRIPT, script)
}

/// A portrait: the last character of the nickname on a colour of the person's own.
pub async fn avatar(Path(file): Path<String>) -> Response {
    let id = file.strip_suffix(".svg").unwrap_or_default();
    let of_wecom = || {
        let person = wecom::PEOPLE.iter().find(|person| Some(person.id) == id.strip_prefix("wecom-"))?;
        Some((person.name, person.colour))
    };
    let found = seed::PEOPLE.iter().zip(COLOURS).find(|(person, _)| person.id == id);
    let Some((name, colour)) = found.map(|(person, colour)| (person.nickname, colour)).or_else(of_wecom)
    else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let letter = name.chars().last().unwrap_or(' ');
    asset(
        "image/svg+xml",
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 64 64\">\
             <rect width=\"64\" height=\"64\" rx=\"12\" fill=\"{colour}\"/>\
             <text x=\"32\" y=\"43\" font-size=\"32\" font-family=\"sans-serif\" text-anchor=\"middle\" \
             fill=\"#fff\">{letter}</text></svg>"
        ),
    )
}

const COLOURS: [&str; 4] = ["#1677ff", "#13a8a8", "#d46b08", "#8c8c8c"];

//! The browser side. A client opens the link, looks at its fragment, which no server sees, and asks once more with its
//! identity (`uin`, `key`, `pass_ticket`); that is answered with the way to the callback. In a browser the page that
//! answers the first request plays the client; a test without a browser adds the identity itself.

use axum::http::{HeaderValue, StatusCode, header};
use reqwest::Url;
use serde_json::Value;

use super::client::Client;
use super::codes::Code;
use super::link::{Link, Wrong};
use super::seed::{self, Person};
use super::state::{WeCom, domain};
use super::visitor::Visitor;
use super::{WRONG_LINK, page};
use crate::answer::Answer;
use crate::call::Call;
use crate::clock::{Millis, after};
use crate::control::forgetting;

pub fn authorize(wecom: &mut WeCom, call: &Call, now: Millis) -> Answer {
    let link = match Link::authorize(wecom, call) {
        Ok(link) => link,
        Err(wrong) => return wrong.answer(call),
    };
    let visitor = Visitor::of(call, &wecom.settings);
    if call.query.get("key").is_none() {
        if visitor.client == Client::Browser {
            return page::open_in_client();
        }
        return page::client(&visitor, &wecom.settings);
    }
    let Ok(person) = chosen(call, visitor.person) else { return Wrong::Parameter("uin").answer(call) };
    if link.private && !person.visible() {
        return page::out_of_range();
    }
    match call.query.get("consent") {
        None if link.private => page::consent(call),
        Some("0") => refused(&link),
        _ => with_code(wecom, call, &link, &Visitor { person, ..visitor }, now),
    }
}

/// For ordinary browsers: a QR code, or the client that runs beside the browser. Only members have it.
pub fn web_login(wecom: &mut WeCom, call: &Call, now: Millis) -> Answer {
    let link = match Link::web_login(wecom, call) {
        Ok(link) => link,
        Err(wrong) => return wrong.answer(call),
    };
    if call.query.get("consent") == Some("0") {
        return refused(&link);
    }
    let Some(named) = call.query.get("uin") else { return page::web_login(call) };
    match seed::person(named).filter(|person| person.user_id().is_some()) {
        Some(person) => with_code(wecom, call, &link, &Visitor { person, client: Client::Browser }, now),
        None => page::not_a_member(),
    }
}

/// Whom the client names.
fn chosen(call: &Call, visitor: &'static Person) -> Result<&'static Person, ()> {
    call.query.get("uin").map_or(Ok(visitor), |named| seed::person(named).ok_or(()))
}

fn with_code(wecom: &mut WeCom, call: &Call, link: &Link, visitor: &Visitor, now: Millis) -> Answer {
    let settings = &wecom.settings;
    if settings.decline {
        return refused(link);
    }
    let code = Code {
        person: visitor.person,
        client: visitor.client,
        agent_id: link.agent_id.clone(),
        domain: domain(&link.redirect).unwrap_or_default(),
        private: link.private,
        expires: after(now, settings.code_lifetime),
        used: false,
    };
    let key = call.query.get("key").unwrap_or_default();
    let who = (visitor.person.id, &link.agent_id, key);
    let attempt = format!("{who:?}\n{}\n{}", link.state, link.redirect);
    let code = wecom.codes.issue(attempt, settings.code_length, now, code);
    let mut answer = redirect(&link.back(Some(&code)));
    if settings.drop_cookies {
        for cookie in forgetting(&call.headers).1 {
            if let Ok(value) = HeaderValue::try_from(cookie) {
                answer.headers.append(header::SET_COOKIE, value);
            }
        }
    }
    answer
}

fn refused(link: &Link) -> Answer {
    redirect(&link.back(None))
}

fn redirect(to: &Url) -> Answer {
    let mut answer = Answer::json(&Value::Null, Some(0), None);
    (answer.status, answer.body) = (StatusCode::FOUND, String::new());
    answer.headers.remove(header::CONTENT_TYPE);
    answer.headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Ok(location) = HeaderValue::try_from(to.as_str()) {
        answer.headers.insert(header::LOCATION, location);
    }
    answer
}

impl Wrong {
    /// Off to the page that says so. `why` is the simulator's own, for the one who made the link.
    fn answer(&self, call: &Call) -> Answer {
        let (kind, why) = match self {
            Self::Domain => ("domain_err", "redirect_uri"),
            Self::Parameter(name) => ("param_err", *name),
        };
        let uri = call.query.get("redirect_uri").unwrap_or_default();
        let query = form_urlencoded::Serializer::new(String::new())
            .extend_pairs([("err_type", kind), ("uri", uri), ("why", why)])
            .finish();
        let mut answer = Answer::json(&Value::Null, None, Some(format!("{kind} {why}")));
        (answer.status, answer.body) = (StatusCode::FOUND, String::new());
        if let Ok(location) = HeaderValue::try_from(format!("{WRONG_LINK}?{query}")) {
            answer.headers.insert(header::LOCATION, location);
        }
        answer
    }
}

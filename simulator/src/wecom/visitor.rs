//! Who is in front of the browser, and which client it is.

use axum::http::header;

use super::client::{Client, by_name};
use super::seed::{self, Person};
use super::settings::Settings;
use crate::call::Call;

/// The phone's mark: a cookie of this name holds `<person>:<client>`. Cookies know hosts and no ports, so the server that
/// is tested gets it too. Its name does not begin like those that `handover` forgets.
pub const COOKIE: &str = "wecom-sim";

pub struct Visitor {
    pub person: &'static Person,
    pub client: Client,
}

impl Visitor {
    /// The person of the phone's cookie, else of the settings; the client that the client's own page named in its second
    /// request, else the User-Agent's, else likewise.
    pub fn of(call: &Call, settings: &Settings) -> Self {
        let mark = cookie(call).unwrap_or_default();
        let (person, client) = mark.split_once(':').unwrap_or((mark, ""));
        let person = seed::person(person).or_else(|| seed::person(&settings.person));
        let named = call.query.get("devicetype").and_then(by_name).or_else(|| by_agent(call));
        let client = named.or_else(|| by_name(client)).unwrap_or(settings.client);
        Self { person: person.unwrap_or(&seed::PEOPLE[0]), client }
    }
}

/// Both words stand in WeCom's, the second alone in WeChat's.
fn by_agent(call: &Call) -> Option<Client> {
    let agent = call.headers.get(header::USER_AGENT)?.to_str().ok()?.to_ascii_lowercase();
    let is = |word: &str| agent.contains(word);
    match (is("wxwork/"), is("micromessenger/")) {
        (true, _) if is("windows") || is("macintosh") => Some(Client::WecomPc),
        (true, _) => Some(Client::Wecom),
        (false, true) => Some(Client::Wechat),
        (false, false) => None,
    }
}

fn cookie(call: &Call) -> Option<&str> {
    let lines = call.headers.get_all(header::COOKIE).into_iter().filter_map(|line| line.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == COOKIE).map(|(_, value)| value)
}

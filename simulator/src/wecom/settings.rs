//! WeCom's settings. Most of them are questions that no public source answers.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::client::Client;
use super::seed;
use crate::control::{Problem, from_json};

/// What a second `gettoken` brings while the first token lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Repeat {
    Same,
    /// A new one beside it.
    Another,
    /// A new one, and the one before it ends.
    Replaces,
}

/// What `expires_in` says of a token that was handed out before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ExpiresIn {
    /// What is left.
    Remaining,
    /// The whole lifetime, although the token ends when it always would have.
    Full,
    /// The whole lifetime, which begins anew.
    Renewed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum MemberInWechat {
    Userid,
    Openid,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Settings {
    /// Who visits where neither the link nor a cookie says.
    pub person: String,
    /// With what, where neither the User-Agent nor a cookie says.
    pub client: Client,
    /// Seconds.
    pub token_lifetime: u64,
    /// Seconds.
    pub code_lifetime: u64,
    pub token_length: usize,
    pub code_length: usize,
    pub token_on_repeat: Repeat,
    pub expires_in: ExpiresIn,
    /// The errcode of a code that was redeemed before.
    pub used_code: u32,
    pub expired_code: u32,
    /// The errcode of `user/get` for a member outside the visible range.
    pub out_of_range: u32,
    /// Whether a code is spent by a request that was refused for its token or its address.
    pub refusal_spends_code: bool,
    /// Whether the server's address is on the list of trusted ones; if not, every call but `gettoken` is 60020.
    pub ip_trusted: bool,
    /// Whether `gettoken` asks for it too, as private deployments do.
    pub gettoken_checks_ip: bool,
    /// So many refused fetches in an hour ban the address.
    pub failed_fetches_before_ban: usize,
    /// Seconds.
    pub ban_seconds: u64,
    /// Whether the agentid of a link narrows the trusted domains to that application's.
    pub agent_narrows_domain: bool,
    /// Whether a state beyond `a-zA-Z0-9` and 128 bytes is refused; if not, it is passed on.
    pub strict_state: bool,
    /// How a member appears who opens the link in ordinary WeChat.
    pub member_in_wechat: MemberInWechat,
    /// Whether error texts end in a hint with the caller's address.
    pub hint: bool,
    /// That address.
    pub from_ip: String,
    /// Whether error answers carry the endpoint's fields, empty.
    pub empty_fields: bool,
    /// The client requests the callback twice, 20 ms apart.
    pub double_request: bool,
    /// The client forgets the cookies whose names begin with `miandeng` on its way to the callback.
    pub drop_cookies: bool,
    /// The person declines: the callback gets a state and no code.
    pub decline: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            person: seed::PEOPLE[0].id.to_owned(),
            client: Client::Wecom,
            token_lifetime: 7200,
            code_lifetime: 300,
            token_length: 214,
            code_length: 43,
            token_on_repeat: Repeat::Same,
            expires_in: ExpiresIn::Remaining,
            used_code: 40029,
            expired_code: 40029,
            out_of_range: 60011,
            refusal_spends_code: false,
            ip_trusted: true,
            gettoken_checks_ip: false,
            failed_fetches_before_ban: 2000,
            ban_seconds: 3600,
            agent_narrows_domain: true,
            strict_state: true,
            member_in_wechat: MemberInWechat::Userid,
            hint: true,
            from_ip: "203.0.113.7".to_owned(),
            empty_fields: true,
            double_request: false,
            drop_cookies: false,
            decline: false,
        }
    }
}

/// A day.
const LONGEST: u64 = 86_400;

impl Settings {
    /// These settings with what the change names; all of it, or none and the reason.
    pub fn changed(&self, change: Map<String, Value>) -> Result<Self, Problem> {
        let mut value = serde_json::to_value(self).unwrap_or_default();
        if let Value::Object(fields) = &mut value {
            fields.extend(change);
        }
        let settings: Self = from_json(value)?;
        settings.validate()?;
        Ok(settings)
    }

    fn validate(&self) -> Result<(), Problem> {
        if seed::person(&self.person).is_none() {
            return Err(Problem::value("person", format!("no person is called {:?}", self.person)));
        }
        between("tokenLifetime", self.token_lifetime, 1, LONGEST)?;
        between("codeLifetime", self.code_lifetime, 1, LONGEST)?;
        between("banSeconds", self.ban_seconds, 1, LONGEST)?;
        // What is shorter could be guessed, or come twice; what is longer breaks the documented limit.
        between("tokenLength", self.token_length as u64, 16, 512)?;
        between("codeLength", self.code_length as u64, 16, 512)?;
        between("failedFetchesBeforeBan", self.failed_fetches_before_ban as u64, 1, 100_000)?;
        one_of("usedCode", self.used_code, &[40029, 40078, 40163, 42022])?;
        one_of("expiredCode", self.expired_code, &[40029, 42003])?;
        one_of("outOfRange", self.out_of_range, &[60011, 60111])?;
        if self.from_ip.parse::<std::net::IpAddr>().is_err() {
            return Err(Problem::value("fromIp", "must be an IP address".to_owned()));
        }
        Ok(())
    }
}

fn between(field: &str, value: u64, least: u64, most: u64) -> Result<(), Problem> {
    if (least..=most).contains(&value) {
        return Ok(());
    }
    Err(Problem::value(field, format!("must be between {least} and {most}")))
}

fn one_of(field: &str, value: u32, codes: &[u32]) -> Result<(), Problem> {
    if codes.contains(&value) {
        return Ok(());
    }
    Err(Problem::value(field, format!("must be one of {codes:?}")))
}

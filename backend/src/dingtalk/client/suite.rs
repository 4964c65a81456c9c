//! An ISV's suite: `/service/*`.
//!
//! open.dingtalk.com, "获取第三方应用的suite_access_token" and its neighbours in the historical part; the names of the service
//! window's own calls are those of the official Java ISV demo and 007gzs/dingtalk-sdk (Python).

use super::{Client, access_token, issued};
use crate::apps::Suite;
use crate::dingtalk::answer::{Answer, find};
use crate::dingtalk::tokens::{ChannelToken, SuiteCorpToken, SuiteToken};
use crate::secret::Secret;
use crate::upstream::{Error, Issued, Kind, Role, Token, text};
use miandeng_shared::{AgentId, CorpId};
use serde_json::{Value, json};

/// What a temporary code buys.
#[derive(Debug)]
pub struct Authorisation {
    pub corp: Option<CorpId>,
    pub permanent_code: Secret,
    pub ch_permanent_code: Option<Secret>,
}

/// Which agent ids a corporation allows.
#[derive(Debug, PartialEq)]
pub struct AllowedAgents {
    pub windows: Vec<AgentId>,
    pub micro_apps: Vec<AgentId>,
}

impl Client {
    /// `POST /service/get_suite_token`.
    pub async fn suite_token(&self, suite: &Suite, ticket: &Secret) -> Result<Issued<SuiteToken>, Error> {
        let body = json!({
            "suite_key": suite.suite_key,
            "suite_secret": suite.suite_secret.expose(),
            "suite_ticket": ticket.expose(),
        });
        let read = |answer: Answer| issued(&answer, "suite_access_token", "expires_in");
        let request = |path: &str| self.post(path, &[], &body);
        self.call("/service/get_suite_token", Role::Token, request, read).await
    }

    /// `POST /service/get_permanent_code`: spends the code.
    pub async fn permanent_code(&self, token: &SuiteToken, code: &Secret) -> Result<Authorisation, Error> {
        let body = json!({ "tmp_auth_code": code.expose() });
        let read = |answer: Answer| {
            Ok(Authorisation {
                corp: corp_of(&answer)?,
                permanent_code: Secret::new(answer.text("permanent_code")?),
                ch_permanent_code: answer.optional_text("ch_permanent_code").map(Secret::new),
            })
        };
        self.service("/service/get_permanent_code", Role::Exchange, token, body, read).await
    }

    /// `POST /service/activate_suite`, without which a corporation's applications stay switched off.
    pub async fn activate_suite(
        &self,
        token: &SuiteToken,
        suite: &Suite,
        corp: &CorpId,
        permanent_code: &Secret,
    ) -> Result<(), Error> {
        let body = member(suite, corp, permanent_code);
        // There is nothing else in it to know an answer by.
        let read = |answer: Answer| match answer.number("errcode") {
            Some(0) => Ok(()),
            _ => Err(answer.error(Kind::BadAnswer)),
        };
        self.service("/service/activate_suite", Role::Call, token, body, read).await
    }

    /// `POST /service/get_auth_info`.
    pub async fn allowed_agents(
        &self,
        token: &SuiteToken,
        suite: &Suite,
        corp: &CorpId,
        permanent_code: &Secret,
    ) -> Result<AllowedAgents, Error> {
        let body = member(suite, corp, permanent_code);
        let read = |answer: Answer| match corp_of(&answer)? {
            Some(other) if other != *corp => Err(answer.error(Kind::BadAnswer)),
            _ => allowed(&answer),
        };
        self.service("/service/get_auth_info", Role::Call, token, body, read).await
    }

    /// `POST /service/get_corp_token`: every call gives a new one.
    pub async fn suite_corp_token(
        &self,
        token: &SuiteToken,
        corp: &CorpId,
        permanent_code: &Secret,
    ) -> Result<Issued<SuiteCorpToken>, Error> {
        let body = json!({ "auth_corpid": corp, "permanent_code": permanent_code.expose() });
        self.service("/service/get_corp_token", Role::Call, token, body, access_token).await
    }

    /// `POST /service/get_channel_corp_token`, with the window's own permanent code.
    pub async fn channel_corp_token(
        &self,
        token: &SuiteToken,
        corp: &CorpId,
        ch_permanent_code: &Secret,
    ) -> Result<Issued<ChannelToken>, Error> {
        let body = json!({ "auth_corpid": corp, "ch_permanent_code": ch_permanent_code.expose() });
        self.service("/service/get_channel_corp_token", Role::Call, token, body, access_token).await
    }

    /// `POST` of JSON, with the suite's token in the query.
    async fn service<T>(
        &self,
        endpoint: &'static str,
        role: Role,
        token: &SuiteToken,
        body: Value,
        read: impl Fn(Answer) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let query = [("suite_access_token", token.secret().expose())];
        let request = |path: &str| self.post(path, &query, &body);
        self.call(endpoint, role, request, read).await
    }
}

fn member(suite: &Suite, corp: &CorpId, permanent_code: &Secret) -> Value {
    json!({ "suite_key": suite.suite_key, "auth_corpid": corp, "permanent_code": permanent_code.expose() })
}

fn corp_of(answer: &Answer) -> Result<Option<CorpId>, Error> {
    let corp = answer.value("authcorpinfo").and_then(|info| info.get("corpid")?.as_str());
    corp.map(CorpId::new).transpose().map_err(|_| answer.error(Kind::BadAnswer))
}

/// An answer that names neither list is none, nor is one with a list that cannot be read; one of the two may be missing.
fn allowed(answer: &Answer) -> Result<AllowedAgents, Error> {
    let (micro_apps, windows) = (answer.value("authinfo"), answer.value("channelauthinfo"));
    if micro_apps.is_none() && windows.is_none() {
        return Err(answer.error(Kind::BadAnswer));
    }
    let agents = |info: Option<&Value>, list: &str| {
        let Some(info) = info else { return Some(Vec::new()) };
        find(info.as_object()?, &[list]).map_or(Some(Vec::new()), agent_ids)
    };
    let lists = agents(windows, "channelagent").zip(agents(micro_apps, "agent"));
    let (windows, micro_apps) = lists.ok_or_else(|| answer.error(Kind::BadAnswer))?;
    Ok(AllowedAgents { windows, micro_apps })
}

/// The ids of a list, whose items are objects with a number, with a string, or bare. What is none of these is no
/// application of ours; but a list of nothing else, or what is no list, does not say that there are none.
pub fn agent_ids(list: &Value) -> Option<Vec<AgentId>> {
    let id = |item: &Value| {
        let named = |fields| find(fields, &["agentid"]);
        AgentId::new(text(item.as_object().map_or(Some(item), named)?)?).ok()
    };
    let items = list.as_array()?;
    let ids: Vec<AgentId> = items.iter().filter_map(id).collect();
    (items.is_empty() || !ids.is_empty()).then_some(ids)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::upstream::Reply;

    fn read(body: &str) -> Result<AllowedAgents, Error> {
        let body = format!(r#"{{"errcode":0,{body}}}"#);
        let reply = Reply { status: 200, body: body.into_bytes(), ..Reply::default() };
        allowed(&Answer::read("/service/get_auth_info", Role::Call, &reply).unwrap())
    }

    fn ids(ids: &[&str]) -> Vec<AgentId> {
        ids.iter().map(|id| AgentId::new(*id).unwrap()).collect()
    }

    #[test]
    fn lists_are_read_leniently() {
        let both = read(
            r#""auth_info":{"agent":[{"agentid":700001,"agent_name":"x"},{"agentid":"700002"}]},
               "channel_auth_info":{"channelAgent":[{"agentid":3000000000001},"77",78,null,{"appid":1},"a b"]}"#,
        );
        let expected = AllowedAgents {
            windows: ids(&["3000000000001", "77", "78"]),
            micro_apps: ids(&["700001", "700002"]),
        };
        assert_eq!(both.unwrap(), expected);
        for (body, windows, micro_apps) in [
            (r#""auth_info":{"agent":[{"agentid":1}]}"#, ids(&[]), ids(&["1"])),
            (r#""auth_info":null,"channel_auth_info":{"channelAgent":["2"]}"#, ids(&["2"]), ids(&[])),
            (r#""auth_info":{},"channel_auth_info":{"channelAgent":null}"#, ids(&[]), ids(&[])),
        ] {
            assert_eq!(read(body).unwrap(), AllowedAgents { windows, micro_apps }, "{body}");
        }
        assert_eq!(read(r#""errmsg":"ok""#).unwrap_err().kind, Kind::BadAnswer);
    }

    #[test]
    fn k02_a_list_is_read_in_any_spelling_and_one_that_cannot_be_read_is_not_empty() {
        for body in [
            r#""auth_info":{"agent":[{"agent_id":1}]}"#,
            r#""auth_info":{"agent":[{"AgentId":"1"},{"appid":2}]}"#,
            r#""authInfo":{"Agent":[{"AGENT_ID":1.0},null]}"#,
            r#""auth_info":{"agent":[{"agentid":null,"agentId":1}]},"channel_auth_info":{"channel_agent":[]}"#,
        ] {
            let expected = AllowedAgents { windows: ids(&[]), micro_apps: ids(&["1"]) };
            assert_eq!(read(body).unwrap(), expected, "{body}");
        }
        for body in [
            r#""auth_info":{"agent":[{"appid":1}]}"#,
            r#""auth_info":{"agent":[{"agentid":{"id":1}},null]}"#,
            r#""auth_info":{"agent":["a b"]},"channel_auth_info":{"channelAgent":[77]}"#,
            r#""auth_info":{"agent":[1]},"channel_auth_info":{"channelAgent":[{"id":77}]}"#,
            r#""auth_info":{"agent":{"agentid":1}}"#,
            r#""auth_info":{"agent":"1"}"#,
            r#""auth_info":"none""#,
            r#""auth_info":null,"channel_auth_info":null"#,
        ] {
            assert_eq!(read(body).unwrap_err().kind, Kind::BadAnswer, "{body}");
        }
    }
}

//! `POST /api/report`: the page tells that DingTalk refused its `dd.config`.

use super::error::ApiError;
use super::fields::Body;
use super::guard;
use crate::apps::App;
use crate::recent::memory;
use crate::repeats::Repeats;
use crate::state::AppState;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use miandeng_shared::SignedConfig;
use moka::sync::Cache;
use std::convert::Infallible;
use std::time::Duration;

/// The ticket cannot be read, or does not match the signature: both may mean that another one has replaced it. So may a
/// refusal without a number, because some clients tell no more.
const TICKET_ERRORS: [&str; 2] = ["52011", "52013"];

/// At most one ticket per application is thrown away in this time, whoever complains.
const RENEWAL_PAUSE: Duration = Duration::from_secs(60);

/// One line for each application and code in this time.
static WRITTEN: Repeats<(String, Option<String>)> = Repeats::new(RENEWAL_PAUSE);

/// When each application's ticket was last thrown away on a report.
pub struct TicketRenewals(Cache<String, ()>);

impl Default for TicketRenewals {
    fn default() -> Self {
        Self(memory(RENEWAL_PAUSE))
    }
}

impl TicketRenewals {
    /// True once per application and pause.
    fn first_use(&self, app: &App) -> bool {
        self.0.entry(app.name()).or_insert(()).is_fresh()
    }
}

pub async fn report(
    State(state): State<AppState>,
    headers: HeaderMap,
    body: Body,
) -> Result<StatusCode, ApiError> {
    guard::refuse_foreign_origin(&state.config, &headers)?;
    let Body(mut fields) = body;
    let app = guard::app(&state, &mut fields, ["corpId", "agentId"], None).await?;
    let mut text = |name| fields.required(name, Ok::<_, Infallible>);
    let signed = SignedConfig {
        time_stamp: text("timeStamp")?,
        nonce_str: text("nonceStr")?,
        signature: text("signature")?,
        url: text("url")?,
    };
    let error = text("error")?;
    // Anybody can post here, so only what the ticket of today has signed counts: what an older one signed has been seen to.
    if !app.provider.has_signed(&signed) {
        return Ok(StatusCode::NO_CONTENT);
    }
    let code = code_of(&error);
    let renewed = code.is_none_or(|code| TICKET_ERRORS.contains(&code))
        && state.ticket_renewals.first_use(&app)
        && app.provider.forget_signer_of(&signed).await;
    // The page's own visitor may repeat a report at will.
    if renewed || WRITTEN.first((app.name(), code.map(str::to_owned))).is_some() {
        tracing::warn!(
            corp = %app.corp_id, agent = %app.agent_id, upstream = code, renewed, "DingTalk refused a page's dd.config"
        );
    }
    Ok(StatusCode::NO_CONTENT)
}

/// The number of DingTalk's message: the one after `Code:`, else the first of five digits that begins as those of `dd.config`
/// do. What stands in brackets is quoted from the page (`nonce:[…]`, `url:[…]`), with numbers of its own.
fn code_of(text: &str) -> Option<&str> {
    let is_no_digit = |c: char| !c.is_ascii_digit();
    let mut outside = vec![];
    for (i, part) in text.split('[').enumerate() {
        outside.push(if i == 0 { part } else { part.split_once(']').map_or("", |(_, rest)| rest) });
    }
    let named = outside.iter().find_map(|part| Some(part.split_once("Code:")?.1.trim_start()));
    let named = named.and_then(|rest| rest.split(is_no_digit).next()).filter(|digits| !digits.is_empty());
    let is_ours = |digits: &&str| digits.len() == 5 && digits.starts_with("52");
    named.or_else(|| outside.iter().find_map(|part| part.split(is_no_digit).find(is_ours)))
}

#[cfg(test)]
mod tests {
    use super::code_of;

    #[test]
    fn k19_a_number_that_the_page_brought_along_is_no_code() {
        for (text, code) in [
            ("Code:52013 - Message:签名校验失败,nonce:[12345],url:[http://localhost:33905/a]", Some("52013")),
            ("权限校验失败 52011", Some("52011")),
            ("Code: 60011 - no", Some("60011")),
            ("权限校验失败", None),
            ("权限校验失败,url:[https://h5.example.com/orders/12345]", None),
            ("权限校验失败,url:[http://127.0.0.1:52013/", None),
            ("refused at 127.0.0.1:18792, errorCode 3", None),
            ("", None),
        ] {
            assert_eq!(code_of(text), code, "{text}");
        }
    }
}

//! `POST /api/report`: the page tells that DingTalk refused its `dd.config`.

use super::error::ApiError;
use super::fields::Body;
use super::guard;
use crate::state::AppState;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};

/// The ticket cannot be read, or does not match the signature: both may mean that another one has replaced it. So may a
/// refusal without a number, because some clients tell no more.
const TICKET_ERRORS: [&str; 2] = ["52011", "52013"];

pub async fn report(
    State(state): State<AppState>,
    headers: HeaderMap,
    body: Body,
) -> Result<StatusCode, ApiError> {
    guard::refuse_foreign_origin(&state.config, &headers)?;
    let Body(mut fields) = body;
    let app = guard::app(&state, &mut fields, ["corpId", "agentId"], None).await?;
    let any = |text: String| Ok::<_, std::convert::Infallible>(text);
    let nonce = fields.required("nonceStr", any)?;
    let error = fields.required("error", any)?;
    // Anybody can post here, so only a nonce that we handed out counts, and only once.
    if !state.nonces.first_report(&nonce, &app) {
        return Ok(StatusCode::NO_CONTENT);
    }
    let code = five_digits(&error);
    // What was signed with another ticket than ours of today has been seen to already.
    let ticket = state.dingtalk.held_ticket(&app).filter(|ticket| state.nonces.is_for(&nonce, &app, ticket));
    let renewed = match ticket {
        Some(ticket) if code.is_none_or(|code| TICKET_ERRORS.contains(&code)) => {
            state.ticket_renewals.first_use(&app) && state.dingtalk.drop_ticket(&app, &ticket).await
        }
        _ => false,
    };
    tracing::warn!(
        corp = %app.corp_id, agent = %app.agent_id, dingtalk = code, renewed, "DingTalk refused a page's dd.config"
    );
    Ok(StatusCode::NO_CONTENT)
}

/// The first number of five digits in DingTalk's message.
fn five_digits(text: &str) -> Option<&str> {
    text.split(|c: char| !c.is_ascii_digit()).find(|digits| digits.len() == 5)
}

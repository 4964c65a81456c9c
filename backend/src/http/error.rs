//! Every error answer: made from the catalogue, in the reader's language, logged where it was raised.

use crate::dingtalk::suite::SuiteFailure;
use crate::upstream;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use miandeng_shared::{Action, CrossSite, ErrorBody, ErrorCode, Lang, UpstreamError};
use std::time::Duration;

/// An error on its way to the client. [`localize`](super::localize::localize) writes it, and knows the language.
#[derive(Debug, Clone)]
pub struct ApiError {
    pub code: ErrorCode,
    /// Which field, and what it has to be. Never quotes what was sent.
    detail: Option<String>,
    /// What is missing where the code is `cross_site`.
    pub cause: Option<CrossSite>,
    pub upstream: Option<Box<UpstreamError>>,
    retry_after: Option<Duration>,
    /// DingTalk's own words, for the log only.
    pub words: Option<String>,
    /// What was sent and does not do, for the log only.
    pub value: Option<String>,
}

impl ApiError {
    /// What was sent and does not do.
    pub fn about(self, value: &str) -> Self {
        Self { value: Some(value.chars().take(100).collect()), ..self }
    }

    /// A request whose `field` is not as it has to be.
    pub fn invalid(field: &str, rule: impl std::fmt::Display) -> Self {
        Self { detail: Some(format!("{field}: {rule}")), ..ErrorCode::InvalidRequest.into() }
    }

    /// A request that has to wait.
    pub fn wait(code: ErrorCode, pause: Duration) -> Self {
        Self { retry_after: Some(pause), ..code.into() }
    }

    /// How long to wait until the same may go well, where that is so short that no person need hear of the error.
    pub fn heals_after(&self) -> Option<Duration> {
        const SHORT: Duration = Duration::from_secs(2);
        let heals = self.code.action() == Action::BackOff && self.code != ErrorCode::PlatformBanned;
        self.retry_after.or(Some(Duration::ZERO)).filter(|pause| heals && *pause <= SHORT)
    }

    pub fn body(self, lang: Lang) -> ErrorBody {
        let text = self.cause.map_or(self.code.text(lang), |cause| cause.text(lang));
        let message = match self.detail {
            Some(detail) => format!("{} ({detail})", text.message),
            None => text.message.to_owned(),
        };
        let code = self.code.as_str().to_owned();
        ErrorBody { code, message, hint: text.hint.to_owned(), upstream: self.upstream.map(|said| *said) }
    }
}

impl From<ErrorCode> for ApiError {
    fn from(code: ErrorCode) -> Self {
        Self { code, detail: None, cause: None, upstream: None, retry_after: None, words: None, value: None }
    }
}

impl From<CrossSite> for ApiError {
    fn from(cause: CrossSite) -> Self {
        Self { cause: Some(cause), ..ErrorCode::CrossSite.into() }
    }
}

impl From<upstream::Error> for ApiError {
    fn from(error: upstream::Error) -> Self {
        let upstream::Error { kind, said, retry_after, words, .. } = error;
        Self { upstream: said, retry_after, words, ..kind.policy().error.into() }
    }
}

impl From<SuiteFailure> for ApiError {
    fn from(failure: SuiteFailure) -> Self {
        match failure {
            SuiteFailure::DingTalk(error) => error.into(),
            SuiteFailure::Store => ErrorCode::StoreUnavailable.into(),
            SuiteFailure::Unreadable => ErrorCode::InvalidRequest.into(),
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = status.into_response();
        if let Some(pause) = self.retry_after {
            // Whole seconds, and none too few.
            let seconds = pause.as_secs() + u64::from(pause.subsec_nanos() > 0);
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds.max(1)));
        }
        response.extensions_mut().insert(self);
        response
    }
}

/// The language that a request asks for.
pub fn lang(headers: &HeaderMap) -> Lang {
    let accepted = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    Lang::from_accept_language(accepted.unwrap_or_default())
}

/// What a status means that no handler of ours chose.
pub fn framework_error(status: StatusCode) -> Option<ApiError> {
    let code = match status {
        StatusCode::NOT_FOUND => ErrorCode::NotFound,
        StatusCode::METHOD_NOT_ALLOWED => ErrorCode::MethodNotAllowed,
        StatusCode::PAYLOAD_TOO_LARGE => ErrorCode::PayloadTooLarge,
        StatusCode::SERVICE_UNAVAILABLE => ErrorCode::RequestTimeout,
        // Of the page that was not built, which says so itself.
        StatusCode::NOT_IMPLEMENTED => return None,
        status if status.is_server_error() => ErrorCode::Internal,
        status if status.is_client_error() => ErrorCode::InvalidRequest,
        _ => return None,
    };
    Some(code.into())
}

pub async fn not_found() -> ApiError {
    ErrorCode::NotFound.into()
}

pub async fn method_not_allowed() -> ApiError {
    ErrorCode::MethodNotAllowed.into()
}

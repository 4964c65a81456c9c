//! Every error answer: made from the catalogue, in the reader's language, logged by whoever raised it.

use super::{NO_STORE, navigation, plain_page};
use crate::config::Config;
use crate::dingtalk::suite::SuiteFailure;
use crate::http::AppState;
use crate::upstream;
use axum::Json;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use miandeng_shared::{CrossSite, ErrorAnswer, ErrorBody, ErrorCode, Lang, UpstreamError};
use std::time::Duration;

/// An error on its way to the client. It becomes JSON in [`localize`], which knows the language.
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

/// Gives every error its JSON in the language of the request, also those that the framework raised. A person who waits for
/// a page gets a page, whose link asks again.
pub async fn localize(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let lang = lang(request.headers());
    let by_person = is_by_person(&state.config, &request);
    let mut response = next.run(request).await;
    let status = response.status();
    let Some(error) = response.extensions_mut().remove::<ApiError>().or_else(|| framework_error(status))
    else {
        return response;
    };
    let (mut parts, _) = response.into_parts();
    parts.headers.remove(header::CONTENT_LENGTH);
    let error = error.body(lang);
    let answer = match by_person {
        true => plain_page::answer(&state.config, lang, &error, "", ""),
        false => ([(header::CACHE_CONTROL, NO_STORE)], Json(ErrorAnswer { error })).into_response(),
    };
    let (written, body) = answer.into_parts();
    for (name, value) in &written.headers {
        parts.headers.insert(name, value.clone());
    }
    Response::from_parts(parts, body)
}

/// Whether a person waits for the answer. The API is for programs, and `/auth` for proxies, whoever opens them.
fn is_by_person(config: &Config, request: &Request) -> bool {
    let route = request.uri().path().strip_prefix(config.base_path.as_str()).unwrap_or_default();
    route != "auth" && !route.starts_with("api/") && navigation::is_navigation(config, request)
}

/// What a status means that no handler of ours chose.
fn framework_error(status: StatusCode) -> Option<ApiError> {
    let code = match status {
        StatusCode::NOT_FOUND => ErrorCode::NotFound,
        StatusCode::METHOD_NOT_ALLOWED => ErrorCode::MethodNotAllowed,
        StatusCode::PAYLOAD_TOO_LARGE => ErrorCode::PayloadTooLarge,
        StatusCode::SERVICE_UNAVAILABLE => ErrorCode::RequestTimeout,
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::client_ip;
    use axum::Router;
    use axum::body::{Body, to_bytes};
    use axum::middleware::from_fn_with_state;
    use axum::routing::get;
    use tower::ServiceExt;
    use tower_http::timeout::TimeoutLayer;

    /// The limit of time answers where no handler of ours does.
    #[tokio::test(start_paused = true)]
    async fn what_takes_too_long_is_a_page_for_a_person() {
        let state = AppState::new(client_ip::tests::config("/")).await.unwrap();
        let limit = TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, Duration::from_secs(28));
        let router = Router::new()
            .fallback(get(std::future::pending::<()>))
            .layer((from_fn_with_state(state, localize), limit));
        for (path, mode, is_page) in [
            ("/wecom/callback?code=x&state=y", "navigate", true),
            ("/wecom/start", "navigate", true),
            ("/start", "navigate", true),
            ("/", "navigate", true),
            ("/", "cors", false),
            ("/auth", "navigate", false),
            ("/api/session", "navigate", false),
        ] {
            let request = Request::get(path).header("sec-fetch-mode", mode).header("accept-language", "en");
            let answer = router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
            assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE, "{path}");
            assert_eq!(answer.headers()[header::CACHE_CONTROL], "no-store", "{path}");
            let text = to_bytes(answer.into_body(), usize::MAX).await.unwrap();
            let text = String::from_utf8(text.to_vec()).unwrap();
            assert!(text.contains("request_timeout") && text.contains("could not finish in time"), "{text}");
            assert_eq!(text.contains("<a href=\"\">Try again</a>"), is_page, "{path}: {text}");
            assert_eq!(serde_json::from_str::<ErrorAnswer>(&text).is_ok(), !is_page, "{path}: {text}");
        }
    }
}

//! Writes every error answer: JSON for a program, a page for a person, in the reader's language.

use super::error::{ApiError, framework_error, lang};
use super::{NO_STORE, navigation, plain_page};
use crate::config::Config;
use crate::http::AppState;
use axum::Json;
use axum::extract::{Request, State};
use axum::http::header;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use miandeng_shared::ErrorAnswer;

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

/// Whether a person waits for the answer. The API is for programs, and `/auth` for proxies, also where a browser opens them.
fn is_by_person(config: &Config, request: &Request) -> bool {
    let route = request.uri().path().strip_prefix(config.base_path.as_str()).unwrap_or_default();
    route != "auth" && !route.starts_with("api/") && navigation::is_navigation(config, request)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::client_ip;
    use axum::Router;
    use axum::body::{Body, to_bytes};
    use axum::http::StatusCode;
    use axum::middleware::from_fn_with_state;
    use axum::routing::get;
    use std::time::Duration;
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

    #[tokio::test]
    async fn a_binary_without_a_page_says_so() {
        let state = AppState::new(client_ip::tests::config("/")).await.unwrap();
        let router = Router::new()
            .fallback(get(|| async { crate::http::page::not_built() }))
            .layer(from_fn_with_state(state, localize));
        for mode in ["navigate", "cors"] {
            let request = Request::get("/").header("sec-fetch-mode", mode).body(Body::empty()).unwrap();
            let answer = router.clone().oneshot(request).await.unwrap();
            assert_eq!(answer.status(), StatusCode::NOT_IMPLEMENTED);
            let text = to_bytes(answer.into_body(), usize::MAX).await.unwrap();
            assert!(text.starts_with(b"The page is not part of this binary"), "{text:?}");
        }
    }
}

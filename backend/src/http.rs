//! The public listener: every route and layer on one screen.

mod assets;
mod audit;
mod client_ip;
mod csp;
mod demo;
mod engine;
mod error;
mod extract;
mod forward_auth;
#[cfg(any(test, fuzzing))]
pub mod fuzz;
mod guard;
mod headers;
mod localize;
mod login;
mod login_loop;
mod navigation;
pub mod ops;
mod plain_page;
mod rate_limit;
mod session;
mod state;
mod suite_callback;
mod token;
mod verdicts;

#[cfg(test)]
pub(crate) use error::ApiError;
pub use state::AppState;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum::routing::{MethodRouter, any, get, post};
use headers::{NO_STORE, RESOURCE_POLICY};
use login::{config, page, report, wecom};
use rate_limit::RateLimit;
use std::num::NonZeroU32;
use std::time::Duration;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::cors::CorsLayer;
use tower_http::limit::RequestBodyLimitLayer;
use tower_http::set_header::SetResponseHeaderLayer;
use tower_http::timeout::TimeoutLayer;

/// A login is a few hundred bytes.
const MAX_BODY: usize = 16 * 1024;
/// Above the budget of a login (20 s), below the patience of proxies.
const MAX_TIME: Duration = Duration::from_secs(28);

/// Of one address in a minute. DingTalk's own pushes are not refused.
const REFUSED_PUSHES: NonZeroU32 = NonZeroU32::MIN.saturating_add(59);

/// The product, to be served or nested.
pub fn router(state: AppState) -> Router {
    let base = state.config.base_path.clone();
    let at = |route: &str| format!("{base}{route}");
    let (configs, logins) = (state.config.limits.configs_per_minute, state.config.limits.logins_per_minute);

    let api = Router::new()
        .route(&at("api/config"), limited(&state, "config", configs, get(config::config)))
        .route(&at("api/login"), limited(&state, "login", logins, post(login::login)))
        .route(&at("api/session"), get(session::read).delete(session::end))
        .route(&at("api/report"), post(report::report))
        .route(&at("wecom/start"), limited(&state, "config", configs, get(wecom::start)))
        .route(&at("wecom/callback"), limited(&state, "login", logins, get(wecom::callback)))
        .route(&at("api/token"), post(token::token))
        // Before the layers, so that a preflight meets CORS and not this.
        .method_not_allowed_fallback(error::method_not_allowed)
        .layer((cors(&state), always(header::CACHE_CONTROL, "no-store")));

    let mut router =
        Router::new().merge(api).route(&base, get(page::page)).route(&at("{*path}"), get(assets::asset));
    // WeCom looks for them at the root of the host, and nowhere else.
    for file in state.config.wecom.verify_files.iter().filter(|_| base == "/").cloned() {
        router = router.route(&at(&file.name), get(|| async { file.content }));
    }
    if state.config.dingtalk.simulator {
        router = router.route(&at("demo/orders"), get(demo::orders));
    }
    if base != "/" {
        router = router.route(base.trim_end_matches('/'), get(page::add_slash));
    }
    // A proxy asks here for every request it gets, and may pass on the length of a body that it keeps: these read no
    // body, wait for nothing, and take any method.
    let forward = Router::new()
        .route(&at("auth"), any(forward_auth::auth))
        .route(&at("start"), any(forward_auth::start));
    let timeout = TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, MAX_TIME);
    let push = match state.config.suites.is_empty() {
        true => any(error::not_found),
        false => {
            let rate_limit = RateLimit::new(&state, "push", REFUSED_PUSHES);
            post(suite_callback::callback).layer(from_fn_with_state(rate_limit, rate_limit::refusals))
        }
    };
    // It reads its body itself, so that one that is too large is answered as everything else that is wrong with a push.
    let suites = Router::new()
        .route(&at("dingtalk/suites/{name}/callback"), push)
        .method_not_allowed_fallback(error::method_not_allowed)
        .layer((timeout, always(header::CACHE_CONTROL, "no-store")));
    // A value of None sets nothing.
    let policy = csp::policy_header(&state.config, &csp::policy_of_the_rest(&state.config));
    let (policy_name, policy) = policy.unzip();
    let policy_name = policy_name.unwrap_or(header::CONTENT_SECURITY_POLICY);
    router
        .route(&at(".well-known/jwks.json"), get(token::keys))
        .fallback(error::not_found)
        .method_not_allowed_fallback(error::method_not_allowed)
        .layer((timeout, RequestBodyLimitLayer::new(MAX_BODY)))
        .merge(forward)
        .merge(suites)
        // Together, the outermost first: each call of `layer` puts every route into one more box, and every request
        // clones all boxes.
        .layer((
            SetResponseHeaderLayer::if_not_present(policy_name, policy),
            // Pages elsewhere read what CORS lets them read, and include nothing.
            SetResponseHeaderLayer::if_not_present(RESOURCE_POLICY, HeaderValue::from_static("same-origin")),
            always(header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            // Under `no-referrer`, old webviews send `Origin: null`.
            always(header::REFERRER_POLICY, "same-origin"),
            from_fn_with_state(state.clone(), every_request),
            CatchPanicLayer::new(),
        ))
        .with_state(state)
}

/// One function for both, because each is one more box.
async fn every_request(State(state): State<AppState>, request: Request, next: Next) -> Response {
    client_ip::warn_of_dropped(&state.config, &request);
    localize::localize(State(state), request, next).await
}

/// `handler` for at most so many requests of one address in a minute, where addresses are known.
fn limited(
    state: &AppState,
    route: &'static str,
    per_minute: u32,
    handler: MethodRouter<AppState>,
) -> MethodRouter<AppState> {
    match NonZeroU32::new(per_minute).filter(|_| !state.config.trusted_proxies.is_empty()) {
        Some(per_minute) => {
            handler.layer(from_fn_with_state(RateLimit::new(state, route, per_minute), rate_limit::enforce))
        }
        None => handler,
    }
}

fn always(name: HeaderName, value: &'static str) -> SetResponseHeaderLayer<HeaderValue> {
    SetResponseHeaderLayer::overriding(name, HeaderValue::from_static(value))
}

/// Pages of the allowed origins may use the API with their cookies; no others may read an answer.
fn cors(state: &AppState) -> CorsLayer {
    let origins = state.config.allowed_origins.iter().map(|url| url.origin().ascii_serialization());
    let origins: Vec<HeaderValue> =
        origins.filter_map(|origin| HeaderValue::from_str(&origin).ok()).collect();
    CorsLayer::new()
        .allow_origin(origins)
        .allow_credentials(true)
        .allow_methods([Method::GET, Method::POST, Method::DELETE])
        .allow_headers([header::CONTENT_TYPE])
        .max_age(Duration::from_secs(600))
}

//! What goes wrong, as the one screen for it shows: a code of the shared catalogue, and details for a developer.

use crate::dd::{DdError, Refusal};
use miandeng_shared::{Action, ErrorBody, ErrorCode};

/// One failure. Its words come from the catalogue where no server has `said` them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    pub code: ErrorCode,
    /// Message and hint of our server: it may know which of several causes it was, and codes that are newer than this page.
    pub said: Option<(String, String)>,
    /// Seconds that the server asks to wait.
    pub retry_after: Option<u32>,
    /// Name and value, to copy. Never a signature, a login code or a ticket.
    pub details: Vec<(&'static str, String)>,
    /// It is of WeCom, and not of DingTalk.
    pub is_wecom: bool,
}

impl Failure {
    #[must_use]
    pub fn new(code: ErrorCode) -> Self {
        Self { code, said: None, retry_after: None, details: Vec::new(), is_wecom: false }
    }

    #[must_use]
    pub fn detail(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.details.push((name, value.into()));
        self
    }

    /// A new code from DingTalk may help.
    #[must_use]
    pub fn wants_new_code(&self) -> bool {
        self.code.action() == Action::NewCode
    }

    /// The server itself does not know what it was, or the answer is not the server's: a proxy's or a captive portal's, which
    /// may not be in between the next time.
    #[must_use]
    pub fn is_unclear(&self) -> bool {
        self.code == ErrorCode::Internal || self.code == ErrorCode::Unexpected && self.said.is_none()
    }

    /// An error answer of our own server.
    #[must_use]
    pub fn from_server(status: u16, body: Option<ErrorBody>, retry_after: Option<u32>) -> Self {
        let Some(body) = body else { return Self { retry_after, ..Self::by_status(status) } };
        let mut failure = match ErrorCode::from_code(&body.code) {
            Some(code) => Self::new(code).detail("status", status.to_string()),
            // The server is newer than this page.
            None => Self::by_status(status).detail("code", body.code),
        };
        failure.said = Some((body.message, body.hint)).filter(|(message, _)| !message.is_empty());
        failure.retry_after = retry_after;
        let Some(upstream) = body.upstream else { return failure };
        let named = [
            ("upstream", Some(upstream.code)),
            ("upstream sub code", upstream.sub_code),
            ("request id", upstream.request_id),
        ];
        failure.details.extend(named.into_iter().filter_map(|(name, value)| Some((name, value?))));
        failure
    }

    /// What a status alone tells: that of a proxy in between, which answers in HTML. From 520 on they are those of a CDN
    /// whose origin is away.
    fn by_status(status: u16) -> Self {
        let code = match status {
            408 => ErrorCode::SlowRequest,
            429 => ErrorCode::TooManyRequests,
            502..=504 | 520..=530 => ErrorCode::RequestTimeout,
            _ => ErrorCode::Unexpected,
        };
        Self::new(code).detail("status", status.to_string())
    }

    /// What DingTalk's component said while the page was being verified.
    #[must_use]
    pub fn from_config(error: &DdError, signed_url: &str) -> Self {
        let code = match error {
            DdError::Timeout => ErrorCode::ConfigTimeout,
            DdError::Missing(_) => ErrorCode::SdkUnavailable,
            DdError::Refused(refusal) => of_the_client(refusal).unwrap_or(ErrorCode::ConfigRefused),
            DdError::Cancelled => ErrorCode::ConfigRefused,
        };
        let failure = Self::new(code).about(error);
        if code != ErrorCode::ConfigRefused {
            return failure;
        }
        let seen = error.refusal().and_then(Refusal::quoted_url).map(str::to_owned);
        let mut failure = failure.detail("url signed", signed_url);
        failure.details.extend(seen.map(|url| ("url seen by DingTalk", url)));
        failure
    }

    /// What DingTalk's component said when it was asked for a login code.
    #[must_use]
    pub fn from_code_request(error: &DdError) -> Self {
        let code = match error {
            DdError::Timeout => ErrorCode::CodeTimeout,
            DdError::Missing(_) => ErrorCode::ClientTooOld,
            DdError::Cancelled => ErrorCode::Cancelled,
            DdError::Refused(refusal) if refusal.is_wrong_namespace() => ErrorCode::WrongNamespace,
            DdError::Refused(refusal) => of_the_client(refusal).unwrap_or(ErrorCode::CodeRefused),
        };
        Self::new(code).about(error)
    }

    /// DingTalk's component did not load.
    #[must_use]
    pub fn from_load(error: &DdError, jsapi_url: &str) -> Self {
        Self::new(ErrorCode::SdkUnavailable).about(error).detail("script", jsapi_url)
    }

    fn about(mut self, error: &DdError) -> Self {
        match error {
            DdError::Missing(what) => self.detail("missing", *what),
            DdError::Timeout => self.detail("waited", "too long"),
            DdError::Cancelled => self,
            DdError::Refused(refusal) => {
                self.details.extend(refusal.code.clone().map(|code| ("client code", code)));
                self.details.extend(refusal.platform_code().map(|code| ("upstream", code.to_owned())));
                self.detail("upstream says", refusal.without_tickets())
            }
        }
    }
}

/// Codes that tell of the client itself, wherever they come up: 1 no such function, 22 and 4050 not on a PC,
/// 4040 not in DingTalk (the last three are the SDK's own).
fn of_the_client(refusal: &Refusal) -> Option<ErrorCode> {
    match refusal.code.as_deref()? {
        "1" => Some(ErrorCode::ClientTooOld),
        "22" | "4050" => Some(ErrorCode::PcUnsupported),
        "4040" => Some(ErrorCode::NotInDingtalk),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use miandeng_shared::UpstreamError;

    fn refused(code: &str, message: &str) -> DdError {
        DdError::Refused(Refusal { code: Some(code.to_owned()), message: message.to_owned() })
    }

    fn body(code: &str) -> ErrorBody {
        ErrorBody {
            code: code.to_owned(),
            message: "m".to_owned(),
            hint: "h".to_owned(),
            upstream: Some(UpstreamError {
                code: "40078".to_owned(),
                sub_code: None,
                request_id: Some("r1".to_owned()),
            }),
        }
    }

    #[test]
    fn codes_of_the_auth_code_call() {
        for (error, expected) in [
            (refused("3", "1002,err msg uid is not in employee for orgid"), ErrorCode::WrongNamespace),
            (refused("3", "1002,corpId不合法"), ErrorCode::WrongNamespace),
            (refused("1", "no such api"), ErrorCode::ClientTooOld),
            (refused("22", ""), ErrorCode::PcUnsupported),
            (refused("4050", ""), ErrorCode::PcUnsupported),
            (refused("4040", ""), ErrorCode::NotInDingtalk),
            (refused("7", ""), ErrorCode::CodeRefused),
            (refused("3", "对应企业没有微应用"), ErrorCode::CodeRefused),
            (DdError::Missing("dd.channel"), ErrorCode::ClientTooOld),
            (DdError::Timeout, ErrorCode::CodeTimeout),
            (DdError::Cancelled, ErrorCode::Cancelled),
        ] {
            assert_eq!(Failure::from_code_request(&error).code, expected, "{error:?}");
        }
    }

    #[test]
    fn a_refused_config_shows_both_urls_and_no_ticket() {
        let message = "权限校验失败 Code:52013 - Message:签名校验失败,nonce:[n],timestamp:[1],url:[http://h/b],ticketList:[secret]";
        let failure = Failure::from_config(&refused("3", message), "http://h/a");
        assert_eq!(failure.code, ErrorCode::ConfigRefused);
        for pair in
            [("upstream", "52013"), ("url signed", "http://h/a"), ("url seen by DingTalk", "http://h/b")]
        {
            assert!(failure.details.contains(&(pair.0, pair.1.to_owned())), "{pair:?} in {failure:?}");
        }
        assert!(!format!("{failure:?}").contains("secret"));
        assert_eq!(Failure::from_config(&DdError::Timeout, "u").code, ErrorCode::ConfigTimeout);
        assert_eq!(Failure::from_config(&refused("4040", "x"), "u").code, ErrorCode::NotInDingtalk);
        assert_eq!(Failure::from_config(&DdError::Cancelled, "u").code, ErrorCode::ConfigRefused);
    }

    #[test]
    fn the_servers_codes_are_kept() {
        let failure = Failure::from_server(503, Some(body("platform_busy")), Some(3));
        assert_eq!((failure.code, failure.retry_after), (ErrorCode::PlatformBusy, Some(3)));
        assert!(failure.details.contains(&("upstream", "40078".to_owned())));
        assert!(failure.details.contains(&("request id", "r1".to_owned())));
        assert_eq!(failure.said, Some(("m".to_owned(), "h".to_owned())), "the server knows best");
    }

    #[test]
    fn a_newer_server_speaks_for_itself() {
        let failure = Failure::from_server(418, Some(body("teapot")), None);
        assert_eq!(failure.code, ErrorCode::Unexpected);
        assert_eq!(failure.said, Some(("m".to_owned(), "h".to_owned())));
        assert!(failure.details.contains(&("code", "teapot".to_owned())));
        let busy = Failure::from_server(503, Some(body("platform_asleep")), Some(2));
        assert_eq!((busy.code, busy.retry_after), (ErrorCode::RequestTimeout, Some(2)), "a pause heals it");
    }

    #[test]
    fn a_proxys_html_is_told_by_its_status() {
        for (status, code) in [
            (408, ErrorCode::SlowRequest),
            (429, ErrorCode::TooManyRequests),
            (500, ErrorCode::Unexpected),
            (502, ErrorCode::RequestTimeout),
            (504, ErrorCode::RequestTimeout),
            (522, ErrorCode::RequestTimeout),
            (200, ErrorCode::Unexpected),
        ] {
            let failure = Failure::from_server(status, None, Some(7));
            assert_eq!((failure.code, failure.retry_after), (code, Some(7)), "{status}");
        }
    }
}

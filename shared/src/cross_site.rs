//! Why a request is `cross_site`.

use crate::{Lang, Text};

/// What is missing where a request is `cross_site`. The code is one, and the words, the hint and the audit line say which.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CrossSite {
    ForeignOrigin,
    NoLoginCookie,
    LoginCookieOfAnotherKey,
}

impl CrossSite {
    /// As the audit log has it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ForeignOrigin => "foreign_origin",
            Self::NoLoginCookie => "no_login_cookie",
            Self::LoginCookieOfAnotherKey => "login_cookie_of_another_key",
        }
    }

    /// What to tell people.
    #[must_use]
    pub fn text(self, lang: Lang) -> Text {
        let (message, hint) = match (self, lang) {
            (Self::ForeignOrigin, Lang::Zh) => (
                "这个请求不是本站的页面发出的。",
                "请管理员核对：页面所在的源要与 public_url 一致，或写进 allowed_origins；代理不要删改 Origin。",
            ),
            (Self::ForeignOrigin, Lang::En) => (
                "No page of this site sent this request.",
                "The operator should compare the page's origin with public_url and allowed_origins; no proxy may drop or change Origin.",
            ),
            (Self::NoLoginCookie, Lang::Zh) => (
                "登录 Cookie 没有带回来。",
                "请重新打开页面；若仍失败，请允许本站使用 Cookie，并检查代理没有删除 Cookie 与 Set-Cookie。",
            ),
            (Self::NoLoginCookie, Lang::En) => (
                "The login cookie did not come back.",
                "Open the page again; if it fails again, allow cookies for this site, and see that no proxy drops Cookie or Set-Cookie.",
            ),
            (Self::LoginCookieOfAnotherKey, Lang::Zh) => (
                "登录 Cookie 是用另一个密钥封装的。",
                "请重新打开页面；若仍失败，请管理员让所有副本共用一个存储（[store]）或同一个 session.key。",
            ),
            (Self::LoginCookieOfAnotherKey, Lang::En) => (
                "The login cookie was sealed with another key.",
                "Open the page again; if it fails again, the operator should give all replicas one store ([store]) or one session.key.",
            ),
        };
        Text { message, hint }
    }
}

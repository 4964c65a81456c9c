//! The catalogue of everything that can go wrong in a login. Page, server, log, metrics and documentation use these
//! codes and these words; there is no second list.

use crate::Lang;
use serde::{Deserialize, Serialize};

/// What helps, as a class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// The same again may work at once.
    Retry,
    /// This code is spent; a new one from DingTalk helps.
    NewCode,
    /// A pause heals it. The page takes one by itself and tries again before it says anything.
    BackOff,
    /// Only the enterprise's developer or operator can mend it.
    Configure,
    /// The person can do something about it, or has to be told that there is no way.
    TellPerson,
}

/// One error in one language: what happened, and what to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Text {
    pub message: &'static str,
    pub hint: &'static str,
}

macro_rules! catalogue {
    ($( $(#[$doc:meta])* $name:ident $code:literal $status:literal $action:ident
        zh $zh:literal, $zh_hint:literal
        en $en:literal, $en_hint:literal; )*) => {
        /// Every error has one code, the same on the wire, on the page, in the log and as metric label.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum ErrorCode {
            $( $(#[$doc])* #[serde(rename = $code)] $name, )*
        }

        impl ErrorCode {
            /// The whole catalogue, in its order.
            pub const ALL: &[ErrorCode] = &[$(ErrorCode::$name),*];

            /// The code as it is written everywhere.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(ErrorCode::$name => $code,)* }
            }

            /// The error of this code; None for one that this version does not know.
            #[must_use]
            pub fn from_code(code: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|known| known.as_str() == code)
            }

            /// The HTTP status it is answered with; 0 where it arises in the page and no server answers it.
            #[must_use]
            pub fn status(self) -> u16 {
                match self { $(ErrorCode::$name => $status,)* }
            }

            /// What helps.
            #[must_use]
            pub fn action(self) -> Action {
                match self { $(ErrorCode::$name => Action::$action,)* }
            }

            /// What to tell people.
            #[must_use]
            pub const fn text(self, lang: Lang) -> Text {
                match (self, lang) {
                    $((ErrorCode::$name, Lang::Zh) => Text { message: $zh, hint: $zh_hint },
                      (ErrorCode::$name, Lang::En) => Text { message: $en, hint: $en_hint },)*
                }
            }
        }
    };
}

catalogue! {
    // ---- what was asked of the server ----
    InvalidRequest "invalid_request" 400 Configure
        zh "请求有误。", "请重新打开页面；若仍失败，请把详情交给开发者。"
        en "The request is not valid.", "Open the page again; if it fails again, pass the details to the developer.";
    UrlRequired "url_required" 400 Configure
        zh "缺少要签名的网址。", "请在参数 url 中传入当前页面地址（不含 #）。"
        en "The URL to sign is missing.", "Send the address of the page, without #, as the parameter url.";
    OriginNotAllowed "origin_not_allowed" 403 Configure
        zh "该网址不属于本站，不能签名。", "请在配置 public_url 或 allowed_origins 中加入页面所在的源。"
        en "This URL does not belong to this site and is not signed.", "Add the page's origin to public_url or allowed_origins in the configuration.";
    CrossSite "cross_site" 403 Retry
        zh "登录请求不是从登录页面发出的。", "请重新打开页面；若仍失败，请允许本站使用 Cookie。"
        en "The login did not come from the login page.", "Open the page again; if it fails again, allow cookies for this site.";
    UnknownApp "unknown_app" 404 Configure
        zh "没有配置该企业或应用。", "请检查网址中的 corpid 与 agentid 是否与服务器配置的 [[apps]] 一致。"
        en "This corporation or application is not configured.", "Compare corpid and agentid in the address with [[apps]] in the server's configuration.";
    NotFound "not_found" 404 Configure
        zh "没有这个地址。", "请检查网址，特别是 base_path。"
        en "There is nothing at this address.", "Check the address, base_path above all.";
    MethodNotAllowed "method_not_allowed" 405 Configure
        zh "该地址不支持这种请求方法。", "请查阅接口文档中的请求方法。"
        en "This address does not take this method.", "See the documentation of the route for its method.";
    PayloadTooLarge "payload_too_large" 413 Configure
        zh "请求内容过大。", "登录请求不会超过 16 KiB，请检查发送方。"
        en "The request is too large.", "A login never exceeds 16 KiB; check what sends it.";
    UnsupportedMediaType "unsupported_media_type" 415 Configure
        zh "请求内容不是 JSON。", "请使用 Content-Type: application/json。"
        en "The request is not JSON.", "Send Content-Type: application/json.";
    SlowRequest "slow_request" 408 BackOff
        zh "请求内容没有及时到达。", "请检查网络后重试。"
        en "The request did not arrive in time.", "Check the network and try again.";
    TooManyRequests "too_many_requests" 429 BackOff
        zh "来自这个地址的登录太多。", "请稍后重试；若许多人共用一个出口地址，请管理员调大 [limits] 中的上限。"
        en "Too many logins come from this address.", "Please try again in a moment; where many people share an address, the operator can raise the bounds in [limits].";
    NoSession "no_session" 401 Retry
        zh "尚未登录，或登录已过期。", "请重新打开页面，将自动登录。"
        en "Not logged in, or the login has expired.", "Open the page again; it logs in by itself.";
    LogoutNotRecorded "logout_not_recorded" 503 BackOff
        zh "未能退出登录。", "服务器暂时记不下来，您仍处于登录状态；请稍后重试。"
        en "You are not logged out.", "The server cannot record it at the moment and you are still logged in; please try again in a moment.";
    AuthMisconfigured "auth_misconfigured" 401 Configure
        zh "代理向 /auth 或 /start 传的参数不对，任何人都不会被放行。", "请检查代理配置：corpid 与 agentid 要么都写、要么都不写，mode 只能是 redirect，不能有别的参数。"
        en "The proxy asks /auth or /start with parameters that are not valid; nobody is let in.", "Check the proxy's configuration: corpid and agentid both or neither, mode only as redirect, and nothing else.";
    GuardOfAnotherApp "guard_of_another_app" 0 Configure
        zh "已经登录，但守卫应用的代理要的是另一个应用的登录。", "请管理员核对代理配置：问 /auth 与送到 /start 的 corpid、agentid 必须一致。"
        en "You are logged in, but the proxy that guards the application wants the login of another one.", "The operator should compare the proxy's configuration: corpid and agentid must be the same at /auth and /start.";
    GuardWithoutSession "guard_without_session" 0 Configure
        zh "已经登录，但守卫应用的代理看不到这次登录。", "请管理员核对代理配置：问 /auth 时必须带上浏览器的 Cookie（nginx：proxy_set_header Cookie $http_cookie;），corpid、agentid 与 /start 一致；多个副本须共用一个存储或同一个 session.key。"
        en "You are logged in, but the proxy that guards the application does not see it.", "The operator should check the proxy's configuration: it must ask /auth with the browser's Cookie (nginx: proxy_set_header Cookie $http_cookie;) and with the corpid and agentid of /start; replicas need one store or one session.key.";
    ApplicationRefuses "application_refuses" 0 Configure
        zh "已经登录，但应用又把人送去登录。", "请应用的开发者让应用采用这次登录（身份头、JWT 或 /api/session），而不要自己再要求登录；nginx 的 proxy_intercept_errors 会把应用自己的 401 也变成登录。"
        en "You are logged in, but the application sends you to the login again.", "Its developer should have it take this login (identity headers, JWT or /api/session) instead of one of its own; nginx's proxy_intercept_errors makes a login of the application's own 401, too.";
    SessionNotKept "session_not_kept" 0 Configure
        zh "登录成功，但会话的 Cookie 没有回来。", "请管理员核对代理：/api/login 应答里的 Set-Cookie 必须原样到达浏览器，浏览器的 Cookie 也必须原样送到免登服务。"
        en "The login succeeds, but the session's cookie does not come back.", "The operator should check the proxy: the Set-Cookie of /api/login's answer has to reach the browser as it is, and the browser's cookies have to reach miandeng.";
    StoreUnavailable "store_unavailable" 503 BackOff
        zh "服务器的存储没有响应。", "请稍后重试；若持续出现，请管理员检查 [store]。"
        en "The server's store does not answer.", "Please try again in a moment; if it persists, the operator should check [store].";
    RequestTimeout "request_timeout" 503 BackOff
        zh "服务器未能及时完成请求。", "请稍后重试。"
        en "The server could not finish in time.", "Please try again in a moment.";
    Internal "internal" 500 Retry
        zh "服务器内部错误。", "请稍后重试；若仍失败，请联系管理员查看日志。"
        en "Something went wrong in the server.", "Please try again in a moment; if it fails again, ask the operator to look into the log.";

    // ---- the code, and whose it is ----
    CodeRejected "code_rejected" 401 NewCode
        zh "钉钉不认可这个登录凭证。", "请重试，将向钉钉申请新的凭证。"
        en "DingTalk does not accept this login code.", "Try again; a new code is requested from DingTalk.";
    CodeUsed "code_used" 409 NewCode
        zh "这个登录凭证已经用过。", "请重试，将向钉钉申请新的凭证。"
        en "This login code was used before.", "Try again; a new code is requested from DingTalk.";
    NotFollowing "not_following" 403 TellPerson
        zh "您还没有关注这个服务窗。", "请先在钉钉中关注该服务窗，再打开页面。"
        en "You do not follow this service window.", "Follow it in DingTalk first, then open the page again.";
    NotPermitted "not_permitted" 403 TellPerson
        zh "您不在该应用的使用范围内。", "请联系企业管理员，把您加入应用的可见范围。"
        en "You are outside the scope of this application.", "Ask the enterprise's administrator to add you to its visible range.";

    // ---- DingTalk, as the server meets it ----
    AppMisconfigured "app_misconfigured" 502 Configure
        zh "钉钉拒绝了该应用的配置。", "请管理员检查密钥、权限点、IP 白名单与应用状态；详情见钉钉错误码。"
        en "DingTalk refuses this application's configuration.", "The operator should check secrets, permissions, the IP allow-list and whether the application is enabled; see DingTalk's code.";
    ApiRetired "api_retired" 502 Configure
        zh "钉钉已不再提供该接口。", "请改用 kind = \"h5\" 的服务窗应用。"
        en "DingTalk no longer serves this interface.", "Move to a service window application of kind = \"h5\".";
    PlatformRefused "platform_refused" 502 Configure
        zh "钉钉拒绝了服务器的请求。", "请把钉钉错误码与请求编号交给开发者。"
        en "DingTalk refuses what the server asked.", "Pass DingTalk's code and request id to the developer.";
    PlatformBadAnswer "platform_bad_answer" 502 BackOff
        zh "钉钉返回了无法识别的内容。", "请稍后重试；若持续出现，服务器的网络可能被拦截。"
        en "DingTalk's answer cannot be understood.", "Please try again in a moment; if it persists, something may intercept the server's network.";
    PlatformUnreachable "platform_unreachable" 502 BackOff
        zh "服务器与钉钉的连接中断。", "请稍后重试；若持续出现，请检查服务器网络。"
        en "The server's connection to DingTalk broke.", "Please try again in a moment; if it persists, check the server's network.";
    PlatformTimeout "platform_timeout" 504 BackOff
        zh "钉钉没有及时响应。", "请稍后重试。"
        en "DingTalk did not answer in time.", "Please try again in a moment.";
    PlatformBusy "platform_busy" 503 BackOff
        zh "钉钉系统繁忙。", "请稍后重试。"
        en "DingTalk is busy.", "Please try again in a moment.";
    PlatformThrottled "platform_throttled" 503 BackOff
        zh "钉钉限制了调用频率。", "请稍后重试。"
        en "DingTalk limits how often it is called.", "Please try again in a moment.";
    CallBudget "call_budget" 503 BackOff
        zh "服务器对钉钉的调用已达自己设的上限。", "请稍后重试；若经常出现，请管理员检查是否有人滥用，或调大 [dingtalk] 的 max_calls_per_minute。"
        en "The server has reached its own bound on calls to DingTalk.", "Please try again in a moment; if it happens often, the operator should look for abuse, or raise max_calls_per_minute in [dingtalk].";
    PlatformQuota "platform_quota" 503 Configure
        zh "本月的钉钉调用次数已用完。", "请管理员在钉钉开发者后台提升额度。"
        en "This month's quota of DingTalk calls is used up.", "The operator can raise it in DingTalk's developer console.";
    PlatformBanned "platform_banned" 503 BackOff
        zh "钉钉暂时封禁了服务器的地址。", "约五分钟后自动解除，请稍后重试。"
        en "DingTalk has banned the server's address for a while.", "It ends by itself after about five minutes; please try again then.";

    // ---- DingTalk, as the page meets it ----
    NotInDingtalk "not_in_dingtalk" 0 TellPerson
        zh "请在钉钉中打开此页面。", "打开手机钉钉，进入该企业的服务窗，再点开菜单。"
        en "Please open this page in DingTalk.", "Open DingTalk on your phone, go to the enterprise's service window and open its menu.";
    NotInWecom "not_in_wecom" 0 TellPerson
        zh "请在企业微信中打开此页面。", "打开企业微信，在工作台里进入该应用；客户也可以在微信中打开。"
        en "Please open this page in WeCom.", "Open WeCom and enter the application from its workbench; customers can open it in WeChat too.";
    CookiesRefused "cookies_refused" 0 TellPerson
        zh "这个浏览器没有保存登录用的 Cookie。", "请允许本站使用 Cookie，或从企业微信里重新进入；转发的登录网址在别人那里无效。"
        en "This browser does not keep the cookie of the login.", "Allow cookies for this site, or enter from WeCom again; a login address that was passed on is of no use to others.";
    PcUnsupported "pc_unsupported" 0 TellPerson
        zh "服务窗登录只支持手机钉钉。", "电脑版钉钉没有此功能，请在手机上打开。"
        en "A service window logs in on a phone only.", "DingTalk for PC lacks this function; please open the page on your phone.";
    LinkIncomplete "link_incomplete" 0 Configure
        zh "网址不完整，缺少企业或应用编号。", "请从服务窗菜单进入；网址应含 ?corpid=$CORPID$&agentid=应用编号。"
        en "The address is incomplete: corporation or application is missing.", "Enter through the service window's menu; the address must carry ?corpid=$CORPID$&agentid=….";
    LinkPlaceholder "link_placeholder" 0 TellPerson
        zh "网址里的占位符（如 $CORPID$）没有被替换。", "钉钉只替换 $CORPID$，而且只在从菜单打开页面时：请从服务窗菜单进入。若仍如此，请管理员在菜单网址里直接写企业与应用的编号。"
        en "A placeholder in the address, such as $CORPID$, was not replaced.", "DingTalk replaces $CORPID$ only when it opens the page from a menu, and no other placeholder: enter through the service window's menu. If it stays, the administrator should write the ids themselves into the menu's address.";
    LinkInvalid "link_invalid" 0 Configure
        zh "网址中的企业或应用编号有误。", "请从服务窗菜单进入。若仍如此，请开发者检查菜单网址：corpid 与 agentid 各只写一个值，只含字母、数字、- 和 _。"
        en "The address names no valid corporation or application.", "Enter through the service window's menu. If it stays, the developer should check the menu's address: one value each for corpid and agentid, of letters, digits, - and _.";
    SdkUnavailable "sdk_unavailable" 0 Retry
        zh "没能载入钉钉组件。", "请重试，页面会重新载入。若仍失败，请把详情交给开发者：核对组件的网址，手机能否访问它，页面的安全策略是否允许它。"
        en "DingTalk's component could not be loaded.", "Try again; the page loads afresh. If it fails again, pass the details to the developer: whether the component's address is right, reachable from this phone and allowed by the page's policy.";
    ConfigRefused "config_refused" 0 Configure
        zh "钉钉没有认可此页面。", "请把详情交给开发者：核对签名网址、agentid 与密钥。"
        en "DingTalk does not accept this page.", "Pass the details to the developer: signed URL, agentid and secret should be checked.";
    ConfigTimeout "config_timeout" 0 Retry
        zh "钉钉没有响应页面的校验。", "请重试；若仍失败，请关闭页面后从服务窗重新进入。"
        en "DingTalk did not answer the page's check.", "Try again; if it fails again, close the page and enter through the service window.";
    CodeRefused "code_refused" 0 Retry
        zh "钉钉没有给出登录凭证。", "请重试；若仍失败，请把详情交给开发者。"
        en "DingTalk gave no login code.", "Try again; if it fails again, pass the details to the developer.";
    CodeTimeout "code_timeout" 0 Retry
        zh "钉钉没有及时给出登录凭证。", "请重试；若仍失败，请关闭页面后从服务窗重新进入。"
        en "DingTalk gave no login code in time.", "Try again; if it fails again, close the page and enter through the service window.";
    Cancelled "cancelled" 0 Retry
        zh "登录被取消。", "点按重试即可继续。"
        en "The login was cancelled.", "Tap retry to go on.";
    ClientTooOld "client_too_old" 0 TellPerson
        zh "当前钉钉版本不支持服务窗登录。", "请升级钉钉后重试。"
        en "This version of DingTalk cannot log in to a service window.", "Please update DingTalk and try again.";
    WrongNamespace "wrong_namespace" 0 Configure
        zh "该企业不认识您的身份。", "请把详情交给开发者：网址中的 corpid 应是服务窗所在的企业。"
        en "This corporation does not know you.", "Pass the details to the developer: corpid in the address must be the service window's corporation.";
    Network "network" 0 BackOff
        zh "网络不通。", "请检查网络后重试。"
        en "The network is down.", "Check the network and try again.";
    ServerTimeout "server_timeout" 0 BackOff
        zh "服务器没有及时响应。", "请检查网络后重试。"
        en "The server did not answer in time.", "Check the network and try again.";
    Unexpected "unexpected" 0 Retry
        zh "出现了意外情况。", "请重试；若仍失败，请把详情交给开发者。"
        en "Something unexpected happened.", "Try again; if it fails again, pass the details to the developer.";
}

impl std::fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests;

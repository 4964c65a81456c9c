//! Every word that the page says by itself, in both languages. What it says of errors stands in the shared catalogue.

use crate::{
    fast_path::COMPONENT,
    shown::{Screen, Wait},
};
use miandeng_shared::Lang;

/// The words of one language.
pub struct Words {
    pub title: &'static str,
    pub demo: &'static str,
    pub retry: &'static str,
    pub details: &'static str,
    pub details_hint: &'static str,
    pub copy: &'static str,
    pub copied: &'static str,
    pub selected: &'static str,
    pub hello: &'static str,
    pub stranger: &'static str,
    pub logged_in: &'static str,
    pub employee: &'static str,
    pub external: &'static str,
    pub follower: &'static str,
    pub not_you: &'static str,
    pub leave: &'static str,
    pub go_on: &'static str,
    waiting: Waiting,
    retry_after: (&'static str, &'static str),
}

/// What the page is waiting for.
struct Waiting {
    server: &'static str,
    component: &'static str,
    identity: &'static str,
    login: &'static str,
    again: &'static str,
    healing: &'static str,
    leaving: &'static str,
    ending: &'static str,
}

const ZH: Words = Words {
    title: "免登",
    demo: "演示环境：由模拟器代替平台",
    retry: "重试",
    details: "详情",
    details_hint: "请把下面的内容发给开发者，其中没有密钥。",
    copy: "复制详情",
    copied: "已复制",
    selected: "已选中，请长按复制",
    hello: "你好，",
    stranger: "你好",
    logged_in: "已登录",
    employee: "员工编号",
    external: "外部联系人",
    follower: "关注者",
    not_you: "不是你？",
    leave: "如未自动跳转，请点这里",
    go_on: "进入",
    waiting: Waiting {
        server: "正在连接…",
        component: COMPONENT[0],
        identity: "正在向钉钉确认身份…",
        login: "正在登录…",
        again: "正在重新载入…",
        healing: "没有成功，正在自动重试，请稍候…",
        leaving: "已登录，正在进入…",
        ending: "正在退出…",
    },
    retry_after: ("建议等待 ", " 秒。"),
};

const EN: Words = Words {
    title: "Log in",
    demo: "Demo: a simulator stands in for the platform",
    retry: "Try again",
    details: "Details",
    details_hint: "Send this to the developer. It contains no secrets.",
    copy: "Copy details",
    copied: "Copied",
    selected: "Selected; now copy it",
    hello: "Hello, ",
    stranger: "Hello",
    logged_in: "You are logged in",
    employee: "Employee",
    external: "External contact",
    follower: "Follower",
    not_you: "Not you?",
    leave: "Tap here if nothing happens",
    go_on: "Continue",
    waiting: Waiting {
        server: "Connecting…",
        component: COMPONENT[1],
        identity: "Asking DingTalk who you are…",
        login: "Logging in…",
        again: "Loading again…",
        healing: "That did not work. Trying again by itself, one moment…",
        leaving: "Logged in, on the way…",
        ending: "Logging out…",
    },
    retry_after: ("Suggested wait: ", " s."),
};

/// The words of `lang`.
#[must_use]
pub fn words(lang: Lang) -> &'static Words {
    match lang {
        Lang::Zh => &ZH,
        Lang::En => &EN,
    }
}

impl Words {
    /// What is being waited for; empty where nothing is.
    #[must_use]
    pub fn waiting_for(&self, screen: &Screen) -> &'static str {
        match screen {
            Screen::Waiting(Wait::Server) => self.waiting.server,
            Screen::Waiting(Wait::Component) => self.waiting.component,
            Screen::Waiting(Wait::Identity) => self.waiting.identity,
            Screen::Waiting(Wait::Login) => self.waiting.login,
            Screen::Waiting(Wait::Again) => self.waiting.again,
            Screen::Waiting(Wait::Healing) => self.waiting.healing,
            Screen::Waiting(Wait::Ending) => self.waiting.ending,
            Screen::Leaving(_) => self.waiting.leaving,
            Screen::Done(_) | Screen::Failed(_) => "",
        }
    }

    #[must_use]
    pub fn retry_after(&self, seconds: u32) -> String {
        let (before, after) = self.retry_after;
        format!("{before}{seconds}{after}")
    }
}

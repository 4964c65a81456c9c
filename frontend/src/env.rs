//! Where the page runs, read from the User-Agent alone: pure, so that every client we know of is a line in a test.

use miandeng_shared::Lang;
use miandeng_shared::{cut, has};

/// What surrounds the page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Env {
    /// An ordinary browser.
    Outside,
    /// DingTalk on a phone or tablet: Android, iOS, iPadOS or HarmonyOS.
    Phone { version: Option<String> },
    /// DingTalk on a computer, where the service window's API does not exist.
    Pc { version: Option<String> },
}

impl Env {
    /// Reads the User-Agent, `window.name` and whether `window.dingtalk.platform.invokeAPI` exists (a PC client that
    /// keeps its name out of the User-Agent shows itself by the last two).
    ///
    /// The word DingTalk decides, not the package name: exclusive builds rename the package. A phone's mark comes
    /// before the PC's, because a page inside a mini app inherits a `window.name` that it did not choose.
    #[must_use]
    pub fn detect(user_agent: &str, window_name: &str, pc_bridge: bool) -> Self {
        let ua = user_agent.to_ascii_lowercase();
        let version = version(user_agent);
        if has(&ua, "dingtalk") && PHONE_MARKS.iter().any(|mark| has(&ua, mark)) {
            Env::Phone { version }
        } else if has(&ua, "dingtalk") || pc_bridge || names_a_container(window_name) {
            Env::Pc { version }
        } else {
            Env::Outside
        }
    }

    /// What a simulator's phone plays. It names its window `dingtalk-sim:<person>[:<client>]`; in any other window, and
    /// without a client, every browser counts as a phone. To be asked only where the server says that it stands on a
    /// simulator: a name is anybody's to choose.
    #[must_use]
    pub fn simulated(window_name: &str) -> Self {
        let parts = window_name.strip_prefix("dingtalk-sim:").unwrap_or_default();
        match parts.split_once(':').map(|(_, client)| client) {
            Some("pc") => Env::Pc { version: None },
            Some("browser") => Env::Outside,
            _ => Env::Phone { version: None },
        }
    }

    /// For the details that a developer reads.
    #[must_use]
    pub fn describe(&self) -> String {
        match self {
            Env::Outside => "not DingTalk".to_owned(),
            Env::Phone { version } => ["phone ", version.as_deref().unwrap_or("?")].concat(),
            Env::Pc { version } => ["pc ", version.as_deref().unwrap_or("?")].concat(),
        }
    }
}

/// `AliApp(` stands in the mobile clients alone, so it also tells an iPad that pretends to be a Macintosh.
const PHONE_MARKS: [&str; 7] =
    ["iphone", "ipad", "ipod", "android", "openharmony", "harmonyos", "aliapp(dingtalk"];

/// The PC client describes the page's container in `window.name`, as JSON.
fn names_a_container(window_name: &str) -> bool {
    window_name.trim_start().starts_with('{') && has(window_name, "\"containerId\"")
}

/// `AliApp(DingTalk/7.5.36)`, `DingTalk/7.5.36` or `DingTalk(8.1.5-Release.251107001)`.
fn version(user_agent: &str) -> Option<String> {
    // ASCII lower case keeps every byte where it was, so positions found in `ua` hold in `user_agent`.
    let ua = user_agent.to_ascii_lowercase();
    ["aliapp(dingtalk/", "dingtalk/", "dingtalk("].iter().find_map(|mark| {
        let from = cut(&ua, mark)?.0.len() + mark.len();
        let version: String = user_agent
            .get(from..)?
            .chars()
            .take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_'))
            .collect();
        (!version.is_empty()).then_some(version)
    })
}

/// DingTalk's own language (`language/zh-Hans-CN`) comes before the browser's; Chinese where neither is known.
#[must_use]
pub fn language(user_agent: &str, navigator: Option<&str>) -> Lang {
    let of_client = user_agent.split_whitespace().find_map(|word| word.strip_prefix("language/"));
    of_client.and_then(Lang::from_tag).or_else(|| navigator.and_then(Lang::from_tag)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const IPHONE: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 16_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) \
        Mobile/20G75 AliApp(DingTalk/7.0.50) com.laiwang.DingTalk/31322509 Channel/201200 language/zh-Hans-CN UT4Aplus/0.0.6 WK";
    const ANDROID: &str = "Mozilla/5.0 (Linux; U; Android 12; zh-CN) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 \
        Chrome/100.0.4896.58 UWS/5.12.4.0 Mobile Safari/537.36 AliApp(DingTalk/7.5.36) com.alibaba.android.rimet/37747409 \
        Channel/700159 language/en abi/64 xpn/xiaomi UT4Aplus/0.2.25 colorScheme/light";
    const WINDOWS: &str = "Mozilla/5.0 (Windows NT 10.0; WOW64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/69.0.3497.128 \
        Safari/537.36 dingtalk-win/1.0.0 nw(0.14.7) DingTalk(8.1.5-Release.251107001) Mojo/1.0.0 Native AppType(release)";
    const HARMONY: &str = "Mozilla/5.0 (Phone; OpenHarmony 5.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/114.0.0.0 \
        Safari/537.36 ArkWeb/4.1.6.1 Mobile AliApp(DingTalk/7.6.20) com.dingtalk.hmos/1 language/zh";
    const IPAD_AS_MAC: &str = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_6) AppleWebKit/605.1.15 (KHTML, like Gecko) \
        AliApp(DingTalk/6.5.20) com.laiwang.DingTalk/1 language/zh";
    const MAC: &str = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) DingTalk(7.0.10-macOS-1)";
    const CHROME: &str =
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0 Safari/537.36";
    const WECHAT: &str = "Mozilla/5.0 (Linux; Android 13) AppleWebKit/537.36 Mobile MicroMessenger/8.0.30";

    fn phone(version: &str) -> Env {
        Env::Phone { version: Some(version.to_owned()) }
    }

    #[test]
    fn every_known_client_is_told_apart() {
        for (ua, expected) in [
            (IPHONE, phone("7.0.50")),
            (ANDROID, phone("7.5.36")),
            (HARMONY, phone("7.6.20")),
            (IPAD_AS_MAC, phone("6.5.20")),
            (WINDOWS, Env::Pc { version: Some("8.1.5-Release.251107001".to_owned()) }),
            (MAC, Env::Pc { version: Some("7.0.10-macOS-1".to_owned()) }),
            (CHROME, Env::Outside),
            (WECHAT, Env::Outside),
            ("", Env::Outside),
        ] {
            assert_eq!(Env::detect(ua, "", false), expected, "{ua}");
        }
    }

    #[test]
    fn a_renamed_build_is_still_dingtalk() {
        let ua = "Mozilla/5.0 (Linux; Android 9) AliApp(DingTalk/4.5.15) com.alibaba.android.rimet.zju/1";
        assert_eq!(Env::detect(ua, "", false), phone("4.5.15"));
        let ua = "Mozilla/5.0 (Linux; Android 9) dingtalk";
        assert_eq!(Env::detect(ua, "", false), Env::Phone { version: None });
    }

    #[test]
    fn a_pc_client_may_show_itself_by_the_window_alone() {
        let pc = Env::Pc { version: None };
        assert_eq!(
            Env::detect(CHROME, r#"{"containerId":"1","hostOrigin":"https://im.dingtalk.com"}"#, false),
            pc
        );
        assert_eq!(Env::detect(CHROME, "", true), pc);
        assert_eq!(Env::detect(CHROME, "containerId", false), Env::Outside);
        assert_eq!(Env::detect(IPHONE, r#"{"containerId":"1"}"#, false), phone("7.0.50"));
    }

    #[test]
    fn a_simulators_phone_names_its_client() {
        let phone = Env::Phone { version: None };
        for (name, expected) in [
            ("dingtalk-sim:employee:pc", Env::Pc { version: None }),
            ("dingtalk-sim::pc", Env::Pc { version: None }),
            ("dingtalk-sim:employee:browser", Env::Outside),
            ("dingtalk-sim:employee:ios", phone.clone()),
            ("dingtalk-sim:employee:android", phone.clone()),
            ("dingtalk-sim:employee", phone.clone()),
            ("dingtalk-sim:pc", phone.clone()),
            ("dingtalk-sim:employee:", phone.clone()),
            ("dingtalk-sim:employee:toaster", phone.clone()),
            ("dingtalk-sim:employee:pc:ios", phone.clone()),
            ("sim:employee:pc", phone.clone()),
            ("", phone.clone()),
        ] {
            assert_eq!(Env::simulated(name), expected, "{name}");
        }
    }

    #[test]
    fn the_clients_language_comes_first() {
        assert_eq!(language(IPHONE, Some("en-US")), Lang::Zh);
        assert_eq!(language(ANDROID, Some("zh-CN")), Lang::En);
        assert_eq!(language(CHROME, Some("en-GB")), Lang::En);
        assert_eq!(language("language/fr", Some("en")), Lang::En);
        assert_eq!(language(CHROME, Some("fr")), Lang::Zh);
        assert_eq!(language(CHROME, None), Lang::Zh);
    }
}

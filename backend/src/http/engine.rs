//! Which engines know `'wasm-unsafe-eval'`, told from what they say that they are.

/// First versions that know the source `'wasm-unsafe-eval'` (caniuse, MDN). Older ones compile WebAssembly only where the
/// policy has `'unsafe-eval'`.
const CHROMIUM: u32 = 97;
/// Of iOS and of Safari, whose numbers are the same.
const WEBKIT: u32 = 16;
const FIREFOX: u32 = 102;

/// Whether the engine behind this `User-Agent` compiles WebAssembly under `'wasm-unsafe-eval'` alone.
///
/// False for whatever cannot be recognised: a page that does not start is worse than a policy that is a little wider,
/// and no attacker chooses the engine of another person.
pub fn knows_wasm_source(user_agent: &str) -> bool {
    let at_least = |version: Option<u32>, first| version.map(|version| version >= first);
    // Every browser on iOS is WebKit, whatever else it calls itself; and Android webviews say `Version/4.0` as well.
    ios(user_agent)
        .map(|version| version >= WEBKIT)
        .or_else(|| at_least(number_after(user_agent, "Chrome/"), CHROMIUM))
        .or_else(|| at_least(number_after(user_agent, "Firefox/"), FIREFOX))
        .or_else(|| at_least(number_after(user_agent, "Version/"), WEBKIT))
        .unwrap_or(false)
}

/// The version of iOS or iPadOS: `CPU iPhone OS 16_6 like Mac OS X`, `CPU OS 16_6 like Mac OS X`.
fn ios(user_agent: &str) -> Option<u32> {
    if user_agent.contains("like Mac OS X") { number_after(user_agent, " OS ") } else { None }
}

fn number_after(text: &str, mark: &str) -> Option<u32> {
    let (_, rest) = text.split_once(mark)?;
    rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::knows_wasm_source;

    #[test]
    fn engines_of_dingtalks_clients() {
        for (knows, user_agent) in [
            (
                true,
                "Mozilla/5.0 (iPhone; CPU iPhone OS 16_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/20G75 AliApp(DingTalk/7.0.50) com.laiwang.DingTalk/31322509 Channel/201200 language/zh-Hans-CN UT4Aplus/0.0.6 WK",
            ),
            (
                false,
                "Mozilla/5.0 (iPhone; CPU iPhone OS 15_8 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/19H370 AliApp(DingTalk/7.0.50) com.laiwang.DingTalk/31322509 WK",
            ),
            (
                true,
                "Mozilla/5.0 (iPad; CPU OS 17_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/21A329 AliApp(DingTalk/7.5.0) WK",
            ),
            (
                true,
                "Mozilla/5.0 (Linux; U; Android 13; zh-CN; Mi 10 Build/TKQ1) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/100.0.4896.58 UWS/5.12.4.0 Mobile Safari/537.36 AliApp(DingTalk/7.5.36)",
            ),
            (
                false,
                "Mozilla/5.0 (Linux; U; Android 10; zh-CN; Mi 9 Build/QKQ1) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/69.0.3497.100 UWS/3.22.1.0 Mobile Safari/537.36 AliApp(DingTalk/6.5.10)",
            ),
            (
                true,
                "Mozilla/5.0 (Phone; OpenHarmony 5.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/114.0.0.0 Safari/537.36 ArkWeb/4.1.6.1 Mobile DingTalk/7.6.0",
            ),
            (
                false,
                "Mozilla/5.0 (Windows NT 10.0; WOW64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/91.0.4472.124 Safari/537.36 dingtalk-win/1.0.0 nw(0.14.7) DingTalk(8.1.5-Release.251107001)",
            ),
        ] {
            assert_eq!(knows_wasm_source(user_agent), knows, "{user_agent}");
        }
    }

    #[test]
    fn engines_of_developers() {
        let chromium = |n| format!("Mozilla/5.0 (X11; Linux x86_64) Chrome/{n}.0.0.0 Safari/537.36");
        assert!(!knows_wasm_source(&chromium(96)));
        assert!(knows_wasm_source(&chromium(97)));
        assert!(knows_wasm_source(&chromium(97).replace("Chrome", "HeadlessChrome")));
        let safari = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/16.1 Safari/605.1.15";
        assert!(knows_wasm_source(safari));
        assert!(!knows_wasm_source(&safari.replace("16.1", "15.6")));
        assert!(knows_wasm_source("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"));
    }

    #[test]
    fn whoever_cannot_be_recognised_gets_a_page_that_starts() {
        for user_agent in [
            "",
            "curl/8",
            "Chrome/",
            "Chrome/x",
            "Chrome/99999999999",
            "Chrome/一百",
            "like Mac OS X",
            " OS like Mac OS X",
            // An iPad that calls itself a Mac, in a webview.
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 AliApp(DingTalk/7.5.0)",
        ] {
            assert!(!knows_wasm_source(user_agent), "{user_agent}");
        }
    }
}

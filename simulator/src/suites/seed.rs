//! The suites that exist. `README.md` shows the same as a table.

use super::state::{Suite, SuiteApp};

/// Windows have ids beyond 32 bits.
const WINDOW: SuiteApp =
    SuiteApp { app_id: 1001, name: "会员服务窗", agent_ids_after: 3_000_000_000_000 };
const MICRO_APP: SuiteApp = SuiteApp { app_id: 2001, name: "会员管理", agent_ids_after: 700_000 };
const OTHER_MICRO_APP: SuiteApp = SuiteApp { app_id: 2002, name: "报表", agent_ids_after: 800_000 };

/// One suite with a service window in it and one without, whose customers therefore get no `ch_permanent_code`.
pub fn suites() -> Vec<Suite> {
    vec![suite(1, Some(WINDOW), Some(MICRO_APP)), suite(2, None, Some(OTHER_MICRO_APP))]
}

fn suite(number: u8, window: Option<SuiteApp>, micro_app: Option<SuiteApp>) -> Suite {
    Suite {
        name: format!("suite{number}"),
        key: format!("suitekey{number}"),
        secret: format!("suite-secret-of-suitekey{number}"),
        callback_token: format!("callback-token-of-suite{number}"),
        // 43 characters whose last has bits too many, as that of the official sample has.
        callback_aes_key: format!("suite{number}callbackaeskeysuite{number}callbackaeskeyabc"),
        suite_id: 14_999_000 + u64::from(number),
        window,
        micro_app,
        ..Suite::default()
    }
}

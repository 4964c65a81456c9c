//! A suite of an ISV.

use super::Brand;
use crate::secret::{AesKey, Secret};
use serde::Serialize;

/// One suite, and how the pages of its applications look.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Suite {
    /// In the callback's path, because DingTalk checks that address before it gives out a suite key.
    pub name: String,
    /// Public: it names the suite, also in the store, so that renaming the path loses nothing.
    pub suite_key: String,
    /// The console's number of it, where pushes about other suites are to be told from its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suite_id: Option<String>,
    pub suite_secret: Secret,
    /// Signs the callback's requests and answers.
    pub callback_token: Secret,
    pub callback_aes_key: AesKey,
    /// Instead of the default of each kind of application.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jsapi_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub home: Option<String>,
    #[serde(flatten)]
    pub brand: Brand,
}

#[cfg(test)]
impl Suite {
    /// The suite of DingTalk's published example of the callback.
    pub fn example() -> Self {
        Suite {
            name: "main".into(),
            suite_key: "suite4xxxxxxxxxxxxxxx".into(),
            suite_id: None,
            suite_secret: Secret::new("planted-suite-secret"),
            callback_token: Secret::new("123456"),
            callback_aes_key: AesKey::new("4g5j64qlyl3zvetqxz5jiocdr586fn2zvjpa8zls3ij").unwrap(),
            jsapi_url: None,
            home: None,
            brand: Brand::default(),
        }
    }
}

//! `[[suites]]`: suites of an ISV. Applications of corporations that authorised one appear without configuration.

use super::brand::Brand;
use super::credentials::client_id;
use super::reader::{Place, Section};
use super::secret::{Secret, looks_random, secret};
use super::value::{home, https_url, text};
use base64::Engine;
use base64::alphabet;
use base64::engine::{GeneralPurpose, GeneralPurposeConfig};
use serde::{Serialize, Serializer};
use std::fmt;
use toml::Value;

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

impl Suite {
    /// Reads one `[[suites]]` section; `None` where a problem was recorded that leaves no suite. `simulated` is the JSAPI
    /// of a simulator, the default beside one.
    pub fn read(mut s: Section<'_>, simulated: Option<&str>) -> Option<Self> {
        let name = s.required("name", "\"main\"", path_segment);
        let suite_key = s.required("suite_key", "\"suitexyz\"", client_id);
        let suite_id = s.optional("suite_id", digits);
        let suite_secret =
            s.required("suite_secret", "{ env = \"SUITE_SECRET\" }", secret(s.place("suite_secret")));
        let callback_token =
            s.required("callback_token", "{ env = \"SUITE_TOKEN\" }", secret(s.place("callback_token")));
        let callback_aes_key = s.required(
            "callback_aes_key",
            "{ env = \"SUITE_AES_KEY\" }",
            aes_key(s.place("callback_aes_key")),
        );
        let jsapi_url = s.optional("jsapi_url", https_url).map(Into::into);
        let jsapi_url = jsapi_url.or_else(|| simulated.map(str::to_owned));
        let home = s.optional("home", home);
        // `name` is taken: an application of a suite has a colour and a logo, but no name of its own.
        let brand = Brand::read(&mut s);
        s.finish();
        Some(Suite {
            name: name?,
            suite_key: suite_key?,
            suite_id,
            suite_secret: suite_secret?,
            callback_token: callback_token?,
            callback_aes_key: callback_aes_key?,
            jsapi_url,
            home,
            brand,
        })
    }
}

/// The callback's AES-256 key. `Debug` and `Serialize` show a mask.
#[derive(Clone, PartialEq)]
pub struct AesKey([u8; 32]);

/// As the developer console gives it: base64 of 32 bytes without the `=` at its end.
const KEY_LENGTH: usize = 43;

impl AesKey {
    /// The key in the form of the developer console; `None` if it is not one.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        // 43 characters are two bits more than 32 bytes, and the consoles' keys do not leave those bits empty.
        let lenient = GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true);
        let engine = GeneralPurpose::new(&alphabet::STANDARD, lenient);
        let bytes = engine.decode(format!("{text}=")).ok().filter(|_| text.len() == KEY_LENGTH)?;
        bytes.try_into().ok().map(Self)
    }

    /// The key itself, for the cipher.
    #[must_use]
    pub fn expose(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for AesKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl Serialize for AesKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str("***")
    }
}

fn aes_key(place: Place<'_>) -> impl Fn(Value) -> Result<AesKey, String> {
    let text = secret(place.clone());
    move |value| {
        let key = AesKey::new(text(value)?.expose()).ok_or_else(|| {
            format!("must be the {KEY_LENGTH} letters and digits that the developer console shows: 32 bytes in base64 without the = at the end")
        })?;
        if !looks_random(key.expose()) {
            place.warn("is not random, so others can guess it; let the developer console make one");
        }
        Ok(key)
    }
}

fn digits(value: Value) -> Result<String, String> {
    let id = text(value)?;
    let plain = (1..=32).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_digit());
    if plain {
        Ok(id)
    } else {
        Err("must be the digits that the developer console shows, as a string".into())
    }
}

/// It stands in a URL and in metric labels.
fn path_segment(value: Value) -> Result<String, String> {
    let name = text(value)?;
    let plain = (1..=64).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    if plain { Ok(name) } else { Err("must be 1 to 64 letters, digits, '-' or '_'".into()) }
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

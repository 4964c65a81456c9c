//! `[[suites]]`: suites of an ISV. Applications of corporations that authorised one appear without configuration.

use super::brand::brand;
use super::credentials::client_id;
use super::reader::{Place, Section};
use super::secret::{looks_random, secret};
use super::value::{home, https_url, text};
use crate::apps::Suite;
use crate::secret::{AesKey, KEY_LENGTH};
use toml::Value;

/// Reads one `[[suites]]` section; `None` where a problem was recorded that leaves no suite. `simulated` is the JSAPI
/// of a simulator, the default beside one.
pub fn suite(mut s: Section<'_>, simulated: Option<&str>) -> Option<Suite> {
    let name = s.required("name", "\"main\"", path_segment);
    let suite_key = s.required("suite_key", "\"suitexyz\"", client_id);
    let suite_id = s.optional("suite_id", digits);
    let suite_secret =
        s.required("suite_secret", "{ env = \"SUITE_SECRET\" }", secret(s.place("suite_secret")));
    let callback_token =
        s.required("callback_token", "{ env = \"SUITE_TOKEN\" }", secret(s.place("callback_token")));
    let callback_aes_key =
        s.required("callback_aes_key", "{ env = \"SUITE_AES_KEY\" }", aes_key(s.place("callback_aes_key")));
    let jsapi_url = s.optional("jsapi_url", https_url).map(Into::into);
    let jsapi_url = jsapi_url.or_else(|| simulated.map(str::to_owned));
    let home = s.optional("home", home);
    // `name` is taken: an application of a suite has a colour and a logo, but no name of its own.
    let brand = brand(&mut s);
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

//! What the DingTalk client asks its own servers on behalf of a page.

mod auth_code;
mod js_apis;

use serde_json::{Value, json};

use crate::answer::Answer;
use crate::call::Call;
use crate::seed::{self, Person};
use crate::world::World;

const REQUEST_JS_APIS: &str = "native/requestJsApis";
const REQUEST_AUTH_CODE: &str = "native/requestAuthCode";

pub fn endpoints() -> impl Iterator<Item = &'static str> {
    [REQUEST_JS_APIS, REQUEST_AUTH_CODE].into_iter()
}

/// What the client hands to the SDK's failure callback, and the number within it that the journal notes.
pub struct Failure {
    error_code: i32,
    error_message: String,
    code: i64,
}

impl Failure {
    /// 3 is the client's own code for "my server refused".
    fn refused(code: i64, error_message: String) -> Self {
        Self { error_code: 3, error_message, code }
    }

    fn client(error_code: i32, error_message: &str) -> Self {
        Self { error_code, error_message: error_message.to_owned(), code: error_code.into() }
    }
}

pub fn answer(world: &mut World, endpoint: &str, call: &Call) -> Answer {
    let outcome = holder(world, call).and_then(|person| match endpoint {
        REQUEST_JS_APIS => js_apis::request(world, call, person),
        REQUEST_AUTH_CODE => auth_code::request(world, call, person),
        _ => Err(Failure::client(1, "no such API")),
    });
    match outcome {
        Ok(value) => Answer::json(&value, Some(0), None),
        Err(failure) => Answer::json(
            &json!({ "errorCode": failure.error_code, "errorMessage": failure.error_message }),
            Some(failure.code),
            None,
        ),
    }
}

/// Who holds the phone: the person that the call names, else the one in the settings.
fn holder(world: &World, call: &Call) -> Result<&'static Person, Failure> {
    let named = call.body.get("person").and_then(Value::as_str).unwrap_or(&world.settings.person);
    seed::person(named).ok_or_else(|| Failure::client(2, "dingtalk-simulator: there is no such person"))
}

/// The address that the page really has.
fn page_url(call: &Call) -> Option<&str> {
    call.body.get("url").and_then(Value::as_str).filter(|url| !url.is_empty())
}

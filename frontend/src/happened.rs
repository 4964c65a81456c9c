//! What has come back to the login's module, step by step: all that the view's module needs to know to go on from there,
//! because the [`crate::flow`] is what its events have made of it. It passes as JavaScript has said it; the view reads it.

use crate::{
    api, dd,
    flow::Event,
    js,
    settle::{Outcome, Trouble},
};
use wasm_bindgen::JsValue;

/// The steps of a login that nothing is in the way of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    Config,
    Loaded,
    Verified,
    Code,
    Login,
}

impl Step {
    const ALL: [Step; 5] = [Step::Config, Step::Loaded, Step::Verified, Step::Code, Step::Login];

    fn name(self) -> &'static str {
        match self {
            Step::Config => "config",
            Step::Loaded => "loaded",
            Step::Verified => "verified",
            Step::Code => "code",
            Step::Login => "login",
        }
    }
}

const OK: &str = "ok";
const REFUSED: &str = "refused";
const CANCELLED: &str = "cancelled";
const TIMEOUT: &str = "timeout";

/// An object of `step`, `how`, and what was said.
#[must_use]
pub fn write(step: Step, outcome: &Outcome) -> JsValue {
    let none = JsValue::UNDEFINED;
    let (how, first, second) = match outcome {
        Ok(value) => (OK, value.clone(), none),
        Err(Trouble::Refused(first, second)) => (REFUSED, first.clone(), second.clone()),
        Err(Trouble::Missing(what)) => ("missing", (*what).into(), none),
        Err(Trouble::Cancelled) => (CANCELLED, none.clone(), none),
        Err(Trouble::Timeout) => (TIMEOUT, none.clone(), none),
    };
    js::object(&[("step", step.name().into()), ("how", how.into()), ("first", first), ("second", second)])
}

/// The event that it is to the flow; None of what is nothing of the kind.
#[must_use]
pub fn read(happened: &JsValue) -> Option<Event> {
    let part = |name| js::get(happened, name);
    let (step, how) = (part("step").as_string()?, part("how").as_string()?);
    let outcome = match how.as_str() {
        OK => Ok(part("first")),
        REFUSED => Err(Trouble::Refused(part("first"), part("second"))),
        CANCELLED => Err(Trouble::Cancelled),
        TIMEOUT => Err(Trouble::Timeout),
        _ => Err(Trouble::Missing(dd::part(&part("first").as_string()?)?)),
    };
    Some(match Step::ALL.into_iter().find(|known| known.name() == step)? {
        Step::Config => api::config(outcome),
        Step::Loaded => Event::loaded(outcome),
        Step::Verified => Event::verified(outcome),
        Step::Code => Event::code(outcome),
        Step::Login => api::login(outcome),
    })
}

//! A call of JavaScript that answers later, whichever way it does.

use crate::js;
use std::{cell::Cell, rc::Rc};
use wasm_bindgen::JsValue;

pub type Outcome = Result<JsValue, Trouble>;

/// Why a call came to nothing, as it was told: the login's module passes it on, and only the view's reads it.
#[derive(Debug, Clone)]
pub enum Trouble {
    /// Neither success nor failure within our time.
    Timeout,
    /// This part of `dd` does not exist.
    Missing(&'static str),
    Cancelled,
    /// The arguments of a failure callback.
    Refused(JsValue, JsValue),
}

/// Functions to hand to the component. They belong to JavaScript from then on: a client that calls one late, or
/// twice, finds it there, and it does nothing.
pub struct Callbacks {
    pub success: JsValue,
    pub fail: JsValue,
    pub cancel: JsValue,
}

/// Lets `start` call JavaScript and tells `done` the first of: a callback, the promise that the call may return, an
/// exception, `limit` milliseconds. Which of the first two a call of the component uses differs by version and by
/// platform, and some use both.
///
/// Callbacks and no futures: the login is a chain of steps already, and a second one around it would be larger.
pub fn settle(limit: u32, start: Start<'_>, done: Done) {
    let first = First(Rc::new(Cell::new(Some(done))));
    let callbacks = first.callbacks();
    match start(&callbacks) {
        Ok(returned) => listen(&returned, &callbacks),
        Err(thrown) => first.settle(Err(Trouble::Refused(thrown, JsValue::UNDEFINED))),
    }
    js::after(limit, Box::new(move || first.settle(Err(Trouble::Timeout))));
}

pub type Start<'a> = &'a dyn Fn(&Callbacks) -> Result<JsValue, JsValue>;
pub type Done = Box<dyn FnOnce(Outcome)>;

/// Hears a promise, or anything that has a `then`, out as well. A `then` that throws has nothing to say; callbacks and
/// timeout remain.
fn listen(returned: &JsValue, callbacks: &Callbacks) {
    if returned.is_object() {
        let _ = js::call_with_two(returned, "then", &callbacks.success, &callbacks.fail);
    }
}

/// The first settlement wins; any later one is ignored.
#[derive(Clone)]
struct First(Rc<Cell<Option<Done>>>);

impl First {
    fn settle(&self, outcome: Outcome) {
        if let Some(done) = self.0.take() {
            done(outcome);
        }
    }

    fn callbacks(&self) -> Callbacks {
        Callbacks {
            success: self.function(|value, _| Ok(value)),
            fail: self.function(|first, second| Err(Trouble::Refused(first, second))),
            cancel: self.function(|_, _| Err(Trouble::Cancelled)),
        }
    }

    fn function(&self, read: impl Fn(JsValue, JsValue) -> Outcome + 'static) -> JsValue {
        let first = self.clone();
        js::function(move |a, b| first.settle(read(a, b)))
    }
}

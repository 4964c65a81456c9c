//! A call with callbacks as a future.

use super::DdError;
use futures_channel::oneshot;
use futures_util::future::{Either, select};
use gloo_timers::future::TimeoutFuture;
use js_sys::{Function, Reflect};
use std::{cell::RefCell, rc::Rc};
use wasm_bindgen::{JsCast, JsValue, closure::Closure};

type Outcome = Result<JsValue, DdError>;

/// Functions to hand to the component. They belong to JavaScript from then on: a client that calls one late, or
/// twice, finds it there, and it does nothing.
pub struct Callbacks {
    pub success: JsValue,
    pub fail: JsValue,
    pub cancel: JsValue,
}

/// Lets `start` call the component and waits for the first of: a callback, the promise that it may return, an
/// exception, `limit` milliseconds. Which of the first two a call uses differs by version and by platform, and some
/// use both.
///
/// # Errors
/// What the failure callback, the rejection or the exception said, or that time ran out.
pub fn settle(
    limit: u32,
    start: impl FnOnce(&Callbacks) -> Result<JsValue, JsValue>,
) -> impl Future<Output = Outcome> {
    let (sender, receiver) = oneshot::channel();
    let first = First(Rc::new(RefCell::new(Some(sender))));
    let callbacks = first.callbacks();
    match start(&callbacks) {
        Ok(returned) => listen(&returned, &callbacks),
        Err(thrown) => first.settle(Err(DdError::from_js(&thrown, &JsValue::UNDEFINED))),
    }
    wait(limit, receiver)
}

async fn wait(limit: u32, receiver: oneshot::Receiver<Outcome>) -> Outcome {
    match select(receiver, TimeoutFuture::new(limit)).await {
        Either::Left((Ok(outcome), _)) => outcome,
        // The sender is dropped without a word only when JavaScript has let go of every callback: nobody will answer.
        Either::Left((Err(_), _)) | Either::Right(_) => Err(DdError::Timeout),
    }
}

/// Hears a promise, or anything that has a `then`, out as well.
fn listen(returned: &JsValue, callbacks: &Callbacks) {
    if !returned.is_object() {
        return;
    }
    let then = Reflect::get(returned, &"then".into()).ok().and_then(|then| then.dyn_into::<Function>().ok());
    if let Some(then) = then {
        // A `then` that throws has nothing to say; callbacks and timeout remain.
        let _ = then.call2(returned, &callbacks.success, &callbacks.fail);
    }
}

/// The first settlement wins; any later one is ignored.
#[derive(Clone)]
struct First(Rc<RefCell<Option<oneshot::Sender<Outcome>>>>);

impl First {
    fn settle(&self, outcome: Outcome) {
        if let Some(sender) = self.0.borrow_mut().take() {
            // Nobody listens any more once time has run out.
            let _ = sender.send(outcome);
        }
    }

    fn callbacks(&self) -> Callbacks {
        Callbacks {
            success: self.function(|value, _| Ok(value)),
            fail: self.function(|first, second| Err(DdError::from_js(&first, &second))),
            cancel: self.function(|_, _| Err(DdError::Cancelled)),
        }
    }

    fn function(&self, read: impl Fn(JsValue, JsValue) -> Outcome + 'static) -> JsValue {
        let first = self.clone();
        // `into_js_value` hands the closure to the garbage collector. One that Rust dropped would throw when it is
        // called late, and one that is forgotten would stay for ever.
        Closure::<dyn FnMut(JsValue, JsValue)>::new(move |a, b| first.settle(read(a, b))).into_js_value()
    }
}

//! The journal and the settings, live: Server-Sent Events for the phone's panel.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::stream::{Stream, unfold};
use serde::Serialize;
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::world::Simulator;

/// As many calls as the panel shows. A load test makes thousands, and a browser should not be handed them all.
const LATEST: usize = 200;

/// `clear` (forget the calls that you have), `call` (a new one, or more of one that you have) and `state` (settings,
/// faults and clock). Every connection begins with `clear` and all the rest, so that coming back needs no memory.
pub async fn stream(
    State(simulator): State<Arc<Simulator>>,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let watcher = Watcher::new(simulator);
    let events = unfold(watcher, async |mut watcher| Some((Ok(watcher.next().await?), watcher)));
    Sse::new(events).keep_alive(KeepAlive::default())
}

struct Watcher {
    simulator: Arc<Simulator>,
    changes: watch::Receiver<()>,
    /// The journal's change that was looked at last.
    seen: u64,
    state: Value,
    waiting: VecDeque<Event>,
}

impl Watcher {
    fn new(simulator: Arc<Simulator>) -> Self {
        let mut changes = simulator.changes();
        changes.mark_changed();
        let waiting = VecDeque::from([Event::default().event("clear").data("{}")]);
        Self { simulator, changes, seen: 0, state: Value::Null, waiting }
    }

    /// `None` when the simulator ends.
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.waiting.pop_front() {
                return Some(event);
            }
            self.changes.changed().await.ok()?;
            self.look();
        }
    }

    fn look(&mut self) {
        let world = self.simulator.world();
        let news = world.journal.news(self.seen, LATEST);
        let state = json!({
            "settings": world.settings,
            "wecom": { "settings": world.wecom.settings, "apps": world.wecom.apps },
            "faults": world.faults.pending(),
            "advancedSeconds": world.clock.advanced_seconds(),
        });
        let now = world.clock.now();
        drop(world);

        // What the very first look finds cleared was never shown.
        if news.cleared && self.seen > 0 {
            self.waiting.push_back(Event::default().event("clear").data("{}"));
        }
        self.seen = news.upto;
        // The clock always runs, so it is told with other changes and is none itself.
        if state != self.state {
            let mut told = state.clone();
            told["nowMs"] = now.into();
            self.state = state;
            self.tell("state", &told);
        }
        for call in &news.calls {
            self.tell("call", call);
        }
    }

    fn tell(&mut self, name: &str, what: &impl Serialize) {
        if let Ok(event) = Event::default().event(name).json_data(what) {
            self.waiting.push_back(event);
        }
    }
}

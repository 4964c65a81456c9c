//! What was called, by whom, and what came back.

mod redacted;

use std::collections::{BTreeMap, VecDeque};

use serde::Serialize;
use serde_json::{Map, Value};

use crate::answer::Answer;
use crate::call::{Call, Side};
use crate::clock::Millis;
use redacted::{redacted, shortened};

/// Enough for every load test here; the oldest calls go first. Counts go on.
const MOST_CALLS: usize = 10_000;
/// Unknown paths are journalled too, and a client may try many.
const MOST_ENDPOINTS: usize = 200;
const OTHER: &str = "(other)";
#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Kind {
    Oapi,
    Native,
    /// What DingTalk sends to a suite's callback.
    Push,
    /// WeCom's host.
    Qyapi,
    /// A link of WeCom's that a browser opens.
    Link,
}

impl From<Side> for Kind {
    fn from(side: Side) -> Self {
        match side {
            Side::Oapi => Self::Oapi,
            Side::Native => Self::Native,
            Side::Qyapi => Self::Qyapi,
            Side::Link => Self::Link,
        }
    }
}

/// How a push ended.
pub enum Pushed {
    /// With this status and the right answer.
    Right(u16),
    Wrong(u16),
    NoAnswer,
}

#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    seq: u64,
    /// By the simulator's clock.
    at_ms: Millis,
    /// Null until the call is answered, or its connection dropped by a fault.
    took_ms: Option<u64>,
    kind: Kind,
    endpoint: String,
    corp_id: Option<String>,
    method: String,
    params: Map<String, Value>,
    /// Null where no answer was given: not yet, dropped, or the caller went away.
    status: Option<u16>,
    errcode: Option<i64>,
    sub_code: Option<String>,
    fault: bool,
    /// The number of the journal's change that this entry saw last.
    #[serde(skip)]
    change: u64,
}

#[derive(Default)]
pub struct Journal {
    calls: VecDeque<Entry>,
    counts: BTreeMap<String, u64>,
    native_counts: BTreeMap<String, u64>,
    push_counts: BTreeMap<String, u64>,
    qyapi_counts: BTreeMap<String, u64>,
    link_counts: BTreeMap<String, u64>,
    last: u64,
    changes: u64,
    /// The change that emptied it.
    cleared: u64,
}

impl Journal {
    /// Notes a call as it arrives, so that one whose caller gives up is counted as well.
    pub fn begin(
        &mut self,
        kind: Kind,
        call: &Call,
        endpoint: &str,
        corp_id: Option<String>,
        now: Millis,
    ) -> u64 {
        self.last += 1;
        self.changes += 1;
        self.count(kind, endpoint);
        if self.calls.len() >= MOST_CALLS {
            self.calls.pop_front();
        }
        self.calls.push_back(Entry {
            seq: self.last,
            at_ms: now,
            took_ms: None,
            kind,
            endpoint: shortened(endpoint),
            corp_id,
            method: call.method.to_string(),
            params: redacted(call),
            status: None,
            errcode: None,
            sub_code: None,
            fault: false,
            change: self.changes,
        });
        self.last
    }

    pub fn fault(&mut self, seq: u64) {
        if let Some(entry) = self.entry(seq) {
            entry.fault = true;
        }
    }

    /// Notes how a call ended; without an answer where its connection was dropped.
    pub fn end(&mut self, seq: u64, answer: Option<&Answer>, took_ms: u64) {
        let Some(entry) = self.entry(seq) else { return };
        entry.took_ms = Some(took_ms);
        if let Some(answer) = answer {
            entry.status = Some(answer.status.as_u16());
            entry.errcode = answer.errcode;
            entry.sub_code.clone_from(&answer.sub_code);
        }
    }

    pub fn end_push(&mut self, seq: u64, pushed: Pushed, took_ms: u64) {
        let Some(entry) = self.entry(seq) else { return };
        entry.took_ms = Some(took_ms);
        (entry.status, entry.errcode, entry.sub_code) = match pushed {
            Pushed::Right(status) => (Some(status), Some(0), None),
            Pushed::Wrong(status) => (Some(status), None, Some("wrongAnswer".to_owned())),
            Pushed::NoAnswer => (None, None, Some("noAnswer".to_owned())),
        };
    }

    /// A copy to answer with, so that the lock is not held while it is written out.
    pub fn view(&self, endpoint: Option<&str>, limit: usize) -> View {
        let wanted = |entry: &&Entry| endpoint.is_none_or(|only| only == entry.endpoint);
        let mut calls: Vec<Entry> = self.calls.iter().rev().filter(wanted).take(limit).cloned().collect();
        calls.reverse();
        View {
            calls,
            counts: self.counts.clone(),
            native_counts: self.native_counts.clone(),
            push_counts: self.push_counts.clone(),
            qyapi_counts: self.qyapi_counts.clone(),
            link_counts: self.link_counts.clone(),
        }
    }

    /// What changed among the latest `most` calls after the change `seen`.
    pub fn news(&self, seen: u64, most: usize) -> News {
        let latest = self.calls.iter().skip(self.calls.len().saturating_sub(most));
        News {
            upto: self.changes,
            cleared: self.cleared > seen,
            calls: latest.filter(|entry| entry.change > seen).cloned().collect(),
        }
    }

    /// Numbers go on, so that a call which is still open finds no stranger under its own.
    pub fn clear(&mut self) {
        let cleared = self.changes + 1;
        *self = Self { last: self.last, changes: cleared, cleared, ..Self::default() };
    }

    fn count(&mut self, kind: Kind, endpoint: &str) {
        let counts = match kind {
            Kind::Oapi => &mut self.counts,
            Kind::Native => &mut self.native_counts,
            Kind::Push => &mut self.push_counts,
            Kind::Qyapi => &mut self.qyapi_counts,
            Kind::Link => &mut self.link_counts,
        };
        let known = counts.len() < MOST_ENDPOINTS || counts.contains_key(endpoint);
        *counts.entry(if known { shortened(endpoint) } else { OTHER.to_owned() }).or_default() += 1;
    }

    /// An entry to be changed.
    fn entry(&mut self, seq: u64) -> Option<&mut Entry> {
        let first = self.calls.front()?.seq;
        let entry = self.calls.get_mut(usize::try_from(seq.checked_sub(first)?).ok()?)?;
        self.changes += 1;
        entry.change = self.changes;
        Some(entry)
    }
}

/// What a listener has not seen yet.
pub struct News {
    pub upto: u64,
    /// Forget what you have: the journal was emptied in between.
    pub cleared: bool,
    pub calls: Vec<Entry>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct View {
    calls: Vec<Entry>,
    counts: BTreeMap<String, u64>,
    native_counts: BTreeMap<String, u64>,
    push_counts: BTreeMap<String, u64>,
    qyapi_counts: BTreeMap<String, u64>,
    link_counts: BTreeMap<String, u64>,
}

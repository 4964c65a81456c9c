//! SyncHTTP: several facts in one push, each with a number, in the form of the tables that DingTalk fills elsewhere
//! (open.dingtalk.com, "数据格式" and "配置SyncHTTP推送").

use super::event::{Event, Item, event_of, happened_at, plain};
use super::fields::Fields;
use super::seal::milliseconds;
use super::version::Version;
use crate::apps::Suite;
use serde_json::Value;

/// `_HIGH` and, for address books, `_MEDIUM`.
pub(super) fn is_sync(name: &str) -> bool {
    name.get(..14).is_some_and(|start| start.eq_ignore_ascii_case("SYNC_HTTP_PUSH"))
}

/// The items of a push, the oldest first; an object in place of their list is one item. `None` where there is neither.
pub(super) fn items(fields: &Fields, suite: &Suite, pushed_ms: u64) -> Option<Vec<Item>> {
    let list = match fields.get("bizdata")? {
        Value::String(text) => serde_json::from_str(text).ok()?,
        other => other.clone(),
    };
    let list = match list {
        Value::Array(list) => list,
        item @ Value::Object(_) => vec![item],
        _ => return None,
    };
    let mut items: Vec<Item> = list.iter().map(|item| read(item, suite, pushed_ms)).collect();
    let numbered = items.iter().all(|item| item.version.number().is_some());
    items.sort_by_key(|item| (item.version.number().filter(|_| numbered), item.version.at_ms));
    Some(items)
}

fn read(item: &Value, suite: &Suite, pushed_ms: u64) -> Item {
    let version = Version { at_ms: pushed_ms, pushed_ms, sync: true, ..Version::default() };
    let Some(fields) = Fields::of(item) else { return Item { event: Event::Unreadable, version } };
    let time = fields.text("gmtmodified").or_else(|| fields.text("gmtcreate"));
    let data = fields.object("bizdata");
    let text = |name| data.as_ref().and_then(|data| data.text(name));
    let action = text("syncaction").unwrap_or_default().trim().to_ascii_lowercase();
    let version = Version {
        sync: true,
        seq: text("syncseq"),
        at_ms: happened_at(time.as_deref().and_then(milliseconds), pushed_ms),
        pushed_ms,
        action: plain(&action),
    };
    let event = match fields.number("biztype") {
        _ if is_foreign(&fields, suite) => Event::Foreign,
        None => Event::Unreadable,
        Some(kind) if !FOLLOWED_KINDS.contains(&kind) => Event::Other,
        Some(kind) => data.and_then(|data| event(kind, &action, &fields, &data)).unwrap_or(Event::Unreadable),
    };
    Item { event, version }
}

/// Items are subscribed to under the suite's number and `_0`. Envelopes are sealed for one suite, so that only a suite
/// whose number is configured looks twice.
fn is_foreign(fields: &Fields, suite: &Suite) -> bool {
    let Some((own, given)) = suite.suite_id.as_ref().zip(fields.text("subscribeid")) else { return false };
    given.split('_').next() != Some(own)
}

/// A ticket, an authorisation, the state of an application, a person of the directory, the enterprise itself.
const FOLLOWED_KINDS: [u64; 5] = [2, 4, 7, 13, 16];

fn event(kind: u64, action: &str, fields: &Fields, data: &Fields) -> Option<Event> {
    let known = match kind {
        2 => action == "suite_ticket",
        4 => action.starts_with("org_suite_"),
        7 => action.starts_with("org_micro_app_"),
        16 => ["org_update", "org_change", "org_remove"].contains(&action),
        _ if action.starts_with("user_") => true,
        _ => return Some(Event::Other),
    };
    let harmless = kind == 13 || ["org_micro_app_scope_update", "org_update", "org_change"].contains(&action);
    let event = event_of(action, data, fields.corp("corpid"), fields.text("bizid")).filter(|_| known)?;
    // What may be a grant or its end by a name that is not known must not be taken for read.
    (harmless || !matches!(event, Event::Other)).then_some(event)
}

#[cfg(test)]
mod tests;

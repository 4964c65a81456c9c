//! The fields of a push, whose spelling differs between envelopes and pages: `AgentId`, `agentId`, `agentid`, `agent_id`.

use crate::dingtalk::answer::find;
use crate::upstream::{text, without_fraction};
use miandeng_shared::{AgentId, CorpId};
use serde_json::{Map, Value};

pub(super) struct Fields(Map<String, Value>);

impl Fields {
    /// An object, or the JSON text of one.
    pub fn of(value: &Value) -> Option<Self> {
        match value {
            Value::Object(fields) => Some(Self(fields.clone())),
            Value::String(text) => Self::parse(text),
            _ => None,
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        match serde_json::from_str(text) {
            Ok(Value::Object(fields)) => Some(Self(fields)),
            _ => None,
        }
    }

    /// The field of this name, which is written in small letters without anything between them.
    pub fn get(&self, name: &str) -> Option<&Value> {
        find(&self.0, &[name])
    }

    /// Texts may be numbers, and empty is missing.
    pub fn text(&self, name: &str) -> Option<String> {
        text(self.get(name)?)
    }

    pub fn number(&self, name: &str) -> Option<u64> {
        without_fraction(&self.text(name)?).parse().ok()
    }

    pub fn object(&self, name: &str) -> Option<Self> {
        Self::of(self.get(name)?)
    }

    /// What a list holds, which may be JSON text, or the one value that stands in its place.
    pub fn texts(&self, name: &str) -> Vec<String> {
        let Some(value) = self.get(name) else { return Vec::new() };
        let list = value.as_str().and_then(|text| serde_json::from_str(text).ok()).filter(Value::is_array);
        match list.as_ref().unwrap_or(value) {
            Value::Array(items) => items.iter().filter_map(text).collect(),
            one => text(one).into_iter().collect(),
        }
    }

    pub fn corp(&self, name: &str) -> Option<CorpId> {
        CorpId::new(self.text(name)?).ok()
    }

    pub fn agent(&self) -> Option<AgentId> {
        AgentId::new(self.text("agentid")?).ok()
    }
}

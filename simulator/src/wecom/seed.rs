//! The corporation, its applications, and people in every relation to it. The README shows the same as a table.

use serde::Serialize;

pub const CORP_ID: &str = "ww0123456789abcdef";

/// A self-built application (自建应用).
#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct App {
    pub agent_id: &'static str,
    pub secret: String,
    /// 可信域名: the host, with its port where that is not the default one.
    pub trusted_domain: String,
    /// Stopped by an administrator.
    pub stopped: bool,
}

pub fn apps(trusted_domain: &str) -> Vec<App> {
    let app = |agent_id| App {
        agent_id,
        secret: format!("secret-of-{agent_id}"),
        trusted_domain: trusted_domain.to_owned(),
        stopped: false,
    };
    vec![app("1000002"), app("1000003")]
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Relation {
    Member {
        user_id: &'static str,
        visible: bool,
    },
    /// Of a linked corporation (上下游, 互联企业).
    Linked {
        user_id: &'static str,
    },
    /// Followed by a member who is in the application's visible range.
    Customer,
    Stranger,
}

pub struct Person {
    pub id: &'static str,
    pub name: &'static str,
    pub relation: Relation,
    pub colour: &'static str,
}

pub const PEOPLE: [Person; 5] = [
    Person {
        id: "member",
        name: "张三",
        relation: Relation::Member { user_id: "zhangsan", visible: true },
        colour: "#2b7de9",
    },
    Person {
        id: "hidden",
        name: "李四",
        relation: Relation::Member { user_id: "LiSi@hr-1", visible: false },
        colour: "#8a63d2",
    },
    Person {
        id: "linked",
        name: "王五",
        relation: Relation::Linked { user_id: "wwfedcba9876543210/wangwu" },
        colour: "#13a8a8",
    },
    Person { id: "customer", name: "钱客户", relation: Relation::Customer, colour: "#d46b08" },
    Person { id: "stranger", name: "赵路人", relation: Relation::Stranger, colour: "#8c8c8c" },
];

pub fn person(id: &str) -> Option<&'static Person> {
    PEOPLE.iter().find(|person| person.id == id)
}

impl Person {
    pub fn user_id(&self) -> Option<&'static str> {
        match self.relation {
            Relation::Member { user_id, .. } | Relation::Linked { user_id } => Some(user_id),
            Relation::Customer | Relation::Stranger => None,
        }
    }

    /// Every person has one; a member's is told in ordinary WeChat, if at all.
    pub fn open_id(&self) -> String {
        format!("o-{}-{CORP_ID}", self.id)
    }

    pub fn external_user_id(&self) -> Option<String> {
        (self.relation == Relation::Customer).then(|| format!("wm-{}-{CORP_ID}", self.id))
    }

    pub fn visible(&self) -> bool {
        matches!(self.relation, Relation::Member { visible: true, .. })
    }
}

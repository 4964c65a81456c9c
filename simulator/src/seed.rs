//! The enterprises and people that exist. `README.md` shows the same as a table.

use serde::Serialize;
use serde_json::{Value, json};

/// Service windows have ids beyond 32 bits too, so one of them is.
pub const AGENT_IDS: [&str; 2] = ["123456", "2147483648123"];

#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Corp {
    pub corp_id: String,
    pub agent_ids: [&'static str; 2],
    pub channel_secret: String,
    pub corp_secret: String,
}

/// Today's service window: an H5 app in the window's own, virtual organisation, whose members are the followers.
#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct App {
    pub corp_id: String,
    pub agent_id: &'static str,
    pub client_id: String,
    pub client_secret: String,
}

/// The id of the H5 app in each virtual organisation.
pub const APP_AGENT_ID: &str = "223456";

pub fn apps(count: usize) -> Vec<App> {
    (1..=count)
        .map(|number| {
            let corp_id = format!("dingvirtual{number}");
            App {
                client_id: format!("client-of-{corp_id}"),
                client_secret: format!("client-secret-of-{corp_id}"),
                agent_id: APP_AGENT_ID,
                corp_id,
            }
        })
        .collect()
}

/// What the directory of an enterprise says of a person.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Directory {
    Employee,
    ExternalContact,
    Absent,
}

impl Directory {
    /// As DingTalk writes it: `contactType`, `contact_type`.
    pub fn contact_type(self) -> Option<u8> {
        match self {
            Self::Employee => Some(0),
            Self::ExternalContact => Some(1),
            Self::Absent => None,
        }
    }
}

pub struct Person {
    pub id: &'static str,
    pub nickname: &'static str,
    pub directory: Directory,
    pub follows: bool,
}

pub const PEOPLE: [Person; 4] = [
    Person { id: "employee", nickname: "王小明", directory: Directory::Employee, follows: true },
    Person { id: "partner", nickname: "李合作", directory: Directory::ExternalContact, follows: true },
    Person { id: "stranger", nickname: "赵路人", directory: Directory::Absent, follows: true },
    Person { id: "unfollowed", nickname: "孙已去", directory: Directory::Absent, follows: false },
];

pub fn person(id: &str) -> Option<&'static Person> {
    PEOPLE.iter().find(|person| person.id == id)
}

/// A person has other ids in another enterprise, as with the real platform.
impl Person {
    pub fn open_id(&self, corp_id: &str) -> String {
        format!("openid-{}-{corp_id}", self.id)
    }

    pub fn union_id(&self, corp_id: &str) -> String {
        format!("unionid-{}-{corp_id}", self.id)
    }

    /// The id in a virtual organisation, which has every follower as a member.
    pub fn member_id(&self, corp_id: &str) -> String {
        format!("userid-{}-{corp_id}", self.id)
    }

    pub fn user_id(&self, corp_id: &str) -> Option<String> {
        self.directory.contact_type().map(|_| format!("userid-{}-{corp_id}", self.id))
    }

    /// As `/_sim/people` lists them.
    pub fn ids(&self, corp_id: &str) -> Value {
        json!({
            "corpId": corp_id,
            "openId": self.open_id(corp_id),
            "unionId": self.union_id(corp_id),
            "userId": self.user_id(corp_id),
        })
    }
}

pub fn corps(count: usize) -> Vec<Corp> {
    (1..=count)
        .map(|number| {
            let corp_id = format!("dingcorp{number}");
            Corp {
                channel_secret: format!("channel-secret-of-{corp_id}"),
                corp_secret: format!("corp-secret-of-{corp_id}"),
                agent_ids: AGENT_IDS,
                corp_id,
            }
        })
        .collect()
}

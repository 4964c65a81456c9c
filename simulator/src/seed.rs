//! The enterprises and people that exist. `README.md` shows the same as a table.

use serde::Serialize;

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

    pub fn user_id(&self, corp_id: &str) -> Option<String> {
        self.directory.contact_type().map(|_| format!("userid-{}-{corp_id}", self.id))
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

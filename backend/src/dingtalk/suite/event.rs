//! What DingTalk tells a suite of, whichever way it comes.

use super::fields::Fields;
use super::version::Version;
use crate::dingtalk::client::agent_ids;
use crate::secret::Secret;
use miandeng_shared::{AgentId, CorpId, UnionId, UserId};
use std::time::Duration;

/// One thing that happened, and how old the news is.
#[derive(Debug)]
pub struct Item {
    pub event: Event,
    pub version: Version,
}

/// What a push is about.
#[derive(Debug)]
pub enum Event {
    /// DingTalk checks the address, perhaps before the suite exists, and wants this word back.
    CheckUrl {
        random: String,
    },
    SuiteTicket {
        ticket: Secret,
    },
    /// A corporation authorised the suite; the code is good for one exchange.
    TmpAuthCode {
        code: Secret,
        corp: Option<CorpId>,
    },
    /// A corporation changed what it allows the suite; DingTalk has to be asked how.
    ChangeAuth {
        corp: CorpId,
    },
    /// A corporation authorised the suite, or changed what it allows, and this is all of it.
    OrgAuth {
        corp: CorpId,
        pushed: PushedAuthorisation,
    },
    /// A corporation took its authorisation back, or does not exist any more.
    Relieve {
        corp: CorpId,
        dissolved: bool,
    },
    /// A corporation switched one application off or on.
    App {
        corp: CorpId,
        agent: AgentId,
        stopped: bool,
    },
    /// A person is in a corporation's directory, or has left it.
    Person {
        corp: CorpId,
        user_ids: Vec<UserId>,
        union_id: Option<UnionId>,
        left: bool,
    },
    /// It carries a ticket, grants or withdraws, and lacks what it must have.
    Unreadable,
    /// An item of another suite's.
    Foreign,
    /// One of the many events that a gateway has no use for.
    Other,
}

/// What a SyncHTTP push says of an authorisation.
#[derive(Debug)]
pub struct PushedAuthorisation {
    /// The permanent code and that of the window.
    pub codes: Option<(Secret, Option<Secret>)>,
    /// `None` where the push does not say.
    pub micro_apps: Option<Vec<AgentId>>,
    pub windows: Option<Vec<AgentId>>,
    /// Authorised, and not only changed.
    pub anew: bool,
}

impl Event {
    /// The event as a metric label; whatever we do not know is one and the same.
    #[must_use]
    pub fn label(&self) -> &'static str {
        match self {
            Event::CheckUrl { .. } => "check_url",
            Event::SuiteTicket { .. } => "suite_ticket",
            Event::TmpAuthCode { .. } => "tmp_auth_code",
            Event::ChangeAuth { .. } => "change_auth",
            Event::OrgAuth { .. } => "org_suite_auth",
            Event::Relieve { dissolved: false, .. } => "suite_relieve",
            Event::Relieve { dissolved: true, .. } => "org_remove",
            Event::App { .. } => "micro_app",
            Event::Person { .. } => "person",
            Event::Unreadable => "unreadable",
            Event::Foreign => "foreign",
            Event::Other => "other",
        }
    }

    pub fn corp(&self) -> Option<&CorpId> {
        match self {
            Event::TmpAuthCode { corp, .. } => corp.as_ref(),
            Event::ChangeAuth { corp }
            | Event::OrgAuth { corp, .. }
            | Event::Relieve { corp, .. }
            | Event::App { corp, .. }
            | Event::Person { corp, .. } => Some(corp),
            _ => None,
        }
    }
}

/// What `action` tells, in either envelope; `None` where `fields` lacks what it must have.
pub(super) fn event_of(
    action: &str,
    fields: &Fields,
    corp: Option<CorpId>,
    biz_id: Option<String>,
) -> Option<Event> {
    Some(match action {
        "suite_ticket" => Event::SuiteTicket { ticket: Secret::new(fields.text("suiteticket")?) },
        "org_suite_auth" => org_auth(fields, corp, true)?,
        "org_suite_change" => org_auth(fields, corp, false)?,
        "suite_relieve" | "org_suite_relieve" => Event::Relieve { corp: corp?, dissolved: false },
        "org_remove" => Event::Relieve { corp: corp?, dissolved: true },
        "org_micro_app_stop" | "org_micro_app_remove" => {
            Event::App { corp: corp?, agent: fields.agent()?, stopped: true }
        }
        "org_micro_app_restore" => Event::App { corp: corp?, agent: fields.agent()?, stopped: false },
        "user_leave_org" => person(fields, corp, biz_id, true)?,
        "user_add_org" | "user_modify_org" | "user_active_org" | "user_dept_change" | "user_role_change" => {
            person(fields, corp, biz_id, false).unwrap_or(Event::Other)
        }
        _ => Event::Other,
    })
}

fn org_auth(fields: &Fields, corp: Option<CorpId>, anew: bool) -> Option<Event> {
    let named = fields.object("authcorpinfo").and_then(|info| info.corp("corpid"));
    // Two corporations in one authorisation: nothing tells which of them gave it.
    if named.is_some() && corp.is_some() && named != corp {
        return None;
    }
    let code = fields.text("permanentcode").map(Secret::new);
    if anew && code.is_none() {
        return None;
    }
    let list = |info: &str, list: &str| {
        let info = fields.object(info)?;
        info.get(list).and_then(agent_ids)
    };
    let pushed = PushedAuthorisation {
        codes: code.map(|code| (code, fields.text("chpermanentcode").map(Secret::new))),
        micro_apps: list("authinfo", "agent"),
        windows: list("channelauthinfo", "channelagent"),
        anew,
    };
    Some(Event::OrgAuth { corp: corp.or(named)?, pushed })
}

/// The pages differ in where the user's id is: in the data, where an associated organisation's person has it one layer
/// further in, or the item's own id.
fn person(fields: &Fields, corp: Option<CorpId>, biz_id: Option<String>, left: bool) -> Option<Event> {
    let corp = corp?;
    let associated = fields.object("unionempext");
    // That of another enterprise may be the id of another person here.
    let associated = associated.filter(|ext| ext.corp("corpid").is_none_or(|of| of == corp));
    let mut user_ids = user_ids(fields);
    user_ids.extend(associated.iter().flat_map(self::user_ids));
    let union_id = fields.text("unionid").and_then(|id| UnionId::new(id).ok());
    if user_ids.is_empty() && union_id.is_none() {
        user_ids.push(UserId::new(biz_id?).ok()?);
    }
    Some(Event::Person { corp, user_ids, union_id, left })
}

fn user_ids(fields: &Fields) -> Vec<UserId> {
    let named = ["userid", "staffid", "userids", "staffids", "useridlist", "staffidlist"];
    let named = named.iter().flat_map(|name| fields.texts(name));
    named.filter_map(|id| UserId::new(id).ok()).collect()
}

/// Longer than DingTalk goes on pushing what was not answered.
const OLDEST_EVENT: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// The event's own time, unless it makes no sense beside that of its push (DingTalk's samples have `1234456`).
pub(super) fn happened_at(happened: Option<u64>, pushed_ms: u64) -> u64 {
    let sane =
        |at: &u64| pushed_ms.checked_sub(*at).is_some_and(|age| u128::from(age) <= OLDEST_EVENT.as_millis());
    happened.filter(sane).unwrap_or(pushed_ms)
}

/// A name for the log.
pub(super) fn plain(name: &str) -> String {
    name.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '_').take(64).collect()
}

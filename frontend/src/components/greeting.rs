use super::{StatusScreen, i18n::words};
use crate::flow::LoggedIn;
use miandeng_shared::{Lang, User};

/// `contactType` of a person whom the directory knows but who does not work there.
const EXTERNAL: u8 = 1;

/// Who is logged in, the way on, and the way out for another person.
pub fn greeting(logged_in: LoggedIn, lang: Lang) -> StatusScreen {
    let words = words(lang);
    let User { nick, avatar, user_id, contact_type, .. } = logged_in.user;
    let title = match nick {
        Some(nick) => format!("{}{nick}", words.hello),
        None => words.stranger.to_owned(),
    };
    let identity = match (user_id, contact_type) {
        (Some(id), Some(EXTERNAL)) => format!("{} {}", words.external, id.as_str()),
        (Some(id), _) => format!("{} {}", words.employee, id.as_str()),
        (None, _) => words.follower.to_owned(),
    };
    StatusScreen {
        mark: "mark done",
        avatar,
        role: "status",
        title,
        text: words.logged_in.to_owned(),
        line: ("identity", identity),
        way: logged_in.home,
        action: ("quiet", words.not_you),
        details: None,
    }
}

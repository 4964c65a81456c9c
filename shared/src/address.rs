//! Which application an address names: one reader for page and server, so that what the server prepares (policy, cookie,
//! preload, looks) is for the application that the page logs in to.

use crate::{AgentId, CorpId, ErrorCode, decode_next, to_return_path};

/// Why a parameter of an address names nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unnamed {
    /// The parameter is not there, or has no value.
    Missing,
    /// `$CORPID$` and its like: DingTalk replaces that one, and only in an address that it opens from a menu.
    Placeholder,
    /// The value is no identifier.
    Malformed,
    /// Two values that differ.
    Contradictory,
}

impl Unnamed {
    /// The error of an address whose corporation and application are unnamed for these reasons: what is missing says least.
    #[must_use]
    pub fn error(corp: Option<Self>, agent: Option<Self>) -> ErrorCode {
        let code = |unnamed| match unnamed {
            Self::Missing => None,
            Self::Placeholder => Some(ErrorCode::LinkPlaceholder),
            Self::Malformed | Self::Contradictory => Some(ErrorCode::LinkInvalid),
        };
        agent.and_then(code).or_else(|| corp.and_then(code)).unwrap_or(ErrorCode::LinkIncomplete)
    }
}

/// What the query of an address says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    pub corp_id: Result<CorpId, Unnamed>,
    pub agent_id: Result<AgentId, Unnamed>,
    /// The word for the place to return to, as [`crate::decode_next`] reads it.
    pub next: Option<String>,
    /// The code of an error that a login by redirects has ended with.
    pub error: Option<String>,
}

impl Address {
    /// Reads a query, what stands between `?` and `#`.
    ///
    /// Names count in any case, names and values percent-encoded or not, with blanks around them or without; empty and
    /// unknown parameters do not count, nor does an identical repetition. `&amp;` is the `&` of an address that was copied
    /// out of HTML. A `?` or `;` separates where nothing else does.
    #[must_use]
    pub fn read(query: &str) -> Self {
        let [plainly, loosely] = [&['&'][..], &['&', '?', ';']].map(|separators| {
            let mut pairs = vec![];
            read_pairs(query, separators, ROUNDS, &mut pairs);
            pairs
        });
        let value = |name| match value(&plainly, name) {
            Err(Unnamed::Missing) => value(&loosely, name),
            found => found,
        };
        Self {
            corp_id: value("corpid").and_then(|id| CorpId::new(id).map_err(|_| Unnamed::Malformed)),
            agent_id: value("agentid").and_then(|id| AgentId::new(id).map_err(|_| Unnamed::Malformed)),
            next: value("next").ok(),
            // Our own redirects write it, and always plainly.
            error: self::value(&plainly, "error").ok(),
        }
    }
}

/// Where a query says to return to: the word of [`Address::next`], or a path, percent-encoded.
#[must_use]
pub fn next_in(query: &str) -> Option<String> {
    let word = || decode_next(&Address::read(query).next?);
    let pairs = query.split('&').filter_map(|piece| piece.split_once('='));
    let given = pairs.filter(|(name, value)| !value.is_empty() && parameter(name) == "next");
    let mut paths = given.map(|(_, value)| to_return_path(&percent_decode(value)?));
    let path = paths.next().flatten();
    // Of two that differ neither counts, as of two words.
    path.filter(|first| paths.all(|other| other.as_ref() == Some(first))).or_else(word)
}

/// A parameter's name as it is compared, in small letters and behind the last separator: `CorpId`, ` corpid`, `?corpid` and
/// `amp;corpid` are `corpid`.
#[must_use]
pub fn parameter(raw: &str) -> String {
    plain(plain(raw).rsplit(['&', '?', ';']).next().unwrap_or_default()).to_ascii_lowercase()
}

/// The parameters that are read. No value of theirs has a separator in it, but for a `next` that is a path.
const OURS: [&str; 4] = ["corpid", "agentid", "next", "error"];

/// How often what is read turns out to hold pairs itself.
const ROUNDS: u8 = 4;

/// Names in small letters and values, in their order. A piece without `=` is decoded, for addresses that were encoded as a
/// whole; and what follows a value of [`OURS`] behind a separator is read on. Values of other parameters stay whole: the
/// address of another page may be one.
fn read_pairs(text: &str, separators: &[char], rounds: u8, pairs: &mut Vec<(String, String)>) {
    let Some(rounds) = rounds.checked_sub(1) else { return };
    for piece in text.split(separators) {
        let Some((name, value)) = piece.trim_end_matches('=').split_once('=') else {
            if let Some(decoded) = percent_decode(piece).filter(|decoded| decoded != piece) {
                read_pairs(&decoded, separators, rounds, pairs);
            }
            continue;
        };
        let (name, value) = (parameter(name), plain(value));
        let more = value.split_once(['&', '?', ';']).filter(|(value_alone, more)| {
            more.contains('=') || value.as_bytes().get(value_alone.len()) != Some(&b';')
        });
        let is_path = name == "next" && value.starts_with('/');
        match more.filter(|_| OURS.contains(&name.as_str()) && !is_path) {
            Some((value, more)) => {
                pairs.push((name, ended(value)));
                read_pairs(more, separators, rounds, pairs);
            }
            None => pairs.push((name, ended(&value))),
        }
    }
}

/// A value without the fragment behind it, and without slashes and separators at its end.
fn ended(value: &str) -> String {
    let value = value.split('#').next().unwrap_or_default();
    // The standard search of a character in a text is larger than all of this.
    value.trim_end_matches(|c| is_blank(c) || matches!(c, '/' | '?' | ';' | '&')).to_owned()
}

/// The one value of the parameter `name`. Beside a real value a placeholder does not count.
fn value(pairs: &[(String, String)], name: &str) -> Result<String, Unnamed> {
    let mut found = Err(Unnamed::Missing);
    for (_, value) in pairs.iter().filter(|(key, value)| key == name && !value.is_empty()) {
        let placeholder = is_placeholder(value);
        match found {
            Err(_) if placeholder => found = Err(Unnamed::Placeholder),
            Err(_) => found = Ok(value.clone()),
            Ok(ref before) if !placeholder && before != value => return Err(Unnamed::Contradictory),
            Ok(_) => {}
        }
    }
    found
}

/// `$CORPID$`, `$corpId`, `${corpId}`: no value of ours has a `$`.
fn is_placeholder(value: &str) -> bool {
    let name = |byte: u8| byte.is_ascii_alphanumeric() || b"$_-{}".contains(&byte);
    value.bytes().all(name) && value.bytes().any(|byte| byte == b'$')
}

/// Without escapes, and without blanks and what cannot be seen at its ends; a `+` is a blank. A second round is for proxies
/// that encode what is encoded already; no name and no value of ours has a `%`.
fn plain(raw: &str) -> String {
    let once = percent_decode(raw).unwrap_or_else(|| raw.to_owned());
    let text = percent_decode(&once).unwrap_or(once);
    text.trim_matches(is_blank).to_owned()
}

/// Blanks, controls and what cannot be seen. Spelled out: the page has no use for Unicode's tables beside this.
pub(crate) fn is_blank(c: char) -> bool {
    matches!(c, '\0'..=' ' | '+' | '\u{7f}'..='\u{a0}' | '\u{ad}' | '\u{61c}' | '\u{1680}' | '\u{180e}'
        | '\u{2000}'..='\u{200f}' | '\u{2028}'..='\u{202f}' | '\u{205f}'..='\u{206f}' | '\u{3000}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}')
}

/// None where an escape is broken or the result is not text.
#[must_use]
pub fn percent_decode(raw: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(raw.len());
    let mut rest = raw.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let high = char::from(rest.next()?).to_digit(16)?;
            let low = char::from(rest.next()?).to_digit(16)?;
            bytes.push(u8::try_from(high * 16 + low).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests;

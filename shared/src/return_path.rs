//! Where a person may be sent after the login: one rule, and one way to write it in a query, for the page and the server.

use crate::address::is_blank;

/// A deep link longer than this is not one.
const MAX_LEN: usize = 2048;

/// Accepts `raw` as a return target if it is a path on this origin, with query and fragment as they are.
///
/// Refused is what a URL parser, or a program that decodes or tidies a path before it redirects, might read as another
/// host or scheme: what has no leading `/`; `//` or `/\` at the front, also encoded or left over once dot segments are
/// resolved; dot segments at the root or above it; backslashes in the path; and anywhere whatever is not
/// printable ASCII, because browsers strip some of it and send the rest encoded.
#[must_use]
pub fn return_path(raw: &str) -> Option<&str> {
    let path = raw.split(['?', '#']).next().unwrap_or_default();
    let plain = raw.len() <= MAX_LEN && raw.bytes().all(|b| b.is_ascii_graphic()) && !path.contains('\\');
    (plain && stays_below_root(path.strip_prefix('/')?)).then_some(raw)
}

/// A return target as people write one: letters of any language and blanks are escaped, as browsers escape them. Refused is
/// what [`return_path`] refuses, and what looks like a blank, a slash or a dot, or cannot be seen.
#[must_use]
pub fn to_return_path(text: &str) -> Option<String> {
    // Some programs decode a path and drop the blanks at its ends.
    if text.starts_with("/ ") || text.ends_with(' ') {
        return None;
    }
    let mut target = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '!'..='~' => target.push(c),
            ' ' => target.push_str("%20"),
            c if is_blank(c) || is_look_alike(c) => return None,
            c => {
                for byte in c.encode_utf8(&mut [0; 4]).bytes() {
                    target.push('%');
                    for digit in [byte >> 4, byte & 15] {
                        target.push(char::from(b"0123456789ABCDEF"[usize::from(digit)]));
                    }
                }
            }
        }
    }
    return_path(&target)?;
    Some(target)
}

/// Dots, slashes and backslashes of other writings, which a program might take for those of ASCII.
fn is_look_alike(c: char) -> bool {
    matches!(
        c,
        '\u{2024}'
            | '\u{2044}'
            | '\u{2215}'
            | '\u{29f5}'
            | '\u{29f8}'
            | '\u{29f9}'
            | '\u{3002}'
            | '\u{fe52}'
            | '\u{fe68}'
            | '\u{ff0e}'
            | '\u{ff0f}'
            | '\u{ff3c}'
            | '\u{ff61}'
    )
}

/// Whether the segments of a path, resolved as the URL standard does, never leave or reopen its root.
fn stays_below_root(path: &str) -> bool {
    let mut depth = 0_usize;
    let mut segments = path.split('/').peekable();
    while let Some(segment) = segments.next() {
        // Spelled out and not replaced: the page has no use for a search for text beside its own, which is small.
        match segment.to_ascii_lowercase().as_str() {
            "." | "%2e" if depth > 0 => {}
            ".." | ".%2e" | "%2e." | "%2e%2e" if depth > 0 => depth -= 1,
            "." | "%2e" | ".." | ".%2e" | "%2e." | "%2e%2e" => return false,
            // An empty segment at the end is the slash of a folder.
            first if depth == 0 && (is_slash(first) || first.is_empty() && segments.peek().is_some()) => {
                return false;
            }
            _ => depth += 1,
        }
    }
    true
}

/// Whether a program that decodes this first segment finds a slash, or what browsers drop or take for one, at its front.
fn is_slash(segment: &str) -> bool {
    ["%2f", "%5c", "%09", "%0a", "%0d"].iter().any(|front| segment.starts_with(front))
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// A return target as one word of base64url without padding: in a query that is signed, nothing of it is ever escaped.
#[must_use]
pub fn encode_next(path: &str) -> String {
    let mut word = String::with_capacity(path.len().div_ceil(3) * 4);
    for chunk in path.as_bytes().chunks(3) {
        let bits = (0..3).fold(0, |bits, i| bits << 8 | chunk.get(i).map_or(0, |byte| usize::from(*byte)));
        for i in 0..=chunk.len() {
            word.push(char::from(ALPHABET[bits >> (18 - 6 * i) & 63]));
        }
    }
    word
}

/// The return target in a word of [`encode_next`]. None where it is no such word, or not of a [`return_path`].
#[must_use]
pub fn decode_next(word: &str) -> Option<String> {
    let (mut bytes, mut bits, mut count) = (Vec::new(), 0, 0);
    for byte in word.bytes() {
        bits = bits << 6 & 0xffff | ALPHABET.iter().position(|known| *known == byte)?;
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push(u8::try_from(bits >> count & 0xff).ok()?);
        }
    }
    let path = String::from_utf8(bytes).ok()?;
    return_path(&path)?;
    Some(path)
}

#[cfg(test)]
mod tests;

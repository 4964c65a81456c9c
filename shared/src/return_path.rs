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
mod tests {
    use super::*;

    #[test]
    fn deep_links_keep_their_query() {
        for raw in ["/", "/orders/7?tab=a&x=%E4%B8%AD#top", "/a?next=//b", "/a#/route", "/%E4%B8%AD"] {
            assert_eq!(return_path(raw), Some(raw));
        }
    }

    #[test]
    fn k16_what_browsers_accept_is_kept() {
        for raw in [
            "/spa/a//b",
            "/view/https://x.example/doc",
            "/a//",
            "/a///b//",
            "/proxy/http://10.0.0.1:8080//x?u=//y",
            "/a;x=1/b;y",
            "/a/../b",
            "/a/./b",
            "/a/b/..",
            "/a/%2e%2e/b",
            "/a//../b",
            "/a%2F%2Fb",
            "/a/%5cb",
            "/files?dir=C:\\x\\y",
            "/#\\x",
            "/a?x=/../..//b#//c",
            "/@user/x@y",
            "/!$&'()*+,;=:@-._~|^`{}[]\"<>",
        ] {
            assert_eq!(return_path(raw), Some(raw));
        }
    }

    #[test]
    fn other_hosts_are_refused() {
        for raw in [
            "",
            "orders",
            "//evil.example",
            "///evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "https://evil.example",
            "http:evil.example",
            "javascript:alert(1)",
            "data:text/html,x",
            "/\tevil",
            "/\nevil",
            " /a",
            "/a b",
            "/a?b c",
            "/a#\tb",
            "/\u{a0}a",
            "/%2fevil.example",
            "/%2Fevil.example",
            "/%5cevil.example",
            "/%5Cevil",
            "/%09/evil.example",
            "/./\\evil",
            "/a\\b",
            "/.//evil.example",
            "/..//evil.example",
            "/%2e%2e//evil",
            "/a/..//evil.example",
            "/a/.././/evil.example",
            "/a/b/../..//evil.example",
            "/a/%2E%2e//evil.example",
            "/a/../%2fevil.example",
            "/a/../%5Cevil.example",
            "/a/../../evil",
            "/a//../../..//evil",
            "/../evil",
            "/%2E/a",
            "?next=/a",
            "#/a",
            "@evil.example",
            "/中",
        ] {
            assert_eq!(return_path(raw), None, "{raw:?}");
        }
        assert_eq!(return_path(&format!("/{}", "a".repeat(2048))), None);
    }

    #[test]
    fn k16_letters_of_any_language_are_escaped_as_browsers_do_it() {
        for (text, target) in [
            ("/orders?name=张三", "/orders?name=%E5%BC%A0%E4%B8%89"),
            ("/中/b#é", "/%E4%B8%AD/b#%C3%A9"),
            ("/a b?c d", "/a%20b?c%20d"),
            ("/?q=北京（东）", "/?q=%E5%8C%97%E4%BA%AC%EF%BC%88%E4%B8%9C%EF%BC%89"),
            ("/😀", "/%F0%9F%98%80"),
            ("/orders/7?x=%E4%B8%AD+y", "/orders/7?x=%E4%B8%AD+y"),
        ] {
            assert_eq!(to_return_path(text).as_deref(), Some(target), "{text}");
            assert_eq!(to_return_path(target).as_deref(), Some(target), "{text}");
        }
        for text in [
            "中",
            "//中",
            "/ /a",
            "/a ",
            "/\u{3000}/a",
            "/a\nb",
            "/\u{200b}",
            "/\u{202e}a",
            "/．．/a",
            "/a\u{ff0f}b",
        ] {
            assert_eq!(to_return_path(text), None, "{text:?}");
        }
        // What is too long once it is escaped.
        assert_eq!(to_return_path(&format!("/{}", "中".repeat(228))), None);
        assert!(to_return_path(&format!("/{}", "中".repeat(227))).is_some());
    }

    #[test]
    fn k03_a_return_target_is_one_word() {
        // RFC 4648 §10, with the letters of §5.
        for (path, word) in [("/f", "L2Y"), ("/fo", "L2Zv"), ("/foo", "L2Zvbw"), ("/?>?~", "Lz8-P34")] {
            assert_eq!((encode_next(path).as_str(), decode_next(word).as_deref()), (word, Some(path)));
        }
        for path in ["/", "/orders/7?q=%E4%B8%AD+x&y='1'#/a", "/spa/a//b", &format!("/{}", "~".repeat(2047))]
        {
            let word = encode_next(path);
            assert!(word.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'), "{word}");
            assert_eq!(decode_next(&word).as_deref(), Some(path));
        }
        for path in ["", "//evil.example", "https://evil.example", "/\\evil", "/a\nb", "/中", "orders"] {
            assert_eq!(decode_next(&encode_next(path)), None, "{path}");
        }
        for word in ["L2Y=", "L2+v", "L2/v", "L2 Y", "%2Ff", "/f", "L2Y\n", "_____w", "中"] {
            assert_eq!(decode_next(word), None, "{word}");
        }
    }
}

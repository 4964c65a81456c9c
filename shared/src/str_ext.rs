//! Searching and replacing text without the standard library's way: the panics behind that quote what they could not cut and bring the
//! tables of which characters can be printed, a twentieth of the download.

/// What stands before and behind the first `mark`.
#[must_use]
pub fn cut<'a>(text: &'a str, mark: &str) -> Option<(&'a str, &'a str)> {
    let at = text.as_bytes().windows(mark.len().max(1)).position(|window| window == mark.as_bytes())?;
    Some((text.get(..at)?, text.get(at + mark.len()..)?))
}

/// `text` with `to` in place of every `from`.
#[must_use]
pub fn replaced(text: &str, from: &str, to: &str) -> String {
    match cut(text, from) {
        Some((before, after)) => [before, to, &replaced(after, from, to)].concat(),
        None => text.to_owned(),
    }
}

/// True if `mark` stands in the text.
#[must_use]
pub fn has(text: &str, mark: &str) -> bool {
    cut(text, mark).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_mark_counts() {
        assert_eq!(cut("url:[中]url:[b]", "url:["), Some(("", "中]url:[b]")));
        assert_eq!(cut("中://文", "://"), Some(("中", "文")));
        assert_eq!(cut("a", "a"), Some(("", "")));
        for text in ["", "ab", "cba"] {
            assert_eq!(cut(text, "abc"), None, "{text}");
        }
        assert_eq!(replaced("钉钉：钉钉", "钉钉", "企业微信"), "企业微信：企业微信");
        assert!(has("dingtalk/7", "talk") && !has("dingtalk", "Talk"));
    }
}

use super::*;
use std::collections::HashSet;

#[test]
fn every_error_is_told_once_in_both_languages() {
    let mut seen = HashSet::new();
    for code in ErrorCode::ALL {
        assert!(seen.insert(code.as_str()), "{code} twice");
        assert!(code.status() == 0 || (400..600).contains(&code.status()), "{code}");
        for lang in [Lang::Zh, Lang::En] {
            let Text { message, hint } = code.text(lang);
            assert!(!message.is_empty() && !hint.is_empty(), "{code}");
            assert_eq!(message.is_ascii(), lang == Lang::En, "{code}: {message}");
        }
        assert_eq!(serde_json::to_value(code).unwrap(), code.as_str());
        assert_eq!(ErrorCode::from_code(code.as_str()), Some(*code));
    }
}

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
    for path in ["/", "/orders/7?q=%E4%B8%AD+x&y='1'#/a", "/spa/a//b", &format!("/{}", "~".repeat(2047))] {
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

use super::*;

fn s(text: &str) -> Value {
    Value::String(text.into())
}

#[test]
fn plain_http_is_for_loopback_hosts() {
    for good in ["https://h5.example.com", "http://127.0.0.1:8080", "http://localhost", "http://[::1]:1"] {
        assert!(origin(s(good)).is_ok(), "{good}");
    }
    for bad in [
        "http://h5.example.com",
        "ftp://127.0.0.1",
        "https://u:p@h5.example.com",
        "h5.example.com",
        "https://a/b",
        "https://a?b",
        "http://127.0.0.1.evil.example",
        "https://*.example.com",
    ] {
        assert!(origin(s(bad)).is_err(), "{bad}");
    }
}

#[test]
fn a_base_path_has_a_slash_at_both_ends() {
    assert_eq!(base_path(s("/")).unwrap(), "/");
    assert_eq!(base_path(s("/_miandeng")).unwrap(), "/_miandeng/");
    assert_eq!(base_path(s("/a/b/")).unwrap(), "/a/b/");
    for bad in ["", "x", "/a b", "/{id}", "/a//b", "/..", "/*"] {
        assert!(base_path(s(bad)).is_err(), "{bad}");
    }
}

#[test]
fn numbers_are_whole_and_not_too_small() {
    assert_eq!(number(1)(Value::Integer(7)).unwrap(), 7);
    assert_eq!(number(0)(s("0")).unwrap(), 0);
    for bad in [Value::Integer(0), Value::Integer(-1), Value::Integer(1 << 40), Value::Float(1.5), s("many")]
    {
        assert!(number(1)(bad).is_err());
    }
}

#[test]
fn durations_have_a_unit() {
    assert_eq!(duration(s("10m")).unwrap(), Duration::from_secs(600));
    for bad in [s("10"), s("0s"), s("soon"), s("367d"), s("300000000000y"), Value::Integer(10)] {
        assert!(duration(bad).is_err());
    }
}

#[test]
fn logos_and_components_come_from_where_nobody_can_change_them() {
    for good in ["https://cdn.example.com/logo.svg?v=2", "http://127.0.0.1:8080/logo.png", "/static/logo.png"]
    {
        assert_eq!(resource(s(good)).unwrap(), good);
    }
    for bad in
        ["http://cdn.example.com/x.png", "//cdn.example.com/x.png", "x.png", "data:image/png;base64,", ""]
    {
        assert!(resource(s(bad)).is_err(), "{bad}");
    }
}

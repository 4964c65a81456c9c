use super::*;

#[test]
fn the_environment_overrides_scalar_keys() {
    let config =
        read_with(MINIMAL, &[("MIANDENG__SESSION__TTL", "8h"), ("MIANDENG__LISTEN", "127.0.0.1:1")]).unwrap();
    assert_eq!(config.session.ttl, Duration::from_secs(8 * 3600));
    assert_eq!(config.listen.port(), 1);
    for name in ["MIANDENG__SESION__TTL", "MIANDENG__APPS__0", "MIANDENG__SESSION__TTTL"] {
        assert!(read_with(MINIMAL, &[(name, "8h")]).is_err(), "{name}");
    }
}

/// Only `session.ttl: must be …` was said.
#[test]
fn k20_a_mistake_in_the_environment_is_reported_with_the_variables_name() {
    for (name, value, key) in [
        ("MIANDENG__SESSION__TTL", "soon", "session.ttl"),
        ("MIANDENG__LISTEN", "8080", "listen"),
        ("MIANDENG__DINGTALK__SIMULATOR", "yes", "dingtalk.simulator"),
        ("MIANDENG__LIMITS__CONNECTIONS", "0", "limits.connections"),
        ("MIANDENG__STORE__URL", "file:///x", "store.url"),
        ("MIANDENG__PUBLIC_URL", "h5.example.com", "public_url"),
        ("MIANDENG__LOG", "xml", "log"),
        ("MIANDENG__STORE", "memory:", "store"),
        ("MIANDENG__SESION__TTL", "8h", "sesion"),
        ("MIANDENG__SESSION__TTTL", "8h", "session.tttl"),
        ("MIANDENG__OPS_LISTEN", "127.0.0.1:8080", "ops_listen"),
    ] {
        let text = if name == "MIANDENG__STORE" {
            MINIMAL.replace("[store]\n    url = \"memory:\"", "")
        } else {
            MINIMAL.into()
        };
        let problems = read_with(&text, &[(name, value)]).unwrap_err();
        assert!(problems[0].starts_with(&format!("{key} ({name}): ")), "{name}: {problems:?}");
    }
    for (name, key) in [
        ("MIANDENG__STORE__URL__X", "store.url"),
        ("MIANDENG__SESSION__TTL__X__Y", "session.ttl"),
        ("MIANDENG__LISTEN__X", "listen"),
    ] {
        let problems = read_with(&MINIMAL.replace("url = \"memory:\"", ""), &[(name, "x")]).unwrap_err();
        assert!(problems[0].starts_with(&format!("{key} ({name}): ")), "{name}: {problems:?}");
    }
    let both = [("MIANDENG__STORE__URL__X", "x"), ("MIANDENG__STORE__URL", "memory:")];
    assert!(read_with(MINIMAL, &both).unwrap_err()[0].starts_with("MIANDENG__STORE__URL__X: "));
    for name in ["MIANDENG__APPS__0", "MIANDENG__TRUSTED_PROXIES__X__Y", "MIANDENG__PUBLIC_URL__X"] {
        let text = format!("trusted_proxies = []\n{MINIMAL}");
        assert!(read_with(&text, &[(name, "x")]).unwrap_err()[0].starts_with(name), "{name}");
    }
    let problems = read_with(MINIMAL, &[("MIANDENG__SESSION__TTL", "\u{fffd}h")]).unwrap_err();
    assert_eq!(problems, ["MIANDENG__SESSION__TTL: is not UTF-8 text"]);
}

/// They were said to lack square brackets, which no variable has.
#[test]
fn k20_lists_cannot_come_from_the_environment_and_are_said_so() {
    for name in
        ["TRUSTED_PROXIES", "ALLOWED_ORIGINS", "SESSION__PREVIOUS_KEYS", "SECURITY__FRAME_ANCESTORS", "APPS"]
    {
        let name = format!("MIANDENG__{name}");
        for in_file in ["", "trusted_proxies = []\nallowed_origins = []\n"] {
            let problems =
                read_with(&format!("{in_file}{MINIMAL}"), &[(&name, "[\"10.0.0.1\"]")]).unwrap_err();
            let problem = &problems[0];
            assert!(
                problem.contains(&name) && problem.contains("list") && problem.contains("file"),
                "{problem}"
            );
        }
    }
}

/// It was ignored without a word.
#[test]
fn k20_a_variable_that_is_evidently_a_keys_is_warned_of() {
    let warnings = |name: &str, text: &str| {
        let environment = [(name.to_owned(), "planted".to_owned())];
        parse(text, environment.into_iter()).warnings.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    for (name, key, right) in [
        ("MIANDENG_STORE_URL", "store.url", "MIANDENG__STORE__URL"),
        ("miandeng__store__url", "store.url", "MIANDENG__STORE__URL"),
        ("Miandeng__Store__Url", "store.url", "MIANDENG__STORE__URL"),
        ("MIANDENG_STORE__URL", "store.url", "MIANDENG__STORE__URL"),
        ("MIANDENG_PUBLIC_URL", "public_url", "MIANDENG__PUBLIC_URL"),
        ("MIANDENG_LIMITS_CONNECTIONS", "limits.connections", "MIANDENG__LIMITS__CONNECTIONS"),
        ("MIANDENG_SESSION_KEY", "session.key", "MIANDENG__SESSION__KEY"),
    ] {
        let said = warnings(name, MINIMAL);
        assert_eq!(said, [format!("{name}: is not read; for {key} the variable is {right}")]);
    }
    // Kubernetes, tests and people have variables of their own.
    for name in [
        "MIANDENG_PORT",
        "MIANDENG_SERVICE_HOST",
        "MIANDENG_DIST",
        "MIANDENG_CHANNEL_SECRET",
        "STORE_URL",
        "PATH",
    ] {
        assert_eq!(warnings(name, MINIMAL), [""; 0], "{name}");
    }
    let named = format!("{MINIMAL}\n[session]\nkey = {{ env = \"MIANDENG_SESSION_KEY\" }}");
    assert!(warnings("MIANDENG_SESSION_KEY", &named).is_empty());
}

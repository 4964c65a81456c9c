use super::*;

#[test]
fn stores_by_url() {
    for (url, printed) in [
        ("memory:", "memory:"),
        ("embedded:", "embedded:"),
        ("redis://user:planted@127.0.0.1:6379/0", "redis://***"),
        ("rediss://127.0.0.1/1", "rediss://***"),
    ] {
        let config = read(&MINIMAL.replace("memory:", url)).unwrap();
        assert!(config.masked().unwrap().contains(&format!("url = \"{printed}\"")), "{url}");
    }
    assert!(matches!(read(&MINIMAL.replace("url = \"memory:\"", "")).unwrap().store, Store::Embedded));
    for url in ["memory", "file:///x", "redis:", "http://127.0.0.1", ""] {
        assert!(read(&MINIMAL.replace("memory:", url)).unwrap_err()[0].starts_with("store.url:"), "{url}");
    }
}

#[test]
fn k09_a_redis_that_would_believe_any_certificate_is_refused() {
    for url in ["rediss://localhost/#insecure", "rediss://localhost:6380/0#insecure", "rediss://localhost#x"]
    {
        let said = read(&MINIMAL.replace("memory:", url)).unwrap_err().remove(0);
        assert!(said.starts_with("store.url:") && said.contains("SSL_CERT_FILE"), "{url}: {said}");
    }
    let said = read(&MINIMAL.replace("memory:", "redis://:planted#planted@localhost")).unwrap_err().remove(0);
    assert!(said.contains("%23") && !said.contains("planted"), "{said}");
}

//! What is verified of a link, and where it leads.

use reqwest::header::{COOKIE, USER_AGENT};
use serde_json::json;

use super::{AGENT, CALLBACK, OTHER_AGENT, Phone, WXWORK, location, query};

#[tokio::test]
async fn a_right_link_leads_to_the_callback_with_code_and_state() {
    let phone = Phone::new().await;
    let long = "a".repeat(128);
    for (change, state) in
        [(("state", "abc123"), "abc123"), (("state", long.as_str()), long.as_str()), (("state", ""), "")]
    {
        let back = phone.back(&[change]).await;
        assert!(back.as_str().starts_with(CALLBACK), "{back}");
        let names: Vec<_> = back.query_pairs().map(|(name, _)| name.into_owned()).collect();
        assert_eq!(names, ["code", "state"], "{back}");
        assert_eq!(query(&back, "state").unwrap(), state);
        assert_eq!(query(&back, "code").unwrap().len(), 43);
        assert_eq!(back.fragment(), None, "a browser lets it inherit the link's own");
    }
    let with_query = format!("{CALLBACK}?a=1&b=%20x");
    let back = phone.back(&[("redirect_uri", &with_query)]).await;
    assert!(back.as_str().starts_with(&format!("{with_query}&code=")), "{back}");
    assert_eq!(back.as_str().matches('?').count(), 1);
    for scope in ["snsapi_base", "snsapi_userinfo"] {
        assert!(query(&phone.back(&[("scope", scope)]).await, "code").is_some(), "{scope}");
    }
    assert!(query(&phone.back(&[("agentid", "")]).await, "code").is_some(), "the agentid may be left out");
}

#[tokio::test]
async fn a_wrong_link_never_reaches_the_callback() {
    let phone = Phone::new().await;
    let (too_long, ip) = ("a".repeat(129), CALLBACK.replace("127.0.0.1", "127.0.0.2"));
    let port = CALLBACK.replace("8080", "8081");
    let no_port = CALLBACK.replace(":8080", "");
    let sub = CALLBACK.replace("127.0.0.1:8080", "a.localhost:8080");
    for (name, value, error) in [
        ("appid", "", "param_err"),
        ("appid", "wwffffffffffffffff", "param_err"),
        ("response_type", "", "param_err"),
        ("response_type", "token", "param_err"),
        ("scope", "", "param_err"),
        ("scope", "snsapi_login", "param_err"),
        ("agentid", "1000009", "param_err"),
        ("agentid", "x", "param_err"),
        ("state", too_long.as_str(), "param_err"),
        ("state", "a-b", "param_err"),
        ("state", "a b", "param_err"),
        ("state", "é", "param_err"),
        ("state", "a.b_c", "param_err"),
        ("redirect_uri", "", "param_err"),
        ("redirect_uri", "/wecom/callback", "param_err"),
        ("redirect_uri", "javascript:alert(1)", "param_err"),
        ("redirect_uri", ip.as_str(), "domain_err"),
        ("redirect_uri", port.as_str(), "domain_err"),
        ("redirect_uri", no_port.as_str(), "domain_err"),
        ("redirect_uri", sub.as_str(), "domain_err"),
    ] {
        for identity in [&[][..], &[("key", "k"), ("uin", "member")][..]] {
            let change: Vec<_> = identity.iter().copied().chain([(name, value)]).collect();
            let end = location(&phone.open(phone.link(&change)).await);
            assert_eq!(end.path(), "/wwopen/uriconfirm", "{name}={value}");
            assert_eq!(query(&end, "err_type").unwrap(), error, "{name}={value}");
            assert_eq!(query(&end, "why").unwrap(), name, "{name}={value}");
            let page = phone.open(end).await;
            assert_eq!(page.status(), 200);
            assert!(page.text().await.unwrap().contains(name));
        }
    }
    let journal = phone.desk.journal().await;
    assert_eq!(journal["calls"][0]["subCode"], "param_err appid");
}

#[tokio::test]
async fn the_domain_is_exact_but_for_case_scheme_path_and_default_port() {
    let phone = Phone::new().await;
    phone.app(AGENT, json!({ "trustedDomain": "H5.example" })).await;
    for right in
        ["https://h5.example/a/b", "http://h5.example", "https://H5.EXAMPLE:443/", "http://h5.example:80"]
    {
        let back = phone.back(&[("redirect_uri", right)]).await;
        assert_eq!(back.host_str().unwrap(), "h5.example", "{right}");
    }
    for wrong in [
        "https://h5.example:8443/",
        "https://x.h5.example/",
        "https://h5.example.org/",
        "https://h5.example@evil.example/",
    ] {
        let end = phone.back(&[("redirect_uri", wrong)]).await;
        assert_eq!(query(&end, "err_type").unwrap(), "domain_err", "{wrong}");
    }
}

#[tokio::test]
async fn a_link_without_agentid_passes_by_any_application_s_domain() {
    let phone = Phone::new().await;
    phone.app(AGENT, json!({ "trustedDomain": "h5.example" })).await;
    let open = async |agent: &str| query(&phone.back(&[("agentid", agent)]).await, "err_type");
    assert_eq!(open(AGENT).await.as_deref(), Some("domain_err"));
    assert_eq!((open("").await, open(OTHER_AGENT).await), (None, None));
    phone.set(json!({ "agentNarrowsDomain": false })).await;
    assert_eq!(open(AGENT).await, None);
}

#[tokio::test]
async fn a_lenient_state_comes_back_as_it_was() {
    let phone = Phone::new().await;
    phone.set(json!({ "strictState": false })).await;
    for state in ["a-b.c_d~", "a b&c=d#e?f", "é", &"a".repeat(500)] {
        assert_eq!(query(&phone.back(&[("state", state)]).await, "state").unwrap(), state);
    }
}

#[tokio::test]
async fn without_an_identity_the_client_s_page_answers_which_looks_at_the_fragment() {
    let phone = Phone::new().await;
    let get = async |agent: &str, cookie: &str| {
        let request = phone.http.get(phone.link(&[])).header(USER_AGENT, agent).header(COOKIE, cookie);
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.headers()["cache-control"], "no-store");
        answer.text().await.unwrap()
    };
    let wechat = "Mozilla/5.0 (iPhone) Mobile MicroMessenger/8.0.50 NetType/WIFI Language/zh_CN";
    let desktop = "Mozilla/5.0 (Windows NT 10.0) Chrome/107.0.5304.110 wxwork/5.0.11 (MicroMessenger/6.2) WindowsWechat";
    for (agent, cookie, person) in [
        (WXWORK, "", Some("member")),
        (wechat, "", Some("member")),
        (desktop, "theme=dark", Some("member")),
        ("Chrome/140", "", Some("member")),
        ("Chrome/140", "wecom-sim=customer:wechat", Some("customer")),
        ("Chrome/140", "a=b; wecom-sim=stranger:wecom-pc", Some("stranger")),
        ("Chrome/140", "wecom-sim=absent:wecom", Some("member")),
        ("Chrome/140", "wecom-sim=member:browser", None),
        (WXWORK, "wecom-sim=hidden:browser", Some("hidden")),
    ] {
        let page = get(agent, cookie).await;
        let Some(person) = person else {
            assert!(page.contains("请在企业微信客户端打开链接") && !page.contains("<script"), "{page}");
            continue;
        };
        assert!(page.contains(&format!("data-person=\"{person}\"")), "{agent} {cookie}: {page}");
        assert!(page.contains("#wechat_redirect") && !page.contains("data-twice"), "{page}");
    }
    phone.set(json!({ "client": "browser" })).await;
    assert!(!get("Chrome/140", "").await.contains("<script"));
    assert!(get(WXWORK, "").await.contains("<script"));
    let last = phone.desk.get("/_sim/journal?limit=2").await;
    assert_eq!(last["calls"][0]["subCode"], "open_in_client");
    assert_eq!(last["calls"][1]["errcode"], 0);
}

#[tokio::test]
async fn who_opens_it_is_named_by_the_identity_else_by_the_cookie_else_by_the_settings() {
    let phone = Phone::new().await;
    let token = phone.token().await;
    let who = async |uin: &str, cookie: &str, key: &str| {
        let link = phone.link(&[("key", key), ("uin", uin)]);
        let answer = phone.http.get(link).header(COOKIE, cookie).send().await.unwrap();
        phone.redeem(&token, &query(&location(&answer), "code").unwrap()).await["userid"].clone()
    };
    assert_eq!(who("hidden", "wecom-sim=linked:wecom", "1").await, "LiSi@hr-1");
    assert_eq!(who("", "wecom-sim=linked:wecom", "2").await, "wwfedcba9876543210/wangwu");
    phone.set(json!({ "person": "hidden" })).await;
    assert_eq!(who("", "", "3").await, "LiSi@hr-1");
    let end = phone.back(&[("uin", "absent")]).await;
    assert_eq!(query(&end, "why").unwrap(), "uin");
}

#[tokio::test]
async fn a_request_that_the_client_repeats_gets_the_code_again() {
    let phone = Phone::new().await;
    let code = async |change: &[(&str, &str)]| query(&phone.back(change).await, "code").unwrap();
    let first = code(&[("key", "1")]).await;
    assert_eq!(code(&[("key", "1")]).await, first);
    for other in [[("key", "2"), ("state", "abc123")], [("key", "1"), ("state", "another")]] {
        assert_ne!(code(&other).await, first);
    }
    assert_ne!(code(&[("key", "1"), ("uin", "customer")]).await, first);
}

#[tokio::test]
async fn private_information_wants_an_agentid_a_consent_and_a_visible_member() {
    let phone = Phone::new().await;
    let private = ("scope", "snsapi_privateinfo");
    let open = async |more: &[(&str, &str)]| {
        let all: Vec<_> = [private, ("key", "k")].into_iter().chain(more.iter().copied()).collect();
        phone.open(phone.link(&all)).await
    };
    assert_eq!(query(&location(&open(&[("agentid", "")]).await), "why").unwrap(), "agentid");
    let asked = open(&[]).await.text().await.unwrap();
    assert!(asked.contains("id=\"allow\"") && asked.contains("consent=0"), "{asked}");
    for person in ["hidden", "linked", "customer", "stranger"] {
        let refused = open(&[("uin", person)]).await.text().await.unwrap();
        assert!(refused.contains("可见范围"), "{person}: {refused}");
    }
    let declined = location(&open(&[("consent", "0")]).await);
    assert_eq!((query(&declined, "code"), query(&declined, "state").as_deref()), (None, Some("abc123")));
    let code = query(&location(&open(&[("consent", "1")]).await), "code").unwrap();
    let who = phone.redeem(&phone.token().await, &code).await;
    assert!(who["user_ticket"].is_string() && who["userid"] == "zhangsan", "{who}");
}

//! The web login of ordinary browsers.

use reqwest::Url;

use super::{AGENT, CALLBACK, CORP, Phone, location, query};

fn login(phone: &Phone, change: &[(&str, &str)]) -> Url {
    let right = [
        ("login_type", "CorpApp"),
        ("appid", CORP),
        ("agentid", AGENT),
        ("redirect_uri", CALLBACK),
        ("state", "abc123"),
        ("lang", "zh"),
    ];
    phone.url("/wwlogin/sso/login", &right, change)
}

#[tokio::test]
async fn members_are_on_the_page_and_its_links_lead_back() {
    let phone = Phone::new().await;
    let page = phone.open(login(&phone, &[("state", "a b&\"<")])).await.text().await.unwrap();
    let token = phone.token().await;
    for (person, user) in
        [("member", "zhangsan"), ("hidden", "LiSi@hr-1"), ("linked", "wwfedcba9876543210/wangwu")]
    {
        let from = page.split_once(&format!("data-person=\"{person}\" href=\"")).unwrap().1;
        let href = from.split('"').next().unwrap().replace("&amp;", "&");
        let back = location(&phone.open(Url::parse(&phone.desk.at(&href)).unwrap()).await);
        assert_eq!(query(&back, "state").unwrap(), "a b&\"<", "any state is allowed here");
        assert_eq!(phone.redeem(&token, &query(&back, "code").unwrap()).await["userid"], user);
    }
    assert!(!page.contains("data-person=\"customer\"") && !page.contains("data-person=\"stranger\""));
    for person in ["customer", "stranger", "absent"] {
        let refused = phone.open(login(&phone, &[("uin", person)])).await;
        assert!(refused.text().await.unwrap().contains("不是该企业的成员"), "{person}");
    }
}

#[tokio::test]
async fn a_refusal_has_a_state_and_no_code() {
    let phone = Phone::new().await;
    let page = phone.open(login(&phone, &[])).await.text().await.unwrap();
    let from = page.split_once("id=\"decline\" href=\"").unwrap().1;
    let href = from.split('"').next().unwrap().replace("&amp;", "&");
    let back = location(&phone.open(Url::parse(&phone.desk.at(&href)).unwrap()).await);
    assert_eq!(back.as_str(), format!("{CALLBACK}?state=abc123"));
}

#[tokio::test]
async fn a_wrong_link_is_refused() {
    let phone = Phone::new().await;
    for (name, value) in [
        ("login_type", ""),
        ("login_type", "ServiceApp"),
        ("appid", "ww1"),
        ("agentid", ""),
        ("agentid", "1"),
        ("redirect_uri", ""),
        ("redirect_uri", "https://evil.example/"),
    ] {
        let end = location(&phone.open(login(&phone, &[(name, value)])).await);
        assert_eq!(query(&end, "why").unwrap(), name, "{value}");
    }
}

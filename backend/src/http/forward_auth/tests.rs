use super::*;
use crate::config;
use axum::extract::FromRequestParts;

async fn asked(query: &str) -> Option<AuthQuery> {
    let (mut parts, ()) = Request::get(format!("/auth?{query}")).body(()).unwrap().into_parts();
    AuthQuery::read(Query::from_request_parts(&mut parts, &()).await)
}

#[tokio::test]
async fn a_guard_that_is_written_wrongly_asks_for_nothing() {
    assert_eq!(asked("").await, Some(AuthQuery { app: None, redirect: false }));
    assert_eq!(asked("mode=redirect").await, Some(AuthQuery { app: None, redirect: true }));
    for one in ["agentid=7&corpid=ding1", "corpID=ding1&agentID=7", "%43orp%49d=ding1&+AgentId=7"] {
        let one = asked(one).await.unwrap();
        assert_eq!(one.app.map(|app| app.to_string()).as_deref(), Some("ding1/7"));
    }
    for wrong in [
        "corpid=ding1",
        "agentid=7",
        "corpid=&agentid=",
        "corpid=ding1&agentid=",
        "corpid=$CORPID$&agentid=7",
        "corpid=ding1&agentid=7&corpid=ding2",
        "corpid=ding1&agentid=7&corpId=ding2",
        "corpId=&agentId=",
        "corpId=ding1",
        "AGENTID=7",
        "corpid=ding1%0d%0aX-Miandeng-User-Id:x&agentid=7",
        "corp=ding1&agent=7",
        "mode=",
        "mode=Redirect",
        "mode=redirect&mode=redirect",
        "next=/a",
        "%ff",
    ] {
        assert_eq!(asked(wrong).await, None, "{wrong}");
    }
}

fn login(base_path: &str, next: Option<&str>) -> String {
    let text = format!(
        "public_url = \"https://h5.example.com\"\nbase_path = \"{base_path}\"\n[store]\nurl = \"memory:\"\n\
         [[apps]]\ncorp_id = \"ding1\"\nagent_id = \"7\"\nkind = \"channel\"\nchannel_secret = \"s\""
    );
    let config = config::parse(&text, std::iter::empty()).config.unwrap();
    let app = config.default_app().map(|app| &app.id);
    login_page(&config, app, next).to_str().unwrap().to_owned()
}

#[test]
fn k03_the_login_page_is_told_where_to_go_in_one_word_of_its_query() {
    assert_eq!(login("/", None), "https://h5.example.com/?corpid=ding1&agentid=7");
    assert_eq!(
        login("/_miandeng", Some("/a%2Fb/?q=%E4%B8%AD+x&y='1'")),
        "https://h5.example.com/_miandeng/?corpid=ding1&agentid=7&next=L2ElMkZiLz9xPSVFNCVCOCVBRCt4Jnk9JzEn"
    );
    for path in [&format!("/{}", "a".repeat(2047)), &format!("/{}", "%E4".repeat(682)), "/", "/spa/a//b"] {
        let login = login("/", Some(path));
        let word = login.strip_prefix("https://h5.example.com/?corpid=ding1&agentid=7&next=").unwrap();
        assert_eq!(miandeng_shared::decode_next(word).as_deref(), Some(path));
        assert!(login.len() < MAX_LOGIN_URL, "nginx would make a 502 of it");
    }
}

//! How the page looks, where that can be measured: when something shows, whether it fits, whose name it bears.

use super::sdk::{dingtalk_phone, start};
use super::{Phone, Ua};
use crate::support::{AGENT, CORP, Server};
use serde_json::json;

fn page(server: &Server) -> String {
    format!("{}/?corpid={CORP}&agentid={AGENT}", server.url)
}

/// Notes when the indicator and the words were first to be seen.
const WATCH: &str = "window.firstSeen = {}; (function look() { \
    for (const [name, selector] of [['mark', '.waiting .mark'], ['words', '.waiting p > span']]) { \
        const element = document.querySelector(selector); \
        if (!(name in firstSeen) && element && getComputedStyle(element).visibility === 'visible') \
            firstSeen[name] = performance.now() } \
    requestAnimationFrame(look) })()";

#[tokio::test]
async fn waiting_shows_late_and_speaks_later() {
    let (sim, _sdk, server) = start(|_| {}).await;
    let phone = dingtalk_phone(&sim, Ua::Android, "employee").await;
    phone.inject(WATCH).await;
    sim.fault(json!({ "endpoint": "native/requestJsApis", "drop": true })).await;
    phone.goto(&page(&server)).await;
    phone.failure().await;
    let seen = phone.run("return firstSeen").await;
    let at = |name: &str| seen[name].as_f64().unwrap_or_else(|| panic!("{name} was never seen: {seen}"));
    assert!(at("mark") >= 400.0 && at("words") >= 3000.0, "{seen}");
    phone.close().await;
}

/// 320 px is a wide page at 400 %, or a small phone; the text may be twice as large besides.
#[tokio::test]
async fn large_text_and_long_names_fit_a_narrow_screen() {
    let (sim, _sdk, server) = start(|config| {
        config
            .push_str("name = \"某某企业会员服务中心 Customer Relationship Portal\"\nlogo = \"/logo.svg\"\n");
    })
    .await;
    let phone = dingtalk_phone(&sim, Ua::Ios, "employee").await;
    phone.size(320, 640, 1.0, false).await;
    let long = format!("{}/?corpid={}&agentid={}", server.url, "c".repeat(64), "9".repeat(64));
    phone.goto(&long).await;
    phone.failure().await;
    phone.click("#app summary").await;
    assert_fits(&phone, "failure").await;

    phone.goto(&page(&server)).await;
    phone.identity().await;
    phone
        .run(
            "document.querySelector('h1').textContent = '你好，' + 'Wolfeschlegelsteinhausen'.repeat(4); \
              document.querySelector('#identity').textContent = '员工编号 ' + 'x'.repeat(256)",
        )
        .await;
    assert_fits(&phone, "greeting").await;
    phone.close().await;
}

async fn assert_fits(phone: &Phone, screen: &str) {
    for size in ["100%", "200%"] {
        let script = format!(
            "document.documentElement.style.fontSize = '{size}'; \
             const wide = [...document.querySelectorAll('body *')] \
                 .filter((e) => e.getBoundingClientRect().right > 320.5 || e.scrollWidth > e.clientWidth + 1 && e.clientWidth) \
                 .map((e) => e.outerHTML.slice(0, 80)); \
             const root = document.documentElement; \
             return [root.scrollWidth <= root.clientWidth, wide.join(' ')]"
        );
        assert_eq!(phone.run(&script).await, json!([true, ""]), "{screen} at {size}");
    }
}

#[tokio::test]
async fn an_application_has_its_own_looks_from_the_start() {
    let hostile = "\\\"><script>document.title='x'</script>";
    let (sim, _sdk, server) = start(|config| {
        config.push_str(&format!("name = \"某某{hostile}\"\ncolor = \"#ffc800\"\nlogo = \"/logo.svg\"\n"));
    })
    .await;
    sim.reply("/channel/get_channel_token", 9, json!({ "errcode": 40089, "errmsg": "x" })).await;
    let phone = dingtalk_phone(&sim, Ua::Ios, "employee").await;
    phone.goto(&page(&server)).await;
    phone.failure().await;
    let name = "某某\"><script>document.title='x'</script>";
    let looks = "const style = getComputedStyle(document.querySelector('button.primary')); \
        return [document.title, document.querySelector('#brand').textContent, \
                document.querySelector('#brand img').naturalWidth > 0, style.backgroundColor, style.color]";
    let branded = json!([name, name, true, "rgb(255, 200, 0)", "rgb(0, 0, 0)"]);
    assert_eq!(phone.run(looks).await, branded);

    // An application that nobody knows looks like nobody's.
    phone.goto(&format!("{}/?corpid=dingother&agentid=1", server.url)).await;
    phone.failure().await;
    let looks = "return [document.title, document.querySelector('#brand').hidden, \
        getComputedStyle(document.querySelector('button.primary')).backgroundColor]";
    assert_eq!(phone.run(looks).await, json!(["免登", true, "rgb(20, 99, 216)"]));
    phone.close().await;
}

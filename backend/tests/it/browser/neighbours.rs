//! Behind the shipped proxy files: large uploads, and two applications of one host in two tabs.

use super::Ua;
use super::sdk::{Sdk, dingtalk_phone, native};
use crate::proxies::several;
use crate::support::{CORP, Kind, Scheme, Sim, Site};

/// The official SDK for every application, and user ids in both enterprises.
fn with(sdk: &Sdk) -> impl FnOnce(&mut String, &Sim) {
    |config, sim| {
        *config = config.replace(&format!("{}/jsapi/dingtalk.js", sim.url), &format!("{}/sdk.js", sdk.url));
        let channel = "channel_secret = \"channel-secret-of-dingcorp2\"\n";
        let corp = "corp_secret = \"corp-secret-of-dingcorp2\"\n";
        *config = config.replace(channel, &format!("{channel}{corp}"));
    }
}

/// Posts 20 MB and gives the answer's status and what it says.
const UPLOAD: &str = "const done = arguments[0]; \
    fetch('/orders/7/file', { method: 'POST', body: 'x'.repeat(20e6), headers: { Accept: 'application/json' } }) \
        .then(async (answer) => [answer.status, await answer.json()]) \
        .then(([status, said]) => done([status, said.error ? said.error.code : said.body.length])) \
        .catch((error) => done(String(error)))";

async fn an_upload_of_20_mb(kind: Kind) {
    let sdk = Sdk::start().await;
    let site = Site::for_uploads(kind, Scheme::Http2, with(&sdk)).await;
    let phone = dingtalk_phone(&site.sim, Ua::Android, "employee").await;
    phone.goto(&format!("{}/orders/7", site.url)).await;
    assert_eq!(phone.text("#user").await, format!("userid-employee-{CORP}"));
    let upload = async || phone.client.execute_async(UPLOAD, vec![]).await.unwrap();
    assert_eq!(upload().await, serde_json::json!([200, 20_000_000]));
    phone.client.delete_all_cookies().await.unwrap();
    assert_eq!(upload().await, serde_json::json!([401, "no_session"]));
    phone.close().await;
}

#[tokio::test]
async fn k04_behind_nginx_an_upload_of_20_mb_arrives_or_is_refused() {
    an_upload_of_20_mb(Kind::Nginx).await;
}

#[tokio::test]
async fn k04_behind_caddy_an_upload_of_20_mb_arrives_or_is_refused() {
    an_upload_of_20_mb(Kind::Caddy).await;
}

async fn two_applications_in_two_tabs(kind: Kind) {
    let sdk = Sdk::start().await;
    let (site, _shop) = several::two(kind, Scheme::Https, with(&sdk)).await;
    let phone = dingtalk_phone(&site.sim, Ua::Android, "employee").await;
    let mut tabs = vec![phone.client.window().await.unwrap()];
    tabs.push(phone.client.new_window(true).await.unwrap().handle);
    let opened = [("/orders/7", CORP), ("/shop/7", "dingcorp2")];
    for round in 0..3 {
        for (tab, (path, corp)) in tabs.iter().zip(opened) {
            phone.client.switch_to_window(tab.clone()).await.unwrap();
            // A tab has the emulated client for itself; the first one has it already.
            if round == 0 && corp != CORP {
                phone.inject(&native(&site.sim, Ua::Android, "employee").await).await;
            }
            phone.goto(&format!("{}{path}?round={round}", site.url)).await;
            assert_eq!(phone.text("#user").await, format!("userid-employee-{corp}"), "{path}, {round}");
            assert_eq!(phone.text("#uri").await, format!("{path}?round={round}"));
        }
    }
    let asked = site.sim.native_counts().await;
    let codes = asked.iter().find(|(name, _)| *name == "native/requestAuthCode");
    assert_eq!(codes, Some(&("native/requestAuthCode", 2)), "one login each");
    phone.close().await;
}

#[tokio::test]
async fn k15_behind_nginx_two_applications_in_two_tabs_stay_logged_in() {
    two_applications_in_two_tabs(Kind::Nginx).await;
}

#[tokio::test]
async fn k15_behind_caddy_two_applications_in_two_tabs_stay_logged_in() {
    two_applications_in_two_tabs(Kind::Caddy).await;
}

use super::*;
use serde_json::json;

const PUSHED: u64 = 1_700_000_000_000;

fn read_all(biz_data: Value) -> Option<Vec<Item>> {
    let push = json!({ "EventType": "SYNC_HTTP_PUSH_HIGH", "bizData": biz_data });
    items(&Fields::of(&push)?, &Suite::example(), PUSHED)
}

/// The one item of a push, as text and as an object, which the pages show both.
fn read_one(kind: Value, data: Value) -> Event {
    let item =
        |data: Value| json!([{ "biz_type": kind, "corp_id": "dingcorp1", "biz_id": "b1", "biz_data": data }]);
    let as_text = read_all(item(json!(data.to_string()))).unwrap().remove(0).event;
    let as_object = read_all(item(data)).unwrap().remove(0).event;
    assert_eq!(format!("{as_text:?}"), format!("{as_object:?}"));
    as_object
}

#[test]
fn k02_every_documented_item_is_read() {
    for (kind, data, label) in [
        (json!(2), json!({ "syncAction": "suite_ticket", "suiteTicket": "t1" }), "suite_ticket"),
        (json!("2"), json!({ "syncAction": "suite_ticket", "suite_ticket": "t1" }), "suite_ticket"),
        (json!(4), json!({ "syncAction": "org_suite_auth", "permanent_code": "p1" }), "org_suite_auth"),
        (json!(4), json!({ "syncAction": "org_suite_change" }), "org_suite_auth"),
        (json!("4"), json!({ "syncAction": "org_suite_relieve" }), "suite_relieve"),
        (json!(7), json!({ "syncAction": "org_micro_app_stop", "agentId": 12345677 }), "micro_app"),
        (json!(7), json!({ "syncAction": "org_micro_app_remove", "agentid": "12345677" }), "micro_app"),
        (json!(7), json!({ "syncAction": "org_micro_app_restore", "agent_id": 12345677 }), "micro_app"),
        (json!(7), json!({ "syncAction": "org_micro_app_scope_update", "agentId": 1 }), "other"),
        (json!(13), json!({ "syncAction": "user_leave_org" }), "person"),
        (json!(13), json!({ "syncAction": "user_leave_org", "userId": "u1", "unionid": "un1" }), "person"),
        (json!(13), json!({ "syncAction": "user_role_change", "userid": "u1" }), "person"),
        (json!(13), json!({ "syncAction": "suite_ticket", "suiteTicket": "t1" }), "other"),
        (json!(16), json!({ "syncAction": "org_update", "corp_name": "x" }), "other"),
        (json!(16), json!({ "syncAction": "org_remove" }), "org_remove"),
        (json!(17), json!({ "syncAction": "market_order" }), "other"),
        (json!(999), json!({ "syncAction": "org_suite_relieve" }), "other"),
        (json!(2.0), json!({ "syncAction": "suite_ticket", "suiteTicket": "t1" }), "suite_ticket"),
        (json!(7.0), json!({ "syncAction": "org_micro_app_stop", "agentId": 12345677.0 }), "micro_app"),
        (json!(" 4.0"), json!({ "syncAction": "org_suite_relieve" }), "suite_relieve"),
        (json!(4), json!({ "SyncAction": "ORG_SUITE_RELIEVE" }), "suite_relieve"),
        (json!(16), json!({ "syncAction": " Org_Remove " }), "org_remove"),
        (json!(7.5), json!({ "syncAction": "org_micro_app_stop", "agentId": 1 }), "unreadable"),
    ] {
        assert_eq!(read_one(kind.clone(), data.clone()).label(), label, "{kind} {data}");
    }
}

#[test]
fn k02_what_must_not_be_lost_is_not_taken_for_read() {
    for (kind, data) in [
        (json!(2), json!({ "syncAction": "suite_ticket" })),
        (json!(2), json!({ "syncAction": "suite_ticket", "suiteTicket": "" })),
        (json!(2), json!({ "syncAction": "suite_ticket_v2", "suiteTicket": "t" })),
        (json!(4), json!({ "syncAction": "org_suite_auth" })),
        (json!(4), json!({ "syncAction": "org_suite_frozen" })),
        (json!(4), json!({})),
        (
            json!(4),
            json!({ "syncAction": "org_suite_auth", "permanent_code": "p", "auth_corp_info": { "corpid": "other" } }),
        ),
        (json!(7), json!({ "syncAction": "org_micro_app_stop" })),
        (json!(7), json!({ "syncAction": "org_micro_app_stop", "agentId": "a b" })),
        (json!(7), json!({ "syncAction": "org_micro_app_gone", "agentId": 1 })),
        (json!(16), json!({ "syncAction": "org_merge" })),
        (json!("x"), json!({ "syncAction": "suite_ticket", "suiteTicket": "t" })),
        (json!(null), json!({ "syncAction": "suite_ticket", "suiteTicket": "t" })),
    ] {
        assert_eq!(read_one(kind.clone(), data.clone()).label(), "unreadable", "{kind} {data}");
    }
    for data in [json!("{"), json!(""), json!("[]"), json!(7), json!(null), json!([])] {
        for (kind, label) in [
            (2, "unreadable"),
            (4, "unreadable"),
            (7, "unreadable"),
            (13, "unreadable"),
            (16, "unreadable"),
            (14, "other"),
        ] {
            let item = json!([{ "biz_type": kind, "corp_id": "dingcorp1", "biz_data": data }]);
            assert_eq!(read_all(item).unwrap()[0].event.label(), label, "{kind} {data}");
        }
    }
    // Nor is the withdrawal of an unknown corporation's, or an item that is none.
    let nobodys = json!([{ "biz_type": 4, "corp_id": "a/../b", "biz_data": "{\"syncAction\":\"org_suite_relieve\"}" }, 7]);
    assert!(read_all(nobodys).unwrap().iter().all(|item| matches!(item.event, Event::Unreadable)));
    let unread = read_all(json!({ "biz_type": 2 })).unwrap();
    assert!(matches!(unread[..], [Item { event: Event::Unreadable, .. }]), "{unread:?}");
    for none in [json!(null), json!(7), json!("{"), json!("7"), json!(true)] {
        assert!(read_all(none.clone()).is_none(), "{none}");
    }
    assert_eq!(read_all(json!([])).unwrap().len(), 0);
}

#[test]
fn k02_one_item_in_place_of_the_list_is_a_list_of_one() {
    for (kind, data, label) in [
        (2, json!({ "syncAction": "suite_ticket", "suiteTicket": "t1" }), "suite_ticket"),
        (4, json!({ "syncAction": "org_suite_relieve" }), "suite_relieve"),
        (7, json!({ "syncAction": "org_micro_app_stop", "agentId": 1 }), "micro_app"),
    ] {
        let item = json!({ "biz_type": kind, "corp_id": "dingcorp1", "biz_data": data });
        for biz_data in [item.clone(), json!(item.to_string()), json!([item]), json!([item.to_string()])] {
            let items = read_all(biz_data.clone()).unwrap_or_default();
            let labels: Vec<_> = items.iter().map(|item| item.event.label()).collect();
            assert_eq!(labels, [label], "{biz_data}");
        }
    }
}

#[test]
fn k02_a_person_is_read_wherever_the_pages_have_the_id() {
    let ext = |corp: &str| json!({ "corpId": corp, "staffId": "u1" });
    for (data, ids, union_id) in [
        (json!({}), "b1", None),
        (json!({ "userIds": ["u1", "u2"] }), "u1 u2", None),
        (json!({ "userIdList": "[\"u1\",\"u2\"]" }), "u1 u2", None),
        (json!({ "userIdList": "u1" }), "u1", None),
        (json!({ "user_ids": [12345678901234567890_u64, 7.0] }), "12345678901234567890 7", None),
        (json!({ "staffIds": ["u1"], "userId": "u2" }), "u2 u1", None),
        (json!({ "unionEmpExt": ext("dingcorp1") }), "u1", None),
        (json!({ "unionEmpExt": { "staffId": "u1" } }), "u1", None),
        (json!({ "union_emp_ext": ext("dingcorp1").to_string() }), "u1", None),
        (json!({ "unionEmpExt": ext("dingother"), "unionid": "un1" }), "", Some("un1")),
        (json!({ "unionid": "un1" }), "", Some("un1")),
        (json!({ "unionid": "un1", "userIds": [] }), "", Some("un1")),
    ] {
        let mut all = data.clone();
        all["syncAction"] = json!("user_leave_org");
        let Event::Person { user_ids, union_id: union, left: true, .. } = read_one(json!(13), all) else {
            panic!("{data}")
        };
        let read: Vec<&str> = user_ids.iter().map(miandeng_shared::UserId::as_str).collect();
        assert_eq!(
            (read.join(" ").as_str(), union.as_ref().map(miandeng_shared::UnionId::as_str)),
            (ids, union_id),
            "{data}"
        );
    }
}

#[test]
fn k02_an_authorisation_brings_its_codes_and_applications() {
    let data = json!({
        "syncAction": "org_suite_auth",
        "auth_corp_info": { "corpid": "dingcorp1", "corp_name": "x" },
        "auth_info": { "agent": [{ "agentid": 16000, "appid": 1234 }, { "agentid": "16001" }] },
        "channel_auth_info": { "channelAgent": [{ "agentid": 3000000000001_u64 }] },
        "permanent_code": "p1", "ch_permanent_code": "ch1",
    });
    let ids = |ids: &Option<Vec<miandeng_shared::AgentId>>| {
        ids.as_ref().map(|ids| ids.iter().map(|id| id.as_str().to_owned()).collect::<Vec<_>>())
    };
    let Event::OrgAuth { corp, pushed } = read_one(json!(4), data) else { panic!("no authorisation") };
    assert_eq!(corp.as_str(), "dingcorp1");
    let (code, of_window) = pushed.codes.unwrap();
    assert_eq!((code.expose(), of_window.unwrap().expose()), ("p1", "ch1"));
    assert_eq!(ids(&pushed.micro_apps).unwrap(), ["16000", "16001"]);
    assert_eq!(ids(&pushed.windows).unwrap(), ["3000000000001"]);
    // In the spelling of the other pushes, without a window, and without lists.
    let data = json!({ "syncAction": "org_suite_auth", "permanentCode": "p2", "authInfo": { "agent": [] } });
    let Event::OrgAuth { pushed, .. } = read_one(json!(4), data) else { panic!("no authorisation") };
    let (code, of_window) = pushed.codes.unwrap();
    assert_eq!((code.expose(), of_window.is_none()), ("p2", true));
    assert_eq!((ids(&pushed.micro_apps), pushed.windows), (Some(Vec::new()), None));
    let data = json!({ "syncAction": "org_suite_change", "auth_info": { "agent": "none" } });
    let Event::OrgAuth { pushed, .. } = read_one(json!(4), data) else { panic!("no change") };
    assert!(pushed.codes.is_none() && pushed.micro_apps.is_none() && !pushed.anew);
}

#[test]
fn k02_the_items_of_a_push_are_followed_in_order() {
    let item = |seq: Value, at: u64, action: &str| {
        let data = json!({ "syncAction": action, "agentId": 1, "syncSeq": seq });
        json!({ "biz_type": 7, "corp_id": "dingcorp1", "gmt_modified": at, "biz_data": data.to_string() })
    };
    let actions = |push: Value| -> Vec<String> {
        read_all(push).unwrap().into_iter().map(|item| item.version.action).collect()
    };
    let (stop, restore) = ("org_micro_app_stop", "org_micro_app_restore");
    let (sooner, later) = (PUSHED - 9000, PUSHED - 5000);
    for push in [
        json!([item(json!("10"), sooner, restore), item(json!("9"), sooner, stop)]),
        json!([item(json!(10), sooner, restore), item(json!(9), later, stop)]),
        json!([item(json!(null), later, restore), item(json!(9), sooner, stop)]),
        json!([
            item(json!("1ABA5C5215CB8BDEE8CA8D33A9"), later, restore),
            item(json!("874DD3DFE04AA92FFD84968E24"), sooner, stop),
        ]),
    ] {
        assert_eq!(actions(push.clone()), [stop, restore], "{push}");
    }
    // A time that makes no sense is that of the push.
    let odd = item(json!("1"), 1_608_639_648_000, stop);
    assert_eq!(read_all(json!([odd])).unwrap()[0].version.at_ms, PUSHED);
}

#[test]
fn k02_an_item_of_another_suite_is_not_ours() {
    let suite = Suite { suite_id: Some("14999001".into()), ..Suite::example() };
    for (subscriber, label) in [
        (json!("14999001_0"), "suite_relieve"),
        (json!(14999001), "suite_relieve"),
        (json!(null), "suite_relieve"),
        (json!("14999002_0"), "foreign"),
        (json!("1499900_0"), "foreign"),
        (json!("149990011_0"), "foreign"),
        (json!("_0"), "foreign"),
    ] {
        let data = json!({ "syncAction": "org_suite_relieve" });
        let item =
            json!([{ "biz_type": 4, "corp_id": "dingcorp1", "subscribe_id": subscriber, "biz_data": data }]);
        let push = Fields::of(&json!({ "bizData": item })).unwrap();
        assert_eq!(items(&push, &suite, PUSHED).unwrap()[0].event.label(), label, "{subscriber}");
        assert_eq!(items(&push, &Suite::example(), PUSHED).unwrap()[0].event.label(), "suite_relieve");
    }
}

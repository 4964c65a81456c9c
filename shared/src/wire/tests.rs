use super::*;

#[test]
fn the_wire_speaks_as_dd_config_spells() {
    let answer = ConfigAnswer {
        corp_id: CorpId::new("dingcorp1").unwrap(),
        agent_id: AgentId::new("123456").unwrap(),
        kind: AppKind::Channel,
        jsapi_url: "https://g.alicdn.com/x.js".into(),
        jsapi_fallback_url: None,
        client_id: None,
        login_url: None,
        simulator: false,
        js_api_list: vec!["channel.permission.requestAuthCode".into()],
        config_type: 1,
        time_stamp: None,
        nonce_str: None,
        signature: None,
        url: None,
    };
    let json = serde_json::to_value(&answer).unwrap();
    for field in
        "corpId agentId timeStamp nonceStr signature type jsApiList url kind jsapiUrl clientId".split(' ')
    {
        assert!(json.get(field).is_some(), "{field} is missing");
    }
    assert_eq!(json["type"], 1);
    assert_eq!(json["kind"], "channel");
    assert!(answer.signed().is_none());
}

use super::*;

fn read(query: &str) -> (Result<String, Unnamed>, Result<String, Unnamed>) {
    let Address { corp_id, agent_id, .. } = Address::read(query);
    (corp_id.map(String::from), agent_id.map(String::from))
}

/// Spellings of one address, for this test and for the ones that open it.
const SAME: &str = include_str!("../../tests/same_address.txt");

#[test]
fn k01_one_application_however_its_address_is_written() {
    assert!(SAME.lines().count() > 20);
    for query in SAME.lines() {
        assert_eq!(read(query), (Ok("dingcorp1".into()), Ok("123456".into())), "{query}");
    }
}

#[test]
fn k01_what_names_nothing_says_why() {
    use Unnamed::{Contradictory, Malformed, Missing, Placeholder};
    for (corp, why) in [
        ("", Missing),
        ("corpid", Missing),
        ("corpid=", Missing),
        ("corpid=%20+", Missing),
        ("corpids=ding1&xcorpid=ding1&corp=ding1", Missing),
        ("corpid=$CORPID$", Placeholder),
        ("corpid=%24CORPID%24", Placeholder),
        ("corpid=%2524CORPID%2524", Placeholder),
        ("corpId=$corpId$", Placeholder),
        ("corpid=$CORPID", Placeholder),
        ("corpid=${corpId}", Placeholder),
        ("corpid=$CORPID$&corpid=$corpid$", Placeholder),
        ("corpid=a%20b", Malformed),
        ("corpid=企业", Malformed),
        ("corpid=%E4%BC%81", Malformed),
        ("corpid=%ff", Malformed),
        ("corpid=ding1%", Malformed),
        ("corpid=${alert(1)}", Malformed),
        ("corpid=%22ding1%22", Malformed),
        ("corpid=ding1;b", Malformed),
        ("corpid=ding1/b", Malformed),
        ("back=%2Fx%3Fcorpid%3Dding1", Missing),
        ("corpid=$CORPID$/", Placeholder),
        ("corpid%3D$CORPID$", Placeholder),
        ("corpid=ding1&CorpId=ding2", Contradictory),
        ("corpid=ding1?corpid=ding2", Contradictory),
        ("corpid%3Dding1%26corpid%3Dding2", Contradictory),
        ("corpid=ding1&corpid=DING1", Contradictory),
        ("corpid=ding1&corpid=%24%7Balert(1)%7D", Contradictory),
        ("corpid=ding1&corpid=%24CORPID%24&corpid=a%20b", Contradictory),
    ] {
        assert_eq!(read(&format!("{corp}&agentid=7")), (Err(why), Ok("7".into())), "{corp}");
    }
    for (agent, why) in [("$APPID$", Placeholder), ("%24AGENTID%24", Placeholder), ("1+2", Malformed)] {
        assert_eq!(read(&format!("corpid=ding1&agentid={agent}")).1, Err(why), "{agent}");
    }
    // The address of another page names nothing of this one.
    assert_eq!(read("corpid=ding1&back=/x?corpid=ding2&b=a;corpid=ding3").0, Ok("ding1".into()));
    // Of both the one that DingTalk filled in.
    assert_eq!(read("corpid=$CORPID$&corpId=ding1").0, Ok("ding1".into()));
}

#[test]
fn a_path_to_return_to_names_nothing_of_this_page() {
    for next in [
        "/orders?agentid=77",
        "/orders?corpid=other&error=1",
        "/o?a=1&agentid=77",
        "/o?id=5&AgentId=2",
        "/o#/r?agentid=7",
        "/o;corpid=x?y=1",
    ] {
        let encoded: String = next.bytes().map(|byte| format!("%{byte:02X}")).collect();
        for next_pair in [format!("next={encoded}"), format!("next=%25{}", encoded.get(1..).unwrap())] {
            for query in [
                format!("corpid=dingcorp1&agentid=123456&{next_pair}"),
                format!("{next_pair}&corpid=dingcorp1&agentid=123456"),
            ] {
                let address = Address::read(&query);
                assert_eq!(read(&query), (Ok("dingcorp1".into()), Ok("123456".into())), "{query}");
                assert_eq!(address.error, None, "{query}");
            }
        }
        let query = format!("corpid=dingcorp1&agentid=123456&next={encoded}");
        assert_eq!(next_in(&query).as_deref(), Some(next), "{query}");
    }
    assert_eq!(Address::read("corpid=a&agentid=1&next=/orders?error=1").error, None);
    assert_eq!(Address::read("corpid=a&agentid=1&error=x").error.as_deref(), Some("x"));
}

#[test]
fn the_word_for_the_way_back() {
    for (query, next) in [
        ("next=L29yZGVycw", Some("L29yZGVycw")),
        ("corpid=a&NEXT=L29yZGVycw&agentid=1", Some("L29yZGVycw")),
        ("next=", None),
        ("next=L29y&next=L29yZGVycw", None),
        ("corpid=a", None),
        ("corpid=a?next=L29yZGVycw", Some("L29yZGVycw")),
        ("corpid%3Da%26next%3DL29yZGVycw", Some("L29yZGVycw")),
    ] {
        assert_eq!(Address::read(query).next.as_deref(), next, "{query}");
    }
}

#[test]
fn the_way_back_is_a_path_or_its_word() {
    for (query, next) in [
        ("corpid=a&next=L29yZGVycw", Some("/orders")),
        ("corpid=a&next=/orders", Some("/orders")),
        ("next=%2Forders%2F7%3Ftab%3Da%26x%3D1%23top&corpid=a", Some("/orders/7?tab=a&x=1#top")),
        ("amp;NEXT=%2F%25E4%25B8%25AD", Some("/%E4%B8%AD")),
        ("next=/a?b=c+d", Some("/a?b=c+d")),
        ("next=/a/", Some("/a/")),
        ("next=/", Some("/")),
        // A word wherever the application is read too.
        ("corpid%3Da%26next%3DL29yZGVycw", Some("/orders")),
        ("corpid=a?next=L29yZGVycw", Some("/orders")),
        ("next=/a&next=/a&next=", Some("/a")),
        ("next=/a&next=/b", None),
        ("next=/a&next=L29yZGVycw", None),
        ("next=", None),
        ("next", None),
        ("back=/x?next=/y", None),
        ("next=//evil.example", None),
        ("next=%2F%2Fevil.example", None),
        ("next=%252F%252Fevil.example", None),
        ("next=/%5Cevil.example", None),
        ("next=https://evil.example", None),
        ("next=Ly9ldmlsLmV4YW1wbGU", None),
        ("next=%2Fa%0D%0ALocation:x", None),
        // K16: as `encodeURIComponent` writes it, and as it is typed.
        ("next=%2Forders%3Fname%3D%E5%BC%A0%E4%B8%89", Some("/orders?name=%E5%BC%A0%E4%B8%89")),
        ("next=/%E4%B8%AD", Some("/%E4%B8%AD")),
        ("next=/中", Some("/%E4%B8%AD")),
        ("next=/a%20b", Some("/a%20b")),
    ] {
        assert_eq!(next_in(query).as_deref(), next, "{query}");
    }
}

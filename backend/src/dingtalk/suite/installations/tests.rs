use super::*;
use miandeng_shared::{AgentId, AppKind};

fn member() -> InstallationId {
    InstallationId::new(&Suite::example(), &CorpId::new("dingcorp1").unwrap())
}

fn codes(code: &str, since_ms: u64) -> PermanentCodes {
    PermanentCodes {
        permanent_code: Secret::new(code),
        ch_permanent_code: Some(Secret::new(format!("ch-{code}"))),
        redeemed: "digest".into(),
        since_ms,
    }
}

fn apps(since_ms: u64) -> AllowedApps {
    let agents = |ids: &[&str]| ids.iter().map(|id| AgentId::new(*id).unwrap()).collect();
    AllowedApps {
        windows: agents(&["1", "2"]),
        micro_apps: agents(&["2", "3"]),
        since_ms,
        read_ms: 0,
        activated: true,
    }
}

/// Two replicas on one store.
fn replicas() -> (Installations, Installations) {
    let store = Arc::new(Store::memory());
    (Installations::new(Arc::clone(&store)), Installations::new(store))
}

#[tokio::test]
async fn what_a_corporation_granted_is_there_after_a_restart() {
    let (here, there) = replicas();
    let member = member();
    assert!(here.grant(&member).await.unwrap().is_none());
    let kept = here.keep_codes(&member, codes("p1", 10)).await.unwrap();
    assert!(kept.apps.is_none());
    here.keep_apps(&member, &kept.codes, apps(10)).await.unwrap();
    let grant = there.grant(&member).await.unwrap().unwrap();
    assert_eq!((&grant.codes, &grant.apps), (&codes("p1", 10), &Some(apps(10))));
    let kind = |id: &str| apps(10).kind(&AgentId::new(id).unwrap());
    assert_eq!([kind("1"), kind("2")], [Some(AppKind::Channel); 2], "in both lists: a window");
    assert_eq!((kind("3"), kind("4")), (Some(AppKind::H5), None));
    // An older authorisation does not come back, and its applications are not those of the next.
    there.keep_codes(&member, codes("p0", 9)).await.unwrap();
    assert_eq!(there.current(&member).await.unwrap().unwrap().codes, codes("p1", 10));
    there.keep_codes(&member, codes("p2", 11)).await.unwrap();
    assert_eq!(there.current(&member).await.unwrap().unwrap().apps, None);
}

#[tokio::test(start_paused = true)]
async fn another_replica_hears_of_an_end_within_seconds() {
    let (here, there) = replicas();
    let member = member();
    here.keep_codes(&member, codes("p1", 10)).await.unwrap();
    assert!(there.grant(&member).await.unwrap().is_some());
    here.remove(&member).await.unwrap();
    assert!(here.grant(&member).await.unwrap().is_none());
    assert!(there.grant(&member).await.unwrap().is_some(), "not asked yet");
    tokio::time::advance(FRESH).await;
    assert!(there.knows(&member));
    assert!(there.grant(&member).await.unwrap().is_none());
    assert!(!there.knows(&member));
    here.keep_codes(&member, codes("p2", 11)).await.unwrap();
    assert!(here.grant(&member).await.unwrap().is_some(), "who comes back is no stranger");
}

/// However many corporations there are: the locks do not lie in a cache that throws newcomers out.
#[tokio::test(start_paused = true)]
async fn a04_one_at_a_time_changes_what_is_known_of_a_corporation() {
    let (here, _) = replicas();
    let corp = |number: u64| {
        InstallationId::new(&Suite::example(), &CorpId::new(format!("dingcorp{number}")).unwrap())
    };
    for number in 0..MAX_REMEMBERED + 1000 {
        drop(here.lock(&corp(number)).await);
    }
    for number in [0, MAX_REMEMBERED, MAX_REMEMBERED + 1_000_000, MAX_REMEMBERED + 2_000_000] {
        let held = here.lock(&corp(number)).await;
        let again = tokio::time::timeout(Duration::from_secs(5), here.lock(&corp(number))).await;
        assert!(again.is_err(), "{number}");
        drop(held);
        drop(here.lock(&corp(number)).await);
    }
}

#[tokio::test]
async fn a_stopped_application_is_none_until_it_is_restored() {
    let (here, there) = replicas();
    let (member, agent) = (member(), AgentId::new("3").unwrap());
    let kept = here.keep_codes(&member, codes("p1", 10)).await.unwrap();
    // It may come before the lists do.
    here.stop(&member, &agent, true).await.unwrap();
    let grant = here.keep_apps(&member, &kept.codes, apps(10)).await.unwrap();
    let other = AgentId::new("1").unwrap();
    assert_eq!((grant.kind(&agent), grant.kind(&other)), (None, Some(AppKind::Channel)));
    assert_eq!(there.current(&member).await.unwrap().unwrap().kind(&agent), None);
    there.stop(&member, &agent, false).await.unwrap();
    assert_eq!(here.current(&member).await.unwrap().unwrap().kind(&agent), Some(AppKind::H5));
}

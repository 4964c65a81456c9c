//! `hostile_targets.json`: return targets that were used in attacks. The page's and the server's tests read it too.

use miandeng_shared::return_path;

#[test]
fn nobody_is_sent_there() {
    let targets: serde_json::Value = serde_json::from_str(include_str!("hostile_targets.json")).unwrap();
    let list = |name: &str| targets[name].as_array().unwrap().iter().map(|target| target.as_str().unwrap());
    assert!(list("refused").count() >= 100);
    for target in list("refused") {
        assert_eq!(return_path(target), None, "{target:?}");
    }
    for target in list("harmless") {
        assert_eq!(return_path(target), Some(target), "{target:?}");
    }
}

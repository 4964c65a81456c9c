use super::*;
use crate::secret::AesKey;

#[test]
fn a_suite_needs_no_apps_and_shows_no_secret() {
    let config = read(SUITE).unwrap();
    assert_eq!((config.apps.len(), config.suites[0].name.as_str()), (0, "main"));
    let masked = config.masked().unwrap();
    assert!(masked.contains("callback_aes_key = \"***\"") && masked.contains("suitexyz"), "{masked}");
    assert!(!masked.contains("planted") && !masked.contains("4g5j"), "{masked}");
}

#[test]
fn a_suite_is_checked_key_by_key() {
    let problems = read(
        &SUITE.replace("\"main\"", "\"a/b\"").replace("8zls3ij", "8zls3i").replace("suite_key", "suitekey"),
    )
    .unwrap_err();
    for key in
        ["suites[0].name:", "suites[0].callback_aes_key:", "suites[0].suite_key:", "suites[0].suitekey:"]
    {
        assert!(problems.iter().any(|p| p.starts_with(key)), "{key} not in {problems:#?}");
    }
    for bad in ["4g5j64qlyl3zvetqxz5jiocdr586fn2zvjpa8zls3i=", "4g5j64qlyl3zvetqxz5jiocdr586fn2zvjpa8zls3i-"]
    {
        assert_eq!(AesKey::new(bad), None, "{bad}");
    }
    let twice = SUITE[SUITE.find("[[suites]]").unwrap()..].to_owned();
    let problems = read(&format!("{SUITE}{twice}")).unwrap_err();
    assert!(problems[0].starts_with("suites[1].name:") && problems[1].starts_with("suites[1].suite_key:"));
}

#[test]
fn permanent_codes_in_memory_only_are_warned_of() {
    let warns = |text: &str| parse(text, std::iter::empty()).warnings.iter().any(|w| w.key == "store.url");
    assert!(!warns(SUITE));
    assert!(warns(&SUITE.replace("[[suites]]", "[store]\nurl = \"memory:\"\n[[suites]]")));
}

#[test]
fn k20_a_key_of_the_callback_that_is_not_random_is_warned_of() {
    for (key, warned) in [
        ("A".repeat(43), true),
        ("0123456789".repeat(5)[..43].to_owned(), true),
        ("ab".repeat(22)[..43].to_owned(), true),
        ("4g5j64qlyl3zvetqxz5jiocdr586fn2zvjpa8zls3ij".to_owned(), false),
    ] {
        let text = SUITE.replace("4g5j64qlyl3zvetqxz5jiocdr586fn2zvjpa8zls3ij", &key);
        let warnings = parse(&text, std::iter::empty()).warnings;
        let says = |w: &Problem| w.key == "suites[0].callback_aes_key" && w.remedy.contains("not random");
        assert_eq!(warnings.iter().any(says), warned, "{key}");
    }
}

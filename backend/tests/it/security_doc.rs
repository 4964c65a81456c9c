//! What docs/security.md says of tests is true of the sources.

use std::collections::BTreeSet;
use std::path::Path;

const DOCUMENTS: [(&str, &str); 2] = [
    (include_str!("../../../docs/security.md"), "不适用"),
    (include_str!("../../../docs/security.en.md"), "does not apply"),
];

/// The names of all functions in the workspace's tests and beside its code.
fn functions() -> BTreeSet<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut folders: Vec<_> =
        ["backend/src", "backend/tests", "frontend/src", "shared"].map(|f| root.join(f)).into();
    let mut found = BTreeSet::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                let names = text.split("fn ").skip(1).filter_map(|rest| rest.split(['(', '<']).next());
                found.extend(names.map(str::to_owned));
            }
        }
    }
    found
}

/// What stands in backticks and looks like a test of ours rather than like a key or a header.
fn tests_in(text: &str) -> impl Iterator<Item = &str> {
    let marked = text.split('`').skip(1).step_by(2);
    marked.filter(|name| {
        name.matches('_').count() >= 3
            && name.chars().all(|c| c == '_' || c.is_ascii_lowercase() || c.is_ascii_digit())
    })
}

#[test]
fn every_pitfall_has_a_test_or_a_reason() {
    let functions = functions();
    for (document, inapplicable) in DOCUMENTS {
        for name in tests_in(document) {
            assert!(functions.contains(name), "{name} is no test");
        }
        for number in 1..=50 {
            let row = document.lines().find(|line| line.starts_with(&format!("| S{number} |")));
            let row = row.unwrap_or_else(|| panic!("S{number} is not in the table"));
            assert!(tests_in(row).next().is_some() || row.contains(inapplicable), "{row}");
        }
        // And back: whoever adds a test for a pitfall finds it here.
        let listed: BTreeSet<&str> = tests_in(document).collect();
        for name in &functions {
            let numbered = name.strip_prefix('s').and_then(|rest| rest.split_once('_'));
            if numbered.is_some_and(|(digits, _)| digits.parse::<u8>().is_ok()) {
                assert!(listed.contains(name.as_str()), "{name} is missing");
            }
        }
    }
}

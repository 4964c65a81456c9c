//! docs/errors.md shows people the catalogue. `UPDATE_DOCS=1 cargo test -p miandeng-shared --test errors_md` writes it.

use miandeng_shared::{Action, ErrorCode, Lang};

/// What stands above it is written by hand.
const TABLE: &str = "| code | HTTP | action | 中文 | English |\n|---|---|---|---|---|\n";

fn row(code: ErrorCode) -> String {
    let action = match code.action() {
        Action::Retry => "retry",
        Action::NewCode => "new_code",
        Action::BackOff => "back_off",
        Action::Configure => "configure",
        Action::TellPerson => "tell_person",
    };
    let status =
        Some(code.status()).filter(|status| *status != 0).map_or("–".to_owned(), |s| s.to_string());
    let (zh, en) = (code.text(Lang::Zh), code.text(Lang::En));
    format!(
        "| `{code}` | {status} | `{action}` | **{}** {} | **{}** {} |\n",
        zh.message, zh.hint, en.message, en.hint
    )
}

#[test]
fn the_documented_catalogue_is_the_catalogue() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/errors.md");
    let written = std::fs::read_to_string(file).unwrap();
    let (head, rows) = written.split_once(TABLE).unwrap();
    let expected: String = ErrorCode::ALL.iter().copied().map(row).collect();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(file, format!("{head}{TABLE}{expected}")).unwrap();
    } else {
        assert!(
            rows == expected,
            "docs/errors.md is stale: UPDATE_DOCS=1 cargo test -p miandeng-shared --test errors_md"
        );
    }
}

use super::*;
use crate::config::reader::{Findings, Section};

fn read(text: &str) -> (Result<Secret, String>, Vec<String>) {
    let found = Findings::default();
    let mut table = text.parse::<toml::Table>().unwrap();
    let value = table.remove("s").unwrap();
    let outcome = secret(Section::root(table, &found).place("s"))(value);
    (outcome, found.into_parts().1.into_iter().map(|warning| warning.remedy).collect())
}

#[test]
fn a_secret_cannot_be_printed() {
    let (secret, warnings) = read("s = \"planted-secret\\n\"");
    let secret = secret.unwrap();
    assert_eq!((secret.expose(), warnings), ("planted-secret", vec![]));
    assert_eq!(format!("{secret:?}"), "***");
    assert_eq!(serde_json::to_string(&secret).unwrap(), "\"***\"");
}

#[test]
fn a_missing_source_is_named() {
    let from = |text: &str| read(text).0.unwrap_err();
    assert!(from("s = { env = \"MIANDENG_NO_SUCH\" }").contains("MIANDENG_NO_SUCH"));
    assert!(from("s = { file = \"/no/such\" }").contains("/no/such"));
    assert!(from("s = { env = \"A\", file = \"b\" }").contains("must be"));
    assert!(from("s = 7").contains("must be"));
    assert!(from("s = \" \"").contains("empty"));
}

/// None of them earned a word.
#[test]
fn k20_what_no_secret_has_is_warned_of() {
    for (text, expected) in [
        ("\\uFEFFabc", &["BOM"][..]),
        ("abc\\uFEFF", &["BOM"]),
        (" abc", &["blank"]),
        ("abc\\t", &["blank"]),
        ("abc\\u00A0", &["blank"]),
        ("\\u3000abc", &["blank"]),
        ("abc \\r\\n", &["blank"]),
        ("'abc'", &["quotation"]),
        ("「abc」", &["quotation"]),
        ("『abc』", &["quotation"]),
        ("«abc»", &["quotation"]),
        ("‹abc›", &["quotation"]),
        ("‘abc’", &["quotation"]),
        ("„abc‟", &["quotation"]),
        ("＂abc＂", &["quotation"]),
        ("abc”", &["quotation"]),
        ("a“bc", &["ASCII"]),
        ("\\\"abc\\\"", &["quotation"]),
        ("“abc”", &["quotation"]),
        ("abc'", &["quotation"]),
        ("abc\\ndef", &["line"]),
        ("abc\\r\\ndef\\n", &["line"]),
        ("abc def", &["ASCII"]),
        ("abc\\u200B", &["ASCII"]),
        ("密abc", &["ASCII"]),
        ("abc\\u0000", &["ASCII"]),
        (" 'abc'", &["blank", "quotation"]),
        ("\\uFEFF abc\\n", &["BOM", "ASCII"]),
        ("${CHANNEL_SECRET}", &["placeholder"]),
        ("$CHANNEL_SECRET", &["placeholder"]),
        ("$corpSecret$", &["placeholder"]),
        ("<abc>", &["placeholder"]),
        ("***", &["placeholder"]),
        ("'abc',", &["placeholder", "quotation"]),
        ("abc;", &["placeholder"]),
        ("channel_secret=abc", &["placeholder"]),
        ("CORP_SECRET = abc", &["placeholder", "ASCII"]),
        ("abckey==", &[]),
        ("a.b-c_d+/=~!#$%&*()", &[]),
    ] {
        let (outcome, warnings) = read(&format!("s = \"{text}\""));
        assert!(outcome.is_ok(), "{text}");
        assert_eq!(warnings.len(), expected.len(), "{text}: {warnings:?}");
        for part in expected {
            assert!(warnings.iter().any(|warning| warning.contains(part)), "{text}: {warnings:?}");
        }
        assert!(!warnings.concat().contains("abc"), "{warnings:?}");
    }
}

#[test]
fn k20_a_secret_of_nothing_but_what_no_secret_has_is_empty() {
    for text in [
        "",
        " ",
        "\\uFEFF",
        "\\\"\\\"",
        "''",
        "“”",
        "‘ ’",
        "「」",
        "«»",
        "\\u3000\\u200B",
        "\\uFEFF\\\" \\\"\\r\\n",
        "\\u0000",
    ] {
        let outcome = read(&format!("s = \"{text}\"")).0;
        assert!(outcome.is_err_and(|remedy| remedy.contains("empty")), "{text}");
    }
}

#[test]
fn p13_a_key_that_is_not_random_is_known_by_its_look() {
    let sequence: Vec<u8> = (100..132).collect();
    let steps_of_seven: Vec<u8> = (0..32_u8).map(|n| n.wrapping_mul(7)).collect();
    let twice = [1, 200, 3, 90, 5, 250, 7, 66, 9, 120, 11, 180, 13, 240, 15, 33].repeat(2);
    for weak in [
        &[0; 32][..],
        &[255; 32],
        &[7; 32],
        &sequence,
        &steps_of_seven,
        &twice,
        b"0123456789abcdef0123456789abcdef",
        b"correct horse battery staple, OK",
    ] {
        assert!(!looks_random(weak), "{weak:?}");
    }
    for _ in 0..1000 {
        assert!(looks_random(&rand::random::<[u8; 32]>()));
    }
}

//! The sealed envelope, by the official sample.

use dingtalk_simulator::{Envelope, Keys, Letter, Unreadable};

const RANDOM: &[u8; 16] = b"hU3bEfGZZewzhG5a";

fn keys() -> Keys {
    Keys::new("123456", "4g5j64qlyl3zvetqxz5jiocdr586fn2zvjpa8zls3ij").unwrap()
}

fn sample() -> (Envelope, Letter) {
    let envelope = Envelope {
        signature: "5a65ceeef9aab2d149439f82dc191dd6c5cbe2c0".to_owned(),
        timestamp: "1445827045067".to_owned(),
        nonce: "nEXhMP4r".to_owned(),
        encrypt: "1a3NBxmCFwkCJvfoQ7WhJHB+iX3qHPsc9JbaDznE1i03peOk1LaOQoRz3+nlyGNhwmwJ3vDMG+OzrHMeiZI7gTRWVdUBm\
                  fxjZ8Ej23JVYa9VrYeJ5as7XM/ZpulX8NEQis44w53h1qAgnC3PRzM7Zc/D6Ibr0rgUathB6zRHP8PYrfgnNOS9PhSBdHlegK\
                  +AGGanfwjXuQ9+0pZcy0w9lQ=="
            .to_owned(),
    };
    let text = r#"{"EventType":"check_create_suite_url","Random":"LPIdSnlF","TestSuiteKey":"suite4xxxxxxxxxxxxxxx"}"#;
    (envelope, Letter { text: text.to_owned(), receiver: "suite4xxxxxxxxxxxxxxx".to_owned() })
}

#[test]
fn the_official_sample_is_opened_and_made_again() {
    let (envelope, letter) = sample();
    assert_eq!(keys().open(&envelope).unwrap(), letter);
    assert_eq!(keys().seal_with(*RANDOM, &letter, &envelope.timestamp, &envelope.nonce), envelope);
}

#[test]
fn messages_of_every_length_come_back() {
    // Two whole blocks of padding and more, and Chinese, whose bytes outnumber its characters.
    for length in 0..70 {
        let letter = Letter { text: "服".repeat(length), receiver: "suitekey1".to_owned() };
        let envelope = keys().seal(&letter, "1", "n");
        assert_eq!(keys().open(&envelope).unwrap(), letter);
        assert_ne!(keys().seal(&letter, "1", "n").encrypt, envelope.encrypt, "it begins with random bytes");
    }
}

#[test]
fn what_was_tampered_with_is_refused() {
    let (envelope, _) = sample();
    let changes: [fn(&mut Envelope); 4] = [
        |envelope| envelope.signature.replace_range(..1, "6"),
        |envelope| envelope.timestamp.push('0'),
        |envelope| envelope.nonce.push('x'),
        |envelope| envelope.encrypt.replace_range(..1, "2"),
    ];
    for change in changes {
        let mut tampered = envelope.clone();
        change(&mut tampered);
        assert!(keys().open(&tampered).unwrap_err().to_string().contains("signature"));
    }
    let other = Keys::new("123456", "suite1callbackaeskeysuite1callbackaeskeyabc").unwrap();
    // The signature says nothing of the AES key.
    let refusal: Unreadable = other.open(&envelope).unwrap_err();
    assert!(!refusal.to_string().contains("signature"), "{refusal}");
    assert!(Keys::new("t", "too-short").is_none());
}

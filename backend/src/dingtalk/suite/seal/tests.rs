use super::*;
use crate::secret::Secret;
use proptest::prelude::*;

fn official() -> Suite {
    Suite::example()
}

const AT: u64 = 1_445_827_045_067;
const VECTOR: Push<'static> = Push {
    signature: "5a65ceeef9aab2d149439f82dc191dd6c5cbe2c0",
    timestamp: "1445827045067",
    nonce: "nEXhMP4r",
    encrypt: "1a3NBxmCFwkCJvfoQ7WhJHB+iX3qHPsc9JbaDznE1i03peOk1LaOQoRz3+nlyGNhwmwJ3vDMG+OzrHMeiZI7gTRWVdUBmfxjZ8Ej23JVYa9VrYeJ5as7XM/ZpulX8NEQis44w53h1qAgnC3PRzM7Zc/D6Ibr0rgUathB6zRHP8PYrfgnNOS9PhSBdHlegK+AGGanfwjXuQ9+0pZcy0w9lQ==",
};

#[test]
fn the_official_example_opens() {
    let opened = VECTOR.open(&official(), AT).unwrap();
    assert_eq!(
        opened.text,
        r#"{"EventType":"check_create_suite_url","Random":"LPIdSnlF","TestSuiteKey":"suite4xxxxxxxxxxxxxxx"}"#
    );
    assert_eq!((opened.receiver.as_str(), opened.at_ms), ("suite4xxxxxxxxxxxxxxx", AT));
}

#[test]
fn a_push_is_good_for_five_minutes_each_way() {
    let window = 300_000;
    for now in [AT, AT - window, AT + window] {
        assert!(VECTOR.open(&official(), now).is_ok());
    }
    for now in [0, AT - window - 1, AT + window + 1, u64::MAX] {
        assert_eq!(VECTOR.open(&official(), now), Err(NotGenuine::Timestamp));
    }
}

#[test]
fn nothing_is_decrypted_before_the_signature_fits() {
    let mut other = official();
    other.callback_token = Secret::new("1234567");
    assert_eq!(VECTOR.open(&other, AT), Err(NotGenuine::Signature));
    let upper = VECTOR.signature.to_uppercase();
    for push in [
        Push { signature: "", ..VECTOR },
        Push { signature: "5a65ceeef9aab2d149439f82dc191dd6c5cbe2c", ..VECTOR },
        Push { signature: &upper, ..VECTOR },
        Push { timestamp: "1445827045068", ..VECTOR },
        Push { nonce: "nEXhMP4s", ..VECTOR },
        // What only the cipher would notice, and must not be asked about.
        Push { encrypt: "AAAA", ..VECTOR },
    ] {
        assert_eq!(push.open(&official(), AT), Err(NotGenuine::Signature), "{push:?}");
    }
}

/// Signs any text, as a sender who knows the token could.
fn open_signed(encrypt: &str, timestamp: &str) -> Result<Envelope, NotGenuine> {
    let signature = signature(&official(), timestamp, "n", encrypt);
    Push { signature: &signature, timestamp, nonce: "n", encrypt }.open(&official(), AT)
}

#[test]
fn a_signed_envelope_that_is_none() {
    let whole = STANDARD.decode(VECTOR.encrypt).unwrap();
    for encrypt in [
        String::new(),
        "not base64!".to_owned(),
        STANDARD.encode([7; 16]),
        STANDARD.encode(&whole[..whole.len() - 1]),
        STANDARD.encode(&whole[..whole.len() - 32]),
    ] {
        assert_eq!(open_signed(&encrypt, "1445827045067"), Err(NotGenuine::Envelope), "{encrypt}");
    }
}

#[test]
fn seconds_are_understood_and_nonsense_is_not() {
    assert_eq!(milliseconds("1445827045"), Some(1_445_827_045_000));
    assert_eq!(milliseconds("1445827045067"), Some(AT));
    for bad in ["", " 1445827045", "+1445827045", "-1", "1e12", "99999999999999999999999"] {
        assert_eq!(milliseconds(bad), None, "{bad}");
    }
    assert!(open_signed(VECTOR.encrypt, "1445827045").is_ok());
    assert_eq!(open_signed(VECTOR.encrypt, "soon"), Err(NotGenuine::Timestamp));
}

fn sealed(text: &str, receiver: &str) -> SealedAnswer {
    seal(&official(), text, receiver, AT, "nonce1".into(), [9; 16])
}

#[test]
fn the_length_inside_may_lie() {
    let (key, iv) = key_and_iv(&official());
    for length in [0_u32, 7, 8, 1000, u32::MAX] {
        let mut plain = [&[1; 16][..], &length.to_be_bytes(), b"text-key"].concat();
        plain.resize(32, 4);
        let cipher = cbc::Encryptor::<aes::Aes256>::new(&key.into(), &iv.into());
        let encrypt = STANDARD.encode(cipher.encrypt_padded_vec_mut::<NoPadding>(&plain));
        assert_eq!(open_signed(&encrypt, "1445827045067").is_ok(), length <= 8, "{length}");
    }
}

proptest! {
    #[test]
    fn what_is_sealed_opens(text in ".{0,200}", receiver in "[a-z0-9]{0,40}") {
        let sealed = sealed(&text, &receiver);
        prop_assert_eq!(STANDARD.decode(&sealed.encrypt).unwrap().len() % BLOCK, 0);
        let SealedAnswer { msg_signature, timestamp, nonce, encrypt } = &sealed;
        let push = Push { signature: msg_signature, timestamp, nonce, encrypt };
        prop_assert_eq!(push.open(&official(), AT), Ok(Envelope { text, receiver, at_ms: AT }));
    }

    #[test]
    fn no_bytes_panic_even_where_they_are_signed(
        bytes in proptest::collection::vec(any::<u8>(), 0..200), timestamp in ".{0,30}", raw in ".{0,100}",
    ) {
        let _ = open_signed(&STANDARD.encode(bytes), "1445827045067");
        let _ = open_signed(&raw, "1445827045067");
        let _ = open_signed(VECTOR.encrypt, &timestamp);
    }

    #[test]
    fn no_padding_panics(bytes in proptest::collection::vec(any::<u8>(), 0..70)) {
        if let Some(plain) = unpadded(&bytes) {
            prop_assert!(plain.len() < bytes.len());
        }
    }

    #[test]
    fn a_changed_bit_is_noticed(bit in 0_usize..1280) {
        let mut whole = STANDARD.decode(VECTOR.encrypt).unwrap();
        let byte = (bit / 8) % whole.len();
        whole[byte] ^= 1 << (bit % 8);
        let encrypt = STANDARD.encode(whole);
        let push = Push { encrypt: &encrypt, ..VECTOR };
        prop_assert_eq!(push.open(&official(), AT), Err(NotGenuine::Signature));
    }
}

//! JSON as servers write it, which is not always as they should.

use serde_json::{Number, Value};

/// The JSON of an answer. Around it some servers write byte order marks, line breaks and NUL.
#[must_use]
pub fn json(body: &[u8]) -> Option<Value> {
    let is_json = |b: &u8| !b"\xef\xbb\xbf\0 \t\r\n".contains(b);
    let (first, last) = (body.iter().position(is_json)?, body.iter().rposition(is_json)?);
    let body = body.get(first..=last)?;
    let plainly = std::str::from_utf8(body).ok().and_then(|text| serde_json::from_str(text).ok());
    plainly.or_else(|| serde_json::from_str(&mended(body)).ok()).map(unpacked)
}

/// An object that came as its own JSON text.
#[must_use]
pub fn unpacked(value: Value) -> Value {
    let inner = value.as_str().and_then(|text| serde_json::from_str(text).ok());
    inner.filter(Value::is_object).unwrap_or(value)
}

/// `body` with what some servers write into names that they have cut: half a character, half an escaped pair, a line break.
fn mended(body: &[u8]) -> String {
    const HALF: &str = "\\ufffd";
    let text = String::from_utf8_lossy(body).replace(|c: char| c.is_ascii_control(), " ");
    let surrogate = |at: usize, of: std::ops::Range<u16>| {
        let digits = text.get(at..at + 6)?.strip_prefix("\\u")?;
        u16::from_str_radix(digits, 16).ok().filter(|unit| of.contains(unit))
    };
    let (mut safe, mut at) = (String::with_capacity(text.len()), 0);
    while let Some(c) = text.get(at..).and_then(|rest| rest.chars().next()) {
        let (part, length) =
            if surrogate(at, 0xD800..0xDC00).is_some() && surrogate(at + 6, 0xDC00..0xE000).is_some() {
                (text.get(at..at + 12), 12)
            } else if surrogate(at, 0xD800..0xE000).is_some() {
                (Some(HALF), 6)
            } else {
                // An escaped backslash begins no escape of its own.
                let length = if c == '\\' { 2 } else { c.len_utf8() };
                (text.get(at..at + length), length)
            };
        safe.push_str(part.unwrap_or_default());
        at += length;
    }
    safe
}

/// A whole number as it is written, also where it came as `40078.0`; one with a fraction, or too long for one, is none.
#[must_use]
pub fn whole(number: &Number) -> Option<String> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if !number.is_f64() {
        return Some(number.to_string());
    }
    number.as_f64().filter(|n| n.fract() == 0.0 && n.abs() < EXACT).map(|n| format!("{:.0}", n + 0.0))
}

/// The same of a text.
#[must_use]
pub fn without_fraction(text: &str) -> &str {
    let text = text.trim();
    let of_number = |whole: &&str| whole.parse::<i64>().is_ok();
    text.strip_suffix(".0").filter(of_number).unwrap_or(text)
}

/// A text, also where it came as a number. Empty is none, and a number that is no whole one has lost digits.
#[must_use]
pub fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(s) if !s.is_empty() => Some(s.clone()),
        Value::Number(n) => whole(n),
        _ => None,
    }
}

/// A whole number, also where it came as a text.
#[must_use]
pub fn number(value: &Value) -> Option<i64> {
    match value {
        Value::Number(n) => whole(n)?.parse().ok(),
        Value::String(s) => without_fraction(s).parse().ok(),
        _ => None,
    }
}

/// A number of seconds without its fraction, also where it came as a text.
#[must_use]
pub fn seconds(value: &Value) -> Option<i64> {
    let floored = || {
        let seconds: f64 = match value {
            Value::Number(n) => n.as_f64()?,
            Value::String(s) => s.trim().parse().ok()?,
            _ => return None,
        };
        whole(&Number::from_f64(seconds.floor())?)?.parse().ok()
    };
    number(value).or_else(floored)
}

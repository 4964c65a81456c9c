//! JSON for the page: the browser parses it, and serde takes it from the browser's values.
//!
//! `serde_json::from_str` would be a fifth of the whole download, most of it for things that the answers of our server
//! do not have: fractions, positions of mistakes, their description in words. Here an answer fits its type or does not.

use js_sys::{Array, JSON, Reflect};
use serde::{
    Serialize,
    de::{
        DeserializeOwned, DeserializeSeed, Deserializer, Error, IntoDeserializer, MapAccess, SeqAccess,
        Visitor,
    },
    forward_to_deserialize_any,
};
use std::fmt;
use wasm_bindgen::JsValue;

/// The text is not JSON, or not of this shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mismatch;

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not of the expected shape")
    }
}

impl std::error::Error for Mismatch {}

/// Drops what serde would say: saying it is what costs.
impl Error for Mismatch {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Mismatch
    }

    fn invalid_type(_: serde::de::Unexpected<'_>, _: &dyn serde::de::Expected) -> Self {
        Mismatch
    }

    fn invalid_value(_: serde::de::Unexpected<'_>, _: &dyn serde::de::Expected) -> Self {
        Mismatch
    }

    fn invalid_length(_: usize, _: &dyn serde::de::Expected) -> Self {
        Mismatch
    }

    fn unknown_variant(_: &str, _: &'static [&'static str]) -> Self {
        Mismatch
    }

    fn unknown_field(_: &str, _: &'static [&'static str]) -> Self {
        Mismatch
    }

    fn missing_field(_: &'static str) -> Self {
        Mismatch
    }

    fn duplicate_field(_: &'static str) -> Self {
        Mismatch
    }
}

/// Reads JSON text.
pub fn parse<T: DeserializeOwned>(text: &str) -> Result<T, Mismatch> {
    T::deserialize(Json(JSON::parse(text).map_err(|_| Mismatch)?))
}

/// Writes JSON. What the page sends is made of strings, and those cannot fail.
pub fn write(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

struct Json(JsValue);

impl<'de> Deserializer<'de> for Json {
    type Error = Mismatch;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mismatch> {
        let Json(value) = self;
        if let Some(text) = value.as_string() {
            visitor.visit_string(text)
        } else if let Some(number) = value.as_f64() {
            visitor.visit_u64(whole(number)?)
        } else if let Some(truth) = value.as_bool() {
            visitor.visit_bool(truth)
        } else if Array::is_array(&value) {
            visitor.visit_seq(Items { array: value.into(), next: 0 })
        } else {
            Err(Mismatch)
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mismatch> {
        if self.0.is_null() || self.0.is_undefined() {
            visitor.visit_none()
        } else {
            visitor.visit_some(self)
        }
    }

    /// Asks for the fields that the type has; what else there is does not matter.
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        names: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Mismatch> {
        if !self.0.is_object() {
            return Err(Mismatch);
        }
        visitor.visit_map(Fields { object: self.0, names: names.iter(), value: JsValue::UNDEFINED })
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Mismatch> {
        visitor.visit_enum(self.0.as_string().ok_or(Mismatch)?.into_deserializer())
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf unit unit_struct newtype_struct
        seq tuple tuple_struct map identifier ignored_any
    }
}

/// A number that is a whole one and not negative; our answers have no other.
fn whole(number: f64) -> Result<u64, Mismatch> {
    let in_range = (0.0..=f64::from(u32::MAX)).contains(&number) && number.fract() == 0.0;
    // Checked on the line above.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    if in_range { Ok(number as u64) } else { Err(Mismatch) }
}

struct Items {
    array: Array,
    next: u32,
}

impl<'de> SeqAccess<'de> for Items {
    type Error = Mismatch;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Mismatch> {
        if self.next == self.array.length() {
            return Ok(None);
        }
        self.next += 1;
        seed.deserialize(Json(self.array.get(self.next - 1))).map(Some)
    }
}

struct Fields {
    object: JsValue,
    names: std::slice::Iter<'static, &'static str>,
    value: JsValue,
}

impl<'de> MapAccess<'de> for Fields {
    type Error = Mismatch;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Mismatch> {
        for name in self.names.by_ref() {
            self.value = Reflect::get(&self.object, &JsValue::from_str(name)).map_err(|_| Mismatch)?;
            if !self.value.is_undefined() {
                return seed.deserialize((*name).into_deserializer()).map(Some);
            }
        }
        Ok(None)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Mismatch> {
        seed.deserialize(Json(self.value.clone()))
    }
}

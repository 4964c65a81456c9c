//! How the page of an application looks: the name that people know it by, its colour and its logo.

use serde::{Serialize, Serializer};
use std::fmt;
use std::str::FromStr;

#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Brand {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub color: Option<Color>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logo: Option<String>,
}

/// A colour of sRGB, written `#rrggbb`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Color([u8; 3]);

impl FromStr for Color {
    type Err = ();
    fn from_str(s: &str) -> Result<Self, ()> {
        let mut rgb = [0; 3];
        hex::decode_to_slice(s.strip_prefix('#').ok_or(())?, &mut rgb).map_err(|_| ())?;
        Ok(Self(rgb))
    }
}

impl fmt::Display for Color {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", hex::encode(self.0))
    }
}

impl Serialize for Color {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// What WCAG 2.2 asks between text and its ground.
const READABLE: f32 = 4.5;

impl Color {
    pub const WHITE: Self = Self([255; 3]);
    pub const BLACK: Self = Self([0; 3]);

    /// The colour of text on a ground of this colour.
    pub fn text(self) -> Self {
        if self.contrast(Self::WHITE) >= READABLE { Self::WHITE } else { Self::BLACK }
    }

    /// This colour, darkened or lightened as little as makes a text of it readable on `ground`.
    pub fn readable_on(self, ground: Self) -> Self {
        let towards = ground.text();
        let mixes = (0..=16).map(|sixteenths| self.mixed(towards, sixteenths));
        mixes.into_iter().find(|mix| mix.contrast(ground) >= READABLE).unwrap_or(towards)
    }

    fn mixed(self, other: Self, sixteenths: u16) -> Self {
        let mix = |a: u8, b: u8| (u16::from(a) * (16 - sixteenths) + u16::from(b) * sixteenths) / 16;
        let channel = |i: usize| u8::try_from(mix(self.0[i], other.0[i])).unwrap_or(u8::MAX);
        Self([channel(0), channel(1), channel(2)])
    }

    /// 1 to 21, as WCAG 2.2 defines it.
    fn contrast(self, other: Self) -> f32 {
        let (a, b) = (self.luminance() + 0.05, other.luminance() + 0.05);
        a.max(b) / a.min(b)
    }

    fn luminance(self) -> f32 {
        let linear = |channel: u8| {
            let c = f32::from(channel) / 255.0;
            if c <= 0.040_45 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
        };
        let [r, g, b] = self.0.map(linear);
        0.2126 * r + 0.7152 * g + 0.0722 * b
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_six_digits() {
        assert_eq!("#1463D8".parse::<Color>().unwrap().to_string(), "#1463d8");
        for bad in ["", "#", "1463d8", "#fff", "#1463d8ff", "#1463dg", "red", "#14 63d", "url(x)", "#１２３"]
        {
            assert!(bad.parse::<Color>().is_err(), "{bad}");
        }
    }

    #[test]
    fn text_of_every_colour_and_on_every_colour_is_readable() {
        let dark: Color = "#101216".parse().unwrap();
        let steps = || (0..=255).step_by(51);
        for (r, g, b) in steps().flat_map(|r| steps().flat_map(move |g| steps().map(move |b| (r, g, b)))) {
            let color = Color([r, g, b]);
            assert!(color.contrast(color.text()) >= READABLE, "{color}");
            for ground in [Color::WHITE, dark] {
                let text = color.readable_on(ground);
                assert!(text.contrast(ground) >= READABLE, "{color} on {ground}: {text}");
            }
        }
        let blue: Color = "#1463d8".parse().unwrap();
        assert_eq!(
            (blue.text(), blue.readable_on(Color::WHITE)),
            (Color::WHITE, blue),
            "no more than needed"
        );
    }
}

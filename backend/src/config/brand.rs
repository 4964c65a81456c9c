//! How the page of an application looks.

use super::reader::Section;
use super::value::{parsed, resource, text};
use crate::apps::Brand;
use toml::Value;

/// Reads the looks of an application or suite.
pub fn brand(s: &mut Section<'_>) -> Brand {
    Brand {
        name: s.optional("name", name),
        color: s.optional("color", parsed("a colour such as \"#1463d8\"")),
        logo: s.optional("logo", resource),
    }
}

/// It stands in a title bar and above a narrow page.
const LONGEST_NAME: usize = 40;

fn name(value: Value) -> Result<String, String> {
    let name = text(value)?.trim().to_owned();
    let fits = (1..=LONGEST_NAME).contains(&name.chars().count()) && !name.contains(char::is_control);
    if fits { Ok(name) } else { Err(format!("must be one line of 1 to {LONGEST_NAME} characters")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn s(text: &str) -> Value {
        Value::String(text.into())
    }

    #[test]
    fn names_are_one_line() {
        assert_eq!(name(s(" 某某会员中心 <VIP> ")).unwrap(), "某某会员中心 <VIP>");
        for bad in ["", "  ", "a\nb", &"名".repeat(41)] {
            assert!(name(s(bad)).is_err(), "{bad:?}");
        }
    }
}

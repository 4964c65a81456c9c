//! How the page of an application looks.

use super::reader::Section;
use super::value::{https_url, parsed, text};
use crate::apps::Brand;
use miandeng_shared::return_path;
use toml::Value;

/// Reads the looks of an application or suite.
pub fn brand(s: &mut Section<'_>) -> Brand {
    Brand {
        name: s.optional("name", name),
        color: s.optional("color", parsed("a colour such as \"#1463d8\"")),
        logo: s.optional("logo", logo),
    }
}

/// It stands in a title bar and above a narrow page.
const LONGEST_NAME: usize = 40;

fn name(value: Value) -> Result<String, String> {
    let name = text(value)?.trim().to_owned();
    let fits = (1..=LONGEST_NAME).contains(&name.chars().count()) && !name.contains(char::is_control);
    if fits { Ok(name) } else { Err(format!("must be one line of 1 to {LONGEST_NAME} characters")) }
}

fn logo(value: Value) -> Result<String, String> {
    let raw = text(value)?;
    if let Some(path) = return_path(&raw) {
        return Ok(path.to_owned());
    }
    let url = https_url(Value::String(raw)).map_err(|remedy| format!("{remedy}, or a path on this host"))?;
    Ok(url.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn s(text: &str) -> Value {
        Value::String(text.into())
    }

    #[test]
    fn logos_come_from_where_nobody_can_change_them() {
        for good in
            ["https://cdn.example.com/logo.svg?v=2", "http://127.0.0.1:8080/logo.png", "/static/logo.png"]
        {
            assert_eq!(logo(s(good)).unwrap(), good);
        }
        for bad in
            ["http://cdn.example.com/x.png", "//cdn.example.com/x.png", "x.png", "data:image/png;base64,", ""]
        {
            assert!(logo(s(bad)).is_err(), "{bad}");
        }
    }

    #[test]
    fn names_are_one_line() {
        assert_eq!(name(s(" 某某会员中心 <VIP> ")).unwrap(), "某某会员中心 <VIP>");
        for bad in ["", "  ", "a\nb", &"名".repeat(41)] {
            assert!(name(s(bad)).is_err(), "{bad:?}");
        }
    }
}

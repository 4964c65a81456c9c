//! `MIANDENG__SESSION__TTL=8h` is `ttl` of `[session]`.

use super::reader::Findings;
use std::collections::BTreeMap;
use toml::{Table, Value};

const PREFIX: &str = "MIANDENG__";

/// The variables of this process. Others may have set some that are not text, which `std::env::vars` panics at.
pub fn of_process() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.to_string_lossy().into_owned())))
}

/// Lays the variables with our prefix over `table`. Sections are tables; lists cannot come from the environment.
pub fn overlay(table: &mut Table, environment: impl Iterator<Item = (String, String)>, found: &Findings) {
    // In the order of their names, so that of a key and one below it the second is always the one that has no place.
    for (name, value) in environment.collect::<BTreeMap<_, _>>() {
        let Some(path) = name.strip_prefix(PREFIX) else { continue };
        let path = path.to_ascii_lowercase();
        if value.contains(char::REPLACEMENT_CHARACTER) {
            found.problem(&name, "is not UTF-8 text");
            continue;
        }
        let (sections, key) = match path.rsplit_once("__") {
            Some((sections, key)) => (sections.split("__").collect(), key),
            None => (Vec::new(), path.as_str()),
        };
        let Some(there) = set(table, &sections, key, value) else {
            found.problem(
                &name,
                "only single values of sections can come from the environment, lists cannot; set it in the file",
            );
            continue;
        };
        let whole = path.replace("__", ".");
        found.set_by_environment(&whole, &name);
        // A section that is unknown is reported and not what stands in it.
        for depth in there..sections.len() {
            found.set_by_environment(&sections[..=depth].join("."), &name);
        }
    }
}

/// Warns of variables that would be a key's but for their prefix, their case or how often `_` stands in them.
pub fn warn_of_unread<'a>(names: impl Iterator<Item = &'a String>, found: &Findings) {
    let letters = |text: &str| text.replace(['_', '.'], "").to_ascii_lowercase();
    for name in names.filter(|name| !name.starts_with(PREFIX) && !found.is_read(name)) {
        // Most variables have nothing to do with us, and there may be ten thousand applications' keys.
        let written = letters(name);
        let Some(written) = written.strip_prefix("miandeng") else { continue };
        if let Some(key) = found.known_keys().iter().find(|key| letters(key) == written) {
            let variable = key.replace('.', "__").to_ascii_uppercase();
            found.warn(name, format!("is not read; for {key} the variable is {PREFIX}{variable}"));
        }
    }
}

/// How many of its sections were there; `None` where there is no place for a single value.
fn set(table: &mut Table, sections: &[&str], key: &str, value: String) -> Option<usize> {
    let Some((first, rest)) = sections.split_first() else {
        if matches!(table.get(key), Some(Value::Array(_))) || key.is_empty() {
            return None;
        }
        table.insert(key.to_owned(), Value::String(value));
        return Some(0);
    };
    let was_there = table.contains_key(*first);
    match table.entry(*first).or_insert_with(|| Value::Table(Table::new())) {
        Value::Table(inner) => {
            set(inner, rest, key, value).map(|there| if was_there { there + 1 } else { 0 })
        }
        _ => None,
    }
}

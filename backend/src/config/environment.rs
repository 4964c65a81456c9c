//! `MIANDENG__SESSION__TTL=8h` is `ttl` of `[session]`.

use super::reader::Findings;
use toml::{Table, Value};

const PREFIX: &str = "MIANDENG__";

/// The variables of this process. Others may have set some that are not text, which `std::env::vars` panics at.
pub fn of_process() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.to_string_lossy().into_owned())))
}

/// Lays the variables with our prefix over `table`. Sections are tables; lists cannot come from the environment.
pub fn overlay(table: &mut Table, environment: impl Iterator<Item = (String, String)>, found: &Findings) {
    for (name, value) in environment {
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
        let Some(made) = set(table, &sections, key, value) else {
            found.problem(
                &name,
                "only scalar keys of sections can come from the environment; set it in the file",
            );
            continue;
        };
        let whole = path.replace("__", ".");
        found.from_environment(&whole, &name);
        // A section that is unknown is reported and not what stands in it.
        if let Some(first) = sections.first().filter(|_| made) {
            found.from_environment(first, &name);
        }
    }
}

/// Says whether a section had to be made for it; `None` where there is no place for a single value.
fn set(table: &mut Table, sections: &[&str], key: &str, value: String) -> Option<bool> {
    let Some((first, rest)) = sections.split_first() else {
        if matches!(table.get(key), Some(Value::Array(_))) || key.is_empty() {
            return None;
        }
        table.insert(key.to_owned(), Value::String(value));
        return Some(false);
    };
    let made = !table.contains_key(*first);
    match table.entry(*first).or_insert_with(|| Value::Table(Table::new())) {
        Value::Table(inner) => set(inner, rest, key, value).map(|inner| made || inner),
        _ => None,
    }
}

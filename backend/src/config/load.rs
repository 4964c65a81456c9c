//! The file and the environment, and what came of reading them.

use super::cross_check::cross_check;
use super::reader::{Findings, Problem, Section};
use super::{Config, OPS_LISTEN, address, environment, secret, value};
use std::net::SocketAddr;
use std::path::Path;
use toml::Table;

/// What came of reading: a configuration where nothing was wrong, and the warnings in either case.
pub struct Loaded {
    pub config: Result<Config, Vec<Problem>>,
    pub warnings: Vec<Problem>,
}

/// Reads the file at `path` with the process's environment laid over it.
pub fn load(path: &Path) -> Loaded {
    let text = match text_of(path) {
        Ok(text) => text,
        Err(problem) => return Loaded { config: Err(vec![problem]), warnings: vec![] },
    };
    let found = Findings::default();
    let config = read(&text, environment::of_process(), &found);
    let secrets = found.inline_secrets();
    if !secrets.is_empty() && secret::is_open_to_others(path) {
        let remedy = format!(
            "holds secrets ({secrets}), and every user of this machine may read it: {}",
            secret::CLOSE_IT
        );
        found.warn(path.display().to_string(), remedy);
    }
    loaded(config, found)
}

fn text_of(path: &Path) -> Result<String, Problem> {
    let unread = |e: std::io::Error| format!("cannot be read ({}); name the file with --config", e.kind());
    let text = std::fs::read(path).map_err(unread).and_then(value::utf8);
    text.map_err(|remedy| Problem { key: path.display().to_string(), remedy })
}

/// Where the operator's listener is, for a probe that needs nothing else: no secret, and no file where the environment
/// says it.
///
/// # Errors
/// What is wrong with the file or the address.
pub fn ops_listen(path: &Path) -> Result<SocketAddr, Problem> {
    const KEY: &str = "ops_listen";
    let found = Findings::default();
    let mut table = Table::new();
    let is_said = |(name, _): &(String, String)| name.eq_ignore_ascii_case("MIANDENG__OPS_LISTEN");
    environment::overlay(&mut table, environment::of_process().filter(is_said), &found);
    if table.is_empty() {
        table = toml(&text_of(path)?)?;
    }
    let address = Section::root(table, &found).optional(KEY, address());
    match found.into_parts().0.pop() {
        Some(problem) => Err(problem),
        None => Ok(address.unwrap_or(OPS_LISTEN)),
    }
}

/// Reads a configuration from its text and the `MIANDENG__…` variables among `environment`.
pub fn parse(text: &str, environment: impl Iterator<Item = (String, String)>) -> Loaded {
    let found = Findings::default();
    loaded(read(text, environment, &found), found)
}

fn toml(text: &str) -> Result<Table, Problem> {
    text.parse().map_err(|e: toml::de::Error| {
        // Only the place: the text of the line could be a secret.
        let line = e.span().map_or(0, |span| text[..span.start].matches('\n').count() + 1);
        Problem { key: format!("line {line}"), remedy: format!("is not TOML: {}", e.message()) }
    })
}

fn read(text: &str, environment: impl Iterator<Item = (String, String)>, found: &Findings) -> Option<Config> {
    match toml(text) {
        Ok(mut table) => {
            let environment: Vec<_> = environment.collect();
            environment::overlay(&mut table, environment.iter().cloned(), found);
            let config = Config::read(Section::root(table, found));
            config.iter().for_each(|config| cross_check(config, found));
            environment::warn_of_unread(environment.iter().map(|(name, _)| name), found);
            config
        }
        Err(Problem { key, remedy }) => {
            found.problem(key, remedy);
            None
        }
    }
}

fn loaded(config: Option<Config>, found: Findings) -> Loaded {
    let (problems, warnings) = found.into_parts();
    match config {
        Some(config) if problems.is_empty() => Loaded { config: Ok(config), warnings },
        _ => Loaded { config: Err(problems), warnings },
    }
}

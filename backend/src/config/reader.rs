//! Reading a section key by key, so that one run reports every problem and not only the first.

use serde::Serialize;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use toml::{Table, Value};

/// One thing that is wrong with the configuration: where, what, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    pub key: String,
    pub remedy: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.key, self.remedy)
    }
}

/// What reading has found so far.
#[derive(Debug, Default)]
pub struct Findings {
    problems: RefCell<Vec<Problem>>,
    warnings: RefCell<Vec<Problem>>,
    /// Which keys the environment gave, and by which variable.
    variables: RefCell<BTreeMap<String, String>>,
    /// Which secrets stand in the file itself.
    inline: RefCell<Vec<String>>,
    /// The keys that were looked for.
    known: RefCell<BTreeSet<String>>,
    /// The variables that keys of the file name.
    read: RefCell<BTreeSet<String>>,
}

impl Findings {
    pub fn problem(&self, key: impl Into<String>, remedy: impl Into<String>) {
        self.problems.borrow_mut().push(Problem { key: self.named(key.into()), remedy: remedy.into() });
    }

    pub fn warn(&self, key: impl Into<String>, remedy: impl Into<String>) {
        self.warnings.borrow_mut().push(Problem { key: self.named(key.into()), remedy: remedy.into() });
    }

    /// The value of `key`, or the section of that name, comes from `variable`.
    pub fn set_by_environment(&self, key: &str, variable: &str) {
        self.variables.borrow_mut().entry(key.to_owned()).or_insert_with(|| variable.to_owned());
    }

    /// The secret of `key` is part of the text that was read.
    pub fn inline_secret(&self, key: &str) {
        if !self.variables.borrow().contains_key(key) {
            self.inline.borrow_mut().push(key.to_owned());
        }
    }

    pub fn inline_secrets(&self) -> String {
        self.inline.borrow().join(", ")
    }

    /// All keys that were looked for.
    pub fn known_keys(&self) -> BTreeSet<String> {
        self.known.borrow().clone()
    }

    /// Whether a key of the file names this variable.
    pub fn is_read(&self, variable: &str) -> bool {
        self.read.borrow().contains(variable)
    }

    /// A mistake in the environment is looked for there.
    fn named(&self, key: String) -> String {
        match self.variables.borrow().get(&key) {
            Some(variable) => format!("{key} ({variable})"),
            None => key,
        }
    }

    pub fn into_parts(self) -> (Vec<Problem>, Vec<Problem>) {
        (self.problems.into_inner(), self.warnings.into_inner())
    }
}

/// Where a value stands, for what is not wrong with it but ought to be known.
#[derive(Clone)]
pub struct Place<'a> {
    key: String,
    /// In a list.
    index: Option<usize>,
    found: &'a Findings,
}

impl Place<'_> {
    pub fn warn(&self, remedy: impl Into<String>) {
        let item = self.index.map(|index| format!("[{index}] ")).unwrap_or_default();
        self.found.warn(&self.key, item + &remedy.into());
    }

    /// The item at `index` of the list that stands here.
    pub fn at(&self, index: usize) -> Self {
        Place { index: Some(index), ..self.clone() }
    }

    /// Its value is in this variable.
    pub fn is_in(&self, variable: &str) {
        self.found.read.borrow_mut().insert(variable.to_owned());
    }

    /// It is a secret, and part of the text that was read.
    pub fn inline_secret(&self) {
        self.found.inline_secret(&self.key);
    }
}

/// A table of the configuration, emptied while it is read; what is left at the end is unknown.
pub struct Section<'a> {
    path: String,
    table: Table,
    found: &'a Findings,
}

impl<'a> Section<'a> {
    pub fn root(table: Table, found: &'a Findings) -> Self {
        Self { path: String::new(), table, found }
    }

    /// The full name of `key` in messages, e.g. `apps[0].corp_id`.
    pub fn key(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    pub fn found(&self) -> &'a Findings {
        self.found
    }

    /// Where `key` stands.
    pub fn place(&self, key: &str) -> Place<'a> {
        Place { key: self.key(key), index: None, found: self.found }
    }

    /// Records a problem with `key`.
    pub fn problem(&self, key: &str, remedy: impl Into<String>) {
        self.found.problem(self.key(key), remedy);
    }

    /// Takes `key` if it is there. A value that `parse` refuses is a problem and counts as absent.
    pub fn optional<T>(&mut self, key: &str, parse: impl FnOnce(Value) -> Result<T, String>) -> Option<T> {
        self.found.known.borrow_mut().insert(self.key(key));
        match parse(self.table.remove(key)?) {
            Ok(value) => Some(value),
            Err(remedy) => {
                self.problem(key, remedy);
                None
            }
        }
    }

    /// Takes `key`, which has to be there.
    pub fn required<T>(
        &mut self,
        key: &str,
        example: &str,
        parse: impl FnOnce(Value) -> Result<T, String>,
    ) -> Option<T> {
        if !self.table.contains_key(key) {
            self.problem(key, format!("is missing; for example {key} = {example}"));
            return None;
        }
        self.optional(key, parse)
    }

    /// Opens a table below this one; a missing one reads like an empty one.
    pub fn table(&mut self, key: &str) -> Section<'a> {
        let table = self.optional(key, |value| match value {
            Value::Table(table) => Ok(table),
            _ => Err(format!("must be a section, [{key}]")),
        });
        Section { path: self.key(key), table: table.unwrap_or_default(), found: self.found }
    }

    /// Opens a list of tables, `[[key]]`.
    pub fn tables(&mut self, key: &str) -> Vec<Section<'a>> {
        let tables = self.optional(key, |value| {
            let wrong = || format!("must be a list of sections, [[{key}]], in the file");
            let Value::Array(items) = value else { return Err(wrong()) };
            items
                .into_iter()
                .map(|item| match item {
                    Value::Table(table) => Ok(table),
                    _ => Err(wrong()),
                })
                .collect::<Result<Vec<_>, _>>()
        });
        let open = |(i, table)| Section { path: format!("{}[{i}]", self.key(key)), table, found: self.found };
        tables.unwrap_or_default().into_iter().enumerate().map(open).collect()
    }

    /// Takes `keys` without reading them, because what they mean depends on a key that is wrong itself.
    pub fn ignore(&mut self, keys: &[&str]) {
        self.table.retain(|key, _| !keys.contains(&key));
    }

    /// Ends the section: every key that was not read is unknown.
    pub fn finish(self) {
        for key in self.table.keys() {
            self.problem(key, "is not a known key; see the configuration reference for its spelling");
        }
    }
}

//! Whether dist/ runs in the oldest webview that the page promises to run in: Chromium 69 in Android DingTalk 6, which
//! knows WebAssembly 1.0 and ES2017 but no module scripts worth relying on.

mod html;
mod script;
mod wasm;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};

use self::script::Edition;
use crate::repo::Repo;

/// Checks the built page and says how much a phone downloads.
pub fn run(repo: &Repo) -> Result<String> {
    let dist = repo.dist();
    let files = files_in(&dist).with_context(|| "dist/ cannot be read: `cargo xtask build` makes it")?;
    let with = |extension: &str| -> Vec<&PathBuf> {
        files.iter().filter(|file| file.extension().is_some_and(|e| e == extension)).collect()
    };
    let (modules, scripts) = (with("wasm"), with("js"));
    ensure!(!modules.is_empty(), "dist/ holds no .wasm: there is nothing to check");
    ensure!(!scripts.is_empty(), "dist/ holds no .js: there is nothing to check");

    let mut problems = Vec::new();
    let mut note = |place: String, outcome: Result<()>| {
        if let Err(error) = outcome {
            problems.push(format!("{place}: {error:#}"));
        }
    };
    for module in &modules {
        note(repo.shown(module), wasm::check(&read(module)?));
    }
    for file in &scripts {
        note(repo.shown(file), script::check(repo, file, Edition::of(file)));
    }
    let index = dist.join("index.html");
    let text = fs::read_to_string(&index).context("cannot read dist/index.html")?;
    for (number, tag) in html::scripts(&text).iter().enumerate() {
        note(format!("dist/index.html, script {}", number + 1), check_tag(repo, number, tag));
    }
    if !problems.is_empty() {
        bail!("the page would not run in old webviews:\n  {}", problems.join("\n  "));
    }
    let wasm: u64 = modules.iter().map(|file| file.metadata().map_or(0, |m| m.len())).sum();
    let brotli = script::brotli_size(repo, modules.iter().chain(&scripts).copied().chain([&index]))?;
    Ok(format!("the page has {} of wasm; a phone downloads {} in all", kilobytes(wasm), kilobytes(brotli)))
}

fn check_tag(repo: &Repo, number: usize, tag: &html::Script) -> Result<()> {
    ensure!(tag.kind != "module", "a module script, which old webviews ignore or load too late");
    let is_code = tag.kind.is_empty() || tag.kind.contains("javascript");
    if !is_code || tag.code.trim().is_empty() {
        return Ok(());
    }
    let directory = repo.scratch().join("inline");
    let copy = directory.join(format!("{number}.js"));
    let problem = || format!("cannot write {}", repo.shown(&copy));
    fs::create_dir_all(&directory).with_context(problem)?;
    fs::write(&copy, &tag.code).with_context(problem)?;
    script::check(repo, &copy, Edition::Es2017)
}

fn files_in(directory: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            files.extend(files_in(&entry.path())?);
        } else {
            files.push(entry.path());
        }
    }
    files.sort();
    Ok(files)
}

fn read(file: &Path) -> Result<Vec<u8>> {
    fs::read(file).with_context(|| format!("cannot read {}", file.display()))
}

fn kilobytes(bytes: u64) -> String {
    format!("{}.{} kB", bytes / 1000, bytes % 1000 / 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tag(kind: &str, code: &str) -> html::Script {
        html::Script { kind: kind.to_owned(), code: code.to_owned() }
    }

    #[test]
    fn module_scripts_are_refused_and_data_is_not_parsed() {
        let repo = Repo::locate().unwrap();
        assert!(check_tag(&repo, 90, &tag("module", "")).is_err());
        assert!(check_tag(&repo, 91, &tag("application/json", "{\"no\": script}")).is_ok());
    }

    #[test]
    fn inline_code_is_parsed() {
        let repo = Repo::locate().unwrap();
        assert!(check_tag(&repo, 92, &tag("", "wasm_bindgen({ module_or_path: 'x' });")).is_ok());
        assert!(check_tag(&repo, 93, &tag("text/javascript", "window?.dd")).is_err());
    }

    #[test]
    fn sizes_have_one_decimal() {
        assert_eq!(kilobytes(46_449), "46.4 kB");
        assert_eq!(kilobytes(50), "0.0 kB");
    }
}

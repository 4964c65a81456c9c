//! ES2017, or ES5 where it must be, and nothing newer, by acorn; and sizes, by Node's own brotli.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context, Result, bail};

use crate::repo::Repo;
use crate::run;

#[derive(Clone, Copy)]
pub enum Edition {
    /// For upgrade.js, which tells a person that the webview is too old for everything else.
    Es5,
    /// What Chromium 58 and iOS 11 speak: async functions, but no object spread (2018) and no `?.` (2020).
    Es2017,
}

impl Edition {
    /// The edition that a file of dist/ may be written in, by its name before the hash.
    pub fn of(file: &Path) -> Self {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with("upgrade-") { Self::Es5 } else { Self::Es2017 }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Es5 => "ES5",
            Self::Es2017 => "ES2017",
        }
    }

    fn argument(self) -> &'static str {
        match self {
            Self::Es5 => "--ecma5",
            Self::Es2017 => "--ecma2017",
        }
    }
}

const BROTLI: &str = "const {readFileSync} = require('fs'), {brotliCompressSync} = require('zlib');
console.log(process.argv.slice(1).reduce((sum, file) => sum + brotliCompressSync(readFileSync(file)).length, 0))";

/// Parses `file` as a classic script.
pub fn check(repo: &Repo, file: &Path, edition: Edition) -> Result<()> {
    let acorn = repo.node_dir().join("node_modules/acorn/bin/acorn");
    let mut command = repo.command("node");
    command.arg(acorn).args([edition.argument(), "--silent"]).arg(file);
    let output = command.stdout(Stdio::null()).output().context("cannot run node")?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    // acorn says `Unexpected token (/the/whole/path.js 2:2)`; the caller names the file.
    let line = said.lines().find(|line| !line.trim().is_empty()).unwrap_or("acorn failed");
    bail!("not {}: {}", edition.name(), line.replace(&format!("{} ", file.display()), ""))
}

pub fn brotli_size<'a>(repo: &Repo, files: impl Iterator<Item = &'a PathBuf>) -> Result<u64> {
    let printed =
        run::output(repo.command("node").args(["-e", BROTLI]).args(files)).context("cannot run node")?;
    printed.trim().parse().context("Node printed no size")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn problem(name: &str, code: &str, edition: Edition) -> Option<String> {
        let repo = Repo::locate().unwrap();
        let npm_ran = repo.node_dir().join("node_modules/acorn").is_dir();
        assert!(npm_ran, "this test needs acorn: type `npm ci` in xtask/node, or `cargo xtask test`");
        let directory = repo.scratch().join("script-tests");
        fs::create_dir_all(&directory).unwrap();
        let file = directory.join(name);
        fs::write(&file, code).unwrap();
        check(&repo, &file, edition).err().map(|error| error.to_string())
    }

    #[test]
    fn es2017_passes() {
        let code = "(function () { async function f(a) { return (await a) ** 2; } window.f = f; })();";
        assert_eq!(problem("es2017.js", code, Edition::Es2017), None);
    }

    #[test]
    fn newer_syntax_is_refused_and_placed() {
        for (name, code) in [
            ("chain.js", "let a = {};\na?.b;"),
            ("spread.js", "let a = {};\nlet b = {...a};"),
            ("nullish.js", "let a = null;\na = a ?? 1;"),
            ("import.js", "\nimport init from './x.js';"),
            ("await.js", "let a = 1;\nawait fetch(a);"),
        ] {
            let problem = problem(name, code, Edition::Es2017).unwrap_or_default();
            assert!(problem.starts_with("not ES2017: ") && problem.contains("(2:"), "{name}: {problem}");
        }
    }

    #[test]
    fn what_tells_of_old_webviews_is_older_than_they_are() {
        assert!(matches!(Edition::of(Path::new("dist/upgrade-0a1b.js")), Edition::Es5));
        assert!(matches!(Edition::of(Path::new("dist/miandeng-frontend-0a1b.js")), Edition::Es2017));
        assert_eq!(problem("old.js", "var f = function () { return 1; };", Edition::Es5), None);
        let problem = problem("new.js", "const f = () => 1;", Edition::Es5).unwrap_or_default();
        assert!(problem.starts_with("not ES5: "), "{problem}");
    }

    #[test]
    fn brotli_sizes_are_summed() {
        let repo = Repo::locate().unwrap();
        let file = repo.root.join("LICENSE-APACHE");
        let one = brotli_size(&repo, [&file].into_iter()).unwrap();
        assert!((1_000..11_000).contains(&one), "{one}");
        assert_eq!(brotli_size(&repo, [&file, &file].into_iter()).unwrap(), 2 * one);
    }
}

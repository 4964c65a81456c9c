//! `cargo xtask fuzz`: every target of fuzz/ for so many inputs, one line for each.

use std::fs;

use anyhow::{Context, Result, bail, ensure};

use crate::repo::Repo;
use crate::{run, tools};

/// For each target.
const INPUTS: u32 = 10_000_000;

/// Longer input is no address, cookie or push that the server lets in.
const MAX_LENGTH: u32 = 4096;

pub fn run(repo: &Repo, only: Option<&str>) -> Result<()> {
    let targets = targets(repo)?;
    let wanted: Vec<&String> = targets.iter().filter(|t| only.is_none_or(|only| *t == only)).collect();
    if wanted.is_empty() {
        bail!("there is no such target; there are {}", targets.join(", "));
    }
    tools::ensure_fuzz(repo)?;
    for target in wanted {
        let mut command = repo.cargo();
        // Coverage takes options of the compiler that are not stable; the sanitizer is for unsafe code, which is denied here.
        command.env("RUSTC_BOOTSTRAP", "1").args(["fuzz", "run", "--sanitizer", "none", target]);
        // What is found on the way goes there; the corpus that is committed stays small.
        let grown = repo.scratch().join("fuzz").join(target);
        fs::create_dir_all(&grown).with_context(|| format!("cannot make {}", repo.shown(&grown)))?;
        command.arg(&grown).arg(repo.root.join("fuzz/corpus").join(target));
        command.args([
            "--",
            &format!("-runs={INPUTS}"),
            &format!("-max_len={MAX_LENGTH}"),
            "-print_final_stats=1",
        ]);
        let title = format!("fuzz: {target}, {INPUTS} inputs");
        run::quiet(repo, &format!("fuzz-{target}"), &title, &mut command)?;
    }
    Ok(())
}

fn targets(repo: &Repo) -> Result<Vec<String>> {
    let files = fs::read_dir(repo.root.join("fuzz/fuzz_targets")).context("cannot read fuzz/fuzz_targets")?;
    let stem = |entry: fs::DirEntry| Some(entry.path().file_stem()?.to_str()?.to_owned());
    let mut names: Vec<String> = files.filter_map(|entry| stem(entry.ok()?)).collect();
    names.sort_unstable();
    ensure!(!names.is_empty(), "fuzz/fuzz_targets is empty");
    Ok(names)
}

//! A Python with PyJWT, for the tests of the documented verification.

use std::env;
use std::path::{Path, PathBuf};

use anyhow::Result;

use super::apt;
use crate::repo::Repo;
use crate::run;

/// PyJWT verifies ES256 with the help of cryptography.
const PACKAGES: [&str; 2] = ["python3-jwt", "python3-cryptography"];

/// What apt installs is for Debian's own Python, which need not be the first on PATH.
const SYSTEM: &str = "/usr/bin/python3";

pub fn ensure(repo: &Repo) -> Result<PathBuf> {
    apt::ensure(repo, "a Python with PyJWT", &PACKAGES, || find(repo))
}

fn find(repo: &Repo) -> Option<PathBuf> {
    let named = env::var_os("PYTHON").map(PathBuf::from);
    let candidates = [named, repo.find(&["python3"]), Some(PathBuf::from(SYSTEM))];
    candidates.into_iter().flatten().find(|python| has_jwt(repo, python))
}

fn has_jwt(repo: &Repo, python: &Path) -> bool {
    let program = python.to_string_lossy();
    // An old PyJWT has no client for published keys.
    let script = "import cryptography; from jwt import PyJWKClient";
    run::output(repo.command(&program).args(["-c", script])).is_some()
}

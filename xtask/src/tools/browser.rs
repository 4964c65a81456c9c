//! Chromium and the driver that tests steer it with.

use std::env;
use std::path::PathBuf;

use anyhow::{Result, bail};

use super::apt;
use crate::repo::Repo;
use crate::{run, version};

pub struct Browser {
    pub chromium: PathBuf,
    pub chromedriver: PathBuf,
}

/// The names under which distributions install it.
const CHROMIUM: [&str; 5] =
    ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"];

/// The font is for the people who look at screenshots: without it Chinese is boxes.
const PACKAGES: [&str; 3] = ["chromium", "chromium-driver", "fonts-noto-cjk"];

pub fn ensure(repo: &Repo) -> Result<Browser> {
    matching(repo, apt::ensure(repo, "Chromium and its driver", &PACKAGES, || find(repo))?)
}

fn find(repo: &Repo) -> Option<Browser> {
    let named = |variable: &str| env::var_os(variable).map(PathBuf::from).filter(|path| path.is_file());
    Some(Browser {
        chromium: named("CHROMIUM").or_else(|| repo.find(&CHROMIUM))?,
        chromedriver: named("CHROMEDRIVER").or_else(|| repo.find(&["chromedriver"]))?,
    })
}

/// A driver refuses a browser of another major version, but only when the first test is under way.
fn matching(repo: &Repo, browser: Browser) -> Result<Browser> {
    let major = |program: &PathBuf| {
        version::major_in(&run::output(repo.command(&program.to_string_lossy()).arg("--version"))?)
    };
    match (major(&browser.chromium), major(&browser.chromedriver)) {
        (Some(chromium), Some(driver)) if chromium != driver => bail!(
            "{} is version {chromium} and {} version {driver}: install the driver of the same version",
            browser.chromium.display(),
            browser.chromedriver.display()
        ),
        _ => Ok(browser),
    }
}

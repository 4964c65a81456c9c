//! Chromium and the driver that tests steer it with.

use std::env;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Result, bail};

use crate::repo::Repo;
use crate::run;
use crate::version::Version;

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
    if let Some(browser) = find(repo) {
        return matching(repo, browser);
    }
    install(repo)?;
    match find(repo) {
        Some(browser) => matching(repo, browser),
        None => {
            bail!("apt installed {}, yet there is no chromium and chromedriver on PATH", PACKAGES.join(" "))
        }
    }
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
        let printed = run::output(repo.command(&program.to_string_lossy()).arg("--version"))?;
        Some(Version::find_in(&printed)?.major)
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

fn install(repo: &Repo) -> Result<()> {
    let by_hand = format!("sudo apt-get install {}", PACKAGES.join(" "));
    if repo.find(&["apt-get"]).is_none() {
        bail!("the browser tests need Chromium and chromedriver on PATH: install them and try again");
    }
    let Some(is_root) = may_install(repo) else {
        bail!("the browser tests need Chromium and its driver: type `{by_hand}` and try again");
    };
    // Nobody is there to answer the questions that a package may ask.
    let apt = |arguments: &[&str]| -> Command {
        let mut command = repo.command(if is_root { "env" } else { "sudo" });
        if !is_root {
            command.args(["-n", "env"]);
        }
        command.args(["DEBIAN_FRONTEND=noninteractive", "apt-get"]).args(arguments);
        command
    };
    run::quiet(repo, "apt-update", "reading apt's package lists (usually seconds)", &mut apt(&["update"]))?;
    let install = [&["install", "-y", "--no-install-recommends"], &PACKAGES[..]].concat();
    run::quiet(repo, "apt-install", "installing Chromium (usually 1 to 2 minutes)", &mut apt(&install))
}

/// Whether we are root, or None where we are not and sudo would ask for a password.
fn may_install(repo: &Repo) -> Option<bool> {
    if run::output(repo.command("id").arg("-u")).is_some_and(|id| id.trim() == "0") {
        return Some(true);
    }
    run::output(repo.command("sudo").args(["-n", "true"])).map(|_| false)
}

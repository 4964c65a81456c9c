//! The ways in which gateways, SDKs and login pages were broken before us, S1 to S36: a test for each that applies here,
//! named after it. `docs/security.md` has the table.

mod cookies;
mod hostile;
mod logins;
mod proxy;
mod secrets;
mod targets;
mod upstream;
mod wire;

use serde::Deserialize;
use std::sync::LazyLock;
use url::Url;

/// Return targets that were used in attacks, or that some parser reads as another host.
#[derive(Deserialize)]
pub struct Targets {
    /// Nobody is sent there.
    pub refused: Vec<String>,
    /// They look as bad but are paths on this origin to every parser.
    pub harmless: Vec<String>,
}

pub static TARGETS: LazyLock<Targets> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../../../../shared/tests/hostile_targets.json")).unwrap()
});

/// Whether a browser that is on a page of `origin` and is sent to `target` is still on it afterwards.
pub fn stays(origin: &str, target: &str) -> bool {
    let origin = Url::parse(origin).unwrap();
    // Also from a page deep inside, where a relative target would be resolved differently.
    ["/", "/a/b/c"].iter().all(|page| {
        let target = origin.join(page).unwrap().join(target);
        target.is_ok_and(|target| target.origin() == origin.origin() && target.username().is_empty())
    })
}

//! The directory of the store, and what others may have put there.

use crate::support::{Server, Sim};
use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::path::Path;
use std::process::Command;

const FILE: &str = "miandeng.redb";
/// Of a user of the machine who is neither root nor this one.
const OTHER: u32 = 65_534;

/// Has a server serve on a `state_dir` that `prepare` made, and hands `look` the directory, whether it did, and what
/// it said.
async fn serve_on(prepare: impl FnOnce(&Path), look: impl FnOnce(&Path, bool, &str)) {
    let sim = Sim::start(1).await;
    let mut server = Server::start(&sim, |config| *config = config.replace("memory:", "embedded:")).await;
    server.kill();
    let state = server.state_dir();
    fs::remove_dir_all(&state).unwrap();
    fs::create_dir(&state).unwrap();
    set_mode(&state, 0o700);
    prepare(&state);
    // One that does not refuse goes on until it is stopped.
    let mut command = Command::new("timeout");
    command.args(["3", env!("CARGO_BIN_EXE_miandeng"), "serve", "--config"]).arg(server.config_file());
    let said = String::from_utf8(command.output().unwrap().stderr).unwrap();
    look(&state, said.contains("miandeng is ready"), &said);
}

fn mode(path: &Path) -> u32 {
    fs::symlink_metadata(path).unwrap().mode() & 0o7777
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

/// Puts something at a path.
type Make = fn(&Path);

/// Only root can give a file to another user.
fn is_root() -> bool {
    fs::metadata("/proc/self").unwrap().uid() == 0
}

#[tokio::test]
async fn f12_a_link_in_place_of_the_file_is_not_followed() {
    let target = |state: &Path| state.parent().unwrap().join("target");
    let links: [(&str, Make); 6] = [
        ("to what is there", |target| fs::write(target, "precious").unwrap()),
        ("to what is empty", |target| fs::write(target, "").unwrap()),
        ("to nothing", |_| {}),
        ("to a directory", |target| fs::create_dir(target).unwrap()),
        ("to a link to nothing", |target| symlink(target.with_extension("further"), target).unwrap()),
        ("to a link in a circle", |target| symlink(target, target).unwrap()),
    ];
    for (name, make) in links {
        let prepare = |state: &Path| {
            let target = target(state);
            make(&target);
            if target.is_file() {
                set_mode(&target, 0o644);
            }
            symlink(&target, state.join(FILE)).unwrap();
        };
        serve_on(prepare, |state, is_ready, said| {
            assert!(!is_ready && said.contains("it is a link"), "{name}: {said}");
            let target = target(state);
            if target.is_file() {
                assert_eq!(mode(&target), 0o644, "{name}: the target keeps its permissions");
                assert!(["", "precious"].contains(&fs::read_to_string(&target).unwrap().as_str()));
            }
            assert_eq!(name == "to nothing", fs::symlink_metadata(&target).is_err(), "{name}");
            assert!(!target.with_extension("further").exists(), "{name}: nothing is made through a link");
        })
        .await;
    }
}

#[tokio::test]
async fn f12_what_is_not_our_own_file_is_refused_and_left_as_it_is() {
    let mut others: Vec<(Make, &str)> = vec![
        (|file| fs::create_dir(file).unwrap(), "cannot be opened"),
        (|file| assert!(Command::new("mkfifo").arg(file).status().unwrap().success()), "no regular file"),
        (|file| fs::hard_link(file.with_extension("other"), file).unwrap(), "another name"),
    ];
    if is_root() {
        others.push((
            |file| {
                fs::write(file, "").unwrap();
                chown(file, Some(OTHER), None).unwrap();
            },
            "belongs to user 65534",
        ));
    }
    for (make, part) in others {
        let prepare = |state: &Path| {
            fs::write(state.join(FILE).with_extension("other"), "").unwrap();
            make(&state.join(FILE));
            set_mode(&state.join(FILE), 0o644);
        };
        serve_on(prepare, |state, is_ready, said| {
            assert!(!is_ready && said.contains(part), "{part}: {said}");
            assert_eq!(mode(&state.join(FILE)), 0o644, "{part}");
        })
        .await;
    }
}

#[tokio::test]
async fn f12_a_directory_that_others_may_write_is_refused_or_warned_of() {
    const REFUSED: &str = "every user may write";
    const WARNED: &str = "others may write";
    let modes =
        [(0o777, REFUSED), (0o702, REFUSED), (0o1777, WARNED), (0o770, WARNED), (0o755, ""), (0o700, "")];
    for (bits, part) in modes {
        let prepare = |state: &Path| set_mode(state, bits);
        serve_on(prepare, |state, is_ready, said| {
            assert_eq!(is_ready, part != REFUSED, "{bits:o}: {said}");
            assert!(
                said.contains(part) && (part.is_empty() || said.contains("state_dir")),
                "{bits:o}: {said}"
            );
            assert!(!part.is_empty() || !said.contains(WARNED), "{bits:o}: {said}");
            assert_eq!(mode(state), bits, "it keeps its permissions");
            assert_eq!(state.join(FILE).exists(), is_ready, "{bits:o}");
        })
        .await;
    }
}

#[tokio::test]
async fn f12_a_directory_behind_a_link_is_ours_or_refused() {
    let behind = |state: &Path, owners: [u32; 2]| {
        let target = state.with_extension("target");
        fs::create_dir_all(&target).unwrap();
        fs::remove_dir(state).unwrap();
        symlink(&target, state).unwrap();
        if is_root() {
            chown(&target, Some(owners[0]), None).unwrap();
            std::os::unix::fs::lchown(state, Some(owners[1]), None).unwrap();
        }
    };
    serve_on(
        |state| behind(state, [0, 0]),
        |state, is_ready, said| {
            assert!(is_ready, "an operator may keep it elsewhere: {said}");
            assert!(state.with_extension("target").join(FILE).exists());
        },
    )
    .await;
    for owners in [[OTHER, 0], [0, OTHER], [OTHER, OTHER]] {
        let look = |_: &Path, is_ready: bool, said: &str| {
            assert!(!is_root() || !is_ready && said.contains("belongs to user 65534"), "{owners:?}: {said}");
        };
        serve_on(|state| behind(state, owners), look).await;
    }
}

//! Files for this user alone. What another user of the machine put in their place is not taken for ours.

use anyhow::{Context, ensure};
use rustix::fs::OFlags;
use rustix::process::geteuid;
use std::fs::{DirBuilder, File, OpenOptions, Permissions};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

const OWNER_ONLY: u32 = 0o600;
const OWNER_ONLY_DIRECTORY: u32 = 0o700;
const OF_ROOT: u32 = 0;
const BY_GROUP: u32 = 0o020;
const BY_ALL: u32 = 0o002;
/// Every user may add files, and touch only their own.
const STICKY: u32 = 0o1000;

/// Makes a directory for its owner only. One that is there already keeps the permissions that it was given.
///
/// # Errors
/// Where it cannot be created.
pub fn make_directory(path: &Path) -> std::io::Result<()> {
    DirBuilder::new().recursive(true).mode(OWNER_ONLY_DIRECTORY).create(path)
}

/// Opens a file for reading and writing, makes it if it is missing, and takes it from all others.
///
/// # Errors
/// Where others may have put it there, may replace it, or can reach it by another name.
pub fn open(directory: &Path, name: &str) -> anyhow::Result<File> {
    check(directory).with_context(|| format!("state_dir: {}", directory.display()))?;
    let path = directory.join(name);
    open_unfollowed(&path).with_context(|| format!("store: {} cannot be opened", path.display()))
}

fn check(directory: &Path) -> anyhow::Result<()> {
    let target = std::fs::metadata(directory)?;
    for owner in [target.uid(), std::fs::symlink_metadata(directory)?.uid()] {
        ensure!(
            [OF_ROOT, geteuid().as_raw()].contains(&owner),
            "it belongs to user {owner}, who could exchange the store: `chown` it, or name another"
        );
    }
    let mode = target.mode();
    ensure!(
        mode & BY_ALL == 0 || mode & STICKY != 0,
        "every user may write to it and could exchange the store: `chmod o-w` it, or name a directory in it, which is \
         then made for this user only"
    );
    if mode & (BY_GROUP | BY_ALL) != 0 {
        tracing::warn!(
            state_dir = %directory.display(),
            mode = format!("{:o}", mode & 0o7777),
            "others may write to state_dir: `chmod go-w` it, or name a directory in it"
        );
    }
    Ok(())
}

fn open_unfollowed(path: &Path) -> anyhow::Result<File> {
    let is_link = std::fs::symlink_metadata(path).is_ok_and(|found| found.is_symlink());
    ensure!(!is_link, "it is a link, which is not followed: name its target's directory as state_dir");
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(OWNER_ONLY)
        .custom_flags((OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed())
        .open(path)?;
    let found = file.metadata()?;
    ensure!(found.is_file(), "it is no regular file");
    ensure!(
        found.uid() == geteuid().as_raw(),
        "it belongs to user {}: `chown` it, or remove it",
        found.uid()
    );
    ensure!(
        found.nlink() == 1,
        "it has another name (a hard link) somewhere: copy it, and put the copy in its place"
    );
    // Also where an older file, or a generous umask, left it readable.
    file.set_permissions(Permissions::from_mode(OWNER_ONLY))?;
    Ok(file)
}

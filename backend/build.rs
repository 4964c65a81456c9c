//! Files of the built page come and go with their hashed names, and only a build script can watch a whole folder.

fn main() {
    // rust-embed compares real paths, and knows that of a folder only where it is there: without it a debug build, which reads
    // the folder when it runs, would find no page that is made later. Where the folder cannot be made there is no page.
    let _ = std::fs::create_dir_all("../dist");
    let watched = if std::env::var("PROFILE").as_deref() == Ok("debug") { "build.rs" } else { "../dist" };
    println!("cargo::rerun-if-changed={watched}");
}

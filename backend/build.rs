//! Files of the built page come and go with their hashed names, and only a build script can watch a whole folder.

fn main() {
    println!("cargo::rerun-if-changed=../dist");
}

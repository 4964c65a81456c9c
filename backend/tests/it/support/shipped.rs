//! The files that the repository ships for others to paste, with their placeholders filled in and nothing else changed.

use std::path::PathBuf;

/// A file of the repository, e.g. `deploy/nginx/app.conf`.
pub fn file(path: &str) -> String {
    let path = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/..")).join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// `text` with each of `values` in place of its placeholder. One that is not there is a mistake: the file says that it
/// is what people have to replace.
pub fn fill(text: &str, values: &[(&str, &str)]) -> String {
    let mut filled = text.to_owned();
    for (placeholder, value) in values {
        assert!(filled.contains(placeholder), "no {placeholder} in\n{text}");
        filled = filled.replace(placeholder, value);
    }
    filled
}

//! Versions as tools print them and as Cargo.lock records them.

use semver::Version;

/// The first `1.2.3` in what a tool printed: `trunk 0.21.14`, `wasm-bindgen 0.2.130 (8db3ad3c9)`.
pub fn find_in(text: &str) -> Option<Version> {
    text.split_whitespace().find_map(|word| Version::parse(word).ok())
}

/// The first number before a dot, where the rest is not semver's: `v20.20.2`, `ChromeDriver 156.0.8078.79 (a21ce…)`.
pub fn major_in(text: &str) -> Option<u64> {
    text.split_whitespace().find_map(|word| word.trim_start_matches('v').split_once('.')?.0.parse().ok())
}

/// The version of `package` in the text of a Cargo.lock. Cargo writes `name` and `version` on adjacent lines.
pub fn locked(lock: &str, package: &str) -> Option<Version> {
    let (_, after) = lock.split_once(&format!("name = \"{package}\"\nversion = \""))?;
    Version::parse(after.split_once('"')?.0).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_found_in_what_tools_print() {
        for (printed, version) in [
            ("trunk 0.21.14\n", "0.21.14"),
            ("wasm-bindgen 0.2.130 (8db3ad3c9)", "0.2.130"),
            ("trunk 0.22.0-beta.1", "0.22.0-beta.1"),
        ] {
            assert_eq!(find_in(printed).unwrap().to_string(), version, "{printed}");
        }
    }

    #[test]
    fn majors_are_found_in_what_tools_print() {
        for (printed, major) in [
            ("v20.20.2", 20),
            ("ChromeDriver 156.0.8078.79 (a21ce95c24ce)", 156),
            ("Chromium 69.0.3497.81 built on Debian 12.1", 69),
        ] {
            assert_eq!(major_in(printed), Some(major), "{printed}");
        }
    }

    #[test]
    fn text_without_a_version_has_none() {
        for printed in ["", "command not found", "version 132", "1.2", "1.2.x", "a.b.c"] {
            assert_eq!(find_in(printed), None, "{printed}");
        }
        for printed in ["", "command not found.", "version 132", "a.b.c", "."] {
            assert_eq!(major_in(printed), None, "{printed}");
        }
    }

    const LOCK: &str = "[[package]]\nname = \"wasm-bindgen-macro\"\nversion = \"0.2.1\"\n\n\
                        [[package]]\nname = \"wasm-bindgen\"\nversion = \"0.2.130\"\nsource = \"registry\"\n";

    #[test]
    fn the_lock_file_gives_the_version_of_exactly_that_package() {
        assert_eq!(locked(LOCK, "wasm-bindgen"), Some(Version::new(0, 2, 130)));
        assert_eq!(locked(LOCK, "wasm"), None);
        assert_eq!(locked("name = \"wasm-bindgen\"", "wasm-bindgen"), None);
    }
}

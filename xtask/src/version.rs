//! Versions as tools print them and as Cargo.lock records them.

use std::fmt;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    pub major: u64,
    pub minor: u64,
    pub patch: u64,
}

impl Version {
    pub const fn new(major: u64, minor: u64, patch: u64) -> Self {
        Self { major, minor, patch }
    }

    /// The first `1.2.3` in what a tool printed: `trunk 0.21.14`, `v20.20.2`, `ChromeDriver 156.0.8078.79 (a21ce…)`.
    pub fn find_in(text: &str) -> Option<Self> {
        text.split_whitespace().find_map(Self::parse)
    }

    fn parse(word: &str) -> Option<Self> {
        let mut numbers = word.trim_start_matches('v').splitn(3, '.');
        let major = numbers.next()?.parse().ok()?;
        let minor = numbers.next()?.parse().ok()?;
        let rest = numbers.next()?;
        let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        Some(Self { major, minor, patch: rest[..digits].parse().ok()? })
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

/// The version of `package` in the text of a Cargo.lock. Cargo writes `name` and `version` on adjacent lines.
pub fn locked(lock: &str, package: &str) -> Option<Version> {
    let name = format!("name = \"{package}\"");
    let mut lines = lock.lines().skip_while(|line| *line != name).skip(1);
    let quoted = lines.next()?.strip_prefix("version = \"")?;
    Version::parse(quoted.strip_suffix('"')?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_found_in_what_tools_print() {
        for (printed, version) in [
            ("trunk 0.21.14\n", Version::new(0, 21, 14)),
            ("wasm-bindgen 0.2.130 (8db3ad3c9)", Version::new(0, 2, 130)),
            ("v20.20.2", Version::new(20, 20, 2)),
            ("ChromeDriver 156.0.8078.79 (a21ce95c24ce)", Version::new(156, 0, 8078)),
            ("trunk 0.22.0-beta.1", Version::new(0, 22, 0)),
        ] {
            assert_eq!(Version::find_in(printed), Some(version), "{printed}");
        }
    }

    #[test]
    fn text_without_a_version_has_none() {
        for printed in ["", "command not found", "version 132", "1.2", "1.2.x", "a.b.c"] {
            assert_eq!(Version::find_in(printed), None, "{printed}");
        }
    }

    #[test]
    fn versions_compare_as_numbers() {
        assert!(Version::new(0, 21, 14) > Version::new(0, 21, 9));
        assert!(Version::new(0, 22, 0) > Version::new(0, 21, 14));
    }

    const LOCK: &str = "[[package]]\nname = \"wasm-bindgen-macro\"\nversion = \"0.2.1\"\n\n\
                        [[package]]\nname = \"wasm-bindgen\"\nversion = \"0.2.130\"\nsource = \"registry\"\n";

    #[test]
    fn the_lock_file_tells_the_version_of_exactly_that_package() {
        assert_eq!(locked(LOCK, "wasm-bindgen"), Some(Version::new(0, 2, 130)));
        assert_eq!(locked(LOCK, "wasm"), None);
        assert_eq!(locked("name = \"wasm-bindgen\"", "wasm-bindgen"), None);
    }
}

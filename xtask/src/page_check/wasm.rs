//! WebAssembly 1.0 and nothing newer.

use anyhow::{Context, Result};
use wasmparser::{Validator, WasmFeatures};

pub fn check(module: &[u8]) -> Result<()> {
    Validator::new_with_features(WasmFeatures::WASM1)
        .validate_all(module)
        .map(|_| ())
        .context("not WebAssembly 1.0")
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &[u8] = b"\0asm\x01\0\0\0";
    /// Type section: one function from i32 to i32.
    const I32_TO_I32: &[u8] = &[0x01, 0x06, 0x01, 0x60, 0x01, 0x7f, 0x01, 0x7f];
    /// Type section: one function without parameters and results.
    const NOTHING: &[u8] = &[0x01, 0x04, 0x01, 0x60, 0x00, 0x00];
    /// Function section: one function of the first type.
    const ONE_FUNCTION: &[u8] = &[0x03, 0x02, 0x01, 0x00];
    /// Memory section: one memory of one page.
    const MEMORY: &[u8] = &[0x05, 0x03, 0x01, 0x00, 0x01];

    fn problem(sections: &[&[u8]]) -> Option<String> {
        let module = [&[HEADER], sections].concat().concat();
        check(&module).err().map(|error| format!("{error:#}"))
    }

    /// A code section with one body.
    fn code(body: &[u8]) -> Vec<u8> {
        let length = u8::try_from(body.len()).unwrap();
        [&[0x0a, length + 2, 0x01, length], body].concat()
    }

    #[track_caller]
    fn assert_refused(sections: &[&[u8]], word: &str) {
        let problem = problem(sections).unwrap_or_default();
        assert!(problem.contains(word), "{word} is not in: {problem}");
    }

    #[test]
    fn the_first_version_passes() {
        // local.get 0; end
        assert_eq!(problem(&[I32_TO_I32, ONE_FUNCTION, &code(&[0, 0x20, 0, 0x0b])]), None);
    }

    #[test]
    fn an_exported_mutable_global_passes() {
        let global = [0x06, 0x06, 0x01, 0x7f, 0x01, 0x41, 0x00, 0x0b];
        let export = [0x07, 0x05, 0x01, 0x01, b'g', 0x03, 0x00];
        assert_eq!(problem(&[&global, &export]), None);
    }

    #[test]
    fn sign_extension_is_refused() {
        // local.get 0; i32.extend8_s; end
        assert_refused(&[I32_TO_I32, ONE_FUNCTION, &code(&[0, 0x20, 0, 0xc0, 0x0b])], "sign extension");
    }

    #[test]
    fn bulk_memory_is_refused() {
        // i32.const 0, three times; memory.fill; end
        let body = [0, 0x41, 0, 0x41, 0, 0x41, 0, 0xfc, 0x0b, 0, 0x0b];
        assert_refused(&[NOTHING, ONE_FUNCTION, MEMORY, &code(&body)], "bulk memory");
    }

    #[test]
    fn saturating_conversion_is_refused() {
        // f32.const 0; i32.trunc_sat_f32_s; drop; end
        let body = [0, 0x43, 0, 0, 0, 0, 0xfc, 0x00, 0x1a, 0x0b];
        assert_refused(&[NOTHING, ONE_FUNCTION, &code(&body)], "saturating");
    }

    #[test]
    fn reference_types_are_refused() {
        // Type section: one function that takes an externref.
        assert_refused(&[&[0x01, 0x05, 0x01, 0x60, 0x01, 0x6f, 0x00]], "reference types");
    }

    #[test]
    fn what_is_no_module_is_refused() {
        assert!(check(b"<!doctype html>").is_err());
    }
}

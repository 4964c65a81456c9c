#![no_main]
libfuzzer_sys::fuzz_target!(|input: &[u8]| miandeng::fuzz::sync_http(input));

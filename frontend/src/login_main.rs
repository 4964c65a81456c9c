//! The login module: starts with the document, shows nothing itself, and has the view's module fetched when there is
//! something to be seen.

#![cfg_attr(target_arch = "wasm32", no_main)]

/// Frees nothing: a login takes some kilobytes, and its page is left. The standard allocator and the code that gives
/// everything back to it would be downloaded before each login.
#[cfg(target_arch = "wasm32")]
#[global_allocator]
#[allow(unsafe_code, reason = "the page has one thread")]
static ALLOCATOR: lol_alloc::AssumeSingleThreaded<lol_alloc::LeakingAllocator> =
    unsafe { lol_alloc::AssumeSingleThreaded::new(lol_alloc::LeakingAllocator::new()) };

/// Without a `main` there is no runtime around it.
#[cfg(target_arch = "wasm32")]
#[wasm_bindgen::prelude::wasm_bindgen(start)]
pub fn start() {
    miandeng_frontend::fast_path::login();
}

#[cfg(not(target_arch = "wasm32"))]
fn main() {}

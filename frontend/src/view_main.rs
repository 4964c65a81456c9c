//! The view's module: takes over the state of a login that has something to show.

#![cfg_attr(target_arch = "wasm32", no_main)]

/// Simple where the standard one is quick: 3 kB of brotli less.
#[cfg(target_arch = "wasm32")]
#[global_allocator]
#[allow(unsafe_code, reason = "the page has one thread")]
static ALLOCATOR: lol_alloc::AssumeSingleThreaded<lol_alloc::FreeListAllocator> =
    unsafe { lol_alloc::AssumeSingleThreaded::new(lol_alloc::FreeListAllocator::new()) };

#[cfg(target_arch = "wasm32")]
#[wasm_bindgen::prelude::wasm_bindgen(start)]
pub fn start() {
    miandeng_frontend::view::show();
}

#[cfg(not(target_arch = "wasm32"))]
fn main() {}

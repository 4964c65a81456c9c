//! The view's module: takes over the state of a login that has something to show.

fn main() {
    miandeng_frontend::view::show();
}

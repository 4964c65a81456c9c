//! Scripts of the simulator, run by Node.

use std::io::Write as _;
use std::process::{Command, Stdio};

use serde_json::Value;

/// Runs a module that finds `input` on its standard input and prints JSON.
pub fn run(module: &str, input: &Value) -> Value {
    let mut node = Command::new("node")
        .args(["--input-type=module", "-e", module])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("these tests need node on the PATH: {error}"));
    node.stdin.take().unwrap().write_all(input.to_string().as_bytes()).unwrap();
    let output = node.wait_with_output().unwrap();
    assert!(output.status.success());
    serde_json::from_slice(&output.stdout).unwrap()
}

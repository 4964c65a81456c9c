//! A real Redis, in a process of its own, which can be killed and started again on the same port.

use super::free_port;
use super::listening;
use std::process::{Child, Command, Stdio};

pub struct Redis {
    port: u16,
    args: Vec<String>,
    child: Option<Child>,
}

impl Redis {
    pub async fn start() -> Self {
        Self::with(&[]).await
    }

    /// With further arguments for `redis-server`.
    pub async fn with(args: &[&str]) -> Self {
        let args = args.iter().map(|&arg| arg.to_owned()).collect();
        let mut redis = Self { port: free_port(), args, child: None };
        redis.restart().await;
        redis
    }

    /// A node of a cluster, without slots and without others.
    pub async fn node() -> Self {
        Self::with(&["--cluster-enabled", "yes", "--cluster-port", &free_port().to_string()]).await
    }

    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/0", self.port)
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// Starts it empty, as after a crash without persistence.
    pub async fn restart(&mut self) {
        self.kill();
        let port = self.port.to_string();
        // A replica leaves a copy of its primary, and a node its view of the cluster: not for the next one.
        let _ = std::fs::remove_dir_all(self.dir());
        std::fs::create_dir_all(self.dir()).unwrap();
        let mut child = Command::new("redis-server")
            .arg("--dir")
            .arg(self.dir())
            .args(["--port", &port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"])
            .args(&self.args)
            .stdout(Stdio::null())
            .spawn()
            .unwrap_or_else(|e| panic!("redis-server: {e}; `cargo xtask test` installs it"));
        let listens = listening(self.port, &mut child).await;
        self.child = Some(child);
        listens.unwrap_or_else(|status| panic!("redis-server ended with {status}"));
    }

    fn dir(&self) -> std::path::PathBuf {
        std::env::temp_dir().join(format!("miandeng-redis-{}-{}", std::process::id(), self.port))
    }

    /// Its connections stay open and say nothing any more.
    pub fn freeze(&self) {
        self.signal("-STOP");
    }

    pub fn thaw(&self) {
        self.signal("-CONT");
    }

    fn signal(&self, signal: &str) {
        let pid = self.child.as_ref().unwrap().id().to_string();
        assert!(Command::new("kill").args([signal, &pid]).status().unwrap().success());
    }

    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// What `redis-cli` prints for a command.
    pub fn cli(&self, args: &[&str]) -> String {
        let port = self.port.to_string();
        let output = Command::new("redis-cli").args(["-p", &port]).args(args).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.kill();
        let _ = std::fs::remove_dir_all(self.dir());
    }
}

/// Everything it holds, locks too.
pub fn keys_and_values(redis: &Redis) -> Vec<(String, String)> {
    let keys = redis.cli(&["keys", "*"]);
    let held = keys.lines().map(|key| (key.to_owned(), redis.cli(&["get", key]).trim_end().to_owned()));
    held.collect()
}

//! A real nginx, in a process of its own.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

pub struct Nginx {
    pub url: String,
    child: Child,
    dir: PathBuf,
}

impl Nginx {
    /// Listens on `port` and runs with `http`, the inside of its `http` section, where `PORT` stands for the port.
    pub async fn start(port: u16, http: &str) -> Self {
        let dir = std::env::temp_dir().join(format!("miandeng-nginx-{}-{port}", std::process::id()));
        std::fs::create_dir_all(&dir).unwrap();
        let temp = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|name| format!("{name}_temp_path {}/{name};", dir.display()))
            .join("\n");
        let config = format!(
            "daemon off;\npid {0}/pid;\nerror_log {0}/error.log;\nevents {{}}\nhttp {{\naccess_log off;\n{temp}\n{1}\n}}\n",
            dir.display(),
            http.replace("PORT", &port.to_string())
        );
        let file = dir.join("nginx.conf");
        std::fs::write(&file, config).unwrap();
        let child = Command::new("nginx")
            .arg("-c")
            .arg(&file)
            .arg("-p")
            .arg(&dir)
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|e| panic!("nginx: {e}; `cargo xtask test` installs it"));
        let nginx = Self { url: format!("http://127.0.0.1:{port}"), child, dir };
        // Nothing tells from outside when it listens, so it is asked.
        while tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_err() {
            tokio::task::yield_now().await;
        }
        nginx
    }

    /// A load balancer before `servers`.
    pub async fn before(port: u16, servers: &[&str]) -> Self {
        let upstream: String = servers
            .iter()
            .map(|url| format!("server {} fail_timeout=1s;\n", url.trim_start_matches("http://")))
            .collect();
        let http = format!(
            "upstream miandeng {{ {upstream} }}\n\
             server {{ listen 127.0.0.1:PORT; location / {{ proxy_pass http://miandeng; }} }}"
        );
        Self::start(port, &http).await
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // The master ends its workers on TERM; killed, it would leave them behind.
        let _ = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.dir);
    }
}
